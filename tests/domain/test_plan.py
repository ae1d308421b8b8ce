"""What is due and why, by which channel, how long to wait, and what a day can hold."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.domain.capacity import keepable, minutes_needed, yearly_minutes
from directory.domain.criteria import Level
from directory.domain.findings import Check, Outcome, in_order, minute_of
from directory.domain.looks import Channel, known_of
from directory.domain.plan import (
    LADDERS,
    MINUTES,
    REST_DAYS,
    SETUP_MINUTES,
    Item,
    Why,
    due_item,
    next_try,
    plan_day,
)
from directory.domain.standing import Listing
from tests.checklist import CATALOGUE
from tests.factories import look_of

ACLS = CATALOGUE.criterion("sup-acls")
PRICE = CATALOGUE.criterion("opn-price")
UTC_ZONE = ZoneInfo("UTC")
NOW = datetime(2026, 6, 1, 18, tzinfo=UTC)
TODAY = NOW.date()
PHONE_LADDER = LADDERS[Level.DOCUMENT]


def check(number, days_ago=0, outcome=Outcome.MET, **changes):
    day = TODAY - timedelta(days=days_ago)
    values = {
        "id": number,
        "outcome": outcome,
        "level": Level.SOURCE,
        "checked_on": day,
        "recorded_at": datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
        "confirmed": True,
    }
    return Check(**values | changes)


def due(*checks, criterion=ACLS, now=NOW, listing=Listing.LISTED, channels=None):
    known = None
    if checks:
        looks = [look_of(c, (channels or {}).get(c.id)) for c in in_order(checks)]
        known = known_of(criterion, looks, UTC_ZONE, two_person=True)
    return due_item(
        criterion,
        known,
        clinic_id=1,
        listing=listing,
        source="Example board",
        today=now.date(),
        minute=minute_of(now),
    )


def test_what_was_never_checked_is_due():
    item = due()
    assert (item.why, item.channel, item.looked_on, item.confirmed_on) == (
        Why.NEVER,
        Channel.LOOKUP,
        None,
        None,
    )
    assert due(criterion=PRICE).channel is Channel.PHONE


def test_what_holds_is_not_due_until_shortly_before_its_end():
    fresh = check(1, valid_until=TODAY + timedelta(days=200))
    assert due(fresh) is None
    assert due(fresh, now=NOW + timedelta(days=169)) is None
    assert due(fresh, now=NOW + timedelta(days=171)).why is Why.ENDING
    gone = due(fresh, now=NOW + timedelta(days=201))
    assert (gone.why, gone.since) == (Why.EXPIRED, TODAY + timedelta(days=200))


def test_it_is_worth_more_the_nearer_its_end_and_most_when_out_of_date():
    made = check(1, valid_until=TODAY + timedelta(days=200))
    values = [due(made, now=NOW + timedelta(days=d)).value for d in (172, 190, 200, 201, 230)]
    assert values == sorted(values)
    assert len(set(values)) == len(values)


def test_what_waits_for_a_second_person_is_not_due_and_a_refused_one_is():
    assert due(check(1, confirmed=False)) is None
    refused = due(check(1, confirmed=False, refused=True))
    assert refused.why is Why.REFUSED


def test_a_changed_fact_makes_it_due():
    assert due(check(2, 9), check(3, 1, Outcome.CHANGED)).why is Why.CHANGED


def test_an_adverse_finding_is_looked_at_again_when_it_is_old():
    adverse = check(1, ACLS.valid_days, Outcome.NOT_MET)
    assert due(adverse) is None
    assert due(adverse, now=NOW + timedelta(days=1)).why is Why.OLD


def test_last_looked_is_not_last_confirmed():
    item = due(
        check(1, 900, valid_until=TODAY - timedelta(days=400)),
        check(2, 5, Outcome.COULD_NOT_CHECK),
    )
    assert item.confirmed_on == TODAY - timedelta(days=900)
    assert item.looked_on == TODAY - timedelta(days=5)
    assert item.tries == 1


@pytest.mark.parametrize("listing", [Listing.UNLISTED, Listing.CLOSED])
def test_what_nobody_can_find_has_no_work(listing):
    assert due(listing=listing) is None
    assert due(listing=Listing.DRAFT).value < due().value


def tries(count, first_day=0, outcome=Outcome.COULD_NOT_CHECK):
    return [check(n, first_day, outcome) for n in range(1, count + 1)]


@pytest.mark.parametrize(("failed", "days"), [(1, 1), (2, 3), (3, 7)])
def test_a_failed_try_backs_off(failed, days):
    made = tries(failed)
    ways = dict.fromkeys(range(1, 9), Channel.PHONE)
    before = NOW + timedelta(days=days - 1)
    assert due(*made, criterion=PRICE, now=before, channels=ways) is None
    item = due(*made, criterion=PRICE, now=NOW + timedelta(days=days), channels=ways)
    assert item.tries == failed
    assert item.value == due(criterion=PRICE).value * 0.5**failed


def test_after_three_failed_tries_it_goes_another_way():
    later = NOW + timedelta(days=7)
    item = due(*tries(3), criterion=PRICE, now=later)
    assert item.channel is Channel.EMAIL
    assert item.exhausted
    assert due(*tries(6), criterion=PRICE, now=later).channel is Channel.LETTER


def test_when_every_channel_failed_it_rests_and_begins_again():
    assert due(*tries(9), criterion=PRICE, now=NOW + timedelta(days=REST_DAYS - 1)) is None
    again = due(*tries(9), criterion=PRICE, now=NOW + timedelta(days=REST_DAYS))
    assert again.channel is Channel.PHONE


def test_a_check_that_succeeds_ends_the_counting():
    known = due(*tries(4), check(9, 0, valid_until=TODAY), now=NOW + timedelta(days=1))
    assert (known.why, known.tries) == (Why.EXPIRED, 0)


def test_the_hopeless_take_no_more_than_their_share():
    """A year of a clinic that never answers: about a dozen tries, not 250."""
    ladder, failed, last, made = PHONE_LADDER, [], None, 0
    for day in range(365):
        today = date(2026, 1, 1) + timedelta(days=day)
        channel, from_day = next_try(ladder, failed, last)
        if from_day is None or today >= from_day:
            failed.append(channel)
            last, made = today, made + 1
    assert 9 <= made <= 14


def item(number, *, source="", channel=Channel.LOOKUP, value=5.0, clinic=None):
    return Item(
        clinic_id=clinic or number,
        criterion="sup-acls",
        position=number,
        critical=True,
        why=Why.NEVER,
        since=None,
        channel=channel,
        source=source,
        tries=0,
        looked_on=None,
        confirmed_on=None,
        value=value,
    )


def test_look_ups_at_one_source_are_one_batch():
    items = [item(n, source="Texas" if n % 2 else "Ohio") for n in range(24)]
    plan = plan_day(items, 600)
    assert [(b.source, len(b.items)) for b in plan.batches] == [("Ohio", 12), ("Texas", 12)]
    assert plan.minutes == 24 * 3 + 2 * 2


def test_questions_to_one_clinic_share_its_call():
    items = [item(n, channel=Channel.PHONE, clinic=n % 5 + 1) for n in range(20)]
    plan = plan_day(items, 600)
    assert [(b.channel, b.clinics, b.minutes) for b in plan.batches] == [
        (Channel.PHONE, 5, 20 * 2 + 5 * 5)
    ]
    clinics = [i.clinic_id for i in plan.items]
    assert clinics == sorted(clinics), "one clinic's questions stay together"


def test_the_batch_somebody_is_in_comes_first():
    items = [item(1, source="Ohio", value=9.0), item(2, source="Texas")]
    assert plan_day(items, 600).items[0].source == "Ohio"
    assert plan_day(items, 600, first="lookup:Texas").items[0].source == "Texas"


@given(
    st.lists(
        st.builds(
            item,
            st.integers(1, 40),
            source=st.sampled_from(["Texas", "Ohio"]),
            channel=st.sampled_from(list(Channel)),
            value=st.floats(0.01, 9),
        ),
        max_size=60,
    ),
    st.integers(0, 200),
)
def test_a_day_never_holds_more_than_its_minutes(items, budget):
    plan = plan_day(items, budget)
    assert plan.minutes <= budget
    assert plan.due == len(items)
    assert sum(batch.minutes for batch in plan.batches) == pytest.approx(plan.minutes)
    groups = {i.group for i in plan.items}
    spent = sum(MINUTES[i.channel] for i in plan.items)
    spent += sum(SETUP_MINUTES[Channel(group[0])] for group in groups)
    assert spent == pytest.approx(plan.minutes)
    assert len(plan.items) == len({id(i) for i in plan.items})


def test_the_honest_sum():
    key = [c for c in CATALOGUE.criteria if c.critical]
    alone, two = (yearly_minutes(key, two_person=flag) for flag in (False, True))
    assert alone < two < 400
    assert keepable(1500, 120, two) < 1500
    assert keepable(1500, 0, two) == 0
    assert keepable(3, 120, two) == 3
    assert minutes_needed(1500, two) > 120
    assert keepable(1500, minutes_needed(1500, two), two) == 1500


@given(st.integers(1, 5000), st.integers(1, 600), st.floats(1, 1000))
def test_the_sum_never_promises_more_than_the_minutes_hold(listings, budget, each):
    kept = keepable(listings, budget, each)
    assert 0 <= kept <= listings
    assert kept * each <= budget * 250 + each
