"""The log and the numbers as staff see them, the commands, and what patients read of changes."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import text

from directory.domain.acts import ACTS, PUBLIC
from directory.domain.findings import Outcome
from directory.extensions import db
from directory.models import User
from directory.models.engine import begin_writing
from directory.operations import events
from directory.operations.people import system_user
from directory.operations.vetting import publish
from directory.web import wording
from directory.web.admin.log import ADMINS_ONLY
from directory.web.state import catalogue
from tests.factories import NOW, make_check, make_clinic, make_user
from tests.support.staff import sign_in

LOG = "/admin/log"
NUMBERS = "/admin/numbers"


@pytest.fixture
def writing(app, verifier, admin):
    """A writing session in the application's context; both browsers are signed in before."""
    with app.app_context():
        session = db.session()
        begin_writing(session)
        yield session
        session.rollback()


@pytest.fixture
def verifier(app):
    """A browser of a verifier."""
    return sign_in(app, "verifier")


@pytest.fixture
def admin(app):
    """A browser of an admin."""
    return sign_in(app, "admin")


def write(session, act="clinic:edited", subject="clinic", number=1, **more):
    """Add a line to the log."""
    events.record(session, system_user(session), NOW, act, subject, number, **more)


def test_every_act_has_words():
    assert set(wording.ACTS) == ACTS
    assert set(wording.CHANGES) == PUBLIC
    assert set(wording.NOUNS) >= {act.partition(":")[0] for act in ACTS}


@pytest.mark.parametrize("path", [LOG, NUMBERS, f"{NUMBERS}/numbers.csv"])
def test_strangers_are_sent_to_sign_in(client, path):
    answer = client.get(path)
    assert answer.status_code == 303
    assert "/account" in answer.headers["Location"]


def test_the_log_shows_who_what_when_and_why(writing, verifier):
    write(
        writing,
        before={"phone": "+16025550100", "lat": 33.5},
        after={"phone": None, "lat": 33.5, "tags": ["a", "b"]},
        reason="The clinic\r\ncalled <b>twice</b>",
    )
    writing.commit()
    page = verifier.get(LOG).text
    assert "Edited a clinic's facts" in page
    assert "<code>clinic:edited</code>" in page
    assert "The clinic called &lt;b&gt;twice&lt;/b&gt;" in page
    assert "+16025550100, then –" in page
    assert "[&#34;a&#34;, &#34;b&#34;]" in page
    assert "1 Jun 2026, 18:00:00 UTC" in page


def test_only_admins_read_about_accounts(writing, verifier, admin):
    for noun in ADMINS_ONLY:
        act = {"conflict": "declared", "session": "revoked", "staff": "disabled"}[noun]
        write(writing, f"{noun}:{act}", "staff", 1)
    writing.commit()
    for noun in ADMINS_ONLY:
        assert f"<code>{noun}:" not in verifier.get(LOG).text
        assert f"<code>{noun}:" in admin.get(LOG).text
        assert verifier.get(f"{LOG}?noun={noun}").status_code == 400
        assert admin.get(f"{LOG}?noun={noun}").status_code == 200


def test_the_log_narrows(writing, verifier):
    write(writing, number=1)
    write(writing, "clinic:listed", number=2)
    writing.commit()
    found = verifier.get(f"{LOG}?subject=clinic+2").text
    assert "<code>clinic:listed</code>" in found
    assert "<code>clinic:edited</code>" not in found
    assert "No line is like that." in verifier.get(f"{LOG}?noun=evidence").text
    day = NOW.date()
    assert "<code>clinic:listed" in verifier.get(f"{LOG}?since={day}&until={day}").text
    before = day - timedelta(days=1)
    assert "<code>clinic:listed" not in verifier.get(f"{LOG}?until={before}").text


def test_older_lines_are_a_page_away(writing, verifier):
    for number in range(120):
        write(writing, number=number)
    writing.commit()
    seen, path = set(), LOG
    for _ in range(3):
        page = verifier.get(path)
        lines = page.text.split('id="line-')[1:]
        seen |= {int(line.split('"')[0]) for line in lines}
        if "Older lines" not in page.text:
            break
        path = page.text.split(">Older lines<")[0].rpartition('href="')[2].rstrip('"')
        path = path.replace("&amp;", "&")
    assert seen == {*range(1, events.head_of(writing).number + 1)}


@pytest.mark.parametrize(
    "query",
    [
        "subject=clinic",
        "subject=" + "x" * 300,
        "subject=%22%3E%3Cscript%3E",
        "since=2026-13-01",
        "since=yesterday",
        "since=2026-06-02&until=2026-06-01",
        "noun=clinics",
        "actor=nobody",
        "actor=99999999999999999999",
    ],
)
def test_what_cannot_be_looked_for_is_said_and_kept(verifier, query):
    answer = verifier.get(f"{LOG}?{query}")
    assert answer.status_code == 400
    assert "There is a problem" in answer.text


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 20, "9" * 5000])
def test_a_page_that_is_none_is_the_newest(verifier, number):
    assert verifier.get(f"{LOG}?older_than={number}").status_code == 200


def test_the_first_and_last_day_there_is_can_be_asked_for(verifier):
    assert verifier.get(f"{LOG}?since=0001-01-01&until=9999-12-31").status_code == 200


def test_the_log_costs_the_same_however_long_it_is(writing, verifier, statements):
    verifier.get(LOG)
    made = []
    for count in (1, 60):
        for _ in range(count):
            write(writing)
        writing.commit()
        with statements() as run:
            verifier.get(LOG)
        made.append(len(run))
    assert made[0] == made[1]


