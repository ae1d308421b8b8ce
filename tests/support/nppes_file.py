"""A registry file like the real one, from a seed: invented numbers, names and addresses only."""

import random
from collections.abc import Iterator, Mapping
from pathlib import Path

from directory.domain.credentials import luhn_sum
from directory.domain.nppes import (
    CITY,
    COUNTRY,
    DEACTIVATED,
    ENTITY,
    FIRST_NAME,
    LAST_NAME,
    NPI,
    ORGANIZATION,
    OTHER_ORGANIZATION,
    PHONE,
    POSTAL_CODE,
    STATE,
    STREET,
    STREET_2,
    index_of,
)
from directory.domain.nppes_layout import COLUMNS, TAXONOMIES

MONTH = "npidata_pfile_20050523-20260510.csv"
WEEK = "npidata_pfile_20260511-20260517.csv"
CANARY = "MAILING CANARY"
"""Stands in every mailing address: it must never be found in a database or on a page."""

MAILING = tuple(n for n, name in enumerate(COLUMNS) if "Business Mailing Address" in name)
OFFICIAL = index_of("Authorized Official Last Name")
PLACES = (
    ("PHOENIX", "AZ", "850040000"),
    ("AUSTIN", "TX", "787010000"),
    ("BOSTON", "MA", "021081234"),
    ("SAN JUAN", "PR", "00901"),
    ("FARGO", "ND", "581020001"),
    ("TUCSON", "ARIZONA", "857010000"),
)
WORDS = ("HARBOR", "LANTERN", "MEADOW", "CEDAR", "SILVER", "RIVER", "FAMILY", "CARE", "CLINIC")
KINDS = ("207R00000X", "1041C0700X", "101YM0800X", "261QP2300X", "2084P0800X", "225100000X")
NASTY = ("plain", "separator", "newline", "quote", "latin", "utf8", "comma", "return", "edges")


def npi(number: int) -> str:
    """Return an invented NPI: it begins with 2 and its check digit is right."""
    nine = f"2{number:08}"
    return f"{nine}{-luhn_sum(f'80840{nine}0') % 10}"


def row(number: str, **changes: str) -> list[str]:
    """Return an organization's row; `changes` name columns by the constants of the domain."""
    values = [""] * len(COLUMNS)
    for place in MAILING:
        values[place] = CANARY
    values[OFFICIAL] = CANARY
    values[index_of("Certification Date")] = "01/02/2026"
    values[index_of("Is Sole Proprietor")] = "N"
    plain = {
        "ENTITY": "2",
        "ORGANIZATION": "EXAMPLE HARBOR INFUSION CENTER",
        "STREET": "100 EXAMPLE AVENUE",
        "CITY": "PHOENIX",
        "STATE": "AZ",
        "POSTAL_CODE": "850040000",
        "COUNTRY": "US",
        "PHONE": "6025550100",
        "TAXONOMY": "261QI0500X",
    }
    values[NPI] = number
    for name, value in (plain | changes).items():
        values[PLACE_OF[name]] = value
    return values


PLACE_OF: Mapping[str, int] = {
    "ENTITY": ENTITY,
    "ORGANIZATION": ORGANIZATION,
    "OTHER_ORGANIZATION": OTHER_ORGANIZATION,
    "LAST_NAME": LAST_NAME,
    "FIRST_NAME": FIRST_NAME,
    "STREET": STREET,
    "STREET_2": STREET_2,
    "CITY": CITY,
    "STATE": STATE,
    "POSTAL_CODE": POSTAL_CODE,
    "COUNTRY": COUNTRY,
    "PHONE": PHONE,
    "DEACTIVATED": DEACTIVATED,
    "REACTIVATED": DEACTIVATED + 1,
    "TAXONOMY": TAXONOMIES[0],
    "LAST_TAXONOMY": TAXONOMIES[-1],
}


def blank(number: str, day: str = "05/01/2026") -> list[str]:
    """Return a deactivated number's row as the registry publishes it: all else is empty."""
    values = [""] * len(COLUMNS)
    values[NPI], values[DEACTIVATED] = number, day
    return values


