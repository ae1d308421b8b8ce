"""Derive every clinic anew under another edition or confirmation rule, and hold nobody up.

The rows are prepared beside the live ones, some clinics at a time. Each time they are worked out
while others may write, and kept in a short transaction of their own; so a command that was stopped
goes on where it was, and several share the work. An act on a clinic takes away what is prepared of
it (`listings.forget_prepared`). In the end the tables change places with the live ones
(`operations.changing_places`), in the transaction that puts the edition and the rule in force:
until then the public reads the old ones whole, and afterwards the new ones whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session

from directory.domain.criteria import Catalogue
from directory.domain.standing import PUBLIC_LISTINGS
from directory.models import (
    Clinic,
    DirectoryState,
    Merge,
    Preparation,
    PreparedPeriod,
    PreparedRow,
    SearchRow,
    User,
)
from directory.models.counting import count_change
from directory.operations import events
from directory.operations.changing_places import change_places
from directory.operations.families import homes_of
from directory.operations.listings import rows_of, write_rows

PER_BATCH = 200
PER_CLEARING = 1000
TWO_PERSON = "two-person"


class Overtaken(Exception):
    """Another command put this in force, or something else is being prepared by now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What the rows are derived under."""

    catalogue: Catalogue
    confirmation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The rows of some clinics as they were worked out; `read_at` is what was so by then."""

    ids: Sequence[int]
    read_at: tuple[datetime, int]
    rows: Sequence[dict[str, Any]]
    pieces: Sequence[dict[str, Any]]


def begin(session: Session, now: datetime, aim: Aim) -> None:
    """Begin to prepare rows, or go on with it; what was prepared for something else is dropped."""
    found = unfinished(session)
    if found is None:
        found = Preparation(begun_at=now, edition="", confirmation="", reached=0, acts=0)
        session.add(found)
    elif _is_for(found, aim):
        return
    found.edition, found.confirmation = aim.catalogue.edition, aim.confirmation
    found.begun_at, found.reached, found.emptied = now, 0, False
    session.flush()


def drop_others(session: Session, aim: Aim) -> None:
    """Prepare nothing any more, unless it is for this."""
    found = unfinished(session)
    if found and not _is_for(found, aim):
        session.delete(found)
        session.flush()


def unfinished(session: Session) -> Preparation | None:
    """Return what is being prepared, or None."""
    return session.get(Preparation, Preparation.ONLY, populate_existing=True)


def clear_some(session: Session) -> bool:
    """Delete some rows that belong to no preparation; returns whether there may be more."""
    found = unfinished(session)
    if found and found.emptied:
        return False
    some = select(PreparedRow.clinic_id).order_by(PreparedRow.clinic_id).limit(PER_CLEARING)
    last = session.scalar(select(func.max(some.subquery().c.clinic_id)))
    if last is not None:
        for table in (PreparedPeriod, PreparedRow):
            session.execute(delete(table).where(table.clinic_id <= last))
        return True
    if found:
        found.emptied = True
        session.flush()
    return False


def counts(session: Session) -> tuple[int, int]:
    """Return of how many clinics rows are prepared, and how many clinics are public."""
    public = select(func.count()).select_from(Clinic).where(Clinic.listing.in_(PUBLIC_LISTINGS))
    prepared = select(func.count()).select_from(PreparedRow)
    return session.scalar(prepared) or 0, session.scalar(public) or 0


def go_on(session: Session, now: datetime, aim: Aim, made: Batch | None) -> list[int]:
    """Keep what was worked out, in a writing transaction, and hand out the next clinics.

    Returns nothing once less than a batch is left, which `put_in_force` does. Raises Overtaken.
    """
    found = _prepared_for(session, aim)
    if made:
        _keep(session, now, aim, found, made)
    ids = _missing(session, found.reached)
    if not ids and found.reached:
        ids = _missing(session, 0)  # of which an act was recorded, or whose command was stopped
    if len(ids) < PER_BATCH and not _missing(session, 0, skip=PER_BATCH - 1):
        return []
    found.reached = ids[-1]
    session.flush()
    return ids


