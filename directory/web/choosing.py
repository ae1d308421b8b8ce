"""Which clinics are chosen to compare: the address says it, so that nothing is kept of anybody."""

from collections.abc import Iterable
from dataclasses import dataclass

from directory.web.routing import LARGEST_ID

PARAMETER = "c"

READ_AT_MOST = 20
"""How many numbers of an address are looked up: people choose four."""

LONGEST_QUOTE = 40
UNSHOWN = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The clinic numbers of an address, each once; what could not be read; how many were too many.

    `unreadable` quotes what was given, cut to 40 characters, at most 20 of them.
    """

    clinic_ids: tuple[int, ...]
    unreadable: tuple[str, ...] = ()
    too_many: int = 0


def read_choice(values: Iterable[str]) -> Asked:
    """Read the numbers of clinics out of an address; an empty value is no choice at all."""
    numbers: dict[int, None] = {}
    unreadable: dict[str, None] = {}
    for value in map(str.strip, values):
        if _is_number(value):
            numbers[int(value)] = None
        elif value:
            unreadable[_quotable(value[:LONGEST_QUOTE])] = None
    clinic_ids = tuple(numbers)
    return Asked(
        clinic_ids=clinic_ids[:READ_AT_MOST],
        unreadable=tuple(unreadable)[:READ_AT_MOST],
        too_many=len(clinic_ids[READ_AT_MOST:]) + len(tuple(unreadable)[READ_AT_MOST:]),
    )


def _quotable(value: str) -> str:
    """Return what was given as a page may show it: what has no shape becomes a visible mark."""
    return "".join(letter if letter.isprintable() else UNSHOWN for letter in value)


def _is_number(value: str) -> bool:
    digits = value.isascii() and value.isdigit() and len(value.lstrip("0")) <= len(str(LARGEST_ID))
    return digits and len(value) < 100 and 0 < int(value) <= LARGEST_ID
