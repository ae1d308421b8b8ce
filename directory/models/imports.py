"""The files that were imported, one row for each run that was kept."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from directory.domain.imports import ImportKind
from directory.models.base import Base, Key, coded


class ImportRun(Base):
    """One import that was kept: which file, of which day, and what it changed.

    `dated` is the day the file speaks of; `forced` says that somebody overrode a safety check.
    """

    __tablename__ = "import_run"
    __table_args__ = (
        CheckConstraint("length(sha256) = 64", name="sha256_shape"),
        Index("ix_import_run_kind", "kind", "finished_at"),
    )

    id: Mapped[Key]
    kind: Mapped[ImportKind] = mapped_column(coded(ImportKind, "kind"))
    file: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    dated: Mapped[date | None]
    forced: Mapped[bool] = mapped_column(default=False)
    read: Mapped[int] = mapped_column(BigInteger)
    kept: Mapped[int] = mapped_column(BigInteger)
    added: Mapped[int] = mapped_column(BigInteger)
    changed: Mapped[int] = mapped_column(BigInteger)
    removed: Mapped[int] = mapped_column(BigInteger)
    refused: Mapped[int] = mapped_column(BigInteger)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    imported_by: Mapped[int] = mapped_column(ForeignKey("staff_user.id"))
