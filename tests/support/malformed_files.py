"""Files that no import may take, made by code: what is wrong with each, and what must be said.

`cases` yields them; each is a good file of its kind with one thing spoiled. `good` yields the
good files themselves, for the control.
"""

import csv
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from directory.domain.clinic_table import NAMES, NEEDED
from directory.domain.nppes import ENTITY, NPI
from directory.domain.nppes_layout import COLUMNS as REGISTRY
from directory.domain.nppes_layout import DEACTIVATED_COLUMNS
from directory.sources.leie import COLUMNS as LISTED
from tests.support import clinics_file, leie_file, nppes_file, stock

WIDE = 2_000_000
LONG = 30_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """A good file: its command, its name, its columns and three rows at least."""

    kind: str
    words: tuple[str, ...]
    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    spot: str
    """The column that is spoiled when any will do."""
    registry: bool = True
    """Whether it comes from a machine, in one layout; else people make it."""
    quoted: bool = True

    def data(self, **form: object) -> bytes:
        """Return the file."""
        quoting = csv.QUOTE_ALL if self.quoted else csv.QUOTE_MINIMAL
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n", **({"quoting": quoting} | form))
        writer.writerows([self.columns, *self.rows] if self.columns else self.rows)
        return out.getvalue().encode()

    def with_value(self, column: str, value: str, row: int = 1) -> "Sheet":
        """Return the sheet with one value changed; rows count from 0."""
        place = self.columns.index(column)
        rows = [list(values) for values in self.rows]
        rows[row][place] = value
        return replace(self, rows=tuple(map(tuple, rows)))

    def ordered(self, places: Sequence[int]) -> "Sheet":
        """Return the sheet with these of its columns, in this order."""
        return replace(
            self,
            columns=tuple(self.columns[place] for place in places),
            rows=tuple(tuple(values[place] for place in places) for values in self.rows),
        )


@dataclass(frozen=True, slots=True)
class Case:
    """A bad file: `make` puts it into a folder and returns what to type for it.

    The message has `says` in it, names `line` and `column` where they are given, and is the only
    one; a case of one `row` may say beside it that nothing was changed.
    """

    name: str
    sheet: Sheet
    make: Callable[[Path], str]
    says: str
    line: int | None = None
    column: str | None = None
    row: bool = False
    stdin: bytes | None = None

    def command(self, folder: Path) -> list[str]:
        """Make the file and return the words of the command."""
        first, *rest = self.sheet.words
        return ["import", first, self.make(folder), *rest]


def good() -> list[Sheet]:
    """Return a good file of every kind that changes something in a stocked directory."""
    registry = [nppes_file.row(nppes_file.npi(n)) for n in range(1, 71)]
    month = [row | {"EXCLDATE": "20260515"} for row in leie_file.invented_rows(21, 12)]
    listed = tuple(tuple(row[name] for name in LISTED) for row in [*stock.LIST, *month])
    gone = [(nppes_file.npi(n), "05/01/2026") for n in range(1, 4)]
    clinics = [clinics_file.clinic_row(n, phone="602-555-0198") for n in range(1, 5)]
    edited = tuple(tuple(row[name] for name in NAMES) for row in clinics)
    board = ("licences", "--board", stock.BOARD)
    papers = [("M1001", "Example", "Pat1", "Active", "03/31/2029", "TX")]
    papers += clinics_file.license_rows(3)
    header = clinics_file.LICENSE_HEADER
    return [
        Sheet("nppes", ("nppes",), nppes_file.MONTH, REGISTRY, tuple(map(tuple, registry)),
              "Provider First Line Business Practice Location Address"),
        Sheet("deactivated", ("nppes",), "deactivated.csv", DEACTIVATED_COLUMNS, tuple(gone),
              "NPPES Deactivation Date"),
        Sheet("leie", ("leie", "--date", "2026-06-01"), "UPDATED.csv", LISTED, listed, "CITY"),
        Sheet("supplement", ("leie", "--supplement"), "2605EXCL.csv", LISTED, listed[-12:], "CITY"),
        Sheet("clinics", ("clinics",), "clinics.csv", NAMES, edited, "city", registry=False,
              quoted=False),
        Sheet("licences", board, "board.csv", header, tuple(papers), "Last Name", registry=False,
              quoted=False),
    ]  # fmt: skip


def cases() -> Iterator[Case]:
    """Yield every bad file, each kind of spoiling for each import it can happen to."""
    for sheet in good():
        yield from _encodings(sheet)
        yield from _layouts(sheet)
        yield from _rows(sheet)
        yield from _other_files(sheet)
        yield from _zips(sheet)
        yield from _places(sheet)
    sheets = {sheet.kind: sheet for sheet in good()}
    yield from _lists(sheets["leie"], sheets["supplement"])
    yield from _registry(sheets["nppes"], sheets["deactivated"])
    yield from _clinics(sheets["clinics"])
    yield from _licences(sheets["licences"])


