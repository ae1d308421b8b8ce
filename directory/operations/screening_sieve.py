"""Find what the exclusion list has of some subjects, without reading the whole list for them.

An edit holds the lock of all writers, and every process serves: so what is kept of the list is a
sieve of a few megabytes. It names the rows that may concern somebody, and only these are read.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from directory.domain.exclusions import Hit, Index, Subject
from directory.domain.imports import ImportKind
from directory.domain.listed import Sieve
from directory.models import ExclusionRow, ImportRun
from directory.operations.exclusions import listed_rows
from directory.operations.screening_roster import Key

Look = Callable[[Session, Mapping[Key, Subject]], dict[Key, list[Hit]]]
"""A way to look subjects up in the list on record."""

FEW: Final = 300
"""So many subjects are compared by the sieve; for more, arranging the whole list is quicker."""


def hits_of(session: Session, subjects: Mapping[Key, Subject]) -> dict[Key, list[Hit]]:
    """Return the rows on record that may be each of these, just as an index of all finds them."""
    rows = None
    if len(subjects) <= FEW:
        rows = candidates(sieve(session), subjects.values())
    index = Index(listed_rows(session, rows))
    return {key: index.hits(subject) for key, subject in subjects.items()}


def hits_in_all(session: Session, subjects: Mapping[Key, Subject]) -> dict[Key, list[Hit]]:
    """Return the same by reading the whole list, of which nothing is kept."""
    index = Index(listed_rows(session))
    return {key: index.hits(subject) for key, subject in subjects.items()}


def candidates(sieve: Sieve, subjects: Iterable[Subject]) -> set[int]:
    """Return the numbers of the rows that may be any of these."""
    some = list(subjects)
    names = [(one.kind, name) for one in some for name in one.names]
    return sieve.candidates(names, [one.npi for one in some if one.npi])


_sieves: dict[tuple[object, ...], Sieve] = {}


def sieve(session: Session) -> Sieve:
    """Return the sieve of the list on record; the newest is kept until another is imported."""
    newest = select(ImportRun.id, ImportRun.sha256, ImportRun.finished_at).where(
        ImportRun.kind.in_([ImportKind.LEIE, ImportKind.LEIE_SUPPLEMENT])
    )
    run = session.execute(newest.order_by(ImportRun.id.desc()).limit(1)).first()
    size = select(func.count(), func.max(ExclusionRow.id)).select_from(ExclusionRow)
    key = (str(session.get_bind().engine.url), *(run or ()), *session.execute(size).one())
    found = _sieves.get(key)
    if found is None:
        rows = select(
            ExclusionRow.id, ExclusionRow.last_name, ExclusionRow.business_name, ExclusionRow.npi
        )
        found = Sieve(
            (number, last, business, npi) for number, last, business, npi in session.execute(rows)
        )
        _sieves.clear()
        _sieves[key] = found
    return found
