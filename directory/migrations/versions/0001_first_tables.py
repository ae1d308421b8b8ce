"""The first tables: clinics and people, checklist editions, checks, the log, the search rows."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
CODE = sa.String(32)


def upgrade() -> None:
    """Create everything, inner tables first."""
    _editions()
    _people_and_clinics()
    _credentials()
    _checks()
    _log()
    _search()


def downgrade() -> None:
    """Drop everything, outer tables first."""
    for table in (
        "search_period",
        "search_row",
        "event",
        "verification_evidence",
        "confirmation",
        "verification",
        "evidence",
        "credential",
        "practitioner_role",
        "service",
        "clinic",
        "practitioner",
        "organization",
        "staff_user",
        "directory_state",
        "criterion",
        "catalogue_edition",
    ):
        op.drop_table(table)


def _one_of(table: str, column: str, *codes: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{code}'" for code in codes)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{column}"))


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def _npi_shape(table: str) -> sa.CheckConstraint:
    return _check(table, "npi_shape", "npi IS NULL OR length(npi) = 10")


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _points(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def _editions() -> None:
    op.create_table(
        "catalogue_edition",
        sa.Column("edition", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("loaded_at", MOMENT, nullable=False),
        _key("catalogue_edition", "edition"),
    )
    op.create_table(
        "criterion",
        sa.Column("edition", sa.String(16), nullable=False),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        _check("criterion", "position", "position BETWEEN 1 AND 62"),
        _points("criterion", "edition", "catalogue_edition.edition"),
        _key("criterion", "edition", "code"),
    )
    op.create_table(
        "directory_state",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("edition", sa.String(16), nullable=False),
        sa.Column("confirmation", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("demonstration", sa.Boolean(), server_default=sa.false(), nullable=False),
        _check("directory_state", "one_row", "id = 1"),
        _points("directory_state", "edition", "catalogue_edition.edition"),
        _key("directory_state", "id"),
    )


def _people_and_clinics() -> None:
    op.create_table(
        "staff_user",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("role", CODE, nullable=False),
        _one_of("staff_user", "role", "verifier", "admin", "system"),
        _key("staff_user", "id"),
        _unique("staff_user", "name"),
    )
    op.create_table(
        "organization",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("npi", sa.String(10), nullable=True),
        _npi_shape("organization"),
        _key("organization", "id"),
        _unique("organization", "npi"),
    )
    op.create_table(
        "practitioner",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("profession", sa.String(60), nullable=False),
        sa.Column("npi", sa.String(10), nullable=True),
        _npi_shape("practitioner"),
        _key("practitioner", "id"),
        _unique("practitioner", "npi"),
    )
    op.create_table(
        "clinic",
        sa.Column("id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("npi", sa.String(10), nullable=True),
        sa.Column("street", sa.String(200), nullable=False),
        sa.Column("city", sa.String(100), nullable=False),
        sa.Column("state", sa.String(2), nullable=False),
        sa.Column("postal_code", sa.String(5), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("point_precision", CODE, nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("phone", sa.String(20), nullable=True),
        sa.Column("website", sa.String(300), nullable=True),
        sa.Column("accepting_new_patients", sa.Boolean(), nullable=True),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("access", sa.Text(), nullable=True),
        sa.Column("insurance", sa.Text(), nullable=True),
        sa.Column("listing", CODE, nullable=False),
        sa.Column("listing_reason", sa.String(300), nullable=True),
        sa.Column("listed_on", sa.Date(), nullable=True),
        sa.Column("demonstration", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _check("clinic", "on_earth", "lat BETWEEN -90 AND 90 AND lon BETWEEN -180 AND 180"),
        _check("clinic", "not_null_island", "NOT (lat = 0 AND lon = 0)"),
        _check("clinic", "state_shape", "length(state) = 2"),
        _check("clinic", "postal_code_shape", "length(postal_code) = 5"),
        _npi_shape("clinic"),
        _check(
            "clinic",
            "listing_reason",
            "listing IN ('draft', 'listed') OR listing_reason IS NOT NULL",
        ),
        _one_of("clinic", "point_precision", "address", "zip", "city"),
        _one_of("clinic", "listing", "draft", "listed", "unlisted", "suspended", "closed"),
        _points("clinic", "organization_id", "organization.id"),
        _key("clinic", "id"),
        _unique("clinic", "npi"),
    )
    op.create_index("ix_clinic_listing", "clinic", ["listing"])
    op.create_index("ix_clinic_organization_id", "clinic", ["organization_id"])
    op.create_table(
        "service",
        sa.Column("id", ID, nullable=False),
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("modality", CODE, nullable=False),
        sa.Column("condition", CODE, nullable=False),
        sa.Column("price_usd", sa.Integer(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        _check("service", "price", "price_usd IS NULL OR price_usd BETWEEN 1 AND 100000"),
        _check("service", "minutes", "minutes IS NULL OR minutes BETWEEN 1 AND 1440"),
        _one_of("service", "modality", "iv", "im", "esketamine", "oral"),
        _one_of("service", "condition", "depression", "bipolar", "anxiety", "ptsd", "pain", "ocd"),
        _points("service", "clinic_id", "clinic.id"),
        _key("service", "id"),
        _unique("service", "clinic_id", "modality", "condition"),
    )
    op.create_index("ix_service_clinic_id", "service", ["clinic_id"])
    op.create_table(
        "practitioner_role",
        sa.Column("id", ID, nullable=False),
        sa.Column("practitioner_id", ID, nullable=False),
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("post", CODE, nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        _check("practitioner_role", "days", "ended_on IS NULL OR ended_on >= started_on"),
        _one_of(
            "practitioner_role",
            "post",
            "medical_director",
            "prescriber",
            "monitoring_clinician",
        ),
        _points("practitioner_role", "practitioner_id", "practitioner.id"),
        _points("practitioner_role", "clinic_id", "clinic.id"),
        _key("practitioner_role", "id"),
        _unique("practitioner_role", "practitioner_id", "clinic_id", "post", "started_on"),
    )
    op.create_index("ix_practitioner_role_clinic_id", "practitioner_role", ["clinic_id"])
    op.create_index(
        "ix_practitioner_role_practitioner_id", "practitioner_role", ["practitioner_id"]
    )


def _credentials() -> None:
    op.create_table(
        "credential",
        sa.Column("id", ID, nullable=False),
        sa.Column("practitioner_id", ID, nullable=True),
        sa.Column("clinic_id", ID, nullable=True),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("state", sa.String(2), nullable=True),
        sa.Column("issuer", sa.String(200), nullable=False),
        sa.Column("issuer_url", sa.String(300), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        _check("credential", "one_holder", "(practitioner_id IS NULL) <> (clinic_id IS NULL)"),
        _check("credential", "dea_masked", "kind <> 'dea_registration' OR length(number) = 3"),
        _one_of(
            "credential",
            "kind",
            "state_license",
            "acls",
            "board_certification",
            "dea_registration",
            "facility_permit",
        ),
        _points("credential", "practitioner_id", "practitioner.id"),
        _points("credential", "clinic_id", "clinic.id"),
        _key("credential", "id"),
    )
    op.create_index("ix_credential_practitioner_id", "credential", ["practitioner_id"])
    op.create_index("ix_credential_clinic_id", "credential", ["clinic_id"])


def _checks() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("url", sa.String(500), nullable=True),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("taken_at", MOMENT, nullable=False),
        sa.Column("taken_by", ID, nullable=False),
        _check("evidence", "sha256_shape", "length(sha256) = 64"),
        _one_of("evidence", "kind", "link", "lookup"),
        _points("evidence", "taken_by", "staff_user.id"),
        _key("evidence", "id"),
    )
    op.create_table(
        "verification",
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
        _check(
            "verification",
            "met_has_an_end",
            "outcome NOT IN ('met', 'does_not_apply') OR valid_until IS NOT NULL",
        ),
        _check("verification", "days", "valid_until IS NULL OR valid_until >= checked_on"),
        _one_of("verification", "outcome", "met", "not_met", "does_not_apply", "could_not_check"),
        _one_of("verification", "level", "attested", "document", "source"),
        sa.ForeignKeyConstraint(
            ["edition", "criterion"],
            ["criterion.edition", "criterion.code"],
            name=op.f("fk_verification_edition_criterion"),
        ),
        _points("verification", "clinic_id", "clinic.id"),
        _points("verification", "credential_id", "credential.id"),
        _points("verification", "recorded_by", "staff_user.id"),
        _key("verification", "id"),
        _unique("verification", "id", "recorded_by"),
    )
    op.create_index(
        "ix_verification_clinic_criterion",
        "verification",
        ["clinic_id", "criterion", "checked_on"],
    )
    op.create_index("ix_verification_credential_id", "verification", ["credential_id"])
    op.create_table(
        "confirmation",
        sa.Column("verification_id", ID, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("confirmed_by", ID, nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=False),
        _check("confirmation", "two_people", "confirmed_by <> recorded_by"),
        sa.ForeignKeyConstraint(
            ["verification_id", "recorded_by"],
            ["verification.id", "verification.recorded_by"],
            name=op.f("fk_confirmation_verification_id_recorded_by"),
        ),
        _points("confirmation", "confirmed_by", "staff_user.id"),
        _key("confirmation", "verification_id"),
    )
    op.create_table(
        "verification_evidence",
        sa.Column("verification_id", ID, nullable=False),
        sa.Column("evidence_id", ID, nullable=False),
        _points("verification_evidence", "verification_id", "verification.id"),
        _points("verification_evidence", "evidence_id", "evidence.id"),
        _key("verification_evidence", "verification_id", "evidence_id"),
    )


def _log() -> None:
    op.create_table(
        "event",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor_id", ID, nullable=False),
        sa.Column("act", sa.String(64), nullable=False),
        sa.Column("subject_type", sa.String(64), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        _points("event", "actor_id", "staff_user.id"),
        _key("event", "id"),
    )
    op.create_index("ix_event_subject", "event", ["subject_type", "subject_id"])


def _search() -> None:
    op.create_table(
        "search_row",
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
        sa.Column("state", sa.String(2), nullable=False),
        sa.Column("card", sa.JSON(), nullable=False),
        _points("search_row", "clinic_id", "clinic.id"),
        _key("search_row", "clinic_id"),
    )
    # Covering: a search reads this index and nothing else until it knows its page.
    columns = "band lon_e6 x y z next_change met_mask standing treats_mask offers_mask accepting"
    op.create_index("ix_search_row_circle", "search_row", [*columns.split(), "state", "clinic_id"])
    op.create_table(
        "search_period",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("from_minute", sa.Integer(), nullable=False),
        sa.Column("until_minute", sa.Integer(), nullable=False),
        sa.Column("met_mask", sa.BigInteger(), nullable=False),
        sa.Column("standing", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"],
            ["search_row.clinic_id"],
            name=op.f("fk_search_period_clinic_id"),
            ondelete="CASCADE",
        ),
        _key("search_period", "clinic_id", "from_minute"),
    )
