"""Which mark one criterion at one clinic wears, in the few kinds that staff count.

The marks are those of the public page, with all that nobody vouches for taken together.
"""

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from directory.domain.criteria import Level
from directory.domain.findings import Outcome, State


class Mark(StrEnum):
    """How firmly a criterion is known, firmest first."""

    SOURCE = "source"
    DOCUMENT = "document"
    SAYS = "says"
    NOT_CHECKED = "not_checked"
    EXPIRED = "expired"
    NOT_MET = "not_met"
    DOES_NOT_APPLY = "does_not_apply"


class Claim(NamedTuple):
    """The newest check too weak to decide: how it is known, what it says, its ISO day."""

    level: str
    outcome: str
    day: str


_BY_STATE = {
    State.EXPIRED.value: Mark.EXPIRED,
    State.NOT_MET.value: Mark.NOT_MET,
    State.DOES_NOT_APPLY.value: Mark.DOES_NOT_APPLY,
}


def mark_of(
    state: str, level: str | None, claim: Claim | None, tried_on: str | None, *, in_recheck: bool
) -> Mark:
    """Return the mark of a finding from its codes; `tried_on` is the ISO day of a failed look.

    A clinic's word counts as its word only where the public page shows it as that: not while an
    adverse check waits for its second person, nor where a look since then could not be made.
    """
    if state == State.MET:
        return Mark.SOURCE if level == Level.SOURCE.value else Mark.DOCUMENT
    if state != State.NOT_CHECKED:
        return _BY_STATE[state]
    if claim is None or in_recheck or (tried_on is not None and claim.day <= tried_on):
        return Mark.NOT_CHECKED
    says = claim.level == Level.ATTESTED.value and claim.outcome == Outcome.MET
    return Mark.SAYS if says else Mark.NOT_CHECKED


def whole_months(since: date, until: date) -> int:
    """Return how many whole calendar months lie between two days; 0 when `since` is later.

    From the 31st to the last day of a shorter month is a whole month.
    """
    months = (until.year - since.year) * 12 + until.month - since.month
    if until.day < since.day and not _is_last_day(until):
        months -= 1
    return max(0, months)


def month_after(day: date, months: int) -> date:
    """Return the first day of the month that is so many months after the day's own."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _is_last_day(day: date) -> bool:
    return day.toordinal() + 1 == month_after(day, 1).toordinal()
