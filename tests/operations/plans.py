"""How the database answers a search: which plans it makes, and how many rows it reads for a hit."""

import random
from collections.abc import Iterator

from sqlalchemy import insert
from sqlalchemy.orm import Session

from directory.models import SearchPeriod
from directory.models.search import SEARCH_INDEX
from directory.operations import circle
from directory.operations.circle import Filters, Shape
from tests.operations import oracle

MIDDLE = (37.5, -100.0)
SPREAD = 20_000
WIDE_MILES = (50.0, 100.0, 250.0)
FILTERS = (
    Filters(),
    Filters(has_mask=1),
    Filters(standings_mask=0b11),
    Filters(treats_mask=1, standings_mask=1, accepting=True, state="AZ"),
)
EXPLAIN = {
    "sqlite": ("EXPLAIN QUERY PLAN", f"SEARCH r USING COVERING INDEX {SEARCH_INDEX}"),
    "postgresql": ("EXPLAIN", f"Index Only Scan using {SEARCH_INDEX} on search_row r"),
}
BESIDES = {
    "sqlite": (
        "SCAN json_each",
        "SCAN part",
        "SCAN span",
        "SCAN page",
        "SEARCH card USING INTEGER PRIMARY KEY",
        "SEARCH p USING INDEX",
        "SEARCH o USING INTEGER PRIMARY KEY",
    ),
    "postgresql": (
        "Function Scan on",
        "Subquery Scan on",
        "Index Scan using pk_search_row on",
        "Index Scan using pk_search_period on",
    ),
}
"""What else a plan may read: spans, a page, and one row by its clinic's number, for its card or
where a period has passed."""


def spread_evenly(session: Session, number: int = SPREAD) -> None:
    """Store clinics evenly over the middle of the country, some with a period to come."""
    source = random.Random(5)
    oracle.store(
        session,
        tuple(
            oracle.Site(n, source.uniform(30, 45), source.uniform(-115, -85), 1, 1, 1, 0, 1)
            for n in range(1, number + 1)
        ),
    )
    session.execute(
        insert(SearchPeriod),
        [
            {"clinic_id": n, "from_minute": oracle.NEVER, "until_minute": oracle.NEVER}
            | {"met_mask": 1, "standing": 0}
            for n in range(1, number + 1, 4)
        ],
    )
    session.commit()
    if session.get_bind().dialect.name == "postgresql":
        engine = session.get_bind().execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE search_row, search_period")


def statements(dialect: str, shape: Shape) -> Iterator[str]:
    """Yield every statement of a search with filters like these."""
    yield circle.codes_statement(dialect, shape)
    yield circle.total_statement(dialect, shape)
    for sort in circle.ORDERS:
        for cards in (True, False):
            for wide in (True, False):
                yield circle.page_statement(dialect, shape, sort, cards=cards, wide=wide)


def off_the_index(session: Session, miles: float, filters: Filters) -> list[str]:
    """Return the plans of a search that do more than read the covering index.

    One row may besides be found by its number: a card of the page, a period of a lapsed clinic.
    """
    dialect = session.get_bind().dialect.name
    explain, used = EXPLAIN[dialect]
    where = circle.Circle(lat=MIDDLE[0], lon=MIDDLE[1], miles=miles)
    parameters = where.parameters(dialect) | where.boxes()
    parameters |= circle.filters_of(filters, 0) | {"limit": 20, "offset": 0}
    parameters |= {"lowest": 330, "highest": 420}
    wrong = []
    for statement in statements(dialect, circle.shape_of(filters)):
        rows = circle.run(session.connection(), f"{explain} {statement}", parameters)
        lines = [str(row[-1]).strip() for row in rows]
        reads = [line for line in lines if "SCAN " in line or "SEARCH " in line or "Scan " in line]
        others = [
            line
            for line in reads
            if used not in line and not any(way in line for way in BESIDES[dialect])
        ]
        if others or not any(used in line for line in reads):
            wrong.append("\n".join(lines))
    return wrong


def scanned_per_hit(session: Session, miles: float) -> float:
    """Return how many rows of the index are read for each clinic found, over many circles."""
    source = random.Random(17)
    dialect = session.get_bind().dialect.name
    read = circle._styled(dialect, circle._near(dialect, "count(*)", "1 = 1"))
    scanned = found = 0
    for _ in range(round(8000 / miles)):
        lat, lon = source.uniform(34, 41), source.uniform(-109, -91)
        where = circle.Circle(lat=lat, lon=lon, miles=miles)
        scanned += circle.run(session.connection(), read, where.parameters(dialect))[0][0]
        found += circle.read_total(session, where, Filters(), 0)
    return scanned / found
