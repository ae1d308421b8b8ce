"""Read the rows of a CSV file one by one; what is wrong with it is named by line and column.

Memory holds one row: lines, values and rows have a longest length.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from directory.domain.imports import FileRefused
from directory.sources.import_source import Source, open_source

__all__ = ["LONGEST_FIELD", "Source", "open_source", "refuse_layout", "refuse_width", "rows"]

LONGEST_FIELD: Final = 20_000
LONGEST_ROW: Final = 1 << 20

_BOM: Final = b"\xef\xbb\xbf"
_DELIMITERS: Final = ((";", "semicolons"), ("\t", "tabs"), ("|", "bars"), (":", "colons"))
_UNCLOSED: Final = "a quotation mark opens a value here and never closes it"


def rows(
    source: Source,
    header: Sequence[str] | None,
    *,
    encoding: str = "utf-8",
    bom: bool = False,
    longest_field: int = LONGEST_FIELD,
    exact: bool = True,
    ended: bool = False,
) -> Iterator[tuple[int, list[str]]]:
    """Yield each row's first line, counted from 1, and its values; blank lines are left out.

    With `exact` the columns must be `header` in this order, and the first row yielded is the one
    below. Otherwise the header comes as the first row: it must hold every name in `header` (none
    when None), in any order, and may hold more. Every row has as many values as the header.
    `bom` takes a byte-order mark at the start; `ended` refuses a last line without a line end,
    as a file that was cut off has. `encoding` must be one in which ASCII stays ASCII. Raises
    FileRefused at the first thing that is wrong.
    """
    lines = _Lines(source, encoding, longest_field)
    lines.take_mark(bom=bom)
    parsed = _parsed(lines)
    at, found = next(parsed, (1, []))
    if not found:
        raise FileRefused("the file has no line that names its columns")
    _refuse_binary(at, found)
    _refuse_delimiter(at, found, header)
    lines.columns = found
    if header is not None and exact:
        refuse_layout(at, found, header)
    else:
        _refuse_names(at, found, header or ())
        yield at, found
    width = len(found)
    for at, values in parsed:
        if len(values) != width:
            refuse_width(at, values, found)
        yield at, values
    if ended and not source.ended_with_newline():
        raise FileRefused("the file ends in the middle of a line: fetch it again", line=lines.at)


class _Lines:
    """The lines of a file as text, and what is known of the row being read."""

    def __init__(self, source: Source, encoding: str, longest_field: int) -> None:
        self._stream = source.stream
        self._source = source
        self._encoding = encoding
        self.longest_field = longest_field
        self.columns: Sequence[str] = ()
        self.at = 0
        self.row: list[str] = []
        self.row_length = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(LONGEST_ROW)
        if not line:
            raise StopIteration
        self.at += 1
        if len(line) >= LONGEST_ROW:
            self.row.append(line.decode(self._encoding, "replace"))
            self.refuse(self.too_long(), len(self.row_text()))
        if b"\0" in line:
            self._refuse_nul(line)
        try:
            text = line.decode(self._encoding)
        except UnicodeDecodeError as problem:
            self._refuse_encoding(line, problem.start)
        self.row.append(text)
        self.row_length += len(text)
        if self.row_length >= LONGEST_ROW:
            self.refuse(self.too_long(), len(self.row_text()))
        return text

    def take_mark(self, *, bom: bool) -> None:
        """Pass over a byte-order mark, or refuse it."""
        start = self._source.start(4)
        if start.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")):
            raise FileRefused(
                "the file was saved as UTF-16 or UTF-32: save it as CSV in UTF-8", line=1
            )
        if start.startswith(_BOM):
            if not bom:
                raise FileRefused(
                    "the file begins with a byte-order mark: it was saved again by another "
                    "program, which may have changed values. Use the file as published",
                    line=1,
                )
            self._stream.read(len(_BOM))

    def row_text(self) -> str:
        """Return what has been read of the row."""
        return "".join(self.row)

    def begin_row(self) -> None:
        """Forget the row before."""
        self.row.clear()
        self.row_length = 0

    def column(self, position: int) -> str:
        """Return the column in which a position of the row's text lies: its name, else number."""
        index = _walk(self.row_text()[:position]).index
        return self.columns[index] if index < len(self.columns) else str(index + 1)

    def refuse(self, why: str, position: int, *, line: int | None = None) -> NoReturn:
        """Refuse the file for what stands at a position of the row's text."""
        raise FileRefused(why, line=line or self.at, column=self.column(position)) from None

    def too_long(self) -> str:
        """Return the words for a value or a row without an end."""
        return f"a value is longer than {self.longest_field:,} characters, or its quotes never end"

    def _refuse_nul(self, line: bytes) -> NoReturn:
        place = line.index(b"\0")
        before = "".join(self.row) + line[:place].decode(self._encoding, "replace")
        self.row[:] = [before]
        # UTF-16 without its mark has a NUL beside every plain letter.
        wide = line[:64].count(b"\0") * 3 > len(line[:64])
        why = "the file is UTF-16 or binary, not UTF-8 text" if wide else "a NUL byte: no text"
        self.refuse(why, len(before))

    def _refuse_encoding(self, line: bytes, place: int) -> NoReturn:
        before = "".join(self.row) + line[:place].decode(self._encoding, "replace")
        self.row[:] = [before]
        self.refuse(
            f"byte 0x{line[place]:02X} is not {self._encoding.upper()} text: the file was saved "
            "in another encoding",
            len(before),
        )


