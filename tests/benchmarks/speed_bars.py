"""Search against its rivals and against its own size, on the same questions and the same answers.

Three contests: page, total and all facets; the page alone; the nearest twenty with filters and no
radius. A page is its clinics' numbers in order, with their distances: that is the search, and the
targets are for it. The site keeps what it shows of a clinic rendered. The same "with cards" reads
and parses twenty clinics' wide JSON besides, which is the same work on every side, and is for
information. In full, with a million clinics, PostgreSQL, PostGIS and Redis too. A ratio is void
when one of its two sides gave a wrong answer.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Engine

from tests.benchmarks import ours
from tests.benchmarks.bench import Bench
from tests.benchmarks.contest import BackEnd, Key, hold
from tests.benchmarks.controls import CONTROLS, found_wrong
from tests.benchmarks.population import population
from tests.benchmarks.postgis import FORMS, PostGis
from tests.benchmarks.questions import nearest_questions, questions
from tests.benchmarks.redis_rival import RedisRival
from tests.benchmarks.report import Bar, Timing, timing_lines
from tests.benchmarks.sqlite_rivals import FROM, SqliteRival
from tests.benchmarks.truth import Truth

WHOLE, PAGE, NEAREST = "page, total, all facets", "page alone", "nearest 20 with filters"
UNFILTERED = "page alone, no filters"
SQLITE, POSTGRES, FLOOR = "SQLite, ours", "PostgreSQL, ours", "SQLite, our statements alone"
KNN = "PostGIS, re-ranked KNN"
CARDS = ", with cards"
POSTGIS = "best exact PostGIS"
FORMS_WITH_CARDS = tuple(name + CARDS for name in FORMS)
SQLITE_RIVALS = tuple(f"SQLite {name}" for name in FROM)
LARGEST_OF_SQLITE_RIVALS = 100_000
CONTROL_QUESTIONS = 60
MILLION = 1_000_000
GROWTH = {WHOLE: 8.0, PAGE: 3.0, NEAREST: 1.5}
"""How much longer a million clinics may take than two thousand, at the median."""

Timings = Mapping[Key, Timing]


@dataclass
class Field:
    """All who take part."""

    truths: dict[int, Truth] = field(default_factory=dict)
    contests: dict[str, list[BackEnd]] = field(
        default_factory=lambda: {WHOLE: [], PAGE: [], NEAREST: [], UNFILTERED: []}
    )

    def join(self, back_end: BackEnd, *contests: str) -> None:
        """Let a back end take part in contests."""
        for contest in contests:
            self.contests[contest].append(back_end)


@contextmanager
def everyone(bench: Bench) -> Iterator[Field]:
    """Fill all databases and open all back ends, for a while."""
    with ExitStack() as stack:
        entrants = Field()
        for clinics in bench.sizes:
            entrants.truths[clinics] = Truth(population(clinics, bench.seed))
            _on_sqlite(bench, stack, entrants, clinics)
            if bench.full:
                _on_postgres(bench, stack, entrants, clinics)
        if bench.full and RedisRival.installed():
            redis = RedisRival()
            stack.callback(redis.stop)
            for clinics in bench.sizes:
                entrants.join(redis.back_end(population(clinics, bench.seed)), UNFILTERED)
        elif bench.full:
            bench.say("Redis is left out: redis-server or its client is not installed")
        yield entrants


def _engine(stack: ExitStack, url: str) -> Engine:
    engine = ours.engine_of(url)
    stack.callback(engine.dispose)
    return engine


def _on_sqlite(bench: Bench, stack: ExitStack, entrants: Field, clinics: int) -> None:
    path = bench.sqlite(clinics)
    url = f"sqlite:///{path}"
    engine = _engine(stack, url)
    floor = ours.Floor(_engine(stack, url), str(path))
    stack.callback(floor.close)
    entrants.join(ours.whole(SQLITE, clinics, engine), WHOLE)
    entrants.join(ours.whole_with_cards(SQLITE + CARDS, clinics, engine), WHOLE)
    entrants.join(floor.back_end(FLOOR, clinics, ours.whole_of_numbers), WHOLE)
    entrants.join(ours.page(SQLITE, clinics, engine), PAGE, NEAREST, UNFILTERED)
    entrants.join(ours.page_with_cards(SQLITE + CARDS, clinics, engine), PAGE, NEAREST)
    if clinics <= LARGEST_OF_SQLITE_RIVALS:
        rival = SqliteRival(bench.folder, path, population(clinics, bench.seed))
        stack.callback(rival.close)
        for back_end in rival.back_ends():
            entrants.join(back_end, WHOLE)


def _on_postgres(bench: Bench, stack: ExitStack, entrants: Field, clinics: int) -> None:
    url = bench.postgres(clinics)
    engine = _engine(stack, url)
    rival = PostGis(url, clinics)
    stack.callback(rival.close)
    bench.report.notes["postgis"] = rival.version()
    entrants.join(ours.whole(POSTGRES, clinics, engine), WHOLE)
    entrants.join(ours.whole_with_cards(POSTGRES + CARDS, clinics, engine), WHOLE)
    entrants.join(ours.page(POSTGRES, clinics, engine), PAGE, NEAREST, UNFILTERED)
    entrants.join(ours.page_with_cards(POSTGRES + CARDS, clinics, engine), PAGE, NEAREST)
    for back_end in (*rival.back_ends(), *rival.back_ends_with_cards(CARDS)):
        entrants.join(back_end, WHOLE)
    entrants.join(rival.page(KNN), PAGE, NEAREST, UNFILTERED)
    entrants.join(rival.page_with_cards(KNN + CARDS), PAGE, NEAREST)


def measure(bench: Bench) -> list[Bar]:
    """Hold all contests and return their ratios, and what became of the broken controls."""
    asked = questions(bench.questions, bench.seed)
    contests = {
        WHOLE: asked,
        PAGE: asked,
        NEAREST: nearest_questions(bench.questions, bench.seed),
    }
    if bench.full:
        contests[UNFILTERED] = tuple(q for q in asked if not q.filters.treats_mask)
    timings: dict[str, Timings] = {}
    with everyone(bench) as entrants:
        bars = control_bars(entrants.truths[max(bench.sizes)], bench)
        for name, some in contests.items():
            back_ends, truths = entrants.contests[name], entrants.truths
            timings[name] = hold(name, some, back_ends, truths, counting=name == WHOLE)
            ordered = sorted(timings[name].values(), key=lambda timing: timing.clinics)
            bench.report.timings += ordered
            for line in timing_lines(ordered):
                bench.say(line)
    return [*growth_bars(bench.sizes, timings), *rival_bars(bench.sizes, timings), *bars]


def control_bars(truth: Truth, bench: Bench) -> list[Bar]:
    """Return how often the judge finds each broken control wrong; never means it is blind."""
    asked = questions(bench.questions, bench.seed)[:CONTROL_QUESTIONS]
    return [
        Bar(
            f"wrong answers found of a broken control: {name}",
            found_wrong(control, truth, asked),
            1,
            f"of {len(asked)}",
            at_least=True,
            contract=True,
        )
        for name, control in CONTROLS.items()
    ]


def ratio(
    name: str, above: Timing, below: Timing, part: str, target: float | None, *, at_least: bool
) -> Bar:
    """Return how many times longer one back end takes than another; void when one is wrong."""
    value = getattr(above, part) / getattr(below, part)
    wrong = (above.wrong or 0) + (below.wrong or 0)
    return Bar(f"{name}, {part}", value, target, "x", at_least=at_least, wrong=wrong)


def growth_bars(sizes: Sequence[int], timings: Mapping[str, Timings]) -> list[Bar]:
    """Return how much longer ours take with more clinics; only a million has a target."""
    smallest = min(sizes)
    return [
        ratio(
            f"{contest}: {name}, {clinics:,} / {smallest:,} clinics",
            timings[contest][name, clinics],
            timings[contest][name, smallest],
            "p50",
            target if clinics == MILLION else None,
            at_least=False,
        )
        for contest, target in GROWTH.items()
        for name in (SQLITE, POSTGRES)
        for clinics in sizes
        if clinics != smallest and (name, clinics) in timings[contest]
    ]


def best(timings: Timings, names: Sequence[str], clinics: int, part: str) -> Timing | None:
    """Return the timing of the quickest of some back ends; an answer that is wrong is no answer."""
    there = [timings[name, clinics] for name in names if (name, clinics) in timings]
    right = [timing for timing in there if not timing.wrong]
    return min(right or there, key=lambda timing: float(getattr(timing, part)), default=None)


def rival_bars(sizes: Sequence[int], timings: Mapping[str, Timings]) -> list[Bar]:
    """Return how many times quicker ours are than the best exact form of each rival."""
    bars: list[Bar] = []
    for clinics in sizes:
        for contest, name, rivals, label, target in (
            (WHOLE, SQLITE, tuple(FORMS), POSTGIS, 10.0),
            (WHOLE, POSTGRES, tuple(FORMS), POSTGIS, 5.0),
            (WHOLE, SQLITE + CARDS, FORMS_WITH_CARDS, POSTGIS, None),
            (WHOLE, POSTGRES + CARDS, FORMS_WITH_CARDS, POSTGIS, None),
            (NEAREST, SQLITE, (KNN,), KNN, 7.0),
            (NEAREST, POSTGRES, (KNN,), KNN, None),
            (NEAREST, SQLITE + CARDS, (KNN + CARDS,), KNN, None),
            (NEAREST, POSTGRES + CARDS, (KNN + CARDS,), KNN, None),
            (PAGE, SQLITE, (KNN,), KNN, None),
            (PAGE, POSTGRES, (KNN,), KNN, None),
            (WHOLE, SQLITE + CARDS, SQLITE_RIVALS[:1], SQLITE_RIVALS[0], None),
            (WHOLE, SQLITE + CARDS, SQLITE_RIVALS[1:], SQLITE_RIVALS[1], None),
        ):
            for part in ("p50", "p95"):
                rival = best(timings[contest], rivals, clinics, part)
                if rival is not None:
                    bars.append(
                        ratio(
                            f"{contest}: {label} / {name}, {clinics:,} clinics",
                            rival,
                            timings[contest][name, clinics],
                            part,
                            target if clinics == MILLION else None,
                            at_least=True,
                        )
                    )
    return bars
