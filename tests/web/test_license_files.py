"""A board's file of licenses: what is found is refreshed, what is not is listed with why."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from directory.domain.credentials import CredentialKind
from directory.domain.findings import Outcome, State
from directory.extensions import db
from directory.models import Credential, Event, Evidence, ImportRun, Practitioner, Verification
from directory.models.vetting import EvidenceKind
from directory.operations.licenses import LOOKED_UP
from tests.factories import NOW, make_clinic
from tests.operations.edits import CATALOGUE, TODAY, checked, states
from tests.support.clinics_file import LICENSE_HEADER, good_licenses, written
from tests.support.staff import sign_in

BOARD = "Texas Medical Board"
DATED = (TODAY - timedelta(days=1)).isoformat()
END = TODAY + timedelta(days=200)
AMERICAN = f"{END:%m/%d/%Y}"


class Registry:
    """A directory with licenses, and a board's file for it."""

    def __init__(self, app, folder):
        self.app, self.folder, self.count = app, folder, 0

    def compare(self, text, *options, ok=True, dated=DATED, board=BOARD):
        self.count += 1
        file = self.folder / f"board-{self.count}.csv"
        file.write_text(text, newline="")
        words = ["import", "licences", str(file), "--board", board, *options]
        result = self.app.test_cli_runner().invoke(
            args=words + (["--dated", dated] if dated else [])
        )
        assert result.exit_code == (0 if ok else 2), result.output
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return result

    def license(self, number):
        with self.app.app_context():
            found = db.session.get_one(Credential, number)
            db.session.expunge_all()
            return found

    def state_of(self, clinic, criterion):
        with self.app.app_context():
            return states(db.session(), db.session.get_one(type(clinic), clinic.id))[criterion]

    def events(self, start=0):
        with self.app.app_context():
            found = db.session.scalars(select(Event).where(Event.id > start).order_by(Event.id))
            return found.all()

    def last(self):
        with self.app.app_context():
            return db.session.scalar(select(func.max(Event.id)))

    def everything(self):
        with self.app.app_context():
            session = db.session()
            counted = [
                session.scalar(select(func.count()).select_from(table))
                for table in (Event, Evidence, ImportRun, Verification)
            ]
            papers = session.execute(
                select(Credential.id, Credential.expires_on, Credential.version)
            )
            return counted, sorted(tuple(paper) for paper in papers)


@pytest.fixture
def registry(app, tmp_path):
    """A directory and a folder."""
    return Registry(app, tmp_path)


def add(registry, number="M-1001", name="Sam Example", **changes):
    """Add a person with a license on which a check at a clinic rests."""
    with registry.app.app_context():
        session = db.session()
        clinic = make_clinic(session, state="TX", city="Austin", postal_code="78701")
        person = Practitioner(name=name, profession="MD")
        session.add(person)
        session.flush()
        values = {
            "kind": CredentialKind.STATE_LICENSE,
            "number": number,
            "state": "TX",
            "issuer": BOARD,
            "expires_on": END,
            "practitioner_id": person.id,
        }
        paper = Credential(**values | changes)
        session.add(paper)
        session.flush()
        checked(session, clinic, "sup-director", credential=paper, days_ago=5)
        checked(session, clinic, "sup-acls")
        session.commit()
        found = paper.id, clinic
        _ = clinic.id, person.id
        session.expunge_all()
        return found


def row(number="M1001", last="EXAMPLE", first="SAM", status="Active", expires=AMERICAN):
    return (number, last, first, status, expires, "TX")


def test_a_license_as_it_is_on_record_is_looked_at_and_nothing_else(registry):
    paper, clinic = add(registry)
    start = registry.last()
    result = registry.compare(good_licenses(30, row()), "--json")
    summary = json.loads(result.stdout)
    assert (summary["read"], summary["kept"], summary["changed"]) == (31, 1, 0)
    assert [e.act for e in registry.events(start)] == [
        "evidence:stored",
        LOOKED_UP,
        "import:finished",
    ]
    assert registry.license(paper).version == 1
    assert registry.state_of(clinic, "sup-director").state is State.MET
    with registry.app.app_context():
        record = db.session.scalars(select(Evidence)).one()
        assert (record.kind, record.title) == (
            EvidenceKind.LOOKUP,
            f"{BOARD}: licenses on {DATED}",
        )
        assert "TX M1001: Active" in record.record
    start = registry.last()
    registry.compare(good_licenses(30, row()))
    assert [e.act for e in registry.events(start)] == ["import:finished"], "a second time: nothing"


