"""A slow, independent answer to a search: geopy's geodesic to every clinic, and plain Python."""

import random
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from geopy.distance import geodesic
from sqlalchemy import insert
from sqlalchemy.orm import Session

from directory.domain.facets import facets_of, state_number
from directory.domain.findings import minute_of
from directory.domain.places import earth_point
from directory.domain.services import CONDITIONS, MODALITIES
from directory.domain.standing import STANDINGS
from directory.models import Clinic, SearchPeriod, SearchRow
from directory.models.clinic import PointPrecision
from directory.operations.circle import Filters
from tests.factories import NOW

NEVER = 2**31 - 1
THEN = minute_of(NOW) - 1000
"""A minute some hours ago."""
MILES_PER_LATITUDE = 68.7
ANCHORS = [
    (40.71, -74.0),
    (34.05, -118.24),
    (29.76, -95.37),
    (41.88, -87.63),
    (33.45, -112.07),
    (45.52, -122.68),
    (61.22, -149.9),
    (64.84, -147.72),
    (21.31, -157.86),
    (18.47, -66.11),
    (13.47, 144.75),
    (-14.28, -170.7),
    (51.88, -176.65),
    (52.0, 179.6),
    (51.95, -179.7),
    (89.6, 20.0),
    (-89.7, -100.0),
]
TOO_CLOSE_MILES = 0.0002
"""About a foot: two clinics nearer to each other's distance than this may stand either way."""


@dataclass(frozen=True)
class Site:
    """A clinic as the oracle knows it."""

    id: int
    lat: float
    lon: float
    treats: int
    offers: int
    met: int
    standing: int
    accepting: int
    state: str = "AZ"


def _near(source: random.Random, anchor: tuple[float, float], miles: float) -> tuple[float, float]:
    point = geodesic(miles=miles * source.random()).destination(anchor, source.uniform(0, 360))
    return point.latitude, point.longitude


@cache
def sites(number: int = 700, seed: int = 3) -> tuple[Site, ...]:
    """Return clinics around cities, both poles and both sides of the 180th meridian."""
    source = random.Random(seed)
    made = []
    for n in range(1, number + 1):
        lat, lon = _near(source, source.choice(ANCHORS), source.choice([5, 40, 150, 400]))
        made.append(
            Site(
                id=n,
                lat=lat,
                lon=lon,
                treats=source.getrandbits(len(CONDITIONS)),
                offers=source.getrandbits(len(MODALITIES)),
                met=source.getrandbits(29),
                standing=source.randrange(len(STANDINGS)),
                accepting=source.randrange(2),
                state=source.choice(["AZ", "AZ", "CA"]),
            )
        )
    return tuple(made)


@dataclass(frozen=True)
class Past:
    """How much of what a row says is past: the oracle knows only what holds now."""

    changes: int
    """Of two that the row knows: 0, 1 or 2."""
    older: bool = False
    """Whether a version wrote it that knew no facets."""


PASTS = (Past(0), Past(1), Past(2), Past(0, older=True), Past(1, older=True))
NOTHING_PAST = (Past(0),)


def store(session: Session, made: tuple[Site, ...], pasts: tuple[Past, ...] = NOTHING_PAST) -> None:
    """Write the clinics' search rows, and just enough of the clinics themselves.

    Each clinic has one of the `pasts`, in turn.
    """
    session.execute(
        insert(Clinic),
        [
            {
                "id": s.id,
                "name": f"Clinic {s.id}",
                "street": "1 Example Avenue",
                "city": "Anywhere",
                "state": s.state,
                "postal_code": "00000",
                "lat": s.lat,
                "lon": s.lon,
                "point_precision": PointPrecision.ADDRESS,
                "timezone": "UTC",
                "hours": [],
                "languages": [],
                "created_at": NOW,
            }
            for s in made
        ],
    )
    session.execute(
        insert(SearchRow),
        [
            {
                "clinic_id": s.id,
                **_point(s),
                **_known(s, pasts[s.id % len(pasts)]),
                "treats_mask": s.treats,
                "offers_mask": s.offers,
                "accepting": s.accepting,
                "state": s.state,
                "card": {"lat": s.lat, "lon": s.lon, "timezone": "UTC", "listing": "listed"}
                | {"derived": 0, "findings": []},
            }
            for s in made
        ],
    )
    pieces = [piece for s in made for piece in _pieces(s, pasts[s.id % len(pasts)])]
    if pieces:
        session.execute(insert(SearchPeriod), pieces)
    session.flush()


