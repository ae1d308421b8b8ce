"""Cases: what the outside world wrote in, the conversation about it, and who to write back to.

Contact details stand in a table of their own, so that they can be erased; the log points at a
case and never holds its words.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from directory.domain.cases import CaseKind, CaseState, Category, MessageKind
from directory.models.base import Base, BigId, Key, coded
from directory.models.clinic import Clinic
from directory.models.staff import User


class MailKind(StrEnum):
    """What a mail tells its reader."""

    RECEIPT = "receipt"
    QUESTION = "question"
    MESSAGE = "message"
    DECISION = "decision"


class MailState(StrEnum):
    """How far a mail came; `failed` waits for a person."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


class Case(Base):
    """A suggestion, correction or concern, and where it stands.

    `token` is the unguessable part of its status page's address, `nonce` is that of the form it
    came in by, so that one form makes one case. `details` holds the form's short fields,
    `language` is that of the page it was sent from (ISO 639), in which mail is written back.
    """

    __tablename__ = "outside_case"
    __table_args__ = (
        CheckConstraint("(kind = 'concern') = (category IS NOT NULL)", name="category"),
        CheckConstraint("kind <> 'concern' OR clinic_id IS NOT NULL", name="concerns_a_clinic"),
        CheckConstraint(
            "(state IN ('accepted', 'declined', 'withdrawn')) = (closed_at IS NOT NULL)",
            name="closed",
        ),
        CheckConstraint(
            "(state IN ('accepted', 'declined')) = (closed_by IS NOT NULL)", name="decided"
        ),
        CheckConstraint(
            "state = 'withdrawn' OR (state = 'received') = (assignee_id IS NULL)", name="assigned"
        ),
        CheckConstraint("closed_at IS NULL OR closed_at >= received_at", name="moments"),
        CheckConstraint(
            "contact_erased_at IS NULL OR closed_at IS NOT NULL", name="erased_after_closing"
        ),
        CheckConstraint("length(token) >= 32", name="token_length"),
        Index("ix_outside_case_state", "state", "received_at"),
    )

    id: Mapped[Key]
    kind: Mapped[CaseKind] = mapped_column(coded(CaseKind, "kind"))
    category: Mapped[Category | None] = mapped_column(coded(Category, "category_code"))
    clinic_id: Mapped[int | None] = mapped_column(ForeignKey("clinic.id"), index=True)
    state: Mapped[CaseState] = mapped_column(coded(CaseState, "state"), default=CaseState.RECEIVED)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    nonce: Mapped[str] = mapped_column(String(64), unique=True)
    details: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    language: Mapped[str] = mapped_column(String(3), default="en", server_default="en")
    received_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    first_reply_at: Mapped[datetime | None]
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("staff_user.id"), index=True)
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("staff_user.id"))
    contact_erased_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer, default=1)

    clinic: Mapped[Clinic | None] = relationship()
    assignee: Mapped[User | None] = relationship(foreign_keys=[assignee_id])
    contact: Mapped["CaseContact | None"] = relationship(cascade="all, delete-orphan")
    messages: Mapped[list["CaseMessage"]] = relationship(
        order_by="CaseMessage.id", back_populates="case"
    )
    mails: Mapped[list["OutgoingMail"]] = relationship(
        order_by="OutgoingMail.id", back_populates="case"
    )

    __mapper_args__: dict[str, Any] = {"version_id_col": version}  # noqa: RUF012 - read once


class CaseContact(Base):
    """How to reach the sender; the row goes 90 days after the case is closed."""

    __tablename__ = "case_contact"
    __table_args__ = (CheckConstraint("name IS NOT NULL OR email IS NOT NULL", name="something"),)

    case_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("outside_case.id"), primary_key=True, autoincrement=False
    )
    name: Mapped[str | None] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254))


class CaseMessage(Base):
    """One message of a case's conversation; staff can erase the words of one, never change them."""

    __tablename__ = "case_message"
    __table_args__ = (
        CheckConstraint("(kind IN ('opening', 'answer')) = (staff_id IS NULL)", name="author"),
        CheckConstraint("(words IS NULL) = (erased_at IS NOT NULL)", name="erased"),
        CheckConstraint("words IS NULL OR length(words) BETWEEN 1 AND 5000", name="words_length"),
    )

    id: Mapped[Key]
    case_id: Mapped[int] = mapped_column(ForeignKey("outside_case.id"), index=True)
    kind: Mapped[MessageKind] = mapped_column(coded(MessageKind, "kind"))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff_user.id"))
    words: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime]
    erased_at: Mapped[datetime | None]
    case: Mapped[Case] = relationship(back_populates="messages")
    staff: Mapped[User | None] = relationship()


class OutgoingMail(Base):
    """A mail to a case's sender, written in the transaction of the step it tells of.

    It holds no address and no words: both are read from the case when it is sent. `attempts`
    counts tries; while one is under way `next_try_at` keeps others off.
    """

    __tablename__ = "outgoing_mail"
    __table_args__ = (
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent"),
        CheckConstraint("state <> 'failed' OR problem IS NOT NULL", name="failed"),
        Index("ix_outgoing_mail_state", "state", "next_try_at"),
    )

    id: Mapped[Key]
    case_id: Mapped[int] = mapped_column(ForeignKey("outside_case.id"), index=True)
    kind: Mapped[MailKind] = mapped_column(coded(MailKind, "kind"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("case_message.id"))
    state: Mapped[MailState] = mapped_column(coded(MailState, "state"), default=MailState.WAITING)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_try_at: Mapped[datetime]
    problem: Mapped[str | None] = mapped_column(String(100))
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    case: Mapped[Case] = relationship(back_populates="mails")
    message: Mapped[CaseMessage | None] = relationship()


class ClinicReply(Base):
    """A clinic's answer to an adverse finding, as staff wrote it down; one at a time holds."""

    __tablename__ = "clinic_reply"
    __table_args__ = (
        ForeignKeyConstraint(["edition", "criterion"], ["criterion.edition", "criterion.code"]),
        CheckConstraint("length(words) BETWEEN 1 AND 600", name="words_length"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
        Index(
            "uq_clinic_reply_standing",
            "clinic_id",
            "criterion",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[Key]
    clinic_id: Mapped[int] = mapped_column(ForeignKey("clinic.id"))
    edition: Mapped[str] = mapped_column(String(16))
    criterion: Mapped[str] = mapped_column(String(32))
    verification_id: Mapped[int] = mapped_column(ForeignKey("verification.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("outside_case.id"))
    words: Mapped[str] = mapped_column(Text)
    answered_on: Mapped[date]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("staff_user.id"))
    recorded_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("staff_user.id"))
