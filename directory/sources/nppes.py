"""Read the registry's main file: ten gigabytes in constant memory, every row proved, few parsed.

The file is read in blocks of whole lines. That a line is a row of 330 quoted values is proved
by counting and not by parsing; then it is parsed only when its bytes say that it could matter.
A line that is not proved goes to the csv module together with the lines that belong to it. So
the rows that come out are those that a plain csv reader finds, and a bad row is still refused.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final

from directory.domain.credentials import npi_valid
from directory.domain.imports import FileRefused
from directory.domain.nppes import (
    DEACTIVATED,
    ENTITY,
    INFUSION_CLINIC,
    INFUSION_WORDS,
    KETAMINE_WORD,
    LAST_READ,
    NPI,
    ORGANIZATION,
    OTHER_ORGANIZATION,
    REACTIVATED,
    Entry,
    day_of,
    entry_of,
    reasons_for,
)
from directory.domain.nppes_layout import COLUMNS, OLDER_NAMES
from directory.sources import tables
from directory.sources.import_source import Source

BLOCK: Final = 1 << 18
LONGEST_ROW: Final = 1 << 20

_SEP: Final = b'","'
_WIDTH: Final = len(COLUMNS)
_NOT_FRAME: Final = bytes(set(range(256)) - set(b'"\n'))
_FRAME: Final = b'"' * (2 * _WIDTH) + b"\n"
_HEAD: Final = re.compile(rb'"[0-9]{10}","[12]?","')
_KIND: Final = 14
_ORGANIZATION: Final = ord("2")
_CODE: Final = f'"{INFUSION_CLINIC}"'.encode()
_NEEDLE: Final = KETAMINE_WORD.upper().encode()
_PARTS: Final = tuple(part.encode() for part in INFUSION_WORDS)

Placed = tuple[tuple[int, int], list[str]]
"""A row's values, and how many proved lines of its block stand before it."""


@dataclass(slots=True)
class Tally:
    """What passed: rows read, rows picked, rows that were picked and could not be used."""

    read: int = 0
    kept: int = 0
    refused: int = 0
    present: set[str] = field(default_factory=set)
    """Those of the numbers looked for that are in the file."""


def entries(source: Source, watched: frozenset[str], tally: Tally) -> Iterator[Entry]:
    """Yield the rows picked as likely clinics, and every row of a number that is `watched`.

    Each number once; counts as it goes. Raises FileRefused at the first row that is none.
    """
    taken: set[str] = set()
    for values in rows(source, watched, tally):
        if values[NPI] in watched:
            tally.present.add(values[NPI])
        elif not reasons_for(values):
            continue
        entry = entry_of(values)
        if entry.npi in taken or not npi_valid(entry.npi) or not _usable(entry, values):
            tally.refused += 1
            continue
        taken.add(entry.npi)
        tally.kept += 1
        yield entry


def _usable(entry: Entry, values: Sequence[str]) -> bool:
    """Say whether a row says something; one whose days nobody can read would hide an end."""
    days = (values[DEACTIVATED], values[REACTIVATED])
    readable = all(day_of(day) is not None for day in days if day)
    return readable and (bool(entry.name) or entry.deactivated_on is not None)


def rows(source: Source, watched: frozenset[str], tally: Tally) -> Iterator[list[str]]:
    """Yield the values, up to the last one needed, of every row that could matter.

    More rows may come than matter, never fewer. The header is checked first.
    """
    header = _read_header(source)
    tail = header[-2:] if header.endswith(b"\r\n") else header[-1:]
    walk = _Walk(source.stream.read, b'"' + tail[:-1], header, tally)
    looked_for = frozenset(npi.encode() for npi in watched)
    for number, block in walk.blocks(1 + header.count(b"\n")):
        yield from walk.take(number, block, looked_for)
    if not tally.read:
        raise FileRefused("the file names its columns and holds no rows", line=1)


