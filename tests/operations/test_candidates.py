"""Importing the registry: idempotent, changes as work, a "no" for ever, nothing half."""

import hashlib
import json

import pytest
from sqlalchemy import create_engine, func, inspect, select, text

from directory.domain.imports import FileRefused, ImportKind
from directory.domain.nppes import Fact, Triage, entry_of
from directory.domain.nppes_layout import DEACTIVATED_COLUMNS
from directory.extensions import db
from directory.models import (
    Candidate,
    CandidateChange,
    Clinic,
    Event,
    ImportRun,
    Organization,
    User,
)
from directory.models.engine import begin_writing
from directory.operations import candidate_triage, candidates
from directory.operations.candidates import Month, apply_month, watched_numbers
from tests.factories import NOW, make_clinic, make_user
from tests.support.nppes_file import CANARY, MONTH, WEEK, blank, npi, row, write
from tests.support.workbook_file import NAME, TITLE, book, zipped

FIRST, SECOND, THIRD = npi(1), npi(2), npi(3)


def apply(session, rows, *, full=True, forced=False):
    """Apply a file of these rows as the command does."""
    watched = watched_numbers(session)
    entries = [entry_of(values) for values in rows]
    kept = [entry for entry in entries if entry.reasons or entry.npi in watched]
    present = frozenset(entry.npi for entry in entries) & watched
    month = Month(entries=kept, watched=watched, present=present, full=full)
    applied = apply_month(session, NOW, month, forced=forced)
    session.commit()
    return applied.added, applied.changed, applied.removed


def waiting(session):
    """Return the changes that wait: number and fact."""
    found = session.execute(
        select(Candidate.npi, CandidateChange.fact)
        .join(Candidate)
        .where(CandidateChange.seen_at.is_(None))
        .order_by(Candidate.npi, CandidateChange.fact)
    )
    return [(number, fact) for number, fact in found]


def the(session, number=FIRST):
    return session.scalars(select(Candidate).where(Candidate.npi == number)).one()


def dismissed(session, decision=Triage.NOT_A_CLINIC):
    """Import one candidate and say no to it."""
    apply(session, [row(FIRST)])
    candidate_triage.decide(
        session, make_user(session), NOW, the(session), decision, version=the(session).version
    )
    session.commit()


def test_new_rows_are_candidates_with_their_reason(session):
    other = row(SECOND, ORGANIZATION="HARBOR", TAXONOMY="")
    assert apply(session, [row(FIRST), other]) == (1, 0, 0)
    found = the(session)
    assert (found.triage, found.reasons) == (Triage.WAITING, ["infusion_code", "infusion_name"])
    assert (found.postal_code, found.phone) == ("85004", "+16025550100")
    assert session.scalar(select(func.count()).select_from(Clinic)) == 0


def test_the_same_file_again_changes_nothing(session):
    rows = [row(npi(number)) for number in range(30)] + [blank(npi(99))]
    assert apply(session, rows) == (30, 0, 0)
    versions = set(session.scalars(select(Candidate.version)))
    assert apply(session, rows) == (0, 0, 0)
    assert set(session.scalars(select(Candidate.version))) == versions == {1}
    assert waiting(session) == []


def test_what_changed_is_work(session):
    apply(session, [row(FIRST), row(SECOND), row(THIRD)])
    moved = row(FIRST, STREET="9 OTHER ROAD", PHONE="6025550199")
    applied = apply(session, [moved, row(SECOND, ORGANIZATION="NEW INFUSION"), blank(THIRD)])
    assert applied == (0, 3, 0)
    assert waiting(session) == [
        (FIRST, Fact.ADDRESS),
        (FIRST, Fact.PHONE),
        (SECOND, Fact.NAME),
        (THIRD, Fact.DEACTIVATED),
    ]
    change = session.scalars(
        select(CandidateChange).where(CandidateChange.fact == Fact.PHONE)
    ).one()
    assert (change.before, change.after) == ({"phone": "+16025550100"}, {"phone": "+16025550199"})
    assert the(session, THIRD).name, "what a deactivated number was called is kept"
    assert str(the(session, THIRD).deactivated_on) == "2026-05-01"
    assert the(session, FIRST).street == "9 OTHER ROAD"


