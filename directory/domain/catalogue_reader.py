"""Reads the TOML of a checklist edition, field by field, and collects what is wrong with it.

Each problem carries the line and names the field, so that one run shows an editor all there is to
mend. A field that is wrong yields a stand-in value, and `Document.finish` refuses the whole file.
"""

import difflib
import re
import tomllib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from directory.domain import toml_lines
from directory.domain.toml_lines import TableLines

LONGEST_TEXT = 900
"""Characters. A longer text does not belong in a checklist that patients read on a phone."""

_Choice = TypeVar("_Choice", bound=StrEnum)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_AT_LINE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with the file; lines count from 1."""

    line: int
    where: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.where}: {self.message}"


class CatalogueError(ValueError):
    """The file is not a usable edition; `problems` holds each reason in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Record:
    """One table of the file: hands out its fields by kind, and notes what is wrong with them."""

    def __init__(
        self,
        table: str,
        values: dict[str, Any],
        lines: TableLines,
        nth: int,
        problems: list[Problem],
    ) -> None:
        self.table = table
        self.values = values
        self._lines = lines
        self._problems = problems
        self._known: set[str] = set()
        self._broken: set[str] = set()
        code = values.get("code")
        if not table:
            self.where = "the top of the file"
        elif isinstance(code, str) and code.strip() and not _CONTROL.search(code):
            self.where = f"{table} {code[:40]}"
        else:
            self.where = f"{table} number {nth}"

    def line_of(self, key: str) -> int:
        """The line a field is written on, or the table's first line when it is missing."""
        return self._lines.line_of(key)

    def has(self, key: str) -> bool:
        """Whether the field is written at all."""
        return key in self.values

    def sound(self, *keys: str) -> bool:
        """Whether these fields are written and nothing was wrong with them."""
        return all(key in self.values and key not in self._broken for key in keys)

    def refuse(self, key: str, message: str) -> None:
        """Note that a field is wrong; the message goes on from the field's name."""
        self._broken.add(key)
        self._problems.append(Problem(self.line_of(key), self.where, f"{key} {message}"))

    def text(self, key: str, *, pattern: str | None = None, like: str = "") -> str:
        """A text that is not empty; `pattern` must match the whole of it, `like` shows the form."""
        if not self._there(key):
            return ""
        value = self.values[key]
        wrong = _wrong_text(value)
        if wrong is None and pattern and not re.fullmatch(pattern, value):
            wrong = f"must look like '{like}'; it is {_shown(value)}"
        if wrong is not None:
            self.refuse(key, wrong)
            return ""
        return str(value)

    def optional_text(self, key: str, *, pattern: str | None = None, like: str = "") -> str | None:
        """A text that may be left out, but not left empty."""
        self._known.add(key)
        if not self.has(key):
            return None
        return self.text(key, pattern=pattern, like=like)

    def number(self, key: str, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        if not self._there(key):
            return low
        value = self.values[key]
        if isinstance(value, bool) or not isinstance(value, int):
            self.refuse(key, f"must be a whole number; it is {_shown(value)}")
        elif not low <= value <= high:
            self.refuse(key, f"must be from {low} to {high}; it is {_shown(value)}")
        else:
            return value
        return low

    def flag(self, key: str) -> bool:
        """A plain true or false."""
        if not self._there(key):
            return False
        value = self.values[key]
        if not isinstance(value, bool):
            self.refuse(key, f"must be true or false; it is {_shown(value)}")
            return False
        return value

    def day(self, key: str) -> date:
        """A calendar day without a time."""
        if not self._there(key):
            return date.min
        value = self.values[key]
        if not isinstance(value, date) or isinstance(value, datetime):
            self.refuse(key, f"must be a day like 2026-11-22, unquoted; it is {_shown(value)}")
            return date.min
        return value

    def choice(self, key: str, allowed: list[_Choice]) -> _Choice:
        """One of a few words."""
        if not self._there(key):
            return allowed[0]
        value = self.values[key]
        for word in allowed:
            if isinstance(value, str) and value == word.value:
                return word
        words = ", ".join(word.value for word in allowed)
        self.refuse(key, f"must be one of {words}; it is {_shown(value)}")
        return allowed[0]

    def texts(self, key: str, *, required: bool = True) -> tuple[str, ...]:
        """A list of different texts, with at least one in it."""
        self._known.add(key)
        if not required and not self.has(key):
            return ()
        if not self._there(key):
            return ()
        value = self.values[key]
        if not isinstance(value, list) or not value:
            self.refuse(key, f"must be a list with at least one entry; it is {_shown(value)}")
            return ()
        for item in value:
            wrong = _wrong_text(item)
            if wrong is not None:
                self.refuse(key, f"has a wrong entry: it {wrong}")
                return ()
        for item in sorted({item for item in value if value.count(item) > 1}):
            self.refuse(key, f"names '{item}' twice")
        return tuple(value)

    def refuse_unknown(self) -> None:
        """Refuse each field that nobody asked for: most often a name spelled wrong."""
        for key in self.values:
            if key not in self._known:
                near = difflib.get_close_matches(key, sorted(self._known), n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                self.refuse(key, f"is not a known field{hint}")

    def know(self, *keys: str) -> None:
        """Note that fields are known though nobody reads them here."""
        self._known.update(keys)

    def _there(self, key: str) -> bool:
        self._known.add(key)
        if self.has(key):
            return True
        self.refuse(key, "is missing")
        return False


class Document:
    """The parsed file with its lines; keeps the list of problems that its records add to."""

    def __init__(self, data: dict[str, Any], lines: list[TableLines]) -> None:
        self._problems: list[Problem] = []
        self._lines = lines
        self._records: dict[str, list[Record]] = {}
        for table in lines[1:]:
            lines[0].keys.setdefault(table.name, table.line)
        self.top = Record("", data, lines[0], 1, self._problems)

    def tables(self, name: str, *, required: bool = True) -> Iterator[Record]:
        """Yield each `[[name]]` table as a record; a file without one is refused if `required`."""
        self.top.know(name)
        records = self._records.setdefault(name, [])
        value = self.top.values.get(name, [])
        written = [table for table in self._lines if table.name == name]
        at = written[0].line if written else self.top.line_of(name)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self._problems.append(Problem(at, name, f"must be written as [[{name}]] tables"))
            return
        if required and not value:
            self._problems.append(Problem(at, name, f"is missing: no [[{name}]] table found"))
        for nth, item in enumerate(value, start=1):
            lines = written[nth - 1] if nth <= len(written) else TableLines(name=name, line=at)
            record = Record(name, item, lines, nth, self._problems)
            records.append(record)
            yield record

    def check_codes_once(self) -> None:
        """Refuse a code that another table of the same kind already has."""
        for records in self._records.values():
            seen: dict[str, int] = {}
            for record in records:
                code = record.values.get("code")
                if not isinstance(code, str):
                    continue
                if code in seen:
                    record.refuse("code", f"is already used on line {seen[code]}")
                seen.setdefault(code, record.line_of("code"))

    def check_numbering(self, name: str, key: str) -> None:
        """Refuse numbers that do not run from 1 to the number of tables, each once."""
        records = self._records[name]
        seen: dict[int, int] = {}
        for record in records:
            if not record.sound(key):
                continue
            number = record.values[key]
            if number in seen:
                record.refuse(key, f"{number} is already used on line {seen[number]}")
            elif number > len(records):
                record.refuse(key, f"must run from 1 to {len(records)}; it is {number}")
            seen.setdefault(number, record.line_of(key))

    def check_known(self, name: str, key: str, known: Collection[str]) -> None:
        """Refuse a code in a field that no table of the file defines."""
        for record in self._records[name]:
            if not record.sound(key):
                continue
            value = record.values[key]
            for code in value if isinstance(value, list) else [value]:
                if code not in known:
                    near = difflib.get_close_matches(code, sorted(known), n=1)
                    hint = f"; did you mean '{near[0]}'?" if near else ""
                    record.refuse(
                        key, f"names {_shown(code)}, which this file does not define{hint}"
                    )

    def check_begins(self, name: str, key: str, first: str) -> None:
        """Refuse a `first` that is not what the code in `key` begins with: `sup` for `sup-acls`."""
        for record in self._records[name]:
            if record.sound(key, first):
                code, group = record.values[key], record.values[first]
                if not code.startswith(f"{group}-"):
                    record.refuse(first, f"'{group}' is not what the code '{code}' begins with")

    def finish(self) -> None:
        """Refuse unknown fields, then raise CatalogueError if anything at all was wrong."""
        self.top.refuse_unknown()
        for records in self._records.values():
            for record in records:
                record.refuse_unknown()
        if self._problems:
            raise CatalogueError(self._problems)


def open_document(text: str) -> Document:
    """Parse TOML; raises CatalogueError that names the line and field when it is not TOML."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError([_syntax_problem(text, str(error))]) from error
    except (ValueError, RecursionError) as error:
        # Numbers too long for Python, and brackets nested too deep, escape the parser's own error.
        message = f"cannot be read: {type(error).__name__}"
        raise CatalogueError([Problem(1, "the top of the file", message)]) from error
    return Document(data, toml_lines.scan(text))


def _syntax_problem(text: str, message: str) -> Problem:
    """Turn the parser's words into a line, the table it is in and the field nearest above."""
    lines = text.split("\n")
    found = _AT_LINE.search(message)
    line = int(found.group(1)) if found and found.group(1) else len(lines)
    table, key = toml_lines.place(text, line)
    code_line = lines[table.line_of("code") - 1] if "code" in table.keys else ""
    code = re.search(r"=\s*[\"']([^\"']{1,40})[\"']", code_line)
    where = f"{table.name} {code.group(1)}" if code else (table.name or "the top of the file")
    words = _AT_LINE.sub("", message)
    if lines[line - 1].lstrip().startswith("["):
        return Problem(line, where, f"the table's header cannot be read here: {words}")
    if words == "Cannot overwrite a value":
        return Problem(line, where, f"{key or 'a field'} is given twice")
    return Problem(line, where, f"{key or 'the text'} is not valid TOML: {words}")


def _wrong_text(value: object) -> str | None:
    """Say what is wrong with a text, or nothing."""
    if not isinstance(value, str):
        return f"must be a text in quotes; it is {_shown(value)}"
    if not value.strip():
        return "must not be empty"
    if value != value.strip():
        return "must not begin or end with a space"
    if _CONTROL.search(value):
        return "must be one line without control characters"
    if len(value) > LONGEST_TEXT:
        return f"must be at most {LONGEST_TEXT} characters; it has {len(value)}"
    return None


def _shown(value: object) -> str:
    """A value as a message may show it: short, and on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    try:
        words = f"'{value}'" if isinstance(value, str) else str(value)
    except ValueError:  # A whole number too long for Python to print.
        return "a number too long to print"
    words = _CONTROL.sub(" ", words)
    return words if len(words) <= 60 else f"{words[:57]}..."
