"""A few hundred clinics made by the real operations; their rows are stamped out by the million.

Each is written through the models with checks of many kinds and derived by `operations.listings`;
what stands in the tables afterwards is the prototype. Whatever is a clinic's own (name, address,
point) holds a mark that is replaced, so the stamped rows are as wide as real ones.
"""

import random
import sqlite3
import tempfile
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, insert
from sqlalchemy.orm import Session

from directory.domain.criteria import Level
from directory.domain.findings import Outcome
from directory.domain.services import Condition, Modality
from directory.models import (
    Clinic,
    Confirmation,
    Practitioner,
    PractitionerRole,
    Service,
    Verification,
)
from directory.models.clinic import Post
from directory.models.engine import tune
from directory.operations.listings import derive
from tests.checklist import CATALOGUE
from tests.factories import NOW, make_clinic, make_user
from tests.support.apps import preparations

DERIVED_AT = NOW - timedelta(days=3)
"""Three days before the questions are asked, so that some rows have a change behind them."""

ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
)
PER_ZONE = 60
MARKS: dict[str, Any] = {
    "name": "Name-of-it",
    "street": "Street-of-it",
    "city": "City-of-it",
    "state": "QQ",
    "postal_code": "98989",
    "lat": 12.345678,
    "lon": -23.456789,
    "phone": "+10005550000",
    "website": "https://site-of-it.example.org",
}
"""What is a clinic's own, and the mark that stands for it in a prototype."""

OFFERED = {
    Condition.DEPRESSION: 0.92,
    Condition.BIPOLAR: 0.45,
    Condition.ANXIETY: 0.6,
    Condition.PTSD: 0.55,
    Condition.PAIN: 0.35,
    Condition.OCD: 0.2,
}
MODALITIES = {Modality.IV: 0.85, Modality.IM: 0.2, Modality.ESKETAMINE: 0.3, Modality.ORAL: 0.1}
SHARES = {"unchecked": 0.3, "partial": 0.45, "complete": 0.15, "warning": 0.1}
"""How many clinics of each kind: most are checked in part."""


@dataclass(frozen=True)
class Piece:
    """What a filter sees of a prototype from one UTC minute up to another."""

    from_minute: int
    until_minute: int
    met_mask: int
    standing: int


@dataclass(frozen=True)
class Prototype:
    """The rows of one clinic as SQLite keeps them, by column."""

    zone: int
    clinic: dict[str, Any]
    services: tuple[dict[str, Any], ...]
    row: dict[str, Any]
    periods: tuple[Piece, ...]

    def at(self, minute: int) -> Piece:
        """Return what holds at a UTC minute."""
        first = Piece(0, self.row["next_change"], self.row["met_mask"], self.row["standing"])
        return next(p for p in (first, *self.periods) if p.from_minute <= minute < p.until_minute)


@cache
def prototypes(seed: int = 1) -> tuple[Prototype, ...]:
    """Return the prototypes, zone after zone, each with `PER_ZONE`."""
    with tempfile.TemporaryDirectory(prefix="directory-bench-") as folder:
        path = Path(folder, "prototypes.sqlite")
        url = f"sqlite:///{path}"
        preparations(Path(folder))["loaded"](url)
        engine = create_engine(url)
        tune(engine)
        with Session(engine) as session:
            _write(session, random.Random(seed))
            session.commit()
        engine.dispose()
        with closing(sqlite3.connect(path)) as connection:
            return _read(connection)


def _write(session: Session, source: random.Random) -> None:
    first, second = make_user(session), make_user(session)
    numbers: list[int] = []
    checks: list[dict[str, Any]] = []
    for zone in ZONES:
        for n in range(PER_ZONE):
            clinic = _clinic(session, source, zone)
            numbers.append(clinic.id)
            checks += _checks(source, clinic.id, _kind((n + 0.5) / PER_ZONE), len(checks))
    session.execute(insert(Verification), [check | {"recorded_by": first.id} for check in checks])
    session.execute(
        insert(Confirmation),
        [
            {
                "verification_id": check["id"],
                "recorded_by": first.id,
                "confirmed_by": second.id,
                "confirmed_at": check["recorded_at"] + timedelta(hours=1),
            }
            for check in checks
            if check["level"] is Level.SOURCE
        ],
    )
    derive(session, CATALOGUE, DERIVED_AT, numbers, two_person=True)


