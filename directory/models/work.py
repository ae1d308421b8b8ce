"""Who holds which piece of work, and which check of it is the newest."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from directory.models.base import Base, BigId


class Lease(Base):
    """A verifier's short hold on one criterion at one clinic.

    One row for each piece of work, so that the database itself knows no second holder. A lease
    ends by the clock or by `until` being set to the moment it was put back; `put_back` says that
    its holder chose not to do it now. The row stays and is taken over by the next holder.
    """

    __tablename__ = "lease"
    __table_args__ = (
        CheckConstraint("until >= taken_at", name="days"),
        Index("ix_lease_holder_id", "holder_id", "until"),
    )

    clinic_id: Mapped[int] = mapped_column(BigId, ForeignKey("clinic.id"), primary_key=True)
    criterion: Mapped[str] = mapped_column(String(32), primary_key=True)
    holder_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id"))
    taken_at: Mapped[datetime]
    until: Mapped[datetime]
    put_back: Mapped[bool] = mapped_column(default=False)


class CheckCounter(Base):
    """The newest check of one criterion at one clinic.

    A check that was based on another one than this loses: the row is moved on by one statement
    that names what it was based on, so of two people at once exactly one succeeds.
    """

    __tablename__ = "check_counter"

    clinic_id: Mapped[int] = mapped_column(BigId, ForeignKey("clinic.id"), primary_key=True)
    criterion: Mapped[str] = mapped_column(String(32), primary_key=True)
    newest_id: Mapped[int] = mapped_column(BigInteger)
