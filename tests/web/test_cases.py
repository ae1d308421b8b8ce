"""The outside world writes in: forms, their traps, the case's page, and the mail that follows."""

import hashlib
import logging
import re
from datetime import timedelta

import html5lib
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from directory.domain.cases import CaseState
from directory.extensions import db
from directory.models import Base, Case, Event
from tests.factories import NOW
from tests.web.outside import (
    CONCERN,
    CONTACT,
    CORRECTION,
    PATIENCE,
    SUGGESTION,
    hidden,
    listed_clinic,
    send,
    sent_token,
    set_clock,
)
from tests.web.test_pages import heading, words

LATER = NOW + PATIENCE


@pytest.fixture
def clinic_id(app):
    """A public clinic."""
    return listed_clinic(app, name="Clinic <b>Aurora</b>")


@pytest.fixture
def forms(clinic_id):
    """Each form's address with what is sent to it."""
    return {
        "/suggest": SUGGESTION,
        f"/clinics/{clinic_id}/suggest": CORRECTION,
        f"/clinics/{clinic_id}/concern": CONCERN,
    }


def one_case(app):
    with app.app_context():
        return db.session.scalars(select(Case)).one()


def digest(app):
    """Return a hash of every row of the database."""
    with app.app_context():
        parts = [
            repr(row)
            for table in Base.metadata.sorted_tables
            for row in sorted(db.session.execute(table.select()).all(), key=repr)
        ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def acts(app):
    with app.app_context():
        return list(db.session.scalars(select(Event.act).order_by(Event.id)))


def test_each_form_makes_one_case_with_one_event(app, client, forms):
    for number, (url, data) in enumerate(forms.items(), 1):
        before = len(acts(app))
        token = sent_token(send(app, client, url, data))
        assert acts(app)[before:] == ["case:received"]
        page = client.get(f"/cases/{token}/thanks")
        assert f"Your case number is {number}." in words(page)
        assert f"/cases/{token}" in page.text
        status = client.get(f"/cases/{token}")
        assert heading(status) == f"Case {number}"
        assert "Received" in words(status)
        assert status.headers["Cache-Control"] == "no-store"
        assert status.headers["X-Robots-Tag"] == "noindex"
    with app.app_context():
        found = db.session.scalars(select(Case).order_by(Case.id)).all()
        assert [c.kind.value for c in found] == ["suggestion", "correction", "concern"]
        assert [c.clinic_id is None for c in found] == [True, False, False]
        assert found[2].category.value == "unsafe_care"
        assert found[0].details == {
            "clinic_name": "New Dawn Clinic",
            "where": "Boise, ID",
        }


def test_a_general_correction_needs_words_and_no_clinic(app, client):
    refused = send(app, client, "/suggest", {"about": "other"})
    assert refused.status_code == 400
    token = sent_token(send(app, client, "/suggest", {"about": "other", "words": "A typo"}))
    assert "Correction" in words(client.get(f"/cases/{token}"))


def test_the_concern_form_begins_with_help(client, clinic_id):
    page = client.get(f"/clinics/{clinic_id}/concern")
    said = words(page)
    risk = said.index("Is someone at risk right now?")
    assert risk < said.index("What is it about?")
    main = page.text[page.text.index("<h1") :]
    assert main.index("tel:911") < main.index("tel:988") < main.index("<form")


def test_nothing_is_public_and_no_cookie_is_set(app, client, forms, clinic_id):
    canary = "canary-outsider-words"
    before = client.get(f"/clinics/{clinic_id}", follow_redirects=True).data
    for url, data in forms.items():
        send(app, client, url, {**data, "words": canary, **CONTACT, "source": canary})
    set_clock(app, NOW)
    assert client.get(f"/clinics/{clinic_id}", follow_redirects=True).data == before
    for path in ("/", "/clinics?near=85004", "/api/v1/clinics?near=85004"):
        assert canary not in client.get(path).text


REFUSED = {
    "no slip": lambda slip: {},
    "an empty slip": lambda slip: {"slip": ""},
    "a forged slip": lambda slip: {"slip": slip[:-3] + "AAA"},
    "not a slip": lambda slip: {"slip": "é" * 50},
    "honeypot": lambda slip: {"slip": slip, "leave_empty": "http://spam.example"},
    "no words": lambda slip: {
        "slip": slip, "words": "  ", "clinic_name": "", "about": "clinic"
    },
    "a bad address": lambda slip: {"slip": slip, "email": "nobody"},
    "two lines of address": lambda slip: {"slip": slip, "email": "a@b.example\nBcc: x@y.example"},
    "too long": lambda slip: {"slip": slip, "words": "x" * 5001},
    "unknown choice": lambda slip: {"slip": slip, "relation": "emperor"},
}  # fmt: skip


@pytest.mark.parametrize("bad", REFUSED.values(), ids=REFUSED.keys())
def test_a_bad_form_changes_nothing_and_keeps_what_was_typed(app, client, forms, bad):
    typed = {**CONTACT, "source": "I called “them” & asked"}
    for url, data in forms.items():
        slip = hidden(client.get(url), "slip")
        set_clock(app, LATER)
        before = digest(app)
        answer = client.post(url, data={**data, **typed, **bad(slip)})
        set_clock(app, NOW)
        assert answer.status_code == 400
        assert digest(app) == before
        assert "I called “them” &amp; asked" in answer.text
        assert 'role="alert"' in answer.text


def test_the_slip_is_a_time_trap_for_its_own_form_and_works_once(app, client, forms, clinic_id):
    url = "/suggest"
    for after, status in (
        (timedelta(seconds=2), 400),
        (timedelta(seconds=3), 303),
        (timedelta(hours=24), 303),
        (timedelta(hours=24, seconds=1), 400),
        (timedelta(seconds=-1), 400),
    ):
        app.extensions["directory_throttle"]._seen.clear()
        assert send(app, client, url, SUGGESTION, after=after).status_code == status, after
    set_clock(app, NOW)
    slip = hidden(client.get(f"/clinics/{clinic_id}/suggest"), "slip")
    set_clock(app, LATER)
    elsewhere = client.post(f"/clinics/{clinic_id}/concern", data={**CONCERN, "slip": slip})
    assert elsewhere.status_code == 400
    first = client.post(f"/clinics/{clinic_id}/suggest", data={**CORRECTION, "slip": slip})
    before = digest(app)
    again = client.post(f"/clinics/{clinic_id}/suggest", data={**CORRECTION, "slip": slip})
    assert sent_token(again) == sent_token(first)
    assert digest(app) == before


def test_a_form_that_was_too_quick_can_be_sent_again(app, client):
    slip = hidden(client.get("/suggest"), "slip")
    quick = client.post("/suggest", data={**SUGGESTION, "slip": slip})
    assert quick.status_code == 400
    assert "New Dawn Clinic" in quick.text
    set_clock(app, LATER)
    again = {**SUGGESTION, "slip": hidden(quick, "slip")}
    assert client.post("/suggest", data=again).status_code == 303


def test_a_refused_form_can_be_mended_at_once(app, client):
    answer = send(app, client, "/suggest", {"about": "clinic", "where": "Boise, ID"})
    assert answer.status_code == 400
    mended = {**SUGGESTION, "slip": hidden(answer, "slip")}
    assert client.post("/suggest", data=mended).status_code == 303


def test_a_thousand_machines_make_no_public_clinic_and_few_cases(app, client):
    statuses = []
    slip = hidden(client.get("/suggest"), "slip")
    set_clock(app, LATER)
    for number in range(200):
        statuses.append(
            client.post(
                "/suggest",
                data={**SUGGESTION, "slip": slip, "clinic_name": f"Spam {number}"},
                environ_overrides={"REMOTE_ADDR": f"203.0.113.{number % 250}"},
            )
        )
    last = statuses[-1]
    assert last.status_code == 429
    assert 0 < int(last.headers["Retry-After"]) <= 600
    assert "Spam 199" in last.text, "what was typed is kept"
    with app.app_context():
        assert db.session.scalar(text("SELECT count(*) FROM outside_case")) == 1
        assert db.session.scalar(text("SELECT count(*) FROM clinic")) == 0
    honest = client.post(
        "/suggest",
        data={**SUGGESTION, "slip": slip},
        environ_overrides={"REMOTE_ADDR": "198.51.100.9"},
    )
    assert honest.status_code == 303


def step(app, client, token, name, said="", **more):
    page = client.get(f"/cases/{token}")
    data = {"slip": hidden(page, "slip"), "version": hidden(page, "version"), "words": said}
    return client.post(f"/cases/{token}/{name}", data={**data, **more})


def test_the_sender_adds_and_takes_back(app, client):
    token = sent_token(send(app, client, "/suggest", SUGGESTION))
    assert step(app, client, token, "answer", "It opened in May").status_code == 303
    assert "It opened in May" in words(client.get(f"/cases/{token}"))
    assert step(app, client, token, "withdraw").status_code == 303
    page = client.get(f"/cases/{token}")
    assert "Withdrawn" in words(page)
    assert "<form" not in page.text
    assert acts(app)[-3:] == ["case:received", "case:answered", "case:withdrawn"]
    assert one_case(app).state is CaseState.WITHDRAWN


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"slip": ""}, 400),
        ({"slip": "forged"}, 400),
        ({"version": "99"}, 409),
        ({"version": ""}, 409),
        ({"version": "x"}, 409),
        ({"version": "9" * 400}, 409),
        ({"words": "x" * 5001}, 400),
        ({"words": " "}, 400),
    ],
)
def test_a_bad_answer_changes_nothing(app, client, change, status):
    token = sent_token(send(app, client, "/suggest", SUGGESTION))
    before = digest(app)
    answer = step(app, client, token, "answer", "Good words", **change)
    assert answer.status_code == status
    assert digest(app) == before
    if "words" not in change:
        assert "Good words" in answer.text


