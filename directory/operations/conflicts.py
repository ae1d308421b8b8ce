"""Keep those away from a clinic who said that they have an interest in it."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.domain.entries import EntryRefused
from directory.models import (
    Clinic,
    Credential,
    Organization,
    Practitioner,
    PractitionerRole,
    User,
)
from directory.operations import accounts


def refuse_conflicted(session: Session, actor: User, clinic_ids: Iterable[int]) -> None:
    """Refuse an actor who declared a conflict with any of these clinics.

    Raises EntryRefused("conflicted").
    """
    if any(accounts.conflicted(session, actor.id, clinic_id) for clinic_id in clinic_ids):
        raise EntryRefused("conflicted")


def clinics_of(session: Session, holder: Practitioner | Organization | Credential) -> list[int]:
    """Return the clinics that a person, an owner or a credential has to do with."""
    match holder:
        case Practitioner():
            asked = select(PractitionerRole.clinic_id).where(
                PractitionerRole.practitioner_id == holder.id
            )
        case Organization():
            asked = select(Clinic.id).where(Clinic.organization_id == holder.id)
        case Credential():
            if holder.clinic_id is not None:
                return [holder.clinic_id]
            asked = select(PractitionerRole.clinic_id).where(
                PractitionerRole.practitioner_id == holder.practitioner_id
            )
    return sorted(set(session.scalars(asked)))