def _kind(place: float) -> str:
    reached = 0.0
    for kind, share in SHARES.items():
        reached += share
        if place < reached:
            return kind
    return kind


def _clinic(session: Session, source: random.Random, zone: str) -> Clinic:
    conditions = [c for c, share in OFFERED.items() if source.random() < share]
    modalities = [m for m, share in MODALITIES.items() if source.random() < share]
    services = [
        Service(
            modality=source.choice(modalities or [Modality.IV]),
            condition=condition,
            price_usd=source.choice([None, 350, 425, 500, 600]),
            minutes=45,
        )
        for condition in conditions or [Condition.DEPRESSION]
    ]
    clinic = make_clinic(
        session,
        **MARKS,
        timezone=zone,
        accepting_new_patients=source.choice([True, True, True, False, None]),
        languages=source.choice([["en"], ["en", "es"], ["en", "es", "vi"]]),
        hours=[{"day": day, "opens": "08:30", "closes": "17:00"} for day in ("monday", "friday")],
        access="Step-free entrance at the side of the building.",
        insurance="We take no insurance. Ask for a receipt for your insurer.",
        services=services,
    )
    if source.random() < 0.8:
        person = Practitioner(name=f"Pat Example {clinic.id}", profession="MD")
        session.add(
            PractitionerRole(
                practitioner=person,
                clinic=clinic,
                post=Post.MEDICAL_DIRECTOR,
                started_on=NOW.date() - timedelta(days=900),
            )
        )
    return clinic


def _checks(source: random.Random, clinic_id: int, kind: str, before: int) -> list[dict[str, Any]]:
    """Return checks over the last year, numbered after those `before`.

    Two people agreed on all but what a clinic says of itself.
    """
    criteria = [
        criterion
        for criterion in CATALOGUE.criteria
        if (kind == "complete" and criterion.critical)
        or source.random() < {"unchecked": 0.1, "partial": 0.45}.get(kind, 0.6)
    ]
    failed = source.choice([c for c in CATALOGUE.criteria if c.critical]).code
    made: list[dict[str, Any]] = []
    for criterion in criteria:
        met = not (kind == "warning" and criterion.code == failed)
        age = source.randrange(10, criterion.valid_days + (0 if kind == "complete" else 30))
        day = DERIVED_AT.date() - timedelta(days=age)
        made.append(
            {
                "id": before + len(made) + 1,
                "clinic_id": clinic_id,
                "edition": CATALOGUE.edition,
                "criterion": criterion.code,
                "outcome": Outcome.MET if met else Outcome.NOT_MET,
                "level": Level.ATTESTED if kind == "unchecked" else Level.SOURCE,
                "checked_on": day,
                "valid_until": day + timedelta(days=criterion.valid_days) if met else None,
                "source_name": "Example board",
                "note": "" if met else "The record that we saw says otherwise.",
                "private_note": "",
                "recorded_at": DERIVED_AT - timedelta(days=age) + timedelta(hours=3),
            }
        )
    return made


def _read(connection: sqlite3.Connection) -> tuple[Prototype, ...]:
    connection.row_factory = sqlite3.Row
    rows = {r["clinic_id"]: dict(r) for r in connection.execute("SELECT * FROM search_row")}
    services: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for service in connection.execute("SELECT * FROM service"):
        services[service["clinic_id"]].append(dict(service))
    periods: dict[int, list[Piece]] = defaultdict(list)
    for r in connection.execute("SELECT * FROM search_period ORDER BY clinic_id, from_minute"):
        periods[r["clinic_id"]].append(
            Piece(r["from_minute"], r["until_minute"], r["met_mask"], r["standing"])
        )
    return tuple(
        Prototype(
            zone=ZONES.index(clinic["timezone"]),
            clinic=dict(clinic),
            services=tuple(services[clinic["id"]]),
            row=rows[clinic["id"]],
            periods=tuple(periods[clinic["id"]]),
        )
        for clinic in connection.execute("SELECT * FROM clinic ORDER BY id")
    )
