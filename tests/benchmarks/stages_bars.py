"""What one search request spends its time on, as a page and as JSON, cached and not: by stage."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from directory.sources.gazetteer import Gazetteer
from directory.sources.place_search import PlaceReader
from tests.benchmarks import serving
from tests.benchmarks.bench import Bench
from tests.benchmarks.report import Bar
from tests.benchmarks.searches import API, PAGE, Asked, instance_of, searches
from tests.benchmarks.stages import Profile, Stopwatch, profile, timed
from tests.factories import NOW
from tests.support.apps import close

SEARCHES = 40
COVERED = 0.8
BROWSERS = {"Accept-Encoding": "br, gzip"}


def profile_of(
    instance: Path,
    url: str,
    paths: Sequence[str],
    *,
    cache_mb: int = 0,
    headers: dict[str, str] | None = None,
    rounds: int = 5,
) -> Profile:
    """Return where an application on the database at `url` spends its time on some addresses."""
    served = serving.Served(
        kind="directory",
        instance=str(instance),
        url=url,
        cache_mb=cache_mb,
        moment=NOW.isoformat(),
    )
    close(serving.directory(served))  # whatever is imported is imported before it is timed
    stopwatch = Stopwatch()
    with timed(stopwatch):
        app = serving.directory(served)
        try:
            return profile(app, stopwatch, paths, headers=headers, rounds=rounds)
        finally:
            close(app)


def bars_of(bench: Bench, url: str, clinics: int, engine: str = "SQLite") -> list[Bar]:
    """Print the stages of a page and of JSON on one database; return how much they cover."""
    instance = instance_of(bench.folder)
    with closing(Gazetteer(instance / "gazetteer.sqlite")) as gazetteer:
        asked = searches(SEARCHES, PlaceReader(gazetteer), bench.seed)
    bars = []
    for kind, root in (("JSON", API), ("HTML", PAGE)):
        bars.append(
            _one(bench, instance, url, asked, f"{kind}: {clinics:,} clinics, {engine}", root)
        )
    return bars


def _one(
    bench: Bench, instance: Path, url: str, asked: Sequence[Asked], name: str, root: str
) -> Bar:
    paths = [one.path(root) for one in asked]
    found = profile_of(instance, url, paths)
    bench.say(f"-- {name}, uncached")
    for line in found.lines():
        bench.say(line)
    compressed = profile_of(instance, url, paths, headers=BROWSERS)
    spent = compressed.median("compression")
    bench.say(f"{'compression for a browser':<26} {spent:>9,.0f}")
    known = profile_of(instance, url, paths, cache_mb=32)
    bench.say(f"{'whole request, cached':<26} {known.median():>9,.0f}")
    return Bar(
        f"share of a search that the stages cover, {name}", found.covered, COVERED, at_least=True
    )


def measure(bench: Bench) -> list[Bar]:
    """Print the stages, in full for each size and on PostgreSQL; return how much they cover."""
    bars = []
    for clinics in bench.sizes if bench.full else bench.sizes[:1]:
        bars += bars_of(bench, f"sqlite:///{bench.sqlite(clinics)}", clinics)
    if bench.full:
        for clinics in (bench.sizes[0], bench.sizes[-1]):
            bars += bars_of(bench, bench.postgres(clinics), clinics, "PostgreSQL")
    return bars
