"""SQLite under several threads: writers wait for each other, and the old way shows why."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from directory.models.engine import begin_writing, tune

WRITERS = 6
WRITES = 15


@pytest.fixture
def counter(tmp_path):
    """An engine over a table with one counter."""
    engine = create_engine(f"sqlite:///{tmp_path}/counter.sqlite", pool_size=WRITERS)
    tune(engine)
    with Session(engine) as session:
        begin_writing(session)
        session.execute(text("CREATE TABLE counter (n INTEGER)"))
        session.execute(text("INSERT INTO counter VALUES (0)"))
        session.commit()
    yield engine
    engine.dispose()


def _race(engine: Engine, begin: Callable[[Session], None]) -> tuple[int, int]:
    """Read, then write, from several threads; return how many failed and the counter."""
    failed = []

    def write() -> None:
        for _ in range(WRITES):
            with Session(engine) as session:
                try:
                    begin(session)
                    n = session.scalar(text("SELECT n FROM counter"))
                    session.execute(text("UPDATE counter SET n = :n"), {"n": n + 1})
                    session.commit()
                except OperationalError:
                    failed.append(1)

    threads = [threading.Thread(target=write) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Session(engine) as session:
        return len(failed), session.scalar(text("SELECT n FROM counter")) or 0


def test_no_write_fails_and_none_is_lost(counter):
    assert _race(counter, begin_writing) == (0, WRITERS * WRITES)


def test_the_control_without_an_immediate_transaction_fails(counter):
    failed, _n = _race(counter, lambda session: None)
    assert failed > 0, "this control must show the fault that begin_writing prevents"


def test_sqlite_is_set_up_to_be_safe(counter):
    with Session(counter) as session:
        for pragma, value in (
            ("journal_mode", "wal"),
            ("busy_timeout", 5000),
            ("foreign_keys", 1),
            ("synchronous", 2),
        ):
            assert session.scalar(text(f"PRAGMA {pragma}")) == value
