"""Workbooks that no import may take: what is wrong with each, and what must be said.

`cases` yields them, in the form of `malformed_files`.
"""

import io
from collections.abc import Iterator
from datetime import date

from openpyxl import Workbook

from directory.domain.nppes_layout import DEACTIVATED_COLUMNS
from tests.support import workbook_file
from tests.support.malformed_files import Case, Sheet, fault, good
from tests.support.workbook_file import NAME, TITLE, book, changed, parts, zipped

NPI, DAY = DEACTIVATED_COLUMNS
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;">]>'
)


def cases() -> Iterator[Case]:
    """Yield every bad workbook."""
    for sheet in good():
        if sheet.kind == "deactivated":
            yield from _rows(sheet)
            yield from _layouts(sheet)
            yield from _books(sheet)
        elif sheet.kind != "nppes":
            whole = book([sheet.columns, *sheet.rows])
            yield _case(sheet, "the very rows", whole, "workbook")
            yield _case(sheet, "in a ZIP", zipped((NAME, whole)), "ZIP", file="packed.zip")


def _case(
    sheet: Sheet,
    name: str,
    data: bytes,
    says: str,
    line: int | None = None,
    column: str | None = None,
    *,
    file: str = NAME,
) -> Case:
    return fault(sheet, f"workbook, {name}", data, says, line, column, file=file)


def _with(sheet: Sheet, *row: object) -> bytes:
    """Return the list with this row as the second below title and header: row 4."""
    return book([[TITLE], sheet.columns, sheet.rows[0], row, *sheet.rows[2:]])


def _rows(sheet: Sheet) -> Iterator[Case]:
    npi, day = sheet.rows[1]
    for name, value in (
        ("a short NPI", "200000"), ("an NPI of letters", "20000ABCDE"),
        ("an NPI of nine digits", 200000001), ("an NPI with a fraction", 2000000010.5),
        ("a number without an end", 1e300), ("no NPI", None), ("a truth for an NPI", True),
        ("a day for an NPI", date(2026, 5, 1)), ("a formula that was never counted", "=A3+1"),
    ):  # fmt: skip
        yield _case(sheet, name, _with(sheet, value, day), "ten digits", 4, NPI)
    for name, value in (
        ("no day of a calendar", "02/31/2026"), ("no day", None), ("a bare number", 46143),
        ("words for a day", "soon"), ("a formula for a day", '=HYPERLINK("http://example.org")'),
    ):  # fmt: skip
        yield _case(sheet, name, _with(sheet, npi, value), "day", 4, DAY)
    ahead = changed(_with(sheet, npi, date(2026, 5, 1)), lambda text: text.replace("46143", "1e12"))
    yield _case(sheet, "a day past all calendars", ahead, "day", 4, DAY)
    yield _case(sheet, "a value too many", _with(sheet, npi, day, "x"), "3 values", 4, "3")
    packed = zipped((NAME, _with(sheet, "200000", day)))
    yield _case(sheet, "in a ZIP, a short NPI", packed, "ten digits", 4, NPI, file="list.zip")
    far = changed(book([sheet.columns, *sheet.rows]), lambda text: text.replace(
        '<row r="3"', '<row r="3000000"').replace('r="A3"', 'r="A3000000"').replace(
        'r="B3"', 'r="B3000000"'))  # fmt: skip
    yield _case(sheet, "a row far below", far, "1,048,576 rows")