def test_spelling_is_no_work(session):
    apply(session, [row(FIRST)])
    assert apply(session, [row(FIRST, STREET="100 Example Avenue.")]) == (0, 1, 0)
    assert waiting(session) == []


def test_a_fact_that_changes_twice_is_one_piece_of_work_and_back_again_is_none(session):
    for phone in ("6025550100", "6025550101", "6025550102"):
        apply(session, [row(FIRST, PHONE=phone)])
    change = session.scalars(select(CandidateChange)).one()
    assert (change.before["phone"], change.after["phone"]) == ("+16025550100", "+16025550102")
    apply(session, [row(FIRST)])
    assert waiting(session) == []


def test_deactivated_and_reactivated_before_anybody_looked_is_no_work(session):
    apply(session, [row(FIRST)])
    apply(session, [blank(FIRST)])
    again = row(FIRST, DEACTIVATED="05/01/2026", REACTIVATED="05/20/2026")
    apply(session, [again])
    assert waiting(session) == []
    assert the(session).deactivated_on is None


@pytest.mark.parametrize("decision", [Triage.UNLIKELY, Triage.NOT_A_CLINIC])
def test_a_no_is_remembered_for_ever(session, decision):
    dismissed(session, decision)
    assert apply(session, [row(FIRST)]) == (0, 0, 0)
    assert apply(session, [row(FIRST, ORGANIZATION="KETAMINE INFUSION", PHONE="6025550111")]) == (
        0,
        1,
        0,
    )
    apply(session, [blank(FIRST)])
    apply(session, [row(SECOND)])
    apply(session, [row(FIRST)])
    assert the(session).triage is decision
    assert [number for number, _fact in waiting(session) if number == FIRST] == []
    assert candidate_triage.waiting_count(session) == 0


def test_a_full_file_marks_what_vanished_and_a_part_does_not(session):
    apply(session, [row(FIRST), row(SECOND)])
    assert apply(session, [row(FIRST)], full=False) == (0, 0, 0)
    assert the(session, SECOND).gone_at is None
    assert apply(session, [row(FIRST)]) == (0, 0, 1)
    assert waiting(session) == [(SECOND, Fact.GONE)]
    assert apply(session, [row(FIRST)]) == (0, 0, 0)
    assert the(session, SECOND).name, "a candidate that vanished is kept"
    apply(session, [row(FIRST), row(SECOND)])
    assert waiting(session) == []


def test_a_full_file_without_most_of_the_numbers_is_refused_unless_forced(session):
    apply(session, [row(npi(number)) for number in range(120)])
    few = [row(npi(number)) for number in range(10)]
    with pytest.raises(FileRefused, match="--weekly"):
        apply(session, few)
    session.rollback()
    assert apply(session, few, full=False) == (0, 0, 0)
    assert apply(session, few, forced=True) == (0, 0, 110)


def test_a_listing_of_ours_is_compared_and_never_edited(session):
    clinic = make_clinic(session, npi=FIRST, name="Harbor House", phone="+16025550100")
    session.commit()
    differs = row(
        FIRST, ORGANIZATION="HARBOR HOUSE", TAXONOMY="", STREET="9 OTHER ROAD", PHONE="6025550177"
    )
    apply(session, [differs])
    assert (the(session).triage, the(session).clinic_id) == (Triage.KNOWN, clinic.id)
    assert waiting(session) == [(FIRST, Fact.ADDRESS), (FIRST, Fact.PHONE)]
    assert (clinic.street, clinic.phone) == ("100 Example Avenue", "+16025550100")
    apply(session, [differs])
    assert len(waiting(session)) == 2
    apply(session, [blank(FIRST)])
    assert (FIRST, Fact.DEACTIVATED) in waiting(session)
    assert candidate_triage.waiting_count(session) == 0


def test_the_same_facts_in_our_own_spelling_are_no_work(session):
    make_clinic(session, npi=FIRST, name="Example Harbor Infusion Center", street="100 Example Ave")
    session.commit()
    apply(session, [row(FIRST)])
    assert waiting(session) == []


def test_a_change_that_our_listing_has_already_is_no_work(session):
    clinic = make_clinic(session, npi=FIRST, name="Example Harbor Infusion Center")
    session.commit()
    apply(session, [row(FIRST)])
    clinic.phone = "+16025550142"
    session.commit()
    apply(session, [row(FIRST, PHONE="6025550142")])
    assert waiting(session) == []


