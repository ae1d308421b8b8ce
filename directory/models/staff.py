"""The people who record and confirm checks, how they get in, and where they may not act."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from directory.models.base import Base, Key, coded
from directory.models.clinic import Clinic, Organization


class StaffRole(StrEnum):
    """What a member of staff may do; `system` stands for the program itself."""

    VERIFIER = "verifier"
    ADMIN = "admin"
    SYSTEM = "system"


class SessionEnd(StrEnum):
    """Why a session ended before its time."""

    SIGNED_OUT = "signed_out"
    REVOKED = "revoked"
    DISABLED = "disabled"
    NEW_PASSWORD = "new_password"  # noqa: S105 - a reason, not a password
    NEW_ROLE = "new_role"


class User(Base):
    """A member of staff. The public reads the role and the number, never the name.

    Without a password and a second factor nobody signs in as them. `totp_secret` is sealed with
    the installation's key; `totp_step` is the last time step whose code was used.
    """

    __tablename__ = "staff_user"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(200), unique=True)
    role: Mapped[StaffRole] = mapped_column(coded(StaffRole, "role"))
    email: Mapped[str | None] = mapped_column(String(254), index=True, unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    totp_secret: Mapped[str | None] = mapped_column(String(200))
    totp_step: Mapped[int | None] = mapped_column(BigInteger)
    joined_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]


class Invitation(Base):
    """A one-time link by which a person sets a password and a second factor."""

    __tablename__ = "staff_invitation"
    __table_args__ = (CheckConstraint("length(token_sha256) = 64", name="sha256_shape"),)

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id"), index=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    user: Mapped[User] = relationship()


class StaffSession(Base):
    """One signed-in browser. The cookie holds a random number, the row only its hash."""

    __tablename__ = "staff_session"
    __table_args__ = (
        CheckConstraint("length(token_sha256) = 64", name="sha256_shape"),
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="end"),
    )

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id"), index=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    started_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[SessionEnd | None] = mapped_column(coded(SessionEnd, "end_reason"))


class RecoveryCode(Base):
    """A code that stands in for the second factor once; the row holds only its hash."""

    __tablename__ = "staff_recovery_code"
    __table_args__ = (CheckConstraint("length(code_sha256) = 64", name="sha256_shape"),)

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id"), index=True)
    code_sha256: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]


class ConflictOfInterest(Base):
    """A clinic or an owner of clinics that a member of staff declared a tie to."""

    __tablename__ = "conflict_of_interest"
    __table_args__ = (
        CheckConstraint("(clinic_id IS NULL) <> (organization_id IS NULL)", name="one_subject"),
    )

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id"), index=True)
    clinic_id: Mapped[int | None] = mapped_column(ForeignKey("clinic.id"), index=True)
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"), index=True)
    reason: Mapped[str] = mapped_column(String(300))
    declared_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    clinic: Mapped[Clinic | None] = relationship()
    organization: Mapped[Organization | None] = relationship()
