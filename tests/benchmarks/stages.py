"""Where the time of one search request goes: the real functions with timers around them.

Each moment counts for the innermost stage that is running, so the stages add up and none is
counted twice. What no stage claims is left over, and shown.
"""

import importlib
import inspect
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import wraps
from statistics import fmean, median
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event
from werkzeug.test import EnvironBuilder

LEFT = "(no stage)"
"""What runs inside the application and belongs to none of the others: it is not covered."""

STAGES: dict[str, tuple[str, ...]] = {
    LEFT: ("flask.app:Flask.wsgi_app",),
    "cache": ("directory.web.kept:Keeper.__call__",),
    "gate, routing, headers": (
        "flask.app:Flask.request_context",
        "flask.ctx:RequestContext.push",
        "flask.ctx:RequestContext.pop",
        "flask.app:Flask.preprocess_request",
        "flask.app:Flask.finalize_request",
        "werkzeug.wrappers:Response.__call__",
    ),
    "form": (
        "directory.web.forms.search:SearchForm.read",
        "directory.web.forms.search:SearchForm.validate",
        "directory.web.forms.search:SearchForm.filters",
    ),
    "place reading": (
        "directory.sources.geocoder:EmbeddedGeocoder.read",
        "directory.sources.place_search:PlaceReader.read",
        "directory.sources.gazetteer:Gazetteer.state_extent",
    ),
    "steps in between": ("directory.web.searching:answer_search",),
    "names of clinics": ("directory.operations.clinic_names:clinics_called",),
    "spans": (
        "directory.domain.places:circle_spans",
        "directory.domain.places:earth_point",
        "directory.domain.places:box_within",
        "directory.domain.places:chord_cm",
    ),
    "SQLAlchemy around SQL": (
        "directory.operations.circle:run",
        "directory.models.reading:rows_of",
        "directory.web.state:begin_reading",
        "sqlalchemy.orm:Session.execute",
        "sqlalchemy.orm:Session.connection",
        "sqlalchemy.orm:Session.close",
        "sqlalchemy.engine:Connection.execute",
    ),
    "counting": (
        "directory.operations.circle:read_codes",
        "directory.domain.facets:Tally.counts",
        "directory.domain.facets:Tally.rings",
    ),
    "rows": (
        "directory.operations.search:find_clinics",
        "directory.operations.hits:find_hits",
        "directory.operations.hits:with_cards",
    ),
    "ways out of no result": ("directory.web.ways_out:ways_out",),
    "cards": (
        "directory.web.hits:pieces_of",
        "directory.web.public.cards:card_list",
        "directory.web.api.documents:hit_documents",
    ),
    "rendering": (
        "directory.web.public.results:found_page",
        "flask.templating:render_template",
    ),
    "JSON": (
        "directory.web.api.documents:search_document",
        "directory.web.api:answer",
    ),
    "compression": ("flask_compress.flask_compress:Compress.after_request",),
}
"""Which functions a stage is, by module and name; statements are told apart by their text."""

STATEMENTS = ("SQL counts", "SQL page", "SQL other")


def statement_stage(statement: str) -> str:
    """Return which stage a statement belongs to."""
    if "search_row" not in statement or "directory_state" in statement:
        return "SQL other"
    return "SQL page" if "card" in statement else "SQL counts"


