"""The numbers: counted right, in a constant number of statements."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest

from directory.domain.accuracy import CONTACT, Share, accuracy
from directory.domain.cases import CaseState
from directory.domain.criteria import Level
from directory.domain.csvcells import recovered, table
from directory.domain.findings import Check, Outcome, State
from directory.domain.standing import Listing
from directory.operations import numbers
from directory.operations.catalogue import load_edition
from directory.operations.listings import derive_all
from directory.operations.numbers import HORIZONS, WINDOW_DAYS
from directory.operations.vetting import add_confirmation
from tests.checklist import CATALOGUE, TEXT
from tests.factories import NOW, make_check, make_clinic, make_user

TODAY = NOW.date()
LESSER = "sup-training"
KEY = "sup-acls"


@pytest.fixture
def loaded(session):
    """A session with the checklist and two people."""
    session.first, session.second = make_user(session), make_user(session)
    load_edition(session, session.first, NOW, text=TEXT, confirmation="two-person")
    return session


def counted(session, now=NOW):
    """Return the numbers as the first person reads them."""
    derive_all(session, CATALOGUE, now, two_person=True)
    return numbers.numbers(session, CATALOGUE, now, session.first, two_person=True)


def checked(session, clinic, code, **changes):
    """Record and confirm a check of the clinic."""
    return make_check(
        session, CATALOGUE, clinic, code, by=session.first, second=session.second, **changes
    )


def test_an_empty_directory_counts_nothing(loaded):
    found = counted(loaded)
    assert set(found.listings.values()) == {0}
    assert set(found.standings.values()) == {0}
    assert found.oldest is None
    assert found.accuracy.exact.percent is None
    assert found.confirmations.median is None


def test_clinics_and_findings_are_counted(loaded):
    clinic = make_clinic(loaded)
    make_clinic(loaded)
    make_clinic(loaded, listing=Listing.DRAFT)
    make_clinic(loaded, listing=Listing.SUSPENDED, listing_reason="Because")
    checked(loaded, clinic, KEY, days_ago=10, lasts=15)
    checked(loaded, clinic, "sup-onsite", days_ago=100, lasts=105, level=Level.DOCUMENT)
    checked(loaded, clinic, LESSER, days_ago=200, lasts=150)
    found = counted(loaded)
    assert found.listings == {
        Listing.DRAFT: 1,
        Listing.LISTED: 2,
        Listing.UNLISTED: 0,
        Listing.SUSPENDED: 1,
        Listing.CLOSED: 0,
    }
    assert found.standings == {
        "complete": 0, "partial": 1, "unchecked": 1, "warning": 0, "suspended": 1
    }  # fmt: skip
    assert sum(sum(ages.values()) for ages in found.findings.values()) == 3 * len(
        CATALOGUE.criteria
    )
    assert found.findings[State.MET]["up_to_30"] == 1
    assert found.findings[State.MET]["up_to_180"] == 1
    assert found.findings[State.EXPIRED]["up_to_365"] == 1
    assert found.findings[State.NOT_CHECKED]["undated"] == 3 * len(CATALOGUE.criteria) - 3
    assert found.oldest.checked_on == TODAY - timedelta(days=100)
    assert (found.oldest.clinic_id, found.oldest.clinic) == (clinic.id, clinic.name)


def test_what_ends_soon_is_counted_by_the_clock(loaded):
    clinic = make_clinic(loaded)
    checked(loaded, clinic, KEY, days_ago=1, lasts=6)
    checked(loaded, clinic, LESSER, days_ago=1, lasts=40)
    found = counted(loaded)
    assert found.expiring == {
        7: {"all": 1, "critical": 1},
        30: {"all": 1, "critical": 1},
        60: {"all": 2, "critical": 1},
    }
    later = numbers.numbers(
        loaded, CATALOGUE, NOW + timedelta(days=10), loaded.first, two_person=True
    )
    assert later.expiring[HORIZONS[1]] == {"all": 1, "critical": 0}
    assert later.findings[State.EXPIRED]["up_to_30"] == 1


def test_work_and_waits_are_counted(loaded):
    clinic = make_clinic(loaded)
    for hours in (1, 2, 3, 100):
        check = make_check(
            loaded, CATALOGUE, clinic, KEY, by=loaded.first, now=NOW - timedelta(hours=hours)
        )
        add_confirmation(loaded, loaded.second, NOW, check)
    found = counted(loaded, NOW + timedelta(minutes=1))
    assert found.made[7] == {
        "checks": 4, "own_checks": 4, "confirmations": 4, "own_confirmations": 0
    }  # fmt: skip
    assert found.confirmations.done == 4
    assert found.confirmations.median == 2
    assert found.confirmations.slowest_tenth == 100


def a_check(number, days, outcome=Outcome.MET, *, level=Level.SOURCE, confirmed=True):
    day = date(2026, 1, 1) + timedelta(days=days)
    return Check(
        id=number,
        outcome=outcome,
        level=level,
        checked_on=day,
        recorded_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days),
        valid_until=day + timedelta(days=300),
        confirmed=confirmed,
    )


def accurate(checks, since=date(2026, 1, 1)):
    return accuracy(CATALOGUE, checks, since, two_person=True)


def test_a_re_check_counts_as_held_or_not():
    found = accurate(
        [
            (1, KEY, a_check(1, 0)),
            (1, KEY, a_check(2, 90)),
            (1, LESSER, a_check(3, 0)),
            (1, LESSER, a_check(4, 90, Outcome.NOT_MET)),
            (2, KEY, a_check(5, 0)),
            (2, KEY, a_check(6, 90, Outcome.NOT_MET)),
            (3, CONTACT, a_check(7, 0)),
            (3, CONTACT, a_check(8, 90, Outcome.NOT_MET)),
        ]
    )
    assert found.exact == Share(1, 4)
    assert found.exact.percent == 25
    assert found.functional == Share(1, 3), "a lesser fact that changed leaves the clinic usable"
    assert dict(found.by_criterion) == {
        KEY: Share(1, 2), LESSER: Share(0, 1), CONTACT: Share(0, 1)
    }  # fmt: skip


@pytest.mark.parametrize(
    "second",
    [
        a_check(2, 0),
        a_check(2, 366),
        a_check(2, 90, Outcome.COULD_NOT_CHECK),
        a_check(2, 90, Outcome.DOES_NOT_APPLY),
        a_check(2, 90, level=Level.ATTESTED),
        a_check(2, 90, Outcome.NOT_MET, confirmed=False),
        a_check(2, 90, confirmed=False),
    ],
)
def test_what_is_no_re_check_counts_neither_way(second):
    assert accurate([(1, KEY, a_check(1, 0)), (1, KEY, second)]).exact == Share(0, 0)


def test_an_edited_fact_starts_anew():
    checks = [a_check(1, 0), a_check(2, 50, Outcome.CHANGED), a_check(3, 90, Outcome.NOT_MET)]
    assert accurate([(1, KEY, check) for check in checks]).exact == Share(0, 0)
    without = [(1, KEY, checks[0]), (1, KEY, checks[2])]
    assert accurate(without).exact == Share(0, 1), "the control"


def test_only_re_checks_of_the_window_count():
    checks = [(1, KEY, a_check(n, 90 * n)) for n in range(4)]
    assert accurate(checks, date(2026, 5, 1)).exact == Share(2, 2)
    assert accurate(checks, date(2027, 5, 1)).exact == Share(0, 0)


def test_another_fact_is_not_the_same_fact_again():
    checks = [(1, KEY, a_check(1, 0)), (2, KEY, a_check(2, 90)), (2, LESSER, a_check(3, 99))]
    assert accurate(checks).exact == Share(0, 0)


def test_stored_re_checks_are_found(loaded):
    clinic = make_clinic(loaded)
    checked(loaded, clinic, KEY, days_ago=WINDOW_DAYS + 100, lasts=300)
    checked(loaded, clinic, KEY, days_ago=200, lasts=150)
    checked(loaded, clinic, KEY, days_ago=10, lasts=150, outcome=Outcome.NOT_MET)
    found = counted(loaded).accuracy
    assert found.exact == Share(1, 2)
    assert found.functional == Share(0, 1)


def test_the_statements_do_not_grow_with_the_data(loaded, statements):
    made = []
    for count in (1, 12):
        for _ in range(count):
            checked(loaded, make_clinic(loaded), KEY)
        derive_all(loaded, CATALOGUE, NOW, two_person=True)
        loaded.commit()
        loaded.refresh(loaded.first)
        with statements() as run:
            numbers.numbers(loaded, CATALOGUE, NOW, loaded.first, two_person=True)
        made.append(len(run))
    assert made[0] == made[1] <= 12


def test_the_table_holds_every_number(loaded):
    clinic = make_clinic(loaded, name='=cmd|"/C calc"!A1')
    checked(loaded, clinic, KEY)
    rows = [*csv.reader(io.StringIO(table(numbers.rows(counted(loaded)))))]
    assert {len(row) for row in rows} == {4}
    assert len({tuple(row[:3]) for row in rows}) == len(rows), "each number has its own name"
    assert ["clinics", "partial", "standing", "1"] in rows
    assert ["oldest_check", KEY, "clinic", '\'=cmd|"/C calc"!A1'] in rows
    assert recovered(rows[[r[2] for r in rows].index("clinic")][3]) == clinic.name
    assert {row[1] for row in rows if row[0] == "cases"} == {state.value for state in CaseState}
