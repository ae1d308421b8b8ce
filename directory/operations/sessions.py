"""Signed-in browsers: a random number in a cookie, its hash in a table, an end at any moment."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update
from sqlalchemy.orm import Session

from directory.models import StaffSession, User
from directory.models.staff import SessionEnd, StaffRole

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
"""How often a session in use writes that it was used."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A live session and whose it is."""

    session_id: int
    user_id: int
    role: StaffRole
    last_seen_at: datetime

    def due(self, now: datetime) -> bool:
        """Say whether it is time to write that the session is in use."""
        return now - self.last_seen_at >= SEEN_EVERY


def hashed(token: str) -> str:
    """Return what is kept of a random token: its SHA-256 in hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


def start(session: Session, user: User, now: datetime) -> tuple[StaffSession, str]:
    """Open a session for `user`; returns its row and the token, which is kept nowhere else."""
    token = secrets.token_urlsafe(32)
    row = StaffSession(
        user_id=user.id, token_sha256=hashed(token), started_at=now, last_seen_at=now
    )
    session.add(row)
    session.flush()
    return row, token


def look_up(connection: Connection, token: str, now: datetime) -> Opened | None:
    """Return the live session of a token, or None when it ended, idled out or never was.

    A member of staff who is disabled, or stands for the program, has none.
    """
    row = connection.execute(
        select(
            StaffSession.id,
            StaffSession.user_id,
            User.role,
            StaffSession.started_at,
            StaffSession.last_seen_at,
        )
        .join(User, User.id == StaffSession.user_id)
        .where(
            StaffSession.token_sha256 == hashed(token),
            StaffSession.ended_at.is_(None),
            User.disabled_at.is_(None),
            User.role != StaffRole.SYSTEM,
        )
    ).first()
    if row is None or not is_live(row.started_at, row.last_seen_at, now):
        return None
    return Opened(
        session_id=row.id, user_id=row.user_id, role=row.role, last_seen_at=row.last_seen_at
    )


def is_live(started_at: datetime, last_seen_at: datetime, now: datetime) -> bool:
    """Say whether the clock still allows a session: 30 minutes idle, 12 hours in all."""
    return now - last_seen_at < IDLE and now - started_at < LONGEST


def seen(connection: Connection, session_id: int, now: datetime) -> None:
    """Write that a session is in use; one that has ended meanwhile stays as it is."""
    connection.execute(
        update(StaffSession)
        .where(StaffSession.id == session_id, StaffSession.ended_at.is_(None))
        .values(last_seen_at=now)
    )


def end(
    session: Session,
    user_id: int,
    now: datetime,
    reason: SessionEnd,
    *,
    only: int | None = None,
    but: int | None = None,
) -> int:
    """End the sessions of a member of staff and return how many there were.

    `only` names the one to end, `but` the one to spare.
    """
    statement = (
        update(StaffSession)
        .where(StaffSession.user_id == user_id, StaffSession.ended_at.is_(None))
        .values(ended_at=now, end_reason=reason)
        .execution_options(synchronize_session="fetch")
    )
    if only is not None:
        statement = statement.where(StaffSession.id == only)
    if but is not None:
        statement = statement.where(StaffSession.id != but)
    return int(session.execute(statement).rowcount)  # type: ignore[attr-defined]


def end_one(session: Session, session_id: int, now: datetime) -> None:
    """End the session that a browser had before it signed in anew."""
    session.execute(
        update(StaffSession)
        .where(StaffSession.id == session_id, StaffSession.ended_at.is_(None))
        .values(ended_at=now, end_reason=SessionEnd.SIGNED_OUT)
    )


def live_sessions(session: Session, user: User, now: datetime) -> list[StaffSession]:
    """Return a member of staff's live sessions, the newest first."""
    rows = session.scalars(
        select(StaffSession)
        .where(StaffSession.user_id == user.id, StaffSession.ended_at.is_(None))
        .order_by(StaffSession.started_at.desc(), StaffSession.id.desc())
    )
    return [row for row in rows if is_live(row.started_at, row.last_seen_at, now)]
