"""Staff sign in: passwords and second factors, invitations, sessions, conflicts of interest.

Every new column may be empty, so that the running version can go on adding staff.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003_accounts"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
TABLES = {
    "staff_invitation": ("user_id",),
    "staff_session": ("user_id",),
    "staff_recovery_code": ("user_id",),
    "conflict_of_interest": ("user_id", "clinic_id", "organization_id"),
}
COLUMNS = (
    ("email", sa.String(254)),
    ("password_hash", sa.String(200)),
    ("totp_secret", sa.String(200)),
    ("totp_step", sa.BigInteger()),
    ("joined_at", MOMENT),
    ("disabled_at", MOMENT),
)


def upgrade() -> None:
    """Add the columns, then the tables that point at them."""
    for name, kind in COLUMNS:
        op.add_column("staff_user", sa.Column(name, kind, nullable=True))
    op.create_index("ix_staff_user_email", "staff_user", ["email"], unique=True)
    _table(
        "staff_invitation",
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        _hash_shape("staff_invitation", "token_sha256"),
        _unique("staff_invitation", "token_sha256"),
    )
    _table(
        "staff_session",
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("end_reason", sa.String(32), nullable=True),
        _hash_shape("staff_session", "token_sha256"),
        _check("staff_session", "end", "(ended_at IS NULL) = (end_reason IS NULL)"),
        _check(
            "staff_session",
            "end_reason",
            "end_reason IN ('signed_out', 'revoked', 'disabled', 'new_password', 'new_role')",
        ),
        _unique("staff_session", "token_sha256"),
    )
    _table(
        "staff_recovery_code",
        sa.Column("code_sha256", sa.String(64), nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        _hash_shape("staff_recovery_code", "code_sha256"),
    )
    _table(
        "conflict_of_interest",
        sa.Column("clinic_id", ID, nullable=True),
        sa.Column("organization_id", ID, nullable=True),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("declared_at", MOMENT, nullable=False),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        _check(
            "conflict_of_interest",
            "one_subject",
            "(clinic_id IS NULL) <> (organization_id IS NULL)",
        ),
        _points("conflict_of_interest", "clinic_id", "clinic.id"),
        _points("conflict_of_interest", "organization_id", "organization.id"),
    )


def downgrade() -> None:
    """Drop the tables, then the columns; SQLite drops a column without rebuilding the table."""
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_index("ix_staff_user_email", "staff_user")
    for name, _kind in reversed(COLUMNS):
        op.drop_column("staff_user", name)


def _table(table: str, *parts: sa.schema.SchemaItem) -> None:
    """Create a table of things that belong to a member of staff."""
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        *parts,
        _points(table, "user_id", "staff_user.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    for column in TABLES[table]:
        op.create_index(f"ix_{table}_{column}", table, [column])


def _hash_shape(table: str, column: str) -> sa.CheckConstraint:
    return _check(table, "sha256_shape", f"length({column}) = 64")


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def _unique(table: str, column: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(column, name=op.f(f"uq_{table}_{column}"))


def _points(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))
