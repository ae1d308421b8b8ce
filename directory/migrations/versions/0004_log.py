"""Each line of the log carries its number, its reason and the hash of the line before it.

The lines that are there already are numbered and chained as they stand. `at` may not run back
any more, so a line that is older than the one before it keeps its own time in `clock_said`.
"""

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from directory.domain import chain

revision = "0004_log"
down_revision = "0003_accounts"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
REFUSE = "BEGIN SELECT RAISE(ABORT, 'event is append-only'); END"

event = sa.table(
    "event",
    sa.column("id", sa.BigInteger),
    sa.column("at", MOMENT),
    sa.column("actor_id", sa.BigInteger),
    sa.column("act", sa.String),
    sa.column("subject_type", sa.String),
    sa.column("subject_id", sa.BigInteger),
    sa.column("before", sa.JSON),
    sa.column("after", sa.JSON),
    sa.column("reason", sa.Text),
    sa.column("clock_said", MOMENT),
    sa.column("prev_hash", sa.String),
    sa.column("hash", sa.String),
)


def upgrade() -> None:
    """Add the columns, number and chain what is there, then forbid what may not be."""
    _let_change()
    with op.batch_alter_table("event") as table:
        table.add_column(sa.Column("reason", sa.Text(), nullable=True))
        table.add_column(sa.Column("clock_said", MOMENT, nullable=True))
        table.add_column(sa.Column("prev_hash", sa.String(64), nullable=True))
        table.add_column(sa.Column("hash", sa.String(64), nullable=True))
    _chain()
    with op.batch_alter_table("event") as table:
        table.alter_column("reason", nullable=False, existing_type=sa.Text())
        table.alter_column("prev_hash", nullable=False, existing_type=sa.String(64))
        table.alter_column("hash", nullable=False, existing_type=sa.String(64))
        table.create_unique_constraint(op.f("uq_event_prev_hash"), ["prev_hash"])
        table.create_check_constraint(op.f("ck_event_number"), "id >= 1")
        table.create_check_constraint(op.f("ck_event_hash_shape"), "length(hash) = 64")
    op.create_index("ix_event_actor_id", "event", ["actor_id"])
    _guard()


def downgrade() -> None:
    """Drop the columns; a line gets its own time back, and keeps its number."""
    _let_change()
    op.execute("UPDATE event SET at = clock_said WHERE clock_said IS NOT NULL")
    op.drop_index("ix_event_actor_id", "event")
    with op.batch_alter_table("event") as table:
        table.drop_constraint(op.f("ck_event_hash_shape"), type_="check")
        table.drop_constraint(op.f("ck_event_number"), type_="check")
        table.drop_constraint(op.f("uq_event_prev_hash"), type_="unique")
        for column in ("hash", "prev_hash", "clock_said", "reason"):
            table.drop_column(column)
    if _postgresql():
        op.execute(
            "SELECT setval(pg_get_serial_sequence('event', 'id'), greatest(max(id), 1), "
            "max(id) IS NOT NULL) FROM event"
        )
    _guard()


def _postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _chain() -> None:
    """Number the lines without a gap and chain them.

    Numbers only ever get smaller, and are given in their order, so none meets another.
    """
    connection = op.get_bind()
    numbers = connection.scalars(sa.select(event.c.id).order_by(event.c.id)).all()
    head = chain.Head()
    for number in numbers:
        row = connection.execute(sa.select(event).where(event.c.id == number)).one()
        said = _moment(row.at)
        at = head.moment(said)
        line = chain.Line(
            number=head.number + 1,
            at=at,
            actor=row.actor_id,
            act=row.act,
            subject_type=row.subject_type,
            subject_id=row.subject_id,
            before=_json(row.before),
            after=_json(row.after),
            reason="",
            clock_said=None if at == said else said,
            previous=head.hash,
        )
        digest = line.hash()
        connection.execute(
            sa.update(event)
            .where(event.c.id == number)
            .values(
                id=line.number,
                at=line.at,
                reason="",
                clock_said=line.clock_said,
                prev_hash=line.previous,
                hash=digest,
            )
        )
        head = chain.head_after(line, digest)


def _moment(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _let_change() -> None:
    """Take the guards away while the table is rebuilt, which on SQLite drops them anyway."""
    on = " ON event" if _postgresql() else ""
    for name in ("change", "truncate") if _postgresql() else ("update", "delete", "replace"):
        op.execute(f"DROP TRIGGER event_append_only_{name}{on}")


def _guard() -> None:
    """Create the guards again, as 0002_append_only did."""
    if _postgresql():
        for name, act, each in (
            ("change", "UPDATE OR DELETE", "ROW"),
            ("truncate", "TRUNCATE", "STATEMENT"),
        ):
            op.execute(
                f"CREATE TRIGGER event_append_only_{name} BEFORE {act} ON event "
                f"FOR EACH {each} EXECUTE FUNCTION refuse_change()"
            )
        return
    for act in ("UPDATE", "DELETE"):
        op.execute(f"CREATE TRIGGER event_append_only_{act.lower()} BEFORE {act} ON event {REFUSE}")
    op.execute(
        "CREATE TRIGGER event_append_only_replace BEFORE INSERT ON event "  # noqa: S608 - fixed
        f"WHEN EXISTS (SELECT 1 FROM event WHERE id = NEW.id) {REFUSE}"
    )
