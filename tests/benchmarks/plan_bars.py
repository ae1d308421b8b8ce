"""Measure today's plan of 1,500 clinics on both engines: python -m tests.benchmarks.plan_bars

Prints one line an engine with the time of a cold reading; exits 1 when one takes a second.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from directory import paths
from directory.models import Base
from directory.models.engine import tune
from directory.operations.catalogue import load_edition
from directory.operations.plan import read_facts, today
from tests.factories import NOW, make_user
from tests.operations.crowd import crowd
from tests.support.postgres import Server

SECONDS = 1.0
ROUNDS = 3


def cold_reading(url: str) -> tuple[int, float]:
    """Return how many checks there are, and the seconds of the quickest of a few cold readings."""
    engine = create_engine(url)
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
            began = time.perf_counter()
            facts = read_facts(session, edition, two_person=True)
            today(session, first, NOW, edition, facts, two_person=True, budget=120)
            times.append(time.perf_counter() - began)
    engine.dispose()
    return checks, min(times)


def addresses() -> Iterator[tuple[str, str]]:
    """Yield each engine with the address of an empty database."""
    with tempfile.TemporaryDirectory() as folder:
        yield "sqlite", f"sqlite:///{Path(folder) / 'plan.sqlite'}"
    server = Server.start()
    try:
        yield "postgresql", server.create("plan")
    finally:
        server.stop()


def main() -> int:
    """Measure, print and return the exit status."""
    missed = 0
    for name, url in addresses():
        checks, seconds = cold_reading(url)
        missed += seconds >= SECONDS
        print(f"{name:12} plan of 1,500 clinics, {checks} checks: {seconds:.2f} s (< {SECONDS} s)")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
