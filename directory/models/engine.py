"""How connections behave: what SQLite needs to be safe and quick under several threads."""

import sqlite3
from typing import Any, cast

from sqlalchemy import Connection, Engine, event, func, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from directory.models.counting import count_changes
from directory.models.turns import turns_of

BUSY_SECONDS = 5
CACHE_KB = 512
"""What each connection to SQLite keeps itself: neither a search nor a write gains by the default
of four times as much, since the system keeps the file's pages for all of them."""
WRITES = "directory_writes"
_TURN = "directory_turn"
LOG_LOCK = 20261123
"""The number of the advisory lock under which a transaction on PostgreSQL writes the log."""


def tune(engine: Engine) -> None:
    """Set up `engine` for its database.

    PostgreSQL is told that reading here and there is cheap, as on any solid-state disk: at its
    default it reads whole rows where the covering index alone has the answer. Nor does it compile
    a statement: that takes longer than the widest search over a million clinics.

    SQLite gets a write-ahead log, foreign keys and a busy timeout. Its driver's own transaction
    handling is switched off, since it begins too late and never IMMEDIATE: a transaction that
    reads first and writes later fails under load whatever the timeout (measured: 30 to 70 %).
    Writers of one process queue for their turn, since SQLite's own waiting is not fair.
    """
    count_changes(engine)
    if engine.dialect.name == "sqlite":
        _tune_sqlite(engine)
        return

    _tune_postgresql(engine)


def _tune_postgresql(engine: Engine) -> None:
    from psycopg.pq import TransactionStatus  # nine megabytes, which SQLite does without

    still_open = (TransactionStatus.INTRANS, TransactionStatus.INERROR)

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.execute("SET random_page_cost = 1.1")
        connection.execute("SET jit = off")
        connection.commit()

    @event.listens_for(engine, "rollback")
    def _rolled_back(connection: Connection) -> None:
        # Whoever only reads ends so. The driver forgets all prepared statements at a rollback of
        # its own, though the server keeps them, and each search would be planned anew. Where this
        # one fails the driver rolls back as ever, and says why it cannot.
        driver = cast(Any, connection.connection.driver_connection)
        if driver.info.transaction_status in still_open:
            driver.pgconn.exec_(b"ROLLBACK")


def _tune_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA cache_size = -{CACHE_KB}")
        cursor.close()

    turns = turns_of(engine.url.database or "")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES, False)
        if writes and not connection.info.get(_TURN):
            # Without a turn it tries all the same: the writer may be another process.
            connection.info[_TURN] = turns.take(BUSY_SECONDS)
        if writes:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:  # it waits for nobody and cannot fail, so it goes straight to the driver
            cast(Any, connection.connection.driver_connection).execute("BEGIN")

    @event.listens_for(engine, "checkin")
    def _returned(_connection: Any, record: ConnectionPoolEntry) -> None:
        if record.info.pop(_TURN, False):
            turns.give()


def begin_writing(session: Session) -> None:
    """Open the session's transaction as a writing one; call it before the first statement.

    Writers take turns on both engines.
    """
    session.connection(execution_options={WRITES: True})
    lock_log(session)


def lock_log(session: Session) -> None:
    """Keep others from writing the log until this transaction ends.

    On SQLite the writing transaction itself does. On PostgreSQL an advisory lock does; every act
    needs it in the end, and taken before any row is locked it cannot be part of a deadlock.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(LOG_LOCK)))