def _read_header(source: Source) -> bytes:
    """Return the header's line as it stands; its columns are those of the layout."""
    line = source.stream.readline(LONGEST_ROW)
    for older, name in OLDER_NAMES.items():
        line = line.replace(older.encode(), name.encode())
    for sign, words in ((b";", "semicolons"), (b"\t", "tabs"), (b"|", "bars")):
        if line.count(b'"' + sign + b'"') >= _WIDTH // 2:
            raise FileRefused(
                f"the columns are separated by {words}; they must be by commas", line=1
            )
    for _row in tables.rows(_piece(line, source.name), COLUMNS, encoding="latin-1"):
        break
    return line


class _Walk:
    """The blocks of a file, and what is proved of them."""

    def __init__(
        self, read: Callable[[int], bytes], end: bytes, header: bytes, tally: Tally
    ) -> None:
        self._read = read
        self._end = end
        self._header = header
        self._tally = tally
        self._rest = b""
        self._last = False
        self._given_back = 0

    def blocks(self, number: int) -> Iterator[tuple[int, bytes]]:
        """Yield whole lines, many at a time, with the number of the first; from 1."""
        while not self._last:
            fresh = self._read(BLOCK)
            self._last = not fresh
            block = self._rest + fresh
            cut = len(block) if self._last else block.rfind(b"\n") + 1
            self._rest = block[cut:]
            if len(self._rest) > LONGEST_ROW:
                raise FileRefused(
                    "a row longer than a million bytes, or its quotes never end", line=number
                )
            block = block[:cut]
            if self._last and block and not block.endswith(b"\n"):
                block += self._end[1:] + b"\n"
            if block:
                yield number, block
                number += block.count(b"\n") - self._given_back
                self._given_back = 0

    def take(self, number: int, block: bytes, watched: frozenset[bytes]) -> Iterator[list[str]]:
        """Yield the rows of a block that could matter."""
        if b"\0" in block:
            before = block[: block.index(b"\0")]
            self._judge(number + before.count(b"\n"), block[before.rfind(b"\n") + 1 :])
        lines = block.split(b"\n")
        lines.pop()
        frames = block.translate(None, _NOT_FRAME)
        if frames == _FRAME * len(lines) and self._proved(block, lines):
            self._tally.read += len(lines)
            yield from (values for _place, values in _chosen(block, lines, watched))
            return
        proved, parsed = self._apart(number, lines, frames.split(b"\n"))
        self._tally.read += len(proved) + len(parsed)
        # A row that the csv module read stands before the proved line that came after it.
        chosen = _chosen(b"\n".join(proved), proved, watched)
        found = parsed + [((place, 1), values) for place, values in chosen]
        found.sort(key=itemgetter(0))
        yield from (values for _place, values in found)

    def _proved(self, block: bytes, lines: Sequence[bytes]) -> bool:
        """Say whether every line, having 660 quotes, is a row of 330 values without quotes inside.

        Each begins with a quote and a number and ends with a quote that is no part of a
        separator. Then no more than 329 separators fit between; when all lines have that many
        on average, each has, and every quote belongs to one of them.
        """
        end = self._end
        tails = {line[-len(end) - 2 :] for line in lines}
        return (
            block.count(_SEP) == (_WIDTH - 1) * len(lines)
            and all(tail.endswith(end) and not tail.startswith(_SEP) for tail in tails)
            and all(map(_HEAD.match, lines))
            and len(max(lines, key=len, default=b"")) <= tables.LONGEST_FIELD
        )

    def _apart(
        self, number: int, lines: Sequence[bytes], frames: Sequence[bytes]
    ) -> tuple[list[bytes], list[Placed]]:
        """Return the proved lines, and what the csv module reads of all others.

        A line that is not proved belongs together with those after it until its quotes are
        even: only inside quotes does a row go on in the next line.
        """
        frame = _FRAME[:-1]
        whole = [line for line, held in zip(lines, frames, strict=False) if held == frame]
        alone = self._proved(b"\n".join(whole), whole)
        proved: list[bytes] = []
        parsed: list[Placed] = []
        place = 0
        while place < len(lines):
            if frames[place] == frame and (alone or self._proved(lines[place], [lines[place]])):
                proved.append(lines[place])
                place += 1
                continue
            first, quotes = place, 0
            while True:
                quotes += len(frames[place])
                place += 1
                if quotes % 2 == 0 or place == len(lines):
                    break
            row = b"\n".join(lines[first:place]) + b"\n"
            if quotes % 2 and not self._last and len(row) < LONGEST_ROW:
                self._give_back(row, place - first)
                break
            before = (len(proved), 0)
            parsed += [(before, values) for values in self._parse(number + first, row)]
        return proved, parsed

    def _give_back(self, row: bytes, lines: int) -> None:
        """Keep a row that goes on in the next block."""
        self._rest = row + self._rest
        self._given_back = lines

    def _parse(self, number: int, row: bytes) -> Iterator[list[str]]:
        """Yield what the csv module reads, each row of the right width; or refuse it."""
        try:
            parsed = list(csv.reader(io.StringIO(row.decode("latin-1"), newline=""), strict=True))
        except csv.Error:
            parsed = [[]]
            self._judge(number, row)
        for values in filter(None, parsed):
            if len(values) != _WIDTH or max(map(len, values)) > tables.LONGEST_FIELD:
                self._judge(number, row)
            values = [_text(value.encode("latin-1")) for value in values[: LAST_READ + 1]]
            _refuse_head(values, number)
            yield values

    def _judge(self, number: int, row: bytes) -> None:
        """Refuse a row in the words of the plain reader, which finds line and column."""
        shift = number - 1 - self._header.count(b"\n")
        try:
            for _row in tables.rows(_piece(self._header + row, ""), COLUMNS, encoding="latin-1"):
                pass
        except FileRefused as refused:
            line = None if refused.line is None else refused.line + shift
            raise FileRefused(refused.why, line=line, column=refused.column) from None
        raise FileRefused("this row cannot be read", line=number)


