"""How often what was published still held when somebody looked again.

A re-check is a deciding look at a fact that an earlier deciding look had found met, no more than
`WITHIN_DAYS` after it. A fact that was known to be edited in between starts anew, since the
directory no longer claimed it.

- *Exact*: of all re-checks, the share that found the fact still met. Any fact counts.
- *Functional*: of all clinics where something was re-checked, the share where every re-checked
  key fact still held, and their address, phone and hours too. A lesser fact may have changed.

The two words are those of surveys that phone the clinics of a directory.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from directory.domain.criteria import Catalogue
from directory.domain.findings import Check, Outcome, strong_enough, waits

WITHIN_DAYS = 365
CONTACT = "opn-contact"
"""The criterion about address, phone and hours: without them a patient cannot come at all."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    part: int
    whole: int

    @property
    def percent(self) -> float | None:
        """The share in percent, or None when there is nothing to share."""
        return 100 * self.part / self.whole if self.whole else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """Both figures, and the exact one for each criterion, in the catalogue's order."""

    exact: Share
    functional: Share
    by_criterion: tuple[tuple[str, Share], ...]


def accuracy(
    catalogue: Catalogue,
    checks: Iterable[tuple[int, str, Check]],
    since: date,
    *,
    two_person: bool,
) -> Accuracy:
    """Count the re-checks made on `since` or later.

    `checks` are (clinic, criterion, check), those of one clinic and criterion together and in
    the order in which they were made. They are read once and not kept.
    """
    held: dict[str, list[bool]] = defaultdict(list)
    usable: dict[int, bool] = {}
    fact: tuple[int, str] | None = None
    last: Check | None = None
    for clinic, code, check in checks:
        if fact != (clinic, code):
            fact, last = (clinic, code), None
        criterion = catalogue.by_code.get(code)
        if criterion is None:
            continue
        if check.outcome is Outcome.CHANGED:
            last = None
            continue
        if not strong_enough(criterion, check) or waits(criterion, check, two_person=two_person):
            continue
        if last is not None and _again(last, check) and check.checked_on >= since:
            still = check.outcome is Outcome.MET
            held[code].append(still)
            weighs = criterion.critical or code == CONTACT
            usable[clinic] = usable.get(clinic, True) and (still or not weighs)
        last = check
    results = [still for each in held.values() for still in each]
    return Accuracy(
        exact=Share(sum(results), len(results)),
        functional=Share(sum(usable.values()), len(usable)),
        by_criterion=tuple(
            (criterion.code, Share(sum(held[criterion.code]), len(held[criterion.code])))
            for criterion in catalogue.criteria
            if criterion.code in held
        ),
    )


def _again(earlier: Check, later: Check) -> bool:
    return (
        earlier.outcome is Outcome.MET
        and later.outcome in (Outcome.MET, Outcome.NOT_MET)
        and 0 < (later.checked_on - earlier.checked_on).days <= WITHIN_DAYS
    )
