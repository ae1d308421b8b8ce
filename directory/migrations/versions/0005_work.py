"""Leases, the newest check of each criterion, refusals, and more words about a look.

On SQLite the table of verifications is rebuilt, since its CHECK on `outcome` learns a word; its
append-only triggers are then created again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005_work"
down_revision = "0004_log"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
CODE = sa.String(32)
OUTCOMES = ("met", "not_met", "does_not_apply", "could_not_check")
CHANNELS = ("lookup", "phone", "email", "letter", "visit")
REASONS = ("source_down", "no_answer", "unclear", "not_found", "would_not_say")
OUTCOME, CHANNEL = "ck_verification_outcome", "ck_verification_channel"
REASON, OF_AN_ATTEMPT = "ck_verification_attempt_reason", "ck_verification_reason_of_an_attempt"


def upgrade() -> None:
    """Add the columns and tables, and count the checks there are."""
    with op.batch_alter_table("verification", copy_from=_verification(OUTCOMES)) as table:
        table.drop_constraint(op.f(OUTCOME), type_="check")
        table.add_column(
            sa.Column("private_note", sa.Text(), nullable=False, server_default=sa.text("''"))
        )
        table.add_column(sa.Column("channel", CODE, nullable=True))
        table.add_column(sa.Column("attempt_reason", CODE, nullable=True))
        table.create_check_constraint(op.f(OUTCOME), _in("outcome", (*OUTCOMES, "changed")))
        table.create_check_constraint(op.f(CHANNEL), _in("channel", CHANNELS))
        table.create_check_constraint(op.f(REASON), _in("attempt_reason", REASONS))
        table.create_check_constraint(
            op.f(OF_AN_ATTEMPT), "attempt_reason IS NULL OR outcome = 'could_not_check'"
        )
    _guard("verification", "id", again=True)
    _refusals()
    _leases()
    op.execute(
        "INSERT INTO check_counter (clinic_id, criterion, newest_id) "
        "SELECT clinic_id, criterion, max(id) FROM verification GROUP BY clinic_id, criterion"
    )


def downgrade() -> None:
    """Take them away; a word the older CHECK does not know stops this, since no record is lost."""
    connection = op.get_bind()
    for told, rows in (
        ("checks that an edit ended", "verification WHERE outcome = 'changed'"),
        ("refusals", "refusal"),
    ):
        found = connection.scalar(sa.text(f"SELECT count(*) FROM {rows}"))  # noqa: S608 - fixed
        if found:
            raise RuntimeError(f"{found} {told} are on record; they cannot be taken away")
    op.drop_table("lease")
    op.drop_table("check_counter")
    if connection.dialect.name == "postgresql":
        op.execute("DROP TRIGGER refusal_append_only_change ON refusal")
        op.execute("DROP TRIGGER refusal_append_only_truncate ON refusal")
    op.drop_table("refusal")
    now = _verification((*OUTCOMES, "changed"), learned=True)
    with op.batch_alter_table("verification", copy_from=now) as table:
        for name in (OF_AN_ATTEMPT, REASON, CHANNEL, OUTCOME):
            table.drop_constraint(op.f(name), type_="check")
        for column in ("attempt_reason", "channel", "private_note"):
            table.drop_column(column)
        table.create_check_constraint(op.f(OUTCOME), _in("outcome", OUTCOMES))
    _guard("verification", "id", again=True)


def _in(column: str, codes: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(code) for code in codes)})"


def _verification(outcomes: tuple[str, ...], *, learned: bool = False) -> sa.Table:
    """Return the table as it stands, named checks included: SQLite's batch reads none of them."""
    table = sa.Table(
        "verification",
        sa.MetaData(),
        sa.Column("id", ID, nullable=False),
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("edition", sa.String(16), nullable=False),
        sa.Column("criterion", sa.String(32), nullable=False),
        sa.Column("outcome", CODE, nullable=False),
        sa.Column("level", CODE, nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("source_name", sa.String(200), nullable=False),
        sa.Column("source_url", sa.String(500), nullable=True),
        sa.Column("credential_id", ID, nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "outcome NOT IN ('met', 'does_not_apply') OR valid_until IS NOT NULL",
            name=op.f("ck_verification_met_has_an_end"),
        ),
        sa.CheckConstraint(
            "valid_until IS NULL OR valid_until >= checked_on", name=op.f("ck_verification_days")
        ),
        sa.CheckConstraint(_in("outcome", outcomes), name=op.f(OUTCOME)),
        sa.CheckConstraint(
            "level IN ('attested', 'document', 'source')", name=op.f("ck_verification_level")
        ),
        sa.ForeignKeyConstraint(
            ["edition", "criterion"],
            ["criterion.edition", "criterion.code"],
            name=op.f("fk_verification_edition_criterion"),
        ),
        *(
            sa.ForeignKeyConstraint([column], [to], name=f"fk_verification_{column}")
            for column, to in (
                ("clinic_id", "clinic.id"),
                ("credential_id", "credential.id"),
                ("recorded_by", "staff_user.id"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name="pk_verification"),
        sa.UniqueConstraint("id", "recorded_by", name="uq_verification_id_recorded_by"),
        sa.Index("ix_verification_clinic_criterion", "clinic_id", "criterion", "checked_on"),
        sa.Index("ix_verification_credential_id", "credential_id"),
    )
    if learned:
        table.append_column(
            sa.Column("private_note", sa.Text(), nullable=False, server_default=sa.text("''"))
        )
        table.append_column(sa.Column("channel", CODE, nullable=True))
        table.append_column(sa.Column("attempt_reason", CODE, nullable=True))
        for name, rule in (
            (CHANNEL, _in("channel", CHANNELS)),
            (REASON, _in("attempt_reason", REASONS)),
            (OF_AN_ATTEMPT, "attempt_reason IS NULL OR outcome = 'could_not_check'"),
        ):
            table.append_constraint(sa.CheckConstraint(rule, name=op.f(name)))
    return table


def _refusals() -> None:
    op.create_table(
        "refusal",
        sa.Column("verification_id", ID, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("refused_by", ID, nullable=False),
        sa.Column("refused_at", MOMENT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("refused_by <> recorded_by", name=op.f("ck_refusal_two_people")),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_refusal_reason")),
        sa.ForeignKeyConstraint(
            ["verification_id", "recorded_by"],
            ["verification.id", "verification.recorded_by"],
            name=op.f("fk_refusal_verification_id_recorded_by"),
        ),
        sa.ForeignKeyConstraint(
            ["refused_by"], ["staff_user.id"], name=op.f("fk_refusal_refused_by")
        ),
        sa.PrimaryKeyConstraint("verification_id", name=op.f("pk_refusal")),
    )
    _guard("refusal", "verification_id")


def _leases() -> None:
    op.create_table(
        "lease",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("criterion", sa.String(32), nullable=False),
        sa.Column("holder_id", ID, nullable=False),
        sa.Column("taken_at", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("put_back", sa.Boolean(), nullable=False),
        sa.CheckConstraint("until >= taken_at", name=op.f("ck_lease_days")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_lease_clinic_id")),
        sa.ForeignKeyConstraint(["holder_id"], ["staff_user.id"], name=op.f("fk_lease_holder_id")),
        sa.PrimaryKeyConstraint("clinic_id", "criterion", name=op.f("pk_lease")),
    )
    op.create_index("ix_lease_holder_id", "lease", ["holder_id", "until"])
    op.create_table(
        "check_counter",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("criterion", sa.String(32), nullable=False),
        sa.Column("newest_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_check_counter_clinic_id")
        ),
        sa.PrimaryKeyConstraint("clinic_id", "criterion", name=op.f("pk_check_counter")),
    )


def _guard(table: str, key: str, *, again: bool = False) -> None:
    """Make a table append-only, or `again` where SQLite's rebuild lost its triggers."""
    if op.get_bind().dialect.name == "postgresql":
        for name, event, each in (
            ("change", "UPDATE OR DELETE", "ROW"),
            ("truncate", "TRUNCATE", "STATEMENT"),
        ):
            if not again:
                op.execute(
                    f"CREATE TRIGGER {table}_append_only_{name} BEFORE {event} ON {table} "
                    f"FOR EACH {each} EXECUTE FUNCTION refuse_change()"
                )
        return
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only_{event.lower()} BEFORE {event} ON {table} {refuse}"
        )
    op.execute(
        f"CREATE TRIGGER {table}_append_only_replace BEFORE INSERT ON {table} "  # noqa: S608 - fixed
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}) {refuse}"
    )
