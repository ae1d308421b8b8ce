"""Take in what the outside world writes, and lead each case to its end: one step, one event.

The log says which case took which step. It never holds a sender's words or contact details, so
both can be erased.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from directory.domain.cases import (
    CLOSED,
    RULES,
    CaseKind,
    CaseRefused,
    CaseState,
    Category,
    MessageKind,
    Refusal,
    Side,
    Step,
    checked_words,
    closed_before,
    erase_contact_at,
    next_state,
)
from directory.domain.criteria import Catalogue
from directory.models import Case, CaseContact, CaseMessage, Clinic, User
from directory.models.case import MailKind
from directory.operations import events
from directory.operations.accounts import conflicted
from directory.operations.editing import Edit, create_clinic
from directory.operations.mail import drop_waiting, queue
from directory.operations.people import system_user

TOKEN_BYTES = 32
FOR_ALL = (Step.TAKE, Step.NOTE)
"""Steps that do not need the case to be one's own."""
LISTED_FROM = (CaseState.IN_REVIEW, CaseState.INFORMATION_REQUESTED, CaseState.ACCEPTED)
"""In which states of a suggestion staff can start a listing from it."""
TELLS = {
    MessageKind.QUESTION: MailKind.QUESTION,
    MessageKind.MESSAGE: MailKind.MESSAGE,
    MessageKind.DECISION: MailKind.DECISION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a form of the public brought, already bounded; `nonce` is the form's own."""

    kind: CaseKind
    words: str
    nonce: str
    category: Category | None = None
    clinic_id: int | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"
    name: str = ""
    email: str = ""


def open_case(session: Session, now: datetime, opening: Opening) -> Case:
    """Write down a new case with its first message, contact and receipt.

    A form sent twice makes one case: the second time returns the first one's. Raises CaseRefused
    without words, and for a clinic that is not there.
    """
    words = checked_words(opening.words, needed=True)
    known = session.scalar(select(Case).where(Case.nonce == opening.nonce))
    if known is not None:
        return known
    if opening.clinic_id is not None and session.get(Clinic, opening.clinic_id) is None:
        raise CaseRefused(Refusal.NOT_HERE)
    case = Case(
        kind=opening.kind,
        category=opening.category,
        clinic_id=opening.clinic_id,
        state=CaseState.RECEIVED,
        token=secrets.token_urlsafe(TOKEN_BYTES),
        nonce=opening.nonce,
        details={name: text for name, text in opening.details.items() if text},
        language=opening.language,
        received_at=now,
        changed_at=now,
    )
    case.messages.append(CaseMessage(kind=MessageKind.OPENING, words=words, at=now))
    if opening.name or opening.email:
        case.contact = CaseContact(name=opening.name or None, email=opening.email or None)
    session.add(case)
    session.flush()
    queue(session, now, case, MailKind.RECEIPT)
    after: dict[str, Any] = {"kind": case.kind.value, "state": case.state.value}
    if case.clinic_id is not None:
        after["clinic"] = case.clinic_id
    if case.category is not None:
        after["category"] = case.category.value
    events.record(session, system_user(session), now, "case:received", "case", case.id, None, after)
    return case


def case_by_token(session: Session, token: str, *, lock: bool = False) -> Case | None:
    """Return the case whose status page has this token; `lock` keeps others from changing it."""
    return _one(session, select(Case).where(Case.token == token), lock=lock)


def case_by_id(session: Session, case_id: int, *, lock: bool = False) -> Case | None:
    """Return a case by its number; `lock` keeps others from changing it meanwhile."""
    return _one(session, select(Case).where(Case.id == case_id), lock=lock)


def _one(session: Session, statement: Select[Any], *, lock: bool) -> Case | None:
    """Lock the row itself on PostgreSQL; on SQLite the writing transaction holds them all."""
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found: Case | None = session.scalar(statement)
    return found


def contact_of(case: Case, now: datetime) -> CaseContact | None:
    """Return the sender's contact, unless its time is over: then nobody reads it any more."""
    if case.closed_at is not None and now >= erase_contact_at(case.closed_at):
        return None
    return case.contact


def staff_step(
    session: Session,
    actor: User,
    now: datetime,
    case: Case,
    step: Step,
    *,
    words: str = "",
    version: int | None = None,
) -> Case:
    """Take a step of the staff; `version` is the one the form showed.

    Raises CaseRefused: for a declared conflict with the clinic, when somebody changed the case
    meanwhile, when the state does not allow it, when the case is not one's own, without words.
    """
    if may_not_act(session, actor, case):
        raise CaseRefused(Refusal.CONFLICT)
    if version is not None and version != case.version:
        raise CaseRefused(Refusal.CHANGED)
    if step not in FOR_ALL and case.assignee_id != actor.id:
        next_state(case.state, step, Side.STAFF)
        raise CaseRefused(Refusal.NOT_YOURS)
    if step is Step.TAKE and case.assignee_id == actor.id:
        raise CaseRefused(Refusal.NOT_NOW)
    return _take_step(session, actor, now, case, step, Side.STAFF, words)


def sender_step(
    session: Session,
    now: datetime,
    case: Case,
    step: Step,
    *,
    words: str = "",
    version: int | None = None,
) -> Case:
    """Take a step of the sender: answer, or withdraw. Raises CaseRefused."""
    if version is not None and version != case.version:
        raise CaseRefused(Refusal.CHANGED)
    return _take_step(session, system_user(session), now, case, step, Side.SENDER, words)


def may_not_act(session: Session, actor: User, case: Case) -> bool:
    """Say whether the actor declared a conflict with the clinic a case is about."""
    return case.clinic_id is not None and conflicted(session, actor.id, case.clinic_id)


def _take_step(
    session: Session,
    actor: User,
    now: datetime,
    case: Case,
    step: Step,
    by: Side,
    words: str,
) -> Case:
    rule = RULES[step]
    state = next_state(case.state, step, by)
    words = checked_words(words, needed=rule.needs_words)
    before = {"state": case.state.value, "assignee": case.assignee_id}
    case.state = state
    case.changed_at = now
    if step is Step.TAKE:
        case.assignee_id = actor.id
    elif step is Step.RELEASE:
        case.assignee_id = None
    if state in CLOSED and case.closed_at is None:
        case.closed_at = max(now, case.received_at)
        case.closed_by = actor.id if by is Side.STAFF else None
    if rule.writes in TELLS and case.first_reply_at is None:
        case.first_reply_at = now
    message = None
    if rule.writes is not None and words:
        message = CaseMessage(
            case_id=case.id,
            kind=rule.writes,
            staff_id=actor.id if by is Side.STAFF else None,
            words=words,
            at=now,
        )
        session.add(message)
    session.flush()
    if message is not None and message.kind in TELLS:
        queue(session, now, case, TELLS[message.kind], message)
    after: dict[str, Any] = {"state": case.state.value, "assignee": case.assignee_id}
    if message is not None:
        after["message"] = message.id
    events.record(session, actor, now, rule.event, "case", case.id, before, after)
    return case


def refuse_listing(session: Session, actor: User, case: Case) -> None:
    """Raise CaseRefused unless the actor can start a listing from this case now.

    It is a suggestion without a clinic, and the actor has it; once it is accepted, anybody can.
    """
    if may_not_act(session, actor, case):
        raise CaseRefused(Refusal.CONFLICT)
    if case.clinic_id is not None:
        raise CaseRefused(Refusal.HAS_CLINIC)
    if case.kind is not CaseKind.SUGGESTION or case.state not in LISTED_FROM:
        raise CaseRefused(Refusal.NOT_NOW)
    if case.state is not CaseState.ACCEPTED and case.assignee_id != actor.id:
        raise CaseRefused(Refusal.NOT_YOURS)


def start_listing(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    case: Case,
    edit: Edit,
    *,
    two_person: bool,
) -> Clinic:
    """Write a new clinic as a draft and note its number on the case; raises CaseRefused.

    The case's row must be locked. Its log line names the clinic, and none holds the sender's words
    but the facts of the clinic that staff looked over and saved.
    """
    refuse_listing(session, actor, case)
    clinic = create_clinic(session, actor, now, catalogue, edit, two_person=two_person)
    case.clinic_id = clinic.id
    case.changed_at = now
    session.flush()
    after = {"clinic": clinic.id}
    events.record(session, actor, now, "case:linked", "case", case.id, {"clinic": None}, after)
    return clinic


def erase_due_contacts(session: Session, now: datetime, actor: User | None = None) -> int:
    """Erase the contact details of cases closed 90 days ago or longer; returns how many.

    The log names `actor`, the person who asked for it, or else the program itself.
    """
    cases = session.scalars(
        select(Case)
        .join(CaseContact)
        .where(Case.closed_at <= closed_before(now))
        .order_by(Case.id)
        .with_for_update(of=Case)
    ).all()
    for case in cases:
        case.contact = None
        case.contact_erased_at = now
        drop_waiting(session, case)
        session.flush()
        by = actor or system_user(session)
        events.record(session, by, now, "case:contact_erased", "case", case.id)
    return len(cases)


def erase_words(
    session: Session, actor: User, now: datetime, message: CaseMessage, reason: str
) -> None:
    """Erase what one message says, such as somebody's health; that it was there stays on record.

    Raises CaseRefused for a conflict, without a reason, and when it is erased already.
    """
    if may_not_act(session, actor, message.case):
        raise CaseRefused(Refusal.CONFLICT)
    if message.words is None:
        raise CaseRefused(Refusal.NOT_NOW)
    reason = checked_words(reason, needed=True)
    message.words = None
    message.erased_at = now
    session.flush()
    events.record(
        session,
        actor,
        now,
        "case:words_erased",
        "case",
        message.case_id,
        None,
        {"message": message.id},
        reason=reason,
    )
