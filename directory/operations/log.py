"""Read the log: check that it is what was written, and find lines in it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from directory.domain import chain
from directory.domain.chain import BadLine, Fault, Head, Line
from directory.domain.progress import Steps, Watch, nobody
from directory.models import Event, User
from directory.operations.events import head_of

CHUNK = 500
PAGE = 50
_SUBJECT = re.compile(r"([a-z_]{1,64})(?:\s+|:)([0-9]{1,18})")
_COLUMNS = (
    Event.id,
    Event.at,
    Event.actor_id,
    Event.act,
    Event.subject_type,
    Event.subject_id,
    Event.before,
    Event.after,
    Event.reason,
    Event.clock_said,
    Event.prev_hash,
    Event.hash,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of the whole log found: its last good line, and the first bad one if any."""

    head: Head
    bad: BadLine | None = None


def verify(
    session: Session, saved: Mapping[int, str] | None = None, *, watch: Watch = nobody
) -> Verdict:
    """Read the log once from its first line, in constant memory, and stop at the first bad one.

    `saved` are hashes of lines, by number, from heads that were kept elsewhere: without one,
    a chain that was cut off at its end or computed anew looks well.
    """
    saved = saved or {}
    head = Head()
    # The number of the newest line alone: the line itself may be the bad one.
    steps = Steps(watch, 0 if watch is nobody else _last(session))
    for line, found in _lines(session):
        if line is None:
            return Verdict(head, BadLine(head.number + 1, Fault.UNREADABLE))
        bad = chain.examine(head, line, found)
        if bad is None and saved.get(line.number, found) != found:
            bad = BadLine(line.number, Fault.REWRITTEN)
        if bad is not None:
            return Verdict(head, bad)
        head = chain.head_after(line, found)
        if head.number % CHUNK == 0:
            steps.took(CHUNK)
    steps.finish()
    if max(saved, default=0) > head.number:
        return Verdict(head, BadLine(head.number + 1, Fault.TAIL_MISSING))
    return Verdict(head)


def _last(session: Session) -> int:
    return session.scalar(select(func.max(Event.id))) or 0


def _lines(session: Session) -> Iterator[tuple[Line | None, str]]:
    """Yield every line with its stored hash, or None for one that cannot be read, and stop."""
    last: int | None = None
    step = CHUNK
    while True:
        wanted = select(*_COLUMNS).order_by(Event.id).limit(step)
        if last is not None:
            wanted = wanted.where(Event.id > last)
        try:
            rows = session.execute(wanted).all()
        except (ValueError, TypeError, DBAPIError) as error:
            if isinstance(error, DBAPIError) and session.get_bind().dialect.name != "sqlite":
                raise  # only SQLite keeps what its columns cannot hold
            if step == 1:
                yield None, ""
                return
            step = 1  # one by one, to find which line it is
            continue
        if not rows:
            return
        for row in rows:
            yield _line(row), row.hash
        last = rows[-1].id


def _line(row: Any) -> Line:
    return Line(
        number=row.id,
        at=row.at,
        actor=row.actor_id,
        act=row.act,
        subject_type=row.subject_type,
        subject_id=row.subject_id,
        before=row.before,
        after=row.after,
        reason=row.reason,
        clock_said=row.clock_said,
        previous=row.prev_hash,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which lines to show: each part narrows, an empty one does not. Days count in UTC."""

    noun: str = ""
    hidden: tuple[str, ...] = ()
    actor: int | None = None
    subject: str = ""
    since: date | None = None
    until: date | None = None
    older_than: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line to show, with who did it."""

    event: Event
    actor: str
    changes: tuple[tuple[str, Any, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPage:
    """Some lines, newest first; `older` is where the next page begins, if there is one."""

    entries: tuple[Entry, ...]
    older: int | None
    head: Head


def people(session: Session) -> list[tuple[int, str]]:
    """Return everybody who can stand in the log: number and name, by name."""
    rows = session.execute(select(User.id, User.name).order_by(User.name))
    return [(row.id, row.name) for row in rows]


def page(session: Session, wanted: Wanted) -> LogPage:
    """Return one page of the log in two statements."""
    rows = session.execute(
        select(Event, User.name)
        .join(User, User.id == Event.actor_id)
        .where(*_conditions(wanted))
        .order_by(Event.id.desc())
        .limit(PAGE + 1)
    ).all()
    shown = rows[:PAGE]
    return LogPage(
        entries=tuple(
            Entry(event=row[0], actor=row[1], changes=changes_of(row[0])) for row in shown
        ),
        older=shown[-1][0].id if len(rows) > PAGE else None,
        head=head_of(session),
    )


def readable_subject(words: str) -> tuple[str, int] | None:
    """Return "clinic 12" or "clinic:12" as a type and a number, or None when it is neither."""
    found = _SUBJECT.fullmatch(words.strip().lower())
    return (found[1], int(found[2])) if found else None


def changes_of(event: Event) -> tuple[tuple[str, Any, Any], ...]:
    """Return each field that a line tells of, with its value before and after."""
    before, after = event.before or {}, event.after or {}
    names = [*before, *(name for name in after if name not in before)]
    return tuple((name, before.get(name), after.get(name)) for name in names)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.noun:
        conditions.append(_about(wanted.noun))
    conditions += [~_about(noun) for noun in wanted.hidden]
    if wanted.actor is not None:
        conditions.append(Event.actor_id == wanted.actor)
    subject = readable_subject(wanted.subject)
    if subject is not None:
        conditions.append(Event.subject_type == subject[0])
        conditions.append(Event.subject_id == subject[1])
    if wanted.since is not None:
        conditions.append(Event.at >= _midnight(wanted.since))
    if wanted.until is not None and wanted.until < date.max:
        conditions.append(Event.at < _midnight(wanted.until + timedelta(days=1)))
    if wanted.older_than is not None:
        conditions.append(Event.id < wanted.older_than)
    return conditions


def _about(noun: str) -> ColumnElement[bool]:
    return Event.act.startswith(f"{noun}:", autoescape=True)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
