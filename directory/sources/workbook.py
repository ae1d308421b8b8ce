"""Read the rows of a workbook's first sheet as text; what is wrong is named by line and column.

A workbook (xlsx) is a ZIP of XML that comes from outside: how much it unpacks to is looked at
before any of it is parsed, no macro and no formula runs, and openpyxl passes its XML through
defusedxml. Of each row passed, openpyxl keeps an empty element; a text that cells share, once.
"""

import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import islice
from typing import IO, TYPE_CHECKING, Final, cast

from directory.domain.imports import FileRefused
from directory.sources import tables
from directory.sources.import_source import BUFFER, Source, refuse_member

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

MOST_ROWS: Final = 1 << 20
"""The rows that a sheet can have in any program."""
MOST_UNPACKED: Final = 500 * 1000**2
"""All parts together, in bytes: the list of 300,000 numbers has 40 million."""
MOST_PARTS: Final = 200

_COLUMNS: Final = 26
_TOGETHER: Final = 1000
_UNREADABLE: Final = (
    "this is no workbook (xlsx) that can be read: fetch it again, or save its first sheet as CSV "
    "(UTF-8) and import that file"
)


def rows(source: Source, header: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield each row's number, counted from 1, and its values, below a header that is `header`.

    A first row with one value that is no column's name is a title and passed over; so are empty
    rows. A day is written as ISO 8601 does, a whole number in digits. Raises FileRefused at the
    first thing that is wrong. `source` must be a `book`; all its bytes are read.
    """
    named = titled = False
    with _first_sheet(source) as sheet:
        for at, values in _filled(sheet):
            if named:
                if len(values) > len(header):
                    tables.refuse_width(at, values, header)
                yield at, values + [""] * (len(header) - len(values))
            elif (
                not titled
                and len([text for text in values if text]) == 1
                and (not set(values) & set(header))
            ):
                titled = True
            else:
                tables.refuse_layout(at, values, header)
                named = True
    if not named:
        raise FileRefused("the first sheet has no line that names its columns")


@contextmanager
def _first_sheet(source: Source) -> Iterator["Worksheet"]:
    # Only here: it takes its time and memory, and no other command needs it.
    from openpyxl import load_workbook

    book = source.book
    if book is None:
        raise FileRefused(_UNREADABLE)
    while source.stream.read(BUFFER):
        pass  # so that its fingerprint is that of the whole file
    book.seek(0)
    _refuse_bombs(book, source.size or 0)
    book.seek(0)
    try:
        with warnings.catch_warnings(action="ignore"):
            loaded = load_workbook(book, read_only=True, data_only=True, keep_links=False)
    except Exception:  # whatever a spoiled file brings about: its parts refer to each other
        raise FileRefused(_UNREADABLE) from None
    try:
        if not loaded.worksheets:
            raise FileRefused("this workbook has no sheet with rows")
        # Read-only sheets have the same method; their published types do not say so.
        yield cast("Worksheet", loaded.worksheets[0])
    finally:
        loaded.close()


def _refuse_bombs(book: IO[bytes], size: int) -> None:
    """Refuse a workbook for what its list of parts says, before a part is unpacked."""
    try:
        with zipfile.ZipFile(book) as archive:
            parts = [info for info in archive.infolist() if info.file_size]
    except Exception:
        raise FileRefused(_UNREADABLE) from None
    for part in parts:
        refuse_member(part, size)
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MOST_UNPACKED:
        raise FileRefused(f"this workbook would unpack to {unpacked:,} bytes: that is no table")
    if len(parts) > MOST_PARTS:
        raise FileRefused(f"this workbook has {len(parts):,} parts: that is no table")


def _filled(sheet: "Worksheet") -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that have values, without the empty cells at their end."""
    # What the file says of its own size is not believed.
    found = sheet.iter_rows(max_row=MOST_ROWS + 1, max_col=_COLUMNS, values_only=True)
    at = 0
    while True:
        try:
            with warnings.catch_warnings(action="ignore"):
                several = list(islice(found, _TOGETHER))
        except Exception:  # as above: broken XML, a cell that refers to nothing, a wrong checksum
            raise FileRefused(_UNREADABLE) from None
        if not several:
            return
        for cells in several:
            at += 1
            if at > MOST_ROWS:
                raise FileRefused(f"a sheet has {MOST_ROWS:,} rows at the most", line=at)
            if cells.count(None) == len(cells):
                continue
            values = [_text(cell) for cell in cells]
            while values and not values[-1]:
                values.pop()
            if values:
                yield at, values


def _text(cell: object) -> str:
    """Return what a cell says, as a CSV of it would."""
    if cell is None:
        return ""
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
