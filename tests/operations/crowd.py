"""Many clinics with many checks, put in all at once."""

from datetime import timedelta

from sqlalchemy import insert
from sqlalchemy.orm import Session

from directory.domain.criteria import Catalogue, Level
from directory.domain.findings import Outcome
from directory.models import Base, CheckCounter, Confirmation, Service, User, Verification
from tests.factories import NOW, make_clinic

TODAY = NOW.date()


def crowd(
    session: Session,
    catalogue: Catalogue,
    first: User,
    second: User,
    *,
    clinics: int = 1500,
    every: int = 3,
) -> int:
    """Add clinics with a check of every so many-th criterion; returns how many checks.

    Key checks are confirmed. The directory holds no clinic before.
    """
    table = Base.metadata.tables["clinic"]
    one = make_clinic(session, services=[Service(modality="iv", condition="pain")])
    template = dict(session.execute(table.select()).mappings().one())
    rows = [template | {"id": one.id + n, "name": f"Clinic {n}"} for n in range(1, clinics)]
    session.execute(insert(table), rows)
    checks, confirmed = [], []
    for clinic in [one.id, *(row["id"] for row in rows)]:
        for place, criterion in enumerate(catalogue.criteria):
            if (clinic + place) % every:
                continue
            number = len(checks) + 1
            day = TODAY - timedelta(days=(clinic * 7 + place * 13) % 400)
            checks.append(
                {
                    "id": number,
                    "clinic_id": clinic,
                    "edition": catalogue.edition,
                    "criterion": criterion.code,
                    "outcome": Outcome.MET,
                    "level": Level.SOURCE,
                    "checked_on": day,
                    "valid_until": day + timedelta(days=criterion.valid_days),
                    "source_name": f"Board {clinic % 50}",
                    "note": "",
                    "private_note": "",
                    "recorded_by": first.id,
                    "recorded_at": NOW,
                }
            )
            if criterion.critical:
                confirmed.append(
                    {
                        "verification_id": number,
                        "recorded_by": first.id,
                        "confirmed_by": second.id,
                        "confirmed_at": NOW,
                    }
                )
    session.execute(insert(Verification), checks)
    session.execute(insert(Confirmation), confirmed)
    session.execute(
        insert(CheckCounter),
        [{k: c[k] for k in ("clinic_id", "criterion")} | {"newest_id": c["id"]} for c in checks],
    )
    return len(checks)
