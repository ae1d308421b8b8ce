"""The language a case was written in.

A new column with a value for every row: the running version does not know it and lives on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015_case_language"
down_revision = "0014_spreadsheets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; every case until now came from an English page."""
    op.add_column(
        "outside_case",
        sa.Column("language", sa.String(length=3), nullable=False, server_default="en"),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_column("outside_case", "language")
