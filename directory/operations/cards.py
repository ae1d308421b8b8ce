"""A clinic's card in the search row: how findings are packed there and read again."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import blake2b
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import orjson

from directory.domain.coverage import Claim, Mark, mark_of
from directory.domain.criteria import Level
from directory.domain.findings import (
    Check,
    Finding,
    Outcome,
    Reply,
    State,
    minute_after,
    minute_of,
    today_in,
)
from directory.domain.services import CONDITIONS, MODALITIES
from directory.domain.standing import Listing, Standing, standing, standing_from
from directory.models import Clinic
from directory.models.clinic import Post

_STATES = {state.value: state for state in State}
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_LEVELS = {level.value: level for level in Level}
_NOT_MET = State.NOT_MET.value
"""Of a criterion that failed a check; no day ends that by itself."""


def card_of(clinic: Clinic, findings: Sequence[Finding], minute: int) -> dict[str, Any]:
    """Return what a result card shows, with each finding with its end instead of its state today.

    `minute` is when it is derived: a clock that is later set back is not believed.
    """
    prices = [s.price_usd for s in clinic.services if s.price_usd is not None]
    director = next(
        (
            role.practitioner
            for role in clinic.roles
            if role.post is Post.MEDICAL_DIRECTOR and role.ended_on is None
        ),
        None,
    )
    return {
        "name": clinic.name,
        "street": clinic.street,
        "city": clinic.city,
        "state": clinic.state,
        "postal_code": clinic.postal_code,
        "lat": clinic.lat,
        "lon": clinic.lon,
        "precision": clinic.point_precision.value,
        "timezone": clinic.timezone,
        "phone": clinic.phone,
        "website": clinic.website,
        "accepting": clinic.accepting_new_patients,
        "treats": [c.value for c in CONDITIONS if any(s.condition is c for s in clinic.services)],
        "offers": [m.value for m in MODALITIES if any(s.modality is m for s in clinic.services)],
        "price_from": min(prices, default=None),
        "languages": clinic.languages,
        "director": director and {"name": director.name, "profession": director.profession},
        "listing": clinic.listing.value,
        "listing_reason": clinic.listing_reason,
        "derived": minute,
        "findings": [_packed(f) for f in findings],
        "replies": {
            f.criterion: [f.reply.answered_on.isoformat(), f.reply.words]
            for f in findings
            if f.reply is not None
        },
    }


def revision_of(card: dict[str, Any]) -> int:
    """Return a number that changes with a card: 64 bits, signed, and never 0.

    It is known by the card alone, so that what was rendered of a clinic can be kept under it.
    """
    digest = blake2b(orjson.dumps(card), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True) or 1


def findings_of(card: dict[str, Any], minute: int) -> tuple[Finding, ...]:
    """Return the findings of a card at a UTC minute, in the catalogue's order."""
    minute = max(minute, card["derived"])
    replies = card.get("replies", {})
    findings = (_unpacked(packed).at(minute) for packed in card["findings"])
    return tuple(
        replace(f, reply=_unpacked_reply(replies[f.criterion])) if f.criterion in replies else f
        for f in findings
    )


class Outline(NamedTuple):
    """What counting needs of a finding: codes and ISO days as they stand in the card."""

    criterion: str
    mark: Mark
    critical: bool
    checked_on: str | None
    holds_until: str | None


def outlines_of(card: dict[str, Any], minute: int) -> Iterator[Outline]:
    """Yield the findings of a card at a UTC minute in outline: many times quicker than whole."""
    minute = max(minute, card["derived"])
    for code, state, critical, lapses, until, decided, claimed, tried, recheck, _ in card[
        "findings"
    ]:
        if minute >= lapses:
            state = State.EXPIRED.value
        mark = mark_of(
            state,
            decided and decided[2],
            claimed and Claim(claimed[2], claimed[1], claimed[3]),
            tried and tried[3],
            in_recheck=bool(recheck),
        )
        yield Outline(code, mark, bool(critical), decided and decided[3], until)


def steady_until(card: dict[str, Any], minute: int) -> int:
    """Return the first UTC minute after `minute` at which the clock changes what a card says.

    That is when a finding lapses, or when the clinic's day is over.
    """
    since = max(minute, card["derived"])
    zone = ZoneInfo(card["timezone"])
    today = today_in(zone, datetime.fromtimestamp(minute * 60, UTC))
    lapses: list[int] = [packed[3] for packed in card["findings"] if packed[3] > since]
    return min([minute_after(today, zone), *lapses])


class Glance(NamedTuple):
    """What a standing and the numbers need of a finding; a standing, all but its last part."""

    criterion: str
    state: State
    critical: bool
    checked_on: date | None
    lapses_at: int


def glances_of(card: dict[str, Any], minute: int) -> list[Glance]:
    """Return the findings of a card at a UTC minute as far as the numbers read them."""
    rows = zip(_rows_of(card, minute), card["findings"], strict=True)
    return [Glance(*row, packed[3]) for row, packed in rows]


