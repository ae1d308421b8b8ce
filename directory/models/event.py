"""The append-only log: who did what to which row, when, with before, after and reason."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from directory.models.base import Base, Key


class Event(Base):
    """One line of the log, written in the transaction of the act it tells of.

    `id` is the number of the line, counted from 1 without a gap. Each line names the hash of the
    one before it, and no two may name the same one: the log cannot fork, even under a bug.
    `at` never runs back; `clock_said` keeps the time of an act that was dated before the line
    above it.
    """

    __tablename__ = "event"
    __table_args__ = (
        CheckConstraint("id >= 1", name="number"),
        CheckConstraint("length(hash) = 64", name="hash_shape"),
        Index("ix_event_subject", "subject_type", "subject_id"),
        Index("ix_event_actor_id", "actor_id"),
    )

    id: Mapped[Key]
    at: Mapped[datetime]
    actor_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id"))
    act: Mapped[str] = mapped_column(String(64))
    subject_type: Mapped[str] = mapped_column(String(64))
    subject_id: Mapped[int] = mapped_column(BigInteger)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(Text)
    clock_said: Mapped[datetime | None]
    prev_hash: Mapped[str] = mapped_column(String(64), unique=True)
    hash: Mapped[str] = mapped_column(String(64))

    @property
    def moment(self) -> datetime:
        """When it happened, as the clock said."""
        return self.clock_said or self.at
