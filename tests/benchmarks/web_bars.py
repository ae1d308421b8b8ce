"""How many searches a second one server process answers, against a bare Flask hello-world.

The server has one core for itself and the load generator the other. All applications are asked in
turn, the order rotated, on connections that are kept; a ratio is the median over the rounds, each
of which has both of its figures. One wrong answer voids a ratio.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any

from werkzeug.test import EnvironBuilder, run_wsgi_app

from directory.sources.gazetteer import Gazetteer
from directory.sources.place_search import PlaceReader
from tests.benchmarks import serving
from tests.benchmarks.bench import Bench
from tests.benchmarks.load import Question, Tally, crc, drive, request_bytes
from tests.benchmarks.report import Bar
from tests.benchmarks.searches import API, PAGE, Asked, instance_of, searches
from tests.benchmarks.serving import Served, processor_seconds
from tests.benchmarks.serving import serving as server_for
from tests.factories import NOW
from tests.support.apps import close

HOST = "localhost"
"""Named in every request, whatever the port, so that answers hold the same addresses."""

POOL = 600
ASKED_BEFORE = 40
KNOWN_EVERY = 15
"""So many searches; the first few are those a cache knows; every so many has a known answer."""

FEW_CLINICS = 2_000
"""Of so many clinics a process has all cards in memory after a while (`web.fragments`)."""

TARGETS = {"JSON": (0.30, 0.6), "HTML": (0.20, 0.5)}
"""At least so much of the hello-world's rate: uncached, cached."""

MEGABYTES = 150.0
FILLING = 3
"""For so many rounds' time different pages are asked before the memory is looked at."""

CACHE_MB = 16
AS_BROWSERS = {"Accept-Encoding": "br, gzip"}
HELLO = "hello"


@dataclass
class Contestant:
    """An application and what is asked of it; `order` goes on where the last round ended."""

    name: str
    address: tuple[str, int]
    questions: Sequence[Question]
    process: int | None = None
    order: Iterator[int] = field(default_factory=lambda: iter(()))
    rounds: list[Tally] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with the first question."""
        self.order = cycle(range(len(self.questions)))

    @property
    def wrong(self) -> int:
        """Wrong answers, and questions that were answered differently in different rounds."""
        first: dict[int, int] = {}
        changed = sum(
            first.setdefault(number, body) != body
            for tally in self.rounds
            for number, body in tally.seen.items()
        )
        return changed + sum(tally.wrong for tally in self.rounds)

    @property
    def rate(self) -> float:
        """Answers a second, the median of the rounds."""
        return median(tally.rate for tally in self.rounds)

    def ask(self, seconds: float, at_least: int = 1) -> Tally:
        """Ask for one round, from where the last one ended."""
        before = processor_seconds(self.process) if self.process else 0.0
        found = drive(
            self.address, self.questions, seconds=seconds, at_least=at_least, order=self.order
        )
        if self.process:
            found.processor = processor_seconds(self.process) - before
        return found


@dataclass(frozen=True)
class Cores:
    """Which cores the server has, and which the load generator."""

    server: frozenset[int]
    client: frozenset[int]


def cores() -> Cores:
    """Return the first and the last core of those that this process may use."""
    allowed = sorted(os.sched_getaffinity(0))
    return Cores(frozenset(allowed[:1]), frozenset(allowed[-1:]))


@contextmanager
def on(chosen: frozenset[int]) -> Iterator[None]:
    """Keep this process, and what it starts, on some cores for a while."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, chosen)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def in_turns(
    contestants: Sequence[Contestant], *, rounds: int, seconds: float, at_least: int = 1
) -> None:
    """Ask all contestants in every round, each round beginning with the next of them."""
    for number in range(rounds):
        for at in range(len(contestants)):
            one = contestants[(number + at) % len(contestants)]
            one.rounds.append(one.ask(seconds, at_least))


def ratio(one: Contestant, other: Contestant) -> float:
    """Return how much of the other's rate one has: the median of the rounds' ratios."""
    pairs = zip(one.rounds, other.rounds, strict=True)
    return median(mine.rate / theirs.rate for mine, theirs in pairs)


def questions(
    asked: Sequence[Asked], root: str, app: Any, headers: dict[str, str] | None = None
) -> list[Question]:
    """Return the requests, with the right answer where it is asked of `app` in this process.

    Raises RuntimeError when the application does not answer a search with 200.
    """
    made = []
    for number, one in enumerate(asked):
        path = one.path(root)
        known = number < ASKED_BEFORE or number % KNOWN_EVERY == 0
        expected = crc(_answer(app, path, headers)) if known else None
        made.append(Question(request_bytes(HOST, path, headers), expected))
    return made


