"""The questions for a clinic: all that is open and nothing else, what matters most first."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.domain.criteria import Level
from directory.domain.findings import Check, Finding, Outcome, State
from directory.domain.questions import COVERED_BY, FIRST, SOON, Practical, ends_soon, sheet_of
from directory.domain.standing import Listing
from tests.checklist import CATALOGUE

CODES = [criterion.code for criterion in CATALOGUE.criteria]
KEY = list(CATALOGUE.critical_codes)
TODAY = date(2026, 6, 1)
OPEN = (State.NOT_MET, State.NOT_CHECKED, State.EXPIRED)


def finding(code, state=State.NOT_CHECKED, **more):
    return Finding(criterion=code, state=state, critical=code in KEY, **more)


def sheet(states, *, listing=Listing.LISTED, rest=State.NOT_CHECKED):
    """Return the sheet for these states by code, all others being as `rest` says."""
    findings = [finding(code, states.get(code, rest)) for code in CODES]
    return sheet_of(CATALOGUE, findings, listing)


def codes(findings):
    return [one.criterion for one in findings]


any_states = st.fixed_dictionaries({code: st.sampled_from(list(State)) for code in CODES})


@given(any_states)
def test_every_open_criterion_is_asked_once_and_no_other(states):
    made = sheet(states)
    assert sorted(codes(made.asked)) == sorted(c for c in CODES if states[c] in OPEN)
    assert codes(made.known) == [c for c in CODES if states[c] is State.MET]


@given(any_states)
def test_what_was_found_comes_first_then_key_checks_then_the_rest_by_group(states):
    made = sheet(states)
    ranks = [
        (one.state is not State.NOT_MET, not one.critical, CODES.index(one.criterion))
        for one in made.asked
    ]
    assert ranks == sorted(ranks)
    assert codes(made.first) == codes(made.asked)[:FIRST]
    assert all(one.state is State.NOT_MET for one in made.found)
    assert all(one.critical and one.state is not State.NOT_MET for one in made.key)
    for group, members in made.rest:
        assert members
        assert all(CATALOGUE.criterion(c).group == group.code for c in codes(members))
        assert not any(one.critical for one in members)


@given(any_states)
def test_the_order_of_the_findings_does_not_matter(states):
    findings = [finding(code, state) for code, state in states.items()]
    backwards = sheet_of(CATALOGUE, findings[::-1], Listing.LISTED)
    assert backwards == sheet_of(CATALOGUE, findings, Listing.LISTED)


def test_a_lesser_fault_that_was_found_comes_before_a_key_check_nobody_made():
    made = sheet({"opn-claims": State.NOT_MET, "aft-ride": State.NOT_MET})
    assert codes(made.first) == ["aft-ride", "opn-claims", KEY[0]]


def test_what_does_not_apply_is_neither_asked_nor_called_checked():
    made = sheet({"mon-pump": State.DOES_NOT_APPLY}, rest=State.MET)
    assert made.asked == ()
    assert "mon-pump" not in codes(made.known)


def test_a_claim_is_asked_about_whatever_it_claims():
    said = Check(
        id=1,
        outcome=Outcome.DOES_NOT_APPLY,
        level=Level.ATTESTED,
        checked_on=TODAY,
        recorded_at=datetime(2026, 6, 1, tzinfo=UTC),
    )
    made = sheet_of(CATALOGUE, [finding("sup-facility", claimed=said)], Listing.LISTED)
    assert codes(made.first) == ["sup-facility"]


def test_earlier_checks_are_not_relied_on_while_a_listing_is_suspended():
    made = sheet({}, listing=Listing.SUSPENDED, rest=State.MET)
    assert made.known == ()
    assert len(made.asked) == len(CODES)
    assert sheet({}, rest=State.MET).asked == (), "the control: listed, all of it counts"


def test_a_practical_question_stands_in_only_where_its_criterion_is_not_asked():
    assert set(COVERED_BY.values()) <= set(CODES)
    assert sheet({}, rest=State.MET).practical == tuple(Practical)
    asked = sheet({"opn-price": State.EXPIRED}, rest=State.MET).practical
    assert Practical.PRICE not in asked
    assert Practical.RIDE in asked
    assert sheet({}).practical == (Practical.REFUND, Practical.EMERGENCY)


@pytest.mark.parametrize(
    ("days", "soon"), [(0, True), (SOON.days, True), (SOON.days + 1, False), (None, False)]
)
def test_a_check_that_ends_before_long_is_named(days, soon):
    until = None if days is None else TODAY + timedelta(days=days)
    assert ends_soon(finding("sup-acls", State.MET, holds_until=until), TODAY) is soon
