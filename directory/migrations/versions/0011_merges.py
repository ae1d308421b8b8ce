"""Merged listings, the checks a merge sets aside, and pairs of clinics that were told apart.

New tables only: the running version does not know them and lives on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011_merges"
down_revision = "0010_candidates"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables, inner ones first."""
    _distinct()
    _merges()
    _set_aside()


def downgrade() -> None:
    """Drop them; a merge that stands stops this, since its two listings would fall apart."""
    standing = op.get_bind().scalar(
        sa.text("SELECT count(*) FROM clinic_merge WHERE undone_at IS NULL")
    )
    if standing:
        raise RuntimeError(f"{standing} listings are merged into others; take them apart first")
    for table in ("merge_set_aside", "clinic_merge", "clinic_distinct"):
        op.drop_table(table)


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def _points(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def _distinct() -> None:
    table = "clinic_distinct"
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        sa.Column("low_id", ID, nullable=False),
        sa.Column("high_id", ID, nullable=False),
        sa.Column("told_by", ID, nullable=False),
        sa.Column("told_at", MOMENT, nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        _check(table, "in_order", "low_id < high_id"),
        _check(table, "reason", "length(reason) > 0"),
        _points(table, "low_id", "clinic.id"),
        _points(table, "high_id", "clinic.id"),
        _points(table, "told_by", "staff_user.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("low_id", "high_id", name=op.f(f"uq_{table}_low_id_high_id")),
    )
    op.create_index("ix_clinic_distinct_high_id", table, ["high_id"])


def _merges() -> None:
    table = "clinic_merge"
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        sa.Column("survivor_id", ID, nullable=False),
        sa.Column("merged_id", ID, nullable=False),
        sa.Column("home_id", ID, nullable=False),
        sa.Column("merged_by", ID, nullable=False),
        sa.Column("merged_at", MOMENT, nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("undone_by", ID, nullable=True),
        sa.Column("undone_at", MOMENT, nullable=True),
        _check(table, "two_listings", "survivor_id <> merged_id AND home_id <> merged_id"),
        _check(table, "undone", "(undone_at IS NULL) = (undone_by IS NULL)"),
        _check(table, "reason", "length(reason) > 0"),
        _points(table, "survivor_id", "clinic.id"),
        _points(table, "merged_id", "clinic.id"),
        _points(table, "home_id", "clinic.id"),
        _points(table, "merged_by", "staff_user.id"),
        _points(table, "undone_by", "staff_user.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    # A listing is in one other at a time; the merges that were undone stay on record.
    op.create_index(
        "uq_clinic_merge_standing",
        table,
        ["merged_id"],
        unique=True,
        sqlite_where=sa.text("undone_at IS NULL"),
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    op.create_index("ix_clinic_merge_home_id", table, ["home_id"])


def _set_aside() -> None:
    table = "merge_set_aside"
    op.create_table(
        table,
        sa.Column("merge_id", ID, nullable=False),
        sa.Column("verification_id", ID, nullable=False),
        _points(table, "merge_id", "clinic_merge.id"),
        _points(table, "verification_id", "verification.id"),
        sa.PrimaryKeyConstraint("merge_id", "verification_id", name=op.f(f"pk_{table}")),
    )
    op.create_index("ix_merge_set_aside_verification_id", table, ["verification_id"])
