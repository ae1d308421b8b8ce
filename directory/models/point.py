"""What became of looking up a clinic's address."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Float, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from directory.domain.points import Lookup
from directory.models.base import Base, BigId, coded
from directory.models.clinic import Clinic


class PointLookup(Base):
    """The newest look-up of one clinic's address, or a person's decision to leave it.

    It counts for `address` only: another one is looked up anew. `said`, `lat` and `lon` are what
    the geocoder answered, `why` and `details` the rule that refused it. `tries` counts the
    look-ups of this address. A clinic's own point stands in the clinic.
    """

    __tablename__ = "point_lookup"
    __table_args__ = (
        CheckConstraint("tries >= 1", name="tries"),
        CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="decided"),
        CheckConstraint("(outcome = 'left') = (decided_by IS NOT NULL)", name="left_by"),
        CheckConstraint("(outcome = 'refused') = (why IS NOT NULL)", name="why"),
        Index("ix_point_lookup_outcome", "outcome"),
    )

    clinic_id: Mapped[int] = mapped_column(BigId, ForeignKey("clinic.id"), primary_key=True)
    address: Mapped[str] = mapped_column(String(320))
    outcome: Mapped[Lookup] = mapped_column(coded(Lookup, "outcome"))
    said: Mapped[str | None] = mapped_column(String(200))
    lat: Mapped[float | None] = mapped_column(Float)
    lon: Mapped[float | None] = mapped_column(Float)
    why: Mapped[str | None] = mapped_column(String(32))
    details: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    tries: Mapped[int] = mapped_column(Integer, default=1)
    looked_up_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("staff_user.id"))
    decided_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer, default=1)

    clinic: Mapped[Clinic] = relationship()

    __mapper_args__: dict[str, Any] = {"version_id_col": version}  # noqa: RUF012 - read once
