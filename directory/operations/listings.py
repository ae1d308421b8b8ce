"""Derive what the public search reads of a clinic, in the transaction that changed it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from directory.domain.credentials import last_valid_day
from directory.domain.criteria import Catalogue
from directory.domain.facets import facets_of, state_number
from directory.domain.findings import Check, Finding, Reply, finding_of, minute_of
from directory.domain.places import earth_point
from directory.domain.progress import Steps, Watch, nobody
from directory.domain.services import CONDITIONS, MODALITIES, mask_of
from directory.domain.standing import PUBLIC_LISTINGS, STANDINGS, Period, periods
from directory.models import (
    Clinic,
    ClinicReply,
    Confirmation,
    Credential,
    PractitionerRole,
    Preparation,
    PreparedPeriod,
    PreparedRow,
    Refusal,
    SearchPeriod,
    SearchRow,
    User,
    Verification,
)
from directory.models.search import PeriodColumns, RowColumns
from directory.models.staff import StaffRole
from directory.operations.cards import card_of, revision_of
from directory.operations.families import homes_of, of_family

if TYPE_CHECKING:
    from sqlalchemy import CursorResult

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
    forget_prepared(session, homes)
    rows, pieces = rows_of(session, catalogue, now, homes, two_person=two_person)
    for table in (SearchPeriod, SearchRow):
        session.execute(delete(table).where(table.clinic_id.in_(homes)))
    write_rows(session, (SearchRow, SearchPeriod), rows, pieces)
    return len(rows)


def derive_all(
    session: Session,
    catalogue: Catalogue,
    now: datetime,
    *,
    two_person: bool,
    watch: Watch = nobody,
) -> int:
    """Derive every clinic in this one transaction; returns how many are public.

    Only for a directory that nobody uses yet: `operations.preparing` holds nobody up.
    """
    ids = session.scalars(select(Clinic.id).order_by(Clinic.id)).all()
    public = 0
    steps = Steps(watch, len(ids))
    for start in range(0, len(ids), PER_BATCH):
        batch = ids[start : start + PER_BATCH]
        public += derive(session, catalogue, now, batch, two_person=two_person)
        steps.took(len(batch))
    return public


def forget_prepared(session: Session, clinic_ids: Collection[int]) -> None:
    """Take away what is prepared of clinics that change, so that it is prepared again."""
    counted = update(Preparation).values(acts=Preparation.acts + 1)
    made = session.execute(counted.execution_options(synchronize_session=False))
    if cast("CursorResult[Any]", made).rowcount:
        for table in (PreparedPeriod, PreparedRow):
            session.execute(delete(table).where(table.clinic_id.in_(clinic_ids)))


def write_rows(
    session: Session,
    tables: tuple[type[RowColumns], type[PeriodColumns]],
    rows: Sequence[dict[str, Any]],
    pieces: Sequence[dict[str, Any]],
) -> None:
    """Add rows and their periods to a pair of tables, each in one statement."""
    for table, values in zip(tables, (rows, pieces), strict=True):
        if values:
            session.execute(insert(table), values)


def rows_of(
    session: Session,
    catalogue: Catalogue,
    now: datetime,
    homes: Mapping[int, int],
    *,
    two_person: bool,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Work out the search rows, and their periods, of those clinics of `homes` that are public.

    `homes` says which clinic speaks for each listing. A constant number of statements.
    """
    clinics = session.scalars(
        select(Clinic)
        .where(Clinic.id.in_({*homes.values()}), Clinic.listing.in_(PUBLIC_LISTINGS))
        .options(
            selectinload(Clinic.services),
            selectinload(Clinic.roles).joinedload(PractitionerRole.practitioner),
        )
        .order_by(Clinic.id)
        .execution_options(populate_existing=True)
    ).all()
    public = {clinic.id for clinic in clinics}
    checks = plain_checks(session, {one: home for one, home in homes.items() if home in public})
    replies = _replies_of(session, public)
    rows, pieces = [], []
    for clinic in clinics:
        zone, found = ZoneInfo(clinic.timezone), checks[clinic.id]
        findings = [
            finding_of(criterion, found[criterion.code], zone, two_person=two_person)
            for criterion in catalogue.criteria
        ]
        if clinic.id in replies:
            findings = [
                replace(one, reply=replies[clinic.id].get(one.criterion)) for one in findings
            ]
        row, later = row_values(catalogue, now, clinic, findings)
        rows.append(row)
        pieces += later
    return rows, pieces


