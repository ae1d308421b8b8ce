"""Write the log: every act adds its line in the transaction of the act."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from directory.models import Event, User


def record(
    session: Session,
    actor: User,
    now: datetime,
    act: str,
    subject_type: str,
    subject_id: int,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Add one line: `act` is `noun:verb`, `before` and `after` hold what changed."""
    session.add(
        Event(
            at=now,
            actor_id=actor.id,
            act=act,
            subject_type=subject_type,
            subject_id=subject_id,
            before=before,
            after=after,
        )
    )
