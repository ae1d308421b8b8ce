"""A clinic's card in the search row: how findings are packed there and read again."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from directory.domain.coverage import Claim, Mark, mark_of
from directory.domain.criteria import Level
from directory.domain.findings import Check, Finding, Outcome, Reply, State, minute_of
from directory.domain.services import CONDITIONS, MODALITIES
from directory.domain.standing import Listing, Standing, standing
from directory.models import Clinic
from directory.models.clinic import Post


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
        state=State(state),
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
        outcome=Outcome(outcome),
        level=Level(level),
        checked_on=date.fromisoformat(checked_on),
        recorded_at=datetime.fromtimestamp(recorded * 60, UTC),
        confirmed=bool(confirmed),
        note=note,
    )