def _parsed(lines: _Lines) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that have values, each with its first line."""
    reader = csv.reader(lines, strict=True)
    longest = lines.longest_field
    while True:
        start = lines.at + 1
        lines.begin_row()
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            _refuse_csv(lines, start, str(problem))
        if lines.row_length > longest:
            _refuse_long(lines, start, values)
        if values:
            yield start, values


def _refuse_csv(lines: _Lines, start: int, problem: str) -> NoReturn:
    text = lines.row_text()
    walk = _walk(text)
    opened = walk.opened
    if opened is not None and ("field larger" in problem or "unexpected end" in problem):
        lines.refuse(_UNCLOSED, opened, line=start + text.count("\n", 0, opened))
    if "field larger" in problem:
        lines.refuse(lines.too_long(), len(text))
    if "expected after" in problem:
        if not lines.columns:
            # Quoted names with another sign between them: no comma follows the first quote.
            place = (walk.stray or 0) + 1
            _refuse_sign(start, text[place : place + 1])
        lines.refuse(
            "after a closing quotation mark there must be a comma; inside a value it is doubled",
            walk.stray or 0,
        )
    lines.refuse("a line break that is neither LF nor CR LF", walk.bare_return or 0)


def _refuse_long(lines: _Lines, start: int, values: list[str]) -> None:
    for index, value in enumerate(values):
        if len(value) > lines.longest_field:
            name = lines.columns[index] if index < len(lines.columns) else str(index + 1)
            raise FileRefused(
                f"a value of {len(value):,} characters; {lines.longest_field:,} are allowed",
                line=start,
                column=name,
            )


def _refuse_binary(at: int, found: Sequence[str]) -> None:
    for place, name in enumerate(found, start=1):
        if any(sign < " " and sign not in "\t\r\n" for sign in name):
            raise FileRefused("the file is binary, not text", line=at, column=str(place))


def _refuse_delimiter(at: int, found: Sequence[str], header: Sequence[str] | None) -> None:
    if len(found) > 1 or (header is not None and len(header) == 1 and found[0] == header[0]):
        return
    _refuse_sign(at, found[0])


def _refuse_sign(at: int, text: str) -> None:
    """Refuse another sign than a comma between the columns."""
    for sign, words in _DELIMITERS:
        if sign in text:
            raise FileRefused(
                f"the columns are separated by {words}; they must be by commas", line=at
            )


def refuse_layout(at: int, found: Sequence[str], header: Sequence[str]) -> None:
    """Refuse any other columns than `header` in line `at`, and say in which way they differ."""
    if list(found) == list(header):
        return
    if not set(found) & set(header):
        raise FileRefused(
            "the first line must name the columns, and begin with "
            + ", ".join(header[:3])
            + (" ..." if len(header) > 3 else ""),
            line=at,
            column=header[0],
        )
    _refuse_names(at, found, header)
    for name in found:
        if name not in header:
            raise FileRefused("this column is not part of the layout", line=at, column=_short(name))
    for place, (name, belongs) in enumerate(zip(found, header, strict=True), start=1):
        if name != belongs:
            raise FileRefused(
                f"the columns are in another order: number {place} must be {belongs}",
                line=at,
                column=name,
            )


def _refuse_names(at: int, found: Sequence[str], required: Sequence[str]) -> None:
    seen = set()
    for place, name in enumerate(found, start=1):
        if not name.strip():
            raise FileRefused("this column has no name", line=at, column=str(place))
        if name in seen:
            raise FileRefused("two columns have this name", line=at, column=_short(name))
        seen.add(name)
    for name in required:
        if name not in seen:
            raise FileRefused("this column is missing", line=at, column=name)


def refuse_width(at: int, values: Sequence[str], columns: Sequence[str]) -> NoReturn:
    """Refuse a row that has not one value for each column."""
    missing = len(values) < len(columns)
    raise FileRefused(
        f"{len(values)} values where the header names {len(columns)} columns",
        line=at,
        column=columns[len(values)] if missing else str(len(columns) + 1),
    )


def _short(name: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in name[:60])


@dataclass(frozen=True, slots=True)
class _Walk:
    """What a row's text holds: its last column from 0, and where what is wrong stands."""

    index: int
    opened: int | None = None
    stray: int | None = None
    bare_return: int | None = None


def _walk(text: str) -> _Walk:
    """Follow the quoting of a row as the csv module does, to find the place of a problem."""
    index, opened, stray, bare = 0, None, None, None
    begins, place = True, 0
    while place < len(text):
        sign, following = text[place], text[place + 1 : place + 2]
        if opened is not None:
            if sign == '"' and following == '"':
                place += 1
            elif sign == '"':
                opened = None
                if stray is None and following not in ("", ",", "\r", "\n"):
                    stray = place
        elif sign == '"' and begins:
            opened = place
        elif sign == ",":
            index += 1
        elif sign == "\r" and bare is None and following != "\n":
            bare = place
        begins = sign == "," and opened is None
        place += 1
    return _Walk(index, opened, stray, bare)
