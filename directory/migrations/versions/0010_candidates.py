"""Numbers of the national registry that may be clinics, and what changed about them.

New tables only: the running version does not know them and lives on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010_candidates"
down_revision = "0009_exclusions"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
CODE = sa.String(32)
TABLES = ("candidate_lookup", "candidate_change", "candidate")
FACTS = ("name", "address", "phone", "deactivated", "reactivated", "gone", "returned")


def upgrade() -> None:
    """Create the tables, inner ones first."""
    _candidates()
    _changes()
    _lookups()


def downgrade() -> None:
    """Drop the tables, outer ones first."""
    for table in TABLES:
        op.drop_table(table)


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def _one_of(table: str, column: str, *codes: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{code}'" for code in codes)
    return _check(table, column, f"{column} IN ({listed})")


def _points(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def _candidates() -> None:
    table = "candidate"
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        sa.Column("npi", sa.String(10), nullable=False),
        sa.Column("person", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("other_name", sa.String(200), nullable=False),
        sa.Column("street", sa.String(200), nullable=False),
        sa.Column("city", sa.String(100), nullable=False),
        sa.Column("state", sa.String(2), nullable=False),
        sa.Column("postal_code", sa.String(5), nullable=False),
        sa.Column("phone", sa.String(20), nullable=True),
        sa.Column("taxonomies", sa.JSON(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("strength", sa.Integer(), nullable=False),
        sa.Column("address_flag", CODE, nullable=True),
        sa.Column("deactivated_on", sa.Date(), nullable=True),
        sa.Column("gone_at", MOMENT, nullable=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("triage", CODE, nullable=False),
        sa.Column("decided_by", ID, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("clinic_id", ID, nullable=True),
        sa.Column("organization_id", ID, nullable=True),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _check(table, "npi_shape", "length(npi) = 10"),
        _check(table, "fingerprint_shape", "length(fingerprint) = 64"),
        _check(
            table,
            "decided",
            "(triage IN ('likely', 'unlikely', 'not_a_clinic')) = (decided_by IS NOT NULL)",
        ),
        _check(table, "decided_when", "(decided_by IS NULL) = (decided_at IS NULL)"),
        _one_of(table, "address_flag", "po_box", "mailbox"),
        _one_of(table, "triage", "waiting", "likely", "unlikely", "not_a_clinic", "known"),
        _points(table, "decided_by", "staff_user.id"),
        _points(table, "clinic_id", "clinic.id"),
        _points(table, "organization_id", "organization.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("npi", name=op.f(f"uq_{table}_npi")),
    )
    op.create_index("ix_candidate_triage", table, ["triage", "strength"])
    op.create_index("ix_candidate_clinic_id", table, ["clinic_id"])
    op.create_index("ix_candidate_organization_id", table, ["organization_id"])


def _changes() -> None:
    table = "candidate_change"
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        sa.Column("candidate_id", ID, nullable=False),
        sa.Column("fact", CODE, nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("found_at", MOMENT, nullable=False),
        sa.Column("seen_by", ID, nullable=True),
        sa.Column("seen_at", MOMENT, nullable=True),
        _check(table, "seen", "(seen_by IS NULL) = (seen_at IS NULL)"),
        _one_of(table, "fact", *FACTS),
        _points(table, "candidate_id", "candidate.id"),
        _points(table, "seen_by", "staff_user.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index("ix_candidate_change_candidate_id", table, ["candidate_id"])
    op.create_index(
        "uq_candidate_change_waiting",
        table,
        ["candidate_id", "fact"],
        unique=True,
        sqlite_where=sa.text("seen_at IS NULL"),
        postgresql_where=sa.text("seen_at IS NULL"),
    )


def _lookups() -> None:
    table = "candidate_lookup"
    op.create_table(
        table,
        sa.Column("candidate_id", ID, nullable=False),
        sa.Column("evidence_id", ID, nullable=False),
        _points(table, "candidate_id", "candidate.id"),
        _points(table, "evidence_id", "evidence.id"),
        sa.PrimaryKeyConstraint("candidate_id", "evidence_id", name=op.f(f"pk_{table}")),
    )
