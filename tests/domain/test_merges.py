"""Two listings put together never look better than their own checks do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory import paths
from directory.domain.criteria import Level, parse_catalogue
from directory.domain.findings import FAVORABLE, Check, Outcome, State, finding_of
from directory.domain.merges import differing, may_keep, to_set_aside
from directory.domain.standing import Listing

CATALOGUE = parse_catalogue((paths.SEED_DATA / "catalogue-2026.1.toml").read_text("utf-8"))
UTC_ZONE = ZoneInfo("UTC")
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
PLAIN = CATALOGUE.by_code["opn-contact"]
CRITICAL = CATALOGUE.by_code["sup-acls"]
CONDITIONAL = next(c for c in CATALOGUE.criteria if c.conditional)


def check(
    number, outcome, day, *, level=Level.SOURCE, confirmed=True, refused=False, unattended=False
):
    at = NOON + timedelta(days=day)
    return Check(
        id=number,
        outcome=outcome,
        level=Level.ATTESTED if outcome is Outcome.CHANGED else level,
        checked_on=at.date(),
        recorded_at=at,
        valid_until=at.date() + timedelta(days=400),
        confirmed=confirmed and not refused,
        refused=refused,
        unattended=unattended,
    )


checks = st.builds(
    check,
    st.just(0),
    st.sampled_from(list(Outcome)),
    st.integers(0, 9),
    level=st.sampled_from(list(Level)),
    confirmed=st.booleans(),
    refused=st.sampled_from([False, False, False, True]),
    unattended=st.sampled_from([False, False, True]),
)


def numbered(found, start):
    """Give checks their numbers; what the program found may renew the check before it."""
    return [
        replace(one, id=start + n, renews=start + n - 1 if one.unattended and n else None)
        for n, one in enumerate(found)
    ]


def finding(criterion, found, two_person):
    return finding_of(criterion, found, UTC_ZONE, two_person=two_person)


def together(criterion, kept, merged, aside=to_set_aside, **how):
    """Return the finding of what comes of a merge, and of either before it."""
    out = aside(criterion, kept, merged, **how)
    both = [replace(one, set_aside=one.id in out) for one in (*kept, *merged)]
    two_person = how["two_person"]
    return (
        finding(criterion, both, two_person),
        finding(criterion, kept, two_person),
        finding(criterion, merged, two_person),
        both,
    )


def unjust(criterion, after, one, two, *, differs, gained):
    """Return what is better, or falsely worse, after a merge than the two were before."""
    deciding = {f.decided_by.id for f in (one, two) if f.decided_by}
    if after.decided_by and after.decided_by.id not in deciding:
        return "a check decides that decided nothing"
    adverse = State.NOT_MET in (one.state, two.state)
    if adverse != (after.state is State.NOT_MET):
        return "a warning was lost or made up"
    if (one.in_recheck or two.in_recheck) and after.state in (State.MET, State.DOES_NOT_APPLY):
        return "a waiting warning was lost"
    if after.state in (State.MET, State.DOES_NOT_APPLY):
        ours = one.state is after.state and not gained
        theirs = two.state is after.state and not differs
        if not (ours or theirs):
            return "met by nothing"
    return None


@settings(max_examples=700)
@given(
    st.sampled_from([PLAIN, CRITICAL, CONDITIONAL]),
    st.lists(checks, max_size=5),
    st.lists(checks, max_size=5),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_a_merge_never_makes_a_clinic_look_better(
    criterion, kept, merged, differs, gained, two_person
):
    kept, merged = numbered(kept, 1), numbered(merged, 11)
    after, one, two, both = together(
        criterion, kept, merged, differs=differs, gained=gained, two_person=two_person
    )
    assert unjust(criterion, after, one, two, differs=differs, gained=gained) is None
    # Not even once a second person agrees to all in its favor that waits.
    agreed = [
        replace(c, confirmed=True) if c.outcome in FAVORABLE and not c.refused else c for c in both
    ]
    if State.NOT_MET in (one.state, two.state):
        own = [c for c in agreed if not c.set_aside]
        assert finding(criterion, agreed, two_person).state is State.NOT_MET, own


@pytest.mark.parametrize("lazy", ["nothing", "differing only"])
def test_the_control_that_sets_too_little_aside_is_caught(lazy):
    def too_little(criterion, kept, merged, *, differs, **_how):
        return {c.id for c in merged} if differs and lazy != "nothing" else set()

    kept = [check(1, Outcome.NOT_MET, 1)]
    merged = [check(11, Outcome.MET, 5)]
    how = {"differs": False, "gained": False, "two_person": True}
    after, one, two, _both = together(CRITICAL, kept, merged, too_little, **how)
    assert unjust(CRITICAL, after, one, two, differs=False, gained=False) is not None
    after, one, two, _both = together(CRITICAL, kept, merged, **how)
    assert after.state is State.NOT_MET


@pytest.mark.parametrize(
    ("kept", "merged", "how", "state", "by"),
    [
        ([], [(11, "met", 1)], {}, State.MET, 11),
        ([], [(11, "met", 1)], {"differs": True}, State.NOT_CHECKED, None),
        ([(1, "met", 1)], [(11, "met", 3)], {}, State.MET, 11),
        ([(1, "met", 1)], [(11, "met", 3)], {"differs": True}, State.MET, 1),
        ([(1, "met", 1)], [], {"gained": True}, State.NOT_CHECKED, None),
        ([(1, "met", 3)], [(11, "not_met", 1)], {}, State.NOT_MET, 11),
        ([(1, "met", 3)], [(11, "not_met", 1)], {"differs": True}, State.NOT_MET, 11),
        ([(1, "not_met", 1)], [(11, "met", 3)], {}, State.NOT_MET, 1),
        ([(1, "not_met", 1), (2, "met", 2)], [(11, "met", 3)], {}, State.MET, 11),
        # What a listing changed in its own past does not end the other one's check.
        ([(1, "met", 1)], [(11, "met", 0), (12, "changed", 3)], {}, State.MET, 1),
        # A warning that a later look cleared does not come back.
        ([], [(11, "not_met", 1), (12, "met", 2)], {"differs": True}, State.NOT_CHECKED, None),
    ],
)
def test_which_check_speaks(kept, merged, how, state, by):
    def made(rows):
        return [check(number, Outcome(outcome), day) for number, outcome, day in rows]

    how = {"differs": False, "gained": False, "two_person": True} | how
    after, *_rest = together(CRITICAL, made(kept), made(merged), **how)
    assert after.state is state
    assert (after.decided_by.id if after.decided_by else None) == by


def test_a_new_look_after_the_merge_clears_a_warning():
    kept, merged = [check(1, Outcome.MET, 3)], [check(11, Outcome.NOT_MET, 1)]
    how = {"differs": False, "gained": False, "two_person": True}
    *_rest, both = together(CRITICAL, kept, merged, **how)
    after = finding(CRITICAL, [*both, check(99, Outcome.MET, 6)], two_person=True)
    assert after.state is State.MET


def test_facts_that_say_the_same_do_not_differ():
    one = {"street": "100 Main Street, Suite 4", "phone": "+16025550101", "name": "Sunrise", "x": 1}
    other = {"street": "100 MAIN ST #4", "phone": "+16025550102", "name": "SUNRISE."}
    assert differing(one, other) == ("phone",)


@pytest.mark.parametrize("kept", list(Listing))
def test_a_suspension_and_a_public_listing_never_vanish(kept):
    assert may_keep(kept, Listing.SUSPENDED) is (kept is Listing.SUSPENDED)
    assert may_keep(kept, Listing.LISTED) is (kept in (Listing.LISTED, Listing.SUSPENDED))
    assert may_keep(kept, Listing.DRAFT)
