"""The national registry of provider numbers (NPPES): its file, and who in it may be a clinic.

No taxonomy code says "ketamine". Candidates are picked by their codes and by the words of their
name, each with the reason, and a person decides. What the registry holds is what providers say of
themselves: a number proves who somebody is, not that they hold a license.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from directory.domain.entries import EntryRefused, has_hidden, phone_number
from directory.domain.nppes_layout import COLUMNS, TAXONOMIES
from directory.domain.state_names import MILITARY, STATE_NAMES

INFUSION_CLINIC: Final = "261QI0500X"

FITTING: Final = frozenset(
    {
        "261Q00000X",  # clinic or center
        "261QA1903X",  # ambulatory surgical
        "261QM0801X",  # mental health
        "261QM0850X",  # adult mental health
        "261QM1300X",  # multi-specialty
        "261QM2500X",  # medical specialty
        "261QP2300X",  # primary care
        "261QP3300X",  # pain
        "193200000X",  # multi-specialty group
        "193400000X",  # single specialty group
        "163WI0500X",  # infusion nurse
        "207L00000X",  # anesthesiology
        "207LP2900X",  # pain medicine (anesthesiology)
        "207P00000X",  # emergency medicine
        "207Q00000X",  # family medicine
        "207R00000X",  # internal medicine
        "2084A0401X",  # addiction medicine
        "2084P0800X",  # psychiatry
        "2084P0802X",  # addiction psychiatry
        "208VP0000X",  # pain medicine
        "208VP0014X",  # interventional pain medicine
        "363A00000X",  # physician assistant
        "363L00000X",  # nurse practitioner
        "363LP0808X",  # psychiatric nurse practitioner
        "367500000X",  # nurse anesthetist
    }
)
"""Codes of places and groups where an infusion clinic may be at home (NUCC 25.1)."""

KETAMINE_WORD: Final = "ketamin"
INFUSION_WORDS: Final = {
    "INFUS": r"\binfus(?:ions?|e|ed)\b",
    "INTRAVENOUS": r"\bintravenous\b",
    "IV": r"\biv[\s-]+(?:therap|loung|bar|clinic|cent|drip|hydra|wellness|treatment|nutri|vitamin"
    r"|medic)",
    "I.": r"\bi\.\s?v\.",
    "DRIP": r"\bdrip\b",
    "PSYCHEDELIC": r"\bpsychedelic",
    "INTERVENTIONAL": r"\binterventional\s+psychiatr",
    "SPRAVATO": r"spravato",
}
"""What the name of an infusion clinic says, and a part that every such name holds in capitals.

