"""The statements of a search: one text for both engines but for how a list of spans is unrolled.

A clinic's row says what holds until its `next_change`. Where that minute has passed, the period
that holds now is looked up beside it, so that a filter never sees a lapsed check.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import JSON, TextClause, column, text
from sqlalchemy.sql.expression import TextualSelect

from directory.domain.places import Span
from directory.domain.services import CONDITIONS, MODALITIES
from directory.domain.standing import STANDINGS

_FROM = {
    "sqlite": """
    FROM json_each(:spans) AS span CROSS JOIN search_row AS r
      ON r.band = json_extract(span.value, '$[0]')
     AND r.lon_e6 BETWEEN json_extract(span.value, '$[1]') AND json_extract(span.value, '$[2]')""",
    "postgresql": """
    FROM unnest(CAST(:bands AS smallint[]), CAST(:wests AS integer[]), CAST(:easts AS integer[]))
      AS span (band, west, east) JOIN search_row AS r
      ON r.band = span.band AND r.lon_e6 BETWEEN span.west AND span.east""",
}

_HIT = """
WITH near AS (
  SELECT r.clinic_id, r.next_change, r.met_mask, r.standing,
         r.treats_mask, r.offers_mask, r.accepting, r.state,
         (r.x - CAST(:x AS bigint)) * (r.x - CAST(:x AS bigint))
       + (r.y - CAST(:y AS bigint)) * (r.y - CAST(:y AS bigint))
       + (r.z - CAST(:z AS bigint)) * (r.z - CAST(:z AS bigint)) AS chord2
  {spans}
), hit AS (
  SELECT near.clinic_id, near.chord2, near.treats_mask, near.offers_mask,
         coalesce(p.met_mask, near.met_mask) AS met_mask,
         coalesce(p.standing, near.standing) AS standing
  FROM near LEFT JOIN search_period AS p
    ON p.clinic_id = CASE WHEN near.next_change <= :minute THEN near.clinic_id END
   AND p.from_minute <= :minute AND :minute < p.until_minute
  WHERE near.chord2 <= CAST(:chord2 AS bigint)
    AND near.accepting >= :accepting
    AND (:state = '' OR near.state = :state)
), judged AS (
  SELECT hit.clinic_id, hit.chord2, hit.treats_mask, hit.offers_mask, hit.met_mask, hit.standing,
         (hit.treats_mask & CAST(:treats AS integer)) = CAST(:treats AS integer) AS treats_ok,
         (hit.offers_mask & CAST(:offers AS integer)) = CAST(:offers AS integer) AS offers_ok,
         (hit.met_mask & CAST(:has AS bigint)) = CAST(:has AS bigint) AS has_ok,
         ((CAST(:standings AS integer) >> CAST(hit.standing AS integer)) & 1) = 1 AS standing_ok
  FROM hit
)
"""

_ALL = "treats_ok AND offers_ok AND has_ok AND standing_ok"
RINGS = 7
"""Circles in which a search counts its hits: the whole one, then each half as wide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a clinic must have; masks follow the orders of domain.services and the catalogue."""

    treats_mask: int = 0
    offers_mask: int = 0
    has_mask: int = 0
    standings_mask: int = (1 << len(STANDINGS)) - 1
    accepting: bool = False
    state: str = ""


def spans_of(dialect: str, spans: Sequence[Span]) -> dict[str, Any]:
    """Return the parameters that carry the spans on this engine."""
    if dialect == "sqlite":
        return {"spans": json.dumps([[s.band, s.west_e6, s.east_e6] for s in spans])}
    return {
        "bands": [s.band for s in spans],
        "wests": [s.west_e6 for s in spans],
        "easts": [s.east_e6 for s in spans],
    }


def filters_of(filters: Filters, minute: int) -> dict[str, Any]:
    """Return the parameters that carry the filters and the clock."""
    return {
        "treats": filters.treats_mask,
        "offers": filters.offers_mask,
        "has": filters.has_mask,
        "standings": filters.standings_mask,
        "accepting": int(filters.accepting),
        "state": filters.state,
        "minute": minute,
    }


def _sum(condition: str, value: str = "1") -> str:
    return f"coalesce(sum(CASE WHEN {condition} THEN {value} ELSE 0 END), 0)"


@cache
def counts_statement(dialect: str, criteria: int) -> TextClause:
    """Return the statement that counts all hits, each ring's, and each facet's.

    A facet group is counted without its own filter. Columns, in order: one count for each ring
    (`:ring0` is the whole circle), then one for each condition, modality, criterion, standing.
    """
    rings = [_sum(f"{_ALL} AND chord2 <= CAST(:ring{n} AS bigint)") for n in range(RINGS)]
    treats = [
        _sum("offers_ok AND has_ok AND standing_ok", f"(treats_mask >> {n}) & 1")
        for n in range(len(CONDITIONS))
    ]
    offers = [
        _sum("treats_ok AND has_ok AND standing_ok", f"(offers_mask >> {n}) & 1")
        for n in range(len(MODALITIES))
    ]
    has = [
        _sum("treats_ok AND offers_ok AND standing_ok", f"(met_mask >> {n}) & 1")
        for n in range(criteria)
    ]
    standings = [
        _sum(f"treats_ok AND offers_ok AND has_ok AND standing = {n}")
        for n in range(len(STANDINGS))
    ]
    columns = ", ".join(rings + treats + offers + has + standings)
    return text(f"{_HIT.format(spans=_FROM[dialect])} SELECT {columns} FROM judged")  # noqa: S608


ORDERS = {"distance": "chord2, clinic_id", "standing": "standing, chord2, clinic_id"}


@cache
def page_statement(dialect: str, sort: str) -> TextualSelect:
    """Return the statement that gives one page of hits in order, each with its card."""
    order = ORDERS[sort]
    outer = ", ".join(f"page.{column}" for column in order.split(", "))
    return text(
        f"{_HIT.format(spans=_FROM[dialect])}"  # noqa: S608 - built from this module's own text
        "SELECT page.clinic_id, page.chord2, card.card FROM ("
        f"SELECT clinic_id, chord2, standing FROM judged WHERE {_ALL}"
        f" ORDER BY {order} LIMIT :limit OFFSET :offset"
        ") AS page JOIN search_row AS card ON card.clinic_id = page.clinic_id"
        f" ORDER BY {outer}"
    ).columns(column("clinic_id"), column("chord2"), column("card", JSON))
