"""Acts and pages cost the same at fifty clinics and at two thousand: counted, without a clock.

What one act writes, how many statements it and every page take, and that none of an act's
statements reads a table from end to end: the engine's own plan of each says so.
"""

import re
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine, event, func, insert, or_, select, text

from directory.extensions import db
from directory.models import Base, Clinic, Event, SearchRow, Verification
from directory.models.engine import begin_writing
from directory.operations import families, workspace
from directory.operations.listings import derive_all
from tests.checklist import CATALOGUE
from tests.factories import NOW, make_user
from tests.operations.crowd import crowd
from tests.support.apps import running
from tests.support.staff import post, sign_in
from tests.support.statements import NOT_COUNTED
from tests.web.test_workspace import ACLS, address, filled

FEW, MANY = 50, 2000
ONE_ROW = {"directory_state", "preparation", "catalogue_edition"}
"""Tables with a row or a few, whatever the number of clinics."""
GROWN = {"clinic", "confirmation", "event", "search_period", "search_row", "verification"}
"""Tables that have thousands of rows here."""
PLANNED = re.compile(r"\s*(SELECT|WITH|INSERT|UPDATE|DELETE)")
LAST_LINE = re.compile(r"FROM event ORDER BY event\.id DESC\s+LIMIT")
"""The last line of the log is read from the end, and no further."""
PAGES = (
    "/clinics?near=Phoenix,+AZ&within=25",
    "/clinics?near=Phoenix,+AZ&within=25&has=sup-acls",
    "/api/v1/clinics?near=Phoenix,+AZ&within=100",
    "/clinics/{clinic}",
    "/api/v1/clinics/{clinic}",
    "/clinics/{clinic}/questions",
    "/compare?c={clinic}&c={other}",
    "/admin/",
    "/admin/checks/confirm",
    "/admin/checks/{clinic}/sup-acls",
    "/admin/clinics",
    "/admin/numbers",
)


@dataclass
class Made:
    """A statement that was run, with its parameters, and how many rows it wrote."""

    statement: str
    parameters: object
    rows: int = 0


@contextmanager
def recorded():
    """Collect what any engine runs inside the block."""
    made = []

    def note(_connection, cursor, statement, parameters, _context, executemany):
        if statement.lstrip().upper().startswith(NOT_COUNTED):
            return
        writes = not statement.lstrip().upper().startswith(("SELECT", "WITH"))
        made.append(
            Made(
                statement,
                parameters[0] if executemany else parameters,
                max(0, cursor.rowcount) if writes else 0,
            )
        )

    event.listen(Engine, "after_cursor_execute", note)
    try:
        yield made
    finally:
        event.remove(Engine, "after_cursor_execute", note)


@dataclass
class Place:
    """A directory with so many clinics, and people who work there."""

    app: object
    first: object
    second: object
    clinics: list


def fill(app, count):
    """Put clinics with checks, their rows and a log as long as theirs into a database."""
    with app.app_context():
        session = db.session()
        begin_writing(session)
        crowd(session, CATALOGUE, make_user(session), make_user(session), clinics=count)
        derive_all(session, CATALOGUE, NOW, two_person=True)
        line = session.execute(Event.__table__.select().order_by(Event.id.desc()).limit(1)).one()
        lines = [
            {
                **line._mapping,
                "id": line.id + n,
                "subject_type": "clinic",
                "subject_id": n,
                "prev_hash": f"{n - 1:064d}" if n > 1 else line.hash,
                "hash": f"{n:064d}",
            }
            for n in range(1, 4 * count + 1)
        ]
        session.execute(insert(Event.__table__), lines)
        if session.get_bind().dialect.name == "postgresql":
            for table in ("clinic", "verification"):
                numbers = f"pg_get_serial_sequence('{table}', 'id')"
                session.execute(text(f"SELECT setval({numbers}, max(id)) FROM {table}"))
            session.execute(text("ANALYZE"))
        session.commit()
        checked = select(Verification.clinic_id).where(Verification.criterion == ACLS)
        unchecked = select(Clinic.id).where(Clinic.id.not_in(checked)).order_by(Clinic.id)
        return session.scalars(unchecked.limit(8)).all()


@pytest.fixture(scope="module")
def places(instance, databases):
    """The same directory twice: with few clinics, and with many."""
    made, urls = [], []
    for count in (FEW, MANY):
        url = databases.fresh("loaded")
        urls.append(url)
        running_app = running(instance, url)
        app = running_app.__enter__()
        clinics = fill(app, count)
        made.append((running_app, Place(app, sign_in(app, "admin"), sign_in(app), clinics)))
    yield [place for _app, place in made]
    for running_app, _place in made:
        running_app.__exit__(None, None, None)
    for url in urls:
        databases.drop(url)


