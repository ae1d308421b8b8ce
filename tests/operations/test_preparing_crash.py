"""Killed while another edition is prepared: run again it goes on; no one ever sees a mixture."""

import json
import os
import signal
import warnings

import pytest
from sqlalchemy import Engine, event, text

from directory.operations import preparing
from tests.operations.coming import derived_at_once, in_force, load, opened, rows, written
from tests.support import apps

BATCH = 10
STRIDES = (37, 61, 43, 83, 29, 71)
"""Statements after which the commands die, one after another, on the way through the batches."""


class Mortal:
    """Runs the command in children that kill themselves."""

    def __init__(self, instance, url, file):
        """Make the application once: a child costs no start."""
        self.file = file
        self.app = apps.make_app(instance, url)
        with self.app.app_context():
            apps.close(self.app)

    def run(self, kill_at=0):
        """Return the clinics worked out, and whether it finished; it dies before a statement."""
        reading, writing = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            os.close(reading)
            try:
                self._load(kill_at, writing)
            finally:
                os._exit(1)
        os.close(writing)
        with os.fdopen(reading) as told:
            worked = [one for line in told for one in json.loads(line)]
        _number, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        assert killed or os.waitstatus_to_exitcode(status) == 0
        return worked, not killed

    def _load(self, kill_at, told):
        count = 0
        work_out = preparing.work_out

        def telling(session, now, aim, ids):
            os.write(told, json.dumps(list(ids)).encode() + b"\n")
            return work_out(session, now, aim, ids)

        preparing.work_out = telling

        @event.listens_for(Engine, "before_cursor_execute")
        @event.listens_for(Engine, "commit")
        def _passed(*_what):
            nonlocal count
            count += 1
            if count == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

        os._exit(load(self.app, self.file).exit_code)


@pytest.fixture
def url(databases, monkeypatch):
    """A copy of the demonstration, where a batch is ten clinics."""
    monkeypatch.setattr(preparing, "PER_BATCH", BATCH)
    monkeypatch.setattr(preparing, "PER_CLEARING", 25)
    url = databases.fresh("demo")
    yield url
    databases.drop(url)


@pytest.fixture
def mortal(bare_instance, url, tmp_path):
    """The command that puts the coming edition in force, mortal."""
    return Mortal(bare_instance, url, written(tmp_path))


def drill(mortal, url):
    """Kill commands on the way and let one finish.

    Returns the clinics that each one worked out, the rows seen before and after each, and those
    that one transaction makes.
    """
    worked, seen = [], []
    with opened(url) as session:
        wanted = derived_at_once(session)

        def look():
            seen.append((in_force(session), rows(session)))
            if session.get_bind().dialect.name == "sqlite":
                assert session.scalar(text("PRAGMA integrity_check")) == "ok"
            session.rollback()

        look()
        for kill_at in STRIDES:
            ids, finished = mortal.run(kill_at)
            assert not finished, "the command ended before it was killed"
            worked.append(ids)
            look()
        ids, finished = mortal.run()
        assert finished
        worked.append(ids)
        look()
    return worked, seen, wanted


def test_killed_and_run_again_it_goes_on_where_it_was(mortal, url):
    worked, seen, wanted = drill(mortal, url)
    old = seen[0]
    assert all(found == old for found in seen[:-1])
    assert seen[-1] == ("2027.1", wanted)
    assert sum(len(ids) >= 2 * BATCH for ids in worked[:-1]) >= 3, "they died before they worked"
    public = {row[0] for row in wanted[0]}
    every = [one for ids in worked for one in ids]
    assert set(every) == public
    # Of what each one had in hand when it died, nothing was kept: one batch, or less.
    assert len(every) <= len(public) + BATCH * len(STRIDES)


def test_the_control_that_begins_anew_each_time_is_caught(mortal, url, monkeypatch):
    begin = preparing.begin

    def anew(session, now, aim):
        session.execute(text("DELETE FROM preparation"))
        begin(session, now, aim)

    monkeypatch.setattr(preparing, "begin", anew)
    worked, seen, wanted = drill(mortal, url)
    assert seen[-1] == ("2027.1", wanted)
    assert sum(map(len, worked)) > len(wanted[0]) + BATCH * len(STRIDES)


def test_killed_at_any_statement_of_the_last_step_it_is_the_old_or_the_new(
    mortal, url, monkeypatch
):
    monkeypatch.setattr(preparing, "PER_BATCH", 200)  # all in the last step
    with opened(url) as session:
        wanted = derived_at_once(session)
        old, seen, kill_at, finished = (in_force(session), rows(session)), [], 0, False
        session.rollback()
        while not finished:
            kill_at += 4
            _ids, finished = mortal.run(kill_at)
            seen.append((in_force(session), rows(session)))
            session.rollback()
        assert all(found in (old, ("2027.1", wanted)) for found in seen)
        assert seen.count(old) > 5
        assert seen[-1] == ("2027.1", wanted)
        assert session.scalar(text("SELECT count(*) FROM prepared_row")) == 0
