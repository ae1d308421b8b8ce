"""PostGIS in its best exact form: geography, GiST, prepared statements, the same answers as ours.

A narrow table of its own, so that what it reads row by row is not our wide one; the cards come
from the same column as ours. Distances are along the ellipsoid: the order of `<->` is that of a
sphere, so the page takes twice as many as it needs and ranks them again.
"""

from functools import partial
from typing import Any

import orjson
import psycopg

from directory.domain.findings import minute_of
from directory.domain.places import METERS_PER_MILE, WHOLE_EARTH_MILES
from tests.benchmarks.contest import BackEnd
from tests.benchmarks.loading import connect
from tests.benchmarks.questions import PER_PAGE, Question
from tests.benchmarks.sqlite_rivals import MASKS
from tests.benchmarks.truth import GROUPS, Found
from tests.factories import NOW

OVERFETCH = 2 * PER_PAGE
HERE = "ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326)::geography"
RIVAL_INDEX = "rival_geog"
TABLE = """
CREATE TABLE rival AS SELECT r.clinic_id, ST_SetSRID(ST_MakePoint(c.lon, c.lat), 4326)::geography
  AS geog, r.met_mask, p.met_mask AS then_met_mask, r.next_change,
  coalesce(p.until_minute, r.next_change) AS then_until, r.treats_mask, r.offers_mask, r.standing,
  p.standing AS then_standing, r.accepting
  FROM search_row AS r JOIN clinic AS c ON c.id = r.clinic_id LEFT JOIN search_period AS p
    ON p.clinic_id = r.clinic_id AND p.from_minute = r.next_change
"""


def now_of(column: str, later: str) -> str:
    """Return the value of a column that holds now: the row's own, the next, or a later one."""
    return (
        f"CASE WHEN %(minute)s::int < r.next_change THEN r.{column}"
        f" WHEN %(minute)s::int < r.then_until THEN r.then_{column} ELSE {later} END"
    )


# The key of the join is empty for a row that says itself what holds: no look-up at all.
JUDGED = f"""
  SELECT r.clinic_id, r.geog, r.treats_mask, r.offers_mask,
         {now_of("met_mask", "p.met_mask")} AS met_mask,
         {now_of("standing", "p.standing")} AS standing,
         r.treats_mask & %(treats)s::int = %(treats)s::int AS treats_ok,
         r.offers_mask & %(offers)s::int = %(offers)s::int AS offers_ok,
         {now_of("met_mask", "p.met_mask")} & %(has)s::bigint = %(has)s::bigint AS has_ok
  FROM rival AS r LEFT JOIN search_period AS p
    ON p.clinic_id = CASE WHEN r.then_until <= %(minute)s::int THEN r.clinic_id END
   AND p.from_minute <= %(minute)s::int AND %(minute)s::int < p.until_minute
"""
LOOKED_UP = """(SELECT p.met_mask FROM search_period AS p WHERE p.clinic_id = r.clinic_id
  AND p.from_minute <= %(minute)s::int AND %(minute)s::int < p.until_minute)"""
WITHIN = f"ST_DWithin(r.geog, {HERE}, %(meters)s)"
ACCEPTING = "r.accepting >= %(accepting)s::int"
PASSES = f"""r.accepting >= %(accepting)s::int
  AND r.treats_mask & %(treats)s::int = %(treats)s::int
  AND r.offers_mask & %(offers)s::int = %(offers)s::int
  AND {now_of("met_mask", LOOKED_UP)} & %(has)s::bigint = %(has)s::bigint"""
CARDS = "search_row AS s ON s.clinic_id = page.clinic_id"


def counts() -> str:
    """Return the expressions of all counts, in the order in which answers are judged."""
    ok = {"treats": "treats_ok", "offers": "offers_ok", "has": "has_ok"}
    made = [f"count(*) FILTER (WHERE {' AND '.join(ok.values())})"]
    for name, size in GROUPS:
        others = " AND ".join(words for other, words in ok.items() if other != name)
        for n in range(size):
            held = f"standing = {n}" if name == "standing" else f"({MASKS[name]} >> {n}) & 1 = 1"
            made.append(f"count(*) FILTER (WHERE {others} AND {held})")
    return ", ".join(made)


