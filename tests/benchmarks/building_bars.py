"""How long the index of search takes to build and how large it is, beside PostGIS's GiST.

Both are built on the same table of the same server, in turns: once with the wide rows that search
has, and, for information, once with rows as narrow as the columns that are indexed.
"""

import time
from statistics import median
from typing import Any

import psycopg

from directory.models.search import SEARCH_INDEX, SearchRow
from tests.benchmarks.bench import Bench
from tests.benchmarks.loading import connect, megabytes
from tests.benchmarks.report import Bar

ROUNDS = 3
POINT = "ST_SetSRID(ST_MakePoint(c.lon, c.lat), 4326)::geography AS geog"


def measure(bench: Bench) -> list[Bar]:
    """Build both indexes a few times; needs PostgreSQL, so nothing in a quick run."""
    if not bench.full:
        return []
    clinics = max(bench.sizes)
    with connect(bench.postgres(clinics)) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
        connection.execute("SET maintenance_work_mem = '256MB'")
        return [
            *_bars_of(bench, connection, "wide rows", "r.*", clinics, (0.5, 1.0)),
            *_bars_of(bench, connection, "narrow rows", _narrow(), clinics, (None, None)),
        ]


def _indexed() -> list[str]:
    (index,) = (i for i in SearchRow.__table__.indexes if i.name == SEARCH_INDEX)  # type: ignore[attr-defined]
    return [column.name for column in index.columns]


def _narrow() -> str:
    return ", ".join(f"r.{name}" for name in _indexed())


def _bars_of(
    bench: Bench,
    connection: psycopg.Connection[Any],
    rows: str,
    columns: str,
    clinics: int,
    targets: tuple[float | None, float | None],
) -> list[Bar]:
    run = connection.execute
    run("DROP TABLE IF EXISTS built")
    run(
        f"CREATE TABLE built AS SELECT {columns}, {POINT}"
        " FROM search_row AS r JOIN clinic AS c ON c.id = r.clinic_id"
    )
    run("VACUUM ANALYZE built")
    texts = {
        "built_ours": f"btree ({', '.join(_indexed())})",
        "built_gist": "gist (geog)",
    }
    seconds: dict[str, list[float]] = {name: [] for name in texts}
    sizes: dict[str, float] = {}
    for turn in range(ROUNDS):
        for name in sorted(texts, reverse=bool(turn % 2)):
            began = time.perf_counter()
            run(f"CREATE INDEX {name} ON built USING {texts[name]}")
            seconds[name].append(time.perf_counter() - began)
            sizes[name] = megabytes(connection, f"pg_relation_size('{name}')")
            run(f"DROP INDEX {name}")
    run("DROP TABLE built")
    for name in texts:
        bench.say(f"index on {rows}, {name}: {median(seconds[name]):.2f} s, {sizes[name]:.0f} MB")
    ours, gist = seconds["built_ours"], seconds["built_gist"]
    ratio = median(our / their for our, their in zip(ours, gist, strict=True))
    smaller = sizes["built_ours"] / sizes["built_gist"]
    where = f"{rows}, {clinics:,} clinics"
    return [
        Bar(f"index build time: ours / PostGIS GiST, {where}", ratio, targets[0], "x"),
        Bar(f"index size: ours / PostGIS GiST, {where}", smaller, targets[1], "x"),
    ]
