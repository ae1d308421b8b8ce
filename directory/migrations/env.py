"""Alembic's set-up: one transaction for all migrations, on SQLite as on PostgreSQL."""

from alembic import context
from flask import current_app
from sqlalchemy import Connection

from directory.extensions import db
from directory.models.counting import UNCOUNTED
from directory.models.engine import WRITES

LOCK = 20261122
"""The number of the advisory lock that keeps two set-ups on PostgreSQL apart."""

OPTIONS = {WRITES: True, UNCOUNTED: True}
"""A new program keeps its own answers, and half-way up there is nothing yet to count in."""


def migrate_online() -> None:
    """Run the migrations, or autogenerate one, on the application's database.

    On SQLite the transaction is IMMEDIATE, so that of two set-ups the second waits. Foreign
    keys are off meanwhile, since a batch operation rebuilds a table that others point at, and
    are checked before the commit.
    """
    with db.engine.connect().execution_options(**OPTIONS) as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            _foreign_keys(connection, "OFF")
        try:
            with connection.begin():
                if not sqlite:
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
                _migrate(connection)
                if sqlite:
                    _refuse_dangling(connection)
        finally:
            if sqlite:
                _foreign_keys(connection, "ON")


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        transactional_ddl=True,
        **current_app.extensions["migrate"].configure_args,
    )
    context.run_migrations()


def _foreign_keys(connection: Connection, state: str) -> None:
    """Switch SQLite's foreign keys, which it allows only outside a transaction."""
    driver = connection.connection.dbapi_connection
    if driver is None:
        raise RuntimeError("the connection to the database is closed")
    driver.execute(f"PRAGMA foreign_keys = {state}")


def _refuse_dangling(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise RuntimeError(f"the migration left rows that point nowhere: {broken[:5]}")


def migrate_offline() -> None:
    """Write the SQL of the migrations instead of running it."""
    context.configure(
        url=current_app.config["SQLALCHEMY_DATABASE_URI"],
        target_metadata=db.metadata,
        literal_binds=True,
        **current_app.extensions["migrate"].configure_args,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    migrate_offline()
else:
    migrate_online()
