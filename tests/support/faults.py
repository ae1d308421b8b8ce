"""Make one SQL statement fail, and see what that left behind."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, Table, event
from sqlalchemy.exc import OperationalError

from directory.models import Base

Rows = dict[str, list[Any]]
"""Every row of every table."""

NOT_COMPARED = {
    "outgoing_mail": {"state", "attempts", "next_try_at", "problem", "sent_at"},
    "staff_session": {"last_seen_at"},
    "catalogue_edition": {"text"},
}
"""Columns that are written outside the transaction of an act: how sending went, and when a
session was last in use. That there is such a row belongs to the act. The text of the checklist
never changes, and is long."""


@dataclass
class Fault:
    """The failure of the statement with this number; the commits count as statements too."""

    number: int
    made: int = 0

    @property
    def fired(self) -> bool:
        """Whether that many statements were made, so that one failed."""
        return self.made >= self.number

    def due(self) -> bool:
        """Count one more, and say whether this is the one."""
        self.made += 1
        return self.made == self.number


@contextmanager
def fault_at(engine: Engine, number: int) -> Iterator[Fault]:
    """Let statement `number` of an engine fail as a broken disk or a lost server makes it fail.

    The driver's own error is raised where the driver would raise it, so that it takes the way
    through SQLAlchemy that a real one takes. The database is not told: whoever swallows the error
    and goes on to commit keeps half of what was done, on both engines, and is found out.
    """
    fault = Fault(number)
    driver = engine.dialect.loaded_dbapi
    assert driver is not None

    def execute(_cursor: Any, _statement: Any, _parameters: Any, _context: Any) -> None:
        if fault.due():
            raise driver.OperationalError("injected")

    def commit(_connection: Connection) -> None:
        if fault.due():
            raise OperationalError("COMMIT", None, driver.OperationalError("injected"))

    def no_parameters(_cursor: Any, _statement: Any, _context: Any) -> None:
        execute(None, None, None, None)

    listeners = (
        ("do_execute", execute),
        ("do_executemany", execute),
        ("do_execute_no_params", no_parameters),
        ("commit", commit),
    )
    for name, listener in listeners:
        event.listen(engine, name, listener)
    try:
        yield fault
    finally:
        for name, listener in listeners:
            event.remove(engine, name, listener)


def everything(engine: Engine) -> Rows:
    """Return every row of every table, as the driver has it, but for `NOT_COMPARED`."""
    with engine.connect() as connection:
        cursor = connection.connection.cursor()
        return {name: cursor.execute(query).fetchall() for name, query in _queries().items()}


@cache
def _queries() -> dict[str, str]:
    return {table.name: _query(table) for table in Base.metadata.sorted_tables}


def _query(table: Table) -> str:
    skipped = NOT_COMPARED.get(table.name, set())
    columns = ", ".join(f'"{column.name}"' for column in table.c if column.name not in skipped)
    key = ", ".join(f'"{column.name}"' for column in table.primary_key)
    return f'SELECT {columns} FROM "{table.name}" ORDER BY {key}'


def changes(before: Rows, after: Rows) -> dict[str, tuple[int, int]]:
    """Return for each table that changed how many rows came and how many went."""
    found = {}
    for name, rows in after.items():
        if rows != before[name]:
            new, old = Counter(map(repr, rows)), Counter(map(repr, before[name]))
            found[name] = ((new - old).total(), (old - new).total())
    return found
