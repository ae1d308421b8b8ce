"""SQLite under several threads: writers wait for each other, and the old way shows why.

PostgreSQL keeps its plans from one transaction to the next.
"""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
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


@pytest.fixture
def served(postgres):
    """An engine over an empty database of PostgreSQL, with one connection."""
    engine = create_engine(postgres.create("prepared"), pool_size=1, max_overflow=0)
    tune(engine)
    yield engine
    engine.dispose()
    postgres.drop("prepared")


def _prepared(connection: Connection) -> int:
    kept = connection.connection.driver_connection
    assert kept is not None
    return len(kept._prepared._names)


def test_postgresql_keeps_its_plans_when_whoever_only_reads_rolls_back(served):
    for _ in range(8):
        with served.connect() as connection:
            connection.execute(text("SELECT 1"))
    with served.connect() as connection:
        assert _prepared(connection) >= 1
        names = connection.scalar(text("SELECT count(*) FROM pg_prepared_statements"))
        assert names >= 1
    # The control: the driver's own rollback forgets them.
    with served.connect() as connection:
        connection.execute(text("SELECT 1"))
        connection.connection.driver_connection.rollback()
        assert _prepared(connection) == 0


def test_postgresql_still_rolls_back_what_was_written(served):
    with served.begin() as connection:
        connection.execute(text("CREATE TABLE counter (n INTEGER)"))
    with served.connect() as connection:
        connection.execute(text("INSERT INTO counter VALUES (1)"))
    with served.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM counter")) == 0
        with pytest.raises(DBAPIError):
            connection.execute(text("SELECT 1 / 0"))
        connection.rollback()
        assert connection.scalar(text("SELECT count(*) FROM counter")) == 0


def test_a_connection_that_was_lost_is_replaced_by_another(served):
    with served.connect() as connection:
        connection.connection.driver_connection.pgconn.finish()
        with pytest.raises(DBAPIError):
            connection.execute(text("SELECT 1"))
    with served.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