def test_a_case_is_found_by_its_token_alone(app, client):
    token = sent_token(send(app, client, "/suggest", SUGGESTION))
    assert len(token) == 43
    for wrong in ("1", token[:-1], token + "A", token.swapcase(), "%27", "é"):
        for url in (f"/cases/{wrong}", f"/cases/{wrong}/thanks"):
            assert client.get(url).status_code == 404
        assert client.post(f"/cases/{wrong}/withdraw").status_code == 404


def test_the_access_log_keeps_no_token(app, client, caplog):
    token = sent_token(send(app, client, "/suggest", SUGGESTION))
    with caplog.at_level(logging.INFO, "directory.access"):
        client.get(f"/cases/{token}")
    assert "GET /cases/<token> 200" in caplog.text
    assert token not in caplog.text


@pytest.mark.parametrize("page", ["suggest", "concern"])
def test_a_clinic_that_is_not_public_has_no_forms(app, client, page):
    assert client.get(f"/clinics/999/{page}").status_code == 404
    assert client.post(f"/clinics/999/{page}").status_code == 404


def test_the_forms_are_linked(app, client, clinic_id):
    page = client.get(f"/clinics/{clinic_id}", follow_redirects=True).text
    assert f'href="/clinics/{clinic_id}/suggest"' in page
    assert f'href="/clinics/{clinic_id}/concern"' in page
    assert 'href="/suggest"' in client.get("/").text
    assert "Tell us about a clinic that is missing" in words(
        client.get("/clinics?near=Nome,+AK&within=1")
    )


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "</textarea><script>1</script>",
    "</title><h1>x</h1>",
    "javascript:alert(1)",
    "<a href=javascript:1>x</a>",
    "{{ 7*7 }}{% raw %}",
    "%(number)s %s",
    "&lt;b&gt;",
    "‮evil‬",
    "]]><!--",
]