def test_an_owner_is_compared_by_its_name(session):
    session.add(Organization(name="Quiet Lantern Group", npi=FIRST))
    session.commit()
    apply(session, [row(FIRST, ORGANIZATION="SOMEBODY ELSE INC")])
    assert waiting(session) == [(FIRST, Fact.NAME)]


def test_a_candidate_whose_number_we_listed_meanwhile_waits_no_more(session):
    apply(session, [row(FIRST)])
    make_clinic(session, npi=FIRST, name="Other", phone=None)
    session.commit()
    apply(session, [row(FIRST)])
    assert the(session).triage is Triage.KNOWN
    assert (FIRST, Fact.NAME) in waiting(session)


# The command.


@pytest.fixture
def flask(app):
    """Run `flask import nppes` and return the result."""
    runner = app.test_cli_runner()

    def run(*arguments, code=0, **more):
        result = runner.invoke(args=["import", "nppes", *map(str, arguments)], **more)
        assert result.exit_code == code, (result.output, result.stderr, result.exception)
        return result

    return run


def counted(app, *models):
    with app.app_context():
        return [db.session.scalar(select(func.count()).select_from(model)) for model in models]


def test_the_command_prints_one_line_and_keeps_the_run(app, flask, tmp_path):
    path = write(tmp_path / MONTH, [row(FIRST), row(SECOND, TAXONOMY="", ORGANIZATION="HARBOR")])
    result = flask(path)
    assert result.stdout.startswith(f"{MONTH}: read 2, kept 1, added 1, changed 0, removed 0, ref")
    assert result.stdout.count("\n") == 1
    with app.app_context():
        run = db.session.scalars(select(ImportRun)).one()
        assert (run.kind, run.read, run.added) == (ImportKind.NPPES, 2, 1)
        assert str(run.dated) == "2026-05-10"
        acts = list(db.session.scalars(select(Event.act).order_by(Event.id.desc())))
        assert acts[0] == "import:finished"
    told = json.loads(flask(path, "--json").stdout)
    assert (told["read"], told["kept"], told["added"], told["changed"]) == (2, 1, 0, 0)
    assert set(told) == set(
        "file read kept added changed removed refused seconds".split()  # noqa: SIM905
    )


def test_a_dry_run_says_the_same_and_keeps_nothing(app, flask, tmp_path):
    path = write(tmp_path / MONTH, [row(FIRST)])
    before = counted(app, Event, ImportRun, Candidate)
    told = json.loads(flask(path, "--dry-run", "--json").stdout)
    assert told["added"] == 1
    assert counted(app, Event, ImportRun, Candidate) == before


def test_standard_input_is_read(app, flask, tmp_path):
    path = write(tmp_path / MONTH, [row(FIRST)])
    assert json.loads(flask("-", "--json", input=path.read_bytes()).stdout)["added"] == 1
    assert counted(app, Candidate) == [1]


def test_a_weekly_file_is_known_by_its_name_or_the_option(app, flask, tmp_path):
    flask(write(tmp_path / MONTH, [row(FIRST), row(SECOND)]))
    week = write(tmp_path / WEEK, [row(FIRST)])
    assert json.loads(flask(week, "--json").stdout)["removed"] == 0
    other = write(tmp_path / "part.csv", [row(FIRST)])
    assert json.loads(flask(other, "--weekly", "--json").stdout)["removed"] == 0
    assert json.loads(flask(other, "--json").stdout)["removed"] == 1


def test_a_refused_file_exits_with_2_and_changes_nothing(app, flask, tmp_path):
    flask(write(tmp_path / MONTH, [row(FIRST)]))
    before = counted(app, Event, ImportRun, Candidate, CandidateChange)
    broken = write(tmp_path / "broken.csv", [row(FIRST, PHONE="6025550177"), row(SECOND)[:-1]])
    result = flask(broken, code=2)
    assert result.stdout == ""
    assert "line 3, column Certification Date" in result.stderr
    assert result.stderr.count("\n") == 1
    assert counted(app, Event, ImportRun, Candidate, CandidateChange) == before


