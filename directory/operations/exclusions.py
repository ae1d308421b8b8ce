"""Keep the federal exclusion list: replace it by a full file, or bring it a month ahead.

A full file replaces the list as a difference by content: a row that did not change keeps its id.
"""

import re
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Final, TypeVar

from sqlalchemy import BindParameter, bindparam, delete, func, insert, select
from sqlalchemy.orm import Session

from directory.domain.exclusions import ListedRow
from directory.domain.imports import FileRefused, ImportKind, Summary
from directory.models import ExclusionRow, ImportRun, User
from directory.operations.imports import keep_run, newest_run
from directory.sources.leie import ROW_FIELDS, ListDay, ListFile, ListRow

SMALLEST_SHARE: Final = 0.9  # of the rows on record; a month takes away a few hundred of 80,000
LONGEST_MONTH: Final = timedelta(days=45)  # between two lists when none is missing
MONTHLY: Final = re.compile(r"\d{4}(?:excl|rein)\b", re.IGNORECASE)
"""The names under which the rows of a single month are published, as 1609EXCL.csv."""
AT_ONCE: Final = 500
_OVERRIDE: Final = "If it is right all the same, use --force with --reason"


Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class ListState:
    """What is known of the list on record.

    Without a `full` list nobody is called clean. `dated` is the day up to which the list is
    known to be whole, None without a full list; `rows` counts the exclusions. `reaches` is the
    day of the newest rows, also of a part of a list: matches are found in that too.
    """

    loaded: bool
    full: bool
    dated: date | None
    rows: int
    reaches: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A file to apply: its name, fingerprint and day, and when reading it began.

    `override` is the reason to pass over a safety check, None to keep to it.
    """

    name: str
    sha256: str
    dated: date
    started_at: datetime
    override: str | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying a file did, and what the one who did it should read."""

    summary: Summary
    run: ImportRun
    notes: tuple[str, ...] = ()


def list_state(session: Session) -> ListState:
    """Return what is known of the list on record."""
    rows = session.scalar(select(func.count()).select_from(ExclusionRow)) or 0
    full = newest_run(session, ImportKind.LEIE)
    if full is None or full.dated is None or _only_a_month(full):
        newest = newest_run(session, ImportKind.LEIE, ImportKind.LEIE_SUPPLEMENT)
        return ListState(rows > 0, False, None, rows, newest.dated if newest and rows else None)
    dated = full.dated
    query = (
        select(ImportRun.dated)
        .where(
            ImportRun.kind == ImportKind.LEIE_SUPPLEMENT,
            ImportRun.id > full.id,
            ImportRun.added > 0,
        )
        .order_by(ImportRun.id)
    )
    for day in session.scalars(query):
        if day is not None and dated < day <= dated + LONGEST_MONTH:
            dated = day
    return ListState(True, True, dated, rows, dated)


def _only_a_month(run: ImportRun) -> bool:
    """Say whether a file holds one month's rows by its name, and nobody said that it is more."""
    return not run.forced and MONTHLY.match(run.file) is not None


def day_on_record(session: Session, sha256: str) -> ListDay | None:
    """Return the day that was taken when the same file was imported before."""
    query = (
        select(ImportRun.dated)
        .where(
            ImportRun.kind.in_((ImportKind.LEIE, ImportKind.LEIE_SUPPLEMENT)),
            ImportRun.sha256 == sha256,
        )
        .order_by(ImportRun.id.desc())
    )
    day = session.scalar(query.limit(1))
    return ListDay(day, "as when the same file was imported before") if day else None


def listed_rows(session: Session, numbers: Collection[int] | None = None) -> Iterator[ListedRow]:
    """Yield what comparing needs of every row on record, or of those with these numbers."""
    query = select(
        ExclusionRow.digest,
        ExclusionRow.last_name,
        ExclusionRow.first_name,
        ExclusionRow.middle_name,
        ExclusionRow.business_name,
        ExclusionRow.npi,
        ExclusionRow.born_on,
        ExclusionRow.city,
        ExclusionRow.state,
        ExclusionRow.postal_code,
    ).order_by(ExclusionRow.id)
    if numbers is not None:
        # Written out: a statement takes fewer parameters than a common name has rows.
        some: BindParameter[int] = bindparam(
            "numbers", sorted(numbers), expanding=True, literal_execute=True
        )
        query = query.where(ExclusionRow.id.in_(some))
    # The same few names and places come again and again: kept once, a list takes half the memory.
    once = sys.intern
    for row in session.execute(query, execution_options={"yield_per": AT_ONCE}):
        yield ListedRow(
            digest=row.digest,
            last=once(row.last_name),
            first=once(row.first_name),
            middle=once(row.middle_name),
            business=once(row.business_name),
            npi=row.npi,
            born=row.born_on,
            city=once(row.city),
            state=once(row.state),
            zip_code=once(row.postal_code),
        )


