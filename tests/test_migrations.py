"""The migrations: one line of them, equal to the models, safe with data, append-only in earnest."""

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import create_engine, func, inspect, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from directory import paths
from directory.cli import EDITION
from directory.cli_catalogue import load
from directory.extensions import db
from directory.models import Base, Verification, VerificationEvidence
from directory.operations.catalogue import load_edition
from directory.operations.listings import derive
from directory.operations.vetting import link_evidence
from tests.checklist import CATALOGUE, TEXT
from tests.factories import NOW, make_check, make_clinic, make_user
from tests.support.apps import running

SCRIPTS = ScriptDirectory(str(paths.MIGRATIONS))
ROWS = text("SELECT clinic_id, revision, facets, facets_until, then_until FROM search_row")
APPEND_ONLY = ("confirmation", "event", "evidence", "verification", "verification_evidence")


@pytest.fixture
def migrated(bare_instance, empty_database) -> Iterator[Flask]:
    """An application on an empty database at head, inside its context."""
    with running(bare_instance, empty_database) as app, app.app_context():
        yield app


@pytest.fixture
def filled(migrated) -> Session:
    """A session on a database with at least one row in every table."""
    session = db.session()
    catalogue = load_edition(session, make_user(session), NOW, text=TEXT, confirmation="two-person")
    fill(session, catalogue)
    session.commit()
    return session


def fill(session, catalogue=None):
    catalogue = catalogue or CATALOGUE
    first, second = make_user(session), make_user(session)
    clinic = make_clinic(session)
    evidence = link_evidence(first, NOW, title="A look-up", url="https://board.example.org/1")
    session.add(evidence)
    session.flush()
    check = make_check(session, catalogue, clinic, "sup-acls", by=first, second=second)
    session.add(VerificationEvidence(verification_id=check.id, evidence_id=evidence.id))
    session.flush()
    derive(session, catalogue, NOW, [clinic.id], two_person=True)


def counts(session):
    """Return how many rows each table has that is there at this step."""
    there = inspect(session.connection()).get_table_names()
    rows = {
        table.name: session.scalar(select(func.count()).select_from(table))
        for table in Base.metadata.sorted_tables
        if table.name in there
    }
    session.rollback()
    return rows


def test_there_is_one_line_of_migrations():
    assert len(SCRIPTS.get_heads()) == 1
    assert len(SCRIPTS.get_bases()) == 1


def test_the_head_equals_the_models(migrated):
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_head_equals_the_models_down_to_their_checks(migrated, databases, bare_instance):
    """Autogenerate compares no CHECKs, so the tables are also made straight from the models."""
    other = databases.fresh("migrated")
    with running(bare_instance, other) as app, app.app_context():
        downgrade(revision="base")
        Base.metadata.create_all(db.engine)
        wanted = described(db.engine)
    databases.drop(other)
    found = described(db.engine)
    assert found.keys() == wanted.keys()
    for table, parts in wanted.items():
        assert found[table] == parts, table


