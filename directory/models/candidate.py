"""What the national registry says of numbers that matter here, and what staff made of each."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from directory.domain.nppes import AddressFlag, Fact, Triage
from directory.models.base import Base, BigId, Key, coded
from directory.models.clinic import Clinic, Organization
from directory.models.staff import User
from directory.models.vetting import Evidence


class Candidate(Base):
    """One number of the registry: its practice location as last published, and its triage.

    `fingerprint` names all that the registry said. `clinic_id` and `organization_id` are ours
    with this number. A decision stays through every import; `gone_at` says that the number was
    missing in a full file.
    """

    __tablename__ = "candidate"
    __table_args__ = (
        CheckConstraint("length(npi) = 10", name="npi_shape"),
        CheckConstraint("length(fingerprint) = 64", name="fingerprint_shape"),
        CheckConstraint(
            "(triage IN ('likely', 'unlikely', 'not_a_clinic')) = (decided_by IS NOT NULL)",
            name="decided",
        ),
        CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="decided_when"),
        Index("ix_candidate_triage", "triage", "strength"),
    )

    id: Mapped[Key]
    npi: Mapped[str] = mapped_column(String(10), unique=True)
    person: Mapped[bool]
    name: Mapped[str] = mapped_column(String(200))
    other_name: Mapped[str] = mapped_column(String(200))
    street: Mapped[str] = mapped_column(String(200))
    city: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(2))
    postal_code: Mapped[str] = mapped_column(String(5))
    phone: Mapped[str | None] = mapped_column(String(20))
    taxonomies: Mapped[list[str]] = mapped_column(JSON)
    reasons: Mapped[list[str]] = mapped_column(JSON)
    strength: Mapped[int] = mapped_column(Integer)
    address_flag: Mapped[AddressFlag | None] = mapped_column(coded(AddressFlag, "address_flag"))
    deactivated_on: Mapped[date | None]
    gone_at: Mapped[datetime | None]
    fingerprint: Mapped[str] = mapped_column(String(64))
    triage: Mapped[Triage] = mapped_column(coded(Triage, "triage"))
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("staff_user.id"))
    decided_at: Mapped[datetime | None]
    clinic_id: Mapped[int | None] = mapped_column(ForeignKey("clinic.id"), index=True)
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"), index=True)
    added_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer, default=1)

    clinic: Mapped[Clinic | None] = relationship()
    organization: Mapped[Organization | None] = relationship()
    decider: Mapped[User | None] = relationship()
    changes: Mapped[list["CandidateChange"]] = relationship(
        back_populates="candidate", order_by="CandidateChange.id"
    )
    lookups: Mapped[list[Evidence]] = relationship(
        secondary="candidate_lookup", order_by="Evidence.id"
    )

    __mapper_args__: dict[str, Any] = {"version_id_col": version}  # noqa: RUF012 - read once


class CandidateChange(Base):
    """The registry says something else than before: work until somebody has seen it.

    Of each fact at most one change waits. For a listing that an import meets for the first time
    `before` is what the listing says.
    """

    __tablename__ = "candidate_change"
    __table_args__ = (
        CheckConstraint("(seen_by IS NULL) = (seen_at IS NULL)", name="seen"),
        Index(
            "uq_candidate_change_waiting",
            "candidate_id",
            "fact",
            unique=True,
            sqlite_where=text("seen_at IS NULL"),
            postgresql_where=text("seen_at IS NULL"),
        ),
    )

    id: Mapped[Key]
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id"), index=True)
    fact: Mapped[Fact] = mapped_column(coded(Fact, "fact"))
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
    found_at: Mapped[datetime]
    seen_by: Mapped[int | None] = mapped_column(ForeignKey("staff_user.id"))
    seen_at: Mapped[datetime | None]
    candidate: Mapped[Candidate] = relationship(back_populates="changes")
    seer: Mapped[User | None] = relationship()


class CandidateLookup(Base):
    """Which look-ups in the live registry were made for which candidate."""

    __tablename__ = "candidate_lookup"

    candidate_id: Mapped[int] = mapped_column(BigId, ForeignKey("candidate.id"), primary_key=True)
    evidence_id: Mapped[int] = mapped_column(BigId, ForeignKey("evidence.id"), primary_key=True)
