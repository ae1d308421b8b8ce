"""Killed in the middle of writing, again and again: what was said to be stored is stored."""

import random
import subprocess
import sys
from pathlib import Path

from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session

from directory.models import Event, Verification
from directory.models.engine import tune
from directory.operations import log
from directory.operations.catalogue import load_edition
from tests.checklist import TEXT
from tests.factories import NOW, make_clinic, make_user

ROOT = Path(__file__).parents[2]
KILLS = 5
ENOUGH = 500
PATIENCE = 60


def _prepare(url):
    engine = create_engine(url)
    tune(engine)
    with Session(engine) as session:
        actor = make_user(session)
        load_edition(session, actor, NOW, text=TEXT, confirmation="two-person")
        make_clinic(session)
        session.commit()
    engine.dispose()


def _killed_after(url, acknowledged, kind="honest"):
    """Start a writer, kill it -9 after some acknowledgements; return those it gave in all."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.crashing", url, "100000", kind],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    given = []
    for line in process.stdout:
        given.append(int(line))
        if len(given) == acknowledged:
            process.kill()
    process.stdout.close()
    process.wait(PATIENCE)
    return given


def _stored(url):
    engine = create_engine(url)
    tune(engine)
    with Session(engine) as session:
        checks = set(session.scalars(select(Verification.id)))
        told = set(
            session.scalars(select(Event.subject_id).where(Event.act == "verification:recorded"))
        )
        verdict = log.verify(session)
        if engine.dialect.name == "sqlite":
            assert session.scalar(text("PRAGMA integrity_check")) == "ok"
    engine.dispose()
    return checks, told, verdict


def test_nothing_acknowledged_is_lost_and_the_log_is_whole(empty_database):
    _prepare(empty_database)
    source = random.Random(9)
    acknowledged = set()
    for _kill in range(KILLS):
        acknowledged |= set(_killed_after(empty_database, ENOUGH // KILLS + source.randrange(30)))
        checks, told, verdict = _stored(empty_database)
        assert acknowledged <= checks
        assert checks == told, "a check and its line in the log are one transaction"
        assert verdict.bad is None
    assert len(acknowledged) >= ENOUGH


def test_the_control_that_speaks_before_it_commits_is_caught(empty_database):
    _prepare(empty_database)
    lost = set()
    for _kill in range(4 * KILLS):
        given = _killed_after(empty_database, 3, kind="early")
        checks, _told, verdict = _stored(empty_database)
        assert verdict.bad is None
        lost |= set(given) - checks
        if lost:
            return
    raise AssertionError("this control must lose what it acknowledged too early")