def described(engine):
    """Return every table as its columns, keys, indexes and checks."""
    inspector = inspect(engine)

    def plain(value):
        # The condition of a partial index is an object of its own; its words are what counts.
        return {k: str(v) for k, v in value.items()} if isinstance(value, dict) else value

    def ordered(rows):
        return sorted((sorted((k, str(plain(v))) for k, v in row.items()) for row in rows), key=str)

    return {
        table: {
            "columns": ordered(inspector.get_columns(table)),
            "key": inspector.get_pk_constraint(table),
            "foreign keys": ordered(inspector.get_foreign_keys(table)),
            "unique": ordered(inspector.get_unique_constraints(table)),
            "indexes": ordered(inspector.get_indexes(table)),
            "checks": ordered(inspector.get_check_constraints(table)),
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def test_each_step_goes_down_and_up_again_with_data(filled):
    before = counts(filled)
    assert all(before[table] for table in APPEND_ONLY)
    steps = list(SCRIPTS.walk_revisions())
    for step in steps[:-1]:
        downgrade(revision=step.down_revision)
        left = counts(filled)
        assert left == {t: before[t] for t in left}, f"{step.revision} lost rows on the way down"
        upgrade(revision=step.revision)
        back = counts(filled)
        back["preparation"] = left.get("preparation", 0)  # the last step asks for fresh rows
        assert {t: back[t] for t in left} == left, f"{step.revision} lost rows on the way up"
        downgrade(revision=step.down_revision)
    downgrade(revision="base")
    assert inspect(db.engine).get_table_names() == ["alembic_version"]
    upgrade()
    assert set(counts(filled).values()) == {0}
    load_edition(filled, make_user(filled), NOW, text=TEXT, confirmation="two-person")
    fill(filled)
    filled.commit()
    assert counts(filled)["verification"] == 1


def test_rows_of_an_older_version_are_made_anew_by_the_set_up_after_it(filled):
    before = filled.execute(ROWS).all()
    assert before
    assert all(row.revision and row.facets_until for row in before)
    filled.rollback()
    downgrade(revision="0015_case_language")
    upgrade()
    older = filled.execute(ROWS).all()
    assert older
    assert not any(row.revision for row in older)
    filled.rollback()
    load(paths.SEED_DATA / EDITION)  # as `flask setup` does
    assert filled.execute(ROWS).all() == before
    assert counts(filled)["preparation"] == 0


def test_nothing_stays_behind_after_the_way_down(migrated, engine_name):
    downgrade(revision="base")
    left = {
        "sqlite": "SELECT count(*) FROM sqlite_master WHERE type IN ('trigger', 'view')",
        "postgresql": "SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = "
        "p.pronamespace WHERE n.nspname = 'public'",
    }[engine_name]
    with db.engine.connect() as connection:
        assert connection.scalar(text(left)) == 0


def test_a_repeated_set_up_changes_nothing(filled):
    before = counts(filled)
    upgrade()
    assert counts(filled) == before


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_what_was_recorded_is_never_changed(filled, engine_name, table):
    key = inspect(db.engine).get_pk_constraint(table)["constrained_columns"][0]
    refused = [
        f"UPDATE {table} SET {key} = {key} + 100000",
        f"UPDATE {table} SET {key} = {key}",
        f"DELETE FROM {table}",
        {
            "sqlite": f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
            "postgresql": f"TRUNCATE {table} CASCADE",
        }[engine_name],
    ]
    before = counts(filled)
    for statement in refused:
        with pytest.raises(IntegrityError, match=f"{table} is append-only"):
            filled.execute(text(statement))
        filled.rollback()
    assert counts(filled) == before
    assert before[table] > 0


def test_the_control_without_triggers_is_changed(filled):
    downgrade(revision="0001")
    filled.execute(text("UPDATE event SET act = 'rewritten'"))
    filled.commit()


def test_a_migration_that_leaves_rows_pointing_nowhere_is_undone(bare_instance, databases, caplog):
    """On SQLite foreign keys are off while migrating, so they are checked at the end."""
    url = databases.fresh("migrated")
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        with running(bare_instance, url) as app, app.app_context():
            downgrade(revision="0001")
        with engine.begin() as plain:
            plain.execute(text("INSERT INTO criterion VALUES ('nowhere', 'x', 1)"))
        with running(bare_instance, url) as app, app.app_context():
            with pytest.raises(SystemExit):
                upgrade()
            assert "rows that point nowhere" in caplog.text
            with db.engine.connect() as connection:
                assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "0001"
    engine.dispose()
    databases.drop(url)


def test_a_verification_needs_its_clinic(filled):
    """Foreign keys are on again after migrating."""
    row = filled.scalars(select(Verification)).first()
    values = {c.name: getattr(row, c.name) for c in Verification.__table__.columns}
    with pytest.raises(IntegrityError):
        filled.execute(Verification.__table__.insert(), values | {"id": 999, "clinic_id": 999})
    filled.rollback()