def _facets(site: Site, met: int, standing: int) -> int:
    return facets_of(
        met_mask=met, treats_mask=site.treats, offers_mask=site.offers, standing=standing
    )


def _other(site: Site) -> tuple[int, int]:
    """Return criteria met and a standing that held once and no more."""
    return site.met ^ 0b11111, (site.standing + 1) % len(STANDINGS)


def _known(site: Site, past: Past) -> dict[str, int]:
    """Return the columns of a row that knows two changes, so many of them past."""
    now, once = (site.met, site.standing), _other(site)
    met, standing = once if past.changes else now
    then = now if past.changes == 1 else once
    held = {"met_mask": met, "standing": standing}
    held["next_change"] = THEN if past.changes else NEVER
    if past.older:
        unknown = ("facets", "facets_until", "then_facets", "then_until", "state_number")
        return held | dict.fromkeys(unknown, 0)
    return held | {
        "facets": _facets(site, met, standing),
        "facets_until": held["next_change"],
        "then_facets": _facets(site, *then),
        "then_until": THEN + 1 if past.changes == 2 else NEVER,
        "state_number": state_number(site.state),
    }


def _pieces(site: Site, past: Past) -> list[dict[str, int]]:
    """Return the periods after the first, as far as they are past or hold now."""
    if not past.changes:
        return []
    cuts = [THEN, THEN + 1, NEVER] if past.changes == 2 else [THEN, NEVER]
    pieces = []
    for start, end in pairwise(cuts):
        met, standing = (site.met, site.standing) if end == NEVER else _other(site)
        pieces.append(
            {"clinic_id": site.id, "from_minute": start, "until_minute": end}
            | {"met_mask": met, "standing": standing}
        )
    return pieces


def _point(site: Site) -> dict[str, int]:
    point = earth_point(site.lat, site.lon)
    return {"band": point.band, "lon_e6": point.lon_e6, "x": point.x, "y": point.y, "z": point.z}


@dataclass(frozen=True)
class Question:
    """One random search: a point, a radius in miles, filters."""

    lat: float
    lon: float
    miles: float
    filters: Filters


@cache
def questions(number: int = 1000, seed: int = 11) -> tuple[Question, ...]:
    """Return random searches, half of them without a filter."""
    source = random.Random(seed)
    made = []
    for n in range(number):
        lat, lon = _near(source, source.choice(ANCHORS), source.choice([1, 30, 200]))
        filters = Filters()
        if n % 2:
            filters = Filters(
                treats_mask=source.choice([0, 1, 4]),
                offers_mask=source.choice([0, 1, 2]),
                has_mask=source.choice([0, 1 << 3, 1 << 28, 0b101]),
                standings_mask=source.choice([0b11111, 0b00001, 0b00110]),
                accepting=source.random() < 0.3,
                state="AZ" if source.random() < 0.2 else "",
            )
        made.append(Question(lat, lon, source.choice([1, 5, 10, 25, 50, 100, 250]), filters))
    return tuple(made)


@cache
def inside(question: Question, made: tuple[Site, ...]) -> tuple[tuple[float, Site], ...]:
    """Return the clinics within the circle by geodesic miles, nearest first, filters aside."""
    reach = question.miles / MILES_PER_LATITUDE + 0.01
    here = question.lat, question.lon
    measured = (
        (geodesic(here, (s.lat, s.lon)).miles, s) for s in made if abs(s.lat - here[0]) <= reach
    )
    return tuple(sorted((m for m in measured if m[0] <= question.miles), key=lambda m: m[0]))


def passes(filters: Filters, site: Site, *, but: str = "") -> bool:
    """Say whether a clinic passes the filters, leaving out the one called `but`."""
    return (
        (not filters.accepting or bool(site.accepting))
        and (not filters.state or site.state == filters.state)
        and (but == "treats" or site.treats & filters.treats_mask == filters.treats_mask)
        and (but == "offers" or site.offers & filters.offers_mask == filters.offers_mask)
        and (but == "has" or site.met & filters.has_mask == filters.has_mask)
        and (but == "standing" or bool(filters.standings_mask >> site.standing & 1))
    )


def same_order(ours: list[int], true: list[tuple[float, Site]]) -> bool:
    """Say whether ids stand in the true order, but for ties closer than a foot."""
    miles = {site.id: distance for distance, site in true}
    return all(
        number in miles and abs(miles[number] - distance) <= TOO_CLOSE_MILES
        for number, (distance, _site) in zip(ours, true, strict=True)
    )
