"""Rows straight from the driver: for statements so quick that all around them would take longer.

SQLAlchemy's own result objects cost three times what a search's statement does.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

Source = Session | Connection
"""What a search reads from: a session, or the connection on which a request only reads."""


def connection_of(source: Source) -> Connection:
    """Return the connection itself, or the one of the session's transaction."""
    return source if isinstance(source, Connection) else source.connection()


def rows_of(
    connection: Connection, statement: str, parameters: Mapping[str, Any] | None = None
) -> Sequence[tuple[Any, ...]]:
    """Return the rows of a statement in the driver's own words, in the connection's transaction.

    Who listens to statements hears of it. Raises DBAPIError, as SQLAlchemy does.
    """
    if not connection.in_transaction():
        connection.begin()
    dialect, told = connection.dialect, connection.dispatch
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