def rows_of(session: Session, digests: Iterable[str]) -> dict[str, ExclusionRow]:
    """Return the rows on record that have these digests."""
    found: dict[str, ExclusionRow] = {}
    for some in _batches(dict.fromkeys(digests), AT_ONCE):
        query = select(ExclusionRow).where(ExclusionRow.digest.in_(some))
        found |= {row.digest: row for row in session.scalars(query)}
    return found


def replace_list(
    session: Session, actor: User, now: datetime, file: ListFile, arrival: Arrival
) -> Applied:
    """Replace the list by a full file.

    Raises FileRefused for a file with far fewer rows than are on record, or an older one, unless
    the arrival overrides it; the override and its reason stand in the log.
    """
    state = list_state(session)
    doubts = [
        *_shrunken(len(file.excluded), state.rows),
        *_older(arrival.dated, state.dated, "the list on record"),
    ]
    _refuse(doubts, arrival)
    known = _digests(session)
    gone = [row_id for digest, row_id in known.items() if digest not in file.excluded]
    new = [row for digest, row in file.excluded.items() if digest not in known]
    changed = _corrected(session, gone, new)
    _remove(session, gone)
    _add(session, new)
    summary = _summary(file, arrival, now, len(new), changed, len(gone))
    run = _keep(session, actor, now, ImportKind.LEIE, summary, arrival)
    return Applied(summary, run, (ONE_MONTH,) if _only_a_month(run) else ())


def apply_supplement(
    session: Session, actor: User, now: datetime, file: ListFile, arrival: Arrival
) -> Applied:
    """Add a month's exclusions, and take away those who were reinstated.

    A supplement that was applied since the last full list adds nothing again, or it would bring
    back who has been reinstated since. Raises FileRefused for one older than the last full list,
    unless the arrival overrides it.
    """
    full = newest_run(session, ImportKind.LEIE)
    before = list_state(session)
    notes = [] if before.full else [NO_FULL_LIST]
    known = _digests(session)
    new = [row for digest, row in file.excluded.items() if digest not in known]
    if new and arrival.override is None and _applied(session, arrival.sha256, full):
        new = []
        notes.append("this file was applied before: nothing was added again")
    if new:
        # Taking away cannot go wrong like this: a reinstatement ends one exclusion of one day.
        _refuse(
            _older(arrival.dated, full.dated if full else None, "the full list on record"), arrival
        )
    _add(session, new)
    today = now.date()
    due = [row for row, day in file.reinstated.values() if day <= today]
    gone, unknown = _reinstated(session, due)
    _remove(session, gone)
    if unknown:
        notes.append(f"{unknown:,} of {len(due):,} reinstated rows are not in the list on record")
    if later := len(file.reinstated) - len(due):
        notes.append(f"{later:,} rows are reinstated on a later day: they stay in the list")
    if new and before.dated and arrival.dated > before.dated + LONGEST_MONTH:
        notes.append(
            f"a month is missing between {before.dated} and {arrival.dated}: "
            "the list stays dated as before. Import a full list"
        )
    summary = replace(_summary(file, arrival, now, len(new), 0, len(gone)), refused=later)
    kind = ImportKind.LEIE_SUPPLEMENT
    run = _keep(session, actor, now, kind, summary, arrival)
    return Applied(summary, run, tuple(notes))


NO_FULL_LIST: Final = (
    "no full list is on record: matches are found, but nobody is called clean by supplements "
    "alone. Import a full list"
)
ONE_MONTH: Final = (
    "by its name this file holds the rows of one month: matches are found in it, but nobody is "
    "called clean by it. Add a month to a full list with --supplement"
)


def _shrunken(rows: int, on_record: int) -> list[str]:
    if rows >= on_record * SMALLEST_SHARE:
        return []
    return [f"the file has {rows:,} rows, far fewer than the {on_record:,} of the list on record"]


def _older(dated: date, on_record: date | None, what: str) -> list[str]:
    if on_record is None or dated >= on_record:
        return []
    return [f"the file is of {dated}, and {what} of {on_record}: it would bring back old rows"]


