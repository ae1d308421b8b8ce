"""Which questions a patient takes to one clinic, and in which order: from its findings today."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from directory.domain.criteria import Catalogue, Group
from directory.domain.findings import Finding, State
from directory.domain.standing import Listing

FIRST = 3
"""How many questions are put before all others, for a short call."""

SOON = timedelta(days=30)
"""A check that ends within this time may be over before the visit: the reader is told."""


class Practical(StrEnum):
    """What is worth asking at any clinic, whatever was checked there."""

    PRICE = "price"
    REFUND = "refund"
    RIDE = "ride"
    EMERGENCY = "emergency"


COVERED_BY = {Practical.PRICE: "opn-price", Practical.RIDE: "aft-ride"}
"""The criterion whose own question asks the same: one of the two is enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The questions for one clinic today, most important first, and what need not be asked.

    `first` holds at most three. `found` are the other criteria that were looked at and are not
    in place, `key` the other open key criteria, `rest` what else is open, by group. `known` is
    what was checked and holds.
    """

    first: tuple[Finding, ...]
    found: tuple[Finding, ...]
    key: tuple[Finding, ...]
    rest: tuple[tuple[Group, tuple[Finding, ...]], ...]
    known: tuple[Finding, ...]
    practical: tuple[Practical, ...]

    @property
    def asked(self) -> tuple[Finding, ...]:
        """All that is asked, in the order of the sheet."""
        rest = (finding for _group, findings in self.rest for finding in findings)
        return (*self.first, *self.found, *self.key, *rest)


def sheet_of(catalogue: Catalogue, findings: Iterable[Finding], listing: Listing) -> Sheet:
    """Return the sheet for a clinic with these findings.

    What was found not in place comes first, then the open key criteria, then the rest, each in
    the order of the checklist. What does not apply is left out. While a listing is suspended
    nothing counts as known, since the public is told not to rely on earlier checks.
    """
    ordered = sorted(findings, key=lambda finding: catalogue.bit(finding.criterion))
    relied = listing is not Listing.SUSPENDED
    known = tuple(f for f in ordered if relied and f.state is State.MET)
    asked = sorted(
        (f for f in ordered if f not in known and f.state is not State.DOES_NOT_APPLY), key=_rank
    )
    first, later = asked[:FIRST], asked[FIRST:]
    others = [f for f in later if _rank(f) == _REST]
    codes = {finding.criterion for finding in asked}
    return Sheet(
        first=tuple(first),
        found=tuple(f for f in later if f.state is State.NOT_MET),
        key=tuple(f for f in later if f.state is not State.NOT_MET and f.critical),
        rest=tuple(
            (group, members)
            for group in catalogue.groups
            if (
                members := tuple(
                    f for f in others if catalogue.criterion(f.criterion).group == group.code
                )
            )
        ),
        known=known,
        practical=tuple(p for p in Practical if COVERED_BY.get(p) not in codes),
    )


def ends_soon(finding: Finding, today: date) -> bool:
    """Say whether a check that holds on `today` ends within the next 30 days."""
    return finding.holds_until is not None and finding.holds_until <= today + SOON


_REST = 3


def _rank(finding: Finding) -> int:
    if finding.state is State.NOT_MET:
        return 0 if finding.critical else 1
    return 2 if finding.critical else _REST
