"""The state machine of cases: who may take which step, how long contacts are kept, what is late."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.domain.cases import (
    CLOSED,
    LONGEST_WORDS,
    OPEN,
    RULES,
    CaseRefused,
    CaseState,
    Refusal,
    Side,
    Step,
    answer_by,
    checked_words,
    closed_before,
    erase_contact_at,
    is_late,
    next_state,
    steps_from,
)
from directory.domain.throttle import MOST_NETWORKS, Throttle, network_of

NOW = datetime(2026, 6, 1, 18, tzinfo=UTC)

ALLOWED = {
    ("received", "staff"): {"take": "in_review", "note": "received"},
    ("received", "sender"): {"answer": "received", "withdraw": "withdrawn"},
    ("in_review", "staff"): {
        "take": "in_review",
        "release": "received",
        "ask": "information_requested",
        "tell": "in_review",
        "note": "in_review",
        "accept": "accepted",
        "decline": "declined",
    },
    ("in_review", "sender"): {"answer": "in_review", "withdraw": "withdrawn"},
    ("information_requested", "staff"): {
        "take": "information_requested",
        "ask": "information_requested",
        "tell": "information_requested",
        "note": "information_requested",
        "accept": "accepted",
        "decline": "declined",
    },
    ("information_requested", "sender"): {"answer": "in_review", "withdraw": "withdrawn"},
    ("accepted", "staff"): {"note": "accepted"},
    ("declined", "staff"): {"note": "declined"},
    ("withdrawn", "staff"): {"note": "withdrawn"},
}


@pytest.mark.parametrize("state", CaseState)
@pytest.mark.parametrize("by", Side)
@pytest.mark.parametrize("step", Step)
def test_each_step_from_each_state_by_each_side_is_in_the_table(state, by, step):
    wanted = ALLOWED.get((state.value, by.value), {}).get(step.value)
    if wanted is None:
        with pytest.raises(CaseRefused):
            next_state(state, step, by)
    else:
        assert next_state(state, step, by) == wanted


def test_the_steps_that_are_shown_are_the_steps_that_are_allowed():
    for state in CaseState:
        for by in Side:
            shown = {*steps_from(state, by, own=True), *steps_from(state, by, own=False)}
            assert {step.value for step in shown} == set(ALLOWED.get((state.value, by.value), {}))
        assert set(steps_from(state, Side.STAFF, own=False)) <= {Step.TAKE, Step.NOTE}
        assert Step.TAKE not in steps_from(state, Side.STAFF, own=True)


@given(st.lists(st.tuples(st.sampled_from(Step), st.sampled_from(Side)), max_size=30))
def test_no_walk_leaves_a_closed_state(walk):
    state = CaseState.RECEIVED
    for step, by in walk:
        before = state
        try:
            state = next_state(state, step, by)
        except CaseRefused:
            continue
        if before in CLOSED:
            assert state is before
    assert state in OPEN or state in CLOSED


def test_every_step_has_an_event_of_its_own():
    assert len({rule.event for rule in RULES.values()}) == len(Step)


def test_words_are_bounded():
    assert checked_words("  a \n", needed=True) == "a"
    assert checked_words("x" * LONGEST_WORDS, needed=True)
    with pytest.raises(CaseRefused) as refused:
        checked_words(" \n", needed=True)
    assert refused.value.refusal is Refusal.NO_WORDS
    with pytest.raises(CaseRefused) as refused:
        checked_words("x" * (LONGEST_WORDS + 1), needed=False)
    assert refused.value.refusal is Refusal.TOO_LONG


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-06-01", "2026-06-03"),
        ("2026-06-04", "2026-06-08"),
        ("2026-06-05", "2026-06-09"),
        ("2026-06-06", "2026-06-09"),
        ("2026-06-07", "2026-06-09"),
        ("2028-02-28", "2028-03-01"),
    ],
)
def test_two_business_days_skip_the_weekend(received, due):
    at = datetime.fromisoformat(f"{received}T12:00:00+00:00")
    day = date.fromisoformat(due)
    assert answer_by(at) == day
    last = datetime.combine(day, datetime.max.time(), UTC)
    assert not is_late(at, None, last)
    assert is_late(at, None, last + timedelta(microseconds=1))
    assert not is_late(at, last, last + timedelta(days=9))


@given(st.datetimes(min_value=datetime(2024, 1, 1), max_value=datetime(2030, 1, 1)))  # noqa: DTZ001
def test_contacts_are_due_in_one_and_the_same_moment(naive):
    closed = naive.replace(tzinfo=UTC)
    at = erase_contact_at(closed)
    assert closed_before(at) == closed
    assert at - closed == timedelta(days=90)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.250", True),
        ("203.0.113.7", "203.0.114.7", False),
        ("2001:db8:1:2::1", "2001:db8:1:ffff::9", True),
        ("2001:db8:1::1", "2001:db8:2::1", False),
        ("::ffff:203.0.113.7", "203.0.113.9", True),
        ("", "nonsense", True),
    ],
)
def test_addresses_are_cut_to_their_network(one, other, same):
    assert (network_of(one) == network_of(other)) is same


def test_a_throttle_counts_each_network_alone_and_forgets():
    throttle = Throttle(3, timedelta(minutes=10))
    for second in range(3):
        assert throttle.wait("203.0.113.7", NOW + timedelta(seconds=second)) is None
    wait = throttle.wait("203.0.113.99", NOW + timedelta(seconds=60))
    assert wait == timedelta(minutes=9)
    assert throttle.wait("198.51.100.1", NOW) is None
    assert throttle.wait("203.0.113.7", NOW + timedelta(minutes=10)) is None


def test_a_throttle_keeps_no_address_and_a_bounded_memory():
    throttle = Throttle(3, timedelta(minutes=10))
    for number in range(MOST_NETWORKS + 50):
        throttle.wait(f"10.{number // 65536}.{number // 256 % 256}.{number % 256}", NOW)
        throttle.wait(f"2001:db8:{number:x}::1", NOW)
    held = throttle._seen
    assert len(held) <= MOST_NETWORKS
    assert not any("2001:" in key or "10." in key for key in held)
    before = set(held)
    throttle.wait("2001:db8:1::1", NOW + timedelta(days=1))
    assert len(throttle._seen) == 1
    assert not before & set(throttle._seen)
