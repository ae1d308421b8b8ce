"""What became of looking up the clinics' addresses.

A new table only: the running version does not know it and lives on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012_points"
down_revision = "0011_merges"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
TABLE = "point_lookup"
OUTCOMES = ("found", "unknown", "failed", "refused", "left")


def upgrade() -> None:
    """Create the table."""
    outcomes = ", ".join(f"'{outcome}'" for outcome in OUTCOMES)
    checks = {
        "outcome": f"outcome IN ({outcomes})",
        "tries": "tries >= 1",
        "decided": "(decided_by IS NULL) = (decided_at IS NULL)",
        "left_by": "(outcome = 'left') = (decided_by IS NOT NULL)",
        "why": "(outcome = 'refused') = (why IS NOT NULL)",
    }
    op.create_table(
        TABLE,
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("said", sa.String(200), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("why", sa.String(32), nullable=True),
        sa.Column("details", sa.JSON(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("looked_up_at", MOMENT, nullable=False),
        sa.Column("decided_by", ID, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        *(
            sa.CheckConstraint(check, name=op.f(f"ck_{TABLE}_{name}"))
            for name, check in checks.items()
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_point_lookup_clinic_id")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["staff_user.id"], name=op.f("fk_point_lookup_decided_by")
        ),
        sa.PrimaryKeyConstraint("clinic_id", name=op.f("pk_point_lookup")),
    )
    op.create_index("ix_point_lookup_outcome", TABLE, ["outcome"])


def downgrade() -> None:
    """Drop the table; addresses can be looked up again."""
    op.drop_table(TABLE)
