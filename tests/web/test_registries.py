"""The registries' page and the queues on Today: what waits, what was imported, how old it is."""

from datetime import date, timedelta

import pytest

from directory.domain.imports import ImportKind, Summary
from directory.extensions import db
from directory.models import User
from directory.models.engine import begin_writing
from directory.operations import queues
from directory.operations.imports import keep_run
from tests.factories import NOW
from tests.support.staff import sign_in
from tests.support.statements import recorded

SUM = "0" * 64


def imported(app, by, kind, *, dated=None, file="UPDATED.csv", read=1200):
    with app.app_context():
        session = db.session()
        begin_writing(session)
        summary = Summary(file=file, read=read, kept=read, added=7)
        actor = session.get_one(User, by)
        keep_run(session, actor, NOW, kind, summary, sha256=SUM, started_at=NOW, dated=dated)
        session.commit()


def days_ago(days: int) -> date:
    return NOW.date() - timedelta(days=days)


def test_no_list_is_a_warning(app):
    page = sign_in(app).get("/admin/registries").text
    assert "No full exclusion list is loaded." in page
    assert page.count(">Never<") == len(ImportKind)


def test_the_newest_run_of_each_kind_and_the_age_of_the_list(app):
    browser = sign_in(app, name="Vera Example")
    imported(app, browser.user_id, ImportKind.LEIE, dated=days_ago(70), file="old.csv")
    imported(app, browser.user_id, ImportKind.LEIE, dated=days_ago(36), file="UPDATED.csv")
    page = browser.get("/admin/registries").text
    assert "The exclusion list is 36 days old" in page
    assert "notice" in page
    assert "Load the newest list" in page
    assert "UPDATED.csv" in page
    assert "old.csv" not in page
    assert "1,200" in page
    assert "by Vera Example" in page
    imported(app, browser.user_id, ImportKind.LEIE_SUPPLEMENT, dated=days_ago(35))
    page = browser.get("/admin/registries").text
    assert "The exclusion list is 35 days old" in page
    assert "Load the newest list" not in page


def test_queues_stand_on_both_pages_and_the_empty_ones_not_on_today(app, monkeypatch):
    waiting = {"matches": 2, "duplicates": 1, "points": 0}
    counters = tuple(
        (code, "registries.index", lambda _session, count=count: count)
        for code, count in waiting.items()
    )
    monkeypatch.setattr(queues, "COUNTERS", counters)
    browser = sign_in(app)
    today = browser.get("/admin/").text
    first = today.index("2 possible matches with the exclusion list wait for you")
    assert first < today.index("1 pair of listings may be one clinic")
    assert "on the map" not in today
    assert "0 points on the map wait for you" in browser.get("/admin/registries").text


def test_the_matches_come_first_and_every_queue_has_a_page_and_words(app):
    codes = [code for code, _endpoint, _count in queues.COUNTERS]
    assert len(set(codes)) == len(codes)
    assert "matches" not in codes[1:]
    page = sign_in(app).get("/admin/registries").text
    for _code, endpoint, _count in queues.COUNTERS:
        assert endpoint in app.view_functions
    assert page.count("></a></li>") == 0


@pytest.mark.parametrize("url", ["/admin/registries", "/admin/"])
def test_the_statements_are_few(demo_app, url):
    browser = sign_in(demo_app)
    browser.get(url)
    with recorded() as made:
        browser.get(url)
    assert len(made) <= 14 + len(queues.COUNTERS), made
