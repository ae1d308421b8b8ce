"""What changed at one clinic and when, as the public reads it: never who did it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from directory.domain.acts import PUBLIC
from directory.domain.findings import today_in
from directory.models import Event, Verification
from directory.operations.families import of_family

SHOWN = 40


@dataclass(frozen=True, slots=True)
class Change:
    """One kind of act on one day in the clinic's zone, and the criteria it was about."""

    day: date
    act: str
    criteria: tuple[str, ...] = ()


def changes_at(
    session: Session,
    clinic_id: int,
    zone: ZoneInfo,
    history: Mapping[str, Sequence[Verification]],
) -> tuple[Change, ...]:
    """Return what the log tells of a clinic, newest first, in one statement.

    `history` are the checks that the public may read, by criterion: of no other is a word told.
    """
    criterion_of = {check.id: code for code, checks in history.items() for check in checks}
    # Two lists made one: with an OR of both, PostgreSQL read the log from end to end.
    lines = _about("clinic", of_family(Event.subject_id, [clinic_id])).union_all(
        _about("verification", Event.subject_id.in_(criterion_of))
    )
    events = session.scalars(
        select(Event).where(Event.act.in_(PUBLIC), Event.id.in_(lines)).order_by(Event.id)
    ).all()
    grouped: dict[tuple[date, str], list[str]] = {}
    for event in sorted(events, key=lambda event: (event.moment, event.id), reverse=True):
        about = grouped.setdefault((today_in(zone, event.moment), event.act), [])
        code = _criterion(event, criterion_of)
        if code and code not in about:
            about.append(code)
    return tuple(Change(day, act, tuple(codes)) for (day, act), codes in grouped.items())[:SHOWN]


def _about(kind: str, which: ColumnElement[bool]) -> Select[int]:
    return select(Event.id).where(Event.subject_type == kind, which)


def _criterion(event: Event, criterion_of: Mapping[int, str]) -> str | None:
    if event.subject_type == "verification":
        return criterion_of[event.subject_id]
    code = {**(event.before or {}), **(event.after or {})}.get("criterion")
    return code if isinstance(code, str) else None
