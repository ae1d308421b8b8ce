"""Compile the gazetteer: places.tsv, regions.tsv and the zipcodes package into one SQLite file.

Nothing from the zipcodes package is kept in the repository; its data goes only into the compiled
file, which every installation makes for itself in a few seconds.
"""

import math
import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

from directory.domain.placenames import name_key
from directory.domain.progress import Steps, Watch, nobody
from directory.domain.state_names import STATE_NAMES
from directory.sources.spelling import edits
from directory.sources.towns import (
    NICKNAME,
    OTHER,
    OWN,
    Town,
    Towns,
    locate,
    merge_zip_cities,
    miles_between,
    settle_namesakes,
)
from directory.sources.zip_data import ZipCode, read_zip_codes

# Up to here, two edits are looked for in names of larger towns; all names are indexed for one.
TWO_EDITS_POPULATION, TWO_EDITS_LENGTH = 10_000, 9
SHORTEST_TYPO = 3
SHARES = 10
"""The whole work in tenths, for who watches: half of it is writing."""

SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE place (id INTEGER PRIMARY KEY, name TEXT, state TEXT, lat REAL, lon REAL,
  population INTEGER, weight INTEGER, kind TEXT, county TEXT);
CREATE INDEX place_on_map ON place (lat, lon, population, name)
  WHERE kind = 'city' AND population > 0;
CREATE TABLE name (key TEXT, state TEXT, place INTEGER, rank INTEGER, weight INTEGER,
  PRIMARY KEY (key, state, place)) WITHOUT ROWID;
CREATE TABLE spelling (id INTEGER PRIMARY KEY, key TEXT);
CREATE TABLE typo (hash INTEGER, spelling INTEGER, PRIMARY KEY (hash, spelling)) WITHOUT ROWID;
CREATE TABLE zip (code TEXT PRIMARY KEY, city TEXT, state TEXT, county TEXT, lat REAL, lon REAL,
  timezone TEXT, standard INTEGER) WITHOUT ROWID;
CREATE INDEX zip_lat ON zip (lat, lon);
CREATE TABLE county (key TEXT, state TEXT, name TEXT, lat REAL, lon REAL, population INTEGER,
  PRIMARY KEY (key, state)) WITHOUT ROWID;
CREATE TABLE extent (state TEXT PRIMARY KEY, lat REAL, lon REAL, radius REAL, population INTEGER)
  WITHOUT ROWID;
