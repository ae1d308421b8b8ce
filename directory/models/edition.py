"""The editions of the checklist, and the one-row state of this directory."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from directory.models.base import Base


class CatalogueEdition(Base):
    """One numbered edition of the checklist, kept whole as it was published."""

    __tablename__ = "catalogue_edition"

    edition: Mapped[str] = mapped_column(String(16), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    loaded_at: Mapped[datetime]


class CriterionRow(Base):
    """A criterion of an edition, so that a verification can point at what it was made under."""

    __tablename__ = "criterion"
    __table_args__ = (CheckConstraint("position BETWEEN 1 AND 62", name="position"),)

    edition: Mapped[str] = mapped_column(ForeignKey("catalogue_edition.edition"), primary_key=True)
    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger)


class DirectoryState(Base):
    """What holds for the whole directory: read once for each request.

    `version` counts the transactions that changed what the public may read, and `stamp` is another
    random text after each: see `models.counting`. `confirmation` is the rule under which the search
    rows were derived, so that a changed setting is noticed.
    """

    __tablename__ = "directory_state"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)
    ONLY: ClassVar[int] = 1

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, default=ONLY)
    edition: Mapped[str] = mapped_column(ForeignKey("catalogue_edition.edition"))
    confirmation: Mapped[str] = mapped_column(String(16))
    version: Mapped[int] = mapped_column(default=1)
    stamp: Mapped[str] = mapped_column(String(32), default="", server_default=text("''"))
    demonstration: Mapped[bool] = mapped_column(server_default=false())