def test_a_new_last_day_drops_what_rested_on_it_as_the_form_does(registry):
    paper, clinic = add(registry)
    later = END.replace(year=END.year + 1)
    text = good_licenses(3, row(expires=later.isoformat()))
    before, start = registry.everything(), registry.last()
    assert "changed 1" in registry.compare(text, "--dry-run").stdout
    assert registry.everything() == before
    registry.compare(text)
    assert registry.license(paper).expires_on == later
    assert [e.act for e in registry.events(start)] == [
        "evidence:stored",
        LOOKED_UP,
        "credential:edited",
        "verification:changed",
        "import:finished",
    ]
    found = registry.state_of(clinic, "sup-director")
    assert (found.state, found.changed) == (State.NOT_CHECKED, True)
    assert registry.state_of(clinic, "sup-acls").state is State.MET


@pytest.mark.parametrize(
    "status", ["Suspended", "Active - Probation", "Revoked", "Expired", "Inactive"]
)
def test_an_adverse_status_becomes_work_and_accuses_nobody_in_public(registry, status):
    paper, clinic = add(registry)
    start = registry.last()
    result = registry.compare(good_licenses(1, row(status=status)))
    assert f"the board's status is “{status}”" in result.stderr
    assert "changed 1" in result.stdout
    found = registry.state_of(clinic, "sup-director")
    assert (found.state, found.changed) == (State.NOT_CHECKED, True)
    assert registry.license(paper).ended_on is None, "staff decide what it means"
    looked = next(e for e in registry.events(start) if e.act == LOOKED_UP)
    assert looked.after["status"] == status
    assert looked.reason == f"{BOARD}, file of {DATED}: {status}"
    with registry.app.app_context():
        fallen = db.session.scalars(
            select(Verification).where(Verification.outcome == Outcome.CHANGED)
        ).one()
        assert status not in fallen.note
        # Staff look for themselves and record it: the same file does not undo that.
        session = db.session()
        card = session.get_one(Credential, paper)
        checked(session, session.get_one(type(clinic), clinic.id), "sup-director", credential=card,
                days_ago=0)  # fmt: skip
        session.commit()
    registry.compare(good_licenses(1, row(status=status)))
    assert registry.state_of(clinic, "sup-director").state is State.MET


def test_a_license_that_is_over_by_its_day_needs_no_fall(registry):
    gone = TODAY - timedelta(days=30)
    paper, clinic = add(registry, expires_on=gone)
    start = registry.last()
    registry.compare(good_licenses(1, row(status="Expired", expires=gone.isoformat())))
    assert "verification:changed" not in [e.act for e in registry.events(start)]
    assert registry.state_of(clinic, "sup-director").state is State.EXPIRED
    assert registry.license(paper).version == 1


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "no license of this number and state is in the file"),
        ([row(number="M10010")], "no license of this number and state is in the file"),
        ([row(last="OTHER")], "under the name “OTHER, SAM”"),
        ([row(last="", first="SAM")], "cannot be compared"),
        ([row(), row(status="Suspended")], "more than once with other facts, on lines 3, 4"),
        ([row(expires="31/12/2027")], "nobody can read its last day “31/12/2027” on line 3"),
    ],
)
def test_what_cannot_be_matched_is_listed_with_why_and_left_alone(registry, rows, words):
    paper, clinic = add(registry)
    before = registry.license(paper).version
    result = registry.compare(good_licenses(1, *rows))
    assert f"license M-1001 (TX) of Sam Example, paper {paper}: " in result.stderr
    assert words in result.stderr
    assert "kept 0" in result.stdout
    assert registry.license(paper).version == before
    assert registry.state_of(clinic, "sup-director").state is State.MET
    with registry.app.app_context():
        assert "not found" in db.session.scalars(select(Evidence.record)).one()


def test_the_same_row_twice_is_one(registry):
    add(registry)
    assert "kept 1" in registry.compare(good_licenses(1, row(), row())).stdout


def test_one_number_for_two_people_is_told_apart_by_name(registry):
    add(registry)
    add(registry, number="m 1001", name="Pat Invented")
    rows = [row(), row(last="Invented", first="Pat", status="Suspended")]
    result = registry.compare(good_licenses(0, *rows))
    assert "kept 2" in result.stdout
    assert result.stderr.count("the board's status") == 1
    assert "of Pat Invented" in result.stderr