def _answer(app: Any, path: str, headers: dict[str, str] | None) -> bytes:
    environ = EnvironBuilder(path, base_url=f"http://{HOST}", headers=headers).get_environ()
    body, status, _headers = run_wsgi_app(app, environ, buffered=True)
    if not status.startswith("200"):
        raise RuntimeError(f"{path} answered {status}")
    return b"".join(body)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One set of applications behind one kind of server, on one database."""

    url: str
    clinics: int
    engine: str = "SQLite"
    server: str = "waitress"
    rounds: int = 3
    seconds: float = 1.5
    headers: dict[str, str] | None = None

    @property
    def all_cards(self) -> bool:
        """Whether a server that runs for a while has the card of every clinic in memory."""
        return self.clinics <= FEW_CLINICS

    @property
    def name(self) -> str:
        """What stands behind the name of each of its figures."""
        encoded = ", br" if self.headers else ""
        return f"{self.clinics:,} clinics, {self.engine}, {self.server}{encoded}"


def bars_of(bench: Bench, run: Run) -> list[Bar]:
    """Return the ratios of one run, and how much memory the serving process then has."""
    instance = instance_of(bench.folder)
    directory = {
        "kind": "directory",
        "instance": str(instance),
        "url": run.url,
        "moment": NOW.isoformat(),
    }
    plain = Served(**directory, cache_mb=0)
    asked = _asked(instance, bench.seed)
    app = serving.directory(plain)
    split = cores()
    with ExitStack() as open_ones:
        open_ones.callback(close, app)
        with on(split.server):
            hello, uncached, cached = (
                open_ones.enter_context(server_for(served, run.server))
                for served in (Served(kind="hello"), plain, Served(**directory, cache_mb=CACHE_MB))
            )
        greeting = Question(request_bytes(HOST, "/hello", run.headers))
        contestants = [Contestant(HELLO, hello.address, [greeting], hello.process)]
        for kind, root in (("JSON", API), ("HTML", PAGE)):
            made = questions(asked, root, app, run.headers)
            for name, server, some in (
                ("uncached", uncached, made),
                ("cached", cached, made[:ASKED_BEFORE]),
            ):
                contestants.append(
                    Contestant(f"{kind} {name}", server.address, some, server.process)
                )
        bench.say(f"-- {run.name}: {run.rounds} rounds of {run.seconds:g} s")
        with on(split.client):
            for one in contestants:
                _warm_up(bench, run, one)
            in_turns(contestants, rounds=run.rounds, seconds=run.seconds)
            # Then as many different pages as there is time for: the cache fills up.
            crowd = Contestant("different pages", cached.address, made)
            in_turns([crowd], rounds=1, seconds=run.seconds * FILLING)
        megabytes = cached.megabytes
        bench.say(f"{megabytes:.0f} MB after {crowd.rounds[0].answers:,} different pages")
    _say(bench, contestants)
    return [*ratio_bars(run, contestants), memory_bar(run, megabytes)]


def ratio_bars(run: Run, contestants: Sequence[Contestant]) -> list[Bar]:
    """Return each contestant's rate against that of the first, the hello-world."""
    hello, *others = contestants
    bars = []
    for one in others:
        kind, _space, how = one.name.partition(" ")
        target = None if run.headers else TARGETS[kind][how == "cached"]
        bars.append(
            Bar(
                f"{one.name} / Flask hello: {run.name}",
                ratio(one, hello),
                target,
                at_least=True,
                wrong=one.wrong + hello.wrong,
            )
        )
    return bars


def memory_bar(run: Run, megabytes: float) -> Bar:
    """Return how much memory a serving process took after all of it."""
    return Bar(f"memory of the serving process: {run.name}", megabytes, MEGABYTES, "MB")


def _asked(instance: Path, seed: int) -> tuple[Asked, ...]:
    with closing(Gazetteer(instance / "gazetteer.sqlite")) as gazetteer:
        return searches(POOL, PlaceReader(gazetteer), seed)


def ceiling(bench: Bench, server: str = "waitress") -> Bar:
    """Return what load generator and server do at most, with an application that does nothing."""
    split = cores()
    with on(split.server):
        bare = server_for(Served(kind="bare"), server)
    with bare as running, on(split.client):
        found = drive(running.address, [Question(request_bytes(HOST, "/"))], seconds=1.0)
    bench.say(f"load generator: {found.busy:.0%} busy at {found.rate:,.0f} answers a second")
    return Bar(f"bare WSGI, ceiling of load generator and {server}", found.rate, unit="/s")


def _warm_up(bench: Bench, run: Run, one: Contestant) -> None:
    """Ask what shall be known; in a small directory each search once, so that every card is made.

    Of many clinics only some have their card in memory, however long a server runs.
    """
    once = run.all_cards or one.name.endswith(" cached")
    found = one.ask(run.seconds / 2, len(one.questions) if once else 1)
    if one.name.endswith("uncached"):
        bench.say(f"{one.name:<16} {found.rate:>9,.0f} answers/s at first")


def _say(bench: Bench, contestants: Sequence[Contestant]) -> None:
    for one in contestants:
        answers = sum(tally.answers for tally in one.rounds)
        size = sum(tally.size for tally in one.rounds) / answers
        busy = max(tally.busy for tally in one.rounds)
        computed = sum(tally.processor for tally in one.rounds) / answers * 1e6
        bench.say(
            f"{one.name:<16} {one.rate:>9,.0f} answers/s  {computed:>7,.0f} us of processor and"
            f" {size:>7,.0f} bytes each  {one.wrong} wrong  load generator {busy:.0%} busy"
        )


def measure(bench: Bench) -> list[Bar]:
    """Return all figures: SQLite at each size; in full the scaled server and PostgreSQL too."""
    small, *larger = bench.sizes
    bars = [ceiling(bench)]
    url = f"sqlite:///{bench.sqlite(small)}"
    bars += bars_of(bench, Run(url=url, clinics=small, seconds=2.0 if bench.full else 1.5))
    if bench.full:
        bars.append(ceiling(bench, "gunicorn"))
        bars += bars_of(bench, Run(url=url, clinics=small, server="gunicorn"))
        bars += bars_of(bench, Run(url=url, clinics=small, headers=AS_BROWSERS, rounds=2))
    for clinics in larger:
        url = f"sqlite:///{bench.sqlite(clinics)}"
        bars += bars_of(bench, Run(url=url, clinics=clinics, rounds=2, seconds=1.0))
    for clinics in (small, *larger[-1:]) if bench.full else ():
        run = Run(url=bench.postgres(clinics), clinics=clinics, engine="PostgreSQL", rounds=2)
        bars += bars_of(bench, run)
    return bars
