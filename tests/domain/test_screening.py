"""Three results and never two, what renews and what ends a chain, and whom a decision is for."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory import paths
from directory.domain.criteria import Level, parse_catalogue
from directory.domain.findings import (
    Check,
    Outcome,
    State,
    finding_of,
    renewable,
    settled,
    waits,
)
from directory.domain.screening import (
    CRITERION,
    HOLDS_DAYS,
    STEPS,
    CouldNot,
    MatchState,
    Result,
    Said,
    made_for,
    said,
    said_today,
    screening_digest,
    too_old,
)

CATALOGUE = parse_catalogue((paths.SEED_DATA / "catalogue-2026.1.toml").read_text("utf-8"))
EXCLUSION = CATALOGUE.criterion(CRITERION)
DAY = date(2026, 5, 1)
ZONE = ZoneInfo("America/Phoenix")


def check(number, **changes):
    """A check of day `number` by two people that was met; `renews` makes it the program's."""
    values = {
        "id": number,
        "outcome": Outcome.MET,
        "level": Level.SOURCE,
        "checked_on": DAY + timedelta(days=number),
        "recorded_at": datetime(2026, 5, 1, tzinfo=UTC) + timedelta(days=number),
        "valid_until": DAY + timedelta(days=number + 35),
        "confirmed": "renews" not in changes,
        "unattended": "renews" in changes,
    }
    return Check(**values | changes)


def state(*checks, two_person=True):
    return finding_of(EXCLUSION, checks, ZONE, two_person=two_person)


def test_a_renewal_of_what_people_agreed_on_counts():
    found = state(check(1), check(20, renews=1), check(40, renews=1))
    assert found.state is State.MET
    assert found.decided_by.id == 40
    assert found.waiting is None


BETWEEN = {
    "changed": check(2, outcome=Outcome.CHANGED, level=Level.ATTESTED, confirmed=False),
    "adverse": check(2, outcome=Outcome.NOT_MET),
    "adverse that waits": check(2, outcome=Outcome.NOT_MET, confirmed=False),
    "the clinic's own no": check(2, outcome=Outcome.NOT_MET, level=Level.ATTESTED),
    "refused": check(2, confirmed=False, refused=True),
}


@pytest.mark.parametrize("between", BETWEEN.values(), ids=BETWEEN)
def test_nothing_is_renewed_over_what_ended_it(between):
    checks = [check(1), between, check(20, renews=1)]
    assert not settled(checks)[-1].confirmed
    assert renewable(checks, Level.SOURCE) is None
    found = state(*checks)
    assert found.decided_by is None or found.decided_by.id != 20


NOTHING = {
    "a refused accusation": check(2, outcome=Outcome.NOT_MET, confirmed=False, refused=True),
    "a look that gave no answer": check(2, outcome=Outcome.COULD_NOT_CHECK, confirmed=False),
    "a met that waits": check(2, confirmed=False),
    "another that was agreed on": check(2),
    "a change set aside": check(2, outcome=Outcome.CHANGED, set_aside=True),
}


@pytest.mark.parametrize("between", NOTHING.values(), ids=NOTHING)
def test_what_ends_nothing_lets_it_be_renewed(between):
    found = state(check(1), between, check(20, renews=1))
    assert (found.state, found.decided_by.id) == (State.MET, 20)


def test_only_an_agreed_met_of_the_same_level_is_renewed():
    for base in (
        check(1, confirmed=False),
        check(1, refused=True, confirmed=False),
        check(1, level=Level.DOCUMENT),
        check(1, outcome=Outcome.DOES_NOT_APPLY),
        check(1, set_aside=True),
        check(3),
    ):
        assert state(base, check(20, renews=1)).state is State.NOT_CHECKED or base.id == 3
        assert renewable([base], Level.SOURCE) == (3 if base.id == 3 else None)
    assert not settled([check(3), check(20, renews=1)])[-1].confirmed
    # A renewal renews nothing itself; one that a person agreed to does.
    chain = [check(1), check(2, renews=1), check(20, renews=2)]
    assert not settled(chain)[-1].confirmed
    agreed = [check(1, confirmed=False), check(2, renews=1, confirmed=True), check(9, renews=2)]
    assert settled(agreed)[-1].confirmed


