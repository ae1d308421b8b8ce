"""Derive what the public search reads of a clinic, in the transaction that changed it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload, selectinload

from directory.domain.credentials import last_valid_day
from directory.domain.criteria import Catalogue
from directory.domain.findings import Check, Finding, Reply, finding_of, minute_of
from directory.domain.places import earth_point
from directory.domain.progress import Steps, Watch, nobody
from directory.domain.services import CONDITIONS, MODALITIES, mask_of
from directory.domain.standing import PUBLIC_LISTINGS, STANDINGS, periods
from directory.models import (
    Clinic,
    ClinicReply,
    PractitionerRole,
    SearchPeriod,
    SearchRow,
    Verification,
)
from directory.models.staff import StaffRole
from directory.operations.cards import card_of
from directory.operations.families import homes_of, of_family

PER_BATCH = 100


def check_of(verification: Verification) -> Check:
    """Return a stored verification as the rules see it."""
    credential = verification.credential
    return Check(
        id=verification.id,
        outcome=verification.outcome,
        level=verification.level,
        checked_on=verification.checked_on,
        recorded_at=verification.recorded_at,
        valid_until=verification.valid_until,
        credential_until=(
            last_valid_day(credential.expires_on, credential.ended_on) if credential else None
        ),
        confirmed=verification.confirmation is not None,
        refused=verification.refusal is not None,
        set_aside=bool(verification.set_aside),
        note=verification.note,
        unattended=verification.recorder.role is StaffRole.SYSTEM,
        renews=verification.renews_id,
    )


def findings_of(
    catalogue: Catalogue,
    verifications: Iterable[Verification],
    zone: ZoneInfo,
    *,
    two_person: bool,
) -> list[Finding]:
    """Return the finding of every criterion, clock aside, in the catalogue's order."""
    checks: dict[str, list[Check]] = defaultdict(list)
    for verification in verifications:
        checks[verification.criterion].append(check_of(verification))
    return [
        finding_of(criterion, checks[criterion.code], zone, two_person=two_person)
        for criterion in catalogue.criteria
    ]


def verifications_of(session: Session, clinic_ids: Sequence[int]) -> list[Verification]:
    """Return all verifications of some clinics, oldest first, with what the rules need.

    Those of the listings that were merged into them are among them.
    """
    return list(
        session.scalars(
            select(Verification)
            .where(of_family(Verification.clinic_id, clinic_ids))
            .options(
                joinedload(Verification.credential),
                joinedload(Verification.confirmation),
                joinedload(Verification.refusal),
                joinedload(Verification.recorder, innerjoin=True),
            )
            .order_by(Verification.checked_on, Verification.recorded_at, Verification.id)
        )
    )


def _replies_of(session: Session, clinic_ids: Sequence[int]) -> dict[tuple[int, str], Reply]:
    """Return the clinics' answers that hold now, by clinic and criterion."""
    rows = session.scalars(
        select(ClinicReply).where(
            ClinicReply.clinic_id.in_(clinic_ids), ClinicReply.ended_at.is_(None)
        )
    )
    return {(row.clinic_id, row.criterion): Reply(row.answered_on, row.words) for row in rows}


def derive(
    session: Session,
    catalogue: Catalogue,
    now: datetime,
    clinic_ids: Sequence[int],
    *,
    two_person: bool,
) -> int:
    """Write the search rows of some clinics anew, or remove them when no longer public.

    A listing that was merged has no row; the clinic that speaks for it is derived with it.
    Returns how many of them are public. The caller has flushed its changes.
    """
    homes = homes_of(session, clinic_ids)
    clinic_ids = sorted({*clinic_ids, *homes.values()})
    session.execute(delete(SearchPeriod).where(SearchPeriod.clinic_id.in_(clinic_ids)))
    session.execute(delete(SearchRow).where(SearchRow.clinic_id.in_(clinic_ids)))
    clinics = session.scalars(
        select(Clinic)
        .where(Clinic.id.in_(clinic_ids), Clinic.listing.in_(PUBLIC_LISTINGS))
        .options(
            selectinload(Clinic.services),
            selectinload(Clinic.roles).joinedload(PractitionerRole.practitioner),
        )
        .execution_options(populate_existing=True)
    ).all()
    by_clinic: dict[int, list[Verification]] = defaultdict(list)
    for verification in verifications_of(session, [clinic.id for clinic in clinics]):
        by_clinic[homes[verification.clinic_id]].append(verification)
    replies = _replies_of(session, [clinic.id for clinic in clinics])
    for clinic in clinics:
        findings = [
            replace(finding, reply=replies.get((clinic.id, finding.criterion)))
            for finding in findings_of(
                catalogue, by_clinic[clinic.id], ZoneInfo(clinic.timezone), two_person=two_person
            )
        ]
        _write(session, catalogue, now, clinic, findings)
    session.flush()
    return len(clinics)


def derive_all(
    session: Session,
    catalogue: Catalogue,
    now: datetime,
    *,
    two_person: bool,
    watch: Watch = nobody,
) -> int:
    """Derive every clinic, in batches; returns how many are public."""
    ids = session.scalars(select(Clinic.id).order_by(Clinic.id)).all()
    public = 0
    steps = Steps(watch, len(ids))
    for start in range(0, len(ids), PER_BATCH):
        batch = ids[start : start + PER_BATCH]
        public += derive(session, catalogue, now, batch, two_person=two_person)
        steps.took(len(batch))
    return public


def _write(
    session: Session,
    catalogue: Catalogue,
    now: datetime,
    clinic: Clinic,
    findings: Sequence[Finding],
) -> None:
    point = earth_point(clinic.lat, clinic.lon)
    pieces = periods(findings, clinic.listing, catalogue.bits, minute_of(now))
    card = card_of(clinic, findings, minute_of(now))
    session.add(
        SearchRow(
            clinic_id=clinic.id,
            band=point.band,
            lon_e6=point.lon_e6,
            x=point.x,
            y=point.y,
            z=point.z,
            next_change=pieces[0].until_minute,
            met_mask=pieces[0].met_mask,
            standing=STANDINGS.index(pieces[0].standing),
            treats_mask=mask_of(card["treats"], CONDITIONS),
            offers_mask=mask_of(card["offers"], MODALITIES),
            accepting=int(clinic.accepting_new_patients is True),
            state=clinic.state,
            card=card,
        )
    )
    session.flush()
    session.add_all(
        SearchPeriod(
            clinic_id=clinic.id,
            from_minute=piece.from_minute,
            until_minute=piece.until_minute,
            met_mask=piece.met_mask,
            standing=STANDINGS.index(piece.standing),
        )
        for piece in pieces[1:]
    )
