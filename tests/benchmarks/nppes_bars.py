"""Measure the registry's reader against its bars: python -m tests.benchmarks.nppes_bars

A generated month of 200,000 rows, with separators, line breaks and quotes inside values and with
odd letters, is read by ours, by a plain csv reader and by polars, in turns. Prints one line a
bar with its value, its target and whether it holds; exits 1 on a miss.
"""

import csv
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from directory.domain.nppes import INFUSION_CLINIC, Entry, entry_of, reasons_for
from directory.domain.nppes_layout import COLUMNS, TAXONOMIES
from directory.sources import nppes
from directory.sources.tables import open_source
from tests.support import nppes_file

ROWS = 200_000
ROUNDS = 3
NAMES = (
    "Provider Organization Name (Legal Business Name)",
    "Provider Other Organization Name",
)
WORDS = r"(?i)ketamin|infus|\biv\b|intravenous|\bdrip\b"


@dataclass(frozen=True)
class Bar:
    """One thing measured; `least` when more is better."""

    name: str
    value: float
    target: float
    least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the value is within the target."""
        return self.value >= self.target if self.least else self.value <= self.target


def quickly(path: Path) -> list[Entry]:
    """Return what our reader keeps."""
    with open_source(str(path)) as source:
        return list(nppes.entries(source, frozenset(), nppes.Tally()))


def plainly(path: Path) -> list[Entry]:
    """Return what a plain csv reader finds, every row judged."""
    with path.open(encoding="latin-1", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        found = []
        for row in reader:
            values = [nppes._text(value.encode("latin-1")) for value in row]
            if reasons_for(values):
                found.append(entry_of(values))
        return found


def by_polars(path: Path) -> int:
    """Return how many rows a scan and filter of polars finds."""
    import polars

    codes = [polars.col(COLUMNS[place]) == INFUSION_CLINIC for place in TAXONOMIES]
    named = [polars.col(name).str.contains(WORDS) for name in NAMES]
    scan = polars.scan_csv(path, infer_schema_length=0, encoding="utf8-lossy")
    return scan.filter(polars.any_horizontal(*codes, *named)).collect().height


def seconds(work: Callable[[Path], object], path: Path) -> float:
    """Return how long one reading takes."""
    began = time.perf_counter()
    work(path)
    return time.perf_counter() - began


def most_memory(path: Path) -> float:
    """Return the most megabytes that the whole command takes, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        environ = os.environ | {"DIRECTORY_INSTANCE_DIR": folder}
        flask = [sys.executable, "-m", "flask", "--app", "wsgi"]
        for arguments in (["db", "upgrade"], ["import", "nppes", str(path)]):
            subprocess.run([*flask, *arguments], env=environ, check=True, capture_output=True)
    # The largest of all children so far; the one before imports no file and is smaller.
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def measure(path: Path) -> list[Bar]:
    """Return every bar."""
    ours, plain = quickly(path), plainly(path)
    memory = most_memory(path)
    rounds = [(seconds(quickly, path), seconds(by_polars, path)) for _ in range(ROUNDS)]
    best, rival = (min(times) for times in zip(*rounds, strict=True))
    print(f"ours {ROWS / best:,.0f} rows/s, polars {ROWS / rival:,.0f} rows/s")
    different = len(set(ours) ^ set(plain)) + (ours != plain)
    return [
        Bar("rows kept that a plain csv reader does not find so", different, 0),
        Bar("rows kept", len(ours), 5_000, least=True),
        Bar("rows a second, against polars in the same run", rival / best, 0.33, least=True),
        Bar("megabytes of the whole command", memory, 150),
    ]


def main() -> int:
    """Print every bar; 1 when one is missed."""
    with tempfile.TemporaryDirectory() as folder:
        path = nppes_file.generate(Path(folder) / nppes_file.MONTH, ROWS)
        bars = measure(path)
    for bar in bars:
        verdict = "ok" if bar.holds else "MISSED"
        print(f"{bar.name:<52} {bar.value:>12.3f}  target {bar.target:<8} {verdict}")
    return 0 if all(bar.holds for bar in bars) else 1


if __name__ == "__main__":
    sys.exit(main())
