"""Puts millions of rows into a database with the real schema, on either engine.

Indexes and triggers are taken off while the rows come and put back afterwards; keys and checks
stay. On PostgreSQL nothing waits for the disk: the servers here are made for one run.
"""

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from tests.support.apps import preparations

Columns = dict[str, tuple[str, ...]]
Chunk = dict[str, list[tuple[Any, ...]]]
DRIVER = "postgresql+psycopg://"


def load(url: str, columns: Columns, chunks: Iterator[Chunk]) -> float:
    """Make the schema with the checklist in the empty database at `url` and put all rows in.

    Returns the seconds that the rows, the indexes and the statistics took.
    """
    with tempfile.TemporaryDirectory(prefix="directory-bench-") as folder:
        preparations(Path(folder))["loaded"](url)
    began = time.perf_counter()
    if url.startswith("sqlite"):
        _load_sqlite(Path(url.removeprefix("sqlite:///")), columns, chunks)
    else:
        _load_postgres(url, columns, chunks)
    return time.perf_counter() - began


def _load_sqlite(path: Path, columns: Columns, chunks: Iterator[Chunk]) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        run = connection.execute
        for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -200000"):
            run(f"PRAGMA {setting}")
        later = [
            row
            for row in run(
                "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger')"
                " AND sql IS NOT NULL ORDER BY type"
            ).fetchall()
            if _table_of(connection, row[1]) in columns
        ]
        run("BEGIN")
        for kind, name, _sql in later:
            run(f"DROP {kind} {name}")
        for chunk in chunks:
            for table, rows in chunk.items():
                names = ", ".join(columns[table])
                marks = ", ".join("?" for _ in columns[table])
                connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
        for _kind, _name, sql in later:
            run(sql)
        run("COMMIT")
        run("PRAGMA analysis_limit = 1000")
        run("ANALYZE")
        run("PRAGMA journal_mode = WAL")


def _table_of(connection: sqlite3.Connection, name: str) -> str:
    row = connection.execute("SELECT tbl_name FROM sqlite_master WHERE name = ?", (name,))
    return str(row.fetchone()[0])


def connect(url: str, **settings: Any) -> psycopg.Connection[Any]:
    """Connect to a PostgreSQL database that is named as settings name it, committing by itself."""
    plain = url.replace(DRIVER, "postgresql://")
    return psycopg.connect(plain, autocommit=True, **settings)


def _load_postgres(url: str, columns: Columns, chunks: Iterator[Chunk]) -> None:
    with connect(url) as connection:
        run: Callable[..., Any] = connection.execute
        # Neither triggers nor foreign keys are asked for each row.
        run("SET session_replication_role = replica")
        run("SET TimeZone = 'UTC'")
        run("SET maintenance_work_mem = '256MB'")
        later = run(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s)"
            " AND indexname NOT IN (SELECT conname FROM pg_constraint)",
            [list(columns)],
        ).fetchall()
        for name, _sql in later:
            run(f"DROP INDEX {name}")
        for chunk in chunks:
            for table, rows in chunk.items():
                with connection.cursor().copy(
                    f"COPY {table} ({', '.join(columns[table])}) FROM STDIN"
                ) as copy:
                    for row in rows:
                        copy.write_row(row)
        for _name, sql in later:
            run(sql)
        for table, key in (("clinic", "id"), ("service", "id")):
            run(
                f"SELECT setval(pg_get_serial_sequence('{table}', '{key}'),"
                f" (SELECT max({key}) FROM {table}))"
            )
        for table in columns:
            run(f"VACUUM ANALYZE {table}")


def megabytes(connection: psycopg.Connection[Any], size: str) -> float:
    """Return a size that PostgreSQL gives in bytes for an expression."""
    row = connection.execute(f"SELECT {size}").fetchone()
    return float(row[0]) / 1e6 if row else 0.0
