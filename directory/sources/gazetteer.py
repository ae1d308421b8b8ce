"""Raw look-ups in the compiled gazetteer: names, typos, ZIP codes, counties, states.

The file never changes once written, so it is opened read-only and immutable. Connections are
lent to one thread at a time and kept for the next: as many as there are threads at work.
"""

import json
import math
import sqlite3
import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from directory.domain.places import earth_point, miles_of_chord, squared_chord_cm
from directory.sources.gazetteer_build import build
from directory.sources.spelling import edit_distance, edits

__all__ = ["Gazetteer", "NamedPlace", "NearMiss", "ZipPlace", "build"]

_CACHE_KIB: Final = 2048  # per connection
_KNOWN_AT_MOST: Final = 2000  # names kept with their places: about two megabytes
_REACHES: Final = (0.3, 1.0, 2.21)  # degrees of latitude: 20, 68 and 150 miles
_MILES_PER_DEGREE: Final = 68.0  # a little less than a degree of latitude has anywhere
_NAMED: Final = """
SELECT place.id, place.name, place.state, place.lat, place.lon, place.population, place.weight,
  place.kind, place.county, name.rank, name.key
FROM name JOIN place ON place.id = name.place
WHERE name.key = ? AND (? IS NULL OR name.state = ?)
"""
_NEAR: Final = """
SELECT DISTINCT spelling.key
FROM json_each(?) AS wanted JOIN typo ON typo.hash = wanted.value
  JOIN spelling ON spelling.id = typo.spelling
"""
_PREFIXED: Final = """
SELECT place.id, place.name, place.state, place.lat, place.lon, place.population, place.weight,
  place.kind, place.county, 3, ''
FROM (
  SELECT place AS id FROM name
  WHERE key >= ? AND key < ? AND rank >= 2 AND (? = 0 OR instr(?, state) > 0)
  GROUP BY place ORDER BY max(rank) DESC, max(weight) DESC LIMIT ?
) AS best JOIN place ON place.id = best.id
"""

