"""All filter bits of a search row in one number, so that a search counts them with little work.

New columns with a value for every row, and another covering index. The running version does not
know them and lives on, without its own index a little slower; the rows that it still writes have
no facets, and the new version then looks at their masks.

Such rows, and those without a revision, cost a search more time. So all are to be derived anew
under the edition in force: `flask setup`, which every upgrade ends with, does it in passing.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0019_facets"
down_revision = "0018_state_stamp"
branch_labels = None
depends_on = None

INDEX = "ix_search_row_circle"
BEFORE = "next_change met_mask standing treats_mask offers_mask accepting state"
AFTER = "facets_until then_until accepting state_number facets then_facets"
COLUMNS = {
    "facets": sa.BigInteger,
    "facets_until": sa.Integer,
    "then_facets": sa.BigInteger,
    "then_until": sa.Integer,
    "state_number": sa.SmallInteger,
}


def upgrade() -> None:
    """Add the columns and fill them; what holds after the next change is looked up until later."""
    code = {"sqlite": "unicode", "postgresql": "ascii"}[op.get_bind().dialect.name]
    for table in ("search_row", "prepared_row"):
        for name, kind in COLUMNS.items():
            op.add_column(table, sa.Column(name, kind(), nullable=False, server_default="0"))
        op.execute(
            f"UPDATE {table} SET facets_until = next_change, facets ="  # noqa: S608
            " CAST(treats_mask AS bigint) | (CAST(offers_mask AS bigint) << 8)"
            " | (CAST(1 AS bigint) << (14 + standing)) | (met_mask << 20), state_number ="
            f" CASE WHEN length(state) = 2 AND {code}(state) < 128"
            f" AND {code}(substr(state, 2)) < 128"
            f" THEN {code}(state) * 256 + {code}(substr(state, 2)) ELSE 0 END"
        )
    _index(AFTER)
    op.execute(
        sa.text(
            "INSERT INTO preparation (id, edition, confirmation, begun_at, emptied, reached, acts)"
            " SELECT 1, edition, confirmation, :now, :no, 0, 0 FROM directory_state"
            " WHERE EXISTS (SELECT 1 FROM search_row) AND NOT EXISTS (SELECT 1 FROM preparation)"
        ).bindparams(
            sa.bindparam("now", datetime.now(UTC), sa.DateTime(timezone=True)),
            sa.bindparam("no", value=False, type_=sa.Boolean()),
        )
    )


def downgrade() -> None:
    """Take them away; the masks say the same. What was being prepared can be prepared again."""
    op.execute("DELETE FROM preparation")
    _index(BEFORE)
    for table in ("search_row", "prepared_row"):
        for name in COLUMNS:
            op.drop_column(table, name)


def _index(columns: str) -> None:
    op.drop_index(INDEX, "search_row")
    every = f"band lon_e6 x y z {columns} clinic_id"
    op.create_index(INDEX, "search_row", every.split())