def _rows_of(card: dict[str, Any], minute: int) -> list[tuple[str, State, bool, date | None]]:
    """Return the findings of a card at a UTC minute as a standing reads them."""
    minute = max(minute, card["derived"])
    return [
        (
            packed[0],
            State.EXPIRED if minute >= packed[3] else _STATES[packed[1]],
            bool(packed[2]),
            date.fromisoformat(packed[5][3]) if packed[5] else None,
        )
        for packed in card["findings"]
    ]


def standing_glanced(card: dict[str, Any], glances: Iterable[Glance]) -> Standing:
    """Return the standing that goes with a card, from its findings in passing."""
    return standing_from((glance[:4] for glance in glances), Listing(card["listing"]))


def standing_at(card: dict[str, Any], minute: int) -> Standing:
    """Return the standing of a card at a UTC minute, without unpacking its findings whole."""
    return standing_from(_rows_of(card, minute), Listing(card["listing"]))


FIRSTS = ("sup-director", "sup-observer", "mon-vitals")
"""The criteria whose findings stand on a card."""


def telling_findings(card: dict[str, Any], minute: int) -> tuple[Finding, ...]:
    """Return the few findings that a card in a list speaks of, at a UTC minute, in their order.

    They are the first ones to ask for, those that stand against the clinic, and one each of what
    was tried in vain and of what the clinic claims. The others would take most of the time.
    """
    minute = max(minute, card["derived"])
    replies = card.get("replies", {})
    found = []
    tried = told = False
    for packed in card["findings"]:
        code, state, critical, _lapses, _until, _decided, claimed, attempted, *_rest = packed
        tells = (claimed and not told) or (attempted and not tried)
        if tells or code in FIRSTS or (critical and state == _NOT_MET):
            finding = _unpacked(packed).at(minute)
            if code in replies:
                finding = replace(finding, reply=_unpacked_reply(replies[code]))
            found.append(finding)
            tried, told = tried or bool(attempted), told or bool(claimed)
    return tuple(found)


def disputed(card: dict[str, Any]) -> bool:
    """Say whether the clinic disagrees with a finding that stands against it."""
    against = {packed[0] for packed in card["findings"] if packed[1] == _NOT_MET}
    return not against.isdisjoint(card.get("replies", ()))


def newest_minute(card: dict[str, Any], minute: int) -> int:
    """Return the UTC minute up to `minute` at which the findings of a card last changed.

    That is when a check that speaks was recorded, or when one lapsed; 0 when nothing was checked.
    """
    newest = 0
    for _, _, _, lapses, _, decided, claimed, tried, _, _ in card["findings"]:
        moments = [check[4] for check in (decided, claimed, tried) if check]
        if lapses <= minute:
            moments.append(lapses)
        newest = max(newest, *moments, 0)
    return newest


def standing_of(card: dict[str, Any], findings: Sequence[Finding]) -> Standing:
    """Return the standing that goes with a card's findings."""
    return standing(findings, Listing(card["listing"]))


def _unpacked_reply(packed: Sequence[str]) -> Reply:
    answered_on, words = packed
    return Reply(date.fromisoformat(answered_on), words)


def _packed(finding: Finding) -> list[Any]:
    return [
        finding.criterion,
        finding.state.value,
        int(finding.critical),
        finding.lapses_at,
        finding.holds_until and finding.holds_until.isoformat(),
        _packed_check(finding.decided_by),
        _packed_check(finding.claimed),
        _packed_check(finding.attempted),
        int(finding.in_recheck),
        int(finding.changed),
    ]


def _unpacked(packed: Sequence[Any]) -> Finding:
    code, state, critical, lapses_at, until, decided_by, claimed, attempted, in_recheck, changed = (
        packed
    )
    return Finding(
        criterion=code,
        state=_STATES[state],
        critical=bool(critical),
        lapses_at=lapses_at,
        holds_until=date.fromisoformat(until) if until else None,
        decided_by=_unpacked_check(decided_by),
        claimed=_unpacked_check(claimed),
        attempted=_unpacked_check(attempted),
        in_recheck=bool(in_recheck),
        changed=bool(changed),
    )


def _packed_check(check: Check | None) -> list[Any] | None:
    if check is None:
        return None
    return [
        check.id,
        check.outcome.value,
        check.level.value,
        check.checked_on.isoformat(),
        minute_of(check.recorded_at),
        int(check.confirmed),
        check.note if check.outcome is Outcome.NOT_MET else "",
    ]


def _unpacked_check(packed: Sequence[Any] | None) -> Check | None:
    if packed is None:
        return None
    number, outcome, level, checked_on, recorded, confirmed, note = packed
    return Check(
        id=number,
        outcome=_OUTCOMES[outcome],
        level=_LEVELS[level],
        checked_on=date.fromisoformat(checked_on),
        recorded_at=datetime.fromtimestamp(recorded * 60, UTC),
        confirmed=bool(confirmed),
        note=note,
    )
