"""Read one public clinic whole: its findings today, people, services and history of checks."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from directory.domain.criteria import Catalogue, Criterion
from directory.domain.findings import (
    Finding,
    minute_of,
    settled,
    strong_enough,
    today_in,
    waits,
)
from directory.domain.standing import Standing
from directory.models import (
    Clinic,
    Credential,
    Merge,
    PractitionerRole,
    SearchRow,
    Verification,
)
from directory.operations.cards import findings_of, standing_of
from directory.operations.changes import Change, changes_at
from directory.operations.families import of_family
from directory.operations.listings import check_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with a current post at the clinic, and the credentials the public may read."""

    role: PractitionerRole
    credentials: tuple[Credential, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicPage:
    """All that the public may read of one clinic at one moment."""

    clinic: Clinic
    card: dict[str, Any]
    findings: tuple[Finding, ...]
    standing: Standing
    history: dict[str, tuple[Verification, ...]]
    people: tuple[Person, ...]
    credentials: tuple[Credential, ...]
    today: date
    changes: tuple[Change, ...] = ()

    def deciding(self, finding: Finding) -> Verification | None:
        """Return the stored verification that decides a finding."""
        return self._find(finding.criterion, finding.decided_by.id if finding.decided_by else 0)

    def claiming(self, finding: Finding) -> Verification | None:
        """Return the stored check that was too weak to decide."""
        return self._find(finding.criterion, finding.claimed.id if finding.claimed else 0)

    def attempting(self, finding: Finding) -> Verification | None:
        """Return the stored check that could not be made."""
        return self._find(finding.criterion, finding.attempted.id if finding.attempted else 0)

    def _find(self, criterion: str, number: int) -> Verification | None:
        return next((v for v in self.history.get(criterion, ()) if v.id == number), None)


def public_clinic(
    session: Session,
    catalogue: Catalogue,
    clinic_id: int,
    now: datetime,
    *,
    two_person: bool,
) -> ClinicPage | None:
    """Return a clinic's public page at the moment `now`, or None when it is not public.

    Takes a constant number of statements. A check that waits for its second person is left
    out of the history too, and so is a refused check, and one of a criterion that the
    edition in force no longer has. The checks of listings that were merged into it are in.
    """
    row = session.get(SearchRow, clinic_id)
    if row is None:
        return None
    clinic = session.scalars(
        select(Clinic)
        .where(Clinic.id == clinic_id)
        .options(
            joinedload(Clinic.organization),
            selectinload(Clinic.services),
            selectinload(Clinic.roles).joinedload(PractitionerRole.practitioner),
        )
    ).one()
    zone = ZoneInfo(clinic.timezone)
    today = today_in(zone, now)
    findings = findings_of(row.card, minute_of(now))
    roles = [r for r in clinic.roles if r.ended_on is None or r.ended_on >= today]
    credentials = _credentials(session, clinic, roles)
    history = _history(session, catalogue, clinic_id, two_person=two_person)
    return ClinicPage(
        clinic=clinic,
        card=row.card,
        findings=findings,
        standing=standing_of(row.card, findings),
        history=history,
        people=tuple(
            Person(
                role=role,
                credentials=tuple(
                    c for c in credentials if c.practitioner_id == role.practitioner_id
                ),
            )
            for role in roles
        ),
        credentials=tuple(c for c in credentials if c.clinic_id == clinic_id),
        changes=changes_at(session, clinic_id, zone, history),
        today=today,
    )


def successor(session: Session, clinic_id: int) -> SearchRow | None:
    """Return the public row of the clinic that a listing was merged into, if there is one."""
    return session.scalar(
        select(SearchRow)
        .join(Merge, Merge.home_id == SearchRow.clinic_id)
        .where(Merge.merged_id == clinic_id, Merge.undone_at.is_(None))
    )


def _credentials(
    session: Session, clinic: Clinic, roles: list[PractitionerRole]
) -> list[Credential]:
    holders = [role.practitioner_id for role in roles]
    return list(
        session.scalars(
            select(Credential)
            .where((Credential.clinic_id == clinic.id) | Credential.practitioner_id.in_(holders))
            .order_by(Credential.kind, Credential.id)
        )
    )


def _history(
    session: Session, catalogue: Catalogue, clinic_id: int, *, two_person: bool
) -> dict[str, tuple[Verification, ...]]:
    rows = session.scalars(
        select(Verification)
        .where(of_family(Verification.clinic_id, [clinic_id]))
        .options(
            joinedload(Verification.credential),
            joinedload(Verification.confirmation),
            joinedload(Verification.refusal),
            joinedload(Verification.recorder),
            selectinload(Verification.evidence),
        )
        .order_by(
            Verification.checked_on.desc(), Verification.recorded_at.desc(), Verification.id.desc()
        )
    )
    history: dict[str, list[Verification]] = defaultdict(list)
    for verification in rows:
        if verification.criterion in catalogue.by_code:
            history[verification.criterion].append(verification)
    return {
        code: told
        for code, checks in history.items()
        if (told := public_checks(catalogue.criterion(code), checks, two_person=two_person))
    }


def public_checks(
    criterion: Criterion, checks: Sequence[Verification], *, two_person: bool
) -> tuple[Verification, ...]:
    """Return which checks of one criterion the public page lists, in the order they came in."""
    told = {
        check.id
        for check in settled(map(check_of, checks))
        if not check.refused
        and not (strong_enough(criterion, check) and waits(criterion, check, two_person=two_person))
    }
    return tuple(check for check in checks if check.id in told)
