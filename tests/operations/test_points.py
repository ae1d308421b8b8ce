"""From addresses to points: what is looked up, kept, remembered, and left to a person."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from directory.domain.entries import EntryRefused
from directory.domain.points import AGAIN_AFTER, MOST_TRIES, Lookup, address_line
from directory.domain.standing import Listing
from directory.models import Clinic, Event, PointLookup, SearchRow
from directory.models.clinic import PointPrecision
from directory.models.staff import ConflictOfInterest
from directory.operations import points
from directory.operations.stale import Stale
from directory.operations.vetting import publish
from directory.sources.gazetteer import Gazetteer
from directory.sources.geocoder import House
from tests.checklist import CATALOGUE
from tests.factories import NOW, make_clinic, make_user
from tests.operations.edits import acts, edited, last_line

DOOR = House(33.4512, -112.0701, "100, Example Avenue, Phoenix", "100")
ELSEWHERE = House(32.2226, -110.9747, "100, Example Avenue, Tucson", "100")
OTHER_STATE = House(39.5296, -119.8138, "100, Example Avenue, Reno", "100")
STREET = House(33.4512, -112.0701, "Example Avenue, Phoenix", None)


@pytest.fixture(scope="module")
def gazetteer(instance):
    opened = Gazetteer(instance / "gazetteer.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def filling(session, gazetteer):
    """Look up one clinic as the command does, with a given answer."""

    def fill(clinic, answer, *, now=NOW, failed=False):
        asked = points.wanted(session, clinic.id)
        return points.keep(
            session,
            make_user(session),
            now,
            CATALOGUE,
            gazetteer,
            asked,
            answer,
            failed=failed,
            two_person=True,
        )

    return fill


def rough(session, **changes):
    return make_clinic(session, point_precision=PointPrecision.ZIP, **changes)


def test_an_answer_places_the_clinic_with_one_line(session, filling):
    clinic = rough(session)
    publish(session, CATALOGUE, NOW, [clinic.id], two_person=True)
    start, version = last_line(session), clinic.version
    assert points.to_look_up(session, NOW) == [clinic.id]
    assert filling(clinic, DOOR) is Lookup.FOUND
    session.expire_all()
    assert (clinic.lat, clinic.lon) == (DOOR.lat, DOOR.lon)
    assert clinic.point_precision is PointPrecision.ADDRESS
    assert clinic.version == version + 1
    assert acts(session, start) == ["clinic:placed"]
    line = session.scalar(select(Event).where(Event.act == "clinic:placed"))
    assert (line.subject_id, line.before["precision"], line.after["precision"]) == (
        clinic.id,
        "zip",
        "address",
    )
    row = session.scalar(select(SearchRow).where(SearchRow.clinic_id == clinic.id))
    assert row.lon_e6 == round(DOOR.lon * 1e6)
    assert points.to_look_up(session, NOW + timedelta(days=999)) == []


def test_only_rough_points_that_somebody_may_visit_are_looked_up(session):
    make_clinic(session)
    rough(session, listing=Listing.CLOSED, listing_reason="gone")
    wanted = [rough(session).id, make_clinic(session, point_precision=PointPrecision.CITY).id]
    assert points.to_look_up(session, NOW) == wanted
    assert points.to_look_up(session, NOW, 1) == wanted[:1]
    assert points.count_rough(session) == 2


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (ELSEWHERE, "pin_far"),
        (OTHER_STATE, "pin_state"),
        (House(0.0, 0.0, "x", "100"), "pin_zero"),
        (House(48.8566, 2.3522, "Paris", "100"), "pin_nowhere"),
        (House(91.0, 2.3522, "x", "100"), "pin_off_earth"),
    ],
)
def test_a_point_outside_is_refused_and_waits_for_a_person(session, filling, answer, why):
    clinic = rough(session)
    before = clinic.lat, clinic.lon, clinic.version
    start = last_line(session)
    assert filling(clinic, answer) is Lookup.REFUSED
    session.expire_all()
    assert (clinic.lat, clinic.lon, clinic.version) == before
    assert acts(session, start) == []
    (row,) = points.waiting(session, 10)
    assert (row.clinic_id, row.why, row.said, row.lat) == (clinic.id, why, answer.said, answer.lat)
    assert points.count_waiting(session) == 1
    assert points.to_look_up(session, NOW + timedelta(days=999)) == []


@pytest.mark.parametrize(
    "answer",
    [None, STREET, House(33.45, -112.07, "x", "1000"), House(float("nan"), 1.0, "x", "100")],
)
def test_only_the_house_counts_and_a_try_that_failed_waits_its_days(session, filling, answer):
    clinic, now = rough(session), NOW
    for tries in range(1, MOST_TRIES + 1):
        assert points.to_look_up(session, now) == [clinic.id]
        assert filling(clinic, answer, now=now) is Lookup.UNKNOWN
        assert session.get(PointLookup, clinic.id).tries == tries
        assert clinic.point_precision is PointPrecision.ZIP
        assert points.count_waiting(session) == (tries == MOST_TRIES)
        now += AGAIN_AFTER[Lookup.UNKNOWN]
        assert points.to_look_up(session, now - timedelta(seconds=1)) == []
    assert points.to_look_up(session, now) == []


def test_a_street_without_a_number_goes_to_a_person_at_once(session, filling):
    clinic = rough(session, street="Highway 9 at Main")
    assert not points.wanted(session, clinic.id).askable
    assert filling(clinic, None) is Lookup.UNKNOWN
    assert points.count_waiting(session) == 1
    assert points.to_look_up(session, NOW + timedelta(days=999)) == []


def test_the_next_run_goes_on_behind_failures(session, filling):
    first, second, third = (rough(session) for _ in range(3))
    filling(first, None, failed=True)
    assert points.to_look_up(session, NOW) == [second.id, third.id]
    later = NOW + AGAIN_AFTER[Lookup.FAILED]
    assert points.to_look_up(session, later) == [second.id, third.id, first.id]
    assert points.count_waiting(session) == 0


def test_a_pin_by_hand_outranks_and_a_pin_taken_away_stays_away(session, filling, gazetteer):
    clinic, person = rough(session), make_user(session)
    asked = points.wanted(session, clinic.id)
    edited(session, person, gazetteer, clinic, lat="33.450000", lon="-112.080000")
    kept = points.keep(session, person, NOW, CATALOGUE, gazetteer, asked, DOOR, two_person=True)
    assert kept is None
    assert (clinic.lat, clinic.lon) == (33.45, -112.08)
    assert session.get(PointLookup, clinic.id) is None
    assert points.to_look_up(session, NOW) == []
    # Control: without the pin the same answer is kept.
    other = rough(session)
    assert filling(other, DOOR) is Lookup.FOUND
    edited(session, person, gazetteer, other, lat="", lon="")
    assert other.point_precision is PointPrecision.ZIP
    assert points.to_look_up(session, NOW + timedelta(days=999)) == []


def test_an_edit_meanwhile_wins(session, gazetteer):
    clinic, person = rough(session), make_user(session)
    asked = points.wanted(session, clinic.id)
    edited(session, person, gazetteer, clinic, street="200 Example Avenue", lat="", lon="")
    start = last_line(session)
    assert (
        points.keep(session, person, NOW, CATALOGUE, gazetteer, asked, DOOR, two_person=True)
        is None
    )
    assert acts(session, start) == []


def test_left_stays_left_until_the_address_changes(session, filling, gazetteer):
    clinic, person = rough(session), make_user(session)
    filling(clinic, ELSEWHERE)
    (row,) = points.waiting(session, 10)
    with pytest.raises(EntryRefused, match="too_long"):
        points.leave(session, person, NOW, clinic.id, version=row.version, reason="x" * 301)
    start = last_line(session)
    points.leave(session, person, NOW, clinic.id, version=row.version, reason="A mall.")
    assert acts(session, start) == ["clinic:point_left"]
    line = session.scalar(select(Event).where(Event.act == "clinic:point_left"))
    assert (line.subject_id, line.reason) == (clinic.id, "A mall.")
    far = NOW + timedelta(days=999)
    assert (points.count_waiting(session), points.to_look_up(session, far)) == (0, [])
    assert points.decided_by(session, clinic.id) == (person.name, NOW)
    edited(session, person, gazetteer, clinic, street="200 Example Avenue", lat="", lon="")
    assert points.to_look_up(session, NOW) == [clinic.id]
    found = House(DOOR.lat, DOOR.lon, "200, Example Avenue", "200")
    assert filling(clinic, found) is Lookup.FOUND
    row = session.get(PointLookup, clinic.id)
    assert (row.tries, row.decided_by) == (1, None)


def test_two_decisions_and_the_second_is_told(session, filling):
    clinic, person = rough(session), make_user(session)
    filling(clinic, ELSEWHERE)
    version = session.get(PointLookup, clinic.id).version
    with pytest.raises(Stale):
        points.leave(session, person, NOW, clinic.id, version=version + 1)
    points.leave(session, person, NOW, clinic.id, version=version)
    with pytest.raises(Stale):
        points.leave(session, person, NOW, clinic.id, version=version)


def test_whoever_has_an_interest_decides_nothing(session, filling):
    clinic, person = rough(session), make_user(session)
    filling(clinic, ELSEWHERE)
    session.add(
        ConflictOfInterest(
            user_id=person.id, clinic_id=clinic.id, reason="a relative", declared_at=NOW
        )
    )
    session.flush()
    with pytest.raises(EntryRefused, match="conflicted"):
        points.leave(session, person, NOW, clinic.id, version=1)


def test_the_address_is_the_same_in_sql_and_in_the_rules(session):
    clinic = rough(session, street="1 O’Brien Way, Suite 5", city="Ánimas")
    line = address_line(clinic.street, clinic.city, clinic.state, clinic.postal_code)
    assert session.scalar(select(points._address()).where(Clinic.id == clinic.id)) == line
