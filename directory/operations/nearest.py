"""Find the nearest clinics, however far: with circles that grow from a small one."""

import math
from dataclasses import replace
from datetime import datetime

from directory.domain.findings import minute_of
from directory.domain.places import chord_slack
from directory.models.reading import Source
from directory.operations.circle import read_page
from directory.operations.hits import Hit, Search, find_hits, hits_of, with_cards
from directory.sources.geocoder import geodesic_miles

FIRST_MILES = 1.0
SURE_GROWTH, MOST_GROWTH = 1.4, 8.0
FAR_MILES = 250.0
"""Farther than this the chord may order clinics otherwise than the ground does, and tell too few
miles: those found are then measured along the ground."""
FAR_MORE = 1_000
"""Clinics measured beside those wanted, at the most, when they are far."""


def find_nearest(
    source: Source,
    search: Search,
    now: datetime,
    limit: int,
    *,
    cards: bool = True,
    first_miles: float = FIRST_MILES,
) -> tuple[Hit, ...]:
    """Return the nearest `limit` clinics that pass the search's filters, nearest first.

    None is farther away than `search.within_miles`; with WHOLE_EARTH_MILES there is no bound. The
    order is that of the WGS-84 geodesic, ties go to the lower clinic number. The number of
    statements depends on how far the clinics are, never on how many there are. `first_miles` is
    the radius to begin with, where it is known that few are nearer.
    """
    minute = minute_of(now)
    miles = min(first_miles, search.within_miles)
    while True:
        circle = search.circle(miles)
        rows = read_page(source, circle, search.filters, minute, limit=limit, cards=False)
        if len(rows) >= limit or miles >= search.within_miles:
            break
        # As many to the square mile as in this circle, and some more ground to be sure.
        growth = SURE_GROWTH * math.sqrt(limit / len(rows)) if rows else MOST_GROWTH
        miles = min(miles * min(growth, MOST_GROWTH), search.within_miles)
    hits = hits_of(rows, search, minute)
    if hits and hits[-1].distance_miles > FAR_MILES:
        return _measured(source, search, now, hits, limit)
    return with_cards(source, hits) if cards else hits


def _measured(
    source: Source, search: Search, now: datetime, hits: tuple[Hit, ...], limit: int
) -> tuple[Hit, ...]:
    """Return the nearest by the ground among all that may be, with their true distance."""
    miles = min(hits[-1].distance_miles * chord_slack(hits[-1].distance_miles), search.within_miles)
    search = replace(search, sort="distance")
    perhaps = find_hits(source, search.circle(miles), search, now, limit=limit + FAR_MORE)
    here = search.lat, search.lon
    true = [
        replace(hit, distance_miles=geodesic_miles(here, (hit.card["lat"], hit.card["lon"])))
        for hit in perhaps
    ]
    true.sort(key=lambda hit: (hit.distance_miles, hit.clinic_id))
    return tuple(true[:limit])
