"""What public search reads: one narrow derived row for each public clinic, and its later lapses.

Both are written in the transaction of the act that changed the clinic. Nothing here is edited by
the clock: a row says until which minute it holds, and the periods say what holds afterwards.
"""

from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from directory.models.base import Base, BigId

SEARCH_INDEX = "ix_search_row_circle"


class SearchRow(Base):
    """A public clinic's place, filter bits and card.

    `x`, `y`, `z` are WGS-84 earth-centered centimeters, `lon_e6` millionths of a degree, `band`
    tenths of a degree of latitude. `next_change` is the UTC minute at which `met_mask` and
    `standing` stop holding; `standing` is a position in `domain.standing.STANDINGS`.
    """

    __tablename__ = "search_row"
    __table_args__ = (
        Index(
            SEARCH_INDEX,
            "band",
            "lon_e6",
            "x",
            "y",
            "z",
            "next_change",
            "met_mask",
            "standing",
            "treats_mask",
            "offers_mask",
            "accepting",
            "state",
            "clinic_id",
        ),
    )

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


class SearchPeriod(Base):
    """What holds of a clinic in one later stretch of time, `until_minute` not included."""

    __tablename__ = "search_period"

    clinic_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("search_row.clinic_id", ondelete="CASCADE"), primary_key=True
    )
    from_minute: Mapped[int] = mapped_column(Integer, primary_key=True)
    until_minute: Mapped[int] = mapped_column(Integer)
    met_mask: Mapped[int] = mapped_column(BigInteger)
    standing: Mapped[int] = mapped_column(SmallInteger)
