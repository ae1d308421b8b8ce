"""How long recording a check takes, from its first statement to its commit, as clinics multiply.

The real operation is timed, on clinics that have a history of checks: while nobody searches, and
while another process searches the same database without a pause.
"""

import os
import shutil
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import median

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from directory.domain.criteria import Level
from directory.domain.findings import Outcome
from directory.models import Clinic, User
from directory.models.engine import begin_writing, tune
from directory.operations.vetting import Observation, record_verification
from tests.benchmarks.bench import Bench
from tests.benchmarks.questions import questions
from tests.benchmarks.report import Bar, Timing
from tests.benchmarks.searching import searching
from tests.checklist import CATALOGUE
from tests.factories import NOW, make_check, make_user
from tests.support.statements import recorded

CLINICS = 20
HISTORY = 15
"""So many clinics are written to; each has a check of so many criteria before."""

BLOCKS = 2
SEARCHES = 200
QUIET, BUSY = "nobody searches", "another process searches"
MOST_TIMES = 2.0
"""At most so many times as long in the largest directory as in the smallest."""


@dataclass
class Desk:
    """A verifier at work on one database, and what was measured of the work."""

    url: str
    clinics: int
    engine: Engine
    verifier: int
    ids: list[int]
    milliseconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statements: set[int] = field(default_factory=set)
    searches: int = 0
    acts: int = 0

    def work(self, when: str) -> None:
        """Record one check at each of the clinics."""
        for number in self.ids:
            with recorded() as made:
                began = time.perf_counter()
                with Session(self.engine) as session:
                    begin_writing(session)
                    self._record(session, number)
                    session.commit()
                self.milliseconds[when].append((time.perf_counter() - began) * 1000)
            self.statements.add(len(made))
        self.acts += len(self.ids)

    def _record(self, session: Session, number: int) -> None:
        today = NOW.date()
        criterion = CATALOGUE.criteria[self.acts // len(self.ids) % HISTORY]
        seen = Observation(
            criterion=criterion.code,
            outcome=Outcome.MET,
            level=Level.SOURCE,
            checked_on=today,
            valid_until=today + timedelta(days=200),
            source_name="Example board",
            source_url="https://board.example.org/",
            note="Active.",
        )
        record_verification(
            session,
            session.get_one(User, self.verifier),
            NOW,
            CATALOGUE,
            session.get_one(Clinic, number),
            seen,
            two_person=True,
        )


def desk_at(url: str, clinics: int) -> Desk:
    """Open a database, and give some of its clinics, evenly spread, a verifier and a history."""
    engine = create_engine(url)
    tune(engine)
    ids = [1 + number * (clinics // CLINICS) for number in range(CLINICS)]
    with Session(engine) as session:
        begin_writing(session)
        verifier, second = make_user(session), make_user(session)
        for clinic in (session.get_one(Clinic, number) for number in ids):
            for criterion in CATALOGUE.criteria[:HISTORY]:
                make_check(session, CATALOGUE, clinic, criterion.code, by=second, second=verifier)
        session.commit()
        return Desk(url, clinics, engine, verifier.id, ids)


def bars_of(bench: Bench, urls: Mapping[int, str], engine: str = "SQLite") -> list[Bar]:
    """Return the bars over databases of several sizes, smallest first, which are written to."""
    desks = [desk_at(url, clinics) for clinics, url in urls.items()]
    asked = [question.search() for question in questions(SEARCHES, bench.seed)]
    for desk in desks:
        desk.work("first")  # thrown away: what is made at first use is made
    for _block in range(BLOCKS):
        for desk in desks:
            desk.work(QUIET)
            with searching(desk.url, asked) as searcher:
                desk.work(BUSY)
            desk.searches += searcher.made
    for desk in desks:
        desk.engine.dispose()
    bench.report.timings += [
        Timing(
            f"recording a check, {when}", engine, desk.clinics, tuple(desk.milliseconds[when]), 0
        )
        for when in (QUIET, BUSY)
        for desk in desks
    ]
    small, large = desks[0], desks[-1]
    made = sorted(set.union(*(desk.statements for desk in desks)))
    sizes = f"{large.clinics:,} against {small.clinics:,} clinics, {engine}"
    return [
        *(
            Bar(
                f"recording a check, p50 while {when}: {sizes}",
                median(large.milliseconds[when]) / median(small.milliseconds[when]),
                MOST_TIMES,
                "times",
            )
            for when in (QUIET, BUSY)
        ),
        Bar(
            f"statements of recording a check, most less fewest ({made[-1]}): {sizes}",
            made[-1] - made[0],
            0,
            contract=True,
        ),
        Bar(
            f"searches meanwhile, fewest of any size: {engine}",
            min(desk.searches for desk in desks),
            CLINICS,
            at_least=True,
            contract=True,
        ),
    ]


def copied(source: Path, target: Path) -> str:
    """Copy a database of SQLite that nobody writes to, down to the disk; returns its address."""
    shutil.copyfile(source, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())
    return f"sqlite:///{target}"


def measure(bench: Bench) -> list[Bar]:
    """Return the bars on copies of the databases, which are then removed."""
    targets = {clinics: bench.folder / f"writes-{clinics}.sqlite" for clinics in bench.sizes}
    try:
        urls = {
            clinics: copied(bench.sqlite(clinics), target) for clinics, target in targets.items()
        }
        bars = bars_of(bench, urls)
    finally:
        for target in targets.values():
            for suffix in ("", "-wal", "-shm"):
                Path(f"{target}{suffix}").unlink(missing_ok=True)
    if bench.full:
        ends = (bench.sizes[0], bench.sizes[-1])
        urls = {clinics: bench.postgres_to_write(clinics) for clinics in ends}
        bars += bars_of(bench, urls, "PostgreSQL, fsync off")
    return bars
