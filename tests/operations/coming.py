"""Another edition of the checklist, and what the tests of its coming compare."""

import re
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session

from directory.domain.criteria import parse_catalogue
from directory.models import Clinic, SearchRow
from directory.models.engine import begin_writing, tune
from directory.operations.listings import derive
from directory.operations.preparing import Aim
from tests.checklist import CATALOGUE, TEXT
from tests.factories import NOW

LAST = len(CATALOGUE.criteria)


def edition_text(number):
    """Return the checklist as another edition: all bits changed places, checks hold less long."""
    turned = re.sub(r"(?m)^position = (\d+)", lambda m: f"position = {LAST + 1 - int(m[1])}", TEXT)
    shorter = re.sub(r"(?m)^valid_days = 365$", "valid_days = 200", turned)
    assert shorter != turned != TEXT
    return shorter.replace('edition = "2026.1"', f'edition = "{number}"')


COMING = edition_text("2027.1")
AIM = Aim(catalogue=parse_catalogue(COMING), confirmation="two-person")


def written(folder: Path, words: str = COMING) -> Path:
    """Return a file with an edition."""
    file = folder / "coming.toml"
    file.write_text(words, "utf-8")
    return file


@contextmanager
def opened(url):
    """A plain session on a database."""
    engine = create_engine(url)
    tune(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()


def rows(session, *, row="search_row", period="search_period"):
    """Return all rows of a pair of tables, their cards as the text that is stored."""
    names = [column.name for column in SearchRow.__table__.c if column.name != "card"]
    columns = ", ".join([*names, "CAST(card AS TEXT)"])
    later = "clinic_id, from_minute, until_minute, met_mask, standing"
    return [
        [tuple(one) for one in session.execute(text(query))]
        for query in (
            f"SELECT {columns} FROM {row} ORDER BY 1",
            f"SELECT {later} FROM {period} ORDER BY 1, 2",
        )
    ]


def in_force(session):
    """Return the edition in force."""
    return session.scalar(text("SELECT edition FROM directory_state"))


def derived_at_once(session, catalogue=AIM.catalogue, *, two_person=True):
    """Return the rows that one transaction makes of all clinics, and leave all as it was."""
    session.rollback()
    begin_writing(session)
    ids = session.scalars(select(Clinic.id)).all()
    derive(session, catalogue, NOW, ids, two_person=two_person)
    made = rows(session)
    session.rollback()
    return made


def public_answers(app):
    """Return what patients and programs are told of clinics and checks."""
    browser = app.test_client()
    paths = (
        "/api/v1/clinics?near=85004&within=250",
        "/api/v1/clinics?near=85004&within=250&has=sup-acls",
        "/api/v1/catalogue",
        "/clinics?near=85004&within=50&has=sup-acls",
    )
    return [browser.get(path).text for path in paths]


def load(app, file):
    """Run the command; returns its result."""
    return app.test_cli_runner().invoke(args=["catalogue", "load", str(file)])
