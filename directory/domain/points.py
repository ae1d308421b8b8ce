"""From a clinic's address to its point: what a geocoder is asked, what of its answer counts."""

import re
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Lookup(StrEnum):
    """How the newest look-up of a clinic's address ended."""

    FOUND = "found"
    UNKNOWN = "unknown"  # no such house in the geocoder
    FAILED = "failed"  # the geocoder did not answer
    REFUSED = "refused"  # its answer cannot be this clinic's
    LEFT = "left"  # a person decided: the middle of the ZIP code is good enough


AGAIN_AFTER: Final = MappingProxyType(
    {Lookup.FAILED: timedelta(days=1), Lookup.UNKNOWN: timedelta(days=30)}
)
"""When a look-up that found nothing is worth another try: maps grow slowly, servers come back."""

MOST_TRIES: Final = 3
"""After so many look-ups of a house that is not known, a person has to place it."""

_SUITE: Final = re.compile(
    r"[,\s]+(?:(?:suite|ste|unit|apt|apartment|room|rm|floor|fl|bldg|building|box)\b\.?|#).*$",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"\s*(\d+[a-z]?)(?=[\s,-])", re.IGNORECASE)
_PARTS: Final = re.compile(r"[;,/\s-]+")


def address_line(street: str, city: str, state: str, postal_code: str) -> str:
    """Return an address on one line: what a look-up is remembered for."""
    return f"{street}, {city}, {state} {postal_code}"


def question(street: str, city: str, state: str, postal_code: str) -> str:
    """Return what a geocoder is asked: maps know houses, not the suites in them."""
    return address_line(_SUITE.sub("", street).strip(" ,"), city, state, postal_code)


def house_number(street: str) -> str | None:
    """Return the number a street address begins with, None when it begins with something else."""
    found = _NUMBER.match(street)
    return found[1].lower() if found else None


def same_house(street: str, answered: str | None) -> bool:
    """Say whether an answer is about the house itself, not only about its street or town.

    A map may have several numbers at one door, such as "100-102" or "100;102".
    """
    number = house_number(street)
    if number is None or not answered:
        return False
    return number in (part.lower() for part in _PARTS.split(answered))
