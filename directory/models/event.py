"""The append-only log: who did what to which row, when, with before and after."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from directory.models.base import Base, Key


class Event(Base):
    """One line of the log, written in the transaction of the act it tells of."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_subject", "subject_type", "subject_id"),)

    id: Mapped[Key]
    at: Mapped[datetime]
    actor_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id"))
    act: Mapped[str] = mapped_column(String(64))
    subject_type: Mapped[str] = mapped_column(String(64))
    subject_id: Mapped[int] = mapped_column(BigInteger)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON)
