"""Clinics and who stands behind them: organizations, services, practitioners and their roles."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from directory.domain.services import Condition, Modality
from directory.domain.standing import Listing
from directory.models.base import Base, Key, coded

NPI_SHAPE = "npi IS NULL OR length(npi) = 10"


class PointPrecision(StrEnum):
    """How well a clinic's point is known."""

    ADDRESS = "address"
    ZIP = "zip"
    CITY = "city"


class Post(StrEnum):
    """A practitioner's post at a clinic."""

    MEDICAL_DIRECTOR = "medical_director"
    PRESCRIBER = "prescriber"
    MONITORING_CLINICIAN = "monitoring_clinician"


class Organization(Base):
    """The legal owner of clinics."""

    __tablename__ = "organization"
    __table_args__ = (CheckConstraint(NPI_SHAPE, name="npi_shape"),)

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(200))
    npi: Mapped[str | None] = mapped_column(String(10), unique=True)
    version: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    clinics: Mapped[list["Clinic"]] = relationship(back_populates="organization")

    __mapper_args__: dict[str, Any] = {"version_id_col": version}  # noqa: RUF012 - read once


class Clinic(Base):
    """One site where infusions are given: what a patient finds.

    `lat` and `lon` are WGS-84 degrees; `timezone` is the IANA zone in which its expiry dates
    count. `accepting_new_patients` is empty when nobody knows. `imported_extra` holds the columns
    of a spreadsheet that are not ours, by name; no patient reads them.
    """

    __tablename__ = "clinic"
    __table_args__ = (
        CheckConstraint("lat BETWEEN -90 AND 90 AND lon BETWEEN -180 AND 180", name="on_earth"),
        CheckConstraint("NOT (lat = 0 AND lon = 0)", name="not_null_island"),
        CheckConstraint("length(state) = 2", name="state_shape"),
        CheckConstraint("length(postal_code) = 5", name="postal_code_shape"),
        CheckConstraint(NPI_SHAPE, name="npi_shape"),
        CheckConstraint(
            "listing IN ('draft', 'listed') OR listing_reason IS NOT NULL", name="listing_reason"
        ),
        Index("ix_clinic_listing", "listing"),
    )

    id: Mapped[Key]
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    npi: Mapped[str | None] = mapped_column(String(10), unique=True)
    street: Mapped[str] = mapped_column(String(200))
    city: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(2))
    postal_code: Mapped[str] = mapped_column(String(5))
    lat: Mapped[float] = mapped_column(Float)
    lon: Mapped[float] = mapped_column(Float)
    point_precision: Mapped[PointPrecision] = mapped_column(
        coded(PointPrecision, "point_precision")
    )
    timezone: Mapped[str] = mapped_column(String(64))
    phone: Mapped[str | None] = mapped_column(String(20))
    website: Mapped[str | None] = mapped_column(String(300))
    accepting_new_patients: Mapped[bool | None]
    hours: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    languages: Mapped[list[str]] = mapped_column(JSON, default=list)
    access: Mapped[str | None] = mapped_column(Text)
    insurance: Mapped[str | None] = mapped_column(Text)
    imported_extra: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    listing: Mapped[Listing] = mapped_column(coded(Listing, "listing"), default=Listing.DRAFT)
    listing_reason: Mapped[str | None] = mapped_column(String(300))
    listed_on: Mapped[date | None]
    demonstration: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime]

    organization: Mapped[Organization | None] = relationship(back_populates="clinics")
    services: Mapped[list["Service"]] = relationship(
        back_populates="clinic", order_by="Service.id", cascade="all, delete-orphan"
    )
    roles: Mapped[list["PractitionerRole"]] = relationship(
        back_populates="clinic", order_by="PractitionerRole.id"
    )

    __mapper_args__: dict[str, Any] = {"version_id_col": version}  # noqa: RUF012 - read once


class Service(Base):
    """What a clinic offers: a modality for a condition, with a posted price in US dollars."""

    __tablename__ = "service"
    __table_args__ = (
        UniqueConstraint("clinic_id", "modality", "condition"),
        CheckConstraint("price_usd IS NULL OR price_usd BETWEEN 1 AND 100000", name="price"),
        CheckConstraint("minutes IS NULL OR minutes BETWEEN 1 AND 1440", name="minutes"),
    )

    id: Mapped[Key]
    clinic_id: Mapped[int] = mapped_column(ForeignKey("clinic.id"), index=True)
    modality: Mapped[Modality] = mapped_column(coded(Modality, "modality"))
    condition: Mapped[Condition] = mapped_column(coded(Condition, "condition"))
    price_usd: Mapped[int | None]
    minutes: Mapped[int | None]
    clinic: Mapped[Clinic] = relationship(back_populates="services")


class Practitioner(Base):
    """A person who treats. Under `former_names` they may stand on a list, too."""

    __tablename__ = "practitioner"
    __table_args__ = (CheckConstraint(NPI_SHAPE, name="npi_shape"),)

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(200))
    profession: Mapped[str] = mapped_column(String(60))
    npi: Mapped[str | None] = mapped_column(String(10), unique=True)
    former_names: Mapped[list[str] | None] = mapped_column(JSON, default=list)
    version: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    roles: Mapped[list["PractitionerRole"]] = relationship(back_populates="practitioner")

    __mapper_args__: dict[str, Any] = {"version_id_col": version}  # noqa: RUF012 - read once


class PractitionerRole(Base):
    """A practitioner's post at a clinic; a role that ended is kept with its last day."""

    __tablename__ = "practitioner_role"
    __table_args__ = (
        UniqueConstraint("practitioner_id", "clinic_id", "post", "started_on"),
        CheckConstraint("ended_on IS NULL OR ended_on >= started_on", name="days"),
    )

    id: Mapped[Key]
    practitioner_id: Mapped[int] = mapped_column(ForeignKey("practitioner.id"), index=True)
    clinic_id: Mapped[int] = mapped_column(ForeignKey("clinic.id"), index=True)
    post: Mapped[Post] = mapped_column(coded(Post, "post"))
    started_on: Mapped[date]
    ended_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    practitioner: Mapped[Practitioner] = relationship(back_populates="roles")
    clinic: Mapped[Clinic] = relationship(back_populates="roles")

    __mapper_args__: dict[str, Any] = {"version_id_col": version}  # noqa: RUF012 - read once
