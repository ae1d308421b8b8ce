"""A full list replaces, a supplement adds and takes away, and a doubtful file changes nothing."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.domain.exclusions import Index, Kind, Subject
from directory.domain.imports import FileRefused
from directory.models import Event, ExclusionRow, ImportRun
from directory.operations.exclusions import (
    NO_FULL_LIST,
    ONE_MONTH,
    Applied,
    Arrival,
    ListState,
    apply_supplement,
    day_on_record,
    list_state,
    listed_rows,
    replace_list,
    rows_of,
)
from directory.operations.people import system_user
from directory.sources.leie import ListFile, read_list
from directory.sources.tables import open_source
from tests.factories import NOW
from tests.support import leie_file
from tests.support.leie_file import Row, business, invented_rows, person

DAY = date(2026, 3, 10)
MONTH = timedelta(days=30)
ANA = person("ROE", "ANA", NPI="2000000010")
EVE = person("DOE", "EVE")
CLINIC = business("EXAMPLE CLINIC LLC")
SOME = [ANA, EVE, CLINIC]

Bring = Callable[..., Applied]


@pytest.fixture
def bring(session: Session, tmp_path: Path) -> Bring:
    """Write rows as published, read them and apply them."""

    def bringing(
        rows: Iterable[Row],
        dated: date = DAY,
        *,
        supplement: bool = False,
        override: str | None = None,
        name: str = "list.csv",
    ) -> Applied:
        path = leie_file.write(tmp_path / "list.csv", rows)
        with open_source(str(path)) as source:
            file = read_list(source, today=NOW.date(), supplement=supplement)
        return apply(session, file, source.sha256(), dated, supplement, override, name)

    return bringing


def apply(
    session: Session,
    file: ListFile,
    sha256: str,
    dated: date,
    supplement: bool = False,
    override: str | None = None,
    name: str = "list.csv",
) -> Applied:
    arrival = Arrival(name=name, sha256=sha256, dated=dated, started_at=NOW, override=override)
    doing = apply_supplement if supplement else replace_list
    return doing(session, system_user(session), NOW, file, arrival)


def counts(applied: Applied) -> tuple[int, int, int]:
    return applied.summary.added, applied.summary.changed, applied.summary.removed


def ids(session: Session) -> dict[str, int]:
    rows = session.execute(select(ExclusionRow.digest, ExclusionRow.id))
    return {row.digest: row.id for row in rows}


def names(session: Session) -> set[str]:
    session.expire_all()
    rows = session.scalars(select(ExclusionRow))
    return {row.last_name or row.business_name for row in rows}


def test_nothing_is_known_before_the_first_list(session: Session) -> None:
    assert list_state(session) == ListState(False, False, None, 0, None)
    assert list(listed_rows(session)) == []


def test_a_first_list_of_any_size_is_taken(session: Session, bring: Bring) -> None:
    applied = bring(SOME)
    assert counts(applied) == (3, 0, 0)
    assert (applied.summary.read, applied.summary.kept) == (3, 3)
    assert list_state(session) == ListState(True, True, DAY, 3, DAY)
    run = session.scalars(select(ImportRun)).one()
    assert (run.kind, run.dated, run.forced, run.added) == ("leie", DAY, False, 3)


def test_what_is_stored_is_what_the_file_says(session: Session, bring: Bring) -> None:
    row = person(
        "ROE", "ANA", MIDNAME="MARIA          ", NPI="2000000010", UPIN="A12345",
        WAIVERDATE="20200101", WVRSTATE="TX", EXCLTYPE="1128a1   ",
    )  # fmt: skip
    bring([row])
    stored = session.scalars(select(ExclusionRow)).one()
    assert (stored.last_name, stored.first_name, stored.middle_name) == ("ROE", "ANA", "MARIA")
    assert (stored.npi, stored.upin, stored.born_on) == ("2000000010", "A12345", date(1970, 1, 1))
    assert (stored.street, stored.city, stored.state) == ("1 EXAMPLE STREET", "PORTLAND", "OR")
    assert (stored.exclusion_type, stored.excluded_on) == ("1128a1", date(2019, 6, 20))
    assert (stored.waived_on, stored.waiver_state) == (date(2020, 1, 1), "TX")
    assert rows_of(session, [stored.digest, "0" * 64]) == {stored.digest: stored}


def test_the_same_file_again_changes_nothing(session: Session, bring: Bring) -> None:
    rows = invented_rows(5, 1_200)
    bring(rows)
    before = ids(session)
    assert len(before) == 1_200
    assert counts(bring(rows)) == (0, 0, 0)
    assert ids(session) == before


def test_a_new_list_is_applied_as_a_difference(session: Session, bring: Bring) -> None:
    rows = invented_rows(6, 1_200)
    bring(rows)
    before = ids(session)
    moved = [row | {"CITY": "SALEM", "ZIP": "97301"} for row in rows[:7]]
    applied = bring([*moved, *rows[7:1_150], *invented_rows(99, 30)], DAY + MONTH)
    assert counts(applied) == (30, 7, 50)
    after = ids(session)
    assert len(after) == 1_180
    assert len(before.keys() & after.keys()) == 1_143
    assert all(after[digest] == before[digest] for digest in before.keys() & after.keys())
    assert list_state(session).dated == DAY + MONTH


def test_a_shrunken_list_is_refused_and_an_override_is_logged(
    session: Session, bring: Bring
) -> None:
    rows = invented_rows(7, 100)
    bring(rows)
    assert counts(bring(rows[:90], DAY + MONTH)) == (0, 0, 10)
    before = ids(session)
    with pytest.raises(FileRefused, match=r"80 rows.*90.*--force"):
        bring(rows[:80], DAY + 2 * MONTH)
    assert ids(session) == before
    applied = bring(rows[:80], DAY + 2 * MONTH, override="the list was cleaned up")
    assert counts(applied) == (0, 0, 10)
    assert applied.run.forced
    event = session.scalars(select(Event).order_by(Event.id.desc()).limit(1)).one()
    assert (event.act, event.reason) == ("import:finished", "the list was cleaned up")
    assert event.after is not None
    assert event.after["forced"] is True


def test_an_older_list_is_refused(session: Session, bring: Bring) -> None:
    bring(SOME)
    with pytest.raises(FileRefused, match=r"2026-03-09.*2026-03-10"):
        bring([*SOME, person("POE", "MAX")], DAY - timedelta(days=1))
    assert names(session) == {"ROE", "DOE", "EXAMPLE CLINIC LLC"}
    bring(SOME, DAY - timedelta(days=1), override="the newer one was wrong")
    assert list_state(session).dated == DAY - timedelta(days=1)


def test_a_supplement_pair_adds_and_takes_away(session: Session, bring: Bring) -> None:
    bring(SOME)
    added = bring([person("POE", "MAX", EXCLDATE="20260620")], DAY + MONTH, supplement=True)
    assert (counts(added), added.notes) == ((1, 0, 0), ())
    assert list_state(session) == ListState(True, True, DAY + MONTH, 4, DAY + MONTH)
    back = [row | {"REINDATE": "20260520"} for row in (ANA, CLINIC, person("ZOE", "IDA"))]
    taken = bring(back, DAY + MONTH, supplement=True)
    assert counts(taken) == (0, 0, 2)
    assert "1 of 3" in taken.notes[0]
    assert names(session) == {"DOE", "POE"}
    assert counts(bring(back, DAY + MONTH, supplement=True)) == (0, 0, 0)


def test_a_reinstatement_ends_a_row_that_was_corrected_since(
    session: Session, bring: Bring
) -> None:
    again = ANA | {"EXCLDATE": "20210720"}
    bring([ANA, again, EVE])
    back = ANA | {"ADDRESS": "2 EXAMPLE STREET", "NPI": "", "REINDATE": "20260520"}
    other = EVE | {"DOB": "19710101", "REINDATE": "20260520"}
    assert counts(bring([back, other], DAY + MONTH, supplement=True)) == (0, 0, 1)
    left = session.scalars(select(ExclusionRow).order_by(ExclusionRow.excluded_on)).all()
    assert [(row.last_name, row.excluded_on.year) for row in left] == [("DOE", 2019), ("ROE", 2021)]


def test_who_is_reinstated_later_stays_until_then(session: Session, bring: Bring) -> None:
    bring(SOME)
    later = ANA | {"REINDATE": f"{NOW.date() + MONTH:%Y%m%d}"}
    applied = bring([later], DAY + MONTH, supplement=True)
    assert counts(applied) == (0, 0, 0)
    assert applied.summary.refused == 1
    assert "ROE" in names(session)


def test_a_supplement_applied_again_does_not_bring_anybody_back(
    session: Session, bring: Bring
) -> None:
    bring([EVE])
    month = [ANA | {"EXCLDATE": "20260320"}]
    bring(month, DAY + MONTH, supplement=True)
    bring([month[0] | {"REINDATE": "20260520"}], DAY + MONTH, supplement=True)
    applied = bring(month, DAY + MONTH, supplement=True)
    assert counts(applied) == (0, 0, 0)
    assert "before" in applied.notes[0]
    assert names(session) == {"DOE"}


def test_a_supplement_older_than_the_full_list_brings_nobody_back(
    session: Session, bring: Bring
) -> None:
    bring([EVE])
    with pytest.raises(FileRefused, match="full list on record"):
        bring([ANA], DAY - MONTH, supplement=True)
    assert names(session) == {"DOE"}
    # What the list has already, and a reinstatement, are no harm at any age.
    assert counts(bring([EVE], DAY - MONTH, supplement=True)) == (0, 0, 0)
    back = EVE | {"REINDATE": "20260520"}
    assert counts(bring([back], DAY - MONTH, supplement=True)) == (0, 0, 1)


def test_supplements_without_a_full_list_are_not_enough(session: Session, bring: Bring) -> None:
    applied = bring([ANA], supplement=True)
    assert counts(applied) == (1, 0, 0)
    assert NO_FULL_LIST in applied.notes
    assert list_state(session) == ListState(True, False, None, 1, DAY)
    bring(SOME, DAY + MONTH)
    assert list_state(session) == ListState(True, True, DAY + MONTH, 3, DAY + MONTH)


def test_a_month_by_its_name_is_no_full_list(session: Session, bring: Bring) -> None:
    applied = bring(SOME, name="2605EXCL.csv")
    assert applied.notes == (ONE_MONTH,)
    assert list_state(session) == ListState(True, False, None, 3, DAY)
    assert bring(SOME, name="2605EXCL.csv", override="It is whole.").notes == ()
    assert list_state(session).full


def test_a_missing_month_leaves_the_list_as_old_as_it_is(session: Session, bring: Bring) -> None:
    bring(SOME, DAY - 4 * MONTH)
    applied = bring([person("POE", "MAX")], DAY, supplement=True)
    assert counts(applied) == (1, 0, 0)
    assert "missing" in applied.notes[0]
    assert list_state(session).dated == DAY - 4 * MONTH


def test_the_day_of_a_file_seen_before(session: Session, bring: Bring) -> None:
    applied = bring(SOME)
    taken = day_on_record(session, applied.run.sha256)
    assert taken is not None
    assert taken.day == DAY
    assert day_on_record(session, "0" * 64) is None


def test_the_rows_on_record_are_what_subjects_are_compared_with(
    session: Session, bring: Bring
) -> None:
    bring(SOME)
    index = Index(listed_rows(session))
    for subject in (
        Subject(kind=Kind.PERSON, names=("Nobody Known",), npi="2000000010"),
        Subject(kind=Kind.PERSON, names=("Eve Doe",), states=frozenset(["OR"])),
        Subject(kind=Kind.BUSINESS, names=("Example Clinic",), zips=frozenset(["97214"])),
    ):
        (hit,) = index.hits(subject)
        assert hit.tier < 4
        assert rows_of(session, [hit.row_digest])
