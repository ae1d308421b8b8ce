"""The federal exclusion list.

New tables only: the running version does not know them and lives on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009_exclusions"
down_revision = "0008_imports"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ROW = "exclusion_row"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        ROW,
        sa.Column("id", ID, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("last_name", sa.String(20), nullable=False),
        sa.Column("first_name", sa.String(15), nullable=False),
        sa.Column("middle_name", sa.String(15), nullable=False),
        sa.Column("business_name", sa.String(30), nullable=False),
        sa.Column("general", sa.String(20), nullable=False),
        sa.Column("specialty", sa.String(20), nullable=False),
        sa.Column("upin", sa.String(6), nullable=False),
        sa.Column("npi", sa.String(10), nullable=True),
        sa.Column("born_on", sa.Date(), nullable=True),
        sa.Column("street", sa.String(30), nullable=False),
        sa.Column("city", sa.String(20), nullable=False),
        sa.Column("state", sa.String(2), nullable=False),
        sa.Column("postal_code", sa.String(5), nullable=False),
        sa.Column("exclusion_type", sa.String(9), nullable=False),
        sa.Column("excluded_on", sa.Date(), nullable=False),
        sa.Column("waived_on", sa.Date(), nullable=True),
        sa.Column("waiver_state", sa.String(2), nullable=False),
        sa.CheckConstraint("length(digest) = 64", name=op.f("ck_exclusion_row_digest_shape")),
        sa.CheckConstraint(
            "last_name <> '' OR business_name <> ''", name=op.f("ck_exclusion_row_somebody")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exclusion_row")),
        sa.UniqueConstraint("digest", name=op.f("uq_exclusion_row_digest")),
    )


def downgrade() -> None:
    """Drop the tables; the list is published, and can be imported again."""
    op.drop_table(ROW)
