"""Where each table and key of a TOML text stands, which the standard parser does not tell.

Only used to name a line in a message about a broken file: it never decides what the file means, and
it never raises, whatever the text.
"""

import re
from dataclasses import dataclass, field

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]#]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*(\"[^\"]*\"|'[^']*'|[A-Za-z0-9_-]+)\s*[.=]")


@dataclass(slots=True)
class TableLines:
    """One table of the text: the line of its header and of each of its keys, counted from 1."""

    name: str
    line: int
    keys: dict[str, int] = field(default_factory=dict)

    def line_of(self, key: str) -> int:
        """The line of a key, or of the table's header when the key is not written there."""
        return self.keys.get(key, self.line)


def scan(text: str) -> list[TableLines]:
    """List the tables of a TOML text in order; the first is the top of the file and has no name."""
    tables = [TableLines(name="", line=1)]
    state = _Value()
    for number, line in enumerate(text.split("\n"), start=1):
        if state.open:
            state.read(line)
            continue
        header = _HEADER.match(line)
        if header:
            _open_table(tables, header, number)
            continue
        key = _KEY.match(line)
        if key:
            tables[-1].keys.setdefault(key.group(1).strip("\"'"), number)
            state.read(line[key.end(1) :])
    return tables


def place(text: str, line: int) -> tuple[TableLines, str | None]:
    """The table a line belongs to, and the key on that line or last before it in that table."""
    found = TableLines(name="", line=1)
    for table in scan(text):
        if table.line <= line:
            found = table
    before = [(at, key) for key, at in found.keys.items() if at <= line]
    return found, max(before)[1] if before else None


def _open_table(tables: list[TableLines], header: re.Match[str], number: int) -> None:
    """Start a table; one inside another, `[criterion.more]`, is a key of the last of that name."""
    parts = [part.strip().strip("\"'") for part in header.group(2).split(".")]
    if len(parts) > 1:
        for table in reversed(tables):
            if table.name == parts[0]:
                table.keys.setdefault(parts[1], number)
                break
    tables.append(TableLines(name=".".join(parts), line=number))


@dataclass(slots=True)
class _Value:
    """Whether a value that began on an earlier line is still open: a long string, or an array."""

    quote: str = ""
    depth: int = 0

    @property
    def open(self) -> bool:
        return bool(self.quote) or self.depth > 0

    def read(self, line: str) -> None:
        """Follow one line, character by character, through quotes and brackets."""
        at = 0
        while at < len(line):
            if self.quote:
                at = self._inside_quote(line, at)
                continue
            char = line[at]
            if char == "#":
                break
            if char in "\"'":
                self.quote = char * 3 if line.startswith(char * 3, at) else char
                at += len(self.quote)
                continue
            self.depth = max(0, self.depth + (char in "[{") - (char in "]}"))
            at += 1
        if len(self.quote) == 1:  # A short string ends with its line, closed or not.
            self.quote = ""

    def _inside_quote(self, line: str, at: int) -> int:
        if line[at] == "\\" and self.quote[0] == '"':
            return at + 2
        if line.startswith(self.quote, at):
            at += len(self.quote)
            self.quote = ""
            return at
        return at + 1
