"""Run the benchmarks: python -m tests.benchmarks [--full] [--only NAME ...]

Prints what each section measures, then all figures, those with a target last, and keeps them in
build/bench.json. Status 1 after a wrong answer or a broken contract; a ratio that misses its
target is printed as MISSED and changes nothing: it is a measurement.
"""

import argparse
import importlib
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tests.benchmarks.bench import (
    FULL_QUESTIONS,
    FULL_SIZES,
    QUICK_QUESTIONS,
    QUICK_SIZES,
    Bench,
)
from tests.benchmarks.report import Bar, Report, bar_lines, machine

HERE = Path(__file__).parent
KEPT = HERE.parent.parent / "build" / "bench.json"
ENDING = "_bars"
FIRST = ("speed", "building")


def sections() -> list[str]:
    """Return the names of all sections; search against its rivals comes first."""
    names = [path.stem.removesuffix(ENDING) for path in HERE.glob(f"*{ENDING}.py")]
    return sorted(names, key=lambda name: (name not in FIRST, name != FIRST[0], name))


def run(bench: Bench, names: Sequence[str]) -> None:
    """Measure some sections, one after the other."""
    for name in names:
        bench.say(f"== {name}")
        began = time.perf_counter()
        try:
            module = importlib.import_module(f"{__package__}.{name}{ENDING}")
            bench.report.bars += module.measure(bench)
        except Exception:
            # What the other sections take minutes to measure is not lost with this one.
            bench.say(traceback.format_exc())
            bench.report.bars.append(Bar(f"section {name} ended in an error", 1, 0, contract=True))
        bench.say(f"({time.perf_counter() - began:.0f} s)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--full", action="store_true", help="a million clinics, and services")
    parser.add_argument("--only", action="append", choices=sections(), help="this section only")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=KEPT, help="where the figures are kept")
    asked = parser.parse_args(arguments)
    report = Report(say=partial(print, flush=True))
    for name, value in machine().items():
        report.say(f"{name}: {value}")
    report.notes["load_at_the_start"] = os.getloadavg()
    with tempfile.TemporaryDirectory(prefix="directory-bench-") as folder:
        bench = Bench(
            folder=Path(folder),
            full=asked.full,
            seed=asked.seed,
            sizes=FULL_SIZES if asked.full else QUICK_SIZES,
            questions=FULL_QUESTIONS if asked.full else QUICK_QUESTIONS,
            report=report,
        )
        with bench:
            run(bench, asked.only or sections())
    for words, bars in (
        ("for information", [bar for bar in report.bars if bar.target is None]),
        ("against targets", [bar for bar in report.bars if bar.target is not None]),
    ):
        report.say(f"\n== {words}")
        for line in bar_lines(bars):
            report.say(line)
    report.write(asked.keep)
    report.say(f"{report.wrong_answers} wrong answers; all figures are in {asked.keep}")
    return report.status


if __name__ == "__main__":
    sys.exit(main())
