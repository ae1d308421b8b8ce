"""Insert a row or change the one that is there, decided by one statement on either engine."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from directory.models import Base


def put(
    session: Session,
    model: type[Base],
    key: dict[str, Any],
    values: dict[str, Any],
    *,
    where: ColumnElement[bool] | None = None,
) -> bool:
    """Write `values` under `key`; a row that is there is only changed when `where` holds.

    Returns whether a row was written. Of two sessions at once the second waits for the first
    and then judges `where` by what the first one left.
    """
    made: postgresql.Insert | sqlite.Insert
    if session.get_bind().dialect.name == "postgresql":
        made = postgresql.insert(model).values(**key, **values)
    else:
        made = sqlite.insert(model).values(**key, **values)
    written = made.on_conflict_do_update(
        index_elements=list(key),
        set_={name: made.excluded[name] for name in values},
        where=where,
    ).returning(*(getattr(model, name) for name in key))
    return session.execute(written).first() is not None
