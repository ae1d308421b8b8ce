"""The statements of a search: one text for both engines but for a few words.

The database only finds who is in the circle. It reads one covering index, span by span of the
circle (`domain.places`); in the inner part of a span every clinic is within the circle, elsewhere
the straight line to the clinic is measured. Of each it takes one number with all its filter bits
(`domain.facets`), and hands all numbers over in a single value: counting them is then a matter of
some operations on very long numbers, while summing up forty columns takes ten times longer.

A clinic's row says what holds until a minute, and what then holds until another one. Where both
have passed, the period that holds now is looked up, so that a filter never sees a lapsed check.
"""

import re
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Connection

from directory.domain.facets import (
    MET_BIT,
    OFFERS_BIT,
    RING_BIT,
    RINGS,
    STANDING_BIT,
    STANDING_BITS,
    TREATS_BIT,
    state_number,
)
from directory.domain.places import (
    BANDS_PER_DEGREE,
    Span,
    box_within,
    chord_cm,
    circle_bands,
    circle_spans,
    earth_point,
)
from directory.domain.standing import STANDINGS
from directory.models.reading import Source, connection_of, rows_of

ANY_STANDING = (1 << len(STANDINGS)) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a clinic must have; masks follow the orders of domain.services and the catalogue."""

    treats_mask: int = 0
    offers_mask: int = 0
    has_mask: int = 0
    standings_mask: int = ANY_STANDING
    accepting: bool = False
    state: str = ""

    @property
    def needed(self) -> int:
        """Return the bits of `domain.facets` that a clinic must have, each of them."""
        return (
            self.treats_mask << TREATS_BIT
            | self.offers_mask << OFFERS_BIT
            | self.has_mask << MET_BIT
        )

    @property
    def standings(self) -> int:
        """Return the bits of `domain.facets` of which a clinic must have one."""
        return self.standings_mask << STANDING_BIT

    @property
    def any_standing(self) -> bool:
        """Whether the standing does not matter."""
        return self.standings_mask == ANY_STANDING


_HALF_BITS, _INNER_BITS, _INNER_STEP = 29, 23, 5
_BAND_BIT = _INNER_BITS + _HALF_BITS
_LOWEST_BAND = -90 * BANDS_PER_DEGREE
_TURNED = -(1 << 63)
_SPANS = {
    # A span is one number, see `_spans_of`: a list of five takes twice as long to read. All is
    # materialized, since SQLite would take each number apart again for every clinic.
    "sqlite": f"""WITH part AS MATERIALIZED (SELECT
 (value >> {_BAND_BIT} & 2047) + {_LOWEST_BAND} AS band,
 value >> {_INNER_BITS} & {(1 << _HALF_BITS) - 1} AS half,
 (value & {(1 << _INNER_BITS) - 1}) - 1 << {_INNER_STEP} AS inside,
 CASE WHEN value < 0 THEN :turned ELSE :middle END AS middle FROM json_each(:spans)),