def test_numbers_are_shown_and_exported(writing, app, verifier):
    clinic = make_clinic(writing, name="=HYPERLINK(1)")
    first, second = make_user(writing), make_user(writing)
    edition = catalogue()
    for days in (200, 20):
        make_check(
            writing, edition, clinic, "sup-acls", by=first, second=second, days_ago=days, lasts=100
        )
    publish(writing, edition, NOW, [clinic.id], two_person=True)
    writing.commit()
    page = verifier.get(NUMBERS).text
    assert "100.0 % (1 of 1)" in page
    assert "at =HYPERLINK(1)" in page
    answer = verifier.get(f"{NUMBERS}/numbers.csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename=numbers-2026-06-01.csv"
    rows = [*csv.reader(io.StringIO(answer.text))]
    assert rows[0] == ["table", "row", "column", "value"]
    assert ["oldest_check", "sup-acls", "clinic", "'=HYPERLINK(1)"] in rows
    assert ["accuracy", "exact", "percent", "100.0"] in rows


def test_numbers_of_an_empty_directory(verifier):
    page = verifier.get(NUMBERS).text
    assert "no re-check yet" in page
    assert "The oldest look" not in page


def run(app, *words):
    """Run a command of the log."""
    return app.test_cli_runner().invoke(args=["log", *words])


def test_the_head_is_one_line_that_holds(app, writing, tmp_path):
    write(writing, reason="two\r\nlines\u2028and\x85more")
    writing.commit()
    head = run(app, "head")
    assert head.exit_code == 0
    assert len(head.output.splitlines()) == 1
    number, digest, time = head.output.split()
    last = events.head_of(writing).number
    assert (number, len(digest), time) == (str(last), 64, "2026-06-01T18:00:00.000000+00:00")
    kept = tmp_path / "heads"
    kept.write_text(head.output)
    assert run(app, "verify").exit_code == 0
    assert run(app, "verify", "--head", str(kept)).exit_code == 0
    write(writing)
    writing.commit()
    with kept.open("a") as more:
        more.write(run(app, "head").output)
    well = run(app, "verify", "--head", str(kept))
    assert well.exit_code == 0
    assert f"{last + 1} lines, all as written; compared with 2 saved" in well.output


def test_the_first_bad_line_is_named_on_one_line(app, writing, tmp_path, engine_name):
    for number in range(5):
        write(writing, number=number)
    writing.commit()
    kept = tmp_path / "heads"
    kept.write_text(run(app, "head").output)
    drop = {
        "sqlite": (
            "DROP TRIGGER event_append_only_update",
            "DROP TRIGGER event_append_only_delete",
        ),
        "postgresql": ("ALTER TABLE event DISABLE TRIGGER ALL",),
    }[engine_name]
    last = events.head_of(writing).number
    for statement in (*drop, f"DELETE FROM event WHERE id = {last}"):
        writing.execute(text(statement))
    writing.commit()
    assert run(app, "verify").exit_code == 0
    found = run(app, "verify", "--head", str(kept))
    assert (found.exit_code, found.output) == (
        1,
        f"Log: line {last} is missing: a saved head is of a later line\n",
    )
    writing.execute(text("UPDATE event SET reason = 'x\ny' WHERE id = 3"))
    writing.commit()
    found = run(app, "verify")
    assert (found.exit_code, found.output) == (1, "Log: line 3 is not what was written\n")


@pytest.mark.parametrize("content", [b"", b"no head\n", b"\xff\xfe"])
def test_a_file_that_holds_no_head_is_refused(app, tmp_path, content):
    kept = tmp_path / "heads"
    kept.write_bytes(content)
    assert run(app, "verify", "--head", str(kept)).exit_code == 2


def test_patients_read_what_changed_and_not_who_did_it(writing, client):
    clinic = make_clinic(writing)
    first, second = make_user(writing), make_user(writing)
    first.name, second.name = "Verity Verifier", "Ada Second"
    edition = catalogue()
    make_check(writing, edition, clinic, "sup-acls", by=first, second=second)
    make_check(writing, edition, clinic, "mon-vitals", by=first, outcome=Outcome.NOT_MET)
    events.record(
        writing, first, NOW + timedelta(hours=12), "clinic:edited", "clinic", clinic.id,
        {"phone": "+16025550111"}, {"phone": "+16025550100"}, reason="A private reason",
    )  # fmt: skip
    events.record(writing, first, NOW, "lease:taken", "clinic", clinic.id)
    publish(writing, edition, NOW, [clinic.id], two_person=True)
    writing.commit()
    page = client.get(f"/clinics/{clinic.id}", follow_redirects=True).text
    told = page.partition('id="changes"')[2].partition("</section>")[0]
    acls = edition.criterion("sup-acls").title
    assert f"1 Jun 2026</span>: Checked: “{acls}”" in told
    assert f"A second person agreed: “{acls}”" in told
    assert "1 Jun 2026</span>: Facts about the clinic were edited" in told, "in the clinic's zone"
    hidden = edition.criterion("mon-vitals").title
    for word in (hidden, "Verity", "Ada", "private", "5550111", "lease", "Work"):
        assert word not in told
    assert {"Verity Verifier", "Ada Second"} <= set(writing.scalars(db.select(User.name)))


def test_a_clinic_without_a_story_says_so(writing, client):
    clinic = make_clinic(writing)
    publish(writing, catalogue(), NOW, [clinic.id], two_person=True)
    writing.commit()
    assert (
        "Nothing has changed here yet."
        in client.get(f"/clinics/{clinic.id}", follow_redirects=True).text
    )