class Stopwatch:
    """Adds up nanoseconds by stage; one thread only."""

    def __init__(self) -> None:
        """Begin with nothing running."""
        self.nanoseconds: dict[str, int] = defaultdict(int)
        self._running: list[str] = []
        self._since = 0

    def enter(self, stage: str) -> None:
        """Let a stage run until it is left; what ran before it waits."""
        now = time.perf_counter_ns()
        if self._running:
            self.nanoseconds[self._running[-1]] += now - self._since
        self._running.append(stage)
        self._since = time.perf_counter_ns()

    def leave(self) -> None:
        """End the innermost stage."""
        now = time.perf_counter_ns()
        self.nanoseconds[self._running.pop()] += now - self._since
        self._since = time.perf_counter_ns()

    def around(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with the stage running while it does."""

        @wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            self.enter(stage)
            try:
                return function(*args, **kwargs)
            finally:
                self.leave()

        return timed


@contextmanager
def timed(
    stopwatch: Stopwatch, stages: dict[str, tuple[str, ...]] = STAGES, *, strict: bool = True
) -> Iterator[list[str]]:
    """Put timers around the functions of the stages, wherever they were imported to.

    Gives the names that are not there; when `strict`, raises AttributeError on the first of them.
    An application that is to be timed is made inside the block.
    """
    undo: list[tuple[Any, str, Any]] = []
    found: list[tuple[str, list[Any], str, Any]] = []
    missing: list[str] = []
    for name in [name for names in stages.values() for name in names]:
        # All of them are imported before the first is replaced: none imports a timer.
        with suppress(ImportError):
            importlib.import_module(name.partition(":")[0])
    for stage, names in stages.items():
        for name in names:
            try:
                found.append((stage, *_found(name)))
            except (ImportError, AttributeError):
                missing.append(name)
    for stage, places, last, original in found:
        for place in places:
            undo.append((place, last, vars(place).get(last)))
            setattr(place, last, _around(stopwatch, stage, original))
    try:
        if strict and missing:
            raise AttributeError(f"there is nothing to time at {', '.join(missing)}")
        yield missing
    finally:
        for place, last, before in reversed(undo):
            if before is None:
                delattr(place, last)
            else:
                setattr(place, last, before)


def _found(name: str) -> tuple[list[Any], str, Any]:
    """Return where a function is found under its name: its class, or all modules that have it."""
    module_name, _colon, path = name.partition(":")
    module = importlib.import_module(module_name)
    *owners, last = path.split(".")
    if owners:
        owner = getattr(module, owners[0])
        return [owner], last, inspect.getattr_static(owner, last)
    function = getattr(module, last)
    places = [
        place
        for place in list(sys.modules.values())
        if place.__name__.partition(".")[0] in ("directory", "flask")
        and vars(place).get(last) is function
    ]
    return places, last, function


def _around(stopwatch: Stopwatch, stage: str, original: Any) -> Any:
    if isinstance(original, classmethod | staticmethod):
        return type(original)(stopwatch.around(stage, original.__func__))
    return stopwatch.around(stage, original)


@contextmanager
def _statements_timed(stopwatch: Stopwatch) -> Iterator[None]:
    def before(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        stopwatch.enter(statement_stage(statement))

    def after(*_everything: Any) -> None:
        stopwatch.leave()

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "after_cursor_execute", after)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", before)
        event.remove(Engine, "after_cursor_execute", after)


class Profile:
    """Requests taken apart: for each one its microseconds in all and by stage."""

    def __init__(self) -> None:
        """Begin with no request."""
        self.totals: list[float] = []
        self.first: list[float] = []
        """What each request took when it was asked for the first time."""
        self.stages: dict[str, list[float]] = defaultdict(list)
        self.sizes: list[int] = []

    def add(self, total: float, stages: dict[str, float], size: int) -> None:
        """Add one request: microseconds, and the bytes of its answer."""
        self.totals.append(total)
        self.sizes.append(size)
        for name in (*STAGES, *STATEMENTS):
            if name != LEFT:
                self.stages[name].append(stages.get(name, 0.0))

    @property
    def covered(self) -> float:
        """The share of a request that the stages claim, 0 to 1: the median of the requests."""
        pairs = zip(self.left, self.totals, strict=True)
        return median(1 - left / total for left, total in pairs)

    def median(self, stage: str = "") -> float:
        """Return the median microseconds of a stage, or of the whole request."""
        return median(self.stages[stage] if stage else self.totals)

    @property
    def left(self) -> list[float]:
        """What no stage claims, for each request."""
        return [
            total - sum(values[number] for values in self.stages.values())
            for number, total in enumerate(self.totals)
        ]

    def lines(self) -> list[str]:
        """Return each stage's median and mean microseconds, longest first, as lines."""
        whole = fmean(self.totals)
        rows = {name: values for name, values in self.stages.items() if any(values)}
        ordered = sorted(rows, key=lambda name: -fmean(rows[name]))
        table = [("whole request", self.totals), *((name, rows[name]) for name in ordered)]
        head = f"{'us a request':<26} {'median':>9} {'mean':>9} {'share':>7}"
        about = f"stages cover {self.covered:.0%}, answers of {median(self.sizes):,.0f} bytes"
        return [
            f"{head}   {about}",
            f"{'the first time':<26} {median(self.first):>9,.0f} {fmean(self.first):>9,.0f}",
            *(
                f"{name:<26} {median(values):>9,.0f} {fmean(values):>9,.0f}"
                f" {fmean(values) / whole:>7.1%}"
                for name, values in [*table, (LEFT, self.left)]
            ),
        ]


def profile(
    app: Flask,
    stopwatch: Stopwatch,
    paths: Sequence[str],
    *,
    rounds: int = 5,
    headers: dict[str, str] | None = None,
) -> Profile:
    """Ask an application for each path in this process, and take the time apart.

    Each path is asked once more than there are rounds, and its quickest answer but for the first
    counts. The application was made while `timed` was in force. Raises RuntimeError at an answer
    that is not 200.
    """
    found = Profile()
    with _statements_timed(stopwatch):
        for path in paths:
            environ = EnvironBuilder(path, headers=headers).get_environ()
            asked = [_asked(app, stopwatch, environ) for _ in range(rounds + 1)]
            found.first.append(asked[0][0])
            total, stages, size = min(asked[1:], key=lambda one: one[0])
            found.add(total, stages, size)
    return found


def _asked(
    app: Flask, stopwatch: Stopwatch, environ: dict[str, Any]
) -> tuple[float, dict[str, float], int]:
    statuses: list[str] = []
    stopwatch.nanoseconds.clear()
    began = time.perf_counter_ns()
    answer = app(dict(environ), lambda status, *_rest: statuses.append(status))
    size = sum(map(len, answer))
    with suppress(AttributeError):
        answer.close()
    total = time.perf_counter_ns() - began
    if statuses != ["200 OK"]:
        raise RuntimeError(f"{environ['PATH_INFO']} answered {statuses}")
    stages = {name: spent / 1000 for name, spent in stopwatch.nanoseconds.items()}
    return total / 1000, stages, size
