"""The federal exclusion list as it was last imported: one row for each row of the file."""

from datetime import date

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from directory.models.base import Base, Key


class ExclusionRow(Base):
    """One row of the list of the Office of Inspector General, as published.

    `digest` is the row's identity: the hash of its content, so that a row whose content changes
    is another row. Values are cut at the list's own widths. The list is public, its dates of
    birth with it; no other table holds one.
    """

    __tablename__ = "exclusion_row"
    __table_args__ = (
        CheckConstraint("length(digest) = 64", name="digest_shape"),
        CheckConstraint("last_name <> '' OR business_name <> ''", name="somebody"),
    )

    id: Mapped[Key]
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    last_name: Mapped[str] = mapped_column(String(20))
    first_name: Mapped[str] = mapped_column(String(15))
    middle_name: Mapped[str] = mapped_column(String(15))
    business_name: Mapped[str] = mapped_column(String(30))
    general: Mapped[str] = mapped_column(String(20))
    specialty: Mapped[str] = mapped_column(String(20))
    upin: Mapped[str] = mapped_column(String(6))
    npi: Mapped[str | None] = mapped_column(String(10))
    born_on: Mapped[date | None]
    street: Mapped[str] = mapped_column(String(30))
    city: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(2))
    postal_code: Mapped[str] = mapped_column(String(5))
    exclusion_type: Mapped[str] = mapped_column(String(9))
    excluded_on: Mapped[date]
    waived_on: Mapped[date | None]
    waiver_state: Mapped[str] = mapped_column(String(2))
