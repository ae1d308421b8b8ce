"""How connections behave: what SQLite needs to be safe and quick under several threads."""

import sqlite3
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session

BUSY_SECONDS = 5
WRITES = "directory_writes"


def tune(engine: Engine) -> None:
    """Set up `engine` for its database.

    PostgreSQL is told that reading here and there is cheap, as on any solid-state disk: at its
    default it reads whole rows where the covering index alone has the answer.

    SQLite gets a write-ahead log, foreign keys and a busy timeout. Its driver's own transaction
    handling is switched off, since it begins too late and never IMMEDIATE: a transaction that
    reads first and writes later fails under load whatever the timeout (measured: 30 to 70 %).
    """
    if engine.dialect.name == "sqlite":
        _tune_sqlite(engine)
        return

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.execute("SET random_page_cost = 1.1")
        connection.commit()


def _tune_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def begin_writing(session: Session) -> None:
    """Open the session's transaction as a writing one; call it before the first statement."""
    session.connection(execution_options={WRITES: True})