def work_out(session: Session, now: datetime, aim: Aim, ids: Sequence[int]) -> Batch:
    """Work out the rows of some clinics; only reads, so others may write meanwhile."""
    found = _prepared_for(session, aim)
    read_at = found.begun_at, found.acts
    two_person = aim.confirmation == TWO_PERSON
    homes = homes_of(session, ids)
    rows, pieces = rows_of(session, aim.catalogue, now, homes, two_person=two_person)
    return Batch(ids=ids, read_at=read_at, rows=rows, pieces=pieces)


def put_in_force(session: Session, actor: User, now: datetime, aim: Aim) -> bool:
    """Prepare what is left and let the prepared rows change places with the live ones.

    Returns False, and writes nothing, when more is left than one batch. Raises Overtaken, and
    TablesInUse as `change_places` does.
    """
    found = _prepared_for(session, aim)
    left = _missing(session, 0)
    if len(left) == PER_BATCH:
        return False
    if left:
        _keep(session, now, aim, found, work_out(session, now, aim, left))
    if any(session.scalar(select(exists(table.clinic_id))) for table in (PreparedRow, SearchRow)):
        change_places(session)
        count_change(session)
    session.delete(found)
    come_into_force(session, actor, now, aim)
    return True


def in_force(session: Session, aim: Aim) -> bool:
    """Say whether this is in force, and nothing is being prepared in its place."""
    state = session.get(DirectoryState, DirectoryState.ONLY, populate_existing=True)
    wanted = aim.catalogue.edition, aim.confirmation
    if state is None or (state.edition, state.confirmation) != wanted:
        return False
    return unfinished(session) is None


def come_into_force(session: Session, actor: User, now: datetime, aim: Aim) -> None:
    """Say that an edition and a rule hold from now on, unless they did already."""
    state = session.get(DirectoryState, DirectoryState.ONLY, populate_existing=True)
    before = {"edition": state.edition, "confirmation": state.confirmation} if state else None
    after = {"edition": aim.catalogue.edition, "confirmation": aim.confirmation}
    if before == after:
        return
    if state is None:
        session.add(DirectoryState(**after))
    else:
        state.edition, state.confirmation = after["edition"], after["confirmation"]
    session.flush()
    events.record(session, actor, now, "catalogue:loaded", "directory", 1, before, after)


def _is_for(found: Preparation, aim: Aim) -> bool:
    return (found.edition, found.confirmation) == (aim.catalogue.edition, aim.confirmation)


def _prepared_for(session: Session, aim: Aim) -> Preparation:
    found = unfinished(session)
    if found is None or not _is_for(found, aim) or not found.emptied:
        raise Overtaken
    return found


def _missing(session: Session, after: int, *, skip: int = 0) -> list[int]:
    """Return the next public clinics that nothing is prepared of, in the order of their numbers."""
    # Where to begin is said for both tables: no engine would see by itself that it need not read
    # all that is prepared.
    prepared = exists().where(PreparedRow.clinic_id == Clinic.id, PreparedRow.clinic_id > after)
    merged = exists().where(Merge.merged_id == Clinic.id, Merge.undone_at.is_(None))
    query = select(Clinic.id).where(
        Clinic.id > after, Clinic.listing.in_(PUBLIC_LISTINGS), ~prepared, ~merged
    )
    return list(session.scalars(query.order_by(Clinic.id).offset(skip).limit(PER_BATCH)))


def _keep(session: Session, now: datetime, aim: Aim, found: Preparation, made: Batch) -> None:
    """Write a batch, read anew if anything was changed since; a clinic is never written twice."""
    if made.read_at != (found.begun_at, found.acts):
        made = work_out(session, now, aim, made.ids)
    there = set(
        session.scalars(select(PreparedRow.clinic_id).where(PreparedRow.clinic_id.in_(made.ids)))
    )
    write_rows(
        session,
        (PreparedRow, PreparedPeriod),
        [row for row in made.rows if row["clinic_id"] not in there],
        [piece for piece in made.pieces if piece["clinic_id"] not in there],
    )
