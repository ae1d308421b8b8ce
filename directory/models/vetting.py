"""Credentials, dated verifications with their evidence, and second persons' confirmations."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from directory.domain.credentials import CredentialKind
from directory.domain.criteria import Level
from directory.domain.findings import Outcome
from directory.models.base import Base, BigId, Key, coded
from directory.models.clinic import Clinic, Practitioner
from directory.models.staff import User


class EvidenceKind(StrEnum):
    """What stands behind a verification."""

    LINK = "link"
    LOOKUP = "lookup"


class Credential(Base):
    """A license, registration or certificate of exactly one practitioner or clinic.

    Of a DEA registration only the last three characters are kept. `expires_on` is inclusive.
    """

    __tablename__ = "credential"
    __table_args__ = (
        CheckConstraint("(practitioner_id IS NULL) <> (clinic_id IS NULL)", name="one_holder"),
        CheckConstraint("kind <> 'dea_registration' OR length(number) = 3", name="dea_masked"),
    )

    id: Mapped[Key]
    practitioner_id: Mapped[int | None] = mapped_column(ForeignKey("practitioner.id"), index=True)
    clinic_id: Mapped[int | None] = mapped_column(ForeignKey("clinic.id"), index=True)
    kind: Mapped[CredentialKind] = mapped_column(coded(CredentialKind, "kind"))
    number: Mapped[str] = mapped_column(String(40))
    state: Mapped[str | None] = mapped_column(String(2))
    issuer: Mapped[str] = mapped_column(String(200))
    issuer_url: Mapped[str | None] = mapped_column(String(300))
    expires_on: Mapped[date | None]
    ended_on: Mapped[date | None]
    practitioner: Mapped[Practitioner | None] = relationship()
    clinic: Mapped[Clinic | None] = relationship()


class Verification(Base):
    """One dated check of one criterion at one clinic. Append-only."""

    __tablename__ = "verification"
    __table_args__ = (
        ForeignKeyConstraint(["edition", "criterion"], ["criterion.edition", "criterion.code"]),
        UniqueConstraint("id", "recorded_by"),
        CheckConstraint(
            "outcome NOT IN ('met', 'does_not_apply') OR valid_until IS NOT NULL",
            name="met_has_an_end",
        ),
        CheckConstraint("valid_until IS NULL OR valid_until >= checked_on", name="days"),
        Index("ix_verification_clinic_criterion", "clinic_id", "criterion", "checked_on"),
    )

    id: Mapped[Key]
    clinic_id: Mapped[int] = mapped_column(ForeignKey("clinic.id"))
    edition: Mapped[str] = mapped_column(String(16))
    criterion: Mapped[str] = mapped_column(String(32))
    outcome: Mapped[Outcome] = mapped_column(coded(Outcome, "outcome"))
    level: Mapped[Level] = mapped_column(coded(Level, "level"))
    checked_on: Mapped[date]
    valid_until: Mapped[date | None]
    source_name: Mapped[str] = mapped_column(String(200))
    source_url: Mapped[str | None] = mapped_column(String(500))
    credential_id: Mapped[int | None] = mapped_column(ForeignKey("credential.id"), index=True)
    note: Mapped[str] = mapped_column(Text, default="")
    recorded_by: Mapped[int] = mapped_column(ForeignKey("staff_user.id"))
    recorded_at: Mapped[datetime]

    credential: Mapped[Credential | None] = relationship()
    recorder: Mapped[User] = relationship()
    confirmation: Mapped["Confirmation | None"] = relationship(back_populates="verification")
    evidence: Mapped[list["Evidence"]] = relationship(
        secondary="verification_evidence", order_by="Evidence.id"
    )


class Confirmation(Base):
    """A second person's agreement. The database itself refuses the recorder as the second.

    `recorded_by` repeats the verification's recorder under a foreign key over both columns,
    which is what lets one row hold the rule "two different people".
    """

    __tablename__ = "confirmation"
    __table_args__ = (
        ForeignKeyConstraint(
            ["verification_id", "recorded_by"],
            ["verification.id", "verification.recorded_by"],
        ),
        CheckConstraint("confirmed_by <> recorded_by", name="two_people"),
    )

    verification_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    recorded_by: Mapped[int] = mapped_column(BigId)
    confirmed_by: Mapped[int] = mapped_column(ForeignKey("staff_user.id"))
    confirmed_at: Mapped[datetime]
    verification: Mapped[Verification] = relationship(back_populates="confirmation")


class Evidence(Base):
    """A link or look-up record behind a verification; immutable, named by its SHA-256."""

    __tablename__ = "evidence"
    __table_args__ = (CheckConstraint("length(sha256) = 64", name="sha256_shape"),)

    id: Mapped[Key]
    kind: Mapped[EvidenceKind] = mapped_column(coded(EvidenceKind, "kind"))
    title: Mapped[str] = mapped_column(String(200))
    url: Mapped[str | None] = mapped_column(String(500))
    record: Mapped[str] = mapped_column(Text, default="")
    sha256: Mapped[str] = mapped_column(String(64))
    taken_at: Mapped[datetime]
    taken_by: Mapped[int] = mapped_column(ForeignKey("staff_user.id"))


class VerificationEvidence(Base):
    """Which evidence stands behind which verification."""

    __tablename__ = "verification_evidence"

    verification_id: Mapped[int] = mapped_column(ForeignKey("verification.id"), primary_key=True)
    evidence_id: Mapped[int] = mapped_column(ForeignKey("evidence.id"), primary_key=True)
