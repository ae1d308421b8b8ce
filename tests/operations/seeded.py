"""A directory filled with the demonstration, for tests that look around in one."""

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from directory.domain.criteria import Catalogue
from directory.domain.standing import STANDINGS
from directory.models import Base, Clinic, SearchRow
from directory.models.engine import tune
from directory.operations.catalogue import load_edition
from directory.operations.clinics import ClinicPage, public_clinic
from directory.operations.people import system_user
from directory.operations.seeding import Counts, seed_demo

SEED_DATA = Path(__file__).parents[2] / "seed_data"
TEXT = (SEED_DATA / "demo_clinics.toml").read_text("utf-8")
EDITION = (SEED_DATA / "catalogue-2026.1.toml").read_text("utf-8")
FILE = tomllib.loads(TEXT)
SMALL = "[[clinic]]".join(TEXT.split("[[clinic]]")[:3])
NOW = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)  # the night in which summer time ends


@dataclass
class Seeded:
    """A seeded directory."""

    session: Session
    catalogue: Catalogue
    now: datetime
    counts: Counts

    def close(self) -> None:
        self.session.close()
        self.session.get_bind().engine.dispose()

    @property
    def public(self) -> set[int]:
        return set(self.session.scalars(select(SearchRow.clinic_id)))

    def page(self, code: str) -> ClinicPage:
        row = next(clinic for clinic in FILE["clinic"] if clinic["code"] == code)
        number = self.session.scalars(select(Clinic.id).where(Clinic.name == row["name"])).one()
        page = public_clinic(self.session, self.catalogue, number, self.now, two_person=True)
        assert page is not None
        return page

    def told(self, words: str) -> ClinicPage:
        """The page of the first clinic whose story has these words."""
        return self.page(next(c["code"] for c in FILE["clinic"] if words in c["story"]))


def an_empty_directory(now: datetime) -> tuple[Session, Catalogue]:
    engine = create_engine("sqlite://")
    tune(engine)
    Base.metadata.create_all(engine)
    session = Session(engine)
    edition = load_edition(
        session, system_user(session), now, text=EDITION, confirmation="two-person"
    )
    return session, edition


def seeded(now: datetime, text: str = TEXT, *, two_person: bool = True) -> Seeded:
    session, catalogue = an_empty_directory(now)
    counts = seed_demo(session, now, catalogue, text=text, two_person=two_person)
    session.commit()
    return Seeded(session, catalogue, now, counts)


def finding(page: ClinicPage, code: str) -> Any:
    return next(f for f in page.findings if f.criterion == code)


def standings(demo: Seeded) -> dict[str, str]:
    rows = demo.session.execute(
        select(Clinic.name, SearchRow.standing).join(SearchRow, SearchRow.clinic_id == Clinic.id)
    )
    return {name: STANDINGS[number].value for name, number in rows}


def promised() -> dict[str, str]:
    return {c["name"]: c["standing"] for c in FILE["clinic"] if "standing" in c}
