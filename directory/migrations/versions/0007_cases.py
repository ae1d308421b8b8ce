"""Cases that the outside world writes in, their conversation, contacts and mail; clinics' replies.

New tables only: the running version does not know them and lives on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007_cases"
down_revision = "0006_editing"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
CODE = sa.String(32)
TABLES = ("clinic_reply", "outgoing_mail", "case_message", "case_contact", "outside_case")


def upgrade() -> None:
    """Create everything, inner tables first."""
    _cases()
    _conversation()
    _mail()
    _replies()


def downgrade() -> None:
    """Drop everything, outer tables first."""
    for table in TABLES:
        op.drop_table(table)


def _one_of(table: str, column: str, *codes: str, name: str = "") -> sa.CheckConstraint:
    listed = ", ".join(f"'{code}'" for code in codes)
    return _check(table, name or column, f"{column} IN ({listed})")


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _points(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def _cases() -> None:
    table = "outside_case"
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("category", CODE, nullable=True),
        sa.Column("clinic_id", ID, nullable=True),
        sa.Column("state", CODE, nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("first_reply_at", MOMENT, nullable=True),
        sa.Column("assignee_id", ID, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("closed_by", ID, nullable=True),
        sa.Column("contact_erased_at", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        _check(table, "category", "(kind = 'concern') = (category IS NOT NULL)"),
        _check(table, "concerns_a_clinic", "kind <> 'concern' OR clinic_id IS NOT NULL"),
        _check(
            table,
            "closed",
            "(state IN ('accepted', 'declined', 'withdrawn')) = (closed_at IS NOT NULL)",
        ),
        _check(table, "decided", "(state IN ('accepted', 'declined')) = (closed_by IS NOT NULL)"),
        _check(
            table, "assigned", "state = 'withdrawn' OR (state = 'received') = (assignee_id IS NULL)"
        ),
        _check(table, "moments", "closed_at IS NULL OR closed_at >= received_at"),
        _check(table, "erased_after_closing", "contact_erased_at IS NULL OR closed_at IS NOT NULL"),
        _check(table, "token_length", "length(token) >= 32"),
        _one_of(table, "kind", "suggestion", "correction", "concern"),
        _one_of(
            table,
            "category",
            "unsafe_care",
            "credentials",
            "false_claims",
            "billing",
            "details",
            "privacy",
            "other",
            name="category_code",
        ),
        _one_of(
            table,
            "state",
            "received",
            "in_review",
            "information_requested",
            "accepted",
            "declined",
            "withdrawn",
        ),
        _points(table, "clinic_id", "clinic.id"),
        _points(table, "assignee_id", "staff_user.id"),
        _points(table, "closed_by", "staff_user.id"),
        _key(table, "id"),
        _unique(table, "token"),
        _unique(table, "nonce"),
    )
    op.create_index("ix_outside_case_state", table, ["state", "received_at"])
    op.create_index("ix_outside_case_clinic_id", table, ["clinic_id"])
    op.create_index("ix_outside_case_assignee_id", table, ["assignee_id"])


def _conversation() -> None:
    op.create_table(
        "case_contact",
        sa.Column("case_id", ID, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(200), nullable=True),
        sa.Column("email", sa.String(254), nullable=True),
        _check("case_contact", "something", "name IS NOT NULL OR email IS NOT NULL"),
        _points("case_contact", "case_id", "outside_case.id"),
        _key("case_contact", "case_id"),
    )
    table = "case_message"
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("staff_id", ID, nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("erased_at", MOMENT, nullable=True),
        _check(table, "author", "(kind IN ('opening', 'answer')) = (staff_id IS NULL)"),
        _check(table, "erased", "(words IS NULL) = (erased_at IS NOT NULL)"),
        _check(table, "words_length", "words IS NULL OR length(words) BETWEEN 1 AND 5000"),
        _one_of(table, "kind", "opening", "answer", "question", "message", "note", "decision"),
        _points(table, "case_id", "outside_case.id"),
        _points(table, "staff_id", "staff_user.id"),
        _key(table, "id"),
    )
    op.create_index("ix_case_message_case_id", table, ["case_id"])


def _mail() -> None:
    table = "outgoing_mail"
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("message_id", ID, nullable=True),
        sa.Column("state", CODE, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", MOMENT, nullable=False),
        sa.Column("problem", sa.String(100), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        _check(table, "sent", "(state = 'sent') = (sent_at IS NOT NULL)"),
        _check(table, "failed", "state <> 'failed' OR problem IS NOT NULL"),
        _one_of(table, "kind", "receipt", "question", "message", "decision"),
        _one_of(table, "state", "waiting", "sent", "failed", "dropped"),
        _points(table, "case_id", "outside_case.id"),
        _points(table, "message_id", "case_message.id"),
        _key(table, "id"),
    )
    op.create_index("ix_outgoing_mail_state", table, ["state", "next_try_at"])
    op.create_index("ix_outgoing_mail_case_id", table, ["case_id"])


def _replies() -> None:
    table = "clinic_reply"
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("edition", sa.String(16), nullable=False),
        sa.Column("criterion", sa.String(32), nullable=False),
        sa.Column("verification_id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ended_by", ID, nullable=True),
        _check(table, "words_length", "length(words) BETWEEN 1 AND 600"),
        _check(table, "ended", "(ended_at IS NULL) = (ended_by IS NULL)"),
        sa.ForeignKeyConstraint(
            ["edition", "criterion"],
            ["criterion.edition", "criterion.code"],
            name=op.f("fk_clinic_reply_edition_criterion"),
        ),
        _points(table, "clinic_id", "clinic.id"),
        _points(table, "verification_id", "verification.id"),
        _points(table, "case_id", "outside_case.id"),
        _points(table, "recorded_by", "staff_user.id"),
        _points(table, "ended_by", "staff_user.id"),
        _key(table, "id"),
    )
    # One answer holds at a time; the earlier ones stay on record.
    op.create_index(
        "uq_clinic_reply_standing",
        table,
        ["clinic_id", "criterion"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
