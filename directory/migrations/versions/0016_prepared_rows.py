"""Rows for the search that are prepared for another edition of the checklist, beside the live ones.

New tables only: the running version does not know them and lives on. `prepared_row` has the column
of the next migration from the start, so that nothing has to be added to it there.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016_prepared_rows"
down_revision = "0015_case_language"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "preparation",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("edition", sa.String(length=16), nullable=False),
        sa.Column("confirmation", sa.String(length=16), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("emptied", sa.Boolean(), nullable=False),
        sa.Column("reached", sa.BigInteger(), nullable=False),
        sa.Column("acts", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_preparation_one_row")),
        sa.ForeignKeyConstraint(
            ["edition"],
            ["catalogue_edition.edition"],
            name=op.f("fk_preparation_edition"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preparation")),
    )
    op.create_table(
        "prepared_row",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("band", sa.SmallInteger(), nullable=False),
        sa.Column("lon_e6", sa.Integer(), nullable=False),
        sa.Column("x", sa.Integer(), nullable=False),
        sa.Column("y", sa.Integer(), nullable=False),
        sa.Column("z", sa.Integer(), nullable=False),
        sa.Column("next_change", sa.Integer(), nullable=False),
        sa.Column("met_mask", sa.BigInteger(), nullable=False),
        sa.Column("standing", sa.SmallInteger(), nullable=False),
        sa.Column("treats_mask", sa.Integer(), nullable=False),
        sa.Column("offers_mask", sa.Integer(), nullable=False),
        sa.Column("accepting", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(length=2), nullable=False),
        sa.Column("card", sa.JSON(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False, server_default="0"),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_prepared_row_clinic_id")
        ),
        sa.PrimaryKeyConstraint("clinic_id", name=op.f("pk_prepared_row")),
    )
    op.create_table(
        "prepared_period",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("from_minute", sa.Integer(), nullable=False),
        sa.Column("until_minute", sa.Integer(), nullable=False),
        sa.Column("met_mask", sa.BigInteger(), nullable=False),
        sa.Column("standing", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"],
            ["prepared_row.clinic_id"],
            name=op.f("fk_prepared_period_clinic_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "from_minute", name=op.f("pk_prepared_period")),
    )


def downgrade() -> None:
    """Drop them; what is being prepared is lost and can be prepared again."""
    op.drop_table("prepared_period")
    op.drop_table("prepared_row")
    op.drop_table("preparation")
