"""A stamp beside the version of the public data: random, so that no restore brings one back.

A new column with a value for every row: the running version does not know it and lives on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018_state_stamp"
down_revision = "0017_search_revision"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; the next change of what the public may read fills it."""
    op.add_column(
        "directory_state",
        sa.Column("stamp", sa.String(length=32), nullable=False, server_default=""),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_column("directory_state", "stamp")
