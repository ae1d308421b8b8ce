"""Let the prepared rows and the live ones change places: a moment, however many there are.

The tables are renamed. What is kept by name goes with them: on PostgreSQL constraints and indexes
are renamed too, while SQLite, which cannot, makes the search index anew.
"""

from collections.abc import Iterator

from sqlalchemy import Engine, Index, MetaData, Table, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from directory.models import PreparedPeriod, PreparedRow, SearchPeriod, SearchRow

LIVE, PREPARED, PASSING = "search_", "prepared_", "passing_"
_PAIRS: tuple[tuple[Table, Table], ...] = (
    (SearchRow.__table__, PreparedRow.__table__),  # type: ignore[assignment]
    (SearchPeriod.__table__, PreparedPeriod.__table__),
)
_INDEXES = [(index, prepared) for live, prepared in _PAIRS for index in live.indexes]
PATIENCE = "2s"
"""How long readers are kept waiting at most, when one of them does not come to its end."""


class TablesInUse(Exception):
    """Somebody has been reading the live rows for long, as a backup does; nothing was changed."""


def change_places(session: Session) -> None:
    """Rename both pairs of tables into one another, at the end of a writing transaction.

    Quick on PostgreSQL when `make_ready` was called before. Raises TablesInUse there; the caller
    rolls back.
    """
    session.flush()
    connection = session.connection()
    postgres = connection.dialect.name == "postgresql"
    if postgres:
        for index, prepared in _INDEXES:
            _copied(index, prepared).create(connection, checkfirst=True)
        _lock(session)
    for index, _prepared in _INDEXES:
        index.drop(connection)
    for statement in _renamings(postgres=postgres):
        connection.execute(text(statement))
    if not postgres:
        for index, _prepared in _INDEXES:
            index.create(connection)


def make_ready(engine: Engine) -> None:
    """Give the prepared rows what the live ones have, before they are read; nobody is held up.

    On PostgreSQL these are the indexes, the planner's numbers, and the map of rows that everybody
    may see, without which an index alone never has the answer. SQLite needs nothing.
    """
    if engine.dialect.name != "postgresql":
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for index, prepared in _INDEXES:
            connection.execute(text(f"DROP INDEX IF EXISTS {_other(str(index.name))}"))
            _copied(index, prepared).create(connection)
        for _live, prepared in _PAIRS:
            connection.execute(text(f"VACUUM (ANALYZE) {prepared.name}"))


def _lock(session: Session) -> None:
    """Wait for those who read the live rows now: for a moment, since others wait behind us.

    The prepared tables come first, which only housekeeping reads; then the live rows before their
    periods, as everybody else.
    """
    session.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
    names = [prepared.name for _live, prepared in _PAIRS] + [live.name for live, _ in _PAIRS]
    try:
        session.execute(text(f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE"))
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == "55P03":
            raise TablesInUse from error
        raise


def _renamings(*, postgres: bool) -> Iterator[str]:
    for live, prepared in _PAIRS:
        passing = live.name.replace(LIVE, PASSING)
        yield f"ALTER TABLE {live.name} RENAME TO {passing}"
        yield f"ALTER TABLE {prepared.name} RENAME TO {live.name}"
        yield f"ALTER TABLE {passing} RENAME TO {prepared.name}"
        if postgres:
            for constraint in live.constraints:
                name = str(constraint.name)
                passing = name.replace(LIVE, PASSING)
                yield f"ALTER TABLE {prepared.name} RENAME CONSTRAINT {name} TO {passing}"
                yield f"ALTER TABLE {live.name} RENAME CONSTRAINT {_other(name)} TO {name}"
                yield f"ALTER TABLE {prepared.name} RENAME CONSTRAINT {passing} TO {_other(name)}"
            for index in live.indexes:
                yield f"ALTER INDEX {_other(str(index.name))} RENAME TO {index.name}"


def _other(name: str) -> str:
    """Return what the same thing of the prepared table is called."""
    return name.replace(LIVE, PREPARED)


def _copied(index: Index, table: Table) -> Index:
    """Return an index over the same columns of a table, unknown to the models."""
    columns = table.to_metadata(MetaData()).c
    return Index(_other(str(index.name)), *(columns[column.name] for column in index.columns))
