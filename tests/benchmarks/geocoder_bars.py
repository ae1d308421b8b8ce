"""The offline geocoder against its bars: right answers first, then time and memory.

Memory is measured in a process of its own.
"""

import random
import statistics
import string
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import zipcodes

from directory import paths
from directory.domain.placenames import Reading
from directory.domain.state_names import STATE_NAMES
from directory.sources.geocoder import EmbeddedGeocoder, geodesic_miles
from tests.benchmarks.bench import Bench
from tests.benchmarks.report import Bar
from tests.benchmarks.searches import instance_of

PLACES = paths.SEED_DATA / "places.tsv"
NEAR_MILES = 15.0
REGIONS = {
    "Bay Area": (37.66, -122.16), "Twin Cities": (44.96, -93.18), "Cape Cod": (41.69, -70.2),
    "Marthas Vineyard": (41.4, -70.62), "Long Island": (40.79, -73.13), "DFW": (32.8, -97.03),
    "Research Triangle": (35.88, -78.79), "Silicon Valley": (37.37, -122.03),
    "Inland Empire": (34.0, -117.35), "Hampton Roads": (36.93, -76.28),
    "Hudson Valley": (41.6, -73.95), "South Florida": (26.1, -80.2),
    "Outer Banks": (35.95, -75.62), "Florida Keys": (24.7, -81.1),
    "Quad Cities": (41.52, -90.55), "Nantucket": (41.28, -70.1),
}  # fmt: skip


Point = tuple[float, float]
Case = tuple[str, list[Point]]  # what is typed, and any of the points that would be right


def city_pairs(count: int, seed: int) -> list[Case]:
    """Return random city and state pairs of the ZIP data, with the points of the city's ZIPs."""
    points: dict[tuple[str, str], list[Point]] = defaultdict(list)
    for row in zipcodes.list_all():  # type: ignore[no-untyped-call]
        lat, lon = float(row["lat"] or 0), float(row["long"] or 0)
        if row["state"] in STATE_NAMES and row["zip_code_type"] != "MILITARY" and (lat or lon):
            points[row["city"], row["state"]].append((lat, lon))
    chosen = random.Random(seed).sample(sorted(points), count)
    return [(f"{city}, {state}", points[city, state]) for city, state in chosen]


def large_towns() -> list[tuple[str, str, Point]]:
    """Return the listed places of more than 20,000 people: name, state, point."""
    rows = (
        line.rstrip("\n").split("\t")
        for line in PLACES.read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    )
    return [(r[0], r[1], (float(r[2]), float(r[3]))) for r in rows if int(r[4]) > 20_000]


def typos(count: int, seed: int, *, with_state: bool = True) -> list[Case]:
    """Return names of towns over 20,000 people with one letter dropped, added, changed, swapped.

    All points of that name (in the state) are right: a typo of "Aurora" may be any Aurora.
    """
    rng = random.Random(seed)
    towns = large_towns()
    cases: list[Case] = []
    for name, state, point in rng.sample(towns, count):
        at = rng.choice([i for i, letter in enumerate(name) if letter.isalpha()])
        wrong = mistype(name, at, rng)
        right = [p for n, s, p in towns if n == name] if not with_state else [point]
        cases.append((f"{wrong}, {state}" if with_state else wrong, right))
    return cases


def mistype(name: str, at: int, rng: random.Random) -> str:
    """Return the name with one slip of the finger at a letter; never the name itself."""
    while True:
        letter = rng.choice([c for c in string.ascii_lowercase if c != name[at].lower()])
        wrong = rng.choice([
            name[:at] + name[at + 1 :],
            name[:at] + letter + name[at:],
            name[:at] + letter + name[at + 1 :],
            name[:at] + name[at + 1 : at + 2] + name[at] + name[at + 2 :],
        ])  # fmt: skip
        if wrong.lower().strip() != name.lower():
            return wrong


def right_at_first(geocoder: EmbeddedGeocoder, cases: Sequence[Case]) -> float:
    """Return the percentage whose one answer is within 15 miles of a right point."""
    return 100 - 100 * len(misses(geocoder, cases)) / len(cases)


