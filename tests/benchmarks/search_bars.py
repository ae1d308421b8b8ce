"""What a search must hold whatever the clock says, on each engine.

No answer differs from geopy's in a thousand searches around the poles and the 180th meridian; a
page takes a few statements; they read the covering index alone, and little of it in vain.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from directory.models import Base
from directory.operations.search import PER_PAGE, Search, find_clinics
from tests.benchmarks.bench import Bench
from tests.benchmarks.ours import Recorder, engine_of
from tests.benchmarks.report import Bar
from tests.checklist import CATALOGUE
from tests.factories import NOW
from tests.operations import oracle, plans

MOST_READ_PER_HIT = 1.1


def wrong_answers(session: Session) -> tuple[int, int]:
    """Return how many of the oracle's searches differ in total or order, and how many hits."""
    made = oracle.sites()
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
        found = find_clinics(session, CATALOGUE, search, NOW)
        ids = [hit.clinic_id for hit in found.hits]
        hits += found.total
        wrong += not (found.total == len(true) and oracle.same_order(ids, true[:PER_PAGE]))
    return wrong, hits


def statements_of_a_page(session: Session) -> int:
    """Return the most statements that a page of results takes, over several searches."""
    recorder = Recorder(session.get_bind().engine)
    return max(
        len(recorder.made_by(find_clinics, session, CATALOGUE, search, NOW))
        for search in (
            Search(lat=33.45, lon=-112.07, within_miles=miles) for miles in (1.0, 25.0, 250.0)
        )
    )


def bars_of(name: str, first: Session, second: Session) -> list[Bar]:
    """Return the bars of one engine, over two empty databases of it."""
    wrong, hits = wrong_answers(first)
    bars = [
        Bar(f"{name}: wrong answers of 1,000 ({hits:,} hits)", wrong, 0, contract=True),
        Bar(f"{name}: clinics found by them", hits, 5_000, at_least=True, contract=True),
        Bar(f"{name}: statements a page", statements_of_a_page(first), 2, contract=True),
    ]
    plans.spread_evenly(second)
    for miles in plans.WIDE_MILES:
        off = sum(len(plans.off_the_index(second, miles, some)) for some in plans.FILTERS)
        read = plans.scanned_per_hit(second, miles)
        most = MOST_READ_PER_HIT
        bars.append(Bar(f"{name}: plans off the index at {miles:.0f} mi", off, 0, contract=True))
        bars.append(Bar(f"{name}: rows read per hit at {miles:.0f} mi", read, most, contract=True))
    return bars


def measure(bench: Bench) -> list[Bar]:
    """Return the bars of each engine."""
    bars: list[Bar] = []
    for one, other in zip(bench.empty("search_a"), bench.empty("search_b"), strict=True):
        with _opened(one[1]) as first, _opened(other[1]) as second:
            bars += bars_of(one[0], first, second)
    return bars


@contextmanager
def _opened(url: str) -> Iterator[Session]:
    engine = engine_of(url)
    Base.metadata.create_all(engine)
    try:
        with Session(engine) as session:
            yield session
    finally:
        engine.dispose()
