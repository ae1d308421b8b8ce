"""The names in an exclusion list, arranged for looking up: exact, cut at a width, misspelled."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from directory.domain.names import (
    PARTICLES,
    BusinessName,
    PersonName,
    business_name,
    person_name,
    pieces,
)
from directory.domain.near_words import CUT, NearWords, cut_forms, mistaken

# A value this long may have been cut; one less, when the cut fell on a blank.
LAST_WIDTH: Final = 20
FIRST_WIDTH: Final = 15
BUSINESS_WIDTH: Final = 30
CITY_WIDTH: Final = 20


class Kind(StrEnum):
    """What a subject or a row is about."""

    PERSON = "person"
    BUSINESS = "business"


class Sign(StrEnum):
    """One thing in which a subject and a row agree."""

    NPI = "npi"
    NAME = "name"
    NEAR_NAME = "near_name"  # at most one typing mistake in the last and one in the first name
    INITIAL = "initial"  # the last name, and the list has only the initial of the first
    BIRTH = "birth"
    STATE = "state"
    ZIP = "zip"
    CITY = "city"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRow:
    """What comparing needs of one row of a list, as the list writes it (cut at its widths).

    `digest` is the row's identity: the hash of its content.
    """

    digest: str
    last: str = ""
    first: str = ""
    middle: str = ""
    business: str = ""
    npi: str | None = None
    born: date | None = None
    city: str = ""
    state: str = ""
    zip_code: str = ""

    @property
    def kind(self) -> Kind:
        """Return what the row is about: a row with a last name is about a person."""
        return Kind.PERSON if self.last.strip() else Kind.BUSINESS


def _maybe_cut(value: str, width: int) -> bool:
    return len(value) >= width - 1


def last_forms(row: ListedRow) -> tuple[set[str], set[str]]:
    """Return how a row's last name may be written, and the parts of it that may stand alone.

    A form that the list may have cut comes a second time, marked.
    """
    words = pieces(row.last)
    wholes = {"".join(words)} - {""}
    parts = {word for word in words if len(word) > 1 and word not in PARTICLES} - wholes
    if wholes and _maybe_cut(row.last, LAST_WIDTH):
        wholes.add("".join(words) + CUT)
        if len(words) > 1:
            parts.add(words[-1] + CUT)
    return wholes, parts


def first_forms(row: ListedRow) -> set[str]:
    """Return how a row's first name may be written."""
    words = pieces(row.first)
    forms = {"".join(words), *words[:1]} - {""}
    if forms and _maybe_cut(row.first, FIRST_WIDTH):
        forms.add("".join(words) + CUT)
    return forms


Firsts = dict[str, list[int]]


class PeopleIndex:
    """The people in a list by last name, and in it by first name."""

    def __init__(self, rows: Sequence[ListedRow]) -> None:
        """Arrange those of `rows` that name a person; a row is known by its number."""
        self._wholes: dict[str, Firsts] = {}
        self._parts: dict[str, Firsts] = {}
        firsts_seen: set[str] = set()
        for number, row in enumerate(rows):
            firsts = first_forms(row)
            if not firsts:
                continue
            firsts_seen |= firsts
            wholes, parts = last_forms(row)
            for place, lasts in ((self._wholes, wholes), (self._parts, parts)):
                for last in lasts:
                    by_first = place.setdefault(last, {})
                    for first in firsts:
                        by_first.setdefault(first, []).append(number)
        self._near_lasts = NearWords(self._wholes)
        self._near_firsts = NearWords(firsts_seen)
        self._last_cuts = _cut_lengths(self._wholes, self._parts)
        self._first_cuts = _cut_lengths(firsts_seen)
        self._around_lasts = _around(self._last_cuts)
        self._around_firsts = _around(self._first_cuts)

    def find(self, text: str) -> dict[int, Sign]:
        """Return the rows whose name agrees with a person's, each with how well."""
        name = person_name(text)
        found: dict[int, Sign] = {}
        if isinstance(name, PersonName):
            self._find_near(name, found)
            self._find_same(name, found)
        return found

    def _find_same(self, name: PersonName, found: dict[int, Sign]) -> None:
        firsts = _with_cuts(name.firsts, self._first_cuts)
        initials = [first[0] for first in name.firsts]
        sought = {*firsts, *initials}
        for lasts, places in (
            (name.lasts, (self._wholes, self._parts)),
            (name.parts, (self._wholes,)),
        ):
            for last in _with_cuts(lasts, self._last_cuts) if lasts else ():
                for place in places:
                    by_first = place.get(last)
                    if by_first is None or by_first.keys().isdisjoint(sought):
                        continue
                    for initial in initials:
                        for number in by_first.get(initial, ()):
                            if found.get(number) is not Sign.NAME:
                                found[number] = Sign.INITIAL
                    for first in firsts:
                        for number in by_first.get(first, ()):
                            found[number] = Sign.NAME

    def _find_near(self, name: PersonName, found: dict[int, Sign]) -> None:
        near_to = self._near_firsts.near
        near_firsts = frozenset[str]().union(
            *[near_to(first) for first in _with_cuts(name.firsts, self._around_firsts)]
        )
        if not near_firsts:
            return
        for last in _with_cuts(name.lasts, self._around_lasts):
            for near_last in self._near_lasts.near(last):
                by_first = self._wholes[near_last]
                if by_first.keys().isdisjoint(near_firsts):
                    continue  # nearly always
                for first in by_first.keys() & near_firsts:
                    found.update(dict.fromkeys(by_first[first], Sign.NEAR_NAME))


