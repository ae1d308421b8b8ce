"""The exclusion list (LEIE) as the Office of Inspector General publishes it: 18 columns.

Record layout: oig.hhs.gov/exclusions, "LEIE record layout". Values are padded with blanks and
cut at fixed widths; a missing date is 00000000 and a missing NPI 0000000000.
"""

import hashlib
import re
import sys
from dataclasses import dataclass, fields
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from directory.domain.imports import FileRefused
from directory.sources.import_source import Source
from directory.sources.tables import rows

WIDTHS: Final[dict[str, int]] = {
    "LASTNAME": 20,
    "FIRSTNAME": 15,
    "MIDNAME": 15,
    "BUSNAME": 30,
    "GENERAL": 20,
    "SPECIALTY": 20,
    "UPIN": 6,
    "NPI": 10,
    "DOB": 8,
    "ADDRESS": 30,
    "CITY": 20,
    "STATE": 2,
    "ZIP": 5,
    "EXCLTYPE": 9,
    "EXCLDATE": 8,
    "REINDATE": 8,
    "WAIVERDATE": 8,
    "WVRSTATE": 2,
}
COLUMNS: Final = tuple(WIDTHS)
MEMBER: Final = re.compile(r"\.csv$", re.IGNORECASE)
LONGEST_FIELD: Final = 2_000
NO_DATE: Final = "00000000"
NO_NPI: Final = "0000000000"
EARLIEST: Final = date(1850, 1, 1)
# An exclusion begins 20 days after its notice (42 CFR 1001.2002(b)), so the newest one in a list
# tells a day on which the list cannot have been older.
NOTICE_DAYS: Final = 20
FURTHEST_AHEAD: Final = timedelta(days=366)
_DAY_IN_NAME: Final = re.compile(r"(?<!\d)(\d{4})[-_.]?(\d{2})[-_.]?(\d{2})(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """One row of the list, unpadded: no date and no number is None. `digest` is its identity."""

    digest: str
    last_name: str
    first_name: str
    middle_name: str
    business_name: str
    general: str
    specialty: str
    upin: str
    npi: str | None
    born_on: date | None
    street: str
    city: str
    state: str
    postal_code: str
    exclusion_type: str
    excluded_on: date
    waived_on: date | None
    waiver_state: str

    def who(self) -> tuple[str | date | None, ...]:
        """Return what stays when other details of the same exclusion are corrected."""
        return (self.last_name, self.first_name, self.business_name, self.born_on, self.excluded_on)


ROW_FIELDS: Final = tuple(field.name for field in fields(ListRow))


@dataclass(frozen=True, slots=True)
class ListFile:
    """What a file holds: exclusions by digest, and reinstated rows with their day.

    `read` counts the file's rows; `newest` is the latest day of an exclusion or reinstatement.
    """

    excluded: dict[str, ListRow]
    reinstated: dict[str, tuple[ListRow, date]]
    read: int
    newest: date
    newest_excluded: date | None
    newest_reinstated: date | None


def read_list(source: Source, *, today: date, supplement: bool, whole: bool = True) -> ListFile:
    """Read a list, or a supplement, which may hold reinstated rows.

    `whole` refuses a file whose last line has no end, as one has that was cut off. Raises
    FileRefused, which names the line and the column, at the first thing that is not the layout.
    """
    excluded: dict[str, ListRow] = {}
    reinstated: dict[str, tuple[ListRow, date]] = {}
    read = 0
    for line, values in rows(source, COLUMNS, longest_field=LONGEST_FIELD, ended=whole):
        read += 1
        row, back_on = _row(line, values, today)
        if back_on is None:
            excluded[row.digest] = row
        elif supplement:
            reinstated[row.digest] = (row, back_on)
        else:
            raise FileRefused(
                "this row is a reinstatement, and the full list holds none: "
                "import a monthly file with --supplement",
                line=line,
                column="REINDATE",
            )
    if not read:
        raise FileRefused("the file has column names and no rows")
    newest_excluded = max((row.excluded_on for row in excluded.values()), default=None)
    newest_reinstated = max((day for _, day in reinstated.values()), default=None)
    newest = max(day for day in (newest_excluded, newest_reinstated) if day is not None)
    return ListFile(excluded, reinstated, read, newest, newest_excluded, newest_reinstated)


def _row(line: int, values: list[str], today: date) -> tuple[ListRow, date | None]:
    """Return a row and the day of its reinstatement."""
    text: dict[str, str] = {}
    for (column, width), value in zip(WIDTHS.items(), values, strict=True):
        bare = value.strip() if value[:1].isspace() or value[-1:].isspace() else value
        if len(bare) > width:
            raise FileRefused(
                f"{len(bare)} characters where the layout has {width}", line=line, column=column
            )
        if not bare.isprintable():
            raise FileRefused("a character that cannot be printed", line=line, column=column)
        text[column] = bare
    _refuse_nobody(line, text)
    latest = today + FURTHEST_AHEAD
    born_on = _day(line, "DOB", text, today)
    excluded_on = _day(line, "EXCLDATE", text, latest)
    back_on = _day(line, "REINDATE", text, latest)
    waived_on = _day(line, "WAIVERDATE", text, latest)
    if excluded_on is None:
        raise FileRefused("a row without the day of its exclusion", line=line, column="EXCLDATE")
    if text["NPI"] and not (len(text["NPI"]) == 10 and _digits(text["NPI"])):
        raise FileRefused("an NPI has ten digits", line=line, column="NPI")
    text["REINDATE"] = ""  # a row on record has none; its identity is the same without
    for column in ("DOB", "WAIVERDATE"):
        text[column] = "" if text[column] == NO_DATE else text[column]
    npi = None if text["NPI"] in ("", NO_NPI) else text["NPI"]
    text["NPI"] = npi or ""
    row = ListRow(
        digest=hashlib.sha256("\x1f".join(text.values()).encode()).hexdigest(),
        # The same words come again and again: kept once, a full list takes half the memory.
        last_name=sys.intern(text["LASTNAME"]),
        first_name=sys.intern(text["FIRSTNAME"]),
        middle_name=sys.intern(text["MIDNAME"]),
        business_name=text["BUSNAME"],
        general=sys.intern(text["GENERAL"]),
        specialty=sys.intern(text["SPECIALTY"]),
        upin=text["UPIN"],
        npi=npi,
        born_on=born_on,
        street=text["ADDRESS"],
        city=sys.intern(text["CITY"]),
        state=sys.intern(text["STATE"]),
        postal_code=sys.intern(text["ZIP"]),
        exclusion_type=sys.intern(text["EXCLTYPE"]),
        excluded_on=excluded_on,
        waived_on=waived_on,
        waiver_state=text["WVRSTATE"],
    )
    return row, back_on


def _refuse_nobody(line: int, text: dict[str, str]) -> None:
    if text["LASTNAME"] or text["BUSNAME"]:
        return
    if text["FIRSTNAME"]:
        raise FileRefused("a first name without a last name", line=line, column="LASTNAME")
    raise FileRefused("a row with neither a person nor a business", line=line, column="LASTNAME")


def _day(line: int, column: str, text: dict[str, str], latest: date) -> date | None:
    value = text[column]
    if value in ("", NO_DATE):
        return None
    day = _calendar_day(value)
    if day is not None and EARLIEST <= day <= latest:
        return day
    raise FileRefused(
        f"not a possible day: a date is written YYYYMMDD, or {NO_DATE} for none",
        line=line,
        column=column,
    )


@lru_cache(maxsize=16_384)
def _calendar_day(value: str) -> date | None:
    """Return the day that eight digits name, the same object each time."""
    if len(value) != 8 or not _digits(value):
        return None
    try:
        return date(int(value[:4]), int(value[4:6]), int(value[6:]))
    except ValueError:
        return None


def _digits(value: str) -> bool:
    return value.isascii() and value.isdigit()


@dataclass(frozen=True, slots=True)
class ListDay:
    """The day a file speaks of, and why that day was taken, in words."""

    day: date
    why: str


def day_of(file: ListFile, name: str, today: date) -> ListDay:
    """Return the day a file certainly was up to date: rather too early than too late.

    A day in the file's name counts; never a day after the newest one in the file or after today.
    Without a name it is 20 days before the newest exclusion, since a notice goes out that long
    before, or the newest reinstatement.
    """
    ceiling = min(file.newest, today)
    found = _day_in_name(name)
    if found is not None and found <= today:
        if found <= ceiling:
            return ListDay(found, "the day in the file's name")
        return ListDay(ceiling, "the newest day in the file: the name's is later than all of them")
    days = [
        (file.newest_excluded - timedelta(days=NOTICE_DAYS), "20 days before the newest exclusion")
        if file.newest_excluded
        else None,
        (file.newest_reinstated, "the newest reinstatement") if file.newest_reinstated else None,
    ]
    day, why = max((found for found in days if found is not None), key=lambda found: found[0])
    return ListDay(day, why) if day <= today else ListDay(today, "today")


def _day_in_name(name: str) -> date | None:
    match = _DAY_IN_NAME.search(name)
    if match is None:
        return None
    try:
        return date(*map(int, match.groups()))
    except ValueError:
        return None