def line(values: list[str], encoding: str = "utf-8", end: str = "\n") -> bytes:
    """Return a row as the file has it: every value in quotes, inner ones doubled."""
    quoted = ('"' + value.replace('"', '""') + '"' for value in values)
    return (",".join(quoted) + end).encode(encoding)


def write(path: Path, rows: list[list[str]], end: str = "\n") -> Path:
    """Write a small file of these rows under the real header."""
    header = line(list(COLUMNS), end=end)
    path.write_bytes(header + b"".join(line(values, end=end) for values in rows))
    return path


def generate(path: Path, count: int, seed: int = 7, nasty: float = 0.01) -> Path:
    """Write `count` rows; a share of `nasty` holds what trips up quick readers."""
    source = random.Random(seed)
    with path.open("wb") as file:
        file.write(line(list(COLUMNS)))
        for batch in _batches(source, count, nasty):
            file.write(batch)
    return path


def _batches(source: random.Random, count: int, nasty: float) -> Iterator[bytes]:
    for number in range(count):
        values = _invented(source, npi(number))
        encoding = "utf-8"
        if source.random() < nasty:
            encoding = _spoil(source, values)
        yield line(values, encoding)


def _invented(source: random.Random, number: str) -> list[str]:
    if source.random() < 0.02:
        return blank(number)
    person = source.random() < 0.75
    city, state, postal = source.choice(PLACES)
    values = row(
        number,
        ENTITY="1" if person else "2",
        ORGANIZATION="" if person else " ".join(source.choices(WORDS, k=4)),
        STREET=f"{source.randrange(1, 9999)} {source.choice(WORDS)} STREET, SUITE 4",
        CITY=city,
        STATE=state,
        POSTAL_CODE=postal,
        PHONE=f"602555{source.randrange(100, 200):04}",
        TAXONOMY=source.choice(KINDS),
    )
    for place in TAXONOMIES[1 : source.randrange(1, 4)]:
        values[place] = source.choice(KINDS)
        values[place + 1], values[place + 2] = f"X{source.randrange(10**6):06}", state[:2]
    if person:
        values[LAST_NAME], values[FIRST_NAME] = source.choices(WORDS, k=2)
    chance = source.random()
    if person and chance < 0.01:
        values[STREET_2] = "EXAMPLE KETAMINE SUITE"
    elif not person and chance < 0.2:
        _a_clinic(source, values)
    elif chance < 0.25:
        values[STREET] = "PO BOX 12"
    return values


def _a_clinic(source: random.Random, values: list[str]) -> None:
    first = source.choice(WORDS)
    match source.randrange(5):
        case 0:
            values[ORGANIZATION] = f"{first} KETAMINE CLINIC"
        case 1:
            values[source.choice(TAXONOMIES)] = "261QI0500X"
        case 2:
            values[ORGANIZATION], values[TAXONOMIES[0]] = f"{first} IV THERAPY", "261QP3300X"
        case 3:
            values[OTHER_ORGANIZATION], values[TAXONOMIES[1]] = f"{first} Infusions", "207L00000X"
        case _:
            values[ORGANIZATION], values[COUNTRY] = f"{first} KETAMINE", source.choice(("US", "CA"))


def _spoil(source: random.Random, values: list[str]) -> str:
    """Put into a row what is allowed and awkward; returns its encoding."""
    place = source.choice((ORGANIZATION, OTHER_ORGANIZATION, STREET, MAILING[0], 309))
    match source.choice(NASTY):
        case "separator":
            values[place] += ' A","261QI0500X","KETAMINE'
        case "newline":
            values[place] += '\n"' + '","'.join([npi(99999999), "2", *[""] * 328]) + '"\nINFUSION'
        case "quote":
            values[place] += ' "THE" INFUSION ""'
        case "latin":
            values[place] += " INFUSION JOSÉ"
            return "cp1252"
        case "utf8":
            values[place] += " KETAMINE JOSÉ 診療所"
        case "comma":
            values[place] = ","
        case "return":
            values[place] += "\r\nKETAMINE\rINFUSION"
        case "edges":
            values[place] = '"'
            values[-1] = ","
        case _:
            pass
    return "utf-8"