span AS MATERIALIZED (SELECT band, middle - half AS west, middle + half AS east,
 middle - inside AS inner_west, middle + inside AS inner_east FROM part)""",  # noqa: S608
    "postgresql": """WITH span AS (SELECT * FROM unnest(CAST(:bands AS smallint[]),
 CAST(:wests AS integer[]), CAST(:easts AS integer[]),
 CAST(:inner_wests AS integer[]), CAST(:inner_easts AS integer[]))
 AS span (band, west, east, inner_west, inner_east))""",
}
# SQLite takes a CROSS JOIN in the order in which it is written: spans first.
_JOIN = {"sqlite": "CROSS JOIN", "postgresql": "JOIN"}
_ON = "search_row AS r ON r.band = span.band AND r.lon_e6 BETWEEN span.west AND span.east"
_BANDS = "r.band BETWEEN CAST(:lowest AS smallint) AND CAST(:highest AS smallint)"
WIDE_MILES = 1000.0
"""A page of a wider circle reads whole bands: the spans would take longer than the rows spared."""

_PACKED = {
    "sqlite": "group_concat({})",
    "postgresql": "string_agg(int8send({}), CAST('' AS bytea))",
}

_CHORD2 = " + ".join(
    f"(r.{axis} - CAST(:{axis} AS bigint)) * (r.{axis} - CAST(:{axis} AS bigint))" for axis in "xyz"
)
_INSIDE = f"(r.lon_e6 BETWEEN span.inner_west AND span.inner_east OR {_CHORD2} <= :chord2)"
_MASKS = (
    "(CAST({0}.met_mask AS bigint) << " + str(MET_BIT) + ")"
    " | (CAST(1 AS bigint) << (" + str(STANDING_BIT) + " + {0}.standing))"
)
_PERIOD = "FROM search_period AS p WHERE p.clinic_id = r.clinic_id AND p.from_minute <= :minute"
_PERIOD += " AND :minute < p.until_minute"
_FACETS = f"""CASE WHEN r.facets_until > :minute THEN r.facets
     WHEN r.then_until > :minute THEN r.then_facets
     WHEN r.facets <> 0 THEN coalesce(
       (SELECT (r.facets & {(1 << STANDING_BIT) - 1}) | {_MASKS.format("p")} {_PERIOD}), r.facets)
     ELSE (SELECT CAST(o.treats_mask AS bigint) | (CAST(o.offers_mask AS bigint) << {OFFERS_BIT})
                | coalesce((SELECT {_MASKS.format("p")} {_PERIOD}), {_MASKS.format("o")})
           FROM search_row AS o WHERE o.clinic_id = r.clinic_id)
     END"""  # noqa: S608 - built from this module's own text


def _ring() -> str:
    """Return the number of the smallest circle whose box the clinic is in, in its two bits."""
    outside = [
        f"WHEN r.lon_e6 NOT BETWEEN :west{n} AND :east{n}"
        f" OR r.z NOT BETWEEN :low{n} AND :high{n} THEN {n - 1 << RING_BIT}"
        for n in range(1, RINGS)
    ]
    return f"CASE {' '.join(outside)} ELSE {RINGS - 1 << RING_BIT} END"


def _near(dialect: str, columns: str, where: str, *, wide: bool = False) -> str:
    """Return the part that reads the index: `columns` of the rows in the spans.

    Of a wide circle the bands are read as one, all around the earth.
    """
    if wide:
        return f"SELECT {columns} FROM search_row AS r WHERE {_BANDS} AND {where}"  # noqa: S608
    spans, join = _SPANS[dialect], _JOIN[dialect]
    return f"{spans} SELECT {columns} FROM span {join} {_ON} WHERE {where}"  # noqa: S608


def _where(filters: Filters) -> str:
    # Rows written by an older version have their state in letters only.
    state = """ AND (r.state_number = :state_number OR r.state_number = 0 AND :state =
 (SELECT o.state FROM search_row AS o WHERE o.clinic_id = r.clinic_id))"""
    return (" AND r.accepting = 1" if filters.accepting else "") + (state if filters.state else "")


def _passes(filters: Filters) -> str:
    """Return the condition on `facets` that the filters are, empty where there is none."""
    needed = " AND (facets & CAST(:needed AS bigint)) = CAST(:needed AS bigint)"
    standings = " AND (facets & CAST(:standings AS bigint)) <> 0"
    return (needed if filters.needed else "") + ("" if filters.any_standing else standings)


Shape = Filters
"""Filters as far as they change the text of a statement: what is asked for, not which."""


@dataclass(kw_only=True)
class Circle:
    """A circle around a point in WGS-84 degrees, with the parameters that carry it.

    They are worked out once, however many statements there are.
    """

    lat: float
    lon: float
    miles: float
    _parameters: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    def parameters(self, dialect: str) -> dict[str, Any]:
        """Return the parameters as this engine takes them."""
        if not self._parameters:
            spans = circle_spans(self.lat, self.lon, self.miles)
            self._parameters = self._center() | _spans_of(dialect, spans, round(self.lon * 1e6))
        return self._parameters

    @property
    def wide(self) -> bool:
        """Whether a page of this circle reads whole bands."""
        return self.miles > WIDE_MILES

    def page_parameters(self, dialect: str) -> dict[str, Any]:
        """Return the parameters for a page, as this engine takes them."""
        if not self.wide:
            return self.parameters(dialect)
        lowest, highest = circle_bands(self.lat, self.miles)
        return self._center() | {"lowest": lowest, "highest": highest}

    def _center(self) -> dict[str, int]:
        point = earth_point(self.lat, self.lon)
        chord2 = chord_cm(self.miles, self.lat) ** 2
        return {"x": point.x, "y": point.y, "z": point.z, "chord2": chord2}

    def boxes(self) -> dict[str, int]:
        """Return the parameters that carry the boxes in the smaller circles."""
        boxes = {}
        for n in range(1, RINGS):
            box = box_within(self.lat, self.lon, self.miles / 4**n)
            boxes[f"west{n}"], boxes[f"east{n}"] = box.west_e6, box.east_e6
            boxes[f"low{n}"], boxes[f"high{n}"] = box.low_z, box.high_z
        return boxes


def _spans_of(dialect: str, spans: Sequence[Span], own: int) -> dict[str, Any]:
    """Return the spans as an engine takes them; `own` is the meridian of the circle's middle.

    SQLite gets each as one number: from above the band, half the width, and the half that is sure
    in steps of 32 millionths of a degree, so that all has room; 0 says that nothing is sure. The
    number is negative where the span lies around the other meridian.
    """
    if dialect == "sqlite":
        packed = [
            (band - _LOWEST_BAND << _BAND_BIT | half << _INNER_BITS | (inner >> _INNER_STEP) + 1)
            + (0 if middle == own else _TURNED)
            for band, middle, half, inner in spans
        ]
        turned = next((each[1] for each in spans if each[1] != own), own)
        return {"spans": orjson.dumps(packed).decode(), "middle": own, "turned": turned}
    names = ("bands", "wests", "easts", "inner_wests", "inner_easts")
    columns = zip(
        *(
            (band, middle - half, middle + half, middle - inner, middle + inner)
            for band, middle, half, inner in spans
        ),
        strict=True,
    )
    return {
        name: f"{{{','.join(map(str, values))}}}"
        for name, values in zip(names, columns, strict=True)
    }


def shape_of(filters: Filters) -> Shape:
    """Return what the text of a statement depends on: whether something is asked for."""
    return Filters(
        treats_mask=int(bool(filters.needed)),
        standings_mask=ANY_STANDING if filters.any_standing else 0,
        accepting=filters.accepting,
        state="?" if filters.state else "",
    )


@cache
def codes_statement(dialect: str, shape: Shape) -> str:
    """Return the statement that gives the numbers of all clinics in the circle in one value.

    Only the filters that no facet counts are applied: `accepting` and `state`.
    """
    packed = _PACKED[dialect].format(f"({_FACETS}) + {_ring()}")
    return _styled(dialect, _near(dialect, packed, _INSIDE + _where(shape)))


@cache
def total_statement(dialect: str, shape: Shape) -> str:
    """Return the statement that counts the clinics in the circle that pass all filters."""
    hit = _near(dialect, f"{_FACETS} AS facets", _INSIDE + _where(shape))
    count = f"SELECT count(*) FROM ({hit}) AS hit WHERE 1 = 1{_passes(shape)}"  # noqa: S608
    return _styled(dialect, count)


_READ_AT_ONCE = 1 << 18
"""Characters of SQLite's numbers read at once: each takes four times that room for a while."""

