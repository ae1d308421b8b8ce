"""Count the changes of what the public may read: each transaction with one makes a new version.

Nobody has to think of it: whatever writes to a table counts, by whichever way, unless the table is
named here as one that no page for the public reads. A new table therefore counts.
"""

import re
import secrets
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.orm import Session

from directory.models.base import Base

NEVER_READ: Final = frozenset(
    {
        "candidate",
        "candidate_change",
        "candidate_lookup",
        "case_contact",
        "case_message",
        "check_counter",
        "clinic_distinct",
        "conflict_of_interest",
        "event",  # of which only public acts are read: whoever writes one of them says so
        "exclusion_match",
        "exclusion_match_check",
        "exclusion_row",
        "import_run",
        "lease",
        "outgoing_mail",
        "outside_case",
        "point_lookup",
        "preparation",
        "prepared_period",  # until they change places with the live ones, with a new edition
        "prepared_row",
        "screening",
        "staff_invitation",
        "staff_recovery_code",
        "staff_session",
    }
)
"""Tables that no page for the public reads; most of them are written all day long."""

UNCOUNTED: Final = "directory_uncounted"
"""The execution option of a connection whose writes need no count: only migrations have it."""

_CHANGED = "directory_changed"
_BEGINNING = 400
"""Characters within which a statement that begins with its verb has named its table."""

_WRITTEN = re.compile(
    r"\b(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|REPLACE\s+INTO|UPDATE(?:\s+OR\s+\w+)?|DELETE\s+FROM"
    r"|MERGE\s+INTO|TRUNCATE(?:\s+TABLE)?|COPY|(?:ALTER|DROP)\s+TABLE)\s+(?:ONLY\s+)?[\"']?(\w+)",
    re.IGNORECASE,
)
# The stamp is random, so that a database that was restored from a backup never comes by a second
# state under a version that it had once: whoever kept a page of that version would take it for new.
_NEXT = text("UPDATE directory_state SET version = version + 1, stamp = :stamp")


def count_changes(engine: Engine) -> None:
    """Let every transaction of `engine` that changed what the public may read count one version.

    The count is the transaction's last statement: its row is locked only while it is committed.
    """

    @event.listens_for(engine, "before_cursor_execute")
    def _look(connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("SELECT") and _counts(
            statement if statement.startswith("WITH") else statement[:_BEGINNING]
        ):
            connection.info[_CHANGED] = True

    @event.listens_for(engine, "commit")
    def _count(connection: Connection) -> None:
        if connection.info.pop(_CHANGED, False) and not _uncounted(connection):
            connection.execute(_NEXT, {"stamp": secrets.token_hex(16)})
            connection.info.pop(_CHANGED)

    @event.listens_for(engine, "begin")
    def _forget(connection: Connection) -> None:
        connection.info.pop(_CHANGED, None)  # of a transaction that was given up


def count_change(session: Session) -> None:
    """Count the session's transaction, whatever it writes."""
    session.connection().info[_CHANGED] = True


def _uncounted(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get(UNCOUNTED, False))


@lru_cache(maxsize=512)
def _counts(statement: str) -> bool:
    """Say whether a statement writes to a table that a page for the public may read."""
    tables = Base.metadata.tables.keys() - NEVER_READ
    return any(table.lower() in tables for table in _WRITTEN.findall(statement))