def misses(geocoder: EmbeddedGeocoder, cases: Sequence[Case]) -> list[tuple[str, Reading]]:
    """Return the cases answered wrongly, with a choice, or not at all."""
    return [
        (text, reading)
        for text, right in cases
        if not near_any((reading := geocoder.read(text)), right)
    ]


def near_any(reading: Reading, right: Sequence[Point]) -> bool:
    """Say whether the one answer is within 15 miles of any of the points."""
    place = reading.place
    return place is not None and any(
        abs(place.lat - lat) < 0.5
        and geodesic_miles((place.lat, place.lon), (lat, lon)) <= NEAR_MILES
        for lat, lon in right
    )


def regions_right(geocoder: EmbeddedGeocoder) -> float:
    """Return the percentage of well-known regions found where they are, with the right note."""
    good = 0
    for name, point in REGIONS.items():
        reading = geocoder.read(name)
        honest = reading.note == "region" or name == "Nantucket"
        good += near_any(reading, [point]) and honest
    return 100 * good / len(REGIONS)


def milliseconds(call: Callable[[str], object], texts: Sequence[str]) -> list[float]:
    """Return how long each call took, sorted: the best of three, since others use the machine."""
    times = []
    for text in texts:
        best = float("inf")
        for _ in range(3):
            start = time.perf_counter()
            call(text)
            best = min(best, time.perf_counter() - start)
        times.append(best * 1000)
    return sorted(times)


MEMORY = """
import sys
from pathlib import Path
from directory.sources.geocoder import EmbeddedGeocoder
def resident():
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
before = resident()
geocoder = EmbeddedGeocoder(Path(sys.argv[1]))
for line in Path(sys.argv[2]).read_text(encoding="utf-8").splitlines():
    geocoder.read(line); geocoder.complete(line[:3])
print(resident() - before)
"""


def added_megabytes(path: Path, texts: Sequence[str]) -> float:
    """Return the resident memory that opening the geocoder and these searches add (Linux)."""
    with tempfile.TemporaryDirectory() as folder:
        searches = Path(folder, "searches.txt")
        searches.write_text("\n".join(texts), encoding="utf-8")
        command = [sys.executable, "-c", MEMORY, str(path), str(searches)]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def bars_of(bench: Bench, path: Path) -> list[Bar]:
    """Return every bar of the geocoder over a place index."""
    geocoder = EmbeddedGeocoder(path)
    pairs, slips = city_pairs(4000, bench.seed), typos(600, bench.seed)
    bare = typos(600, bench.seed, with_state=False)
    texts, wrong = [text for text, _ in pairs], [text for text, _ in slips]
    every = [row["zip_code"] for row in zipcodes.list_all()[::43]]  # type: ignore[no-untyped-call]
    mixed = milliseconds(geocoder.read, texts + every)
    slow = milliseconds(geocoder.read, wrong + [text for text, _ in bare])
    prefixes = [text[: 1 + at % 6] for at, text in enumerate(texts)]
    complete = milliseconds(geocoder.complete, prefixes)
    right = partial(Bar, unit="%", at_least=True, contract=True)
    quick = partial(Bar, unit="ms", contract=True)
    bars = [
        right("4,000 city and state pairs, first answer", right_at_first(geocoder, pairs), 98.5),
        right("600 typos with state, first answer", right_at_first(geocoder, slips), 98.0),
        right("regions answered honestly", regions_right(geocoder), 100.0),
        Bar("typos without state, one right answer", right_at_first(geocoder, bare), unit="%"),
        quick("median of all place searches", statistics.median(mixed), 1.0),
        quick("slowest 1 % of typos", slow[len(slow) * 99 // 100], 25.0),
        quick("slowest 1 % of completions", complete[len(complete) * 99 // 100], 5.0),
    ]
    if sys.platform == "linux":
        added = added_megabytes(path, texts + wrong)
        bars.append(Bar("memory that the geocoder adds", added, 60.0, "MB", contract=True))
    geocoder.gazetteer.close()
    return bars


def measure(bench: Bench) -> list[Bar]:
    """Return every bar, over a place index that is compiled once a run."""
    path = instance_of(bench.folder) / "gazetteer.sqlite"
    bench.say(f"place index: {path.stat().st_size / 1e6:.1f} MB")
    return bars_of(bench, path)
