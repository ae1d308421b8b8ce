"""Good files of clinics and of a board's licenses; every name in them is invented."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence

from directory.domain.clinic_table import NAMES

PLACES = (
    ("Phoenix", "AZ", "85004"),
    ("Austin", "TX", "78701"),
    ("Boston", "MA", "02134"),
    ("Portland", "OR", "97214"),
    ("San Juan", "PR", "00901"),
)
HOSTILE = (
    '=HYPERLINK("https://example.org","x")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "'quoted",
    "''twice",
    "'=1",
    '"',
    'a "b" c',
    "a;b",
    "a\tb",
    "Ünïcode Clínica",
    "クリニック",
    "عيادة",
    "＝1",
    "x" * 190,
    "a,b",
    "1e5",
    "00123",
    "TRUE",
    "2026-01-02",
)
"""Texts that a spreadsheet, or a careless reader, changes or runs."""


def clinic_row(number: int, **changes: str) -> dict[str, str]:
    """Return one good row of an invented clinic; the same number makes the same row."""
    city, state, postal_code = PLACES[number % len(PLACES)]
    row = dict.fromkeys(NAMES, "") | {
        "name": f"Example Infusion {number}",
        "street": f"{100 + number} Example Avenue",
        "city": city,
        "state": state,
        "postal_code": postal_code,
        "phone": f"602-555-01{number % 100:02}",
        "accepting_new_patients": ("yes", "no", "")[number % 3],
        "hours": "Monday-Friday 08:30-17:00; Saturday 09:00-12:00",
        "languages": "en, es",
        "services": "iv for depression, $450, 45 min; im for ptsd",
    }
    return row | changes


def clinics_csv(
    rows: Iterable[Mapping[str, str]], columns: Sequence[str] | None = None, **form: object
) -> str:
    """Return a file of clinics as CSV; `form` goes to the csv writer."""
    rows = list(rows)
    columns = columns or list(dict.fromkeys(name for row in rows for name in row))
    return written([columns, *([row.get(name, "") for name in columns] for row in rows)], **form)


def good_clinics(count: int, start: int = 1) -> str:
    """Return a good file of `count` invented clinics."""
    return clinics_csv(clinic_row(start + n) for n in range(count))


LICENSE_HEADER = ("License Number", "Last Name", "First Name", "Status", "Expiration Date", "State")


def license_rows(count: int, state: str = "TX") -> Iterator[tuple[str, ...]]:
    """Yield good rows of a board's file, none of them of anybody on record."""
    for n in range(count):
        yield (f"Z{10_000 + n}", f"Invented{n}", "Sam", "Active", "10/31/2027", state)


def good_licenses(count: int, *rows: Sequence[str]) -> str:
    """Return a good file of licenses: `count` of strangers, and the rows given."""
    return written([LICENSE_HEADER, *license_rows(count), *rows])


def written(rows: Iterable[Sequence[str]], **form: object) -> str:
    """Return rows as CSV."""
    text = io.StringIO()
    csv.writer(text, **form).writerows(rows)  # type: ignore[arg-type]
    return text.getvalue()
