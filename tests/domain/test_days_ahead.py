"""Credentials that end soon become work 60, 30 and 7 days ahead, once each."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from directory.domain.credentials import days_ahead
from directory.domain.criteria import Level
from directory.domain.findings import Check, Outcome, minute_of
from directory.domain.looks import known_of
from directory.domain.plan import Why, due_item
from directory.domain.standing import Listing
from tests.checklist import CATALOGUE
from tests.factories import look_of

ACLS = CATALOGUE.criterion("sup-acls")
END = date(2027, 3, 31)


@pytest.mark.parametrize(
    ("left", "stage"),
    [(61, None), (60, 60), (31, 60), (30, 30), (8, 30), (7, 7), (0, 7), (-1, None)],
)
def test_the_days_at_which_a_credential_comes_up(left, stage):
    assert days_ahead(END, END - timedelta(days=left)) == stage
    assert days_ahead(None, END) is None


def due(left, looked_days_before_the_end=90, credential_until=END, **changes):
    """Return the work `left` days before the end, after a look so many days before it."""
    day = END - timedelta(days=looked_days_before_the_end)
    check = Check(
        id=1,
        outcome=Outcome.MET,
        level=Level.SOURCE,
        checked_on=day,
        recorded_at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
        confirmed=True,
        credential_until=credential_until,
        **changes,
    )
    today = END - timedelta(days=left)
    return due_item(
        ACLS,
        known_of(ACLS, [look_of(check)], ZoneInfo("UTC"), two_person=True),
        clinic_id=1,
        listing=Listing.LISTED,
        source="Example board",
        today=today,
        minute=minute_of(datetime(today.year, today.month, today.day, 12, tzinfo=UTC)),
    )


@pytest.mark.parametrize("left", [60, 59, 31, 30, 29, 8, 7, 6, 0])
def test_it_is_work_from_sixty_days_ahead(left):
    assert due(left).why is Why.ENDING
    assert due(left).since == END


def test_the_day_before_it_is_none():
    assert due(61) is None
    assert due(60, credential_until=None, valid_until=END + timedelta(days=40)) is None


def test_it_is_worth_more_the_nearer_the_end():
    values = [due(left).value for left in (60, 30, 7)]
    assert values == sorted(values)
    assert len(set(values)) == 3


@pytest.mark.parametrize(
    ("looked", "quiet", "next_day"), [(60, 31, 30), (45, 31, 30), (30, 8, 7), (20, 8, 7)]
)
def test_once_looked_at_it_rests_until_the_next_time(looked, quiet, next_day):
    assert due(looked - 1, looked) is None
    assert due(quiet, looked) is None
    assert due(next_day, looked).why is Why.ENDING


def test_after_the_last_time_it_rests_until_it_is_over():
    assert due(0, 7) is None
    assert due(-1, 7).why is Why.EXPIRED


def test_a_check_that_ends_first_keeps_its_own_days():
    ends = END - timedelta(days=50)
    assert due(52, 55, valid_until=ends).since == ends