Case counts for nothing; letters are ASCII.
"""

_KETAMINE = re.compile(KETAMINE_WORD, re.IGNORECASE | re.ASCII)
_INFUSION = re.compile("|".join(INFUSION_WORDS.values()), re.IGNORECASE | re.ASCII)
_PO_BOX = re.compile(
    r"\bp\W*o\W*(?:box|bx)\b|\bpost\s*office\s*box|^\s*box\s+#?\d|\bp\.\s?o\.\s?b\b", re.IGNORECASE
)
_MAILBOX = re.compile(
    r"\bpmb\b|\bmail\s?box(?:es)?\b|\bups\s+store\b|\bpostal\s+(?:annex|connection)|\bmail\s+stop\b",
    re.IGNORECASE,
)
_ZIP = re.compile(r"([0-9]{5})-?(?:[0-9]{4})?")
_STATES = {name.upper(): code for code, name in STATE_NAMES.items()}
_TERRITORIES = frozenset({"AS", "GU", "MP", "PR", "VI"})
_HOME = frozenset({"", "US", "USA", "UNITED STATES"})
_LONGEST = {"name": 200, "other_name": 200, "street": 200, "city": 100}


class Reason(StrEnum):
    """Why a row was picked; the strongest comes first."""

    KETAMINE_NAME = "ketamine_name"
    KETAMINE_PERSON = "ketamine_person"
    INFUSION_CODE = "infusion_code"
    INFUSION_NAME = "infusion_name"


class AddressFlag(StrEnum):
    """Why an address is no place of care."""

    PO_BOX = "po_box"
    MAILBOX = "mailbox"


class Fact(StrEnum):
    """What can change in the registry so that a person should look."""

    NAME = "name"
    ADDRESS = "address"
    PHONE = "phone"
    DEACTIVATED = "deactivated"
    REACTIVATED = "reactivated"
    GONE = "gone"
    RETURNED = "returned"


class Triage(StrEnum):
    """What became of a candidate; `known` is a number that a listing of ours had already."""

    WAITING = "waiting"
    LIKELY = "likely"
    UNLIKELY = "unlikely"
    NOT_A_CLINIC = "not_a_clinic"
    KNOWN = "known"


DECISIONS: Final = (Triage.LIKELY, Triage.UNLIKELY, Triage.NOT_A_CLINIC)
DISMISSED: Final = (Triage.UNLIKELY, Triage.NOT_A_CLINIC)
"""A "no": no import ever brings such a candidate back as work."""

TRIAGE_STEPS: Final = {
    Triage.WAITING: DECISIONS,
    Triage.LIKELY: DISMISSED,
    Triage.UNLIKELY: (Triage.LIKELY, Triage.NOT_A_CLINIC),
    Triage.NOT_A_CLINIC: (),
    Triage.KNOWN: (),
}
"""Which decision can follow which. Only whoever said "not a clinic" can take that back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the registry says of one number: the practice location, never the mailing address.

    `phone` is in E.164; `postal_code` has five digits, or none when it cannot be read.
    """

    npi: str
    person: bool
    name: str
    other_name: str
    street: str
    city: str
    state: str
    postal_code: str
    phone: str | None
    taxonomies: tuple[str, ...]
    reasons: tuple[Reason, ...]
    address_flag: AddressFlag | None
    deactivated_on: date | None

    @property
    def fingerprint(self) -> str:
        """A short name for all it says, equal only for equal entries."""
        facts: dict[str, Any] = asdict(self)
        text = json.dumps(facts, sort_keys=True, default=str, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def index_of(name: str) -> int:
    """Return the place of a column in the file, from 0."""
    return COLUMNS.index(name)


NPI: Final = index_of("NPI")
ENTITY: Final = index_of("Entity Type Code")
ORGANIZATION: Final = index_of("Provider Organization Name (Legal Business Name)")
LAST_NAME: Final = index_of("Provider Last Name (Legal Name)")
FIRST_NAME: Final = index_of("Provider First Name")
OTHER_ORGANIZATION: Final = index_of("Provider Other Organization Name")
STREET: Final = index_of("Provider First Line Business Practice Location Address")
STREET_2: Final = index_of("Provider Second Line Business Practice Location Address")
CITY: Final = index_of("Provider Business Practice Location Address City Name")
STATE: Final = index_of("Provider Business Practice Location Address State Name")
POSTAL_CODE: Final = index_of("Provider Business Practice Location Address Postal Code")
COUNTRY: Final = index_of(
    "Provider Business Practice Location Address Country Code (If outside U.S.)"
)
PHONE: Final = index_of("Provider Business Practice Location Address Telephone Number")
DEACTIVATED: Final = index_of("NPI Deactivation Date")
REACTIVATED: Final = index_of("NPI Reactivation Date")
LAST_READ: Final = TAXONOMIES[-1]
"""The last column that an entry is made of; none behind it is ever looked at."""


def reasons_for(values: Sequence[str]) -> tuple[Reason, ...]:
    """Return why a row of the file is a likely clinic in the United States; empty when it is not.

    An organization is one by a ketamine word in its name, by the code for infusion clinics, or
    by an infusion word together with a fitting code. A person is none, unless the practice bears
    a ketamine word. A number that is deactivated is none.
    """
    if not _at_home(values) or deactivation(values) is not None:
        return ()
    names = f"{values[ORGANIZATION]}\n{values[OTHER_ORGANIZATION]}"
    if values[ENTITY] == "1":
        practice = f"{names}\n{values[STREET]}\n{values[STREET_2]}"
        return (Reason.KETAMINE_PERSON,) if _KETAMINE.search(practice) else ()
    if values[ENTITY] != "2":
        return ()
    codes = {values[place] for place in TAXONOMIES}
    found = []
    if _KETAMINE.search(names):
        found.append(Reason.KETAMINE_NAME)
    if INFUSION_CLINIC in codes:
        found.append(Reason.INFUSION_CODE)
    if _INFUSION.search(names) and codes & (FITTING | {INFUSION_CLINIC}):
        found.append(Reason.INFUSION_NAME)
    return tuple(found)


def entry_of(values: Sequence[str]) -> Entry:
    """Return what a row of the file says, in one clean form."""
    person = values[ENTITY] == "1"
    name = clean(values[ORGANIZATION])
    if person:
        name = name or clean(f"{values[FIRST_NAME]} {values[LAST_NAME]}")
    street = clean(f"{values[STREET]} {values[STREET_2]}")
    return Entry(
        npi=values[NPI],
        person=person,
        name=name[: _LONGEST["name"]],
        other_name=clean(values[OTHER_ORGANIZATION])[: _LONGEST["other_name"]],
        street=street[: _LONGEST["street"]],
        city=clean(values[CITY])[: _LONGEST["city"]],
        state=state_code(values[STATE]),
        postal_code=zip_code(values[POSTAL_CODE]),
        phone=phone_of(values[PHONE]),
        taxonomies=tuple(dict.fromkeys(values[place] for place in TAXONOMIES if values[place])),
        reasons=reasons_for(values),
        address_flag=address_flag(values[STREET]) or address_flag(values[STREET_2]),
        deactivated_on=deactivation(values),
    )


def clean(text: str) -> str:
    """Return text in Unicode's form C without characters that nobody sees, spaces squeezed."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        text = "".join(" " if char.isspace() else char for char in text)
        text = "".join(char for char in text if not has_hidden(char))
    return " ".join(text.split())


