"""The acts of the work: a fault at any statement leaves all or nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, select

from directory import paths
from directory.domain.criteria import Level, parse_catalogue
from directory.domain.findings import Outcome
from directory.models import Base
from directory.operations import leases
from directory.operations.catalogue import load_edition
from directory.operations.plan import read_facts, take_next
from directory.operations.vetting import (
    Observation,
    confirm_verification,
    record_verification,
    refuse_verification,
)
from tests.factories import NOW, make_clinic, make_user

TEXT = (paths.SEED_DATA / "catalogue-2026.1.toml").read_text("utf-8")
CATALOGUE = parse_catalogue(TEXT)
ACLS = "sup-acls"


@pytest.fixture
def directory(session):
    """A database with the checklist in force."""
    load_edition(session, make_user(session), NOW, text=TEXT, confirmation="two-person")
    return session


def record(session, actor, clinic, based_on=None):
    seen = Observation(
        criterion=ACLS,
        outcome=Outcome.MET,
        level=Level.SOURCE,
        checked_on=NOW.date(),
        valid_until=NOW.date() + timedelta(days=90),
        source_name="Example card look-up",
    )
    return record_verification(
        session, actor, NOW, CATALOGUE, clinic, seen, two_person=True, based_on=based_on
    )


class Injected(Exception):
    """The failure that a test puts in."""


def failing_at(session, number, act):
    """Run an act whose statement `number` fails; returns whether it came that far."""
    made = 0

    def fail(_connection, _cursor, _statement, *_rest):
        nonlocal made
        made += 1
        if made == number:
            raise Injected

    event.listen(Engine, "before_cursor_execute", fail)
    try:
        act()
        session.commit()
    except Injected:
        return True
    finally:
        event.remove(Engine, "before_cursor_execute", fail)
        session.rollback()
    return False


def everything(session):
    """Every row of every table."""
    rows = {
        table.name: sorted(map(repr, session.execute(select(table)).all()))
        for table in Base.metadata.sorted_tables
        if table.name not in ("catalogue_edition", "criterion")
    }
    session.rollback()
    return rows


@pytest.mark.parametrize("act", ["record", "confirm", "refuse", "take", "release"])
def test_a_fault_at_any_statement_leaves_all_or_nothing(directory, act):
    clinic, first, second = make_clinic(directory), make_user(directory), make_user(directory)
    made = record(directory, first, clinic)
    leases.take(directory, second, NOW, clinic.id, "sup-director")
    facts = read_facts(directory, CATALOGUE, two_person=True)
    directory.commit()
    acts = {
        "record": lambda: record(directory, second, clinic, based_on=made.id),
        "confirm": lambda: confirm_verification(
            directory, second, NOW, CATALOGUE, made, two_person=True
        ),
        "refuse": lambda: refuse_verification(
            directory, second, NOW, CATALOGUE, made, "No.", two_person=True
        ),
        "take": lambda: take_next(directory, first, NOW, CATALOGUE, facts),
        "release": lambda: leases.release(directory, second, NOW, clinic.id, "sup-director"),
    }
    before, number = everything(directory), 1
    while failing_at(directory, number, acts[act]):
        assert everything(directory) == before, f"{act} left something behind at {number}"
        number += 1
    after = everything(directory)
    assert after != before
    assert len(after["event"]) == len(before["event"]) + 1
    assert number > 3


def test_the_control_a_commit_in_between_is_caught(directory):
    clinic, first = make_clinic(directory), make_user(directory)
    directory.commit()

    def careless():
        leases.take(directory, first, NOW, clinic.id, ACLS)
        directory.commit()
        record(directory, first, clinic)

    before, number, left = everything(directory), 1, False
    while failing_at(directory, number, careless) and not left:
        left = everything(directory) != before
        number += 1
    assert left