def test_other_boards_of_the_state_are_counted_not_listed(registry):
    add(registry)
    add(registry, number="RN7", name="Pat Invented", issuer="Texas Board of Nursing")
    add(registry, number="X7", name="Kim Invented", issuer="Ohio Board", state="OH")
    result = registry.compare(good_licenses(2, row()))
    assert "Texas Board of Nursing: 1 licenses not in this file" in result.stderr
    assert "Invented" not in result.stderr
    assert "Ohio" not in result.stderr


def test_what_ended_here_and_is_active_there_is_for_a_person(registry):
    paper, _clinic = add(registry, ended_on=TODAY - timedelta(days=9))
    result = registry.compare(good_licenses(1, row()))
    assert "here it ended on" in result.stderr
    assert registry.license(paper).ended_on == TODAY - timedelta(days=9)


def test_an_older_file_takes_nothing_back(registry):
    paper, _clinic = add(registry)
    later = END.replace(year=END.year + 1)
    registry.compare(good_licenses(1, row(expires=later.isoformat())))
    before = (TODAY - timedelta(days=40)).isoformat()
    result = registry.compare(good_licenses(1, row(status="Suspended")), dated=before)
    assert f"a newer file, of {DATED}, was read before" in result.stderr
    assert registry.license(paper).expires_on == later


def test_what_staff_wrote_after_the_files_day_stays(registry):
    paper, _clinic = add(registry)
    with registry.app.app_context():
        session = db.session()
        from directory.operations.events import record
        from directory.operations.people import system_user

        record(session, system_user(session), NOW, "credential:edited", "credential", paper)
        session.commit()
    later = END.replace(year=END.year + 1).isoformat()
    result = registry.compare(good_licenses(1, row(expires=later)))
    assert "its last day stays" in result.stderr
    assert registry.license(paper).expires_on == END


def test_a_permit_of_a_clinic_is_compared_with_the_clinics_name(registry):
    paper, _clinic = add(registry)
    with registry.app.app_context():
        card = db.session.get_one(Credential, paper)
        clinic = make_clinic(db.session(), name="Example Infusion LLC", state="TX")
        card.practitioner_id, card.clinic_id = None, clinic.id
        db.session.commit()
    text = written([("License No", "Name", "Status"), ("M1001", "EXAMPLE INFUSION", "Clear")])
    assert "kept 1" in registry.compare(text, "--state", "tx").stdout


def test_the_day_is_today_unless_given_and_never_ahead(registry):
    add(registry)
    registry.compare(good_licenses(1, row()), dated=None)
    with registry.app.app_context():
        assert db.session.scalars(select(ImportRun.dated)).one() == TODAY
    ahead = (TODAY + timedelta(days=1)).isoformat()
    assert "in the future" in registry.compare(good_licenses(1), dated=ahead, ok=False).stderr
    for options in (("--state", "Texas!"), ("--board", " ")):
        registry.compare(good_licenses(1), *options, ok=False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (good_licenses(2).replace(",", ";"), "semicolons"),
        (good_licenses(2).replace("License Number", "Key"), "column number: no column says this"),
        (good_licenses(0), "no row below"),
        (good_licenses(2) + "Z1,x\r\n", "line 4"),
        (written([LICENSE_HEADER[:-1], row()[:-1]]), "or give --state"),
    ],
)
def test_a_bad_file_gets_one_clear_line_and_changes_nothing(registry, text, words):
    add(registry)
    before = registry.everything()
    result = registry.compare(text, ok=False)
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stdout == ""
    assert registry.everything() == before


def test_the_persons_page_says_what_the_board_says_and_what_ends_soon(registry):
    paper, _clinic = add(registry, expires_on=TODAY + timedelta(days=25))
    soon = (TODAY + timedelta(days=25)).isoformat()
    registry.compare(good_licenses(1, row(status="Suspended", expires=soon)))
    with registry.app.app_context():
        person = db.session.get_one(Credential, paper).practitioner_id
    browser = sign_in(registry.app)
    page = browser.get(f"/admin/people/{person}").get_data(as_text=True)
    assert "Ends within 30 days. Look for the new one." in page
    assert f"{BOARD}, file of" in page
    assert "says: Suspended" in page
    assert CATALOGUE.criterion("sup-director").title
