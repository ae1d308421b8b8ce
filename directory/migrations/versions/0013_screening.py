"""Who was compared with the exclusion list, what people decided on hits, and checks that renew.

On SQLite the table of verifications is rebuilt, since it learns two foreign keys; its append-only
triggers are then created again.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013_screening"
down_revision = "0012_points"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
CODE = sa.String(32)
KINDS = ("practitioner", "organization", "clinic")
MATCH, CHECK, SCREENING = "exclusion_match", "exclusion_match_check", "screening"
ALIKE = ("clinic_id", "criterion", "outcome", "level")
UNIQUE = "uq_verification_id_clinic_id_criterion_outcome_level"
TO_ALIKE, TO_AGREED = "fk_verification_renews_id_alike", "fk_verification_renews_id"
RENEWS_MET = "ck_verification_renews_met"
INDEX = "ix_verification_renews_id"


def upgrade() -> None:
    """Add the columns and tables."""
    with op.batch_alter_table("verification", copy_from=_verification()) as table:
        table.add_column(sa.Column("renews_id", ID, nullable=True))
        table.create_unique_constraint(op.f(UNIQUE), ["id", *ALIKE])
        table.create_foreign_key(TO_ALIKE, "verification", ["renews_id", *ALIKE], ["id", *ALIKE])
        table.create_foreign_key(TO_AGREED, "confirmation", ["renews_id"], ["verification_id"])
        table.create_check_constraint(op.f(RENEWS_MET), "renews_id IS NULL OR outcome = 'met'")
        table.create_index(INDEX, ["renews_id"])
    _guard_again()
    op.add_column("practitioner", sa.Column("former_names", sa.JSON(), nullable=True))
    _matches()
    _screenings()


def downgrade() -> None:
    """Take them away; what rests on them stops this, since no record is lost."""
    connection = op.get_bind()
    for told, rows in (
        ("checks that renew others", "verification WHERE renews_id IS NOT NULL"),
        ("decisions on matches", f"{MATCH} WHERE state <> 'potential'"),
    ):
        found = connection.scalar(sa.text(f"SELECT count(*) FROM {rows}"))  # noqa: S608 - fixed
        if found:
            raise RuntimeError(f"{found} {told} are on record; they cannot be taken away")
    for name in (SCREENING, CHECK, MATCH):
        op.drop_table(name)
    op.drop_column("practitioner", "former_names")
    with op.batch_alter_table("verification", copy_from=_verification(learned=True)) as table:
        table.drop_index(INDEX)
        table.drop_constraint(op.f(RENEWS_MET), type_="check")
        table.drop_constraint(TO_AGREED, type_="foreignkey")
        table.drop_constraint(TO_ALIKE, type_="foreignkey")
        table.drop_constraint(op.f(UNIQUE), type_="unique")
        table.drop_column("renews_id")
    _guard_again()


def _in(column: str, codes: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(code) for code in codes)})"


def _one_subject() -> str:
    counted = " + ".join(f"CASE WHEN {kind}_id IS NULL THEN 0 ELSE 1 END" for kind in KINDS)
    return f"({counted}) = 1"


def _subjects(table: str) -> list[Any]:
    columns = [sa.Column(f"{kind}_id", ID, nullable=True) for kind in KINDS]
    keys = [
        sa.ForeignKeyConstraint([f"{kind}_id"], [f"{kind}.id"], name=op.f(f"fk_{table}_{kind}_id"))
        for kind in KINDS
    ]
    rule = sa.CheckConstraint(_one_subject(), name=op.f(f"ck_{table}_one_subject"))
    return [*columns, *keys, rule]


def _matches() -> None:
    op.create_table(
        MATCH,
        sa.Column("id", ID, nullable=False),
        *_subjects(MATCH),
        sa.Column("row_digest", sa.String(64), nullable=False),
        sa.Column("row", sa.JSON(), nullable=False),
        sa.Column("tier", sa.SmallInteger(), nullable=False),
        sa.Column("why", sa.JSON(), nullable=False),
        sa.Column("made_for", sa.String(64), nullable=False),
        sa.Column("found_at", MOMENT, nullable=False),
        sa.Column("found_in", sa.Date(), nullable=False),
        sa.Column("gone_on", sa.Date(), nullable=True),
        sa.Column("birth_date", CODE, nullable=True),
        sa.Column("state", CODE, nullable=False),
        sa.Column("decided_by", ID, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("tier BETWEEN 1 AND 4", name=op.f(f"ck_{MATCH}_tier")),
        sa.CheckConstraint(
            "length(row_digest) = 64 AND length(made_for) = 64", name=op.f(f"ck_{MATCH}_digests")
        ),
        sa.CheckConstraint(
            "(state = 'potential') = (decided_by IS NULL) "
            "AND (decided_by IS NULL) = (decided_at IS NULL) "
            "AND (state = 'potential' OR length(reason) > 0)",
            name=op.f(f"ck_{MATCH}_decision"),
        ),
        sa.CheckConstraint(
            _in("birth_date", ("equal", "differs", "not_on_list")),
            name=op.f(f"ck_{MATCH}_birth_date"),
        ),
        sa.CheckConstraint(
            _in("state", ("potential", "confirmed", "dismissed")), name=op.f(f"ck_{MATCH}_state")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["staff_user.id"], name=op.f(f"fk_{MATCH}_decided_by")
        ),
        *(
            sa.UniqueConstraint(
                f"{kind}_id", "row_digest", name=op.f(f"uq_{MATCH}_{kind}_id_row_digest")
            )
            for kind in KINDS
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{MATCH}")),
    )
    op.create_index(f"ix_{MATCH}_state", MATCH, ["state", "tier"])
    op.create_table(
        CHECK,
        sa.Column("verification_id", ID, nullable=False),
        sa.Column("match_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["verification_id"], ["verification.id"], name=op.f(f"fk_{CHECK}_verification_id")
        ),
        sa.ForeignKeyConstraint(["match_id"], [f"{MATCH}.id"], name=op.f(f"fk_{CHECK}_match_id")),
        sa.PrimaryKeyConstraint("verification_id", name=op.f(f"pk_{CHECK}")),
    )
    op.create_index(f"ix_{CHECK}_match_id", CHECK, ["match_id"])


def _screenings() -> None:
    op.create_table(
        SCREENING,
        sa.Column("id", ID, nullable=False),
        *_subjects(SCREENING),
        sa.Column("last_screened_at", MOMENT, nullable=False),
        sa.Column("list_date", sa.Date(), nullable=False),
        sa.Column("result", CODE, nullable=False),
        sa.Column("reason", CODE, nullable=True),
        sa.CheckConstraint(
            "(result = 'could_not') = (reason IS NOT NULL)", name=op.f(f"ck_{SCREENING}_reason_of")
        ),
        sa.CheckConstraint(
            _in("result", ("no_match_npi", "no_match_name", "possible", "could_not")),
            name=op.f(f"ck_{SCREENING}_result"),
        ),
        sa.CheckConstraint(
            _in("reason", ("no_list", "list_old", "name_unusable", "nobody_in_charge", "not_yet")),
            name=op.f(f"ck_{SCREENING}_reason"),
        ),
        *(
            sa.UniqueConstraint(f"{kind}_id", name=op.f(f"uq_{SCREENING}_{kind}_id"))
            for kind in KINDS
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{SCREENING}")),
    )


def _verification(*, learned: bool = False) -> sa.Table:
    """Return the table as it stands, named checks included: SQLite's batch reads none of them."""
    outcomes = ("met", "not_met", "does_not_apply", "could_not_check", "changed")
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
        sa.Column("private_note", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("channel", CODE, nullable=True),
        sa.Column("attempt_reason", CODE, nullable=True),
        *(
            sa.CheckConstraint(rule, name=op.f(f"ck_verification_{name}"))
            for name, rule in (
                (
                    "met_has_an_end",
                    "outcome NOT IN ('met', 'does_not_apply') OR valid_until IS NOT NULL",
                ),
                ("days", "valid_until IS NULL OR valid_until >= checked_on"),
                ("outcome", _in("outcome", outcomes)),
                ("level", _in("level", ("attested", "document", "source"))),
                ("channel", _in("channel", ("lookup", "phone", "email", "letter", "visit"))),
                (
                    "attempt_reason",
                    _in(
                        "attempt_reason",
                        ("source_down", "no_answer", "unclear", "not_found", "would_not_say"),
                    ),
                ),
                (
                    "reason_of_an_attempt",
                    "attempt_reason IS NULL OR outcome = 'could_not_check'",
                ),
            )
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
        table.append_column(sa.Column("renews_id", ID, nullable=True))
        table.append_constraint(sa.UniqueConstraint("id", *ALIKE, name=UNIQUE))
        table.append_constraint(
            sa.ForeignKeyConstraint(
                ["renews_id", *ALIKE],
                ["verification.id", *(f"verification.{name}" for name in ALIKE)],
                name=TO_ALIKE,
            )
        )
        table.append_constraint(
            sa.ForeignKeyConstraint(["renews_id"], ["confirmation.verification_id"], name=TO_AGREED)
        )
        table.append_constraint(
            sa.CheckConstraint("renews_id IS NULL OR outcome = 'met'", name=op.f(RENEWS_MET))
        )
        sa.Index(INDEX, table.c.renews_id)
    return table


def _guard_again() -> None:
    """Create the append-only triggers that SQLite's rebuild lost."""
    if op.get_bind().dialect.name == "postgresql":
        return
    refuse = "BEGIN SELECT RAISE(ABORT, 'verification is append-only'); END"
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER verification_append_only_{event.lower()} "
            f"BEFORE {event} ON verification {refuse}"
        )
    op.execute(
        "CREATE TRIGGER verification_append_only_replace "  # noqa: S608 - fixed
        "BEFORE INSERT ON verification "
        f"WHEN EXISTS (SELECT 1 FROM verification WHERE id = NEW.id) {refuse}"
    )
