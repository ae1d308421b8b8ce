"""Hand out work: one holder at a time for each criterion at each clinic.

A lease ends by the clock. Who gets it is decided by one statement of the database, never by a look
followed by a write.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from directory.models import Lease, User
from directory.operations import events
from directory.operations.accounts import conflicted
from directory.operations.upserts import put

LASTS = timedelta(minutes=15)
PUT_BACK_FOR = timedelta(hours=12)
"""How long work is not offered again to somebody who put it back."""


class LeaseLost(ValueError):
    """A hold that has ended; the message says so in the verifier's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Who holds a piece of work, and until when."""

    clinic_id: int
    criterion: str
    holder_id: int
    holder: str
    until: datetime

    @property
    def pair(self) -> tuple[int, str]:
        """The clinic and the criterion."""
        return (self.clinic_id, self.criterion)


def holds(session: Session, now: datetime) -> list[Hold]:
    """Return every hold that lasts at `now`, the one that ends first first."""
    rows = session.execute(
        select(Lease.clinic_id, Lease.criterion, Lease.holder_id, User.name, Lease.until)
        .join(User, User.id == Lease.holder_id)
        .where(Lease.until > now)
        .order_by(Lease.until, Lease.clinic_id, Lease.criterion)
    )
    return [
        Hold(clinic_id=clinic, criterion=code, holder_id=number, holder=name, until=until)
        for clinic, code, number, name, until in rows
    ]


def put_back_by(session: Session, actor: User, now: datetime) -> set[tuple[int, str]]:
    """Return what the actor put back lately and is not offered again today."""
    rows = session.execute(
        select(Lease.clinic_id, Lease.criterion).where(
            Lease.holder_id == actor.id,
            Lease.put_back,
            Lease.until <= now,
            Lease.until > now - PUT_BACK_FOR,
        )
    )
    return {(clinic, code) for clinic, code in rows}


def take(session: Session, actor: User, now: datetime, clinic_id: int, criterion: str) -> bool:
    """Take or renew the hold on one piece of work; False when somebody else holds it.

    Writes the event `lease:taken` when it is got. The statement inserts the row, or takes over
    one that has ended or is the actor's own; any other it leaves alone and returns nothing.
    """
    taken = put(
        session,
        Lease,
        {"clinic_id": clinic_id, "criterion": criterion},
        {"holder_id": actor.id, "taken_at": now, "until": now + LASTS, "put_back": False},
        where=(Lease.until <= now) | (Lease.holder_id == actor.id),
    )
    if not taken:
        return False
    _log(session, actor, now, "taken", clinic_id, criterion)
    return True


def take_one(session: Session, actor: User, now: datetime, clinic_id: int, criterion: str) -> None:
    """Take a piece of work that the actor chose; raises LeaseLost when it cannot be theirs."""
    if conflicted(session, actor.id, clinic_id):
        raise LeaseLost("you declared a conflict of interest with this clinic")
    if not take(session, actor, now, clinic_id, criterion):
        raise LeaseLost("somebody else holds this")


def renew(session: Session, actor: User, now: datetime, clinic_id: int, criterion: str) -> datetime:
    """Hold the work for a full while more and return until when; raises LeaseLost."""
    until = now + LASTS
    _own(session, actor, now, clinic_id, criterion, {"until": until})
    _log(session, actor, now, "renewed", clinic_id, criterion)
    return until


def release(session: Session, actor: User, now: datetime, clinic_id: int, criterion: str) -> None:
    """Put the work back for others at once; raises LeaseLost when it was not held."""
    _own(session, actor, now, clinic_id, criterion, {"until": now, "put_back": True})
    _log(session, actor, now, "released", clinic_id, criterion)


def end(session: Session, actor: User, now: datetime, clinic_id: int, criterion: str) -> None:
    """End the actor's own hold, if there is one, because the work is done; logged by that act."""
    session.execute(
        update(Lease)
        .where(
            Lease.clinic_id == clinic_id,
            Lease.criterion == criterion,
            Lease.holder_id == actor.id,
            Lease.until > now,
        )
        .values(until=now)
        .execution_options(synchronize_session=False)
    )


def _own(
    session: Session,
    actor: User,
    now: datetime,
    clinic_id: int,
    criterion: str,
    values: dict[str, object],
) -> None:
    changed = session.execute(
        update(Lease)
        .where(
            Lease.clinic_id == clinic_id,
            Lease.criterion == criterion,
            Lease.holder_id == actor.id,
            Lease.until > now,
        )
        .values(values)
        .returning(Lease.clinic_id)
        .execution_options(synchronize_session=False)
    ).first()
    if changed is None:
        raise LeaseLost("you do not hold this any more")


def _log(
    session: Session, actor: User, now: datetime, verb: str, clinic_id: int, criterion: str
) -> None:
    events.record(
        session, actor, now, f"lease:{verb}", "clinic", clinic_id, None, {"criterion": criterion}
    )
