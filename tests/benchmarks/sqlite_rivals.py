"""What others would do on SQLite, in its best exact form: two indexes over latitude and longitude.

A box around the circle, the haversine formula in SQL, and the ellipsoid in Python for whoever
stands so near the edge, or so alike on the page, that a sphere cannot tell. One statement counts
and gives the candidates, another fetches the cards.
"""

import math
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from directory.domain.findings import minute_of
from tests.benchmarks import geodesic
from tests.benchmarks.contest import BackEnd
from tests.benchmarks.population import Population
from tests.benchmarks.questions import PER_PAGE, Question
from tests.benchmarks.truth import GROUPS, Found
from tests.factories import NOW

RADIUS_MILES = 3958.7613
OFF = 1.006
"""The most that the ellipsoid and the sphere differ by, as a factor."""

SHORTEST_DEGREE_MILES = 68.7
CANDIDATES = 40
COLUMNS = (
    "clinic_id", "lat", "lon", "next_change", "met_mask", "standing", "then_until",
    "then_met_mask", "then_standing", "treats_mask", "offers_mask", "accepting",
)  # fmt: skip
COPY = """
INSERT INTO site SELECT r.clinic_id, c.lat, c.lon, r.next_change, r.met_mask, r.standing,
  coalesce(p.until_minute, r.next_change), p.met_mask, p.standing, r.treats_mask, r.offers_mask,
  r.accepting
  FROM directory.search_row AS r JOIN directory.clinic AS c ON c.id = r.clinic_id
  LEFT JOIN directory.search_period AS p
    ON p.clinic_id = r.clinic_id AND p.from_minute = r.next_change
"""

FROM = {
    "B-tree (lat, lon) + haversine + re-check": """
      site AS r WHERE r.lat BETWEEN :south AND :north AND r.lon BETWEEN :west AND :east""",
    "R*Tree + haversine + re-check": """
      box CROSS JOIN site AS r ON r.clinic_id = box.id
      WHERE box.north >= :south AND box.south <= :north
        AND box.east >= :west AND box.west <= :east""",
}

JUDGED = """
WITH near AS MATERIALIZED (
  SELECT r.*, 2 * 3958.7613 * asin(min(1.0, sqrt(
      pow(sin(radians(r.lat - :lat) / 2), 2)
    + cos(radians(r.lat)) * :cosine * pow(sin(radians(r.lon - :lon) / 2), 2)))) AS miles
  FROM {source}
), hit AS (
  SELECT near.clinic_id, near.lat, near.lon, near.miles, near.treats_mask, near.offers_mask,
         CASE WHEN :minute < near.next_change THEN near.met_mask
              WHEN :minute < near.then_until THEN near.then_met_mask
              ELSE p.met_mask END AS met_mask,
         CASE WHEN :minute < near.next_change THEN near.standing
              WHEN :minute < near.then_until THEN near.then_standing
              ELSE p.standing END AS standing
  FROM near LEFT JOIN directory.search_period AS p
    ON p.clinic_id = CASE WHEN near.then_until <= :minute THEN near.clinic_id END
   AND p.from_minute <= :minute AND :minute < p.until_minute
  WHERE near.miles <= :outer AND near.accepting >= :accepting
), judged AS MATERIALIZED (
  SELECT *, (treats_mask & :treats) = :treats AS treats_ok,
         (offers_mask & :offers) = :offers AS offers_ok, (met_mask & :has) = :has AS has_ok
  FROM hit
)
"""
OTHERS = {
    "treats": "offers_ok & has_ok",
    "offers": "treats_ok & has_ok",
    "has": "treats_ok & offers_ok",
    "standing": "treats_ok & offers_ok & has_ok",
}
MASKS = {"treats": "treats_mask", "offers": "offers_mask", "has": "met_mask"}


def sums() -> Iterator[str]:
    """Yield the expression of each count, in the order in which answers are judged."""
    yield "coalesce(sum(treats_ok & offers_ok & has_ok), 0)"
    for name, size in GROUPS:
        for n in range(size):
            held = f"(standing = {n})" if name == "standing" else f"(({MASKS[name]} >> {n}) & 1)"
            yield f"coalesce(sum({OTHERS[name]} & {held}), 0)"


