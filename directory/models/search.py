"""What public search reads: one narrow derived row for each public clinic, and its later lapses.

Both are written in the transaction of the act that changed the clinic. Nothing here is edited by
the clock: a row says until which minute it holds, and the periods say what holds afterwards.

Under another edition of the checklist, or another confirmation rule, every row is another one.
Such rows are prepared beside the live ones, in tables of the same shape, and then change places
with them. So whoever adds a column to one table of a pair adds it to both.
"""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from directory.domain.facets import facets_of, state_number
from directory.models.base import Base, BigId

SEARCH_INDEX = "ix_search_row_circle"


def _own_facets(context: Any) -> int:
    values = context.get_current_parameters()
    masks = ("met_mask", "treats_mask", "offers_mask", "standing")
    return facets_of(**{name: values[name] for name in masks})


def _own_state(context: Any) -> int:
    return state_number(context.get_current_parameters()["state"])


def _own_change(context: Any) -> int:
    return int(context.get_current_parameters()["next_change"])


class RowColumns:
    """A public clinic's place, filter bits and card.

    `x`, `y`, `z` are WGS-84 earth-centered centimeters, `lon_e6` millionths of a degree, `band`
    tenths of a degree of latitude. `next_change` is the UTC minute at which `met_mask` and
    `standing` stop holding; `standing` is a position in `domain.standing.STANDINGS`. `revision`
    changes with the card; 0 says that it is not known, as of rows from before there was one.

    `facets` is all filter bits in one number (`domain.facets`), good until the minute
    `facets_until`; from then until `then_until`, `then_facets` is. Where both have passed, the
    periods are looked up; where `facets` is 0, as in a row written by an older version, the masks.
    The order of the index's columns leaves PostgreSQL nothing to pad.
    """

    clinic_id: Mapped[int] = mapped_column(BigId, ForeignKey("clinic.id"), primary_key=True)
    band: Mapped[int] = mapped_column(SmallInteger)
    lon_e6: Mapped[int] = mapped_column(Integer)
    x: Mapped[int] = mapped_column(Integer)
    y: Mapped[int] = mapped_column(Integer)
    z: Mapped[int] = mapped_column(Integer)
    next_change: Mapped[int] = mapped_column(Integer)
    met_mask: Mapped[int] = mapped_column(BigInteger)
    standing: Mapped[int] = mapped_column(SmallInteger)
    treats_mask: Mapped[int] = mapped_column(Integer)
    offers_mask: Mapped[int] = mapped_column(Integer)
    accepting: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(String(2))
    card: Mapped[dict[str, Any]] = mapped_column(JSON)
    revision: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    facets: Mapped[int] = mapped_column(BigInteger, default=_own_facets, server_default="0")
    facets_until: Mapped[int] = mapped_column(Integer, default=_own_change, server_default="0")
    then_facets: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    then_until: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    state_number: Mapped[int] = mapped_column(SmallInteger, default=_own_state, server_default="0")


class PeriodColumns:
    """What holds of a clinic in one later stretch of time, `until_minute` not included."""

    from_minute: Mapped[int] = mapped_column(Integer, primary_key=True)
    until_minute: Mapped[int] = mapped_column(Integer)
    met_mask: Mapped[int] = mapped_column(BigInteger)
    standing: Mapped[int] = mapped_column(SmallInteger)


class SearchRow(RowColumns, Base):
    """What is public of a clinic."""

    __tablename__ = "search_row"
    __table_args__ = (
        Index(
            SEARCH_INDEX,
            "band",
            "lon_e6",
            "x",
            "y",
            "z",
            "facets_until",
            "then_until",
            "accepting",
            "state_number",
            "facets",
            "then_facets",
            "clinic_id",
        ),
    )


class SearchPeriod(PeriodColumns, Base):
    """What will be public of a clinic later."""

    __tablename__ = "search_period"

    clinic_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("search_row.clinic_id", ondelete="CASCADE"), primary_key=True
    )


class PreparedRow(RowColumns, Base):
    """What will be public of a clinic once what is being prepared comes into force."""

    __tablename__ = "prepared_row"


class PreparedPeriod(PeriodColumns, Base):
    """What will be public of a clinic later, once what is being prepared comes into force."""

    __tablename__ = "prepared_period"

    clinic_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("prepared_row.clinic_id", ondelete="CASCADE"), primary_key=True
    )


class Preparation(Base):
    """What rows are being prepared for: an edition and a confirmation rule; no row, nothing is.

    `emptied` says that no rows of another preparation are left in the tables. Clinics up to the
    number `reached` were handed out to whoever prepares. `acts` counts the acts on clinics since
    it began, so that what was read before one is not written after it.
    """

    __tablename__ = "preparation"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)
    ONLY: ClassVar[int] = 1

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, default=ONLY)
    edition: Mapped[str] = mapped_column(ForeignKey("catalogue_edition.edition"))
    confirmation: Mapped[str] = mapped_column(String(16))
    begun_at: Mapped[datetime]
    emptied: Mapped[bool] = mapped_column(default=False)
    reached: Mapped[int] = mapped_column(BigInteger, default=0)
    acts: Mapped[int] = mapped_column(BigInteger, default=0)