def _layouts(sheet: Sheet) -> Iterator[Case]:
    rows = sheet.rows
    yield _case(sheet, "no rows", book([]), "names its columns")
    yield _case(sheet, "title alone", book([[TITLE]]), "names its columns")
    yield _case(sheet, "no header", book(rows), "must name the columns", 1, NPI)
    yield _case(sheet, "title and no header", book([[TITLE], *rows]), "must name", 2, NPI)
    yield _case(sheet, "two titles", book([[TITLE], [TITLE], sheet.columns, *rows]), "must", 2, NPI)
    yield _case(sheet, "a column missing", book([[TITLE], [NPI], [rows[0][0]]]), "missing", 2, DAY)
    yield _case(sheet, "columns swapped", book([[DAY, NPI], rows[0][::-1]]), "order", 1, DAY)
    more = book([[*sheet.columns, "More"], *rows])
    yield _case(sheet, "a column more", more, "not part", 1, "More")
    apart = book([[NPI, None, DAY], *((npi, None, day) for npi, day in rows)])
    yield _case(sheet, "a column without a name", apart, "no name", 1, "2")
    twice = book([[*sheet.columns, NPI], *rows])
    yield _case(sheet, "a column twice", twice, "two columns", 1, NPI)
    second = book([["Notes", "of nobody"]], [sheet.columns, *rows])
    yield _case(sheet, "the list on the second sheet", second, "must name the columns", 1, NPI)


def _books(sheet: Sheet) -> Iterator[Case]:
    whole = book([[TITLE], sheet.columns, *sheet.rows])
    made = parts(whole)
    unreadable = "no workbook (xlsx) that can be read"
    for name, less in (("sheet", workbook_file.SHEET), ("book", "xl/workbook.xml")):
        without = {part: data for part, data in made.items() if part != less}
        yield _case(sheet, f"without its {name}", zipped(*without.items()), "workbook")
    other = zipped(("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<document/>"))
    yield _case(sheet, "a letter", other, unreadable)
    yield _case(sheet, "no XML", changed(whole, lambda text: text[:900] + "<<"), unreadable)
    laughs = changed(whole, lambda text: LAUGHS + text.replace(TITLE, "&c;"))
    yield _case(sheet, "entities", laughs, unreadable)
    outside = '<!DOCTYPE x [<!ENTITY c SYSTEM "file:///etc/hostname">]>'
    read = changed(whole, lambda text: outside + text.replace(TITLE, "&c;"))
    yield _case(sheet, "an entity from outside", read, unreadable)
    lost = changed(workbook_file.shared(whole), lambda text: text.replace("<v>3<", "<v>999<"))
    yield _case(sheet, "a text that is not there", lost, unreadable)
    odd = changed(whole, lambda text: text.replace('r="A3"', 'r="?"'))
    yield _case(sheet, "a cell of no place", odd, unreadable)
    bomb = zipped(*made.items(), ("xl/media/image1.png", bytes(40_000_000)))
    yield _case(sheet, "a bomb beside the sheet", bomb, "would unpack to 40,000,000 bytes")
    bomb = changed(whole, lambda text: text + " " * 40_000_000)
    yield _case(sheet, "a bomb of a sheet", bomb, "would unpack to")
    packed = zipped((NAME, bomb))
    yield _case(sheet, "a bomb in a ZIP", packed, "would unpack to", file="list.zip")
    many = zipped(*made.items(), *((f"xl/more{n}.xml", b"<x/>") for n in range(200)))
    yield _case(sheet, "of very many parts", many, "parts")
    yield _case(sheet, "cut off", whole[: len(whole) * 2 // 3], "damaged")
    cut = zipped((NAME, whole[: len(whole) * 2 // 3]))
    yield _case(sheet, "cut off in a ZIP", cut, unreadable, file="list.zip")
    yield _case(sheet, "text called one", zipped((NAME, b"x,y\n")), unreadable, file="list.zip")
    two = zipped((NAME, whole), (f"older/{NAME}", whole))
    yield _case(sheet, "two in a ZIP", two, "could be meant", file="list.zip")
    yield Case(f"{sheet.kind}: workbook, on standard input", sheet, lambda _: "-",
               "name the file itself", stdin=whole)  # fmt: skip
    charts = Workbook()
    charts.create_chartsheet()
    charts.remove(charts.worksheets[0])
    yield _case(sheet, "of charts", _saved(charts), "workbook")


def _saved(made: Workbook) -> bytes:
    out = io.BytesIO()
    made.save(out)
    made.close()
    return out.getvalue()
