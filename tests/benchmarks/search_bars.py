"""Measure search against its bars on both engines: python -m tests.benchmarks.search_bars

Prints one line a bar with its value, its target and whether it holds; exits 1 on a miss.
"""

import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.orm import Session

from directory import paths
from directory.domain.criteria import Catalogue, parse_catalogue
from directory.domain.findings import minute_of
from directory.domain.places import circle_spans
from directory.models import Base, SearchRow
from directory.models.engine import tune
from directory.models.search import SEARCH_INDEX
from directory.operations.circle import RINGS, counts_statement, page_statement
from directory.operations.search import PER_PAGE, Search, _parameters, find_clinics
from tests.factories import NOW
from tests.operations import oracle
from tests.support.postgres import Server

WIDE_MILES = (50.0, 100.0, 250.0)
SPREAD = 30_000


@dataclass(frozen=True)
class Bar:
    """One thing measured: lower is better for all of them."""

    name: str
    value: float
    target: float

    @property
    def holds(self) -> bool:
        """Whether the value is within the target."""
        return self.value <= self.target


def catalogue() -> Catalogue:
    """Return the edition that ships."""
    return parse_catalogue((paths.SEED_DATA / "catalogue-2026.1.toml").read_text("utf-8"))


def wrong_answers(session: Session) -> tuple[int, int]:
    """Return how many of the oracle's searches differ in total or order, and how many hits."""
    edition, made = catalogue(), oracle.sites()
    oracle.store(session, made)
    wrong = hits = 0
    for question in oracle.questions():
        true = [
            (miles, site)
            for miles, site in oracle.inside(question, made)
            if oracle.passes(question.filters, site)
        ]
        search = Search(
            lat=question.lat,
            lon=question.lon,
            within_miles=question.miles,
            filters=question.filters,
        )
        found = find_clinics(session, edition, search, NOW)
        ids = [hit.clinic_id for hit in found.hits]
        hits += found.total
        wrong += not (found.total == len(true) and oracle.same_order(ids, true[:PER_PAGE]))
    return wrong, hits


def statements_of_a_page(session: Session) -> int:
    """Return the most statements that a page of results takes, over several searches."""
    made: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        made.append(statement)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    most = 0
    for miles in (1.0, 25.0, 250.0):
        made.clear()
        find_clinics(session, catalogue(), Search(lat=33.45, lon=-112.07, within_miles=miles), NOW)
        most = max(most, len(made))
    event.remove(engine, "before_cursor_execute", note)
    return most


def spread_evenly(session: Session, number: int = SPREAD) -> None:
    """Store clinics evenly over the middle of the country."""
    source = random.Random(5)
    oracle.store(
        session,
        tuple(
            oracle.Site(n, source.uniform(30, 45), source.uniform(-115, -85), 1, 1, 1, 0, 1)
            for n in range(1, number + 1)
        ),
    )
    session.commit()
    if session.get_bind().dialect.name == "postgresql":
        engine = session.get_bind().execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE search_row")


def plans_without_the_index(session: Session, miles: float) -> list[str]:
    """Return the plans of a search's statements that do more than read the covering index."""
    dialect = session.get_bind().dialect.name
    search = Search(lat=37.5, lon=-100.0, within_miles=miles)
    parameters = _parameters(session, search, minute_of(NOW), miles)
    explain, used = {
        "sqlite": ("EXPLAIN QUERY PLAN", f"USING COVERING INDEX {SEARCH_INDEX}"),
        "postgresql": ("EXPLAIN", f"Index Only Scan using {SEARCH_INDEX}"),
    }[dialect]
    plans = []
    for statement, more in (
        (
            counts_statement(dialect, len(catalogue().criteria)),
            {f"ring{n}": 0 for n in range(RINGS)},
        ),
        (page_statement(dialect, "distance"), {"limit": PER_PAGE, "offset": 0}),
    ):
        rows = session.execute(text(f"{explain} {statement}"), parameters | more)
        plans.append("\n".join(str(row) for row in rows))
    return [plan for plan in plans if used not in plan]


def scanned_per_hit(session: Session, miles: float) -> float:
    """Return how many rows of the index are read for each clinic found."""
    search = Search(lat=37.5, lon=-100.0, within_miles=miles)
    scanned = sum(
        session.query(SearchRow)
        .filter(SearchRow.band == span.band, SearchRow.lon_e6.between(span.west_e6, span.east_e6))
        .count()
        for span in circle_spans(search.lat, search.lon, miles)
    )
    return scanned / find_clinics(session, catalogue(), search, NOW).total


@contextmanager
def engines() -> Iterator[dict[str, list[Engine]]]:
    """Give two empty databases on each engine, and take them away again."""
    server = Server.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            made = {
                "SQLite": [
                    create_engine(f"sqlite:///{Path(folder) / f'{n}.sqlite'}") for n in "ab"
                ],
                "PostgreSQL": [create_engine(server.create(f"bars_{n}")) for n in "ab"],
            }
            for engine in [engine for pair in made.values() for engine in pair]:
                tune(engine)
                Base.metadata.create_all(engine)
            yield made
            for engine in [engine for pair in made.values() for engine in pair]:
                engine.dispose()
    finally:
        server.stop()


def measure(name: str, first: Engine, second: Engine) -> list[Bar]:
    """Return the bars of one engine, over two empty databases of it."""
    with Session(first) as session:
        wrong, hits = wrong_answers(session)
        bars = [
            Bar(f"{name}: wrong answers of 1,000 ({hits:,} hits)", wrong, 0),
            Bar(f"{name}: searches that found nothing at all", float(hits == 0), 0),
            Bar(f"{name}: statements a page", statements_of_a_page(session), 2),
        ]
    with Session(second) as session:
        spread_evenly(session)
        for miles in WIDE_MILES:
            plans = plans_without_the_index(session, miles)
            bars.append(Bar(f"{name}: plans off the index at {miles:.0f} mi", len(plans), 0))
            scanned = scanned_per_hit(session, miles)
            bars.append(Bar(f"{name}: rows read per hit at {miles:.0f} mi", scanned, 1.2))
    return bars


def main() -> int:
    """Print every bar; 1 when one is missed."""
    with engines() as made:
        bars = [bar for name, pair in made.items() for bar in measure(name, *pair)]
    for bar in bars:
        verdict = "ok" if bar.holds else "MISSED"
        print(f"{bar.name:<52} {bar.value:>8.3f}  target {bar.target:<6} {verdict}")
    return 0 if all(bar.holds for bar in bars) else 1


if __name__ == "__main__":
    sys.exit(main())
