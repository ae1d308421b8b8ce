"""The heart of the product: nothing shows "met" without a live, confirmed, strong enough check."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.domain.criteria import Level
from directory.domain.findings import (
    FOREVER,
    Check,
    Outcome,
    State,
    finding_of,
    last_day,
    minute_after,
    minute_of,
    needs_second_person,
    strong_enough,
    today_in,
)
from directory.domain.standing import Listing, StandingCode, periods, standing
from tests.checklist import CATALOGUE

ZONES = [
    ZoneInfo(name)
    for name in (
        "America/New_York",
        "America/Phoenix",
        "Pacific/Honolulu",
        "Pacific/Guam",
        "America/Puerto_Rico",
        "America/Anchorage",
    )
]
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ACLS = CATALOGUE.criterion("sup-acls")
VITALS = CATALOGUE.criterion("mon-vitals")
FACILITY = CATALOGUE.criterion("sup-facility")
TRAINING = CATALOGUE.criterion("sup-training")
days = st.dates(date(2024, 1, 1), date(2029, 12, 31))


def check(**changes: object) -> Check:
    """A confirmed check at the source that holds for the rest of 2026, with changes."""
    values: dict[str, object] = {
        "id": 1,
        "outcome": Outcome.MET,
        "level": Level.SOURCE,
        "checked_on": date(2026, 5, 1),
        "recorded_at": NOON - timedelta(days=31),
        "valid_until": date(2026, 12, 31),
        "confirmed": True,
    }
    return Check(**values | changes)  # type: ignore[arg-type]


@st.composite
def checks(draw: st.DrawFn, number: int = 1) -> Check:
    checked_on = draw(days)
    return check(
        id=number,
        outcome=draw(st.sampled_from(Outcome)),
        level=draw(st.sampled_from(Level)),
        checked_on=checked_on,
        recorded_at=datetime.combine(checked_on, datetime.min.time(), UTC)
        + timedelta(minutes=draw(st.integers(0, 20000))),
        valid_until=draw(st.none() | days),
        credential_until=draw(st.none() | days),
        confirmed=draw(st.booleans()),
    )


@given(
    criterion=st.sampled_from(CATALOGUE.criteria),
    made=st.lists(checks(), max_size=6),
    zone=st.sampled_from(ZONES),
    moment=st.integers(1_672_531_200, 1_924_992_000),
    two_person=st.booleans(),
)
def test_met_always_has_a_live_confirmed_check_at_the_required_level(
    criterion, made, zone, moment, two_person
):
    moment = datetime.fromtimestamp(moment, UTC)
    found = finding_of(criterion, made, zone, two_person=two_person).at(minute_of(moment))
    if found.state in (State.MET, State.DOES_NOT_APPLY):
        decided = found.decided_by
        assert decided in made
        assert decided.outcome.value == found.state.value
        assert decided.level >= criterion.minimum_level
        assert decided.confirmed or not (two_person and criterion.critical)
        today = today_in(zone, moment)
        for limit in (
            decided.valid_until,
            decided.credential_until,
            decided.checked_on + timedelta(days=criterion.valid_days),
        ):
            assert limit is None or today <= limit
        later = [
            c
            for c in made
            if (c.checked_on, c.recorded_at) > (decided.checked_on, decided.recorded_at)
        ]
        assert not any(
            c.outcome is Outcome.NOT_MET and strong_enough(criterion, c) for c in later
        ), "a newer adverse check, confirmed or not, ends a met"


@given(
    criterion=st.sampled_from(CATALOGUE.criteria),
    made=st.lists(checks(), max_size=6),
    zone=st.sampled_from(ZONES),
)
def test_not_met_is_public_only_after_a_second_person(criterion, made, zone):
    found = finding_of(criterion, made, zone, two_person=True)
    if found.state is State.NOT_MET:
        assert found.decided_by.confirmed
        assert found.decided_by.level >= Level.DOCUMENT


@given(
    criterion=st.sampled_from(CATALOGUE.criteria),
    made=st.lists(checks(), max_size=6),
    zone=st.sampled_from(ZONES),
    minutes=st.tuples(st.integers(28_000_000, 33_000_000), st.integers(0, 2_000_000)),
)
def test_waiting_never_makes_a_finding_better(criterion, made, zone, minutes):
    found = finding_of(criterion, made, zone, two_person=True)
    early, late = found.at(minutes[0]).state, found.at(sum(minutes)).state
    assert early == late or late is State.EXPIRED


@given(
    made=st.lists(st.tuples(st.sampled_from(CATALOGUE.criteria), checks()), max_size=40),
    zone=st.sampled_from(ZONES),
    listing=st.sampled_from([Listing.LISTED, Listing.SUSPENDED]),
    start=st.integers(28_000_000, 31_000_000),
    waits=st.lists(st.integers(0, 3_000_000), min_size=1, max_size=8),
)
def test_periods_say_at_every_minute_what_the_findings_say(made, zone, listing, start, waits):
    findings = [
        finding_of(c, [k for of, k in made if of is c], zone, two_person=True)
        for c in CATALOGUE.criteria
    ]
    pieces = periods(findings, listing, CATALOGUE.bits, start)
    assert pieces[0].from_minute == start
    assert pieces[-1].until_minute == FOREVER
    assert all(a.until_minute == b.from_minute for a, b in pairwise(pieces))
    cuts = [piece.from_minute for piece in pieces]
    for minute in [start + wait for wait in waits] + cuts + [cut - 1 for cut in cuts[1:]]:
        (piece,) = [p for p in pieces if p.from_minute <= minute < p.until_minute]
        then = [f.at(minute) for f in findings]
        met = {f.criterion for f in then if f.state is State.MET}
        assert met == {c for c, bit in CATALOGUE.bits.items() if piece.met_mask >> bit & 1}
        assert piece.standing is standing(then, listing).code


@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize(
    "last", [date(2026, 3, 7), date(2026, 11, 1), date(2028, 2, 29), date(2026, 12, 31)]
)
def test_the_last_day_is_inclusive_in_the_clinics_own_zone(zone, last):
    made = [check(checked_on=last - timedelta(days=30), credential_until=last, valid_until=last)]
    found = finding_of(ACLS, made, zone, two_person=True)
    last_minute = datetime(last.year, last.month, last.day, 23, 59, 59, tzinfo=zone)
    assert found.at(minute_of(last_minute)).state is State.MET
    assert found.at(minute_of(last_minute) + 1).state is State.EXPIRED
    assert found.holds_until == last


def test_the_same_day_ends_hours_earlier_in_guam_than_in_hawaii():
    day = date(2026, 6, 30)
    guam, hawaii = (minute_after(day, ZoneInfo(f"Pacific/{n}")) for n in ("Guam", "Honolulu"))
    assert hawaii - guam == 20 * 60


def test_a_day_at_the_end_of_the_calendar_never_lapses():
    assert minute_after(date.max, ZONES[0]) == FOREVER


def test_an_unconfirmed_critical_met_is_not_counted_until_the_second_person():
    waiting = check(confirmed=False)
    assert finding_of(ACLS, [waiting], ZONES[0], two_person=True).state is State.NOT_CHECKED
    assert finding_of(ACLS, [waiting], ZONES[0], two_person=False).state is State.MET
    assert finding_of(ACLS, [check()], ZONES[0], two_person=True).state is State.MET


def test_an_adverse_check_that_waits_is_not_told_but_ends_the_met():
    adverse = check(
        id=2,
        outcome=Outcome.NOT_MET,
        checked_on=date(2026, 5, 20),
        valid_until=None,
        confirmed=False,
    )
    found = finding_of(VITALS, [check(), adverse], ZONES[0], two_person=True)
    assert (found.state, found.in_recheck, found.decided_by) == (State.NOT_CHECKED, True, None)
    again = check(id=3, checked_on=date(2026, 5, 25))
    found = finding_of(VITALS, [check(), adverse, again], ZONES[0], two_person=True)
    assert (found.state, found.in_recheck) == (State.MET, False)


def test_what_the_clinic_says_is_kept_apart_and_never_counted():
    said = check(level=Level.ATTESTED)
    found = finding_of(VITALS, [said], ZONES[0], two_person=True)
    assert (found.state, found.claimed, found.decided_by) == (State.NOT_CHECKED, said, None)


def test_a_paper_is_too_weak_where_the_source_can_be_asked():
    paper = check(level=Level.DOCUMENT)
    assert finding_of(ACLS, [paper], ZONES[0], two_person=True).state is State.NOT_CHECKED
    assert finding_of(VITALS, [paper], ZONES[0], two_person=True).state is State.MET


def test_a_newer_check_replaces_an_older_one_that_would_have_lasted_longer():
    old = check(valid_until=date(2027, 12, 31), checked_on=date(2026, 4, 1))
    new = check(id=2, valid_until=date(2026, 5, 31), checked_on=date(2026, 5, 2))
    found = finding_of(VITALS, [old, new], ZONES[0], two_person=True)
    assert found.at(minute_of(NOON)).state is State.EXPIRED


def test_could_not_check_is_neither_pass_nor_fail():
    tried = check(
        id=2, outcome=Outcome.COULD_NOT_CHECK, valid_until=None, checked_on=date(2026, 5, 9)
    )
    found = finding_of(VITALS, [check(), tried], ZONES[0], two_person=True)
    assert (found.state, found.attempted) == (State.MET, tried)
    found = finding_of(VITALS, [tried], ZONES[0], two_person=True)
    assert (found.state, found.attempted) == (State.NOT_CHECKED, tried)


def test_only_a_conditional_criterion_can_be_set_aside():
    aside = check(outcome=Outcome.DOES_NOT_APPLY)
    assert finding_of(FACILITY, [aside], ZONES[0], two_person=True).state is State.DOES_NOT_APPLY
    assert finding_of(VITALS, [aside], ZONES[0], two_person=True).state is State.NOT_CHECKED


def test_not_met_does_not_go_away_by_waiting():
    adverse = check(outcome=Outcome.NOT_MET, valid_until=None)
    found = finding_of(VITALS, [adverse], ZONES[0], two_person=True)
    assert found.at(FOREVER - 1).state is State.NOT_MET


def test_no_check_outlasts_the_catalogues_limit():
    long = check(valid_until=date(2040, 1, 1))
    assert last_day(VITALS, long) == long.checked_on + timedelta(days=VITALS.valid_days)


def test_a_second_person_is_needed_for_what_can_hurt():
    assert needs_second_person(ACLS, Outcome.MET)
    assert needs_second_person(TRAINING, Outcome.NOT_MET)
    assert not needs_second_person(TRAINING, Outcome.MET)
    assert not needs_second_person(ACLS, Outcome.COULD_NOT_CHECK)


def _all_met(**changes: Check) -> list:
    return [
        finding_of(c, [changes.get(c.code.replace("-", "_"), check())], ZONES[0], two_person=True)
        for c in CATALOGUE.criteria
    ]


def test_standing_complete_when_every_critical_criterion_is_met():
    found = standing(_all_met(), Listing.LISTED)
    assert (found.code, found.critical_met, found.critical_total) == (StandingCode.COMPLETE, 18, 18)
    assert found.oldest_check == date(2026, 5, 1)


def test_a_criterion_that_does_not_apply_leaves_the_total():
    found = standing(_all_met(sup_facility=check(outcome=Outcome.DOES_NOT_APPLY)), Listing.LISTED)
    assert (found.code, found.critical_met, found.critical_total) == (StandingCode.COMPLETE, 17, 17)


def test_one_failed_critical_criterion_outweighs_all_that_are_met():
    found = standing(
        _all_met(emg_equipment=check(outcome=Outcome.NOT_MET, valid_until=None)), Listing.LISTED
    )
    assert (found.code, found.blockers) == (StandingCode.WARNING, ("emg-equipment",))


def test_a_failed_lesser_criterion_is_no_warning():
    found = standing(
        _all_met(opn_price=check(outcome=Outcome.NOT_MET, valid_until=None)), Listing.LISTED
    )
    assert (found.code, found.not_met) == (StandingCode.COMPLETE, 1)


def test_partial_unchecked_and_suspended():
    none = [finding_of(c, [], ZONES[0], two_person=True) for c in CATALOGUE.criteria]
    assert standing(none, Listing.LISTED).code is StandingCode.UNCHECKED
    assert standing(none, Listing.SUSPENDED).code is StandingCode.SUSPENDED
    lapsed = [f.at(minute_of(NOON + timedelta(days=900))) for f in _all_met()]
    found = standing(lapsed, Listing.LISTED)
    assert (found.code, found.expired, found.oldest_check) == (StandingCode.UNCHECKED, 29, None)
    some = standing([*_all_met()[:3], *none[3:]], Listing.LISTED)
    assert (some.code, some.critical_met) == (StandingCode.PARTIAL, 3)
