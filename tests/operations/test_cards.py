"""What is read of a card in short equals what its findings say whole, at any minute."""

import random
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import orjson

from directory.domain.criteria import Level
from directory.domain.findings import FOREVER, Check, Finding, Outcome, Reply, State, today_in
from directory.domain.standing import Listing
from directory.operations import cards
from tests.checklist import CATALOGUE
from tests.factories import NOW

ZONES = ("America/New_York", "America/Phoenix", "Pacific/Honolulu", "Pacific/Guam")
BEGIN = 29_000_000
"""A UTC minute in 2025, from which the drill's minutes run."""


def a_check(source, outcome):
    day = date(2024, 1, 1) + timedelta(days=source.randrange(700))
    return Check(
        id=source.randrange(1, 10_000),
        outcome=outcome,
        level=source.choice(list(Level)),
        checked_on=day,
        recorded_at=datetime(2025, 1, 1, tzinfo=UTC),
        confirmed=source.random() < 0.5,
        note="A note." if outcome is Outcome.NOT_MET else "",
    )


def a_finding(source, criterion, good):
    state = source.choice([State.MET, State.MET, State.NOT_MET, State.NOT_CHECKED])
    state = State.MET if good else state
    state = State.DOES_NOT_APPLY if source.random() < 0.05 else state
    lapses = state in (State.MET, State.DOES_NOT_APPLY)
    outcome = Outcome(state.value) if state is not State.NOT_CHECKED else None
    return Finding(
        criterion=criterion.code,
        state=state,
        critical=criterion.critical,
        lapses_at=BEGIN + source.randrange(3000) if lapses else FOREVER,
        decided_by=a_check(source, outcome) if outcome else None,
        claimed=a_check(source, Outcome.MET) if source.random() < 0.2 else None,
        attempted=a_check(source, Outcome.COULD_NOT_CHECK) if source.random() < 0.1 else None,
        in_recheck=source.random() < 0.05,
        reply=Reply(NOW.date(), "We disagree.") if source.random() < 0.2 else None,
    )


def a_card(source, density, good=False):
    """Return the card of a made-up clinic as it comes out of the database."""
    findings = [
        a_finding(source, criterion, good)
        if source.random() < density
        else Finding(criterion=criterion.code, state=State.NOT_CHECKED, critical=criterion.critical)
        for criterion in CATALOGUE.criteria
    ]
    facts = dict.fromkeys(
        ("name", "street", "city", "state", "postal_code", "phone", "website", "listing_reason")
    )
    clinic = SimpleNamespace(
        **facts, lat=33.0, lon=-112.0, timezone=source.choice(ZONES), services=[], roles=[],
        point_precision=SimpleNamespace(value="address"), accepting_new_patients=None,
        languages=[], listing=source.choice([Listing.LISTED] * 5 + [Listing.SUSPENDED]),
    )  # fmt: skip
    card = cards.card_of(clinic, findings, BEGIN + source.randrange(500))
    return orjson.loads(orjson.dumps(card))


def drilled():
    """Yield thousands of cards, each with minutes around its lapses, before and after."""
    source = random.Random(17)
    for number in range(500):
        card = a_card(source, density=number % 10 / 9, good=number % 4 == 1)
        lapses = [packed[3] for packed in card["findings"] if packed[3] != FOREVER]
        minutes = [lapse + step for lapse in source.sample(lapses, min(2, len(lapses)))
                   for step in (-1, 0)]  # fmt: skip
        yield card, [BEGIN - 100, card["derived"], *minutes, BEGIN + 4000]


def test_the_standing_in_short_equals_that_of_the_findings():
    codes = set()
    for card, minutes in drilled():
        for minute in minutes:
            whole = cards.standing_of(card, cards.findings_of(card, minute))
            assert cards.standing_at(card, minute) == whole
            codes.add(whole.code)
    assert len(codes) == 5, "the drill must reach every standing"


def test_what_a_card_tells_is_among_its_findings_and_leaves_out_nothing_it_shows():
    for card, minutes in drilled():
        for minute in minutes:
            whole = cards.findings_of(card, minute)
            told = cards.telling_findings(card, minute)
            against = cards.standing_of(card, whole).blockers
            assert list(told) == [f for f in whole if f in told], "the same ones, in their order"
            shown = {f.criterion for f in whole if f.criterion in (*cards.FIRSTS, *against)}
            assert shown <= {f.criterion for f in told}
            assert any(f.attempted for f in told) is any(f.attempted for f in whole)
            assert any(f.claimed for f in told) is any(f.claimed for f in whole)


def test_a_dispute_in_short_equals_that_of_the_findings():
    seen = set()
    for card, minutes in drilled():
        whole = {any(f.disputed for f in cards.findings_of(card, minute)) for minute in minutes}
        assert whole == {cards.disputed(card)}
        seen |= whole
    assert seen == {True, False}


def test_nothing_of_a_card_changes_before_the_minute_it_is_steady_until():
    changed = 0
    for card, minutes in drilled():
        zone = ZoneInfo(card["timezone"])
        for minute in minutes:
            until = cards.steady_until(card, minute)
            seen = [
                (cards.findings_of(card, at), today_in(zone, datetime.fromtimestamp(at * 60, UTC)))
                for at in (minute, until - 1, until)
            ]
            assert minute < until
            assert seen[0] == seen[1]
            changed += seen[1] != seen[2]
    assert changed > 1000, "and then something does"


def test_a_card_has_another_number_after_any_change():
    card = a_card(random.Random(1), 0.5)
    numbers = {cards.revision_of(card)}
    for name in card:
        numbers.add(cards.revision_of(card | {name: "changed"}))
    assert len(numbers) == len(card) + 1
    assert all(-(2**63) <= number < 2**63 and number for number in numbers)
    assert cards.revision_of(orjson.loads(orjson.dumps(card))) in numbers
