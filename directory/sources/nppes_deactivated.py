"""Read the monthly list of deactivated numbers: the workbook it comes in, or a CSV of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

from directory.domain.imports import FileRefused
from directory.domain.nppes import day_of
from directory.domain.nppes_layout import DEACTIVATED_COLUMNS, MEMBER
from directory.sources import tables, workbook
from directory.sources.import_source import Source
from directory.sources.nppes import Tally

_TITLE = b"Deactivated NPI Report"


@contextmanager
def open_registry(file: str) -> Iterator[Source]:
    """Open the main file or the list, alone or in its ZIP; the list may be a workbook."""
    with tables.open_source(file, member=MEMBER, books=True) as source:
        yield source


def is_deactivation_list(source: Source) -> bool:
    """Say whether a file is the list and not the main file, by its first line; a workbook is."""
    if source.book is not None:
        return True
    start = source.start(400).removeprefix(b"\xef\xbb\xbf")
    return _has_title(start) or DEACTIVATED_COLUMNS[1].encode() in start.partition(b"\n")[0]


def deactivated(source: Source, watched: frozenset[str], tally: Tally) -> dict[str, date]:
    """Return the day of deactivation of each `watched` number in the list.

    Raises FileRefused at the first row that is none. Counts rows in `tally`.
    """
    if source.book is not None:
        return _days(workbook.rows(source, DEACTIVATED_COLUMNS), watched, tally)
    above = _has_title(source.start(400).removeprefix(b"\xef\xbb\xbf"))
    if above:
        source.stream.readline(1000)
    try:
        return _days(tables.rows(source, DEACTIVATED_COLUMNS, bom=True), watched, tally)
    except FileRefused as refused:
        if not above or refused.line is None:
            raise
        raise FileRefused(refused.why, line=refused.line + 1, column=refused.column) from None


def _days(
    rows: Iterator[tuple[int, list[str]]], watched: frozenset[str], tally: Tally
) -> dict[str, date]:
    found: dict[str, date] = {}
    for at, (npi, text) in rows:
        tally.read += 1
        day = _day(text)
        if not (len(npi) == 10 and npi.isascii() and npi.isdecimal()):
            raise FileRefused("an NPI has ten digits", line=at, column=DEACTIVATED_COLUMNS[0])
        if day is None:
            raise FileRefused(
                "a day is written like 12/31/2026", line=at, column=DEACTIVATED_COLUMNS[1]
            )
        if npi in watched:
            tally.kept += npi not in found
            found[npi] = day
    return found


def _has_title(start: bytes) -> bool:
    return _TITLE in start.partition(b"\n")[0]


def _day(text: str) -> date | None:
    """Return a day as the list or a spreadsheet writes it."""
    found = day_of(text)
    if found is None:
        try:
            found = datetime.fromisoformat(text.strip()).date()
        except ValueError:
            return None
    return found
