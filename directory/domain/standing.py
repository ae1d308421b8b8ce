"""What the public is told of a clinic today, and why: from its findings and its listing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from directory.domain.findings import FOREVER, Finding, State


class Listing(StrEnum):
    """A clinic's public visibility."""

    DRAFT = "draft"
    LISTED = "listed"
    UNLISTED = "unlisted"
    SUSPENDED = "suspended"
    CLOSED = "closed"


PUBLIC_LISTINGS = (Listing.LISTED, Listing.SUSPENDED)
"""A suspended clinic stays findable, so that a patient who heard of it meets the warning."""


class StandingCode(StrEnum):
    """The public standings, best first; the order is the order of `sort=standing`."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    UNCHECKED = "unchecked"
    WARNING = "warning"
    SUSPENDED = "suspended"


STANDINGS = tuple(StandingCode)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A clinic's standing with the counts behind it; `oldest_check` is of what is met now."""

    code: StandingCode
    critical_met: int
    critical_total: int
    met: int
    expired: int
    not_met: int
    oldest_check: date | None
    blockers: tuple[str, ...]
    lapsed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What a filter sees of a clinic from one UTC minute up to, not including, another."""

    from_minute: int
    until_minute: int
    met_mask: int
    standing: StandingCode


def standing(findings: Iterable[Finding], listing: Listing) -> Standing:
    """Derive the standing; blockers are critical criteria checked and not met.

    A criterion that does not apply at this clinic leaves the total. One failed critical
    criterion outweighs any number that are met.
    """
    return standing_from(
        (
            (f.criterion, f.state, f.critical, f.decided_by.checked_on if f.decided_by else None)
            for f in findings
        ),
        listing,
    )


def standing_from(
    rows: Iterable[tuple[str, State, bool, date | None]], listing: Listing
) -> Standing:
    """Derive the standing from a row for each finding, in one pass: `standing` says by which rules.

    A row is its criterion, its state, whether that is critical, and the day of the check that
    decides.
    """
    total = critical_met = met = expired = not_met = 0
    oldest: date | None = None
    blockers, lapsed = [], []
    for criterion, state, critical, day in rows:
        if critical and state is not State.DOES_NOT_APPLY:
            total += 1
        if state is State.MET:
            met += 1
            critical_met += bool(critical)
            if day is not None and (oldest is None or day < oldest):
                oldest = day
        elif state is State.EXPIRED:
            expired += 1
            if critical:
                lapsed.append(criterion)
        elif state is State.NOT_MET:
            not_met += 1
            if critical:
                blockers.append(criterion)
    return Standing(
        code=_code_of(listing, total, critical_met, failed=bool(blockers)),
        critical_met=critical_met,
        critical_total=total,
        met=met,
        expired=expired,
        not_met=not_met,
        oldest_check=oldest,
        blockers=tuple(blockers),
        lapsed=tuple(lapsed),
    )


def _code(findings: Iterable[Finding], listing: Listing) -> StandingCode:
    states = [f.state for f in findings if f.critical and f.state is not State.DOES_NOT_APPLY]
    return _code_of(listing, len(states), states.count(State.MET), failed=State.NOT_MET in states)


def _code_of(listing: Listing, total: int, met: int, *, failed: bool) -> StandingCode:
    if listing is Listing.SUSPENDED:
        return StandingCode.SUSPENDED
    if failed:
        return StandingCode.WARNING
    if not met:
        return StandingCode.UNCHECKED
    return StandingCode.COMPLETE if met == total else StandingCode.PARTIAL


def periods(
    findings: Sequence[Finding], listing: Listing, bits: dict[str, int], minute: int
) -> tuple[Period, ...]:
    """Cut the time from `minute` on at each lapse and say what holds in every piece.

    The pieces are contiguous and the last one never ends, so for each later minute exactly one
    of them speaks. `bits` gives each criterion code its place in `met_mask`.
    """
    cuts = sorted({f.lapses_at for f in findings if minute < f.lapses_at < FOREVER})
    starts = [minute, *cuts]
    ends = [*cuts, FOREVER]
    pieces = []
    then = list(findings)
    for start, end in zip(starts, ends, strict=True):
        then = [f.at(start) for f in then]
        mask = sum(1 << bits[f.criterion] for f in then if f.state is State.MET)
        pieces.append(
            Period(
                from_minute=start,
                until_minute=end,
                met_mask=mask,
                standing=_code(then, listing),
            )
        )
    return tuple(pieces)
