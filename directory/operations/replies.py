"""A clinic's right of reply: its answer to an adverse finding, public with the finding at once."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.domain.cases import CaseRefused, Refusal
from directory.domain.criteria import Catalogue
from directory.domain.findings import Finding, State, minute_of, today_in
from directory.models import Case, Clinic, ClinicReply, SearchRow, User
from directory.operations import events
from directory.operations.accounts import conflicted
from directory.operations.cards import findings_of
from directory.operations.vetting import publish

LONGEST_REPLY = 600


def adverse_findings(session: Session, clinic_id: int, now: datetime) -> tuple[Finding, ...]:
    """Return the findings against a clinic that the public reads now."""
    row = session.get(SearchRow, clinic_id, populate_existing=True)
    if row is None:
        return ()
    return tuple(f for f in findings_of(row.card, minute_of(now)) if f.state is State.NOT_MET)


def record_reply(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    clinic: Clinic,
    criterion: str,
    *,
    words: str,
    answered_on: date,
    case: Case | None = None,
    two_person: bool,
) -> ClinicReply:
    """Write down what the clinic answered, in place of an earlier answer, and make it public.

    Raises CaseRefused for a conflict of the actor, no public adverse finding of this criterion,
    a day in the future, no words, or more than 600 characters.
    """
    if conflicted(session, actor.id, clinic.id):
        raise CaseRefused(Refusal.CONFLICT)
    finding = _adverse(session, clinic.id, criterion, now)
    words = words.strip()
    if not words:
        raise CaseRefused(Refusal.NO_WORDS)
    if len(words) > LONGEST_REPLY:
        raise CaseRefused(Refusal.TOO_LONG)
    if answered_on > today_in(ZoneInfo(clinic.timezone), now):
        raise CaseRefused(Refusal.FUTURE)
    earlier = _standing(session, clinic.id, criterion)
    if earlier is not None:
        earlier.ended_at, earlier.ended_by = now, actor.id
        session.flush()
    reply = ClinicReply(
        clinic_id=clinic.id,
        edition=catalogue.edition,
        criterion=criterion,
        verification_id=finding.decided_by.id if finding.decided_by else 0,
        case_id=case.id if case else None,
        words=words,
        answered_on=answered_on,
        recorded_by=actor.id,
        recorded_at=now,
    )
    session.add(reply)
    session.flush()
    publish(session, catalogue, now, [clinic.id], two_person=two_person)
    events.record(
        session,
        actor,
        now,
        "finding:disputed",
        "clinic",
        clinic.id,
        {"criterion": criterion, "reply": earlier.id} if earlier else None,
        {"criterion": criterion, "reply": reply.id},
    )
    return reply


def end_reply(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    clinic: Clinic,
    criterion: str,
    *,
    two_person: bool,
) -> None:
    """Take the answer that holds away, since the clinic no longer disagrees; it stays on record.

    Raises CaseRefused for a conflict of the actor, or when no answer holds.
    """
    if conflicted(session, actor.id, clinic.id):
        raise CaseRefused(Refusal.CONFLICT)
    reply = _standing(session, clinic.id, criterion)
    if reply is None:
        raise CaseRefused(Refusal.NOT_NOW)
    reply.ended_at, reply.ended_by = now, actor.id
    session.flush()
    publish(session, catalogue, now, [clinic.id], two_person=two_person)
    events.record(
        session,
        actor,
        now,
        "finding:undisputed",
        "clinic",
        clinic.id,
        {"criterion": criterion, "reply": reply.id},
    )


def _adverse(session: Session, clinic_id: int, criterion: str, now: datetime) -> Finding:
    for finding in adverse_findings(session, clinic_id, now):
        if finding.criterion == criterion:
            return finding
    raise CaseRefused(Refusal.NOT_HERE)


def _standing(session: Session, clinic_id: int, criterion: str) -> ClinicReply | None:
    return session.scalar(
        select(ClinicReply).where(
            ClinicReply.clinic_id == clinic_id,
            ClinicReply.criterion == criterion,
            ClinicReply.ended_at.is_(None),
        )
    )
