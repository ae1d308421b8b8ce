"""Who was compared with the exclusion list, with what result, and what people decided on hits."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from directory.domain.screening import BirthDate, CouldNot, MatchState, Result
from directory.models.base import Base, BigId, Key, coded
from directory.models.clinic import Clinic, Organization, Practitioner
from directory.models.staff import User

KINDS = ("practitioner", "organization", "clinic")
ONE_SUBJECT = (
    "(CASE WHEN practitioner_id IS NULL THEN 0 ELSE 1 END"
    " + CASE WHEN organization_id IS NULL THEN 0 ELSE 1 END"
    " + CASE WHEN clinic_id IS NULL THEN 0 ELSE 1 END) = 1"
)


class Match(Base):
    """A row of the exclusion list that may be one of ours: a person decides.

    A decision is bound to the row's content (`row_digest`) and to the name and NPI it was made
    for (`made_for`): it holds for ever, unless one of them changes. `row` keeps what was shown of
    the list, without the birth date; `found_in` is the day of the list it was found in, `gone_on`
    of the first one that had it no more. Of a birth date typed for comparison only the answer is
    kept.
    """

    __tablename__ = "exclusion_match"
    __table_args__ = (
        CheckConstraint(ONE_SUBJECT, name="one_subject"),
        CheckConstraint("tier BETWEEN 1 AND 4", name="tier"),
        CheckConstraint("length(row_digest) = 64 AND length(made_for) = 64", name="digests"),
        CheckConstraint(
            "(state = 'potential') = (decided_by IS NULL) "
            "AND (decided_by IS NULL) = (decided_at IS NULL) "
            "AND (state = 'potential' OR length(reason) > 0)",
            name="decision",
        ),
        *(UniqueConstraint(f"{kind}_id", "row_digest") for kind in KINDS),
        Index("ix_exclusion_match_state", "state", "tier"),
    )

    id: Mapped[Key]
    practitioner_id: Mapped[int | None] = mapped_column(ForeignKey("practitioner.id"))
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"))
    clinic_id: Mapped[int | None] = mapped_column(ForeignKey("clinic.id"))
    row_digest: Mapped[str] = mapped_column(String(64))
    row: Mapped[dict[str, str]] = mapped_column(JSON)
    tier: Mapped[int] = mapped_column(SmallInteger)
    why: Mapped[list[str]] = mapped_column(JSON)
    made_for: Mapped[str] = mapped_column(String(64))
    found_at: Mapped[datetime]
    found_in: Mapped[date]
    gone_on: Mapped[date | None]
    birth_date: Mapped[BirthDate | None] = mapped_column(coded(BirthDate, "birth_date"))
    state: Mapped[MatchState] = mapped_column(
        coded(MatchState, "state"), default=MatchState.POTENTIAL
    )
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("staff_user.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(Integer, default=1)
    practitioner: Mapped[Practitioner | None] = relationship()
    organization: Mapped[Organization | None] = relationship()
    clinic: Mapped[Clinic | None] = relationship()
    decider: Mapped[User | None] = relationship()
    checks: Mapped[list["MatchCheck"]] = relationship(order_by="MatchCheck.verification_id")

    __mapper_args__: dict[str, Any] = {"version_id_col": version}  # noqa: RUF012 - read once

    @property
    def subject(self) -> tuple[str, int]:
        """The kind of whom it is about, and the number."""
        found = ((kind, getattr(self, f"{kind}_id")) for kind in KINDS)
        return next((kind, number) for kind, number in found if number is not None)

    @property
    def about(self) -> Practitioner | Organization | Clinic:
        """Whom it is about."""
        found = self.practitioner or self.organization or self.clinic
        assert found is not None  # noqa: S101 - the table's own rule
        return found


class MatchCheck(Base):
    """The adverse check that a match led to at one clinic."""

    __tablename__ = "exclusion_match_check"

    verification_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("verification.id"), primary_key=True
    )
    match_id: Mapped[int] = mapped_column(ForeignKey("exclusion_match.id"), index=True)


class Screening(Base):
    """When one subject was last compared with the list, with which list and what result."""

    __tablename__ = "screening"
    __table_args__ = (
        CheckConstraint(ONE_SUBJECT, name="one_subject"),
        CheckConstraint("(result = 'could_not') = (reason IS NOT NULL)", name="reason_of"),
    )

    id: Mapped[Key]
    practitioner_id: Mapped[int | None] = mapped_column(ForeignKey("practitioner.id"), unique=True)
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"), unique=True)
    clinic_id: Mapped[int | None] = mapped_column(ForeignKey("clinic.id"), unique=True)
    last_screened_at: Mapped[datetime]
    list_date: Mapped[date]
    result: Mapped[Result] = mapped_column(coded(Result, "result"))
    reason: Mapped[CouldNot | None] = mapped_column(coded(CouldNot, "reason"))

    @property
    def subject(self) -> tuple[str, int]:
        """The kind of whom it is about, and the number."""
        found = ((kind, getattr(self, f"{kind}_id")) for kind in KINDS)
        return next((kind, number) for kind, number in found if number is not None)
