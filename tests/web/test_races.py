"""Two verifiers at once on one check: one winner each, and the other loses nothing typed."""

import threading
from itertools import islice, product

import pytest
from sqlalchemy import create_engine, event, func, select
from sqlalchemy.orm import Session

from directory.domain.criteria import Level
from directory.domain.findings import Outcome
from directory.extensions import db
from directory.models import Clinic, Event, User, Verification
from directory.models.engine import begin_writing, tune
from directory.operations.catalogue import load_edition
from directory.operations.vetting import (
    Observation,
    Overtaken,
    add_verification,
    newest_check,
)
from tests.checklist import CATALOGUE, TEXT
from tests.factories import NOW, make_clinic, make_user
from tests.support.staff import post, sign_in

RACES = 1_000


def seen(criterion):
    return Observation(
        criterion=criterion,
        outcome=Outcome.COULD_NOT_CHECK,
        level=Level.SOURCE,
        checked_on=NOW.date(),
        valid_until=None,
        source_name="Example board",
        source_url="https://board.example.org/1",
    )


@pytest.fixture
def races(session):
    """A thousand checks to race for: clinics times criteria."""
    load_edition(session, make_user(session), NOW, text=TEXT, confirmation="two-person")
    clinics = [make_clinic(session).id for _ in range(RACES // len(CATALOGUE.criteria) + 1)]
    session.commit()
    return list(islice(product(clinics, [c.code for c in CATALOGUE.criteria]), RACES))


def race(url, people, races, record):
    """Let each of two people record every check of `races` at the same moment as the other."""
    engine = create_engine(url)
    tune(engine)

    @event.listens_for(engine, "connect")
    def _not_to_disk(connection, _record):
        """What is tested is who wins, not whether it outlives a power cut."""
        if engine.dialect.name == "sqlite":
            connection.execute("PRAGMA synchronous = OFF")

    start = threading.Barrier(len(people))
    won = [[] for _ in people]

    def one(place):
        with Session(engine) as session:
            for clinic_id, criterion in races:
                start.wait(timeout=60)
                try:
                    record(session, people[place], clinic_id, criterion)
                    session.commit()
                    won[place].append(True)
                except Overtaken:
                    session.rollback()
                    won[place].append(False)

    threads = [threading.Thread(target=one, args=(place,)) for place in range(len(people))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()
    assert all(len(results) == len(races) for results in won), "a racer fell"
    return list(zip(*won, strict=True))


def as_we_do(session, person, clinic_id, criterion):
    """Record a check that was begun when there was none."""
    begin_writing(session)
    actor, clinic = session.get_one(User, person), session.get_one(Clinic, clinic_id)
    add_verification(session, actor, NOW, CATALOGUE, clinic, seen(criterion), based_on=0)


def test_a_thousand_races_have_one_winner_each(session, empty_database, races):
    people = [make_user(session).id for _ in range(2)]
    session.commit()
    results = race(empty_database, people, races, as_we_do)
    assert [sum(pair) for pair in results] == [1] * RACES
    assert session.scalar(select(func.count()).select_from(Verification)) == RACES
    recorded = select(func.count()).where(Event.act == "verification:recorded")
    assert session.scalar(recorded) == RACES


def test_the_control_that_compares_and_then_writes_loses_checks(
    session, empty_database, races, engine_name
):
    """SQLite's one writer hides the mistake as soon as the transaction begins as a writing one."""
    people = [make_user(session).id for _ in range(2)]
    session.commit()
    halfway = threading.Barrier(2)

    def compare_then_write(session, person, clinic_id, criterion):
        overtaken = newest_check(session, clinic_id, criterion)
        session.rollback()
        halfway.wait(timeout=60)
        if overtaken:
            raise Overtaken(overtaken)
        begin_writing(session)
        actor, clinic = session.get_one(User, person), session.get_one(Clinic, clinic_id)
        add_verification(session, actor, NOW, CATALOGUE, clinic, seen(criterion))

    results = race(empty_database, people, races[:20], compare_then_write)
    assert [sum(pair) for pair in results] == [2] * 20


def test_two_browsers_at_once_get_one_yes_and_one_page_that_explains(app):
    with app.app_context():
        clinic_id = make_clinic(db.session()).id
        db.session.commit()
    browsers = [sign_in(app) for _ in range(2)]
    codes = [criterion.code for criterion in CATALOGUE.criteria[:10]]
    start, answers = threading.Barrier(2), {code: [] for code in codes}

    def one(browser):
        for code in codes:
            form = {
                "act": "save",
                "outcome": "could_not_check",
                "attempt_reason": "no_answer",
                "level": "document",
                "channel": "phone",
                "source_name": "The clinic's desk",
                "checked_on": NOW.date().isoformat(),
                "private_note": f"Typed by {browser.user_id}.",
                "based_on": "0",
            }
            start.wait(timeout=60)
            answers[code].append(post(browser, f"/admin/checks/{clinic_id}/{code}", form))

    threads = [threading.Thread(target=one, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for code, pair in answers.items():
        assert sorted(answer.status_code for answer in pair) == [303, 409], code
        loser = next(answer for answer in pair if answer.status_code == 409)
        typed = [f"Typed by {browser.user_id}." for browser in browsers]
        assert "Somebody recorded this check before you" in loser.text
        assert all(words in loser.text for words in typed), "both their words are there"
