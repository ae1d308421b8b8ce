"""Comparing people and businesses with the rows of an exclusion list.

Nothing here decides: a hit is a row that a person has to look at, with what agrees. No hit never
means "not excluded"; it means that nothing was found in this list by these names and numbers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from functools import lru_cache
from typing import Final

from directory.domain.credentials import npi_valid
from directory.domain.listed import CITY_WIDTH, BusinessIndex, Kind, ListedRow, PeopleIndex, Sign
from directory.domain.names import Unusable, business_name, person_name
from directory.domain.placenames import name_key

__all__ = [
    "Coverage",
    "Hit",
    "Index",
    "Kind",
    "ListedRow",
    "Sign",
    "Subject",
    "Tier",
    "coverage",
]


class Tier(IntEnum):
    """How much agrees, the strongest first."""

    NPI = 1  # the same number, check digit good
    NAME_AND_BIRTH = 2
    NAME_AND_PLACE = 3  # a person's name and state; a business name and its ZIP or city
    HINT = 4  # the same name elsewhere, or a name one typing mistake away per word


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Somebody to compare: all names, former ones too, as staff typed them.

    `states` are two-letter codes, `zips` five digits, `cities` names: of every clinic the subject
    stands behind. `born` is only there while somebody compares it; it is never kept.
    """

    kind: Kind
    names: tuple[str, ...]
    npi: str | None = None
    states: frozenset[str] = frozenset()
    zips: frozenset[str] = frozenset()
    cities: frozenset[str] = frozenset()
    born: date | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One row that may be the subject: how strong, and all that agrees."""

    row_digest: str
    tier: Tier
    why: tuple[Sign, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """By what a subject can be compared at all.

    When neither holds, the subject could not be screened. `unusable` are the names that could
    not be compared, with the reason: with one of them, a search by name is not complete.
    """

    by_npi: bool
    by_name: bool
    unusable: tuple[tuple[str, Unusable], ...] = ()


def coverage(subject: Subject) -> Coverage:
    """Say by what a subject can be compared with a list."""
    unusable = []
    by_name = False
    for name in subject.names:
        read = person_name(name) if subject.kind is Kind.PERSON else business_name(name)
        if isinstance(read, Unusable):
            unusable.append((name, read))
        else:
            by_name = True
    by_npi = subject.npi is not None and npi_valid(subject.npi)
    return Coverage(by_npi, by_name, tuple(unusable))


class Index:
    """The rows of one list, arranged so that a subject finds its rows without reading them all."""

    def __init__(self, rows: Iterable[ListedRow]) -> None:
        """Arrange the rows; about 20 microseconds for each."""
        self._rows = list(rows)
        self._by_npi: dict[str, list[int]] = {}
        for number, row in enumerate(self._rows):
            if row.npi is not None and npi_valid(row.npi):
                self._by_npi.setdefault(row.npi, []).append(number)
        self._people = PeopleIndex(self._rows)
        self._businesses = BusinessIndex(self._rows)

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self._rows)

    def hits(self, subject: Subject) -> list[Hit]:
        """Return every row that may be the subject, one hit for each, the strongest first.

        A person is compared with people and a business with businesses; an NPI with all rows.
        """
        found: dict[int, Sign] = {}
        index = self._people if subject.kind is Kind.PERSON else self._businesses
        for name in subject.names:
            for number, sign in index.find(name).items():
                if number not in found or _STRENGTH[sign] < _STRENGTH[found[number]]:
                    found[number] = sign
        by_npi: Iterable[int] = ()
        if subject.npi is not None and subject.npi in self._by_npi:
            by_npi = self._by_npi[subject.npi]
        if not found and not by_npi:
            return []
        cities = frozenset(map(city_key, subject.cities))
        hits = []
        for number in dict.fromkeys((*by_npi, *found)):
            why = [Sign.NPI] if number in by_npi else []
            why += [found[number]] if number in found else []
            why += _place_signs(self._rows[number], subject, cities)
            hits.append(
                Hit(self._rows[number].digest, _tier(subject.kind, frozenset(why)), tuple(why))
            )
        return sorted(hits, key=lambda hit: (hit.tier, hit.row_digest))


_STRENGTH: Final = {Sign.NAME: 0, Sign.INITIAL: 1, Sign.NEAR_NAME: 2}


def _place_signs(row: ListedRow, subject: Subject, cities: frozenset[str]) -> list[Sign]:
    signs = []
    if subject.born is not None and row.born == subject.born:
        signs.append(Sign.BIRTH)
    in_state = row.state.upper() in subject.states
    if in_state:
        signs.append(Sign.STATE)
    if row.zip_code in subject.zips:
        signs.append(Sign.ZIP)
    # A city's name alone says little: there is a Springfield in half of the states.
    if (in_state or not subject.states) and _in_city(row.city, cities):
        signs.append(Sign.CITY)
    return signs


def _in_city(city: str, cities: frozenset[str]) -> bool:
    key = city_key(city)
    if key in cities:
        return bool(key)
    cut = len(city) >= CITY_WIDTH - 1
    return cut and any(other.startswith(key) for other in cities)


def _tier(kind: Kind, why: frozenset[Sign]) -> Tier:
    if Sign.NPI in why:
        return Tier.NPI
    if Sign.NAME not in why:
        return Tier.HINT
    if kind is Kind.BUSINESS:
        return Tier.NAME_AND_PLACE if why & {Sign.ZIP, Sign.CITY} else Tier.HINT
    if Sign.BIRTH in why:
        return Tier.NAME_AND_BIRTH
    return Tier.NAME_AND_PLACE if Sign.STATE in why else Tier.HINT


@lru_cache(maxsize=16_384)
def city_key(city: str) -> str:
    """Return a city's name for comparing: "ST LOUIS" and "Saint Louis" are one."""
    return name_key(city)