def address_flag(street: str) -> AddressFlag | None:
    """Say whether an address line is a post-office box or a mailbox in a store."""
    if _PO_BOX.search(street):
        return AddressFlag.PO_BOX
    return AddressFlag.MAILBOX if _MAILBOX.search(street) else None


def state_code(text: str) -> str:
    """Return a state's two letters from the letters or the name; empty when it is none."""
    text = " ".join(text.split()).upper().rstrip(".")
    return text if text in STATE_NAMES or text in MILITARY else _STATES.get(text, "")


def zip_code(text: str) -> str:
    """Return the five digits of a ZIP code of five or nine; empty when it is neither."""
    found = _ZIP.fullmatch(text.strip())
    return found[1] if found else ""


def phone_of(text: str) -> str | None:
    """Return a phone number in E.164, None when it is missing or none."""
    try:
        return phone_number(text.strip())
    except EntryRefused:
        return None


def deactivation(values: Sequence[str]) -> date | None:
    """Return the day on which a number was deactivated, unless it was reactivated since."""
    if not values[DEACTIVATED]:
        return None
    ended, again = day_of(values[DEACTIVATED]), day_of(values[REACTIVATED])
    return None if ended is None or (again is not None and again >= ended) else ended


def day_of(text: str) -> date | None:
    """Return a day written as the registry does, 12/31/2026, None when it is none."""
    try:
        return datetime.strptime(text.strip(), "%m/%d/%Y").date()  # noqa: DTZ007 - a calendar day
    except ValueError:
        return None


def _at_home(values: Sequence[str]) -> bool:
    country = values[COUNTRY].strip().upper()
    state = state_code(values[STATE])
    if country in _TERRITORIES:
        return state in ("", country)
    return country in _HOME and bool(state)
