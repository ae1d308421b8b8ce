"""Credentials, dated verifications with their evidence, and second persons' confirmations."""

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, MappedSQLExpression, mapped_column, relationship

from directory.domain.credentials import CredentialKind
from directory.domain.criteria import Level
from directory.domain.findings import Outcome
from directory.domain.looks import AttemptReason, Channel
from directory.models.base import Base, BigId, Key, coded
from directory.models.clinic import Clinic, Practitioner
from directory.models.staff import User

RENEWED_ALIKE = ("clinic_id", "criterion", "outcome", "level")
"""What a check that renews another has in common with it."""


class EvidenceKind(StrEnum):
    """What stands behind a verification."""

    LINK = "link"
    LOOKUP = "lookup"
    FILE = "file"


class Credential(Base):
    """A license, registration or certificate of exactly one practitioner or clinic.

    Of a DEA registration `number` holds the last three characters; the whole number is in
    `sealed_number`, encrypted, read by no page. `expires_on` is inclusive.
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
    sealed_number: Mapped[str | None] = mapped_column(String(255), deferred=True)
    state: Mapped[str | None] = mapped_column(String(2))
    issuer: Mapped[str] = mapped_column(String(200))
    issuer_url: Mapped[str | None] = mapped_column(String(300))
    expires_on: Mapped[date | None]
    ended_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    practitioner: Mapped[Practitioner | None] = relationship()
    clinic: Mapped[Clinic | None] = relationship()

    __mapper_args__: dict[str, Any] = {"version_id_col": version}  # noqa: RUF012 - read once


class Verification(Base):
    """One dated check of one criterion at one clinic. Append-only.

    `channel` is how somebody looked, `attempt_reason` why a look gave no answer. `private_note`
    is read by staff only. `renews_id` is the agreed check that the program found to hold still:
    foreign keys see to it that it is a confirmed met of the same clinic, criterion and level.
    """

    __tablename__ = "verification"
    __table_args__ = (
        ForeignKeyConstraint(["edition", "criterion"], ["criterion.edition", "criterion.code"]),
        UniqueConstraint("id", "recorded_by"),
        UniqueConstraint("id", *RENEWED_ALIKE),
        ForeignKeyConstraint(
            ["renews_id", *RENEWED_ALIKE],
            ["verification.id", *(f"verification.{name}" for name in RENEWED_ALIKE)],
            name="fk_verification_renews_id_alike",
        ),
        ForeignKeyConstraint(
            ["renews_id"],
            ["confirmation.verification_id"],
            name="fk_verification_renews_id",
            use_alter=True,
        ),
        CheckConstraint("renews_id IS NULL OR outcome = 'met'", name="renews_met"),
        CheckConstraint(
            "outcome NOT IN ('met', 'does_not_apply') OR valid_until IS NOT NULL",
            name="met_has_an_end",
        ),
        CheckConstraint("valid_until IS NULL OR valid_until >= checked_on", name="days"),
        CheckConstraint(
            "attempt_reason IS NULL OR outcome = 'could_not_check'", name="reason_of_an_attempt"
        ),
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
    private_note: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    channel: Mapped[Channel | None] = mapped_column(coded(Channel, "channel"))
    attempt_reason: Mapped[AttemptReason | None] = mapped_column(
        coded(AttemptReason, "attempt_reason")
    )
    renews_id: Mapped[int | None] = mapped_column(BigId, index=True)
    recorded_by: Mapped[int] = mapped_column(ForeignKey("staff_user.id"))
    recorded_at: Mapped[datetime]
    if TYPE_CHECKING:  # models/merge.py adds it: whether a merge took the check out of count
        set_aside: MappedSQLExpression[bool]

    clinic: Mapped[Clinic] = relationship()
    credential: Mapped[Credential | None] = relationship()
    recorder: Mapped[User] = relationship()
    confirmation: Mapped["Confirmation | None"] = relationship(
        back_populates="verification",
        foreign_keys="[Confirmation.verification_id, Confirmation.recorded_by]",
    )
    refusal: Mapped["Refusal | None"] = relationship(back_populates="verification")
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
    verification: Mapped[Verification] = relationship(
        back_populates="confirmation", foreign_keys=[verification_id, recorded_by]
    )
    confirmer: Mapped[User] = relationship()


class Refusal(Base):
    """A second person's "no" with its reason: the check stays on record and decides nothing."""

    __tablename__ = "refusal"
    __table_args__ = (
        ForeignKeyConstraint(
            ["verification_id", "recorded_by"],
            ["verification.id", "verification.recorded_by"],
        ),
        CheckConstraint("refused_by <> recorded_by", name="two_people"),
        CheckConstraint("length(reason) > 0", name="reason"),
    )

    verification_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    recorded_by: Mapped[int] = mapped_column(BigId)
    refused_by: Mapped[int] = mapped_column(ForeignKey("staff_user.id"))
    refused_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)
    verification: Mapped[Verification] = relationship(back_populates="refusal")
    refuser: Mapped[User] = relationship()


class Evidence(Base):
    """A link, look-up record or file behind a verification; immutable, named by its SHA-256.

    A file belongs to a clinic; its bytes are in the evidence store, never here. A newer file may
    say which one it replaces: the older one stays on record.
    """

    __tablename__ = "evidence"
    __table_args__ = (
        CheckConstraint("length(sha256) = 64", name="sha256_shape"),
        CheckConstraint(
            "kind <> 'file' OR (clinic_id IS NOT NULL AND media_type IS NOT NULL AND size > 0)",
            name="file_shape",
        ),
        Index(
            "uq_evidence_file",
            "clinic_id",
            "sha256",
            unique=True,
            sqlite_where=text("kind = 'file'"),
            postgresql_where=text("kind = 'file'"),
        ),
    )

    id: Mapped[Key]
    kind: Mapped[EvidenceKind] = mapped_column(coded(EvidenceKind, "kind"))
    title: Mapped[str] = mapped_column(String(200))
    url: Mapped[str | None] = mapped_column(String(500))
    record: Mapped[str] = mapped_column(Text, default="")
    sha256: Mapped[str] = mapped_column(String(64))
    clinic_id: Mapped[int | None] = mapped_column(ForeignKey("clinic.id"))
    media_type: Mapped[str | None] = mapped_column(String(40))
    size: Mapped[int | None]
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("evidence.id"))
    taken_at: Mapped[datetime]
    taken_by: Mapped[int] = mapped_column(ForeignKey("staff_user.id"))


class VerificationEvidence(Base):
    """Which evidence stands behind which verification."""

    __tablename__ = "verification_evidence"

    verification_id: Mapped[int] = mapped_column(ForeignKey("verification.id"), primary_key=True)
    evidence_id: Mapped[int] = mapped_column(ForeignKey("evidence.id"), primary_key=True)
