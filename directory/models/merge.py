"""Listings of one clinic put together, and pairs that a person told apart for ever."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    exists,
    select,
    text,
)
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from directory.models.base import Base, Key
from directory.models.clinic import Clinic
from directory.models.staff import User
from directory.models.vetting import Verification


class ClinicDistinct(Base):
    """Two clinics that look like one and are not: a person said so, and is not asked again."""

    __tablename__ = "clinic_distinct"
    __table_args__ = (
        UniqueConstraint("low_id", "high_id"),
        CheckConstraint("low_id < high_id", name="in_order"),
        CheckConstraint("length(reason) > 0", name="reason"),
    )

    id: Mapped[Key]
    low_id: Mapped[int] = mapped_column(ForeignKey("clinic.id"))
    high_id: Mapped[int] = mapped_column(ForeignKey("clinic.id"), index=True)
    told_by: Mapped[int] = mapped_column(ForeignKey("staff_user.id"))
    told_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(300))
    teller: Mapped[User] = relationship()


class Merge(Base):
    """One listing that was merged into another; `undone_at` says that it was taken out again.

    `survivor_id` is the listing it was merged into. `home_id` is the one that speaks for it
    today: the same, until that one is merged further. So nobody has to follow a chain, and no
    circle can be: a listing that was merged takes part in no further merge. `moved` names the
    rows that went over with it and how the listing was before.
    """

    __tablename__ = "clinic_merge"
    __table_args__ = (
        CheckConstraint("survivor_id <> merged_id AND home_id <> merged_id", name="two_listings"),
        CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="undone"),
        CheckConstraint("length(reason) > 0", name="reason"),
        Index(
            "uq_clinic_merge_standing",
            "merged_id",
            unique=True,
            sqlite_where=text("undone_at IS NULL"),
            postgresql_where=text("undone_at IS NULL"),
        ),
        Index("ix_clinic_merge_home_id", "home_id"),
    )

    id: Mapped[Key]
    survivor_id: Mapped[int] = mapped_column(ForeignKey("clinic.id"))
    merged_id: Mapped[int] = mapped_column(ForeignKey("clinic.id"))
    home_id: Mapped[int] = mapped_column(ForeignKey("clinic.id"))
    merged_by: Mapped[int] = mapped_column(ForeignKey("staff_user.id"))
    merged_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(300))
    moved: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("staff_user.id"))
    undone_at: Mapped[datetime | None]

    survivor: Mapped[Clinic] = relationship(foreign_keys=[survivor_id])
    merged: Mapped[Clinic] = relationship(foreign_keys=[merged_id])
    merger: Mapped[User] = relationship(foreign_keys=[merged_by])


class SetAside(Base):
    """A check that does not count while a merge stands; the check itself is never touched."""

    __tablename__ = "merge_set_aside"

    merge_id: Mapped[int] = mapped_column(ForeignKey("clinic_merge.id"), primary_key=True)
    verification_id: Mapped[int] = mapped_column(
        ForeignKey("verification.id"), primary_key=True, index=True
    )


Verification.set_aside = column_property(
    exists(select(SetAside.merge_id).where(SetAside.verification_id == Verification.id))
)
