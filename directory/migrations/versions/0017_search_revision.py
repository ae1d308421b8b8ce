"""A number that changes with the card of a search row, so that what was rendered of it can be kept.

A new column with a value for every row: the running version does not know it and lives on. 0 says
"not known": such a row is rendered anew each time, until the next act on its clinic derives it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017_search_revision"
down_revision = "0016_prepared_rows"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; nothing is known of the rows until now."""
    op.add_column(
        "search_row",
        sa.Column("revision", sa.BigInteger(), nullable=False, server_default="0"),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_column("search_row", "revision")
