"""Clinics as rows of a spreadsheet, in the same typed fields as the staff form shows."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from directory.domain import clinic_table
from directory.domain.clinic_entry import MOST_SERVICES
from directory.domain.entries import write_hours
from directory.domain.progress import Steps, Watch, nobody
from directory.models import Clinic, Merge
from directory.models.clinic import PointPrecision
from directory.operations.editing import pin_of

PER_BATCH = 500
_PLAIN = (
    "name",
    "npi",
    "street",
    "city",
    "state",
    "postal_code",
    "phone",
    "website",
    "access",
    "insurance",
)


def typed_of(clinic: Clinic) -> dict[str, str]:
    """Return a clinic's facts as somebody would type them into the staff form.

    The owner is not among them: the screen and the spreadsheet name it in different ways.
    """
    pinned = clinic.point_precision is PointPrecision.ADDRESS
    lat, lon = pin_of(clinic)
    typed = {name: getattr(clinic, name) or "" for name in _PLAIN}
    typed |= {
        "lat": f"{lat:.6f}" if pinned else "",
        "lon": f"{lon:.6f}" if pinned else "",
        "accepting": {True: "1", False: "0", None: ""}[clinic.accepting_new_patients],
        "hours": write_hours(clinic.hours or []),
        "languages": ", ".join(clinic.languages or []),
    }
    for n, service in enumerate(clinic.services[:MOST_SERVICES]):
        typed[f"service-{n}-modality"] = service.modality.value
        typed[f"service-{n}-condition"] = service.condition.value
        typed[f"service-{n}-price_usd"] = str(service.price_usd or "")
        typed[f"service-{n}-minutes"] = str(service.minutes or "")
    return typed


def cells_of(clinic: Clinic) -> dict[str, str]:
    """Return a clinic's row of the spreadsheet, by column."""
    lat, lon = pin_of(clinic)
    owner = clinic.organization
    return clinic_table.cells_of(
        typed_of(clinic)
        | {
            "id": str(clinic.id),
            "organization": owner.name if owner else "",
            "organization_npi": (owner.npi if owner else "") or "",
            "pin": f"{lat:.6f}, {lon:.6f}",
            "precision": clinic.point_precision.value,
            "listing": clinic.listing.value,
        }
    )


def export_rows(session: Session, watch: Watch = nobody) -> Iterator[list[str]]:
    """Yield the header and every clinic by its number; one that was merged is in no row.

    Whatever its listing: drafts and closed clinics are there too.
    """
    apart = select(Clinic.id).where(
        Clinic.id.not_in(select(Merge.merged_id).where(Merge.undone_at.is_(None)))
    )
    ids = session.scalars(apart.order_by(Clinic.id)).all()
    others = _other_columns(session)
    steps = Steps(watch, len(ids))
    yield [*clinic_table.NAMES, *others]
    for start in range(0, len(ids), PER_BATCH):
        clinics = session.scalars(
            select(Clinic)
            .where(Clinic.id.in_(ids[start : start + PER_BATCH]))
            .options(selectinload(Clinic.services), joinedload(Clinic.organization))
            .order_by(Clinic.id)
        ).all()
        for clinic in clinics:
            cells, extra = cells_of(clinic), clinic.imported_extra or {}
            yield [
                *(cells[name] for name in clinic_table.NAMES),
                *(extra.get(o, "") for o in others),
            ]
            steps.took()
        session.expunge_all()


def _other_columns(session: Session) -> list[str]:
    """Return the columns that are not ours, in the order in which they first came."""
    kept = session.scalars(
        select(Clinic.imported_extra).where(Clinic.imported_extra.is_not(None)).order_by(Clinic.id)
    )
    return list(dict.fromkeys(name for extra in kept if extra for name in extra))