class SqliteRival:
    """A file of narrow rows with both indexes, beside the directory's own file with the cards."""

    def __init__(self, folder: Path, directory: Path, people: Population) -> None:
        """Copy what is needed of the directory's rows, and index it."""
        self._made = sqlite3.connect(folder / f"rival-{len(people)}.sqlite", isolation_level=None)
        run = self._made.execute
        run("ATTACH ? AS directory", [str(directory)])
        run("PRAGMA synchronous = OFF")
        run("BEGIN")
        run(f"CREATE TABLE site (clinic_id INTEGER PRIMARY KEY, {', '.join(COLUMNS[1:])})")
        run(COPY)
        run(f"CREATE INDEX site_lat_lon ON site ({', '.join((*COLUMNS[1:], COLUMNS[0]))})")
        run("CREATE VIRTUAL TABLE box USING rtree (id, south, north, west, east)")
        run("INSERT INTO box SELECT clinic_id, lat, lat, lon, lon FROM site ORDER BY lat, lon")
        run("COMMIT")
        run("PRAGMA analysis_limit = 1000")
        run("ANALYZE main")
        self._clinics = len(people)

    def back_ends(self) -> list[BackEnd]:
        """Return both."""
        return [
            BackEnd(f"SQLite {name}", self._clinics, self._asker(source), lambda found: found)
            for name, source in FROM.items()
        ]

    def _asker(self, source: str) -> Any:
        statement = (
            f"{JUDGED.format(source=source)} SELECT"
            f" (SELECT json_array({', '.join(sums())}) FROM judged WHERE miles < :inner),"
            " (SELECT json_group_array(json_array(lat, lon, treats_mask, offers_mask, met_mask,"
            " standing, treats_ok, offers_ok, has_ok)) FROM judged WHERE miles >= :inner),"
            " (SELECT json_group_array(json_array(clinic_id, lat, lon)) FROM (SELECT * FROM judged"
            f" WHERE treats_ok AND offers_ok AND has_ok ORDER BY miles LIMIT {CANDIDATES}))"
        )
        return lambda question: self._ask(statement, question)

    def _ask(self, statement: str, question: Question) -> Found:
        row = self._made.execute(statement, parameters(question)).fetchone()
        counts, edge, candidates = (orjson.loads(text) for text in row)
        for lat, lon, *held in edge:
            if geodesic.miles(question.lat, question.lon, lat, lon) <= question.miles:
                add(counts, held)
        near = sorted(
            (geodesic.miles(question.lat, question.lon, lat, lon), number)
            for number, lat, lon in candidates
        )
        ids = [number for miles, number in near if miles <= question.miles][:PER_PAGE]
        marks = ", ".join("?" * len(ids))
        cards = dict(
            self._made.execute(
                f"SELECT clinic_id, card FROM directory.search_row WHERE clinic_id IN ({marks})",
                ids,
            )
        )
        read = tuple(orjson.loads(cards[number]) for number in ids)
        return Found(tuple(ids), tuple(counts), read)

    def close(self) -> None:
        """Close the file."""
        self._made.close()


def parameters(question: Question) -> dict[str, Any]:
    """Return what the statement takes."""
    high = question.miles / SHORTEST_DEGREE_MILES
    furthest = math.cos(math.radians(abs(question.lat) + high))
    wide = high / furthest
    if abs(question.lon) + wide > 180:
        raise ValueError("a circle over the 180th meridian needs two boxes")
    filters = question.filters
    return {
        "lat": question.lat,
        "lon": question.lon,
        "cosine": math.cos(math.radians(question.lat)),
        "south": question.lat - high,
        "north": question.lat + high,
        "west": question.lon - wide,
        "east": question.lon + wide,
        "inner": question.miles / OFF,
        "outer": question.miles * OFF,
        "minute": minute_of(NOW),
        "treats": filters.treats_mask,
        "offers": filters.offers_mask,
        "has": filters.has_mask,
        "accepting": int(filters.accepting),
    }


def add(counts: list[int], held: list[int]) -> None:
    """Count one more clinic, as the statement counts the others."""
    treats_mask, offers_mask, met_mask, standing, treats_ok, offers_ok, has_ok = held
    counts[0] += treats_ok & offers_ok & has_ok
    masks = {"treats": treats_mask, "offers": offers_mask, "has": met_mask}
    others = {
        "treats": offers_ok & has_ok,
        "offers": treats_ok & has_ok,
        "has": treats_ok & offers_ok,
        "standing": treats_ok & offers_ok & has_ok,
    }
    place = 1
    for name, size in GROUPS:
        for n in range(size):
            bit = int(standing == n) if name == "standing" else (masks[name] >> n) & 1
            counts[place] += others[name] & bit
            place += 1
