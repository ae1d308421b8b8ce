"""Evidence files: one row for one file, what was replaced stays, and no row ever changes."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from directory.domain.entries import EntryRefused
from directory.models import Event, Evidence
from directory.operations.evidence import checks_behind, files_of, keep_file, replaced_by
from directory.sources.evidence import EvidenceStore, inspect
from tests.factories import NOW, make_clinic, make_user

FIRST = b"%PDF-1.4\nfirst\n%%EOF"
SECOND = b"%PDF-1.4\nsecond\n%%EOF"


@pytest.fixture
def store(tmp_path):
    """A store of the test's own."""
    return EvidenceStore(tmp_path / "evidence")


def keep(session, store, clinic, data=FIRST, title="Blank consent form", **more):
    actor = make_user(session)
    return keep_file(session, actor, NOW, store, clinic, inspect(data), title, **more)


def test_a_file_is_one_row_and_one_line_of_the_log(session, store):
    clinic = make_clinic(session)
    kept = keep(session, store, clinic)
    assert keep(session, store, clinic, title="The same again").id == kept.id
    assert store.read(kept.sha256) == FIRST
    lines = session.scalars(select(Event).where(Event.act == "evidence:stored")).all()
    assert len(lines) == 1
    assert lines[0].after["sha256"] == kept.sha256
    assert (kept.media_type, kept.size) == ("application/pdf", len(FIRST))


def test_two_clinics_with_one_form_have_a_row_each_and_one_object(session, store, tmp_path):
    one, other = make_clinic(session), make_clinic(session)
    first, second = keep(session, store, one), keep(session, store, other)
    assert first.id != second.id
    assert len([p for p in tmp_path.rglob("*") if p.is_file()]) == 1


def test_what_was_replaced_stays_on_record(session, store):
    clinic = make_clinic(session)
    older = keep(session, store, clinic)
    newer = keep(session, store, clinic, SECOND, replaces=older)
    assert newer.replaces_id == older.id
    assert [row.id for row in replaced_by(session, older.id)] == [newer.id]
    assert {row.id for row in files_of(session, clinic.id)} == {older.id, newer.id}
    assert store.read(older.sha256) == FIRST
    assert checks_behind(session, older.id) == []


def test_a_file_of_another_clinic_is_not_replaced(session, store):
    one, other = make_clinic(session), make_clinic(session)
    foreign = keep(session, store, one)
    with pytest.raises(EntryRefused, match="replaces"):
        keep(session, store, other, SECOND, replaces=foreign)


@pytest.mark.parametrize(
    ("title", "code"), [("", "needed"), ("x" * 201, "too_long"), ("a\u202eb", "hidden")]
)
def test_a_title_says_what_it_shows(session, store, title, code):
    with pytest.raises(EntryRefused, match=code):
        keep(session, store, make_clinic(session), title=title)


def test_the_database_itself_refuses_a_change(session, store):
    kept = keep(session, store, make_clinic(session))
    session.commit()
    for statement in (
        f"UPDATE evidence SET sha256 = '{'0' * 64}'",
        "DELETE FROM evidence",
        "UPDATE evidence SET replaces_id = NULL",
    ):
        with pytest.raises(DBAPIError, match="append-only"):
            session.execute(text(statement))
        session.rollback()
    assert session.get_one(Evidence, kept.id)


def test_a_file_without_its_clinic_is_refused_by_the_database(session):
    actor = make_user(session)
    values = {"kind": "file", "title": "x", "record": "", "sha256": "0" * 64}
    session.add(Evidence(**values, taken_at=NOW, taken_by=actor.id))
    with pytest.raises(DBAPIError, match="file_shape"):
        session.flush()
