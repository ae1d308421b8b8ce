"""How quickly the registry's file is read: ours against polars, plain csv and, in full, DuckDB.

A generated month with separators, line breaks and quotes inside values and with odd letters. The
rivals only look for the rows: one code in fifteen columns, or a word in two names. Ours also holds
what it finds against the rules and makes entries of it.
"""

import csv
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from directory.domain.nppes import INFUSION_CLINIC, Entry, entry_of, reasons_for
from directory.domain.nppes_layout import COLUMNS, TAXONOMIES
from directory.sources import nppes
from directory.sources.tables import open_source
from tests.benchmarks.bench import Bench
from tests.benchmarks.report import Bar
from tests.support import nppes_file

QUICK_ROWS, FULL_ROWS = 25_000, 200_000
KEPT_AT_LEAST = 0.025
"""So much of the file are clinics that ours keeps; fewer would make its work too easy."""

ROUNDS = 3
NAMES = (
    "Provider Organization Name (Legal Business Name)",
    "Provider Other Organization Name",
)
WORDS = r"ketamin|infus|\biv\b|intravenous|\bdrip\b"
MEGABYTES = 150
READS = Callable[[Path], object]
_LARGEST_CHILD = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""


def quickly(path: Path) -> list[Entry]:
    """Return what our reader keeps."""
    with open_source(str(path)) as source:
        return list(nppes.entries(source, frozenset(), nppes.Tally()))


def plainly(path: Path) -> list[Entry]:
    """Return what a plain csv reader finds, every row held against the rules."""
    with path.open(encoding="latin-1", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        found = []
        for row in reader:
            values = [nppes._text(value.encode("latin-1")) for value in row]
            if reasons_for(values):
                found.append(entry_of(values))
        return found


def by_csv(path: Path) -> int:
    """Return how many rows a plain csv reader finds."""
    words, names = re.compile(WORDS, re.IGNORECASE), [COLUMNS.index(name) for name in NAMES]
    with path.open(encoding="latin-1", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        return sum(
            any(row[place] == INFUSION_CLINIC for place in TAXONOMIES)
            or any(words.search(row[place]) for place in names)
            for row in reader
        )


def by_polars(path: Path) -> int:
    """Return how many rows a scan and filter of polars finds."""
    import polars

    codes = [polars.col(COLUMNS[place]) == INFUSION_CLINIC for place in TAXONOMIES]
    named = [polars.col(name).str.contains(f"(?i){WORDS}") for name in NAMES]
    scan = polars.scan_csv(path, infer_schema_length=0, encoding="utf8-lossy")
    return scan.filter(polars.any_horizontal(*codes, *named)).collect().height


def by_duckdb(path: Path) -> int:
    """Return how many rows a filter of DuckDB finds; it leaves out what is no UTF-8."""
    import duckdb

    codes = [f"\"{COLUMNS[place]}\" = '{INFUSION_CLINIC}'" for place in TAXONOMIES]
    named = [f"regexp_matches(\"{name}\", '{WORDS}', 'i')" for name in NAMES]
    with duckdb.connect() as connection:
        row = connection.execute(
            "SELECT count(*) FROM read_csv(?, header = true, all_varchar = true, quote = '\"',"
            " escape = '\"', delim = ',', ignore_errors = true)"
            f" WHERE {' OR '.join(codes + named)}",
            [str(path)],
        ).fetchone()
    return int(row[0]) if row else 0


def seconds(work: READS, path: Path) -> float:
    """Return how long one reading takes."""
    began = time.perf_counter()
    work(path)
    return time.perf_counter() - began


def in_turns(readers: Sequence[READS], path: Path) -> list[list[float]]:
    """Return the seconds of each reader, round by round, each round beginning with the next."""
    times: list[list[float]] = [[] for _ in readers]
    for number in range(ROUNDS):
        for at in range(len(readers)):
            one = (number + at) % len(readers)
            times[one].append(seconds(readers[one], path))
    return times


def most_memory(path: Path) -> float:
    """Return the most megabytes that the whole command takes, in a process of its own.

    Between stands a small process: a child counts what its parent had when it began.
    """
    with tempfile.TemporaryDirectory() as folder:
        environ = os.environ | {"DIRECTORY_INSTANCE_DIR": folder}
        flask = [sys.executable, "-m", "flask", "--app", "wsgi"]
        megabytes = 0.0
        for arguments in (["db", "upgrade"], ["import", "nppes", str(path)]):
            command = [sys.executable, "-c", _LARGEST_CHILD, *flask, *arguments]
            ran = subprocess.run(command, env=environ, check=True, capture_output=True, text=True)
            megabytes = float(ran.stdout)
    return megabytes


def bars_of(bench: Bench, path: Path, rows: int) -> list[Bar]:
    """Return every bar over one file."""
    ours, plain = quickly(path), plainly(path)
    different = len(set(ours) ^ set(plain)) + (ours != plain)
    readers: list[READS] = [quickly, by_polars, by_csv]
    names = ["ours", "polars", "csv.reader"]
    if bench.full:
        readers.append(by_duckdb)
        names.append("DuckDB")
    times = in_turns(readers, path)
    for name, reader, spent in zip(names, readers, times, strict=True):
        found = reader(path) if reader is not quickly else len(ours)
        bench.say(f"{name:<12} {rows / min(spent):>9,.0f} rows/s, {found:,} rows kept")
    own, polars, plain_csv, *duckdb = times
    pace = partial(_pace, own, wrong=different)
    return [
        Bar("NPPES rows kept that plain csv does not find so", different, 0, contract=True),
        Bar("NPPES rows kept", len(ours), rows * KEPT_AT_LEAST, at_least=True, contract=True),
        pace("polars, scan and filter", polars, 0.33),
        pace("csv.reader, the same filter", plain_csv),
        *(pace("DuckDB, filter", spent) for spent in duckdb),
        Bar("memory of the whole command flask import nppes", most_memory(path), MEGABYTES, "MB"),
    ]


def _pace(
    own: Sequence[float],
    rival: str,
    times: Sequence[float],
    target: float | None = None,
    *,
    wrong: int,
) -> Bar:
    ratio = median(their / our for our, their in zip(own, times, strict=True))
    return Bar(f"NPPES rows a second / {rival}", ratio, target, at_least=True, wrong=wrong)


def measure(bench: Bench) -> list[Bar]:
    """Return every bar, over a file that is generated and removed."""
    rows = FULL_ROWS if bench.full else QUICK_ROWS
    path = nppes_file.generate(bench.folder / nppes_file.MONTH, rows)
    try:
        return bars_of(bench, path, rows)
    finally:
        path.unlink()