ORDERS = {
    "distance": "chord2, clinic_id",
    "standing": f"facets & {STANDING_BITS}, chord2, clinic_id",
}


@cache
def page_statement(
    dialect: str, shape: Shape, sort: str, *, cards: bool, wide: bool = False
) -> str:
    """Return the statement that gives one page of hits in order, with or without their cards."""
    order = ORDERS[sort]
    facets = _FACETS if _passes(shape) or "facets" in order else "0"
    card = ", CAST(card.card AS text) AS card" if cards else ""
    outer = re.sub(r"(facets|chord2|clinic_id)", r"page.\1", order)
    columns = f"r.clinic_id, {facets} AS facets, {_CHORD2} AS chord2"
    hit = _near(dialect, columns, f"1 = 1{_where(shape)}", wide=wide)
    return _styled(
        dialect,
        f"SELECT page.clinic_id, page.chord2, card.revision{card} FROM ("  # noqa: S608
        f"SELECT clinic_id, chord2, facets FROM ({hit}) AS hit"
        f" WHERE chord2 <= CAST(:chord2 AS bigint){_passes(shape)}"
        f" ORDER BY {order} LIMIT :limit OFFSET :offset"
        ") AS page JOIN search_row AS card ON card.clinic_id = page.clinic_id"
        f" ORDER BY {outer}",
    )


