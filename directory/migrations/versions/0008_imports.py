"""The files that were imported.

A new table only: the running version does not know it and lives on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008_imports"
down_revision = "0007_cases"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
TABLE = "import_run"
KINDS = ("nppes", "nppes_deactivated", "leie", "leie_supplement", "clinics", "licenses")
COUNTS = ("read", "kept", "added", "changed", "removed", "refused")


def upgrade() -> None:
    """Create the table."""
    kinds = ", ".join(f"'{kind}'" for kind in KINDS)
    op.create_table(
        TABLE,
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("file", sa.String(200), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("dated", sa.Date(), nullable=True),
        sa.Column("forced", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in COUNTS),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=False),
        sa.Column("imported_by", ID, nullable=False),
        sa.CheckConstraint(f"kind IN ({kinds})", name=op.f("ck_import_run_kind")),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_import_run_sha256_shape")),
        sa.ForeignKeyConstraint(
            ["imported_by"], ["staff_user.id"], name=op.f("fk_import_run_imported_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_index("ix_import_run_kind", TABLE, ["kind", "finished_at"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table(TABLE)
