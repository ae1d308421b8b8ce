"""Exclusion lists of invented people and businesses, in the published layout of 18 columns.

Names are made of syllables, with the spread of real ones: a few are common, most are rare. All
of it comes out of a seed; nobody in it exists.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

from directory.domain.credentials import luhn_sum
from directory.sources.leie import COLUMNS

Row = dict[str, str]

STATES = ("TX", "CA", "FL", "NY", "OH", "OR", "WA", "IL", "GA", "PA", "AZ", "MI")
PLACES = (
    ("PORTLAND", "OR", "97214"),
    ("AUSTIN", "TX", "78701"),
    ("MIAMI", "FL", "33101"),
    ("ST LOUIS", "MO", "63101"),
    ("COLUMBUS", "OH", "43004"),
    ("SEATTLE", "WA", "98101"),
    ("CHICAGO", "IL", "60601"),
    ("ATLANTA", "GA", "30301"),
    ("PHOENIX", "AZ", "85001"),
    ("RANCHO SANTA MARGARI", "CA", "92688"),
)
TYPES = ("1128a1", "1128a3", "1128b4", "1128b5", "1128a1   ")


def _words(text: str) -> list[str]:
    return text.split()


_STARTS = _words("b br c ch d dr f fl g gr h j k kr l m n p pr qu r s sch sh st t th tr v w y z")
_MIDDLES = _words("a e i o u ai ea ee ie oo ou")
_ENDS = ["", *_words("ck d ff l ll ld lt m n nd ng nn nt r rd rk rt s ss t tt x z")]
_LAST_TAILS = ("son", "man", "berg", "ley", "ton", "ez", "ski", "ova", "", "", "", "")
BUSINESS_WORDS = _words("HEALTH CARE PHARMACY MEDICAL SUPPLY HOME CLINIC SERVICES GROUP THERAPY")
BUSINESS_ENDS = ("LLC", "INC", "PLLC", "CORP", "")


def _syllable(random: Random) -> str:
    return random.choice(_STARTS) + random.choice(_MIDDLES) + random.choice(_ENDS)


@dataclass
class Names:
    """Invented last and first names, drawn with the spread of real ones."""

    lasts: list[str]
    firsts: list[str]
    last_weights: list[float]
    first_weights: list[float]

    @classmethod
    def seeded(cls, seed: int, lasts: int = 30_000, firsts: int = 3_000) -> "Names":
        """Make the names; the n-th last name is drawn in proportion to 1/(n + 60)."""
        random = Random(seed)
        some_lasts: dict[str, None] = {}
        while len(some_lasts) < lasts:
            word = "".join(_syllable(random) for _ in range(random.choice((1, 1, 2))))
            some_lasts[(word + random.choice(_LAST_TAILS)).upper()[:16]] = None
        some_firsts: dict[str, None] = {}
        while len(some_firsts) < firsts:
            word = _syllable(random) + random.choice(("a", "e", "y", "", "ie", _syllable(random)))
            some_firsts[word.upper()[:11]] = None
        return cls(
            list(some_lasts),
            list(some_firsts),
            [1 / (place + 60) for place in range(lasts)],
            [1 / (place + 30) for place in range(firsts)],
        )

    def people(self, random: Random, count: int) -> list[tuple[str, str]]:
        """Return last and first names of `count` people."""
        lasts = random.choices(self.lasts, self.last_weights, k=count)
        firsts = random.choices(self.firsts, self.first_weights, k=count)
        return list(zip(lasts, firsts, strict=True))


def npi(number: int) -> str:
    """Return an NPI that begins with 2, as none that was issued does, with its check digit."""
    nine = f"2{number % 100_000_000:08d}"
    return nine + str(-luhn_sum("80840" + nine + "0") % 10)


def person(last: str, first: str, **values: str) -> Row:
    """Return a row about a person, as the file writes it."""
    return _row(LASTNAME=last, FIRSTNAME=first, **({"DOB": "19700101"} | values))


def business(name: str, **values: str) -> Row:
    """Return a row about a business."""
    return _row(BUSNAME=name, **values)


def _row(**values: str) -> Row:
    start = dict.fromkeys(COLUMNS, "") | {
        "GENERAL": "IND- LIC HC SERV PRO",
        "SPECIALTY": "NURSE/NURSES AIDE",
        "NPI": "0000000000",
        "ADDRESS": "1 EXAMPLE STREET",
        "CITY": "PORTLAND",
        "STATE": "OR",
        "ZIP": "97214",
        "EXCLTYPE": "1128b4",
        "EXCLDATE": "20190620",
        "REINDATE": "00000000",
        "WAIVERDATE": "00000000",
    }
    return start | values


def invented_rows(seed: int, count: int, names: Names | None = None) -> list[Row]:
    """Return rows with the traits of the real list: most without NPI, middle names padded.

    Their NPIs are none of the demonstration's, which count from 2000000010.
    """
    random = Random(seed)
    names = names or Names.seeded(seed, lasts=max(200, count // 3), firsts=max(100, count // 30))
    rows = []
    for number, (last, first) in enumerate(names.people(random, count)):
        city, state, postal_code = random.choice(PLACES)
        day = date(1998, 1, 20) + timedelta(days=random.randrange(9_000))
        common = {
            "ADDRESS": f"{random.randrange(1, 9999)} EXAMPLE AVENUE",
            "CITY": city,
            "STATE": state,
            "ZIP": postal_code,
            "EXCLTYPE": random.choice(TYPES),
            "EXCLDATE": f"{day:%Y%m%d}",
            "NPI": npi(40_000_000 + number) if random.random() < 0.18 else "0000000000",
        }
        if random.random() < 0.04:
            words = [last, *random.sample(BUSINESS_WORDS, 2), random.choice(BUSINESS_ENDS)]
            rows.append(business(" ".join(words).strip()[:30], **common))
            continue
        born = date(1930, 1, 1) + timedelta(days=random.randrange(22_000))
        middle = random.choice(("", f"{random.choice(names.firsts)[:15]:<15}"))
        rows.append(person(last, first, MIDNAME=middle, DOB=f"{born:%Y%m%d}", **common))
    return rows


def as_bytes(rows: Iterable[Row], columns: Sequence[str] = COLUMNS) -> bytes:
    """Return a file as published: every value quoted, lines ended by a newline."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([row[column] for column in columns] for row in rows)
    return out.getvalue().encode()


def write(path: Path, rows: Iterable[Row], columns: Sequence[str] = COLUMNS) -> Path:
    """Write a file as published and return its path."""
    path.write_bytes(as_bytes(rows, columns))
    return path


def typo(random: Random, word: str) -> str:
    """Return the word with one mistake: a letter missing, added, replaced, or two swapped."""
    letter = random.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    place = random.randrange(len(word))
    kind = random.randrange(4)
    if kind == 0 and len(word) > 2:
        return word[:place] + word[place + 1 :]
    if kind == 1:
        return word[:place] + letter + word[place:]
    if kind == 2 and place + 1 < len(word):
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return word[:place] + letter + word[place + 1 :]
