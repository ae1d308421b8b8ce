"""Read the ZIP codes of the `zipcodes` package into our own records."""

import re
from dataclasses import dataclass
from typing import Any

import zipcodes

from directory.domain.state_names import MILITARY, STATE_NAMES

# Names in the lists of other cities that are mail customers, not places.
_NOT_A_PLACE = re.compile(
    r"\d|&|\b(bank|corp|dept|inc|llc|univ|university|college|hospital|insurance|irs|service|"
    r"services|center for|company|agency|brm|urb|cond|res|parc|alts|ext|bo|sect|repto|vill|comm|"
    r"office|govt|apo|fpo|dpo)\b",
    re.IGNORECASE,
)

# Wholly in the eastern hemisphere; the package has the Marshall Islands on the other side.
_EASTERN = frozenset({"GU", "MP", "FM", "MH", "PW"})


@dataclass(frozen=True, slots=True)
class ZipCode:
    """One ZIP code; `lat` and `lon` are None when its point is not known.

    `town` is the city when that is a place, and empty when it is a mail customer.
    """

    code: str
    city: str
    town: str
    state: str
    county: str
    lat: float | None
    lon: float | None
    timezone: str
    standard: bool
    other_cities: tuple[str, ...]


def read_zip_codes() -> list[ZipCode]:
    """Return every ZIP code the package knows, military ones without a point."""
    return [_zip_code(row) for row in zipcodes.list_all()]  # type: ignore[no-untyped-call]


def _zip_code(row: dict[str, Any]) -> ZipCode:
    # A few military codes carry the state of their sorting center; the type and city tell.
    military = row["zip_code_type"] == "MILITARY" or row["city"].lower() in {"apo", "fpo", "dpo"}
    lat, lon = float(row["lat"] or 0), float(row["long"] or 0)
    known = not military and (lat, lon) != (0.0, 0.0) and abs(lat) <= 90 and abs(lon) <= 180
    state = row["state"]
    if state in _EASTERN:
        lon = abs(lon)
    if military and state not in MILITARY:
        state = "AE"
    standard = row["zip_code_type"] == "STANDARD"
    others = (*row["acceptable_cities"], *row["unacceptable_cities"])
    return ZipCode(
        code=row["zip_code"],
        city=row["city"],
        town=row["city"] if standard or not _NOT_A_PLACE.search(row["city"]) else "",
        state=state,
        county=row["county"],
        lat=lat if known else None,
        lon=lon if known else None,
        timezone=row["timezone"] if "/" in row["timezone"] else "",
        standard=standard,
        other_cities=tuple(
            name
            for name in others
            if state in STATE_NAMES and not _NOT_A_PLACE.search(name) and len(name) > 3
        ),
    )