def fault(
    sheet: Sheet,
    name: str,
    data: bytes,
    says: str,
    line: int | None = None,
    column: str | None = None,
    *,
    file: str | None = None,
    row: bool = False,
) -> Case:
    """Return a case of a file with these bytes, named `file` or as the sheet is."""

    def make(folder: Path) -> str:
        path = folder / (file or sheet.name)
        path.write_bytes(data)
        return str(path)

    return Case(f"{sheet.kind}: {name}", sheet, make, says, line, column, row)


def _encodings(sheet: Sheet) -> Iterator[Case]:
    text = sheet.data().decode()
    yield fault(sheet, "UTF-16", text.encode("utf-16"), "UTF-16", 1)
    yield fault(sheet, "UTF-16 without a mark", text.encode("utf-16-le"), "UTF-16", 1)
    yield fault(sheet, "UTF-32", text.encode("utf-32"), "UTF-", 1)
    spoiled = sheet.with_value(sheet.spot, "Cañon").data().decode().encode("latin-1")
    if sheet.kind != "nppes":  # its published files mix encodings, so it takes both
        column = None if sheet.kind == "deactivated" else sheet.spot
        yield fault(sheet, "Latin-1", spoiled, "0xF1", 3, column)
    if sheet.registry and sheet.kind != "deactivated":
        marked = b"\xef\xbb\xbf" + sheet.data()
        yield fault(sheet, "byte-order mark", marked, "byte-order mark", 1)
    nul = sheet.with_value(sheet.spot, "x\0y").data()
    yield fault(sheet, "NUL", nul, "NUL", 3, sheet.spot)


def _layouts(sheet: Sheet) -> Iterator[Case]:
    places = range(len(sheet.columns))
    for words, sign in (("semicolons", ";"), ("tabs", "\t"), ("bars", "|")):
        yield fault(sheet, words, sheet.data(delimiter=sign), words, 1)
    first = sheet.columns[0]
    twice = sheet.ordered([*places, 0])
    yield fault(sheet, "a column twice", twice.data(), "column", 1, first)
    unnamed = replace(sheet, columns=("", *sheet.columns[1:]))
    yield fault(sheet, "a column without a name", unnamed.data(), "no name", 1, "1")
    headless = replace(sheet, columns=())
    yield fault(sheet, "no header", headless.data(), "column", 1)
    bare = replace(sheet, rows=())
    if sheet.kind != "deactivated":
        yield fault(sheet, "header alone", bare.data(), "")
    yield fault(sheet, "blank lines", b"\n\n\n", "")
    if sheet.registry:
        less = sheet.ordered(places[1:])
        yield fault(sheet, "a column missing", less.data(), "missing", 1, first)
        last = sheet.columns[-1]
        swapped = sheet.ordered([len(places) - 1, *places[1:-1], 0])
        yield fault(sheet, "columns swapped", swapped.data(), "order", 1, last)
        more = replace(sheet, columns=(*sheet.columns, "More"),
                       rows=tuple((*values, "") for values in sheet.rows))  # fmt: skip
        yield fault(sheet, "a column more", more.data(), "not part", 1, "More")


def _rows(sheet: Sheet) -> Iterator[Case]:
    lines = sheet.data().decode().splitlines(keepends=True)
    value = sheet.rows[1][sheet.columns.index(sheet.spot)]
    mark = "~~"
    plain = sheet.with_value(sheet.spot, mark).data().decode()
    held = f'"{mark}"' if sheet.quoted else mark

    def spoiled(text: str) -> bytes:
        assert plain.count(held) == 1
        return plain.replace(held, text).encode()

    yield fault(sheet, "long value", spoiled(f'"{"x" * LONG}"'), "characters", 3, sheet.spot)
    yield fault(sheet, "endless value", spoiled(f'"{"x" * WIDE}"'), "longer", 3)
    if sheet.kind != "deactivated":  # two columns: the next quote closes it, one line below
        yield fault(sheet, "quote never closed", spoiled(f'"{value}'), "", 3)
    yield fault(sheet, "text after a quote", spoiled(f'"{value}" x'), "quotation", 3, sheet.spot)
    fewer = [*lines[:2], lines[2].rpartition(",")[0] + "\n", *lines[3:]]
    yield fault(sheet, "a value too few", "".join(fewer).encode(), "values", 3, sheet.columns[-1])
    more = [*lines[:2], lines[2].rstrip("\n") + ',"x"\n', *lines[3:]]
    yield fault(sheet, "a value too many", "".join(more).encode(), "values", 3)
    cut = "".join(lines).rpartition(",")[0].encode()
    yield fault(sheet, "cut off in the last row", cut, "", len(lines))
    old = "".join(lines).replace("\n", "\r").encode()
    yield fault(sheet, "line ends of old", old, "line break", 1)


