"""Eight people record checks for eight seconds: nobody is turned away, nothing is lost."""

import random
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from directory.domain.criteria import Level
from directory.domain.findings import Outcome
from directory.models import Clinic, Event, User, Verification
from directory.models.engine import BUSY_SECONDS, begin_writing, tune
from directory.operations import events, log
from directory.operations.catalogue import load_edition
from directory.operations.vetting import Observation, record_verification
from tests.checklist import CATALOGUE, TEXT
from tests.factories import NOW, make_clinic, make_user

WRITERS, SECONDS, CLINICS = 8, 8, 4
FLOOR = 40
"""The fewest checks that a machine under load records; a quiet one records many times as many."""


@dataclass
class Tally:
    """What came of it: the checks that were acknowledged, by writer, and every error."""

    written: list[list[int]] = field(default_factory=lambda: [[] for _ in range(WRITERS)])
    errors: list[str] = field(default_factory=list)
    longest: float = 0.0

    @property
    def acknowledged(self) -> list[int]:
        """Every check that somebody was told is recorded."""
        return sorted(number for numbers in self.written for number in numbers)


@pytest.fixture
def people(session):
    """The checklist, some clinics, and a verifier for each writer."""
    load_edition(session, make_user(session), NOW, text=TEXT, confirmation="two-person")
    clinics = [make_clinic(session).id for _ in range(CLINICS)]
    verifiers = [make_user(session).id for _ in range(WRITERS)]
    session.commit()
    return verifiers, clinics


def record(session, begin, person, clinic_id, criterion):
    """Record one check as the workspace does; returns its number."""
    begin(session)
    actor, clinic = session.get_one(User, person), session.get_one(Clinic, clinic_id)
    seen = Observation(
        criterion=criterion,
        outcome=Outcome.MET,
        level=Level.SOURCE,
        checked_on=NOW.date(),
        valid_until=NOW.date() + timedelta(days=30),
        source_name="Example board",
        source_url="https://board.example.org/1",
    )
    made = record_verification(session, actor, NOW, CATALOGUE, clinic, seen, two_person=True)
    number = made.id
    session.commit()
    return number


def write_for(url, people, seconds, begin=begin_writing):
    """Let every writer record one check after another for some seconds; return the tally."""
    verifiers, clinics = people
    tally, start = Tally(), threading.Barrier(WRITERS)
    engine = create_engine(url, pool_size=WRITERS)
    tune(engine)

    def work(place):
        source = random.Random(place)
        start.wait(timeout=60)
        until = time.monotonic() + seconds
        with Session(engine) as session:
            while (begun := time.monotonic()) < until:
                criterion = source.choice(CATALOGUE.criteria).code
                try:
                    number = record(
                        session, begin, verifiers[place], source.choice(clinics), criterion
                    )
                    tally.written[place].append(number)
                except Exception as error:
                    session.rollback()
                    tally.errors.append(f"{type(error).__name__}: {error}"[:200])
                tally.longest = max(tally.longest, time.monotonic() - begun)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()
    return tally


def test_eight_writers_for_eight_seconds(session, empty_database, people):
    tally = write_for(empty_database, people, SECONDS)
    assert tally.errors == []
    assert len(tally.acknowledged) >= FLOOR
    assert min(map(len, tally.written)) > max(map(len, tally.written)) / 2, "turns were not fair"
    assert tally.longest < BUSY_SECONDS
    assert list(session.scalars(select(Verification.id).order_by(Verification.id))) == (
        tally.acknowledged
    )
    told = select(Event.subject_id).where(Event.act == "verification:recorded")
    assert sorted(session.scalars(told)) == tally.acknowledged
    assert log.verify(session).bad is None


def test_the_control_that_takes_no_turns_meets_errors(session, empty_database, people, monkeypatch):
    """Reading first and writing later fails on SQLite, and without the lock on PostgreSQL."""
    monkeypatch.setattr(events, "lock_log", lambda _session: None)
    tally = write_for(empty_database, people, 1, begin=lambda session: session.connection())
    assert tally.errors
    assert session.scalar(select(func.count()).select_from(Verification)) == (
        len(tally.acknowledged)
    )
    assert log.verify(session).bad is None, "refused, but never forked"
