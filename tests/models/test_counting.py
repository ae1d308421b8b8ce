"""Every transaction that changed what the public may read counts one version, and no other does."""

import pytest
from sqlalchemy import create_engine, delete, insert, select, text, update
from sqlalchemy.orm import Session

from directory.models import Base, CatalogueEdition, Clinic, DirectoryState, Lease, Organization
from directory.models.counting import NEVER_READ, UNCOUNTED, _counts
from directory.models.engine import tune
from tests.factories import NOW


@pytest.fixture
def engine(empty_database):
    """An engine on a database with nothing but the directory's state."""
    engine = create_engine(empty_database)
    tune(engine)
    with Session(engine) as session:
        session.add(CatalogueEdition(edition="1", text="", loaded_at=NOW))
        session.flush()
        session.add(DirectoryState(edition="1", confirmation="solo"))
        session.commit()
    yield engine
    engine.dispose()


def version(engine):
    """Return the version and the stamp as they stand."""
    with engine.connect() as connection:
        return tuple(connection.execute(select(DirectoryState.version, DirectoryState.stamp)).one())


def by_the_orm(session):
    session.add(Organization(name="Example LLC"))


def by_the_orm_in_bulk(session):
    session.execute(update(Organization).values(name="Other LLC"))


def by_a_query(session):
    session.query(Organization).delete(synchronize_session=False)


def by_the_core(session):
    session.connection().execute(insert(Organization.__table__), [{"name": "A"}, {"name": "B"}])


def by_the_core_under_a_name(session):
    session.execute(delete(Organization.__table__))


def by_hand(session):
    session.execute(text("  delete\n  from organization where name = 'nobody'"))


def past_sqlalchemy(session):
    session.connection().exec_driver_sql("UPDATE organization SET name = name")


def in_a_savepoint(session):
    with session.begin_nested():
        by_the_orm(session)


def in_the_state(session):
    session.get_one(DirectoryState, 1).demonstration = True


def behind_a_query(session):
    if session.get_bind().dialect.name == "sqlite":
        sql = "WITH one AS (SELECT 1) UPDATE organization SET name = (SELECT 'x' FROM one)"
    else:
        sql = "WITH one AS (DELETE FROM organization RETURNING id) SELECT count(*) FROM one"
    session.execute(text(sql))


PUBLIC = [
    by_the_orm,
    by_the_orm_in_bulk,
    by_a_query,
    by_the_core,
    by_the_core_under_a_name,
    by_hand,
    past_sqlalchemy,
    in_a_savepoint,
    in_the_state,
    behind_a_query,
]


@pytest.mark.parametrize("change", PUBLIC, ids=lambda change: change.__name__)
def test_whatever_changes_what_is_read_counts_once(engine, change):
    before = version(engine)
    with Session(engine) as session:
        change(session)
        change(session)
        assert version(engine) == before, "nobody may see a version before its data"
        session.commit()
        after = version(engine)
        assert (after[0], len(after[1])) == (before[0] + 1, 32)
        assert after[1] != before[1]
        session.execute(select(Organization.id)).all()
        session.commit()
    assert version(engine) == after, "reading counted"


def test_what_is_taken_back_counts_nothing(engine):
    before = version(engine)
    with Session(engine) as session:
        by_the_orm(session)
        session.flush()
        session.rollback()
        session.execute(select(Clinic.id)).all()
        session.commit()
    assert version(engine) == before


def test_what_the_public_never_reads_counts_nothing(engine):
    before = version(engine)
    with Session(engine) as session:
        session.execute(delete(Lease))
        session.execute(text("DELETE FROM outgoing_mail"))
        session.commit()
    assert version(engine) == before


def test_without_a_session_it_counts_too_unless_it_is_a_migration(engine):
    before = version(engine)
    with engine.begin() as connection:
        connection.execute(update(Organization).values(name="x"))
    assert version(engine)[0] == before[0] + 1
    with engine.connect().execution_options(**{UNCOUNTED: True}) as connection:
        connection.execute(update(Organization).values(name="y"))
        connection.commit()
    assert version(engine)[0] == before[0] + 1


def test_a_count_that_fails_takes_the_change_with_it(engine):
    with engine.connect().execution_options(**{UNCOUNTED: True}) as connection:
        connection.exec_driver_sql("ALTER TABLE directory_state RENAME COLUMN stamp TO elsewhere")
        connection.commit()
    with Session(engine) as session:
        by_the_orm(session)
        with pytest.raises(Exception, match="stamp"):
            session.commit()
        session.rollback()
        assert session.scalars(select(Organization.id)).all() == []
        session.execute(delete(Lease))
        session.commit()


def test_a_version_that_comes_back_never_looks_the_same(engine):
    with Session(engine) as session:
        by_the_orm(session)
        session.commit()
    seen = version(engine)
    with engine.connect().execution_options(**{UNCOUNTED: True}) as connection:
        connection.exec_driver_sql("UPDATE directory_state SET version = version - 1")
        connection.commit()
    with Session(engine) as session:
        by_the_orm(session)
        session.commit()
    again = version(engine)
    assert again[0] == seen[0]
    assert again[1] != seen[1]


def test_every_table_counts_that_is_not_named():
    tables = set(Base.metadata.tables)
    assert tables >= NEVER_READ
    verbs = (
        "INSERT INTO",
        "INSERT OR REPLACE INTO",
        "UPDATE",
        "DELETE FROM",
        "ALTER TABLE",
        "TRUNCATE",
    )
    for table in tables:
        for statement in (f"{verb} {name} (x)" for verb in verbs for name in (table, f'"{table}"')):
            assert _counts(statement) == (table not in NEVER_READ), statement


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id FROM clinic FOR UPDATE",
        "SAVEPOINT clinic",
        "PRAGMA foreign_keys = ON",
        "INSERT INTO lease (id) VALUES (1) ON CONFLICT DO UPDATE SET id = 1",
    ],
)
def test_what_writes_nothing_public_counts_nothing(statement):
    assert not _counts(statement)
