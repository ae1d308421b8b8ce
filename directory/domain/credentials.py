"""Numbers and dates on licenses, registrations and certificates."""

import re
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from directory.domain.findings import today_in


class CredentialKind(StrEnum):
    """What kind of license, registration or certificate a credential is."""

    STATE_LICENSE = "state_license"
    ACLS = "acls"
    BOARD_CERTIFICATION = "board_certification"
    DEA_REGISTRATION = "dea_registration"
    FACILITY_PERMIT = "facility_permit"


def luhn_sum(digits: str) -> int:
    """Return the Luhn sum of a digit string, its last digit being the check digit."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total


def npi_valid(number: str) -> bool:
    """Say whether a National Provider Identifier is well formed.

    Ten digits, the first 1 or 2, whose Luhn check counts the prefix 80840 (45 CFR 162.406;
    ISO 7812). A good check digit proves typing, not identity and not a license.
    """
    return bool(re.fullmatch(r"[12][0-9]{9}", number)) and luhn_sum("80840" + number) % 10 == 0


def dea_valid(number: str) -> bool:
    """Say whether a DEA registration number is well formed.

    Two characters, the second a letter or 9, then seven digits. The last one is the units of
    (1st + 3rd + 5th) + 2 x (2nd + 4th + 6th). A good check digit proves typing only.
    """
    if not re.fullmatch(r"[ABFGMPR][A-Z9][0-9]{7}", number):
        return False
    d = [int(digit) for digit in number[2:]]
    return (d[0] + d[2] + d[4] + 2 * (d[1] + d[3] + d[5])) % 10 == d[6]


def last_valid_day(expires_on: date | None, ended_on: date | None) -> date | None:
    """Return the last day a credential holds: its expiry, or the day before it was ended."""
    ended = date.fromordinal(ended_on.toordinal() - 1) if ended_on else None
    return min((day for day in (expires_on, ended) if day is not None), default=None)


AHEAD = (60, 30, 7)
"""Days before its end at which a credential is worth looking at again."""


def days_ahead(last_day: date | None, today: date) -> int | None:
    """Return which of AHEAD a credential's end has come within; None before, and when over."""
    if last_day is None or last_day < today:
        return None
    left = (last_day - today).days
    return min((days for days in AHEAD if left <= days), default=None)


def expired(last_day: date, zone: ZoneInfo, now: datetime) -> bool:
    """Say whether `last_day` is over in `zone`: the day printed on a license is still good."""
    return today_in(zone, now) > last_day
