"""Find the public clinics near a point: in true order, with counts for every filter."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from directory.domain.criteria import Catalogue
from directory.domain.findings import Finding, minute_of, today_in
from directory.domain.places import (
    WHOLE_EARTH_MILES,
    chord_cm,
    circle_spans,
    earth_point,
    miles_of_chord,
)
from directory.domain.services import CONDITIONS, MODALITIES
from directory.domain.standing import STANDINGS, Standing
from directory.operations.cards import findings_of, standing_of
from directory.operations.circle import (
    RINGS,
    Filters,
    counts_statement,
    filters_of,
    page_statement,
    spans_of,
)
from directory.sources.geocoder import geodesic_miles

PER_PAGE = 20
BEYOND = 3
NO_FILTERS = Filters()
BEYOND_REACH = (100.0, 500.0, WHOLE_EARTH_MILES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search as asked: a point in WGS-84 degrees, a radius in miles, filters, a page."""

    lat: float
    lon: float
    within_miles: float
    filters: Filters = NO_FILTERS
    sort: str = "distance"
    page: int = 1
    per_page: int = PER_PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One clinic found: its card, its distance in miles, and what is known of it today."""

    clinic_id: int
    distance_miles: float
    card: dict[str, Any]
    findings: tuple[Finding, ...]
    standing: Standing
    today: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One page of hits, the total, the facets, and the nearest beyond where there are none."""

    total: int
    page: int
    hits: tuple[Hit, ...]
    facets: dict[str, dict[str, int]]
    beyond: tuple[Hit, ...] = ()
    per_page: int = PER_PAGE

    @property
    def pages(self) -> int:
        """How many pages there are; at least one, also when only counts were asked for."""
        return max(1, -(-self.total // self.per_page)) if self.per_page else 1

    @property
    def first(self) -> int:
        """The place of this page's first hit among all."""
        return (self.page - 1) * self.per_page + 1


def find_clinics(session: Session, catalogue: Catalogue, search: Search, now: datetime) -> Results:
    """Answer a search at the moment `now`, in a constant number of statements.

    Distance orders by the chord, which orders as the WGS-84 geodesic does; ties go to the lower
    clinic number. With no clinic a page (`per_page` 0) it only counts. Nothing is written and
    nothing about the searcher is kept.
    """
    counts = _counts(session, catalogue, search, minute_of(now))
    total = counts[0]
    offset = (search.page - 1) * search.per_page
    hits: tuple[Hit, ...] = ()
    beyond: tuple[Hit, ...] = ()
    if not search.per_page:
        pass
    elif offset < total:
        miles = search.within_miles
        if search.sort == "distance":
            wanted = min(offset + search.per_page, total)
            miles = min(_ring(search, n) for n in range(RINGS) if counts[n] >= wanted)
        hits = _hits(session, search, now, miles=miles, limit=search.per_page, offset=offset)
    elif not total:
        beyond = _beyond(session, search, now)
    return Results(
        total=total,
        page=search.page,
        hits=hits,
        facets=_facets(catalogue, counts[RINGS:]),
        beyond=beyond,
        per_page=search.per_page,
    )


def count_clinics(session: Session, catalogue: Catalogue, search: Search, now: datetime) -> int:
    """Return how many clinics a search finds at the moment `now`, in one statement."""
    return _counts(session, catalogue, search, minute_of(now))[0]


def _ring(search: Search, number: int) -> float:
    return search.within_miles / (1 << number)


def _parameters(session: Session, search: Search, minute: int, miles: float) -> dict[str, Any]:
    point = earth_point(search.lat, search.lon)
    spans = circle_spans(search.lat, search.lon, miles)
    return {
        "x": point.x,
        "y": point.y,
        "z": point.z,
        "chord2": chord_cm(miles, search.lat) ** 2,
        **spans_of(session.get_bind().dialect.name, spans),
        **filters_of(search.filters, minute),
    }


def _counts(session: Session, catalogue: Catalogue, search: Search, minute: int) -> list[int]:
    dialect = session.get_bind().dialect.name
    rings = {f"ring{n}": chord_cm(_ring(search, n), search.lat) ** 2 for n in range(RINGS)}
    row = session.execute(
        counts_statement(dialect, len(catalogue.criteria)),
        _parameters(session, search, minute, search.within_miles) | rings,
    ).one()
    return [int(count) for count in row]


def _hits(
    session: Session, search: Search, now: datetime, *, miles: float, limit: int, offset: int = 0
) -> tuple[Hit, ...]:
    rows = session.execute(
        page_statement(session.get_bind().dialect.name, search.sort),
        _parameters(session, search, minute_of(now), miles) | {"limit": limit, "offset": offset},
    )
    return tuple(
        _hit(row.clinic_id, row.card, miles_of_chord(int(row.chord2), search.lat), now)
        for row in rows
    )


def _hit(clinic_id: int, card: dict[str, Any], miles: float, now: datetime) -> Hit:
    findings = findings_of(card, minute_of(now))
    return Hit(
        clinic_id=clinic_id,
        distance_miles=miles,
        card=card,
        findings=findings,
        standing=standing_of(card, findings),
        today=today_in(ZoneInfo(card["timezone"]), now),
    )


def _beyond(session: Session, search: Search, now: datetime) -> tuple[Hit, ...]:
    """Return the nearest few outside the circle, by the geodesic itself: they may be far.

    A state in which there is none ends at its border no more.
    """
    search = replace(search, filters=replace(search.filters, state=""))
    found: tuple[Hit, ...] = ()
    for miles in BEYOND_REACH:
        if miles > search.within_miles and len(found) < BEYOND:
            found = _hits(session, search, now, miles=miles, limit=BEYOND * 4)
    measured = [
        _hit(
            hit.clinic_id,
            hit.card,
            geodesic_miles((search.lat, search.lon), (hit.card["lat"], hit.card["lon"])),
            now,
        )
        for hit in found
    ]
    return tuple(sorted(measured, key=lambda hit: hit.distance_miles)[:BEYOND])


def _facets(catalogue: Catalogue, counts: list[int]) -> dict[str, dict[str, int]]:
    groups: dict[str, list[str]] = {
        "treats": [c.value for c in CONDITIONS],
        "offers": [m.value for m in MODALITIES],
        "has": [c.code for c in catalogue.criteria],
        "standing": [s.value for s in STANDINGS],
    }
    facets, start = {}, 0
    for group, codes in groups.items():
        facets[group] = dict(zip(codes, counts[start : start + len(codes)], strict=True))
        start += len(codes)
    return facets
