"""The columns of a clinics' spreadsheet that are not ours.

A new empty column only: the running version does not know it and lives on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014_spreadsheets"
down_revision = "0013_screening"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("clinic", sa.Column("imported_extra", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("clinic", "imported_extra")
