"""The acts of the work: a fault at any statement leaves all or nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from directory.domain.cases import CaseKind, Step
from directory.domain.criteria import Level
from directory.domain.findings import Outcome
from directory.models import Event
from directory.models.staff import StaffRole
from directory.operations import accounts, leases
from directory.operations.cases import Opening, erase_due_contacts, open_case, sender_step
from directory.operations.catalogue import load_edition
from directory.operations.people import system_user
from directory.operations.plan import read_facts, take_next
from directory.operations.vetting import (
    Observation,
    confirm_verification,
    record_verification,
    refuse_verification,
)
from tests.checklist import CATALOGUE, TEXT
from tests.factories import NOW, make_clinic, make_user
from tests.support.faults import everything, fault_at

ACLS = "sup-acls"


def record(session, actor, clinic, based_on=None):
    seen = Observation(
        criterion=ACLS,
        outcome=Outcome.MET,
        level=Level.SOURCE,
        checked_on=NOW.date(),
        valid_until=NOW.date() + timedelta(days=90),
        source_name="Example card look-up",
        source_url="https://cards.example.org/1",
    )
    return record_verification(
        session, actor, NOW, CATALOGUE, clinic, seen, two_person=True, based_on=based_on
    )


def failing_at(session, number, act):
    """Run an act whose statement `number` fails; returns whether it came that far."""
    with fault_at(session.get_bind(), number) as fault:
        try:
            act()
            session.commit()
        except OperationalError:
            session.rollback()
    return fault.fired


def left(session):
    """Return every row there is."""
    return everything(session.get_bind())


def told(session):
    """Return the acts of all lines of the log."""
    acts = session.scalars(select(Event.act).order_by(Event.id)).all()
    session.rollback()
    return acts


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
    assert all_or_nothing(directory, acts[act]) == 1


def all_or_nothing(session, act):
    """Fail at one statement after the other until the act is done; return its lines in the log."""
    before, lines, number = left(session), told(session), 1
    while failing_at(session, number, act):
        assert left(session) == before, f"left something behind at {number}"
        number += 1
    assert left(session) != before
    assert number > 3
    return len(told(session)) - len(lines)


@pytest.mark.parametrize("act", ["invite", "disable", "erase"])
def test_a_fault_at_any_statement_of_a_command_leaves_all_or_nothing(directory, act):
    program = system_user(directory)
    other, _token = accounts.invite(
        directory, program, NOW, mail="ana@example.org", role=StaffRole.VERIFIER
    )
    for number in range(2):
        case = open_case(directory, NOW, opening(f"nonce-{number}"))
        sender_step(directory, NOW, case, Step.WITHDRAW)
    directory.commit()
    late = NOW + timedelta(days=91)
    acts = {
        "invite": lambda: accounts.invite(
            directory, program, NOW, mail="bo@example.org", role=StaffRole.ADMIN
        ),
        "disable": lambda: accounts.disable(directory, program, NOW, other.id),
        "erase": lambda: erase_due_contacts(directory, late),
    }
    assert all_or_nothing(directory, acts[act]) == (2 if act == "erase" else 1)


def opening(nonce):
    """Return a suggestion with a contact."""
    return Opening(
        kind=CaseKind.SUGGESTION, words="A clinic.", nonce=nonce, email="pat@example.org"
    )


def test_a_fault_at_any_statement_of_the_setup_leaves_all_or_nothing(session):
    person = make_user(session)
    session.commit()

    def load():
        load_edition(session, person, NOW, text=TEXT, confirmation="two-person")

    assert all_or_nothing(session, load) == 1


def test_the_control_a_commit_in_between_is_caught(directory):
    clinic, first = make_clinic(directory), make_user(directory)
    directory.commit()

    def careless():
        leases.take(directory, first, NOW, clinic.id, ACLS)
        directory.commit()
        record(directory, first, clinic)

    with pytest.raises(AssertionError, match="left something behind"):
        all_or_nothing(directory, careless)