def _other_files(sheet: Sheet) -> Iterator[Case]:
    yield fault(sheet, "empty", b"", "empty")
    yield fault(sheet, "binary", bytes(range(1, 256)) * 40, "", 1)
    yield fault(sheet, "PNG", _png(), "", 1)
    yield fault(sheet, "old workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "Excel")
    yield fault(sheet, "gzip", zlib.compress(sheet.data(), wbits=31), "gzip")
    yield fault(sheet, "PDF", b"%PDF-1.7\n%\xe2\xe3\n", "PDF")
    yield fault(sheet, "web page", b"<!DOCTYPE html><html><p>Not found", "web page")


def _png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0\1\2\3\4\5\6\7\xff" * 8)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def _zips(sheet: Sheet) -> Iterator[Case]:
    name = sheet.name

    def zipped(case: str, says: str, *files: tuple[str, bytes], spoil: str = "") -> Case:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in files:
                archive.writestr(zipfile.ZipInfo(member), content, zipfile.ZIP_DEFLATED)
        data = out.getvalue()
        at = data.rindex(b"PK\x01\x02") if files else 0
        if spoil == "locked":  # the flag of the member, in its own header and in the list
            data = data[:6] + b"\1\0" + data[8 : at + 8] + b"\1\0" + data[at + 10 :]
        elif spoil == "cut":
            data = data[: len(data) * 2 // 3]
        elif spoil == "flipped":
            middle = at // 2
            data = data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1 :]
        return fault(sheet, case, data, says, file="packed.zip")

    content = sheet.data()
    yield zipped("ZIP bomb", "bytes", (name, bytes(40_000_000)))
    yield zipped(
        "ZIP without the file", "not in this ZIP", *([("notes.pdf", b"x")] * sheet.registry)
    )
    yield zipped("ZIP of two", "could be meant", (name, content), (f"more/{name}", content))
    yield zipped("ZIP with a password", "password", (name, content), spoil="locked")
    yield zipped("ZIP cut off", "damaged", (name, content), spoil="cut")
    yield zipped("ZIP with a wrong byte", "", (name, content), spoil="flipped")
    yield zipped("ZIP in a ZIP", "", (name, b"PK\x03\x04" + bytes(90)))
    book = [("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<workbook/>")]
    yield zipped("workbook", "workbook", *book)
    yield fault(sheet, "CSV called ZIP", content, "no ZIP", file="called.zip")


def _places(sheet: Sheet) -> Iterator[Case]:
    def place(name: str, says: str, make: Callable[[Path], object], file: str = "x.csv") -> Case:
        def made(folder: Path) -> str:
            make(folder / file)
            return str(folder / file)

        return Case(f"{sheet.kind}: {name}", sheet, made, says)

    def link(path: Path) -> None:
        path.with_name("real.csv").write_bytes(sheet.data())
        path.symlink_to(path.with_name("real.csv"))

    yield place("link", "a link", link)
    yield place("folder", "a folder", Path.mkdir)
    yield place("nothing", "no such file", lambda _path: None)
    yield place("pipe", "no ordinary file", os.mkfifo)
    yield Case(f"{sheet.kind}: device", sheet, lambda _: os.devnull, "no ordinary file")
    yield Case(f"{sheet.kind}: nothing on standard input", sheet, lambda _: "-", "empty", stdin=b"")


def _lists(leie: Sheet, supplement: Sheet) -> Iterator[Case]:
    wrong = [
        ("no day of a calendar", "EXCLDATE", "20260231", "day"),
        ("a day of another form", "EXCLDATE", "05/15/26", "day"),
        ("a day far ahead", "EXCLDATE", "20990101", "day"),
        ("a birth to come", "DOB", "20270101", "day"),
        ("no day of exclusion", "EXCLDATE", "00000000", "without the day"),
        ("an NPI of letters", "NPI", "ABCDEFGHIJ", "NPI"),
        ("an NPI of nine digits", "NPI", "200000001", "NPI"),
        ("a state of three letters", "STATE", "TEX", "characters"),
        ("a name too wide", "FIRSTNAME", "X" * 16, "characters"),
        ("a bell", "CITY", "RE\aNO", "printed"),
        ("a line break", "CITY", "RE\nNO", "printed"),
    ]
    for sheet in (leie, supplement):
        for name, column, value, says in wrong:
            spoiled = sheet.with_value(column, value).data()
            yield fault(sheet, name, spoiled, says, 3, column)
        nobody = sheet
        for column in ("LASTNAME", "FIRSTNAME", "BUSNAME"):
            nobody = nobody.with_value(column, "")
        yield fault(sheet, "nobody", nobody.data(), "neither", 3, "LASTNAME")
        yield fault(sheet, "no last line end", sheet.data()[:-1], "middle of a line",
                    len(sheet.rows) + 1)  # fmt: skip
    reinstated = leie.with_value("REINDATE", "20260520").data()
    yield fault(leie, "a reinstatement", reinstated, "--supplement", 3, "REINDATE")
    few = replace(leie, rows=leie.rows[:100])
    yield fault(leie, "shrunken", few.data(), "far fewer")
    older = replace(leie, words=("leie", "--date", "2026-01-05"))
    yield fault(older, "older than the one on record", leie.data(), "would bring back")
    ahead = replace(leie, words=("leie", "--date", "2099-01-05"))
    yield fault(ahead, "of a day to come", leie.data(), "not yet")
    late = replace(supplement, words=("leie", "--supplement", "--date", "2026-01-05"))
    yield fault(late, "older than the full list", supplement.data(), "would bring back")


def _registry(nppes: Sheet, deactivated: Sheet) -> Iterator[Case]:
    for name, place, value, says in (
        ("an NPI of letters", NPI, "20000ABCDE", "ten digits"),
        ("an NPI of nine digits", NPI, "200000001", "ten digits"),
        ("an unknown kind", ENTITY, "3", "organization"),
    ):
        column = nppes.columns[place]
        yield fault(nppes, name, nppes.with_value(column, value).data(), says, 3, column)
    gone = replace(nppes, rows=nppes.rows[65:])
    yield fault(nppes, "hardly any number is left", gone.data(), "missing")
    for name, value in (("no day of a calendar", "02/31/2026"), ("no day", "")):
        spoiled = deactivated.with_value("NPPES Deactivation Date", value).data()
        yield fault(deactivated, name, spoiled, "day", 3, "NPPES Deactivation Date")
    short = deactivated.with_value("NPI", "200000").data()
    yield fault(deactivated, "a short NPI", short, "ten digits", 3, "NPI")


def _clinics(sheet: Sheet) -> Iterator[Case]:
    clinics = [clinics_file.clinic_row(n) for n in range(200, 203)]
    new = replace(sheet, rows=tuple(tuple(row[name] for name in NAMES) for row in clinics))
    for name, column, value in (
        ("a phone of seven digits", "phone", "555-0100"),
        ("an NPI with a wrong check digit", "npi", "2000000011"),
        ("a ZIP of three digits", "postal_code", "787"),
        ("an unknown state", "state", "ZZ"),
        ("no name", "name", ""),
        ("a name too long", "name", "x" * 500),
        ("hours nobody can read", "hours", "whenever"),
        ("an unknown service", "services", "pills for everything"),
        ("a web address that runs", "website", "javascript:alert(1)"),
        ("a pin that is no point", "pin", "north"),
        ("a word that is no answer", "accepting_new_patients", "perhaps"),
        ("a number of nobody", "id", "99999"),
        ("a number that is none", "id", "one"),
        ("an unknown language", "languages", "klingon"),
        ("a character nobody sees", "name", "Exam\u200bple"),
    ):
        spoiled = new.with_value(column, value).data()
        yield fault(sheet, name, spoiled, "", 3, column, row=True)
    again = replace(new, rows=(new.rows[0], *new.rows))
    yield fault(sheet, "one clinic twice", again.data(), "", 3, "id", row=True)
    for column in NEEDED:
        less = new.ordered([n for n, name in enumerate(NAMES) if name != column])
        yield fault(sheet, f"no column {column}", less.data(), "missing", 1, column)
    nameless = sheet.ordered([n for n, name in enumerate(NAMES) if name not in ("id", "name")])
    yield fault(sheet, "no column that says which clinic", nameless.data(), "", 1)


def _licences(sheet: Sheet) -> Iterator[Case]:
    for column, what in (
        ("License Number", "number"),
        ("Last Name", "name"),
        ("State", "state"),
    ):
        places = [n for n, name in enumerate(sheet.columns) if name != column]
        less = sheet.ordered(places).data()
        yield fault(sheet, f"no column {column}", less, "no column says this", 1, what)
    either = [
        n for n, name in enumerate(sheet.columns) if name not in ("Status", "Expiration Date")
    ]
    yield fault(sheet, "neither status nor day", sheet.ordered(either).data(), "", 1, "status")
    columns = tuple("License No" if name == "State" else name for name in sheet.columns)
    doubtful = replace(sheet, columns=columns).data()
    yield fault(sheet, "two columns for the number", doubtful, "the same", 1, "License No")
