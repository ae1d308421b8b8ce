"""Read all that belongs to one check, and what the public would read after it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from directory.domain.credentials import CredentialKind, last_valid_day
from directory.domain.criteria import Catalogue, Criterion, Level
from directory.domain.findings import (
    Check,
    Finding,
    Outcome,
    finding_of,
    last_day,
    minute_of,
    needs_second_person,
    today_in,
)
from directory.domain.standing import standing
from directory.models import (
    Clinic,
    Confirmation,
    Credential,
    Evidence,
    PractitionerRole,
    Refusal,
    User,
    Verification,
)
from directory.operations.accounts import conflicted
from directory.operations.clinics import ClinicPage, public_checks
from directory.operations.evidence import files_of
from directory.operations.families import home_of, homes_of, of_family
from directory.operations.leases import Hold, holds
from directory.operations.listings import check_of, plain_checks
from directory.operations.plan import conflicted_clinics
from directory.operations.vetting import Observation, newest_check

BACKED_BY = {
    "sup-director": (CredentialKind.STATE_LICENSE,),
    "sup-onsite": (CredentialKind.STATE_LICENSE,),
    "sup-acls": (CredentialKind.ACLS,),
    "sup-training": (CredentialKind.BOARD_CERTIFICATION, CredentialKind.STATE_LICENSE),
    "sup-facility": (CredentialKind.FACILITY_PERMIT,),
    "med-dea": (CredentialKind.DEA_REGISTRATION,),
}
"""Which credentials can stand behind a criterion; with another one, none can."""

NOT_YET = 2**62
"""The number of a check that is only previewed: it comes after every stored one."""
MOST_WAITING = 200
AT_ONCE = 5000
"""Clinics whose checks are read in one statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """One criterion at one clinic, for the person who checks it."""

    clinic: Clinic
    criterion: Criterion
    today: date
    finding: Finding
    checks: tuple[Verification, ...]
    credentials: tuple[Credential, ...]
    files: tuple[Evidence, ...]
    newest_id: int
    hold: Hold | None
    conflicted: bool

    @property
    def claim(self) -> Verification | None:
        """The clinic's own newest word on it."""
        said = (c for c in self.checks if c.level is Level.ATTESTED and c.refusal is None)
        return next((c for c in said if c.outcome is not Outcome.CHANGED), None)

    @property
    def looked(self) -> Verification | None:
        """The newest look, whatever came of it."""
        return next((c for c in self.checks if c.outcome is not Outcome.CHANGED), None)

    @property
    def confirmed(self) -> Verification | None:
        """The check that decides today."""
        decided = self.finding.decided_by
        return next((c for c in self.checks if decided and c.id == decided.id), None)

    @property
    def source(self) -> tuple[str, str]:
        """Name and address of the place to look, as last used here or as a credential says."""
        for check in self.checks:
            if check.level is Level.SOURCE:
                return check.source_name, check.source_url or ""
        for credential in self.credentials:
            if credential.issuer_url:
                return credential.issuer, credential.issuer_url
        return "", ""


def workspace(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    clinic_id: int,
    code: str,
    *,
    two_person: bool,
) -> Workspace | None:
    """Return the workspace of a check, or None for an unknown clinic or criterion.

    For a listing that was merged it is that of the clinic which speaks for it.
    """
    criterion = catalogue.by_code.get(code)
    clinic_id = home_of(session, clinic_id)
    clinic = session.get(Clinic, clinic_id) if criterion else None
    if criterion is None or clinic is None:
        return None
    checks = checks_of(session, clinic_id, code)
    zone = ZoneInfo(clinic.timezone)
    finding = finding_of(criterion, map(check_of, checks), zone, two_person=two_person)
    held = (hold for hold in holds(session, now) if hold.pair == (clinic_id, code))
    return Workspace(
        clinic=clinic,
        criterion=criterion,
        today=today_in(zone, now),
        finding=finding.at(minute_of(now)),
        checks=tuple(checks),
        credentials=_backing(session, clinic, criterion),
        files=tuple(files_of(session, clinic_id)),
        newest_id=newest_check(session, clinic_id, code),
        hold=next(held, None),
        conflicted=conflicted(session, actor.id, clinic_id),
    )


def checks_of(session: Session, clinic_id: int, code: str) -> list[Verification]:
    """Return all checks of one criterion at one clinic, newest first, with what stands by them."""
    return list(
        session.scalars(
            select(Verification)
            .where(of_family(Verification.clinic_id, [clinic_id]), Verification.criterion == code)
            .options(*_WITH_ALL)
            .order_by(
                Verification.checked_on.desc(),
                Verification.recorded_at.desc(),
                Verification.id.desc(),
            )
            .execution_options(populate_existing=True)
        )
    )


_WITH_ALL = (
    joinedload(Verification.credential),
    joinedload(Verification.confirmation).joinedload(Confirmation.confirmer),
    joinedload(Verification.refusal).joinedload(Refusal.refuser),
    joinedload(Verification.recorder),
    selectinload(Verification.evidence),
)


def _backing(session: Session, clinic: Clinic, criterion: Criterion) -> tuple[Credential, ...]:
    kinds = BACKED_BY.get(criterion.code, ())
    if not kinds:
        return ()
    people = select(PractitionerRole.practitioner_id).where(
        PractitionerRole.clinic_id == clinic.id, PractitionerRole.ended_on.is_(None)
    )
    found = session.scalars(
        select(Credential)
        .where(
            (Credential.clinic_id == clinic.id) | Credential.practitioner_id.in_(people),
            Credential.kind.in_(kinds),
        )
        .options(joinedload(Credential.practitioner))
        .order_by(Credential.expires_on.desc(), Credential.id)
    )
    return tuple(found)