class BusinessIndex:
    """The businesses in a list by name."""

    def __init__(self, rows: Sequence[ListedRow]) -> None:
        """Arrange those of `rows` that name a business; a row is known by its number."""
        self._names: dict[str, list[int]] = {}
        for number, row in enumerate(rows):
            for form in business_forms(row):
                self._names.setdefault(form, []).append(number)
        self._near = NearWords(self._names)
        self._cuts = _cut_lengths(self._names)
        self._around = _around(self._cuts)

    def find(self, text: str) -> dict[int, Sign]:
        """Return the rows whose name agrees with a business's, each with how well."""
        name = business_name(text)
        if not isinstance(name, BusinessName):
            return {}
        forms = dict.fromkeys((name.core, name.full))
        found: dict[int, Sign] = {}
        for form in _with_cuts(forms, self._around):
            for near_form in self._near.near(form):
                found.update(dict.fromkeys(self._names[near_form], Sign.NEAR_NAME))
        for form in _with_cuts(forms, self._cuts):
            found.update(dict.fromkeys(self._names.get(form, ()), Sign.NAME))
        return found


def business_forms(row: ListedRow) -> set[str]:
    """Return how a row's business name may be written; one that may be cut, marked as well."""
    name = business_name(row.business)
    if not isinstance(name, BusinessName):
        return set()
    forms = {name.core}
    if _maybe_cut(row.business, BUSINESS_WIDTH):
        # Cut, "LLC" may have become "L": the whole beginning counts, not the core.
        forms.add(name.full + CUT)
    return forms


class Sieve:
    """Which rows of a list may be a subject, as few as can be told without their first names.

    It keeps last names, business names and numbers, in a tenth of the memory of an index. Every
    row that an index of all rows would find is among the candidates, and an index of just these
    finds the same: both compare the words of `last_forms` and `business_forms`.
    """

    def __init__(self, rows: Iterable[tuple[int, str, str, str | None]]) -> None:
        """Arrange rows, each its number, last name, business name and NPI as the list has them."""
        self._rows: dict[str, array[int]] = {}
        by_names: dict[tuple[str, str], list[int]] = {}
        for number, last, business, npi in rows:
            by_names.setdefault((last, business), []).append(number)
            if npi:
                self._rows.setdefault(npi, array("q")).append(number)
        for (last, business), numbers in by_names.items():
            row = ListedRow(digest="", last=last, business=business)
            for form in set().union(*last_forms(row), business_forms(row)):
                self._rows.setdefault(form, array("q")).extend(numbers)
        self._around = _around(_cut_lengths(self._rows))
        self._letters = "".join(sorted(set().union(*self._rows)))

    def candidates(self, names: Iterable[tuple[Kind, str]], npis: Iterable[str]) -> set[int]:
        """Return the numbers of the rows that may be a subject of these names or NPIs."""
        words = {
            word for kind, text in names for word in _with_cuts(_sought(kind, text), self._around)
        }
        found = self._rows.keys() & set(npis)
        for word in words:
            found |= self._rows.keys() & mistaken(word, self._letters)
        return {number for form in found for number in self._rows[form]}


def _sought(kind: Kind, text: str) -> tuple[str, ...]:
    """Return the words under which an index looks for a name."""
    if kind is Kind.PERSON:
        name = person_name(text)
        return (*name.lasts, *name.parts) if isinstance(name, PersonName) else ()
    called = business_name(text)
    return (called.core, called.full) if isinstance(called, BusinessName) else ()


def _cut_lengths(*words: Iterable[str]) -> tuple[int, ...]:
    return tuple(sorted({len(word) - 1 for some in words for word in some if word[-1] == CUT}))


def _with_cuts(words: Iterable[str], cuts: Sequence[int]) -> list[str]:
    """Return the words, and each of them cut to the lengths at which the list was cut."""
    found = list(words)
    if cuts:
        shortest = cuts[0]
        for word in found[:]:
            if len(word) >= shortest:
                found += cut_forms(word, cuts)
    return found


def _around(cuts: Sequence[int]) -> tuple[int, ...]:
    """Return the same and one less and more: a typing mistake moves where a cut falls."""
    return tuple(sorted({length + step for length in cuts for step in (-1, 0, 1)}))
