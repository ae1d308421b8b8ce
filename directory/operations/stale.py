"""Two people, one row: the second save is told, never lost and never the silent winner."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from directory.models import Event, User


class Stale(Exception):
    """Somebody else saved this row since it was opened; nothing was written."""


def at_version(row: Any, version: int) -> None:
    """Refuse a save that began at another version; raises Stale.

    Only the kind answer early: between two transactions the database decides, by the version in
    the statement itself.
    """
    if row.version != version:
        raise Stale


def flush_or_stale(session: Session) -> None:
    """Send what changed to the database; raises Stale when its version went on meanwhile."""
    try:
        session.flush()
    except StaleDataError:
        raise Stale from None


def edits_since(session: Session, clinic_id: int, version: int) -> list[tuple[Event, User]]:
    """Return what others saved on a clinic after `version`, oldest first, with who did it."""
    rows = session.execute(
        select(Event, User)
        .join(User, User.id == Event.actor_id)
        .where(Event.subject_type == "clinic", Event.subject_id == clinic_id)
        .order_by(Event.id)
    )
    return [
        (event, user)
        for event, user in rows
        if event.after and int(event.after.get("version") or 0) > version
    ]
