"""Record checks and second persons' confirmations, each with its event and the derived rows."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from directory.domain.criteria import Catalogue, Level
from directory.domain.findings import Outcome, today_in
from directory.models import (
    Clinic,
    Confirmation,
    Credential,
    DirectoryState,
    Evidence,
    User,
    Verification,
)
from directory.models.vetting import EvidenceKind
from directory.operations import events
from directory.operations.listings import derive


class CheckRefused(ValueError):
    """A check that cannot be true as written; the message says why in the verifier's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What a verifier saw: everything of a verification but who recorded it and when."""

    criterion: str
    outcome: Outcome
    level: Level
    checked_on: date
    valid_until: date | None
    source_name: str
    source_url: str | None = None
    note: str = ""
    credential: Credential | None = None


def add_verification(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    clinic: Clinic,
    seen: Observation,
    evidence: Sequence[Evidence] = (),
) -> Verification:
    """Write one verification and its event; the caller derives the clinic afterwards.

    Raises CheckRefused for an unknown criterion, a day in the future, an end before the check,
    a missing end, or "does not apply" where the criterion always applies.
    """
    criterion = catalogue.by_code.get(seen.criterion)
    if criterion is None:
        raise CheckRefused(f"there is no criterion {seen.criterion!r} in {catalogue.edition}")
    if seen.checked_on > today_in(ZoneInfo(clinic.timezone), now):
        raise CheckRefused("the day of the check is in the future")
    if seen.outcome in (Outcome.MET, Outcome.DOES_NOT_APPLY) and seen.valid_until is None:
        raise CheckRefused("say until which day this holds")
    if seen.valid_until is not None and seen.valid_until < seen.checked_on:
        raise CheckRefused("the check would end before the day it was made")
    if seen.outcome is Outcome.DOES_NOT_APPLY and not criterion.conditional:
        raise CheckRefused(f"{criterion.code} applies to every clinic")
    verification = Verification(
        clinic_id=clinic.id,
        edition=catalogue.edition,
        criterion=criterion.code,
        outcome=seen.outcome,
        level=seen.level,
        checked_on=seen.checked_on,
        valid_until=seen.valid_until,
        source_name=seen.source_name,
        source_url=seen.source_url,
        credential=seen.credential,
        note=seen.note,
        recorded_by=actor.id,
        recorded_at=now,
        evidence=list(evidence),
    )
    session.add(verification)
    session.flush()
    after = {"clinic": clinic.id, "criterion": criterion.code, "outcome": seen.outcome.value}
    events.record(
        session, actor, now, "verification:recorded", "verification", verification.id, None, after
    )
    return verification


def add_confirmation(
    session: Session, actor: User, now: datetime, verification: Verification
) -> Confirmation:
    """Write a second person's agreement and its event; the caller derives the clinic afterwards.

    Raises CheckRefused when the second person is the first, or when it is confirmed already.
    """
    if verification.recorded_by == actor.id:
        raise CheckRefused("a second, different person must confirm this check")
    if verification.confirmation is not None:
        raise CheckRefused("this check is confirmed already")
    confirmation = Confirmation(
        verification=verification,
        recorded_by=verification.recorded_by,
        confirmed_by=actor.id,
        confirmed_at=now,
    )
    session.add(confirmation)
    session.flush()
    events.record(
        session, actor, now, "verification:confirmed", "verification", verification.id, None, None
    )
    return confirmation


def record_verification(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    clinic: Clinic,
    seen: Observation,
    *,
    two_person: bool,
) -> Verification:
    """Record one check and make its consequences public in the same transaction."""
    verification = add_verification(session, actor, now, catalogue, clinic, seen)
    publish(session, catalogue, now, [clinic.id], two_person=two_person)
    return verification


def confirm_verification(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    verification: Verification,
    *,
    two_person: bool,
) -> Confirmation:
    """Confirm one check and make its consequences public in the same transaction."""
    confirmation = add_confirmation(session, actor, now, verification)
    publish(session, catalogue, now, [verification.clinic_id], two_person=two_person)
    return confirmation


def publish(
    session: Session,
    catalogue: Catalogue,
    now: datetime,
    clinic_ids: Sequence[int],
    *,
    two_person: bool,
) -> None:
    """Derive some clinics anew and count one more version of the public data."""
    derive(session, catalogue, now, clinic_ids, two_person=two_person)
    session.query(DirectoryState).update(
        {DirectoryState.version: DirectoryState.version + 1}, synchronize_session=False
    )


def link_evidence(actor: User, now: datetime, *, title: str, url: str) -> Evidence:
    """Return a link as evidence, named by the hash of what it says."""
    return Evidence(
        kind=EvidenceKind.LINK,
        title=title,
        url=url,
        record="",
        sha256=hashlib.sha256(f"{title}\n{url}".encode()).hexdigest(),
        taken_at=now,
        taken_by=actor.id,
    )