_TOWNS: Final = """
SELECT name, lat, lon, population FROM place
WHERE kind = 'city' AND population > 0 AND lat BETWEEN ? AND ?
  AND min(abs(lon - ?), 360 - abs(lon - ?)) <= ?
ORDER BY population DESC, name, lat LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A place that has the name asked for; `rank` says how good a name of it that is.

    3 its own, 2 a nickname, 1 another name, 0 a name only mail carriers know. `states` has one
    code, or several for a region. `weight` ranks: people, or a guess from its ZIP codes.
    """

    id: int
    name: str
    states: tuple[str, ...]
    lat: float
    lon: float
    population: int
    weight: int
    kind: str
    county: str
    rank: int
    key: str


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A place whose name is one or two letters from what was asked for."""

    distance: int
    place: NamedPlace


@dataclass(frozen=True, slots=True)
class ZipPlace:
    """A ZIP code; `lat` and `lon` are None for military codes and a few with no point known."""

    code: str
    city: str
    state: str
    county: str
    lat: float | None
    lon: float | None
    timezone: str


_Known = dict[tuple[str, str | None], tuple[NamedPlace, ...]]


class Gazetteer:
    """The compiled gazetteer at `path`; safe to share between threads.

    Raises FileNotFoundError when it has not been compiled.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise FileNotFoundError(f"the gazetteer has not been compiled: {path}")
        self._uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        self._idle: deque[sqlite3.Connection] = deque()
        self._names: _Known = {}
        self._alike: _Known = {}
        self.close = weakref.finalize(self, _close_all, self._idle)
        """Closes the connections no thread is using; also done when the gazetteer goes away."""

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = sqlite3.connect(self._uri, uri=True, check_same_thread=False)
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        try:
            yield connection
        finally:
            self._idle.append(connection)

    def _rows(self, statement: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        with self._connection() as connection:
            return connection.execute(statement, values).fetchall()

    def named(self, key: str, state: str | None = None) -> list[NamedPlace]:
        """Return the places with exactly this name key, heaviest first.

        What was found is kept for the next who asks; what was not, perhaps somebody's own words,
        is not.
        """
        found = self._names.get((key, state))
        if found is None:
            found = tuple(_places(self._rows(_NAMED, (key, state, state))))
            if found:
                _keep(self._names, (key, state), found)
        return list(found)

    def larger_nearly(self, place: NamedPlace, state: str | None, least: int) -> list[NamedPlace]:
        """Return the places one letter away from a known one, of at least so much weight."""
        found = self._alike.get((place.key, state))
        if found is None:
            misses = self.near_misses(place.key, state, 1)
            found = tuple(miss.place for miss in misses if miss.distance == 1)
            _keep(self._alike, (place.key, state), found)
        return [other for other in found if other.weight >= least]

    def near_misses(self, key: str, state: str | None, depth: int) -> list[NearMiss]:
        """Return places whose name is up to `depth` (1 or 2) letters away: nearest, heaviest."""
        hashes = sorted(edits(key, depth))
        spellings = self._rows(_NEAR, (json.dumps(hashes),))
        found: dict[int, NearMiss] = {}
        for (spelling,) in spellings:
            distance = edit_distance(key, spelling)
            if distance <= depth:
                for place in self.named(spelling, state):
                    known = found.get(place.id)
                    if place.rank >= 2 and (known is None or distance < known.distance):
                        found[place.id] = NearMiss(distance, place)
        return sorted(found.values(), key=lambda miss: (miss.distance, -miss.place.weight))

    def name_prefix(self, prefix: str, states: tuple[str, ...], limit: int) -> list[NamedPlace]:
        """Return places whose name begins with this key, own names first; `states` () means any."""
        return _places(
            self._rows(_PREFIXED, (prefix, prefix + "\x7f", len(states), ",".join(states), limit))
        )

    def zip_code(self, code: str) -> ZipPlace | None:
        """Return one ZIP code by its five digits, or None when there is no such code."""
        rows = self._rows(
            "SELECT code, city, state, county, lat, lon, timezone FROM zip WHERE code = ?", (code,)
        )
        return ZipPlace(*rows[0]) if rows else None

    def zip_prefix(self, digits: str, limit: int) -> list[ZipPlace]:
        """Return the first ordinary ZIP codes that begin with these digits and have a point."""
        return [
            ZipPlace(*row)
            for row in self._rows(
                "SELECT code, city, state, county, lat, lon, timezone FROM zip"
                " WHERE code >= ? AND code < ? AND lat IS NOT NULL"
                " ORDER BY standard DESC, code LIMIT ?",
                (digits, digits + ":", limit),
            )
        ]

    def centroid(self, code: str) -> tuple[float, float] | None:
        """Return the middle of a ZIP code in degrees, or None; good to about a mile."""
        place = self.zip_code(code)
        if place is None or place.lat is None or place.lon is None:
            return None
        return place.lat, place.lon

    def timezone_of(self, code: str) -> str | None:
        """Return the IANA time zone of a ZIP code, or None when it is not known."""
        place = self.zip_code(code)
        return place.timezone or None if place else None

    def nearest_zip(
        self, lat: float, lon: float, *, ordinary: bool = False
    ) -> tuple[float, ZipPlace] | None:
        """Return the ZIP code whose middle is nearest, with the miles to it, within 150 miles.

        Nearest along the WGS-84 geodesic; of equally near ones the lower code. `ordinary` leaves
        out the codes of post office boxes and of single companies, which few people would type.
        """
        here = earth_point(lat, lon)
        for reach in _REACHES:
            rows = self._zips_around(lat, lon, reach, ordinary)
            near = [(squared_chord_cm(here, earth_point(row[4], row[5])), row) for row in rows]
            if near:
                chord, row = min(near)
                miles = miles_of_chord(chord, lat)
                if miles <= reach * _MILES_PER_DEGREE:  # else one outside the box may be nearer
                    return miles, ZipPlace(*row)
        return None

    def _zips_around(
        self, lat: float, lon: float, reach: float, ordinary: bool
    ) -> list[tuple[Any, ...]]:
        """Return the ZIP codes in the box around a circle of `reach` degrees."""
        wide = 180.0
        if abs(lat) + reach < 90:
            ratio = math.sin(math.radians(reach)) / math.cos(math.radians(lat))
            wide = math.degrees(math.asin(min(ratio, 1.0))) + 0.01
        west, east = lon - wide, lon + wide
        return self._rows(
            "SELECT code, city, state, county, lat, lon, timezone FROM zip"
            " WHERE lat BETWEEN ? AND ? AND standard >= ? AND (lon BETWEEN ? AND ?"
            " OR lon + 360 BETWEEN ? AND ? OR lon - 360 BETWEEN ? AND ?)",
            (lat - reach, lat + reach, int(ordinary), west, east, west, east, west, east),
        )

    def towns_around(
        self, lat: float, lon: float, high: float, wide: float, limit: int
    ) -> list[tuple[str, float, float, int]]:
        """Return the largest towns up to `high` and `wide` degrees away, for names on a map.

        Each is the name, latitude, longitude, people.
        """
        return self._rows(_TOWNS, (lat - high, lat + high, lon, lon, wide, limit))

    def counties(self, key: str, state: str | None) -> list[tuple[str, str, float, float, int]]:
        """Return the counties with this name key ("kingcounty"), most people first.

        Each is the state's code, the full name, latitude, longitude, people.
        """
        return self._rows(
            "SELECT state, name, lat, lon, population FROM county"
            " WHERE key = ? AND (? IS NULL OR state = ?) ORDER BY population DESC",
            (key, state, state),
        )

    def state_extent(self, state: str) -> tuple[float, float, float] | None:
        """Return where a state's people live at the middle, and the miles that cover its ZIPs."""
        rows = self._rows("SELECT lat, lon, radius FROM extent WHERE state = ?", (state,))
        return rows[0] if rows else None

    def state_population(self, state: str) -> int:
        """Return the people in the listed towns of a state: a rough figure, for ranking."""
        rows = self._rows("SELECT population FROM extent WHERE state = ?", (state,))
        return int(rows[0][0]) if rows else 0

    def is_abroad(self, key: str) -> bool:
        """Say whether this is the name of a well-known city in another country."""
        return bool(self._rows("SELECT 1 FROM abroad WHERE key = ?", (key,)))


def _keep(known: _Known, key: tuple[str, str | None], found: tuple[NamedPlace, ...]) -> None:
    """Keep what was found; when there is too much of it, begin anew."""
    if len(known) >= _KNOWN_AT_MOST:
        known.clear()
    known[key] = found


def _close_all(idle: deque[sqlite3.Connection]) -> None:
    while idle:
        idle.pop().close()


def _places(rows: list[tuple[Any, ...]]) -> list[NamedPlace]:
    places: dict[int, NamedPlace] = {}
    for row in rows:
        places[row[0]] = NamedPlace(row[0], row[1], tuple(row[2].split(",")), *row[3:])
    return sorted(places.values(), key=lambda place: (-place.weight, place.name, place.id))
