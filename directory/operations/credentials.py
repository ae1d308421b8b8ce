"""Licenses, registrations and certificates; a DEA number is sealed but for three."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from directory.domain.clinic_entry import CredentialFacts
from directory.domain.credentials import CredentialKind
from directory.domain.criteria import Catalogue
from directory.domain.entries import same_fact
from directory.models import Clinic, Credential, Practitioner, User
from directory.operations import events, falls
from directory.operations.conflicts import clinics_of, refuse_conflicted
from directory.operations.families import refuse_merged
from directory.operations.stale import at_version, flush_or_stale
from directory.operations.vetting import publish
from directory.sources.sealing import Sealer

CREDENTIAL_WORDS = "a license or card it rests on"


def create_credential(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    holder: Practitioner | Clinic,
    facts: CredentialFacts,
    sealer: Sealer,
    *,
    two_person: bool,
) -> Credential:
    """Write a new credential of a practitioner or a clinic; of a DEA number three places show."""
    holders = [holder.id] if isinstance(holder, Clinic) else clinics_of(session, holder)
    refuse_conflicted(session, actor, holders)
    if isinstance(holder, Clinic):
        refuse_merged(session, holder)
    credential = Credential(
        practitioner=holder if isinstance(holder, Practitioner) else None,
        clinic=holder if isinstance(holder, Clinic) else None,
    )
    _write_credential(credential, facts, sealer)
    session.add(credential)
    session.flush()
    after = credential_line(credential)
    events.record(
        session, actor, now, "credential:created", "credential", credential.id, None, after
    )
    publish(session, catalogue, now, holders, two_person=two_person)
    return credential


def credential_falls(
    session: Session,
    catalogue: Catalogue,
    credential: Credential,
    facts: CredentialFacts,
    sealer: Sealer,
) -> falls.Falls:
    """Return which checks fall, clinic by clinic, when a credential is saved so.

    An earlier end takes none down: what rests on it lapses with it by itself.
    """
    ended = facts.ended_on != credential.ended_on and (
        facts.ended_on is None
        or (credential.ended_on is not None and facts.ended_on > credential.ended_on)
    )
    edited = ended or any(
        not same_fact(getattr(credential, name), getattr(facts, name))
        for name in ("kind", "state", "issuer", "expires_on")
    )
    if edited or _number_edited(credential, facts, sealer):
        return falls.falling_with_credential(session, catalogue, credential.id)
    return {}


def save_credential(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    credential: Credential,
    facts: CredentialFacts,
    sealer: Sealer,
    *,
    version: int,
    two_person: bool,
) -> None:
    """Write an edited credential; every check that rests on it falls.

    Raises Stale, and EntryRefused for a conflict of interest.
    """
    clinics = clinics_of(session, credential)
    refuse_conflicted(session, actor, clinics)
    at_version(credential, version)
    fallen = credential_falls(session, catalogue, credential, facts, sealer)
    renumbered = _number_edited(credential, facts, sealer)
    old, was_ended = credential_line(credential), credential.ended_on
    _write_credential(credential, facts, sealer, keep_number=not renumbered)
    new = credential_line(credential)
    before = {name: old[name] for name in old if old[name] != new[name]}
    if not before and not renumbered:
        session.expire(credential)
        return
    flush_or_stale(session)
    after = {name: new[name] for name in before} | ({"renumbered": True} if renumbered else {})
    act = "credential:ended" if set(before) == {"ended_on"} and not was_ended else None
    events.record(
        session, actor, now, act or "credential:edited", "credential", credential.id, before, after
    )
    falls.drop_all(session, actor, now, catalogue, fallen, CREDENTIAL_WORDS)
    affected = sorted({*clinics, *fallen, *_resting(session, credential)})
    publish(session, catalogue, now, affected, two_person=two_person)


def credential_line(credential: Credential) -> dict[str, Any]:
    """Return a credential as the log keeps it: never a whole DEA number."""
    return {
        "practitioner": credential.practitioner_id,
        "clinic": credential.clinic_id,
        "kind": credential.kind.value,
        "number": credential.number,
        "state": credential.state,
        "issuer": credential.issuer,
        "issuer_url": credential.issuer_url,
        "expires_on": credential.expires_on.isoformat() if credential.expires_on else None,
        "ended_on": credential.ended_on.isoformat() if credential.ended_on else None,
    }


def _resting(session: Session, credential: Credential) -> list[int]:
    return [check.clinic_id for check in falls.checks_of_credential(session, credential.id)]


def _number_edited(credential: Credential, facts: CredentialFacts, sealer: Sealer) -> bool:
    if facts.number is None:
        return False
    if CredentialKind.DEA_REGISTRATION in (facts.kind, credential.kind):
        sealed = credential.sealed_number
        return sealed is None or sealer.open(sealed) != facts.number
    return not same_fact(credential.number, facts.number)


def _write_credential(
    credential: Credential, facts: CredentialFacts, sealer: Sealer, *, keep_number: bool = False
) -> None:
    for name in ("kind", "state", "issuer", "issuer_url", "expires_on", "ended_on"):
        setattr(credential, name, getattr(facts, name))
    if keep_number or facts.number is None:
        return
    secret = facts.kind is CredentialKind.DEA_REGISTRATION
    credential.number = facts.number[-3:] if secret else facts.number
    credential.sealed_number = sealer.seal(facts.number) if secret else None