def after_check(
    work: Workspace,
    actor: User,
    now: datetime,
    seen: Observation,
    evidence: Sequence[Evidence],
    *,
    two_person: bool,
) -> tuple[ClinicPage, ClinicPage]:
    """Return what the public reads right after this check, and once it is confirmed.

    Nothing is stored: the check is one of our imagination, put through the rules of the page.
    """
    made = Verification(
        id=NOT_YET,
        clinic_id=work.clinic.id,
        criterion=work.criterion.code,
        outcome=seen.outcome,
        level=seen.level,
        checked_on=seen.checked_on,
        valid_until=seen.valid_until,
        source_name=seen.source_name,
        source_url=seen.source_url,
        credential=seen.credential,
        note=seen.note,
        recorder=actor,
        recorded_at=now,
        evidence=list(evidence),
    )
    alone = page_of(work, now, [made, *work.checks], two_person=two_person)
    made.confirmation = Confirmation()
    return alone, page_of(work, now, [made, *work.checks], two_person=two_person)


def after_confirmation(
    work: Workspace, now: datetime, verification: Verification, *, two_person: bool
) -> ClinicPage:
    """Return what the public reads once a waiting check is confirmed."""
    names = [c.key for c in Verification.__mapper__.column_attrs]
    agreed = Verification(**{name: getattr(verification, name) for name in names})
    agreed.credential = verification.credential
    agreed.recorder = verification.recorder
    agreed.evidence = list(verification.evidence)
    agreed.confirmation = Confirmation()
    others = [c for c in work.checks if c.id != verification.id]
    return page_of(work, now, [agreed, *others], two_person=two_person)


def page_of(
    work: Workspace, now: datetime, checks: Sequence[Verification], *, two_person: bool
) -> ClinicPage:
    """Return the part of the clinic's public page that tells of this criterion."""
    criterion, zone = work.criterion, ZoneInfo(work.clinic.timezone)
    finding = finding_of(criterion, map(check_of, checks), zone, two_person=two_person)
    finding = finding.at(minute_of(now))
    shown = sorted(checks, key=lambda c: (c.checked_on, c.recorded_at, c.id), reverse=True)
    return ClinicPage(
        clinic=work.clinic,
        card={},
        findings=(finding,),
        standing=standing([finding], work.clinic.listing),
        history={criterion.code: public_checks(criterion, shown, two_person=two_person)},
        people=(),
        credentials=(),
        today=work.today,
        changes=(),
    )


def last_day_of(criterion: Criterion, checked_on: date, credential: Credential | None) -> date:
    """Return the last day a check made on `checked_on` can hold, by the rule and the credential."""
    check = Check(
        id=0,
        outcome=Outcome.MET,
        level=Level.SOURCE,
        checked_on=checked_on,
        recorded_at=datetime.min.replace(tzinfo=UTC),
    )
    ends = last_valid_day(credential.expires_on, credential.ended_on) if credential else None
    return last_day(criterion, replace(check, credential_until=ends))


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Checks that wait for a second person: those the actor may decide on, and how many not.

    `total` and `oldest` speak of all of them, whoever may decide.
    """

    checks: tuple[Verification, ...]
    own: int
    conflicted: int
    total: int
    oldest: datetime | None


def waiting(session: Session, actor: User, catalogue: Catalogue) -> Waiting:
    """Return what waits for a second person, the one that waits longest first.

    A check that would decide nothing any more, since a newer one did, waits for nobody.
    """
    rows = session.scalars(
        select(Verification)
        .where(
            ~Verification.confirmation.has(),
            ~Verification.refusal.has(),
            Verification.outcome.in_([Outcome.MET, Outcome.NOT_MET, Outcome.DOES_NOT_APPLY]),
            Verification.level != Level.ATTESTED,
            or_(
                Verification.outcome == Outcome.NOT_MET,
                Verification.criterion.in_(catalogue.critical_codes),
            ),
        )
        .options(joinedload(Verification.clinic), joinedload(Verification.recorder))
        .order_by(Verification.recorded_at, Verification.id)
    ).all()
    likely = [row for row in rows if _could_wait(catalogue.by_code.get(row.criterion), row)]
    clinics = {row.clinic_id for row in likely}
    newest = _waiting_ids(session, catalogue, sorted(clinics))
    real = [row for row in likely if row.id in newest]
    ties = conflicted_clinics(session, actor)
    own = [row for row in real if row.recorded_by == actor.id]
    barred = [row for row in real if row.recorded_by != actor.id and row.clinic_id in ties]
    free = [row for row in real if row.recorded_by != actor.id and row.clinic_id not in ties]
    return Waiting(
        checks=tuple(free[:MOST_WAITING]),
        own=len(own),
        conflicted=len(barred),
        total=len(real),
        oldest=min((row.recorded_at for row in real), default=None),
    )


def _could_wait(criterion: Criterion | None, row: Verification) -> bool:
    return criterion is not None and needs_second_person(criterion, row.outcome)


def _waiting_ids(session: Session, catalogue: Catalogue, clinic_ids: Sequence[int]) -> set[int]:
    found: set[int] = set()
    homes = homes_of(session, clinic_ids)
    speaking = sorted(set(homes.values()))
    for start in range(0, len(speaking), AT_ONCE):
        some = {*speaking[start : start + AT_ONCE]}
        checks = plain_checks(session, {one: home for one, home in homes.items() if home in some})
        for by_criterion in checks.values():
            for code, known in by_criterion.items():
                criterion = catalogue.by_code.get(code)
                if criterion is not None:
                    finding = finding_of(criterion, known, ZoneInfo("UTC"), two_person=True)
                    # What the program found is decided on the page of the match.
                    if finding.waiting is not None and not finding.waiting.is_hit:
                        found.add(finding.waiting.id)
    return found
