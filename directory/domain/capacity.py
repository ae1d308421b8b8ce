"""The honest sum: how many listings a day's minutes can keep current, by the rules of the plan."""

from collections.abc import Iterable

from directory.domain.criteria import Criterion
from directory.domain.findings import Outcome, needs_second_person
from directory.domain.looks import Channel
from directory.domain.plan import BATCHES_OF, LADDERS, MINUTES, SETUP_MINUTES

WORKING_DAYS = 250
"""Working days in a year."""

SECOND_MINUTES = 1.0
"""Expected minutes of the second person for one check."""


def yearly_minutes(criteria: Iterable[Criterion], *, two_person: bool) -> float:
    """Return the minutes a year it takes to look at one clinic's criteria before each ends.

    Look-ups share an opened source ten at a time; what is asked of the clinic equally often
    shares one call. Tries in vain come on top and are not counted.
    """
    total = 0.0
    calls: set[tuple[Channel, int]] = set()
    for criterion in criteria:
        channel = LADDERS[criterion.minimum_level][0]
        looks = 365 / criterion.valid_days
        each = MINUTES[channel]
        if two_person and needs_second_person(criterion, Outcome.MET):
            each += SECOND_MINUTES
        if channel is Channel.LOOKUP:
            each += SETUP_MINUTES[channel] / BATCHES_OF
        elif (channel, criterion.valid_days) not in calls:
            calls.add((channel, criterion.valid_days))
            each += SETUP_MINUTES[channel]
        total += looks * each
    return total


def keepable(listings: int, budget: int, minutes_a_year: float) -> int:
    """Return how many listings `budget` minutes each working day can keep current.

    Rounded down to tens from a hundred on: it is an estimate and should look like one.
    """
    if minutes_a_year <= 0:
        return listings
    most = int(budget * WORKING_DAYS / minutes_a_year)
    if most >= listings:
        return listings
    return most // 10 * 10 if most >= 100 else most


def minutes_needed(listings: int, minutes_a_year: float) -> int:
    """Return the minutes each working day that would keep all listings current."""
    return -int(-listings * minutes_a_year // WORKING_DAYS)
