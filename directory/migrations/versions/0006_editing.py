"""Files as evidence, the whole DEA number encrypted, and a version on all that staff edit.

On SQLite the table of evidence is rebuilt, since its CHECK on `kind` learns a word; its
append-only triggers are then created again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006_editing"
down_revision = "0005_work"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
EDITED = ("organization", "practitioner", "practitioner_role", "credential")
KIND = "ck_evidence_kind"
SHAPE = "ck_evidence_file_shape"
NEW_COLUMNS = ("clinic_id", "media_type", "size", "replaces_id")


def upgrade() -> None:
    """Add the columns, and let evidence be a file."""
    for table in EDITED:
        op.add_column(table, sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("credential", sa.Column("sealed_number", sa.String(255), nullable=True))
    with op.batch_alter_table("evidence", copy_from=_evidence("'link', 'lookup'")) as evidence:
        evidence.drop_constraint(op.f(KIND), type_="check")
        evidence.add_column(sa.Column("clinic_id", ID, nullable=True))
        evidence.add_column(sa.Column("media_type", sa.String(40), nullable=True))
        evidence.add_column(sa.Column("size", sa.Integer(), nullable=True))
        evidence.add_column(sa.Column("replaces_id", ID, nullable=True))
        evidence.create_check_constraint(op.f(KIND), "kind IN ('link', 'lookup', 'file')")
        evidence.create_check_constraint(
            op.f(SHAPE),
            "kind <> 'file' OR (clinic_id IS NOT NULL AND media_type IS NOT NULL AND size > 0)",
        )
        evidence.create_foreign_key(op.f("fk_evidence_clinic_id"), "clinic", ["clinic_id"], ["id"])
        evidence.create_foreign_key(
            op.f("fk_evidence_replaces_id"), "evidence", ["replaces_id"], ["id"]
        )
    op.create_index(
        "uq_evidence_file",
        "evidence",
        ["clinic_id", "sha256"],
        unique=True,
        sqlite_where=sa.text("kind = 'file'"),
        postgresql_where=sa.text("kind = 'file'"),
    )
    _guard()


def downgrade() -> None:
    """Take them away; a file that is on record as evidence stops this, since no record is lost."""
    files = op.get_bind().scalar(sa.text("SELECT count(*) FROM evidence WHERE kind = 'file'"))
    if files:
        raise RuntimeError(f"{files} files are on record as evidence; they cannot be taken away")
    op.drop_index("uq_evidence_file", "evidence")
    with op.batch_alter_table(
        "evidence", copy_from=_evidence("'link', 'lookup', 'file'", with_files=True)
    ) as evidence:
        evidence.drop_constraint(op.f("fk_evidence_replaces_id"), type_="foreignkey")
        evidence.drop_constraint(op.f("fk_evidence_clinic_id"), type_="foreignkey")
        evidence.drop_constraint(op.f(SHAPE), type_="check")
        evidence.drop_constraint(op.f(KIND), type_="check")
        for column in reversed(NEW_COLUMNS):
            evidence.drop_column(column)
        evidence.create_check_constraint(op.f(KIND), "kind IN ('link', 'lookup')")
    _guard()
    op.drop_column("credential", "sealed_number")
    for table in reversed(EDITED):
        op.drop_column(table, "version")


def _evidence(kinds: str, *, with_files: bool = False) -> sa.Table:
    """Return the table as it stands, named checks included: SQLite's batch reads none of them."""
    table = sa.Table(
        "evidence",
        sa.MetaData(),
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("url", sa.String(500), nullable=True),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", ID, nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name="ck_evidence_sha256_shape"),
        sa.CheckConstraint(f"kind IN ({kinds})", name=KIND),
        sa.ForeignKeyConstraint(["taken_by"], ["staff_user.id"], name="fk_evidence_taken_by"),
        sa.PrimaryKeyConstraint("id", name="pk_evidence"),
    )
    if with_files:
        for name in ("clinic_id", "replaces_id"):
            table.append_column(sa.Column(name, ID, nullable=True))
        table.append_column(sa.Column("media_type", sa.String(40), nullable=True))
        table.append_column(sa.Column("size", sa.Integer(), nullable=True))
        for name, to in (("clinic_id", "clinic.id"), ("replaces_id", "evidence.id")):
            table.append_constraint(
                sa.ForeignKeyConstraint([name], [to], name=f"fk_evidence_{name}")
            )
        table.append_constraint(
            sa.CheckConstraint(
                "kind <> 'file' OR (clinic_id IS NOT NULL AND media_type IS NOT NULL AND size > 0)",
                name=SHAPE,
            )
        )
    return table


def _guard() -> None:
    """Create the append-only triggers again where the rebuild lost them."""
    if op.get_bind().dialect.name != "sqlite":
        return
    refuse = "BEGIN SELECT RAISE(ABORT, 'evidence is append-only'); END"
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER evidence_append_only_{event.lower()} "
            f"BEFORE {event} ON evidence {refuse}"
        )
    op.execute(
        "CREATE TRIGGER evidence_append_only_replace BEFORE INSERT ON evidence "  # noqa: S608 - fixed
        f"WHEN EXISTS (SELECT 1 FROM evidence WHERE id = NEW.id) {refuse}"
    )
