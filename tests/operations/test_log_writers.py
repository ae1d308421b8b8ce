"""Writers of the log at the same time: none waits in vain, no line is lost, nothing forks."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from directory.models import User
from directory.models.engine import begin_writing, tune
from directory.operations import events, log
from tests.factories import NOW, make_user

THREADS, WRITES = 8, 12


@contextmanager
def connected(url) -> Iterator[Session]:
    """A session with a connection of its own."""
    engine = create_engine(url)
    tune(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()


def write_at_once(url, begin=begin_writing):
    """Let threads write lines at the same time; return how many were written and refused."""
    with connected(url) as session:
        actor = make_user(session).id
        session.commit()
    written, refused = [], []
    start = threading.Barrier(THREADS)

    def work():
        with connected(url) as session:
            start.wait()
            for _ in range(WRITES):
                try:
                    begin(session)
                    user = session.get_one(User, actor)
                    events.record(session, user, NOW, "clinic:edited", "clinic", 1)
                    events.record(session, user, NOW, "clinic:listed", "clinic", 1)
                    session.commit()
                    written.append(2)
                except DBAPIError as error:
                    session.rollback()
                    refused.append(error)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(written), len(refused)


def test_writers_at_the_same_time_lose_nothing_and_never_fork(empty_database):
    assert write_at_once(empty_database) == (2 * THREADS * WRITES, 0)
    with connected(empty_database) as session:
        verdict = log.verify(session)
    assert verdict.bad is None
    assert verdict.head.number == 2 * THREADS * WRITES


def test_the_control_that_takes_no_turns_is_refused_but_never_forks(empty_database, monkeypatch):
    """Without the lock, or BEGIN IMMEDIATE, writers meet: the database refuses all but one."""

    def careless(session):
        begin = session.connection()
        session.info[events._HEAD] = events.head_of(session)
        time.sleep(0.002)
        return begin

    written, refused = write_at_once(empty_database, careless)
    assert refused > 0
    assert written + 2 * refused == 2 * THREADS * WRITES
    with connected(empty_database) as session:
        verdict = log.verify(session)
    assert verdict.bad is None
    assert verdict.head.number == written
