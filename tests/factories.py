"""Rows for tests: clinics, people and checks, with sensible values that a test can change."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from directory.domain.criteria import Catalogue, Level
from directory.domain.findings import Check, Outcome
from directory.domain.looks import Channel, Look
from directory.domain.services import Condition, Modality
from directory.domain.standing import Listing
from directory.models import Clinic, Service, User, Verification
from directory.models.clinic import PointPrecision
from directory.models.staff import StaffRole
from directory.operations.vetting import Observation, add_confirmation, add_verification

NOW = datetime(2026, 6, 1, 18, tzinfo=UTC)
_numbers = count(1)


def make_user(session: Session, role: StaffRole = StaffRole.VERIFIER) -> User:
    """Add a member of staff with a name of their own."""
    user = User(name=f"Staff {next(_numbers)}", role=role)
    session.add(user)
    session.flush()
    return user


def make_clinic(session: Session, **changes: Any) -> Clinic:
    """Add a listed clinic in Phoenix that offers IV ketamine for depression."""
    values: dict[str, Any] = {
        "name": f"Clinic {next(_numbers)}",
        "street": "100 Example Avenue",
        "city": "Phoenix",
        "state": "AZ",
        "postal_code": "85004",
        "lat": 33.4484,
        "lon": -112.074,
        "point_precision": PointPrecision.ADDRESS,
        "timezone": "America/Phoenix",
        "phone": "+16025550100",
        "accepting_new_patients": True,
        "listing": Listing.LISTED,
        "created_at": NOW,
        "services": [Service(modality=Modality.IV, condition=Condition.DEPRESSION)],
    }
    clinic = Clinic(**values | changes)
    session.add(clinic)
    session.flush()
    return clinic


def make_check(
    session: Session,
    catalogue: Catalogue,
    clinic: Clinic,
    criterion: str,
    *,
    by: User,
    second: User | None = None,
    now: datetime = NOW,
    days_ago: int = 30,
    lasts: int = 300,
    **changes: Any,
) -> Verification:
    """Record a met check at the source made `days_ago` before `now`; `second` confirms it."""
    checked_on = (now - timedelta(days=days_ago)).date()
    values: dict[str, Any] = {
        "criterion": criterion,
        "outcome": Outcome.MET,
        "level": Level.SOURCE,
        "checked_on": checked_on,
        "valid_until": checked_on + timedelta(days=lasts),
        "source_name": "Example board",
        "private_note": "As the board says.",
    }
    seen = Observation(**values | changes)
    verification = add_verification(session, by, now, catalogue, clinic, seen)
    if second is not None:
        add_confirmation(session, second, now, verification)
    return verification


def look_of(check: Check, channel: Channel | None = None) -> Look:
    """Return a check as the plan reads it."""
    return Look(
        check.id,
        check.outcome,
        check.level,
        check.checked_on,
        check.valid_until,
        channel,
        check.credential_until,
        check.confirmed,
        check.refused,
        check.set_aside,
        check.unattended,
        check.renews,
    )