def _styled(dialect: str, statement: str) -> str:
    """Return a statement with its parameters as the engine's driver writes them."""
    if dialect == "sqlite":
        return statement
    return re.sub(r":([a-z]\w*)", r"%(\1)s", statement)


def filters_of(filters: Filters, minute: int) -> dict[str, Any]:
    """Return the parameters that carry the filters and the clock."""
    return {
        "needed": filters.needed,
        "standings": filters.standings,
        "state": filters.state,
        "state_number": state_number(filters.state) or -1,
        "minute": minute,
    }


def run(
    connection: Connection, statement: str, parameters: dict[str, Any]
) -> Sequence[tuple[Any, ...]]:
    """Return the rows of a statement of this module, run in the connection's transaction.

    It goes to the driver as it stands: SQLAlchemy's own text costs as much again as the statement.
    PostgreSQL gets every number as text of no type, so that the type is always the statement's
    and the plan is kept, however large the number.
    """
    if connection.dialect.name != "sqlite":
        parameters = {name: str(value) for name, value in parameters.items()}
    return rows_of(connection, statement, parameters)


def read_codes(source: Source, circle: Circle, filters: Filters, minute: int) -> bytes:
    """Return the numbers of all clinics in the circle for `domain.facets.Tally`."""
    connection = connection_of(source)
    dialect = connection.dialect.name
    parameters = circle.parameters(dialect) | circle.boxes()
    parameters |= filters_of(filters, minute)
    packed = run(connection, codes_statement(dialect, shape_of(filters)), parameters)[0][0]
    if packed is None:
        return b""
    if dialect == "postgresql":
        return bytes(packed)[::-1]
    codes = array("q")
    begin = 0
    while begin < len(packed):
        end = packed.find(",", begin + _READ_AT_ONCE)
        end = len(packed) if end < 0 else end
        codes += array("q", orjson.loads(f"[{packed[begin:end]}]"))
        begin = end + 1
    if sys.byteorder == "big":
        codes.byteswap()
    return codes.tobytes()


def read_total(source: Source, circle: Circle, filters: Filters, minute: int) -> int:
    """Return how many clinics in the circle pass the filters."""
    connection = connection_of(source)
    dialect = connection.dialect.name
    parameters = circle.parameters(dialect) | filters_of(filters, minute)
    return int(run(connection, total_statement(dialect, shape_of(filters)), parameters)[0][0])


def read_page(
    source: Source,
    circle: Circle,
    filters: Filters,
    minute: int,
    *,
    sort: str = "distance",
    limit: int,
    offset: int = 0,
    cards: bool = True,
) -> Sequence[Any]:
    """Return clinic, squared chord, revision and perhaps card of a stretch of the hits in order."""
    connection = connection_of(source)
    dialect = connection.dialect.name
    parameters = circle.page_parameters(dialect) | filters_of(filters, minute)
    parameters |= {"limit": limit, "offset": offset}
    shape = shape_of(filters)
    statement = page_statement(dialect, shape, sort, cards=cards, wide=circle.wide)
    return run(connection, statement, parameters)
