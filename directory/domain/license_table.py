"""A licensing board's list of licenses: which column says what, and what a row says.

Boards name their columns as they like; the names taken are in SYNONYMS. A status is active only
when it says just that: whatever else a board writes is for a person to read.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from directory.domain.clinic_table import value_of
from directory.domain.imports import FileRefused
from directory.domain.names import PersonName, Unusable, business_name, person_name
from directory.domain.state_names import STATE_NAMES

SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "number": (
            "license number",
            "license no",
            "license nbr",
            "license num",
            "license id",
            "license",
            "lic number",
            "lic no",
            "lic nbr",
            "licence number",
            "number",
        ),
        "name": ("name", "full name", "licensee", "licensee name", "practitioner name"),
        "last": ("last name", "last", "surname", "family name"),
        "first": ("first name", "first", "given name"),
        "middle": ("middle name", "middle", "middle initial"),
        "status": ("status", "license status", "lic status", "current status"),
        "expires": (
            "expires",
            "expires on",
            "expiration date",
            "expiration",
            "expiry date",
            "expiry",
            "exp date",
            "license expiration date",
        ),
        "state": ("state", "license state", "issuing state"),
    }
)
"""What a column says -> the names it may have, case and punctuation aside."""

ACTIVE: Final = frozenset(
    {"active", "current", "clear", "valid", "licensed", "in good standing", "active current"}
    | {"current active", "clear active", "active clear", "active in good standing"}
)
LAPSED: Final = frozenset({"expired", "lapsed", "delinquent", "not renewed", "nonrenewed"})
_STATES: Final = {name.casefold(): code for code, name in STATE_NAMES.items()}
_MONTHS: Final = (
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
)
_DAYS: Final = (
    re.compile(
        r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?:[ T]00:00(?::00(?:\.0+)?)?)?"
    ),
    re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"),
    re.compile(r"(?P<month>\d{1,2})[/-](?P<day>\d{1,2})[/-](?P<year>\d{4})(?: 0?0:00(?::00)?)?"),
    re.compile(r"(?P<month>[a-z]{3,9})\.? (?P<day>\d{1,2}),? (?P<year>\d{4})"),
    re.compile(r"(?P<day>\d{1,2})[ -](?P<month>[a-z]{3,9})\.?[ -](?P<year>\d{4})"),
)


class Says(StrEnum):
    """What a board's status comes to."""

    ACTIVE = "active"
    LAPSED = "lapsed"
    OTHER = "other"  # suspended, on probation, retired, ...: a person has to read it
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseRow:
    """One license as the board's file has it; `expires` is as written."""

    line: int
    number: str
    name: str
    status: str
    expires: str
    state: str

    @property
    def says(self) -> Says:
        """What the status comes to."""
        words = _plain(self.status)
        if not words:
            return Says.NOTHING
        if words in ACTIVE:
            return Says.ACTIVE
        return Says.LAPSED if words in LAPSED else Says.OTHER


@dataclass(frozen=True, slots=True)
class LicenseHeader:
    """At which place each thing stands; `state` is the one given for the whole file."""

    places: Mapping[str, int]
    state: str | None

    def row(self, line: int, cells: Sequence[str]) -> LicenseRow:
        """Return what a row says."""
        said = {what: value_of(cells[place]).strip() for what, place in self.places.items()}
        given = " ".join(filter(None, (said.get("first"), said.get("middle"))))
        return LicenseRow(
            line=line,
            number=said["number"],
            name=said.get("name") or f"{said.get('last', '')}, {given}",
            status=said.get("status", ""),
            expires=said.get("expires", ""),
            state=self.state or _state(said.get("state", "")),
        )


def read_license_header(cells: Sequence[str], *, state: str | None, line: int = 1) -> LicenseHeader:
    """Return where each thing stands; raises FileRefused when one is missing or there twice.

    A state that is given goes before a column `state`, which may be where somebody lives.
    """
    places: dict[str, int] = {}
    for place, cell in enumerate(cells):
        name = _plain(value_of(cell))
        what = next((what for what, names in SYNONYMS.items() if name in names), None)
        if what in places:
            why = f"this column could say the same ({what}) as the column {cells[places[what]]}"
            raise FileRefused(why, line=line, column=cell)
        if what:
            places[what] = place
    for what, there in (
        ("number", "number" in places),
        ("name", "name" in places or {"first", "last"} <= places.keys()),
        ("status", "status" in places or "expires" in places),
        ("state", state is not None or "state" in places),
    ):
        if not there:
            names = ", ".join(SYNONYMS[what][:3])
            give = "; or give --state" if what == "state" else ""
            why = f"no column says this; it may be called: {names}{give}"
            raise FileRefused(why, line=line, column=what)
    return LicenseHeader(places, state)


def license_key(number: str) -> str:
    """Return a license number for comparing: dashes, spaces and zeros in front say nothing."""
    return re.sub(r"[^A-Z0-9]", "", number.upper()).lstrip("0")


def read_day(text: str) -> date | None:
    """Return a day as boards write it, month before day; None for an empty text.

    Raises ValueError on anything else, years of two digits among them.
    """
    text = " ".join(text.casefold().split())
    if not text:
        return None
    for pattern in _DAYS:
        if found := pattern.fullmatch(text):
            month = found["month"]
            number = int(month) if month.isdecimal() else _MONTHS.index(month[:3]) + 1
            day = date(int(found["year"]), number, int(found["day"]))
            if date(1950, 1, 1) <= day <= date(2100, 1, 1):
                return day
    raise ValueError(text)


def same_holder(ours: str, theirs: str, *, person: bool) -> bool | None:
    """Say whether two names are of one holder, None when they cannot be compared."""
    if not person:
        one, other = business_name(ours), business_name(theirs)
        if isinstance(one, Unusable) or isinstance(other, Unusable):
            return None
        return one.core == other.core
    mine, its = person_name(ours), person_name(theirs)
    if not isinstance(mine, PersonName) or not isinstance(its, PersonName):
        return None
    return bool(set(mine.firsts) & set(its.firsts)) and bool(set(mine.lasts) & set(its.lasts))


def _state(text: str) -> str:
    """Return a state's two letters, also from its name."""
    return _STATES.get(text.casefold(), text.upper())


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9]+", " ", text.casefold()).split())
