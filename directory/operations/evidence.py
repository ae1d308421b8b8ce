"""Keep files as evidence: the bytes in the store, what they are and who took them in a row."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.domain.entries import EntryRefused, tidy
from directory.models import Clinic, Evidence, User, VerificationEvidence
from directory.models.vetting import EvidenceKind
from directory.operations import events
from directory.operations.conflicts import refuse_conflicted
from directory.operations.families import of_family
from directory.sources.evidence import Accepted, EvidenceStore

LONGEST_TITLE = 200


def keep_file(
    session: Session,
    actor: User,
    now: datetime,
    store: EvidenceStore,
    clinic: Clinic,
    accepted: Accepted,
    title: str,
    *,
    replaces: Evidence | None = None,
) -> Evidence:
    """Keep an inspected file as evidence about a clinic; the same file twice is one row.

    `replaces` is the older file that this one takes the place of; it stays on record. Raises
    EntryRefused for a title that is missing or too long, for an older file of another clinic,
    and for a conflict of interest.
    """
    refuse_conflicted(session, actor, [clinic.id])
    title = tidy(title)
    if not title:
        raise EntryRefused("needed", "title")
    if len(title) > LONGEST_TITLE:
        raise EntryRefused("too_long", "title", longest=LONGEST_TITLE)
    known = session.scalar(
        select(Evidence).where(
            Evidence.kind == EvidenceKind.FILE,
            Evidence.clinic_id == clinic.id,
            Evidence.sha256 == accepted.sha256,
        )
    )
    store.keep(accepted)
    if known is not None:
        return known
    if replaces is not None and (
        replaces.clinic_id != clinic.id or replaces.kind is not EvidenceKind.FILE
    ):
        raise EntryRefused("replaces", "replaces")
    evidence = Evidence(
        kind=EvidenceKind.FILE,
        title=title,
        record="",
        sha256=accepted.sha256,
        clinic_id=clinic.id,
        media_type=accepted.media_type,
        size=len(accepted.data),
        replaces_id=replaces.id if replaces else None,
        taken_at=now,
        taken_by=actor.id,
    )
    session.add(evidence)
    session.flush()
    after = {
        "clinic": clinic.id,
        "title": title,
        "sha256": accepted.sha256,
        "media_type": accepted.media_type,
        "size": evidence.size,
        "replaces": evidence.replaces_id,
    }
    events.record(session, actor, now, "evidence:stored", "evidence", evidence.id, None, after)
    return evidence


def files_of(session: Session, clinic_id: int) -> list[Evidence]:
    """Return a clinic's files, newest first, the replaced ones and those merged in too."""
    return list(
        session.scalars(
            select(Evidence)
            .where(Evidence.kind == EvidenceKind.FILE, of_family(Evidence.clinic_id, [clinic_id]))
            .order_by(Evidence.taken_at.desc(), Evidence.id.desc())
        )
    )


def checks_behind(session: Session, evidence_id: int) -> list[int]:
    """Return the numbers of the checks that a piece of evidence stands behind."""
    return list(
        session.scalars(
            select(VerificationEvidence.verification_id)
            .where(VerificationEvidence.evidence_id == evidence_id)
            .order_by(VerificationEvidence.verification_id)
        )
    )


def replaced_by(session: Session, evidence_id: int) -> list[Evidence]:
    """Return the files that took the place of this one."""
    return list(
        session.scalars(
            select(Evidence).where(Evidence.replaces_id == evidence_id).order_by(Evidence.id)
        )
    )