CREATE TABLE abroad (key TEXT PRIMARY KEY) WITHOUT ROWID;
"""


def build(target: Path, places_file: Path, watch: Watch = nobody) -> dict[str, int]:
    """Compile the gazetteer into `target`, replacing it in one step; returns counts.

    `regions.tsv` is read from beside `places_file`. A failure leaves the old file in place.
    """
    steps = Steps(watch, SHARES)
    codes = read_zip_codes()
    steps.took()
    towns, by_key = _read_places(places_file)
    abroad = _read_regions(places_file.with_name("regions.tsv"), towns, by_key)
    steps.took()
    merge_zip_cities(codes, towns)
    steps.took(2)
    settle_namesakes(towns)
    locate(codes, towns)
    steps.took(2)
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f"{target.name}.{os.getpid()}.new")
    beside.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(beside)) as connection:
            counts = _write(connection, codes, towns, abroad)
        beside.replace(target)
        steps.finish()
    finally:
        beside.unlink(missing_ok=True)
    return counts


def _lines(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                fields = line.rstrip("\n").split("\t")
                yield fields + [""] * (7 - len(fields))


def _read_places(path: Path) -> tuple[list[Town], Towns]:
    towns: list[Town] = []
    by_key: Towns = defaultdict(list)
    for name, state, lat, lon, population, others, _ in _lines(path):
        town = Town(name, (state,), float(lat), float(lon), int(population))
        towns.append(town)
        town.call(name_key(name), OWN)
        by_key[name_key(name), state].append(town)
        for other in filter(None, others.split("|")):
            town.call(name_key(other), OTHER)
    return towns, by_key


def _read_regions(path: Path, towns: list[Town], by_key: Towns) -> set[str]:
    """Add our own regions, neighborhoods and nicknames; returns the keys of cities abroad."""
    abroad: set[str] = set()
    for kind, name, states, lat, lon, population, others in _lines(path):
        keys = [name_key(each) for each in (name.split(" (")[0], *others.split("|"))]
        if kind == "abroad":
            abroad.update(filter(None, keys))
        elif kind == "nickname":
            for town in by_key[keys[0], states][:1]:
                for key in keys[1:]:
                    town.call(key, NICKNAME)
        else:
            codes = tuple(states.split(","))
            town = Town(name, codes, float(lat), float(lon), int(population), kind)
            known = [
                t
                for s in codes
                for t in by_key[keys[0], s]
                if miles_between(t.lat, t.lon, town.lat, town.lon) < 15
            ]
            if known and kind == "neighborhood":
                town = known[0]
            else:
                towns.append(town)
            for key in keys:
                town.call(key, OWN if key == keys[0] else NICKNAME)
    return abroad


def _write(
    connection: sqlite3.Connection, codes: list[ZipCode], towns: list[Town], abroad: set[str]
) -> dict[str, int]:
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    connection.executescript(SCHEMA)
    connection.executemany(
        "INSERT INTO place VALUES (?,?,?,?,?,?,?,?,?)",
        (
            (at, t.name, ",".join(t.states), t.lat, t.lon, t.population, t.weight, t.kind, t.county)
            for at, t in enumerate(towns)
        ),
    )
    names = sorted(
        # Completions list towns before the wide regions around them.
        (key, state, at, rank, town.weight // 10 if town.kind == "region" else town.weight)
        for at, town in enumerate(towns)
        for key, rank in town.names.items()
        for state in town.states
    )
    connection.executemany("INSERT OR IGNORE INTO name VALUES (?,?,?,?,?)", names)
    _write_typos(connection, names)
    connection.executemany(
        "INSERT INTO zip VALUES (?,?,?,?,?,?,?,?)",
        (
            (c.code, c.city, c.state, c.county, c.lat, c.lon, c.timezone, int(c.standard))
            for c in codes
        ),
    )
    connection.executemany("INSERT INTO county VALUES (?,?,?,?,?,?)", _counties(codes, towns))
    connection.executemany("INSERT INTO extent VALUES (?,?,?,?,?)", _extents(codes, towns))
    connection.executemany("INSERT INTO abroad VALUES (?)", ((key,) for key in sorted(abroad)))
    counts = {"places": len(towns), "names": len(names), "zip_codes": len(codes)}
    connection.executemany(
        "INSERT INTO meta VALUES (?,?)",
        [("zipcodes", version("zipcodes")), *((k, str(v)) for k, v in counts.items())],
    )
    connection.commit()
    connection.execute("ANALYZE")
    connection.execute("VACUUM")
    return counts


def _write_typos(
    connection: sqlite3.Connection, names: Iterable[tuple[str, str, int, int, int]]
) -> None:
    best: dict[str, int] = {}
    for key, _, _, rank, weight in names:
        # Names in use only: a typo of a name nobody uses would be a guess.
        if rank in (OWN, NICKNAME) and len(key) >= SHORTEST_TYPO:
            best[key] = max(weight, best.get(key, 0))
    rows: list[tuple[int, int]] = []
    for at, (key, weight) in enumerate(best.items()):
        two = weight >= TWO_EDITS_POPULATION and TWO_EDITS_LENGTH <= len(key) <= 24
        rows.extend((each, at) for each in edits(key, 2 if two else 1))
    connection.executemany("INSERT INTO spelling VALUES (?,?)", enumerate(best))
    connection.executemany("INSERT INTO typo VALUES (?,?)", sorted(rows))


def _centre(points: Iterable[tuple[float, float, float]]) -> tuple[float, float]:
    """Return the weighted middle of points (lat, lon, weight), right across the antimeridian."""
    x = y = z = 0.0
    for lat, lon, weight in points:
        a, b = math.radians(lat), math.radians(lon)
        x += weight * math.cos(a) * math.cos(b)
        y += weight * math.cos(a) * math.sin(b)
        z += weight * math.sin(a)
    return (
        round(math.degrees(math.atan2(z, math.hypot(x, y))), 4),
        round(math.degrees(math.atan2(y, x)), 4),
    )


def _counties(
    codes: list[ZipCode], towns: list[Town]
) -> Iterator[tuple[str, str, str, float, float, int]]:
    weights: dict[tuple[str, str], list[tuple[float, float, float]]] = defaultdict(list)
    for code in codes:
        if code.county and code.lat is not None and code.lon is not None and code.standard:
            weights[code.county, code.state].append((code.lat, code.lon, 200.0))
    for town in towns:
        if town.county and town.kind == "city" and (town.county, town.states[0]) in weights:
            place = (town.lat, town.lon, float(town.population))
            weights[town.county, town.states[0]].append(place)
    seen: set[tuple[str, str]] = set()
    for (name, state), points in weights.items():
        key = name_key(name)
        if (key, state) not in seen:
            seen.add((key, state))
            yield key, state, name, *_centre(points), round(sum(each[2] for each in points))


def _extents(
    codes: list[ZipCode], towns: list[Town]
) -> Iterator[tuple[str, float, float, float, int]]:
    zips_of: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for code in codes:
        if code.lat is not None and code.lon is not None:
            zips_of[code.state].append((code.lat, code.lon))
    people_of: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for town in towns:
        if len(town.states) == 1 and town.kind == "city" and town.population:
            people_of[town.states[0]].append((town.lat, town.lon, float(town.population)))
    for state in STATE_NAMES:
        zips, people = zips_of[state], people_of[state]
        if not zips:
            continue
        lat, lon = _centre(people or [(y, x, 1.0) for y, x in zips])
        radius = max(miles_between(lat, lon, y, x) for y, x in zips)
        yield state, lat, lon, round(radius + 0.05, 1), round(sum(each[2] for each in people))
