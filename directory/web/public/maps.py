"""The map of clinics: everything it draws comes from this site, and nothing goes out.

What it draws is asked for when somebody opens it, not before: from this site, by the address of
the page itself. Names of towns come along with it, so that moving the map tells nobody where
somebody looks. With an operator's tiles that is no longer so, and the page says it.
"""

import math
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, g, jsonify, request

from directory.domain.maps import beside, rings_of
from directory.extensions import db
from directory.operations.clinics import public_clinic
from directory.operations.search import Hit, with_cards
from directory.web.assets import asset
from directory.web.choosing import PARAMETER
from directory.web.public.addresses import address_of_search
from directory.web.public.headings import miles_exactly
from directory.web.searching import Answer, answer_search
from directory.web.state import catalogue, here, now

NEAR, NEAR_TOWNS = 1.6, 60
FAR, FAR_TOWNS = 4.0, 40
"""How far beyond the clinics towns are named, as a multiple; and how many at the most."""

FAR_REACH_MILES = 75.0
"""From here on those near are far enough for whoever zooms out."""

CANDIDATES = 6
CELLS = 16
"""From the middle of the map to its edge, each with one town at the most."""

LEAST_REACH_MILES = 5.0
CLINIC_REACH_MILES = 12.0
MILES_PER_DEGREE = 68.7
"""Of latitude, where it is fewest: a box is then never too small."""

SIZES = (250_000, 50_000, 10_000)
"""People from which a town's name is written larger."""

SCRIPTS = ("leaflet/leaflet.js", "js/map-places.js", "js/map-pins.js", "js/map-drawing.js")
STYLES = ("leaflet/leaflet.css",)
OUTLINES = "map/us-states.geojson"


def install(pages: Blueprint) -> None:
    """Add what maps draw to the pages for patients, and give templates where to ask for it."""
    pages.add_url_rule("/clinics/map", view_func=search_map)
    pages.add_url_rule("/clinics/<row:clinic_id>/map", view_func=clinic_map)
    for each in (map_of_search, tile_host, tiles):
        pages.add_app_template_global(each)


def map_of_search() -> str:
    """Return the address of what the map of this page of results draws."""
    return address_of_search(
        "public.search_map", page=request.args.get("page"), **{PARAMETER: None}
    )


def search_map() -> Response:
    """What the map of a page of results draws."""
    sheet = results_sheet(answer_search(request.args))
    return jsonify(sheet if sheet else abort(404))


def clinic_map(clinic_id: int) -> Response:
    """What the map of one clinic draws."""
    page = public_clinic(db.session(), catalogue(), clinic_id, now(), two_person=here().two_person)
    if page is None:
        abort(404)
    clinic = page.clinic
    return jsonify(clinic_sheet(clinic.lat, clinic.lon, clinic.point_precision))


def results_sheet(answer: Answer) -> dict[str, Any] | None:
    """Return what the map of a page of results draws; None where there is nothing to draw."""
    place = answer.place
    if not answer.results or not answer.results.hits or place is None:
        return None
    hits = with_cards(db.session(), answer.results.hits)
    reach = max(LEAST_REACH_MILES, *(hit.distance_miles for hit in hits))
    rings = () if answer.whole_state else rings_of(reach, answer.within_miles)
    return _sheet(place.lat, place.lon, reach) | {
        "searched": None if answer.whole_state else [round(place.lat, 4), round(place.lon, 4)],
        "rings": [[ring, miles_exactly(ring)] for ring in rings],
        "pins": [_pin(hit, place.lon) for hit in hits],
    }


def clinic_sheet(lat: float, lon: float, precision: str) -> dict[str, Any]:
    """Return what the map on a clinic's own page draws: one pin and the towns around."""
    return _sheet(lat, lon, CLINIC_REACH_MILES) | {
        "searched": None,
        "rings": [],
        "pins": [[0, round(lat, 5), round(lon, 5), int(precision == "address")]],
    }


def tiles() -> str:
    """Return whom the page's map credits for its pictures; its policy then allows them."""
    g.shows_map = True
    settings = here().settings
    return settings.map_tile_attribution if settings.map_tile_url else ""


def tile_host() -> str:
    """Return the host that learns what a map shows; empty when nobody but this site does."""
    tiles = here().settings.tiles
    return urlsplit(tiles.origin).netloc if tiles else ""


def _pin(hit: Hit, middle: float) -> list[float]:
    card = hit.card
    lon = round(beside(card["lon"], middle), 5)
    return [hit.clinic_id, round(card["lat"], 5), lon, int(card["precision"] == "address")]


def _sheet(lat: float, lon: float, reach: float) -> dict[str, Any]:
    return {
        "towns": _towns(lat, lon, reach),
        "tiles": here().settings.map_tile_url,
        "scripts": [asset(name) for name in SCRIPTS],
        "styles": [asset(name) for name in STYLES],
        "outlines": asset(OUTLINES),
    }


def _towns(lat: float, lon: float, reach: float) -> list[list[Any]]:
    """Return the largest towns on the map, then those farther off: name, point, size 0 to 3.

    Of towns that would be written on each other only the largest comes along: a map of a whole
    state would else have room for the suburbs of one city only.
    """
    found: dict[tuple[float, int, int], tuple[int, str, float, float]] = {}
    boxes = [(reach * NEAR, NEAR_TOWNS)]
    if reach <= FAR_REACH_MILES:
        boxes.append((reach * FAR, FAR_TOWNS))
    for miles, limit in boxes:
        high = miles / MILES_PER_DEGREE
        wide = min(high / max(math.cos(math.radians(lat)), 0.05), 180.0)
        around = here().gazetteer().towns_around(lat, lon, high, wide, limit * CANDIDATES)
        room = len(found) + limit
        for name, y, x, people in around:
            x = beside(x, lon)
            cell = (miles, round((y - lat) / high * CELLS), round((x - lon) / wide * CELLS))
            if len(found) < room:
                found.setdefault(cell, (people, name, round(y, 3), round(x, 3)))
    ordered = sorted(set(found.values()), key=lambda town: (-town[0], *town[1:]))
    return [[*rest, sum(people < size for size in SIZES)] for people, *rest in ordered]
