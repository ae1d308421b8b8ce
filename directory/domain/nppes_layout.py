"""The columns of the registry's main file (V2, 330 of them), and what its file names say."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

_OF_NAMES = (
    "Provider Organization Name (Legal Business Name)",
    "Provider Last Name (Legal Name)",
    "Provider First Name",
    "Provider Middle Name",
    "Provider Name Prefix Text",
    "Provider Name Suffix Text",
    "Provider Credential Text",
    "Provider Other Organization Name",
    "Provider Other Organization Name Type Code",
    "Provider Other Last Name",
    "Provider Other First Name",
    "Provider Other Middle Name",
    "Provider Other Name Prefix Text",
    "Provider Other Name Suffix Text",
    "Provider Other Credential Text",
    "Provider Other Last Name Type Code",
)
_OF_THE_NUMBER = (
    "Provider Enumeration Date",
    "Last Update Date",
    "NPI Deactivation Reason Code",
    "NPI Deactivation Date",
    "NPI Reactivation Date",
    "Provider Sex Code",
    "Authorized Official Last Name",
    "Authorized Official First Name",
    "Authorized Official Middle Name",
    "Authorized Official Title or Position",
    "Authorized Official Telephone Number",
)
_OF_THE_OWNER = (
    "Is Sole Proprietor",
    "Is Organization Subpart",
    "Parent Organization LBN",
    "Parent Organization TIN",
    "Authorized Official Name Prefix Text",
    "Authorized Official Name Suffix Text",
    "Authorized Official Credential Text",
)


def _address(kind: str) -> Iterator[str]:
    yield f"Provider First Line Business {kind} Address"
    yield f"Provider Second Line Business {kind} Address"
    for part in ("City Name", "State Name", "Postal Code", "Country Code (If outside U.S.)"):
        yield f"Provider Business {kind} Address {part}"
    for part in ("Telephone Number", "Fax Number"):
        yield f"Provider Business {kind} Address {part}"


def _columns() -> Iterator[str]:
    yield from ("NPI", "Entity Type Code", "Replacement NPI")
    yield "Employer Identification Number (EIN)"
    yield from _OF_NAMES
    yield from _address("Mailing")
    yield from _address("Practice Location")
    yield from _OF_THE_NUMBER
    for n in range(1, 16):
        yield f"Healthcare Provider Taxonomy Code_{n}"
        yield f"Provider License Number_{n}"
        yield f"Provider License Number State Code_{n}"
        yield f"Healthcare Provider Primary Taxonomy Switch_{n}"
    for n in range(1, 51):
        yield f"Other Provider Identifier_{n}"
        for part in ("Type Code", "State", "Issuer"):
            yield f"Other Provider Identifier {part}_{n}"
    yield from _OF_THE_OWNER
    for n in range(1, 16):
        yield f"Healthcare Provider Taxonomy Group_{n}"
    yield "Certification Date"


COLUMNS: Final = tuple(_columns())
"""The header of the file, as its readme of February 2025 gives it."""

OLDER_NAMES: Final = {"Provider Gender Code": "Provider Sex Code"}
"""What a column was called in files that are still about."""

TAXONOMIES: Final = tuple(
    place for place, name in enumerate(COLUMNS) if name.startswith("Healthcare Provider Taxonomy C")
)
"""The places of the fifteen taxonomy codes."""

DEACTIVATED_COLUMNS: Final = ("NPI", "NPPES Deactivation Date")
"""The header of the monthly list of deactivated numbers."""

MEMBER: Final = re.compile(
    r"^npidata_pfile_\d{8}-\d{8}(?!_fileheader).*\.csv$|deactivated.*\.(?:csv|xlsx)$",
    re.IGNORECASE,
)
"""The file inside a ZIP that is meant, not its header file nor the lists beside it."""

_SPAN = re.compile(r"(\d{8})-(\d{8})")
_FIRST_DAY = date(2005, 5, 23)
"""Every full file begins with the day on which numbers were first given out."""


@dataclass(frozen=True, slots=True)
class FileName:
    """What a file's name tells: whether it is a week's part only, and its last day."""

    weekly: bool
    dated: date | None


def read_name(*names: str | None) -> FileName:
    """Read the names of a file and of the member inside it."""
    weekly, dated = False, None
    for name in filter(None, names):
        weekly = weekly or "weekly" in name.lower()
        found = _SPAN.search(name)
        if found:
            first, last = _day(found[1]), _day(found[2])
            dated = last or dated
            weekly = weekly or (first is not None and first != _FIRST_DAY)
    return FileName(weekly, dated)


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a calendar day
    except ValueError:
        return None
