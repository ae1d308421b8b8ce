"""What was imported of each kind, and how old the exclusion list is."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from directory.domain.imports import ImportKind
from directory.domain.screening import HOLDS_DAYS
from directory.models import ImportRun, User
from directory.operations.exclusions import list_state


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest import of a kind, and who did it."""

    run: ImportRun
    by: str


@dataclass(frozen=True, slots=True)
class ListAge:
    """Of which day the exclusion list is, and how many days ago that was."""

    dated: date
    days: int

    @property
    def old(self) -> bool:
        """Whether it no longer speaks: a newer one has been published since."""
        return self.days > HOLDS_DAYS


def newest_runs(session: Session) -> dict[ImportKind, Newest]:
    """Return the newest import of every kind that was ever imported, by one statement."""
    newest = select(func.max(ImportRun.id)).group_by(ImportRun.kind)
    rows = session.execute(
        select(ImportRun, User.name)
        .join(User, User.id == ImportRun.imported_by)
        .where(ImportRun.id.in_(newest))
    )
    return {run.kind: Newest(run, name) for run, name in rows}


def list_age(session: Session, today: date) -> ListAge | None:
    """Return how old the exclusion list is; None without a full list, when nobody is screened."""
    dated = list_state(session).dated
    return ListAge(dated, (today - dated).days) if dated else None
