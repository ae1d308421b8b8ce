"""How long a cold reading of today's plan takes with 1,500 clinics: less than a second."""

import time

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from directory import paths
from directory.models import Base
from directory.models.engine import tune
from directory.operations.catalogue import load_edition
from directory.operations.plan import read_facts, today
from tests.benchmarks.bench import Bench
from tests.benchmarks.report import Bar
from tests.factories import NOW, make_user
from tests.operations.crowd import crowd

SECONDS = 1.0
ROUNDS = 3


def cold_reading(url: str) -> tuple[int, float]:
    """Return how many checks there are, and the seconds of the quickest of a few cold readings."""
    engine = create_engine(url)
    # SQLite works in this process, so what else the machine does need not count.
    clock = time.process_time if engine.dialect.name == "sqlite" else time.perf_counter
    tune(engine)
    Base.metadata.create_all(engine)
    times = []
    with Session(engine) as session:
        first, second = make_user(session), make_user(session)
        text = (paths.SEED_DATA / "catalogue-2026.1.toml").read_text("utf-8")
        edition = load_edition(session, first, NOW, text=text, confirmation="two-person")
        checks = crowd(session, edition, first, second, every=1)
        session.commit()
        for _ in range(ROUNDS):
            began = clock()
            facts = read_facts(session, edition, two_person=True)
            today(session, first, NOW, edition, facts, two_person=True, budget=120)
            times.append(clock() - began)
    engine.dispose()
    return checks, min(times)


def measure(bench: Bench) -> list[Bar]:
    """Return the bar of each engine."""
    bars = []
    for name, url in bench.empty("plan"):
        checks, seconds = cold_reading(url)
        words = f"plan of 1,500 clinics with {checks:,} checks, {name}"
        bars.append(Bar(words, seconds, SECONDS, "s", contract=True))
    return bars
