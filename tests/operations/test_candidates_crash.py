"""Killed at many points of an import: the old numbers or the new ones, never half of them."""

import os
import signal
import warnings

import pytest
from sqlalchemy import Engine, create_engine, event, func, select, text
from sqlalchemy.orm import Session

from directory.models import Candidate, CandidateChange, Event, ImportRun
from directory.models.engine import tune
from directory.operations import candidates
from tests.support.apps import running
from tests.support.nppes_file import MONTH, npi, row, write

COUNT = 120
KILLS = 20


def run(instance, url, path, kill_at=0):
    """Import a file in a process that kills itself before its n-th writing statement.

    Returns how many such statements it came to, and whether it finished.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            _import(instance, url, path, kill_at, writing)
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        written = len(told.read())
    _number, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert killed or os.waitstatus_to_exitcode(status) == 0
    return written, not killed


def _import(instance, url, path, kill_at, told):
    count = 0

    @event.listens_for(Engine, "before_cursor_execute")
    def _note(_connection, _cursor, statement, *_rest):
        nonlocal count
        if statement.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE"):
            count += 1
            os.write(told, b".")
            if count == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    with running(instance, url) as app:
        done = app.test_cli_runner().invoke(args=["import", "nppes", str(path)])
    os._exit(done.exit_code)


def state(url):
    """Return what an import writes: counts, and the phone numbers there are."""
    engine = create_engine(url)
    tune(engine)
    with Session(engine) as session:
        found = [
            session.scalar(select(func.count()).select_from(model))
            for model in (Candidate, CandidateChange, ImportRun, Event)
        ]
        found.append(sorted(session.scalars(select(Candidate.phone).distinct())))
        if engine.dialect.name == "sqlite":
            assert session.scalar(text("PRAGMA integrity_check")) == "ok"
    engine.dispose()
    return found


@pytest.fixture
def months(tmp_path, monkeypatch):
    """A month, and the next one with more numbers and other phones; written in small pieces."""
    monkeypatch.setattr(candidates, "CHUNK", 10)
    first = [row(npi(number)) for number in range(COUNT // 2)]
    second = [row(npi(number), PHONE="6025550177") for number in range(COUNT)]
    return write(tmp_path / MONTH, first), write(tmp_path / "next.csv", second)


def killed_halfway(bare_instance, url, months):
    """Return the states before, after each kill, and after an import that was let finish."""
    first, second = months
    assert run(bare_instance, url, first)[1]
    old, seen = state(url), []
    for kill_at in range(1, KILLS + 1):
        written, finished = run(bare_instance, url, second, kill_at)
        assert (written, finished) == (kill_at, False), "the import ended before it was killed"
        seen.append(state(url))
    assert run(bare_instance, url, second)[1]
    return old, seen, state(url)


def test_killed_at_twenty_points_leaves_the_old_and_running_again_finishes(
    bare_instance, empty_database, months
):
    old, seen, new = killed_halfway(bare_instance, empty_database, months)
    assert len(seen) == KILLS
    assert all(found == old for found in seen)
    assert (new[0], new[1], new[4]) == (COUNT, COUNT // 2, ["+16025550177"])


def test_the_control_that_commits_halfway_is_caught(
    bare_instance, empty_database, months, monkeypatch
):
    whole = candidates._load

    def committing(session, numbers):
        session.commit()
        return whole(session, numbers)

    monkeypatch.setattr(candidates, "_load", committing)
    old, seen, _new = killed_halfway(bare_instance, empty_database, months)
    assert any(found != old for found in seen)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_full_disk_leaves_the_old(bare_instance, empty_database, months):
    """SQLite can be told how large its file may grow; that PostgreSQL rolls back is its own."""
    first, second = months
    assert run(bare_instance, empty_database, first)[1]
    old = state(empty_database)
    with running(bare_instance, empty_database) as app:

        @event.listens_for(Engine, "connect")
        def _full(connection, _record):
            connection.execute("PRAGMA max_page_count = 1")  # means: as large as it is now

        try:
            done = app.test_cli_runner().invoke(args=["import", "nppes", str(second)])
        finally:
            event.remove(Engine, "connect", _full)
    assert done.exit_code == 1
    assert "disk is full" in done.stderr
    assert state(empty_database) == old
    assert run(bare_instance, empty_database, second)[1]
    assert state(empty_database)[0] == COUNT