def _refuse(doubts: Sequence[str], arrival: Arrival) -> None:
    if doubts and arrival.override is None:
        raise FileRefused(f"{'; '.join(doubts)}. {_OVERRIDE}")


def _digests(session: Session) -> dict[str, int]:
    return {digest: row_id for row_id, digest in _pairs(session)}


def _batches(things: Iterable[Thing], size: int) -> Iterator[list[Thing]]:
    whole = list(things)
    for start in range(0, len(whole), size):
        yield whole[start : start + size]


def _pairs(session: Session) -> Iterator[tuple[int, str]]:
    for row in session.execute(select(ExclusionRow.id, ExclusionRow.digest)):
        yield row.id, row.digest


def _corrected(session: Session, gone: Sequence[int], new: Sequence[ListRow]) -> int:
    """Count the rows that go and come back with other details of the same exclusion."""
    coming = Counter(row.who() for row in new)
    query = select(
        ExclusionRow.last_name,
        ExclusionRow.first_name,
        ExclusionRow.business_name,
        ExclusionRow.born_on,
        ExclusionRow.excluded_on,
    )
    changed = 0
    for some in _batches(gone if coming else (), AT_ONCE):
        for who in session.execute(query.where(ExclusionRow.id.in_(some))):
            if coming[tuple(who)] > 0:
                coming[tuple(who)] -= 1
                changed += 1
    return changed


def _reinstated(session: Session, rows: Sequence[ListRow]) -> tuple[list[int], int]:
    """Return the rows on record that these end, and how many of these are on no record.

    The same content ends a row; else the same name, birth and day of exclusion does, since the
    address or the type may have been corrected in between.
    """
    if not rows:
        return [], 0
    wanted = {row.who() for row in rows}
    by_digest: dict[str, int] = {}
    by_who: dict[tuple[str | date | None, ...], list[int]] = {}
    query = select(ExclusionRow)
    for some in _batches({row.excluded_on for row in rows}, AT_ONCE):
        on_days = query.where(ExclusionRow.excluded_on.in_(some))
        for found in session.execute(on_days.with_only_columns(*ExclusionRow.__table__.c)):
            who = (found.last_name, found.first_name, found.business_name)
            whole = (*who, found.born_on, found.excluded_on)
            by_digest[found.digest] = found.id
            if whole in wanted:
                by_who.setdefault(whole, []).append(found.id)
    gone: dict[int, None] = {}
    unknown = 0
    for row in rows:
        same = [by_digest[row.digest]] if row.digest in by_digest else by_who.get(row.who(), [])
        gone.update(dict.fromkeys(same))
        unknown += not same
    return list(gone), unknown


def _applied(session: Session, sha256: str, full: ImportRun | None) -> bool:
    """Say whether a supplement was applied to the list on record before."""
    query = select(ImportRun.id).where(
        ImportRun.kind == ImportKind.LEIE_SUPPLEMENT,
        ImportRun.sha256 == sha256,
        ImportRun.id > (full.id if full else 0),
    )
    return session.scalar(query.limit(1)) is not None


def _remove(session: Session, ids: Sequence[int]) -> None:
    for some in _batches(ids, AT_ONCE):
        session.execute(
            delete(ExclusionRow).where(ExclusionRow.id.in_(some)),
            execution_options={"synchronize_session": False},
        )


def _add(session: Session, rows: Sequence[ListRow]) -> None:
    values = attrgetter(*ROW_FIELDS)
    table = ExclusionRow.__table__
    for some in _batches(rows, AT_ONCE):
        # Not asdict, which copies each value deeply: a full list would take three times as long.
        new = [dict(zip(ROW_FIELDS, values(row), strict=True)) for row in some]
        session.execute(insert(table), new)  # type: ignore[arg-type]


def _summary(
    file: ListFile, arrival: Arrival, now: datetime, new: int, changed: int, gone: int
) -> Summary:
    return Summary(
        file=arrival.name,
        read=file.read,
        kept=len(file.excluded) + len(file.reinstated),
        added=new - changed,
        changed=changed,
        removed=gone - changed,
        seconds=round((now - arrival.started_at).total_seconds(), 1),
    )


def _keep(
    session: Session,
    actor: User,
    now: datetime,
    kind: ImportKind,
    summary: Summary,
    arrival: Arrival,
) -> ImportRun:
    return keep_run(
        session,
        actor,
        now,
        kind,
        summary,
        sha256=arrival.sha256,
        started_at=arrival.started_at,
        dated=arrival.dated,
        forced=arrival.override is not None,
        reason=arrival.override or "",
    )
