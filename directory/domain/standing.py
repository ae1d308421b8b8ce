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
    findings = tuple(findings)
    critical = [f for f in findings if f.critical and f.state is not State.DOES_NOT_APPLY]
    critical_met = sum(f.state is State.MET for f in critical)
    blockers = tuple(f.criterion for f in critical if f.state is State.NOT_MET)
    dates = [f.decided_by.checked_on for f in findings if f.state is State.MET and f.decided_by]
    if listing is Listing.SUSPENDED:
        code = StandingCode.SUSPENDED
    elif blockers:
        code = StandingCode.WARNING
    elif critical and critical_met == len(critical):
        code = StandingCode.COMPLETE
    elif critical_met:
        code = StandingCode.PARTIAL
    else:
        code = StandingCode.UNCHECKED
    return Standing(
        code=code,
        critical_met=critical_met,
        critical_total=len(critical),
        met=sum(f.state is State.MET for f in findings),
        expired=sum(f.state is State.EXPIRED for f in findings),
        not_met=sum(f.state is State.NOT_MET for f in findings),
        oldest_check=min(dates, default=None),
        blockers=blockers,
        lapsed=tuple(f.criterion for f in critical if f.state is State.EXPIRED),
    )


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
    for start, end in zip(starts, ends, strict=True):
        then = [f.at(start) for f in findings]
        mask = sum(1 << bits[f.criterion] for f in then if f.state is State.MET)
        pieces.append(
            Period(
                from_minute=start,
                until_minute=end,
                met_mask=mask,
                standing=standing(then, listing).code,
            )
        )
    return tuple(pieces)
