"""Which version of the data holds now: asked for every request, so it costs next to nothing.

One statement on a connection of its own that is in no transaction: some microseconds on SQLite, one
round trip to PostgreSQL.
"""

from collections import deque
from contextlib import suppress
from typing import Any, Final

from flask import Flask
from sqlalchemy import create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from directory.extensions import db

ASKED: Final = (
    "SELECT version, stamp, edition, confirmation, demonstration FROM directory_state WHERE id = 1"
)


class Versions:
    """Reads the version from the application's database."""

    def __init__(self, app: Flask) -> None:
        """Connect to nothing yet; what is open later is closed with the application's engine."""
        with app.app_context():
            engine = db.engine
        self._engine = create_engine(engine.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        self._errors = (self._engine.dialect.loaded_dbapi.Error, SQLAlchemyError)
        self._idle: deque[Any] = deque()
        event.listen(engine, "engine_disposed", lambda _engine: self.close())

    def read(self) -> tuple[Any, ...] | None:
        """Return what names the version of the data, None before set-up or without an answer.

        A connection that was left open may be closed meanwhile: then it asks on a new one.
        """
        for _ in range(2 if self._idle else 1):
            try:
                return self._ask()
            except self._errors:
                self.close()
        return None

    def close(self) -> None:
        """Close the connections that nobody uses now."""
        while self._idle:
            with suppress(IndexError, *self._errors):
                self._idle.popleft().close()

    def _ask(self) -> tuple[Any, ...] | None:
        """Ask on a driver's own connection: SQLAlchemy's pool takes longer than the question."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connected()
        try:
            rows = connection.execute(ASKED).fetchall()
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return tuple(rows[0]) if rows else None

    def _connected(self) -> Any:
        pooled = self._engine.raw_connection()
        connection = pooled.driver_connection
        pooled.detach()
        return connection
