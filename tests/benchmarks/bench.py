"""One run of the benchmarks: how much is asked for, where its files are, what it has found.

A module of this folder whose name ends in `_bars` is a section of the run. It has
`measure(bench: Bench) -> list[Bar]`; what it times besides goes to `bench.report.timings`.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.benchmarks.loading import connect, megabytes
from tests.benchmarks.report import Report
from tests.support.postgres import Server

QUICK_SIZES = (2_000, 100_000)
FULL_SIZES = (*QUICK_SIZES, 1_000_000)
QUICK_QUESTIONS, FULL_QUESTIONS = 200, 300
SERVER = {
    "shared_buffers": "512MB",
    "work_mem": "64MB",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
}
"""One process answers, one builds; what is searched fits into memory."""


@dataclass
class Bench:
    """What a section of the run gets: `full` says that a service may be started."""

    folder: Path
    full: bool = False
    seed: int = 1
    sizes: tuple[int, ...] = QUICK_SIZES
    questions: int = QUICK_QUESTIONS
    report: Report = field(default_factory=Report)
    _files: dict[int, Path] = field(default_factory=dict)
    _databases: dict[int, str] = field(default_factory=dict)
    _server: Server | None = None

    def say(self, words: str) -> None:
        """Print a line at once: a run takes minutes."""
        self.report.say(words)

    def __enter__(self) -> Self:
        """Begin; the server starts when it is first needed."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the server and remove its folder."""
        if self._server is not None:
            self._server.stop()

    def sqlite(self, clinics: int) -> Path:
        """Return a SQLite database with so many clinics, filled once a run: only read it.

        Who writes takes a copy first.
        """
        from tests.benchmarks import population

        if clinics not in self._files:
            path = self.folder / f"clinics-{clinics}.sqlite"
            seconds = population.fill(f"sqlite:///{path}", clinics, seed=self.seed)
            self._loaded("SQLite", clinics, seconds, path.stat().st_size / 1e6)
            self._files[clinics] = path
        return self._files[clinics]

    def empty_postgres(self, name: str) -> str:
        """Return the address of a new PostgreSQL database; the first one starts the server."""
        if self._server is None:
            # On the disk, as anybody's: the memory is for what it keeps there itself.
            self._server = Server.start(tempfile.gettempdir(), **SERVER)
            self.say(f"PostgreSQL: fsync off, {SERVER}")
            self.report.notes["postgresql_settings"] = {"fsync": "off", **SERVER}
        return self._server.create(name)

    def empty(self, name: str) -> Iterator[tuple[str, str]]:
        """Yield the name of each engine with the address of an empty database.

        PostgreSQL only in a full run.
        """
        yield "SQLite", f"sqlite:///{self.folder / name}.sqlite"
        if self.full:
            yield "PostgreSQL", self.empty_postgres(name)

    def postgres(self, clinics: int) -> str:
        """Return the address of a PostgreSQL database with so many clinics: only read it."""
        from tests.benchmarks import population

        if clinics not in self._databases:
            url = self.empty_postgres(f"clinics_{clinics}")
            seconds = population.fill(url, clinics, seed=self.seed)
            with connect(url) as connection:
                size = megabytes(connection, "pg_database_size(current_database())")
            self._loaded("PostgreSQL", clinics, seconds, size)
            self._databases[clinics] = url
        return self._databases[clinics]

    def postgres_to_write(self, clinics: int) -> str:
        """Return the address of a copy of that database, to write to; it goes with the server."""
        source = self.postgres(clinics).rpartition("/")[2]
        if self._server is None:
            raise RuntimeError("the server of this database has ended")
        # A database is copied only while nobody is connected to it.
        self._server.run(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{source}'"
        )
        return self._server.create(f"{source}_to_write", source)

    def _loaded(self, engine: str, clinics: int, seconds: float, size: float) -> None:
        self.say(f"{engine}: {clinics:,} clinics, {size:,.0f} MB, loaded in {seconds:.0f} s")
        self.report.notes.setdefault("databases", []).append(
            {"engine": engine, "clinics": clinics, "megabytes": round(size), "seconds": seconds}
        )