def row_values(
    catalogue: Catalogue, now: datetime, clinic: Clinic, findings: Sequence[Finding]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the columns of a clinic's search row, and those of each of its periods."""
    point = earth_point(clinic.lat, clinic.lon)
    first, *later = periods(findings, clinic.listing, catalogue.bits, minute_of(now))
    card = card_of(clinic, findings, minute_of(now))
    row = {
        "clinic_id": clinic.id,
        "band": point.band,
        "lon_e6": point.lon_e6,
        "x": point.x,
        "y": point.y,
        "z": point.z,
        "next_change": first.until_minute,
        "met_mask": first.met_mask,
        "standing": STANDINGS.index(first.standing),
        "treats_mask": mask_of(card["treats"], CONDITIONS),
        "offers_mask": mask_of(card["offers"], MODALITIES),
        "accepting": int(clinic.accepting_new_patients is True),
        "state": clinic.state,
        "card": card,
        "revision": revision_of(card),
        "facets": _facets(card, first),
        "facets_until": first.until_minute,
        "then_facets": _facets(card, later[0]) if later else 0,
        "then_until": later[0].until_minute if later else 0,
        "state_number": state_number(clinic.state),
    }
    return row, [
        {
            "clinic_id": clinic.id,
            "from_minute": piece.from_minute,
            "until_minute": piece.until_minute,
            "met_mask": piece.met_mask,
            "standing": STANDINGS.index(piece.standing),
        }
        for piece in later
    ]


def _facets(card: dict[str, Any], piece: Period) -> int:
    return facets_of(
        met_mask=piece.met_mask,
        treats_mask=mask_of(card["treats"], CONDITIONS),
        offers_mask=mask_of(card["offers"], MODALITIES),
        standing=STANDINGS.index(piece.standing),
    )


ByCriterion = defaultdict[int, defaultdict[str, list[Check]]]
"""Checks by the clinic that they speak for, and by criterion."""


def plain_checks(session: Session, homes: Mapping[int, int]) -> ByCriterion:
    """Read the checks of some listings as plain rows: whole objects took most of the time."""
    rows = session.execute(
        select(
            Verification.clinic_id,
            Verification.criterion,
            Verification.id,
            Verification.outcome,
            Verification.level,
            Verification.checked_on,
            Verification.recorded_at,
            Verification.valid_until,
            Credential.expires_on,
            Credential.ended_on,
            Confirmation.verification_id,
            Refusal.verification_id,
            Verification.set_aside,
            Verification.note,
            User.role,
            Verification.renews_id,
        )
        .join(User, User.id == Verification.recorded_by)
        .outerjoin(Credential, Credential.id == Verification.credential_id)
        .outerjoin(Confirmation, Confirmation.verification_id == Verification.id)
        .outerjoin(Refusal, Refusal.verification_id == Verification.id)
        .where(Verification.clinic_id.in_(homes))
    )
    found: ByCriterion = defaultdict(lambda: defaultdict(list))
    for (
        clinic_id, criterion, number, outcome, level, checked_on, recorded_at, valid_until,
        expires_on, ended_on, confirmed, refused, set_aside, note, role, renews,
    ) in rows:  # fmt: skip
        check = Check(
            id=number,
            outcome=outcome,
            level=level,
            checked_on=checked_on,
            recorded_at=recorded_at,
            valid_until=valid_until,
            credential_until=last_valid_day(expires_on, ended_on),
            confirmed=confirmed is not None,
            refused=refused is not None,
            set_aside=bool(set_aside),
            note=note,
            unattended=role is StaffRole.SYSTEM,
            renews=renews,
        )
        found[homes[clinic_id]][criterion].append(check)
    return found


def _replies_of(session: Session, clinic_ids: Collection[int]) -> dict[int, dict[str, Reply]]:
    """Return the clinics' answers that hold now, by clinic and criterion."""
    rows = session.execute(
        select(
            ClinicReply.clinic_id, ClinicReply.criterion, ClinicReply.answered_on, ClinicReply.words
        ).where(ClinicReply.clinic_id.in_(clinic_ids), ClinicReply.ended_at.is_(None))
    )
    found: dict[int, dict[str, Reply]] = defaultdict(dict)
    for clinic_id, criterion, answered_on, words in rows:
        found[clinic_id][criterion] = Reply(answered_on, words)
    return found
