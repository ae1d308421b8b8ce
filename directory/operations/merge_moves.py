"""What goes over with a merged listing and comes back: rows that are no record of a moment."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from directory.models import (
    Base,
    Candidate,
    Case,
    Clinic,
    ClinicReply,
    ConflictOfInterest,
    Credential,
    Lease,
    Merge,
    PractitionerRole,
)

KINDS: Final[dict[str, Any]] = {
    "case": Case,
    "conflict": ConflictOfInterest,
    "credential": Credential,
    "role": PractitionerRole,
    "reply": ClinicReply,
    "candidate": Candidate,
}
"""The rows that belong to a clinic and go over with it, by the name under which they are noted."""


def rows_to_move(session: Session, kept: Clinic, merged: Clinic) -> dict[str, list[int]]:
    """Return which rows of the merged listing go over.

    A post that the same person holds at the kept one already stays where it is, and so does an
    answer to a finding that the kept one answered itself: there is one at a time.
    """
    own_role, own_reply = aliased(PractitionerRole), aliased(ClinicReply)
    held = select(own_role.id).where(
        own_role.clinic_id == kept.id,
        own_role.practitioner_id == PractitionerRole.practitioner_id,
        own_role.post == PractitionerRole.post,
        or_(
            own_role.started_on == PractitionerRole.started_on,
            own_role.ended_on.is_(None) & PractitionerRole.ended_on.is_(None),
        ),
    )
    answered = select(own_reply.id).where(
        own_reply.clinic_id == kept.id,
        own_reply.criterion == ClinicReply.criterion,
        own_reply.ended_at.is_(None) & ClinicReply.ended_at.is_(None),
    )
    stays = {"role": held.exists(), "reply": answered.exists()}
    found = {}
    for kind, model in KINDS.items():
        query = select(model.id).where(model.clinic_id == merged.id).order_by(model.id)
        found[kind] = list(session.scalars(query.where(~stays[kind]) if kind in stays else query))
    return found


def move(session: Session, kind: str, ids: Sequence[int], from_id: int, to_id: int) -> None:
    """Move rows from one clinic to another, those that are still there."""
    model = KINDS[kind]
    move_where(session, model, ids, model.clinic_id, from_id, to_id)


def move_where(
    session: Session,
    model: type[Base],
    ids: Sequence[int],
    column: InstrumentedAttribute[Any],
    from_id: int,
    to_id: int,
) -> None:
    """Let rows that name one clinic in a column name another."""
    if ids:
        session.execute(
            update(model)
            .where(model.id.in_(ids), column == from_id)  # type: ignore[attr-defined]
            .values({column: to_id})
            .execution_options(synchronize_session=False)
        )


def move_homes(session: Session, from_id: int, to_id: int) -> list[int]:
    """Let another clinic speak for all that was merged into this one; returns which merges."""
    ids = list(
        session.scalars(
            select(Merge.id)
            .where(Merge.home_id == from_id, Merge.undone_at.is_(None))
            .order_by(Merge.id)
        )
    )
    move_where(session, Merge, ids, Merge.home_id, from_id, to_id)
    return ids


def end_leases(session: Session, clinic_id: int, now: datetime) -> list[list[str]]:
    """End the holds at a clinic; returns each with the moment at which it would have ended."""
    rows = session.scalars(
        select(Lease).where(Lease.clinic_id == clinic_id, Lease.until > now)
    ).all()
    ended = [[row.criterion, row.until.isoformat()] for row in rows]
    for row in rows:
        row.until = now
    session.flush()
    return ended


def resume_leases(session: Session, clinic_id: int, ended: Sequence[Sequence[str]]) -> None:
    """Give the holds that a merge ended their own ends back."""
    for criterion, until in ended:
        row = session.get(Lease, {"clinic_id": clinic_id, "criterion": criterion})
        if row is not None:
            row.until = datetime.fromisoformat(until)
    session.flush()


def take_npi(session: Session, kept: Clinic, merged: Clinic) -> str | None:
    """Give the merged listing's NPI to the kept one; one number is at one clinic at a time."""
    npi = merged.npi
    merged.npi = None
    session.flush()
    kept.npi = npi
    session.flush()
    return npi


def give_npi_back(session: Session, kept: Clinic, merged: Clinic, npi: str) -> None:
    """Give an NPI back that went over; where it was given to another since, it stays there."""
    if kept.npi == npi:
        kept.npi = None
        session.flush()
    elif session.scalar(select(Clinic.id).where(Clinic.npi == npi)) is not None:
        return
    merged.npi = npi
    session.flush()