ANSWER = (
    "SELECT ARRAY[{counts}], (SELECT array_agg(page.clinic_id ORDER BY page.meters,"
    " page.clinic_id) FROM page), (SELECT array_agg(s.card::text ORDER BY page.meters,"
    f" page.clinic_id) FROM page JOIN {CARDS}) FROM hit"
)
NUMBERS = (
    "SELECT ARRAY[{counts}], (SELECT array_agg(page.clinic_id ORDER BY page.meters,"
    " page.clinic_id) FROM page), (SELECT array_agg(page.meters ORDER BY page.meters,"
    " page.clinic_id) FROM page) FROM hit"
)
RANKED = f"SELECT clinic_id, ST_Distance(geog, {HERE}) AS meters FROM"
NEAREST = (
    f"{RANKED} (SELECT r.clinic_id, r.geog FROM rival AS r WHERE {{where}}"
    f" ORDER BY r.geog <-> {HERE} LIMIT {OVERFETCH}) AS near"
    f" ORDER BY meters, clinic_id LIMIT {PER_PAGE}"
)
NEAREST_WITHIN = NEAREST.format(where=f"{WITHIN} AND {PASSES}")
NEAREST_ANYWHERE = NEAREST.format(where=PASSES)
HITS = f"{JUDGED} WHERE {WITHIN} AND {ACCEPTING}"
IN_ONE_PASS = (
    f"WITH hit AS MATERIALIZED ({HITS}), page AS ({RANKED} hit"
    f" WHERE treats_ok AND offers_ok AND has_ok ORDER BY meters, clinic_id LIMIT {PER_PAGE}) "
)
BY_KNN = f"WITH hit AS ({HITS}), page AS ({NEAREST_WITHIN}) "
PAGE = (
    "SELECT page.clinic_id, s.card::text FROM ({nearest}) AS page"
    f" JOIN {CARDS} ORDER BY page.meters, page.clinic_id"
)
PAGE_WITHIN = PAGE.format(nearest=NEAREST_WITHIN)
PAGE_ANYWHERE = PAGE.format(nearest=NEAREST_ANYWHERE)
FORMS = {"PostGIS, one pass": IN_ONE_PASS, "PostGIS, re-ranked KNN + counts": BY_KNN}
"""The two ways to the hits and the page, for either answer: with and without the cards."""


class PostGis:
    """The rival's table and connection in one database."""

    def __init__(self, url: str, clinics: int) -> None:
        """Copy what is needed of the directory's rows, and index it."""
        self._clinics = clinics
        self.connection = connect(url)
        run = self.connection.execute
        run("CREATE EXTENSION IF NOT EXISTS postgis")
        run("SET maintenance_work_mem = '256MB'")
        run("SET random_page_cost = 1.1")
        run(TABLE)
        run("ALTER TABLE rival ADD PRIMARY KEY (clinic_id)")
        run(f"CREATE INDEX {RIVAL_INDEX} ON rival USING gist (geog)")
        run("VACUUM ANALYZE rival")

    def version(self) -> str:
        """Return the versions of the server and of PostGIS."""
        row = self.connection.execute("SELECT version(), postgis_lib_version()").fetchone()
        return ", PostGIS ".join(row or ())

    def back_ends(self) -> list[BackEnd]:
        """Return both forms of the whole answer: counts, and the page's numbers and distances."""
        answer = NUMBERS.format(counts=counts())
        return [
            BackEnd(name, self._clinics, partial(self._counted, form + answer), lambda found: found)
            for name, form in FORMS.items()
        ]

    def back_ends_with_cards(self, ending: str) -> list[BackEnd]:
        """Return the same with the page's cards, which are read."""
        answer = ANSWER.format(counts=counts())
        return [
            BackEnd(
                name + ending,
                self._clinics,
                partial(self._whole, form + answer),
                lambda found: found,
            )
            for name, form in FORMS.items()
        ]

    def page_with_cards(self, name: str) -> BackEnd:
        """Return the same with their cards, which are read."""
        return BackEnd(name, self._clinics, self._page, lambda found: found)

    def page(self, name: str) -> BackEnd:
        """Return the nearest twenty alone, within the radius or anywhere."""
        return BackEnd(name, self._clinics, self._numbers, lambda found: found)

    def _numbers(self, question: Question) -> Found:
        anywhere = question.miles >= WHOLE_EARTH_MILES
        rows = self._run(NEAREST_ANYWHERE if anywhere else NEAREST_WITHIN, question).fetchall()
        return Found(tuple(number for number, _meters in rows))

    def _counted(self, statement: str, question: Question) -> Found:
        (row,) = self._run(statement, question).fetchall()
        numbers, ids, _meters = row
        return Found(tuple(ids or ()), tuple(numbers))

    def _whole(self, statement: str, question: Question) -> Found:
        (row,) = self._run(statement, question).fetchall()
        numbers, ids, cards = row
        read = tuple(orjson.loads(card) for card in cards or ())
        return Found(tuple(ids or ()), tuple(numbers), read)

    def _page(self, question: Question) -> Found:
        anywhere = question.miles >= WHOLE_EARTH_MILES
        rows = self._run(PAGE_ANYWHERE if anywhere else PAGE_WITHIN, question).fetchall()
        ids = tuple(number for number, _card in rows)
        return Found(ids, None, tuple(orjson.loads(card) for _number, card in rows))

    def _run(self, statement: str, question: Question) -> psycopg.Cursor[Any]:
        return self.connection.execute(statement, parameters(question), prepare=True)

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


def parameters(question: Question) -> dict[str, Any]:
    """Return what the statements take."""
    filters = question.filters
    return {
        "lat": question.lat,
        "lon": question.lon,
        "meters": question.miles * METERS_PER_MILE,
        "minute": minute_of(NOW),
        "treats": filters.treats_mask,
        "offers": filters.offers_mask,
        "has": filters.has_mask,
        "accepting": int(filters.accepting),
    }
