"""Mail to the senders of cases: queued with the step it tells of, sent after the commit, retried.

A try has two short transactions with the sending between them, so that no slow mail server ever
holds a lock: one claims the mail, the other writes down what came of it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from directory.domain.cases import CaseRefused, CaseState, Refusal, erase_contact_at
from directory.models import Case, CaseMessage, OutgoingMail, User
from directory.models.case import MailKind, MailState
from directory.operations import events

PAUSES = (
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
    timedelta(hours=24),
)
"""How long to wait after each failed try; after one more the mail waits for a person."""
LONGEST_TRY = timedelta(minutes=5)
"""How long a try may be under way before another may begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What one mail must say, and to whom; the words around it stand in the templates."""

    mail_id: int
    kind: MailKind
    case_id: int
    token: str
    state: CaseState
    language: str
    email: str
    words: str


def queue(
    session: Session,
    now: datetime,
    case: Case,
    kind: MailKind,
    message: CaseMessage | None = None,
) -> OutgoingMail | None:
    """Queue a mail in the transaction of its step; None when the sender left no address."""
    if case.contact is None or case.contact.email is None:
        return None
    mail = OutgoingMail(
        case_id=case.id,
        kind=kind,
        message_id=message.id if message else None,
        state=MailState.WAITING,
        next_try_at=now,
        created_at=now,
    )
    session.add(mail)
    session.flush()
    return mail


def due(session: Session, now: datetime) -> list[int]:
    """Return the numbers of the mails to try now, the oldest first."""
    return list(
        session.scalars(
            select(OutgoingMail.id)
            .where(OutgoingMail.state == MailState.WAITING, OutgoingMail.next_try_at <= now)
            .order_by(OutgoingMail.id)
        )
    )


def claim(session: Session, now: datetime, mail_id: int) -> Note | None:
    """Begin a try and return what to send; None when somebody else has it or nobody is left.

    The claim is one conditional UPDATE, so of two who try at once only one sends.
    """
    won = session.execute(
        update(OutgoingMail)
        .where(
            OutgoingMail.id == mail_id,
            OutgoingMail.state == MailState.WAITING,
            OutgoingMail.next_try_at <= now,
        )
        .values(attempts=OutgoingMail.attempts + 1, next_try_at=now + LONGEST_TRY)
        .execution_options(synchronize_session=False)
    )
    if won.rowcount != 1:  # type: ignore[attr-defined]
        return None
    mail = session.get_one(OutgoingMail, mail_id, populate_existing=True)
    case = mail.case
    contact = case.contact
    over = case.closed_at is not None and now >= erase_contact_at(case.closed_at)
    erased = mail.message is not None and mail.message.words is None
    if contact is None or contact.email is None or over or erased:
        mail.state = MailState.DROPPED
        session.flush()
        return None
    return Note(
        mail_id=mail.id,
        kind=mail.kind,
        case_id=case.id,
        token=case.token,
        state=case.state,
        language=case.language,
        email=contact.email,
        words=mail.message.words or "" if mail.message else "",
    )


def mark_sent(session: Session, now: datetime, mail_id: int) -> None:
    """Write down that a mail was handed to the mail server."""
    session.execute(
        update(OutgoingMail)
        .where(OutgoingMail.id == mail_id)
        .values(state=MailState.SENT, sent_at=now, problem=None)
        .execution_options(synchronize_session=False)
    )


def mark_failed(session: Session, now: datetime, mail_id: int, problem: str) -> None:
    """Write down a failed try and when to try again; `problem` holds no address."""
    mail = session.get_one(OutgoingMail, mail_id, populate_existing=True)
    mail.problem = problem[:100]
    if mail.attempts > len(PAUSES):
        mail.state = MailState.FAILED
    else:
        mail.next_try_at = now + PAUSES[mail.attempts - 1]
    session.flush()


def retry(session: Session, actor: User, now: datetime, mail: OutgoingMail) -> None:
    """Put a mail that did not go out in line again, as a person asked; raises CaseRefused."""
    won = session.execute(
        update(OutgoingMail)
        .where(
            OutgoingMail.id == mail.id,
            or_(
                OutgoingMail.state == MailState.FAILED,
                (OutgoingMail.state == MailState.WAITING) & OutgoingMail.problem.is_not(None),
            ),
        )
        .values(state=MailState.WAITING, attempts=0, next_try_at=now)
        .execution_options(synchronize_session=False)
    )
    if won.rowcount != 1:  # type: ignore[attr-defined]
        raise CaseRefused(Refusal.NOT_NOW)
    session.refresh(mail)
    events.record(
        session, actor, now, "case:mail_retried", "case", mail.case_id, None, {"mail": mail.id}
    )


def drop_waiting(session: Session, case: Case) -> None:
    """Give up the mails of a case whose contact is erased: nobody is left to write to."""
    session.execute(
        update(OutgoingMail)
        .where(
            OutgoingMail.case_id == case.id,
            OutgoingMail.state.in_((MailState.WAITING, MailState.FAILED)),
        )
        .values(state=MailState.DROPPED)
        .execution_options(synchronize_session="fetch")
    )
