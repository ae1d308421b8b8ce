"""What every benchmark hands back, and how it is printed and kept: build/bench.json.

A bar that is a contract must hold: a miss ends the run with status 1. Any other bar is a
measurement: a miss is printed as MISSED, and the run ends well, because a slow or busy machine
moves it. A wrong answer voids a bar, whatever it is, and the run ends with status 1.
"""

import json
import os
import platform
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import fmean, median
from typing import Any

PACKAGES = ("SQLAlchemy", "Flask", "psycopg", "numpy", "geopy")


@dataclass(frozen=True)
class Bar:
    """One figure beside its target, which is the most that is good unless `at_least`.

    Without a target it is for information. `wrong` counts wrong answers behind the figure: one is
    enough to void it.
    """

    name: str
    value: float
    target: float | None = None
    unit: str = ""
    at_least: bool = False
    contract: bool = False
    wrong: int = 0

    @property
    def ok(self) -> bool | None:
        """Say whether the target is met; None where there is none. A void figure meets none."""
        if self.wrong:
            return False
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target

    @property
    def verdict(self) -> str:
        """Return the word that is printed: ok, MISSED, VOID or nothing."""
        if self.wrong:
            return "VOID"
        return {True: "ok", False: "MISSED", None: ""}[self.ok]

    @property
    def fails(self) -> bool:
        """Say whether the run must end with status 1 because of it."""
        return bool(self.wrong) or (self.contract and self.ok is False)

    def document(self) -> dict[str, Any]:
        """Return what is kept of it; a void figure has no value."""
        return {
            "name": self.name,
            "value": None if self.wrong else self.value,
            "target": self.target,
            "ok": self.ok,
            "unit": self.unit,
            "at_least": self.at_least,
            "contract": self.contract,
        }


@dataclass(frozen=True)
class Timing:
    """How long one back end took for the same questions, in milliseconds each.

    `wrong` is empty where the answers were not judged. Of a back end that is not `exact` and says
    so, wrong answers are shown and void nothing.
    """

    question: str
    back_end: str
    clinics: int
    milliseconds: tuple[float, ...]
    mean_hits: float
    wrong: int | None = 0
    exact: bool = True

    @property
    def p50(self) -> float:
        """The median."""
        return median(self.milliseconds)

    @property
    def p95(self) -> float:
        """What 95 of 100 questions take at most."""
        return sorted(self.milliseconds)[int(len(self.milliseconds) * 0.95)]

    def document(self) -> dict[str, Any]:
        """Return what is kept of it."""
        return {
            "question": self.question,
            "back_end": self.back_end,
            "clinics": self.clinics,
            "questions": len(self.milliseconds),
            "p50_ms": self.p50,
            "p95_ms": self.p95,
            "mean_ms": fmean(self.milliseconds),
            "mean_hits": self.mean_hits,
            "wrong_answers": self.wrong,
            "exact": self.exact,
        }


@dataclass
class Report:
    """All that one run found."""

    say: Callable[[str], None] = print
    bars: list[Bar] = field(default_factory=list)
    timings: list[Timing] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def wrong_answers(self) -> int:
        """How many wrong answers all back ends of ours and of rivals gave, controls aside."""
        return sum(timing.wrong or 0 for timing in self.timings if timing.exact)

    @property
    def status(self) -> int:
        """The exit status: 1 after a wrong answer or a broken contract."""
        return int(bool(self.wrong_answers) or any(bar.fails for bar in self.bars))

    def document(self) -> dict[str, Any]:
        """Return the report as it is kept: measurements as ratios, contracts as bars."""
        return {
            "ratios": [bar.document() for bar in self.bars if not bar.contract],
            "contracts": [bar.document() for bar in self.bars if bar.contract],
            "wrong_answers": self.wrong_answers,
            "machine": machine() | self.notes,
            "timings": [timing.document() for timing in self.timings],
        }

    def write(self, path: Path) -> None:
        """Keep the report at `path`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.document(), indent=2) + "\n", "utf-8")


def machine() -> dict[str, Any]:
    """Return on what the figures were measured: processor, load, versions."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name.lower(): version(name) for name in PACKAGES},
    }


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def timing_lines(timings: Sequence[Timing]) -> list[str]:
    """Return the timings as the lines of a table."""
    lines = [
        f"{'back end':<46} {'clinics':>9} {'p50 ms':>9} {'p95 ms':>9} {'hits':>9} {'wrong':>6}"
    ]
    question = None
    for timing in timings:
        wrong = "-" if timing.wrong is None else str(timing.wrong)
        if not timing.exact:
            wrong += " (not exact)"
        if timing.question != question:
            question = timing.question
            lines.append(f"-- {question}, {len(timing.milliseconds)} questions")
        lines.append(
            f"{timing.back_end:<46} {timing.clinics:>9,} {timing.p50:>9.3f} {timing.p95:>9.3f}"
            f" {timing.mean_hits:>9,.0f} {wrong:>6}"
        )
    return lines


def bar_lines(bars: Sequence[Bar]) -> list[str]:
    """Return the bars as the lines of a table."""
    lines = []
    width = max((len(bar.name) for bar in bars), default=0)
    for bar in bars:
        value = "void" if bar.wrong else f"{bar.value:,.3f}"
        target = ""
        if bar.target is not None:
            target = f"at {'least' if bar.at_least else 'most'} {bar.target:g}"
        kind = " (contract)" if bar.contract else ""
        line = f"{bar.name:<{width}} {value:>11} {bar.unit:<6} {target:<16} {bar.verdict}{kind}"
        lines.append(line.rstrip())
    return lines
