"""Which listings are one clinic: one that others were merged into speaks for all of them.

Checks, files and the log are never rewritten. Whoever reads those of a clinic reads those of the
listings merged into it too, by way of this module.
"""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from directory.domain.entries import EntryRefused
from directory.models import Clinic, Merge, PractitionerRole


def merged_into(clinic_ids: Sequence[int]) -> Select[Any]:
    """Return the query of the listings that these clinics speak for, beside themselves."""
    return select(Merge.merged_id).where(Merge.home_id.in_(clinic_ids), Merge.undone_at.is_(None))


def of_family(column: Any, clinic_ids: Sequence[int]) -> ColumnElement[bool]:
    """Return the condition that a column names one of these clinics or a listing merged into it.

    One list of numbers, so that an index finds them: with an OR of two, PostgreSQL read all rows.
    """
    themselves = select(Clinic.id).where(Clinic.id.in_(clinic_ids))
    return cast("ColumnElement[bool]", column.in_(themselves.union_all(merged_into(clinic_ids))))


def homes_of(session: Session, clinic_ids: Sequence[int]) -> dict[int, int]:
    """Return, in one statement, which clinic speaks today for each of these listings.

    Holds the clinics themselves, those that speak for them, and all that is merged into these.
    """
    themselves = select(Clinic.id).where(Clinic.id.in_(clinic_ids))
    speaking = select(Merge.home_id).where(
        Merge.merged_id.in_(clinic_ids), Merge.undone_at.is_(None)
    )
    rows = session.execute(
        select(Merge.merged_id, Merge.home_id).where(
            Merge.undone_at.is_(None), Merge.home_id.in_(themselves.union_all(speaking))
        )
    ).all()
    homes = {clinic_id: clinic_id for clinic_id in clinic_ids}
    homes |= {row.home_id: row.home_id for row in rows}
    return homes | {row.merged_id: row.home_id for row in rows}


def home_of(session: Session, clinic_id: int) -> int:
    """Return the clinic that speaks for a listing today: itself, unless it was merged."""
    found = session.scalar(
        select(Merge.home_id).where(Merge.merged_id == clinic_id, Merge.undone_at.is_(None))
    )
    return clinic_id if found is None else found


def posts_at(session: Session, role: PractitionerRole) -> list[int]:
    """Return the clinic of a post, and the merged listings to which it would go back."""
    merges = session.scalars(
        select(Merge).where(Merge.home_id == role.clinic_id, Merge.undone_at.is_(None))
    )
    return [role.clinic_id, *(m.merged_id for m in merges if role.id in m.moved.get("role", ()))]


def refuse_merged(session: Session, clinic: Clinic) -> None:
    """Refuse an act on a listing that was merged; raises EntryRefused("merged") with its home."""
    home = home_of(session, clinic.id)
    if home != clinic.id:
        raise EntryRefused("merged", "clinic", home=home)