def record_and_confirm(place):
    """Record a check and confirm it as people do; returns what each act ran."""
    clinic = place.clinics.pop(0)
    place.first.get(address(clinic))
    with recorded() as recording:
        assert post(place.first, address(clinic), filled()).status_code == 303
    with place.app.app_context():
        number = db.session.scalar(select(func.max(Verification.id)))
        waiting = db.session.get(SearchRow, clinic).met_mask
    with recorded() as confirming:
        done = post(place.second, f"/admin/checks/confirm/{number}", {"act": "confirm"})
        assert done.status_code == 303
    with place.app.app_context():
        bit = 1 << CATALOGUE.bits[ACLS]
        assert not waiting & bit
        assert db.session.get(SearchRow, clinic).met_mask & bit, "it was made public"
    return recording, confirming


def test_a_check_takes_as_much_at_fifty_clinics_as_at_two_thousand(places):
    for place in places:
        record_and_confirm(place)  # what is read once is read now
    few, many = (record_and_confirm(place) for place in places)
    for at_few, at_many in zip(few, many, strict=True):
        assert [one.statement for one in at_few] == [one.statement for one in at_many]
        assert [one.rows for one in at_few] == [one.rows for one in at_many]
        assert 5 <= sum(one.rows for one in at_few) <= 40
        assert len(at_few) <= 60


def ends_to_end(session, made, *, by_index=True):
    """Return which tables a statement reads from end to end, by the engine's own plan.

    On PostgreSQL reading an index from end to end counts, or does not.
    """
    tables = Base.metadata.tables.keys() - ONE_ROW
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        plan = connection.exec_driver_sql("EXPLAIN QUERY PLAN " + made.statement, made.parameters)
        words = [row[3].split() for row in plan]
        return {line[1] for line in words if line[0] == "SCAN"} & tables
    plan = connection.exec_driver_sql("EXPLAIN (FORMAT JSON) " + made.statement, made.parameters)
    return set(_whole(plan.scalar()[0]["Plan"], by_index=by_index)) & tables


def _whole(node, *, by_index):
    unbounded = "Index" in node["Node Type"] and "Index Cond" not in node
    if node["Node Type"] == "Seq Scan" or (by_index and unbounded):
        yield node.get("Relation Name", "")
    for part in node.get("Plans", ()):
        yield from _whole(part, by_index=by_index)


def rows_read(session, made):
    """Yield how many rows each step of a plan touches on PostgreSQL; it really runs."""
    plan = session.connection().exec_driver_sql(
        "EXPLAIN (ANALYZE, FORMAT JSON) " + made.statement, made.parameters
    )
    nodes = [plan.scalar()[0]["Plan"]]
    while nodes:
        node = nodes.pop()
        read = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        yield read * node["Actual Loops"]
        nodes += node.get("Plans", ())


def planned(place, *runs):
    """Yield a session, and each statement that has a plan, but the one for the log's last line."""
    plain = [one for made in runs for one in made if PLANNED.match(one.statement)]
    assert len(plain) > 5
    with place.app.app_context():
        for made in plain:
            if not LAST_LINE.search(made.statement):
                yield db.session(), made
                db.session.rollback()


def most_read(place, *runs):
    """Return the most rows that any step of these statements touches on PostgreSQL."""
    reading = (p for p in planned(place, *runs) if not p[1].statement.startswith("INSERT"))
    return max(max(rows_read(session, made)) for session, made in reading)


def test_no_statement_of_a_check_reads_a_table_from_end_to_end(places, engine_name):
    place = places[1]
    runs = record_and_confirm(place)
    for session, made in planned(place, *runs):
        assert not ends_to_end(session, made) & GROWN, made.statement
        if engine_name == "postgresql":
            # Small tables are read whole since that is quickest: is there another way at all?
            session.execute(text("SET LOCAL enable_seqscan = off"))
            assert not ends_to_end(session, made, by_index=False), made.statement
    if engine_name == "postgresql":
        # An index on another column can be as long a way round, so what is read is counted.
        assert most_read(place, *runs) < 100


@pytest.mark.parametrize("path", ["/clinics/{clinic}", "/api/v1/clinics/{clinic}"])
def test_a_clinics_page_reads_what_is_the_clinics(places, engine_name, path):
    place = places[1]
    with recorded() as run:
        answer = place.first.get(path.format(clinic=place.clinics[-1]), follow_redirects=True)
    assert answer.status_code == 200
    for session, made in planned(place, run):
        assert not ends_to_end(session, made) & GROWN, made.statement
    if engine_name == "postgresql":
        assert most_read(place, run) < 100


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_the_control_that_asks_for_two_lists_is_caught(places, monkeypatch):
    def either(column, clinic_ids):
        return or_(column.in_(clinic_ids), column.in_(families.merged_into(clinic_ids)))

    monkeypatch.setattr(workspace, "of_family", either)
    assert most_read(places[1], *record_and_confirm(places[1])) > 500


def test_every_page_takes_as_many_statements_at_fifty_as_at_two_thousand(places):
    for place in places:
        assert place.first.get("/checklist").status_code == 200  # which is read once
    for path in PAGES:
        runs = []
        for place in places:
            path_there = path.format(clinic=place.clinics[-1], other=place.clinics[-2])
            with recorded() as made:
                answer = place.first.get(path_there, follow_redirects=True)
            assert answer.status_code == 200, path
            runs.append([one.statement for one in made])
        few, many = runs
        assert len(few) == len(many) > 0, path
        assert len(many) <= 30, path
