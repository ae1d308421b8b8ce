"""Write the log: every act adds its line in the transaction of the act."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import event as listening
from sqlalchemy import select
from sqlalchemy.orm import Session, SessionTransaction

from directory.domain import chain
from directory.domain.acts import ACTS, PUBLIC
from directory.models import Event, User
from directory.models.counting import count_change
from directory.models.engine import lock_log

_HEAD = "directory_log_head"


class UndeclaredAct(ValueError):
    """An act that is not in domain/acts.py: a mistake in the program, never in what was typed."""


def record(
    session: Session,
    actor: User,
    now: datetime,
    act: str,
    subject_type: str,
    subject_id: int,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    *,
    reason: str = "",
) -> None:
    """Add one line: `act` is `noun:verb`, `before` and `after` hold what changed.

    Both hold what JSON can say. Neither they nor `reason` ever hold an outsider's words or
    contact details: the log points to them, so that they can be erased. Raises UndeclaredAct for
    an act that domain/acts.py does not know, and TypeError for a value JSON cannot say.
    """
    if act not in ACTS:
        raise UndeclaredAct(f"{act!r} is not declared in domain/acts.py")
    head = _head(session)
    at = head.moment(now)
    line = chain.Line(
        number=head.number + 1,
        at=at,
        actor=actor.id,
        act=act,
        subject_type=subject_type,
        subject_id=subject_id,
        before=chain.settled(before),
        after=chain.settled(after),
        reason=reason,
        clock_said=None if at == now else now,
        previous=head.hash,
    )
    digest = line.hash()
    session.add(
        Event(
            id=line.number,
            at=line.at,
            actor_id=line.actor,
            act=line.act,
            subject_type=line.subject_type,
            subject_id=line.subject_id,
            before=line.before,
            after=line.after,
            reason=line.reason,
            clock_said=line.clock_said,
            prev_hash=line.previous,
            hash=digest,
        )
    )
    session.info[_HEAD] = chain.head_after(line, digest)
    if act in PUBLIC:
        count_change(session)


def head_of(session: Session) -> chain.Head:
    """Return the newest line of the log, as the database has it."""
    newest = session.execute(
        select(Event.id, Event.hash, Event.at, Event.prev_hash).order_by(Event.id.desc()).limit(1)
    ).first()
    if newest is None:
        return chain.Head()
    return chain.Head(number=newest[0], hash=newest[1], at=newest[2], previous=newest[3])


def _head(session: Session) -> chain.Head:
    """Return the head to write after, and keep others from writing until the transaction ends.

    On SQLite the writing transaction itself keeps them away. On PostgreSQL an advisory lock
    does; what waits is flushed first, so that rows are locked before the log and not after it.
    Within the transaction the head is remembered: a thousand lines cost one look.
    """
    known: chain.Head | None = session.info.get(_HEAD)
    if known is not None:
        return known
    session.flush()
    lock_log(session)
    return head_of(session)


@listening.listens_for(Session, "after_transaction_end")
def _forget_head(session: Session, transaction: SessionTransaction) -> None:
    """Look again after a commit or rollback, also of a savepoint."""
    if transaction.parent is None or transaction.nested:
        session.info.pop(_HEAD, None)
