"""Keep on record which files were imported, and which of them is the newest."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.domain.imports import COUNTS, ImportKind, Summary
from directory.models import ImportRun, User
from directory.operations.events import record


def keep_run(
    session: Session,
    actor: User,
    now: datetime,
    kind: ImportKind,
    summary: Summary,
    *,
    sha256: str,
    started_at: datetime,
    dated: date | None = None,
    forced: bool = False,
    reason: str = "",
) -> ImportRun:
    """Write that a file was imported, with its event; the same transaction as what it changed.

    `reason` is why somebody overrode a safety check; it stands in the log.
    """
    counts = {name: getattr(summary, name) for name in COUNTS}
    run = ImportRun(
        kind=kind,
        file=summary.file[:200],
        sha256=sha256,
        dated=dated,
        forced=forced,
        started_at=started_at,
        finished_at=now,
        imported_by=actor.id,
        **counts,
    )
    session.add(run)
    session.flush()
    after = {"kind": kind.value, "file": run.file, "sha256": sha256, "forced": forced, **counts}
    after["dated"] = dated.isoformat() if dated else None
    record(session, actor, now, "import:finished", "import_run", run.id, after=after, reason=reason)
    return run


def newest_run(session: Session, *kinds: ImportKind) -> ImportRun | None:
    """Return the newest run of any of these kinds."""
    query = select(ImportRun).where(ImportRun.kind.in_(kinds)).order_by(ImportRun.id.desc())
    return session.scalar(query.limit(1))