@given(
    st.lists(
        st.builds(
            lambda number, outcome, confirmed, refused, renews: check(
                number,
                outcome=outcome,
                confirmed=confirmed and not refused and renews is None,
                refused=refused,
                renews=renews if outcome is Outcome.MET else None,
            ),
            st.integers(1, 9),
            st.sampled_from(list(Outcome)),
            st.booleans(),
            st.booleans(),
            st.none() | st.integers(1, 9),
        ),
        max_size=8,
        unique_by=lambda one: one.id,
    )
)
def test_a_met_always_rests_on_two_people_and_nothing_came_between(checks):
    """The same, said another way: the base was agreed on and no later line speaks against it."""
    found = state(*checks)
    if found.state is not State.MET:
        return
    decided = next(one for one in checks if one.id == found.decided_by.id)
    base = decided if decided.confirmed else next(o for o in checks if o.id == decided.renews)
    assert base.confirmed
    assert base.outcome is Outcome.MET
    for one in checks:
        if base.id < one.id <= decided.id and not one.refused:
            assert one.outcome not in (Outcome.CHANGED, Outcome.NOT_MET)


def test_the_program_alone_accuses_nobody_whatever_the_rule():
    hit = check(2, outcome=Outcome.NOT_MET, confirmed=False, unattended=True)
    for two_person in (True, False):
        assert waits(EXCLUSION, hit, two_person=two_person)
        found = state(check(1), hit, two_person=two_person)
        assert found.state is State.NOT_CHECKED
        assert found.in_recheck
        agreed = check(2, outcome=Outcome.NOT_MET, unattended=True)
        assert state(check(1), agreed, two_person=two_person).state is State.NOT_MET


def test_every_combination_gives_one_of_three_results():
    days = (None, DAY - timedelta(days=HOLDS_DAYS + 1), DAY)
    for hit, usable, npi, listed in product((True, False), (True, False), (True, False), days):
        found = said(hit=hit, usable=usable, has_npi=npi, listed=listed, today=DAY)
        assert (found.result is Result.COULD_NOT) == (found.reason is not None)
        assert (found.result is Result.POSSIBLE) == hit
        if found.result in (Result.NO_MATCH_NPI, Result.NO_MATCH_NAME):
            assert usable
            assert listed == DAY
            assert (found.result is Result.NO_MATCH_NPI) == npi


def test_a_list_speaks_for_35_days():
    assert not too_old(DAY, DAY + timedelta(days=35))
    assert too_old(DAY, DAY + timedelta(days=36))
    clean = Said(Result.NO_MATCH_NAME)
    assert said_today(clean, DAY, DAY + timedelta(days=35)) == clean
    assert said_today(clean, DAY, DAY + timedelta(days=36)).reason is CouldNot.LIST_OLD
    assert said_today(clean, None, DAY).reason is CouldNot.NO_LIST
    possible = Said(Result.POSSIBLE)
    assert said_today(possible, DAY, DAY + timedelta(days=99)) == possible


def test_a_decision_is_for_all_names_in_any_order_and_for_the_number():
    first = made_for(["Dana Example", "Dana Former"], None)
    assert first == made_for(["Dana Former", "Dana Example"], None)
    others = [made_for(["Dana Example"], None), made_for(["Dana Example", "Dana Former"], "1")]
    assert first not in others
    assert len(set(others)) == 2


def test_a_screening_is_named_by_its_list_and_everyone_in_it():
    first = screening_digest(DAY, [("clinic", 1, "a"), ("practitioner", 2, "b")])
    assert first == screening_digest(DAY, [("practitioner", 2, "b"), ("clinic", 1, "a")])
    assert first != screening_digest(DAY + timedelta(days=1), [("clinic", 1, "a")])


def test_a_decision_is_taken_back_before_it_is_changed():
    assert STEPS[MatchState.CONFIRMED] == STEPS[MatchState.DISMISSED] == (MatchState.POTENTIAL,)
    assert set(STEPS) == set(MatchState)
