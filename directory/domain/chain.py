"""The log as a chain: each line carries the hash of the one before it.

The hash of a line is the SHA-256 of its canonical form: JSON in ASCII, keys sorted, no spaces,
moments in UTC with six decimals. The form is the same whatever database keeps the line, and must
never change: a log that was written under another form could not be checked any more.

Whoever can write to the database can also compute a new chain. So a chain alone shows careless
tampering only; that nothing was rewritten or cut off at the end takes a head that was saved
elsewhere.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

GENESIS = "0" * 64
"""The hash before the first line."""


class HeadUnreadable(ValueError):
    """A saved head that is not one; the message says which line of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the log. `clock_said` is set when the clock stood before the previous line."""

    number: int
    at: datetime
    actor: int
    act: str
    subject_type: str
    subject_id: int
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    reason: str
    clock_said: datetime | None
    previous: str

    def canonical(self) -> bytes:
        """Return the bytes that are hashed; raises TypeError or ValueError on what JSON has not."""
        return json.dumps(
            {
                "act": self.act,
                "actor": self.actor,
                "after": self.after,
                "at": _written(self.at),
                "before": self.before,
                "clock_said": self.clock_said and _written(self.clock_said),
                "number": self.number,
                "previous": self.previous,
                "reason": self.reason,
                "subject": [self.subject_type, self.subject_id],
            },
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=True,
            allow_nan=False,
        ).encode("ascii")

    def hash(self) -> str:
        """Return the SHA-256 of the canonical form, as 64 hexadecimal digits."""
        return hashlib.sha256(self.canonical()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The newest line of a log: enough to notice later that lines before it were touched."""

    number: int = 0
    hash: str = GENESIS
    at: datetime | None = None
    previous: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.number} {self.hash} {_written(self.at) if self.at else '-'}"

    def moment(self, now: datetime) -> datetime:
        """Return the moment of a next line at `now`: the log's time never runs back."""
        return now if self.at is None else max(self.at, now)


class Fault(StrEnum):
    """What can be wrong with a line."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    FORKED = "forked"
    MOVED = "moved"
    CHANGED = "changed"
    CLOCK_BACK = "clock_back"
    REWRITTEN = "rewritten"
    TAIL_MISSING = "tail_missing"


@dataclass(frozen=True, slots=True)
class BadLine:
    """The first line at which a log is not what was written."""

    number: int
    fault: Fault


def settled(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return a copy of `value` as JSON will give it back: plain keys, lists for tuples.

    Raises TypeError or ValueError for what JSON cannot say, such as a date or a NaN.
    """
    if value is None:
        return None
    copy: dict[str, Any] = json.loads(json.dumps(value, allow_nan=False))
    return copy


def examine(head: Head, line: Line, found: str) -> BadLine | None:
    """Say what is wrong with `line`, stored with the hash `found`, right after `head`."""
    expected = head.number + 1
    if line.number != expected:
        return BadLine(expected, Fault.MISSING)
    if line.previous != head.hash:
        forked = head.number > 0 and line.previous == head.previous
        return BadLine(expected, Fault.FORKED if forked else Fault.MOVED)
    try:
        true = line.hash()
    except (TypeError, ValueError, AttributeError):
        return BadLine(expected, Fault.UNREADABLE)
    if found != true:
        return BadLine(expected, Fault.CHANGED)
    if head.at is not None and line.at < head.at:
        return BadLine(expected, Fault.CLOCK_BACK)
    return None


def head_after(line: Line, found: str) -> Head:
    """Return the head of a log that ends with `line`."""
    return Head(number=line.number, hash=found, at=line.at, previous=line.previous)


def read_heads(text: str) -> dict[int, str]:
    """Return the hashes by line number of one or more saved heads, one on each line.

    Raises HeadUnreadable for a line that is no head, or for two different heads of one line.
    """
    heads: dict[int, str] = {}
    for row, words in enumerate(text.splitlines(), start=1):
        if not words.strip():
            continue
        parts = words.split()
        well = (
            len(parts) == 3
            and parts[0].isascii()
            and parts[0].isdigit()
            and len(parts[1]) == len(GENESIS)
            and set(parts[1]) <= set("0123456789abcdef")
        )
        if not well:
            raise HeadUnreadable(f"line {row} is not a head: number, hash and time")
        number = int(parts[0])
        if heads.setdefault(number, parts[1]) != parts[1]:
            raise HeadUnreadable(f"line {row} gives another hash for line {number} of the log")
    if not heads:
        raise HeadUnreadable("it holds no head")
    return heads


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
