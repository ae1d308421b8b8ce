"""Rows straight from the driver: for statements so quick that all around them would take longer.

SQLAlchemy's own result objects cost three times what a search's statement does.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from directory.models.engine import tune

Source = Session | Connection
"""What a search reads from: a session, or the connection on which a request only reads."""


class Readers:
    """Connections on which requests only read, left open from one to the next.

    To take one from a pool and give it back takes longer than any statement of a search. They are
    outside the engine's pool, so whoever writes never waits for one of them; there are as many as
    requests ever read at a time.
    """

    def __init__(self, engine: Engine) -> None:
        """Connect to nothing yet, and later to the engine's database; all closes with it."""
        self._engine = create_engine(engine.url, poolclass=NullPool)
        tune(self._engine)
        self._errors = (self._engine.dialect.loaded_dbapi.Error, DBAPIError)
        self._idle: deque[Connection] = deque()
        event.listen(engine, "engine_disposed", lambda _engine: self.close())

    @property
    def idle(self) -> int:
        """How many connections nobody uses now."""
        return len(self._idle)

    def take(self, statement: str) -> tuple[Connection, Sequence[tuple[Any, ...]]]:
        """Return a connection in a new transaction, and the rows of its first statement.

        A connection that was left open may be closed meanwhile: then it asks on a new one. Raises
        DBAPIError where that cannot be had either.
        """
        with suppress(IndexError, *self._errors):
            return self._asked(self._idle.pop(), statement)
        return self._asked(self._engine.connect(), statement)

    def give_back(self, connection: Connection) -> None:
        """End the transaction, and leave the connection to the next unless it is broken."""
        try:
            connection.rollback()
        except BaseException:
            connection.close()
            raise
        if connection.invalidated or connection.closed:
            connection.close()
        else:
            self._idle.append(connection)

    def close(self) -> None:
        """Close the connections that nobody uses now."""
        while self._idle:
            with suppress(IndexError, SQLAlchemyError):
                self._idle.popleft().close()

    def _asked(
        self, connection: Connection, statement: str
    ) -> tuple[Connection, Sequence[tuple[Any, ...]]]:
        try:
            return connection, rows_of(connection, statement)
        except BaseException:
            connection.close()
            raise


def connection_of(source: Source) -> Connection:
    """Return the connection itself, or the one of the session's transaction."""
    return source if isinstance(source, Connection) else source.connection()


def rows_of(
    connection: Connection, statement: str, parameters: Mapping[str, Any] | None = None
) -> Sequence[tuple[Any, ...]]:
    """Return the rows of a statement in the driver's own words, in the connection's transaction.

    Who listens to the engine's statements hears of it. Raises DBAPIError, as SQLAlchemy does.
    """
    if not connection.in_transaction():
        connection.begin()
    dialect, told = connection.dialect, connection.engine.dispatch
    cursor = connection.connection.cursor()
    try:
        told.before_cursor_execute(connection, cursor, statement, parameters, None, False)
        cursor.execute(statement, parameters or {})
        rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
        told.after_cursor_execute(connection, cursor, statement, parameters, None, False)
    except dialect.loaded_dbapi.Error as error:
        if dialect.is_disconnect(error, connection.connection.driver_connection, cursor):
            connection.invalidate(error)
        raise DBAPIError.instance(
            statement, parameters, error, dialect.loaded_dbapi.Error, dialect=dialect
        ) from error
    finally:
        cursor.close()
    return rows
