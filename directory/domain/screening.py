"""Comparing everyone in charge with the exclusion list: what may be said of it, and by whom.

There are three results and never two: no match in the list of a day, a possible match, and could
not screen. Nobody is ever called "not excluded": a name is no proof, and a list is of its day.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from directory.domain.exclusions import Tier

CRITERION: Final = "sup-exclusion"
"""The criterion that a clean screening keeps up."""

HOLDS_DAYS: Final = 35
"""Days for which a list speaks, counted from its own day: it comes out each month."""


ACCUSES: Final = (Tier.NPI, Tier.NAME_AND_BIRTH)
"""Tiers so likely that a met is withheld at once, until a person has decided."""

HOLDS_BACK: Final = (*ACCUSES, Tier.NAME_AND_PLACE)
"""Undecided, these keep a clean screening from being written.

A hint does not: it is weaker than what a person finds who types the name into the official search
page, and hints are many. It stays in the queue until somebody has dismissed it.
"""


class MatchState(StrEnum):
    """Where a possible match stands; a person decides, never the program."""

    POTENTIAL = "potential"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


class Result(StrEnum):
    """What a screening found of one subject."""

    NO_MATCH_NPI = "no_match_npi"
    NO_MATCH_NAME = "no_match_name"
    POSSIBLE = "possible"
    COULD_NOT = "could_not"


NO_MATCH: Final = (Result.NO_MATCH_NPI, Result.NO_MATCH_NAME)


class CouldNot(StrEnum):
    """Why somebody could not be screened."""

    NO_LIST = "no_list"
    LIST_OLD = "list_old"
    NAME_UNUSABLE = "name_unusable"
    NOBODY_IN_CHARGE = "nobody_in_charge"
    NOT_YET = "not_yet"


class BirthDate(StrEnum):
    """What a comparison of birth dates gave; the date that was typed is not kept."""

    EQUAL = "equal"
    DIFFERS = "differs"
    NOT_ON_LIST = "not_on_list"


@dataclass(frozen=True, slots=True)
class Said:
    """What may be said of one subject: the result, and why when there is none."""

    result: Result
    reason: CouldNot | None = None


def too_old(listed: date, today: date) -> bool:
    """Say whether a list of the day `listed` no longer speaks on `today`."""
    return (today - listed).days > HOLDS_DAYS


def said(*, hit: bool, usable: bool, has_npi: bool, listed: date | None, today: date) -> Said:
    """Return what a screening on `today` found.

    `hit` is whether a match that holds back is open or confirmed, `usable` whether the name can
    be compared at all, `listed` the day of the list. A number alone is not enough: most rows of
    the list carry none.
    """
    if hit:
        return Said(Result.POSSIBLE)
    if listed is None:
        return Said(Result.COULD_NOT, CouldNot.NO_LIST)
    if too_old(listed, today):
        return Said(Result.COULD_NOT, CouldNot.LIST_OLD)
    if not usable:
        return Said(Result.COULD_NOT, CouldNot.NAME_UNUSABLE)
    return Said(Result.NO_MATCH_NPI if has_npi else Result.NO_MATCH_NAME)


def said_today(stored: Said, listed: date | None, today: date) -> Said:
    """Return what a stored result still says on `today`: a list that grew old says nothing."""
    if stored.result in NO_MATCH and (listed is None or too_old(listed, today)):
        return Said(Result.COULD_NOT, CouldNot.LIST_OLD if listed else CouldNot.NO_LIST)
    return stored


def made_for(names: Iterable[str], npi: str | None) -> str:
    """Return a short name for whom a match was decided about: the names and the NPI as they were.

    Former names are among them, so a new one brings a dismissed match back: another name is
    another question.
    """
    return _digest([sorted(names), npi])


def screening_digest(listed: date, subjects: Iterable[tuple[object, ...]]) -> str:
    """Return a name for one clean screening: the same list and the same people give the same."""
    return _digest([listed.isoformat(), sorted(map(list, subjects), key=repr)])


def _digest(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


STEPS: Final[Mapping[MatchState, tuple[MatchState, ...]]] = MappingProxyType(
    {
        MatchState.POTENTIAL: (MatchState.CONFIRMED, MatchState.DISMISSED),
        MatchState.CONFIRMED: (MatchState.POTENTIAL,),
        MatchState.DISMISSED: (MatchState.POTENTIAL,),
    }
)
"""From each state to those a person may bring it to; back to potential only by an admin."""

LONGEST_REASON: Final = 500