def test_force_and_its_reason_belong_together(app, flask, tmp_path):
    path = write(tmp_path / MONTH, [row(FIRST)])
    assert "belong together" in flask(path, "--force", code=2).stderr
    flask(path, "--force", "--reason", "The registry was cleaned up")
    with app.app_context():
        assert db.session.scalars(select(ImportRun)).one().forced
        newest = db.session.scalars(select(Event).order_by(Event.id.desc())).first()
        assert newest.reason == "The registry was cleaned up"


def test_the_list_of_deactivated_numbers_is_work_for_those_we_know(app, flask, tmp_path):
    flask(write(tmp_path / MONTH, [row(FIRST)]))
    with app.app_context():
        session = db.session()
        begin_writing(session)
        make_clinic(session, npi=SECOND)
        session.commit()
    path = tmp_path / "deactivated.csv"
    lines = [f"{number},05/02/2026\n" for number in (FIRST, SECOND, THIRD)]
    path.write_text("NPI,NPPES Deactivation Date\n" + "".join(lines))
    told = json.loads(flask(path, "--json").stdout)
    assert (told["read"], told["kept"], told["changed"]) == (3, 2, 2)
    with app.app_context():
        session = db.session()
        assert waiting(session) == [(FIRST, Fact.DEACTIVATED), (SECOND, Fact.DEACTIVATED)]
        assert the(session, SECOND).triage is Triage.KNOWN
        kinds = list(session.scalars(select(ImportRun.kind).order_by(ImportRun.id)))
        assert kinds[-1] is ImportKind.NPPES_DEACTIVATED
    assert json.loads(flask(path, "--json").stdout)["changed"] == 0


@pytest.mark.parametrize("packed", [True, False], ids=["in its ZIP", "alone"])
def test_the_list_is_taken_as_the_workbook_it_is_published_in(app, flask, tmp_path, packed):
    flask(write(tmp_path / MONTH, [row(FIRST)]))
    data = book([[TITLE], DEACTIVATED_COLUMNS, [FIRST, "05/02/2026"], [THIRD, "05/02/2026"]])
    path = tmp_path / ("list.zip" if packed else NAME)
    path.write_bytes(zipped((NAME, data)) if packed else data)
    told = json.loads(flask(path, "--json").stdout)
    assert (told["read"], told["kept"], told["changed"]) == (2, 1, 1)
    with app.app_context():
        session = db.session()
        assert waiting(session) == [(FIRST, Fact.DEACTIVATED)]
        assert str(the(session).deactivated_on) == "2026-05-02"
        run = session.scalars(select(ImportRun).order_by(ImportRun.id.desc())).first()
        assert (run.kind, run.sha256) == (
            ImportKind.NPPES_DEACTIVATED, hashlib.sha256(data).hexdigest(),
        )  # fmt: skip
    assert json.loads(flask(path, "--json").stdout)["changed"] == 0


def test_no_mailing_address_gets_into_the_database(app, flask, tmp_path):
    flask(write(tmp_path / MONTH, [row(npi(number)) for number in range(5)]))
    flask(write(tmp_path / MONTH, [row(FIRST, PHONE="6025550177"), blank(SECOND)]))
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            dump = ""
            for table in inspect(engine).get_table_names():
                dump += str(connection.execute(text(f'SELECT * FROM "{table}"')).all())
    finally:
        engine.dispose()
    assert FIRST in dump
    assert "100 EXAMPLE AVENUE" in dump
    assert CANARY not in dump


def test_a_fault_in_the_middle_leaves_nothing(app, flask, tmp_path, monkeypatch):
    flask(write(tmp_path / MONTH, [row(FIRST)]))
    before = counted(app, Event, ImportRun, Candidate, CandidateChange)
    path = write(tmp_path / "next.csv", [row(FIRST, PHONE="6025550177"), row(SECOND)])

    def full_disk(*_args, **_kwargs):
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(candidates, "keep_changes", full_disk)
        app.test_cli_runner().invoke(args=["import", "nppes", str(path)])
    assert counted(app, Event, ImportRun, Candidate, CandidateChange) == before
    assert json.loads(flask(path, "--json").stdout)["changed"] == 1


def test_the_system_is_the_one_who_imports(app, flask, tmp_path):
    flask(write(tmp_path / MONTH, [row(FIRST)]))
    with app.app_context():
        run = db.session.scalars(select(ImportRun)).one()
        assert db.session.get(User, run.imported_by).name == "the system"
