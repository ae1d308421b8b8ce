"""The clock jumps: page, row, filter, facet, API and plan say the same, and nothing stale is met.

Four hundred jumps around the ends of checks: a second before, at and after, over the changes to
and from summer time, over 29 February, and back in time.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from directory.domain.criteria import Level
from directory.domain.findings import Outcome, State, minute_after, minute_of
from directory.domain.plan import Why
from directory.models import Base
from directory.models.engine import tune
from directory.operations.catalogue import load_edition
from directory.operations.circle import Filters
from directory.operations.clinics import public_clinic
from directory.operations.listings import derive
from directory.operations.plan import due_items, read_facts
from directory.operations.search import Search, find_clinics
from directory.operations.vetting import (
    Observation,
    confirm_verification,
    record_verification,
)
from directory.web.api.documents import findings_document
from tests.checklist import CATALOGUE, TEXT
from tests.factories import make_clinic, make_user

ACLS = "sup-acls"
ENDS = (
    date(2026, 3, 7),  # summer time begins in the night that follows
    date(2026, 3, 8),
    date(2026, 10, 31),  # and ends in this one
    date(2026, 11, 1),
    date(2028, 2, 28),
    date(2028, 2, 29),
    date(2026, 12, 31),
    date(2026, 6, 30),
)
ZONES = (
    ("America/New_York", "NY", "10001", 40.75, -73.99),
    ("America/Los_Angeles", "CA", "94110", 37.75, -122.41),
    ("America/Phoenix", "AZ", "85004", 33.45, -112.07),
    ("Pacific/Honolulu", "HI", "96813", 21.31, -157.86),
    ("Pacific/Guam", "GU", "96910", 13.47, 144.75),
)
SECOND = timedelta(seconds=1)
JUMPS = (
    -SECOND,
    timedelta(),
    SECOND,
    timedelta(hours=-1),
    timedelta(hours=1),
    timedelta(hours=-25),
    timedelta(hours=25),
    timedelta(days=400),
    timedelta(seconds=-59),
    timedelta(days=-29),
)


def listed(session, zone, ends):
    """Return a clinic whose rescue training was confirmed and holds until a day."""
    name, state, postal_code, lat, lon = zone
    clinic = make_clinic(
        session, timezone=name, state=state, postal_code=postal_code, lat=lat, lon=lon
    )
    first, second = make_user(session), make_user(session)
    moment = datetime.combine(ends - timedelta(days=30), time(12), UTC)
    seen = Observation(
        criterion=ACLS,
        outcome=Outcome.MET,
        level=Level.SOURCE,
        checked_on=ends - timedelta(days=30),
        valid_until=ends,
        source_name="Example board",
        source_url="https://board.example.org/1",
    )
    made = record_verification(session, first, moment, CATALOGUE, clinic, seen, two_person=True)
    confirm_verification(session, second, moment, CATALOGUE, made, two_person=True)
    return clinic


def told(session, clinic, now):
    """Return what each place says at a moment: whether the criterion is met."""
    page = public_clinic(session, CATALOGUE, clinic.id, now, two_person=True)
    finding = next(f for f in page.findings if f.criterion == ACLS)
    api = next(f for f in findings_document(page, CATALOGUE) if f["criterion"] == ACLS)
    around = {"lat": clinic.lat, "lon": clinic.lon, "within_miles": 5}
    everything = find_clinics(session, CATALOGUE, Search(**around), now)
    row = next(f for f in everything.hits[0].findings if f.criterion == ACLS)
    wanted = Filters(has_mask=1 << CATALOGUE.bit(ACLS))
    filtered = find_clinics(session, CATALOGUE, Search(**around, filters=wanted), now)
    return {
        "page": finding.state is State.MET,
        "row": row.state is State.MET,
        "filter": filtered.total == 1,
        "facet": everything.facets["has"][ACLS] == 1,
        "api": api["state"] == "met",
        "standing": page.standing.critical_met == 1,
        "standing of the row": everything.hits[0].standing.critical_met == 1,
    }


@pytest.fixture
def directory(session):
    """A database with the checklist in force."""
    first = make_user(session)
    began = datetime(2026, 1, 1, tzinfo=UTC)
    load_edition(session, first, began, text=TEXT, confirmation="two-person")
    return session


def test_four_hundred_jumps_and_nothing_stale_is_met(directory):
    jumps = 0
    for zone in ZONES:
        for ends in ENDS:
            clinic = listed(directory, zone, ends)
            directory.flush()
            over = datetime.combine(ends + timedelta(days=1), time(), ZoneInfo(zone[0])).astimezone(
                UTC
            )
            assert minute_of(over) == minute_after(ends, ZoneInfo(zone[0]))
            for jump in JUMPS:
                now = over + jump
                found = told(directory, clinic, now)
                assert set(found.values()) == {now < over}, (zone[0], ends, jump, found)
                jumps += 1
            clinic.listing, clinic.listing_reason = "closed", "Only one stands here at a time"
            directory.flush()
            derive(directory, CATALOGUE, over, [clinic.id], two_person=True)
    assert jumps == 400


def test_the_plan_notices_in_the_same_minute(directory):
    for zone in ZONES:
        for ends in ENDS[:4]:
            clinic = listed(directory, zone, ends)
            over = datetime.combine(ends + timedelta(days=1), time(), ZoneInfo(zone[0]))
            facts = read_facts(directory, CATALOGUE, two_person=True)
            for jump, wanted in ((-SECOND, Why.ENDING), (timedelta(), Why.EXPIRED)):
                now = over.astimezone(UTC) + jump
                found = [
                    item.why
                    for item in due_items(facts, CATALOGUE, now)
                    if (item.clinic_id, item.criterion) == (clinic.id, ACLS)
                ]
                assert found == [wanted], (zone[0], ends, jump)


def test_a_clock_set_back_before_the_check_revives_nothing_that_had_lapsed(directory):
    """What was derived after the end is not believed again when the clock goes back."""
    clinic = listed(directory, ZONES[0], ENDS[-1])
    late = datetime(2026, 7, 2, tzinfo=UTC)
    derive(directory, CATALOGUE, late, [clinic.id], two_person=True)
    directory.flush()
    assert set(told(directory, clinic, late - timedelta(days=20)).values()) == {False}


def test_the_control_a_state_that_was_stored_is_stale_a_second_later():
    """Storing the answer instead of its end is what this guards against."""
    engine = create_engine("sqlite://")
    tune(engine)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        began = datetime(2026, 1, 1, tzinfo=UTC)
        load_edition(session, make_user(session), began, text=TEXT, confirmation="two-person")
        clinic = listed(session, ZONES[2], ENDS[-1])
        session.flush()
        over = datetime(2026, 7, 1, 7, tzinfo=UTC)
        stored = told(session, clinic, over - SECOND)
        assert stored["page"] != told(session, clinic, over)["page"]
    engine.dispose()