def _piece(data: bytes, name: str) -> Source:
    """Return a part of a file as a file of its own."""
    return Source(io.BytesIO(data), name=name, size=len(data))


def _refuse_head(values: Sequence[str], number: int) -> None:
    if not re.fullmatch(r"[0-9]{10}", values[NPI], re.ASCII):
        raise FileRefused("an NPI has ten digits", line=number, column=COLUMNS[NPI])
    if values[ENTITY] not in ("", "1", "2"):
        raise FileRefused(
            "1 stands for a person and 2 for an organization; nothing else is known",
            line=number,
            column=COLUMNS[ENTITY],
        )


def _chosen(
    block: bytes, lines: Sequence[bytes], watched: frozenset[bytes]
) -> Iterator[tuple[int, list[str]]]:
    """Yield the proved lines that could matter in their order: the place and the values."""
    found = {
        place
        for place, line in enumerate(lines)
        if line[_KIND] == _ORGANIZATION and _could_be_a_clinic(line)
    }
    upper = block.upper()
    at = upper.find(_NEEDLE)
    while at >= 0:
        found.add(upper.count(b"\n", 0, at))
        at = upper.find(_NEEDLE, at + 1)
    if watched:
        found |= {place for place, line in enumerate(lines) if line[1:11] in watched}
    for place in sorted(found):
        yield place, _values(lines[place])


def _could_be_a_clinic(line: bytes) -> bool:
    if _CODE in line:
        return True
    values = line.split(_SEP, OTHER_ORGANIZATION + 1)
    names = (values[ORGANIZATION] + b" " + values[OTHER_ORGANIZATION]).upper()
    return any(part in names for part in _PARTS)


def _values(line: bytes) -> list[str]:
    """Return what a proved line holds, up to the last column needed."""
    try:
        return line[1:].decode().split('","', LAST_READ + 1)[:-1]
    except UnicodeDecodeError:
        return [_text(value) for value in line[1:].split(_SEP, LAST_READ + 1)[:-1]]


def _text(value: bytes) -> str:
    """Return a value as text: UTF-8, or else the older Windows letters that providers type."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace")
