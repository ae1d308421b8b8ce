"""Checks, their evidence and confirmations, and the log become append-only.

Triggers refuse every change, also one made by hand or by a bug. On SQLite a later migration that
rebuilds one of these tables, as a batch operation does, must create its triggers again.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = {
    "evidence": ("id",),
    "verification": ("id",),
    "verification_evidence": ("verification_id", "evidence_id"),
    "confirmation": ("verification_id",),
    "event": ("id",),
}


def upgrade() -> None:
    """Create the triggers, in each database's own words."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME "
            "USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        for table in APPEND_ONLY:
            _guard_on_postgresql(table)
    else:
        for table, key in APPEND_ONLY.items():
            _guard_on_sqlite(table, key)


def downgrade() -> None:
    """Drop the triggers."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table in APPEND_ONLY:
        for event in ("change", "truncate") if postgresql else ("update", "delete", "replace"):
            on = f" ON {table}" if postgresql else ""
            op.execute(f"DROP TRIGGER {table}_append_only_{event}{on}")
    if postgresql:
        op.execute("DROP FUNCTION refuse_change()")


def _guard_on_postgresql(table: str) -> None:
    for name, event, each in (
        ("change", "UPDATE OR DELETE", "ROW"),
        ("truncate", "TRUNCATE", "STATEMENT"),
    ):
        op.execute(
            f"CREATE TRIGGER {table}_append_only_{name} BEFORE {event} ON {table} "
            f"FOR EACH {each} EXECUTE FUNCTION refuse_change()"
        )


def _guard_on_sqlite(table: str, key: tuple[str, ...]) -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only_{event.lower()} BEFORE {event} ON {table} {refuse}"
        )
    # INSERT OR REPLACE deletes a row without asking the trigger on DELETE.
    same = " AND ".join(f"{column} = NEW.{column}" for column in key)
    op.execute(
        f"CREATE TRIGGER {table}_append_only_replace BEFORE INSERT ON {table} "  # noqa: S608 - fixed
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) {refuse}"
    )
