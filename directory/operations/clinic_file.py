"""Read what staff see of clinics, people and owners, public or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from directory.domain.criteria import Catalogue
from directory.domain.entries import EntryRefused, tidy
from directory.domain.findings import Finding, minute_of, today_in
from directory.domain.standing import Listing
from directory.models import (
    Clinic,
    Credential,
    Event,
    Evidence,
    Organization,
    Practitioner,
    PractitionerRole,
    User,
    Verification,
)
from directory.operations import evidence
from directory.operations.families import of_family
from directory.operations.listings import findings_of, verifications_of

PER_PAGE = 50
MOST_EVENTS = 100
MOST_OWNERS = 2000


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a list."""

    rows: Sequence[Any]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // PER_PAGE))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicFile:
    """All that staff keep about one clinic, with the day it is there."""

    roles: Sequence[PractitionerRole]
    credentials: Sequence[Credential]
    findings: Sequence[Finding]
    files: Sequence[Evidence]
    replaced: frozenset[int]
    events: Sequence[tuple[Event, User]]
    today: date


def find_clinics(session: Session, sought: str, listing: Listing | None, page: int) -> Found:
    """Return clinics by name, city, state or number; empty text finds all."""
    query = select(Clinic)
    if listing:
        query = query.where(Clinic.listing == listing)
    if sought:
        matches: list[ColumnElement[bool]] = [
            _like(Clinic.name, sought),
            _like(Clinic.city, sought),
        ]
        matches.append(Clinic.state == sought.upper())
        if sought.isascii() and sought.isdecimal() and len(sought) < 16:
            matches += [Clinic.id == int(sought), Clinic.postal_code == sought]
        query = query.where(or_(*matches))
    return _found(session, query, query.order_by(Clinic.name, Clinic.id), page)


def find_people(session: Session, sought: str, page: int) -> Found:
    """Return practitioners by name or NPI, with their posts."""
    query = select(Practitioner)
    if sought:
        query = query.where(or_(_like(Practitioner.name, sought), Practitioner.npi == sought))
    ordered = query.order_by(Practitioner.name, Practitioner.id).options(
        selectinload(Practitioner.roles).joinedload(PractitionerRole.clinic)
    )
    return _found(session, query, ordered, page)


def find_owners(session: Session, sought: str, page: int) -> Found:
    """Return organizations by name or NPI, with their clinics."""
    query = select(Organization)
    if sought:
        query = query.where(or_(_like(Organization.name, sought), Organization.npi == sought))
    ordered = query.order_by(Organization.name, Organization.id).options(
        selectinload(Organization.clinics)
    )
    return _found(session, query, ordered, page)


def owners(session: Session) -> list[Organization]:
    """Return the owners to choose from."""
    return list(
        session.scalars(select(Organization).order_by(Organization.name).limit(MOST_OWNERS))
    )


def credentials_of_person(session: Session, person: Practitioner) -> list[Credential]:
    """Return a practitioner's credentials, those that ended last."""
    return list(
        session.scalars(
            select(Credential)
            .where(Credential.practitioner_id == person.id)
            .order_by(Credential.kind, Credential.id)
        )
    )


def open_file(
    session: Session, catalogue: Catalogue, clinic: Clinic, now: datetime, *, two_person: bool
) -> ClinicFile:
    """Return what staff keep about a clinic."""
    zone = ZoneInfo(clinic.timezone)
    roles = session.scalars(
        select(PractitionerRole)
        .where(PractitionerRole.clinic_id == clinic.id)
        .options(joinedload(PractitionerRole.practitioner))
        .order_by(PractitionerRole.ended_on.isnot(None), PractitionerRole.id)
    ).all()
    holders = {role.practitioner_id for role in roles}
    credentials = session.scalars(
        select(Credential)
        .where((Credential.clinic_id == clinic.id) | Credential.practitioner_id.in_(holders))
        .options(joinedload(Credential.practitioner))
        .order_by(Credential.kind, Credential.id)
    ).all()
    checks = verifications_of(session, [clinic.id])
    findings = findings_of(catalogue, checks, zone, two_person=two_person)
    files = evidence.files_of(session, clinic.id)
    return ClinicFile(
        roles=roles,
        credentials=credentials,
        findings=[finding.at(minute_of(now)) for finding in findings],
        files=files,
        replaced=frozenset(file.replaces_id for file in files if file.replaces_id),
        events=history(session, clinic, checks),
        today=today_in(zone, now),
    )


def history(
    session: Session, clinic: Clinic, checks: Sequence[Verification] = ()
) -> list[tuple[Event, User]]:
    """Return the newest lines of the log about a clinic or its checks, with who acted."""
    about = (Event.subject_type == "clinic") & of_family(Event.subject_id, [clinic.id])
    if checks:
        about |= (Event.subject_type == "verification") & Event.subject_id.in_(
            [check.id for check in checks][-MOST_EVENTS:]
        )
    return history_where(session, about)


def history_where(session: Session, about: ColumnElement[bool]) -> list[tuple[Event, User]]:
    """Return the newest lines of the log that a condition picks, with who acted."""
    rows = session.execute(
        select(Event, User)
        .join(User, User.id == Event.actor_id)
        .where(about)
        .order_by(Event.id.desc())
        .limit(MOST_EVENTS)
    )
    return [(event, user) for event, user in rows]


def one_line(text: str) -> str:
    """Return a reason in one tidy line; raises EntryRefused("hidden") on the field `reason`."""
    try:
        return tidy(text)
    except EntryRefused as refused:
        refused.field = "reason"
        raise


def _like(column: Any, sought: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column.icontains(sought, autoescape=True)
    return found


def _found(session: Session, query: Select[Any], ordered: Select[Any], page: int) -> Found:
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = session.scalars(ordered.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).unique().all()
    return Found(rows, total, page)
