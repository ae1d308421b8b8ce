"""Two people, one row: the second save is told, never lost and never the silent winner."""

from typing import Any

from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError


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