def shape(page):
    """Return a page's elements with the names of their attributes."""
    root = html5lib.parse(page.text, namespaceHTMLElements=False)
    return [(e.tag, tuple(sorted(e.attrib))) for e in root.iter() if isinstance(e.tag, str)]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_is_written_is_inert_on_the_senders_page(app, hostile):
    client = FlaskClient(app, app.response_class)  # ours takes a stored brace for a leftover

    def written(value):
        app.extensions["directory_throttle"]._seen.clear()
        data = {"about": "clinic", "clinic_name": value, "where": value, "words": value}
        token = sent_token(send(app, client, "/suggest", {**data, "source": value, "name": value}))
        return shape(client.get(f"/cases/{token}")), shape(client.get(f"/cases/{token}/thanks"))

    assert written(hostile) == written("plain")


def test_the_control_of_inertness_is_caught():
    class Raw:
        text = f"<title>x</title><p>{HOSTILE[1]}</p>"

    class Clean:
        text = "<title>x</title><p>plain</p>"

    assert shape(Raw) != shape(Clean)


def test_the_words_of_the_forms_are_plain(client, clinic_id):
    from tests.domain.reading import grade

    for url in ("/suggest", f"/clinics/{clinic_id}/suggest", f"/clinics/{clinic_id}/concern"):
        page = client.get(url).text
        body = page[page.index("<main") : page.index("</main>")]
        said = re.sub(r"<(option|label)\b.*?</\1>", " ", body, flags=re.S)
        sentences = [
            " ".join(re.sub(r"<[^>]+>", "", s).split())
            for s in re.findall(r"<p\b[^>]*>(.*?)</p>", said, re.S)
        ]
        assert grade(" ".join(s if s.endswith((".", "?")) else f"{s}." for s in sentences)) <= 8
