"""Points on the earth: exact distances by integers, and circles as spans of longitude.

A point is kept as WGS-84 earth-centered coordinates in whole centimeters. The straight line
(chord) between two points then needs integer arithmetic only, orders as the geodesic does, and
turns into miles along the ground by one closed formula.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import NamedTuple

METERS_PER_MILE = 1609.344
EQUATOR_M = 6378137.0
FLATTENING = 1 / 298.257223563
ECCENTRICITY2 = FLATTENING * (2 - FLATTENING)
WHOLE_EARTH_MILES = 12_500.0
BANDS_PER_DEGREE = 10


@dataclass(frozen=True, slots=True)
class EarthPoint:
    """A point as the search index keeps it: centimeters, millionths of a degree, tenths."""

    x: int
    y: int
    z: int
    lon_e6: int
    band: int


class Span(NamedTuple):
    """A stretch of one latitude band, both ends of the longitude included.

    Between the inner ends every point of the band lies within the circle for certain; there is no
    such part where the inner west lies east of the inner east.
    """

    band: int
    west_e6: int
    east_e6: int
    inner_west_e6: int = 1
    inner_east_e6: int = 0


class Box(NamedTuple):
    """Longitudes and earth-centered heights between which every point lies within a circle."""

    west_e6: int
    east_e6: int
    low_z: int
    high_z: int


def _meters(lat: float, lon: float) -> tuple[float, float, float]:
    phi, lam = math.radians(lat), math.radians(lon)
    normal = EQUATOR_M / math.sqrt(1 - ECCENTRICITY2 * math.sin(phi) ** 2)
    across = normal * math.cos(phi)
    return (
        across * math.cos(lam),
        across * math.sin(lam),
        normal * (1 - ECCENTRICITY2) * math.sin(phi),
    )


def band_of(lat: float) -> int:
    """Return the tenth-of-a-degree latitude band: -900 to 899, the north pole in the last."""
    return min(math.floor(lat * BANDS_PER_DEGREE), 90 * BANDS_PER_DEGREE - 1)


def earth_point(lat: float, lon: float) -> EarthPoint:
    """Return the stored form of a point in WGS-84 degrees; raises ValueError out of range."""
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise ValueError(f"no such point on earth: {lat}, {lon}")
    x, y, z = (round(value * 100) for value in _meters(lat, lon))
    return EarthPoint(x, y, z, round(lon * 1_000_000), band_of(lat))


def _radius(lat: float) -> float:
    """Return the Gaussian radius of curvature in meters: the best single sphere near `lat`."""
    return (
        EQUATOR_M
        * math.sqrt(1 - ECCENTRICITY2)
        / (1 - ECCENTRICITY2 * math.sin(math.radians(lat)) ** 2)
    )


def chord_cm(miles: float, lat: float) -> int:
    """Return the chord in whole centimeters under an arc of `miles` that starts at `lat`.

    No two points are farther apart than WHOLE_EARTH_MILES.
    """
    if miles >= WHOLE_EARTH_MILES:
        return math.ceil(2 * EQUATOR_M * 100) + 2
    radius = _radius(lat)
    half_angle = min(miles * METERS_PER_MILE / radius / 2, math.pi / 2)
    return math.ceil(2 * radius * math.sin(half_angle) * 100)


def miles_of_chord(squared_cm: int, lat: float) -> float:
    """Return the miles along the ground over a chord, from its square in centimeters.

    Within a foot of the WGS-84 geodesic at 100 miles and a few yards at 250.
    """
    return miles_of_chords([squared_cm], lat)[0]


def miles_of_chords(squares_cm: Iterable[int], lat: float) -> list[float]:
    """Return the miles along the ground over many chords that start at one latitude."""
    across = 200 * _radius(lat)
    miles = across / 100 / METERS_PER_MILE
    return [miles * math.asin(min(math.sqrt(square) / across, 1.0)) for square in squares_cm]


def chord_slack(miles: float) -> float:
    """Return by which factor miles along the ground over one chord can differ, so far away.

    The earth is no sphere, so beyond a few hundred miles the chord orders only roughly.
    """
    return 1 + min(0.001 * (miles * METERS_PER_MILE / EQUATOR_M) ** 2, 0.006)


def squared_chord_cm(one: EarthPoint, other: EarthPoint) -> int:
    """Return the square of the straight line between two points, in square centimeters.

    It orders as the WGS-84 geodesic does.
    """
    return (one.x - other.x) ** 2 + (one.y - other.y) ** 2 + (one.z - other.z) ** 2


def circle_bands(lat: float, miles: float) -> tuple[int, int]:
    """Return the lowest and the highest band that a circle around a latitude can meet."""
    # Half a degree of latitude is at least 34 miles, so this reach is never too short.
    reach = math.degrees(miles * METERS_PER_MILE / 6_335_000) + 0.01
    return band_of(max(lat - reach, -90.0)), band_of(min(lat + reach, 90.0))


def circle_spans(lat: float, lon: float, miles: float) -> list[Span]:
    """Return spans of longitude, band by band, that hold every point within the circle.

    They hold little else: at the edge of each band the exact half-width of the circle is taken.
    A circle over a pole takes whole bands; one over the 180th meridian takes two spans.
    """
    chord = chord_cm(miles, lat) / 100 + 1.0
    across, height = _profile(lat)
    lowest, highest = circle_bands(lat, miles)
    # Between its edges a band can be wider only where the circle is widest, and be met at all
    # only where its middle lies.
    bulges: dict[int, float] = {}
    for phi in (lat, _widest_latitude(lat, miles)):
        width = _half_width(across, height, chord, *_profile(phi))
        bulges[band_of(phi)] = max(width, bulges.get(band_of(phi), -1.0))
    # On a stretch as wide as this on the ground, a hundredth is more than all that is rounded.
    sure = math.degrees(math.sqrt(400 * chord))
    ends = 90 * BANDS_PER_DEGREE
    edges = _edges()[lowest + ends : highest + ends + 2]
    halves = [_half_width(across, height, chord, *edge) for edge in edges]
    spans: list[Span] = []
    for band, (south, north), (edge_across, _) in zip(
        range(lowest, highest + 1), pairwise(halves), edges[1:], strict=True
    ):
        half, inner = (north, south) if south < north else (south, north)
        if band in bulges:
            half = max(half, bulges[band])
        if half >= 0:
            certain = inner * 0.99 if inner * edge_across > sure else 0.0
            spans += _cut(band, lon, half + 0.0001, certain)
    return spans


def box_within(lat: float, lon: float, miles: float) -> Box:
    """Return a box that lies within the circle and covers most of it."""
    chord = chord_cm(miles, lat) / 100 - 1.0
    across, height = _profile(lat)
    # A degree of latitude is at most 69.41 miles, and 0.7 is half the side of the largest square.
    reach = 0.7 * miles / 69.41
    south, north = _profile(max(lat - reach, -90.0)), _profile(min(lat + reach, 90.0))
    half = 0.99 * min(_half_width(across, height, chord, *edge) for edge in (south, north))
    if half < 0:
        return Box(1, 0, 1, 0)
    return Box(
        max(math.ceil((lon - half) * 1e6), -180_000_000),
        min(math.floor((lon + half) * 1e6), 180_000_000),
        math.ceil(south[1] * 100),
        math.floor(north[1] * 100),
    )


def _profile(lat: float) -> tuple[float, float]:
    """Return a latitude's distance from the earth's axis and height over the equator, in meters."""
    across, _, height = _meters(lat, 0.0)
    return across, height


@cache
def _edges() -> tuple[tuple[float, float], ...]:
    """Return the profile of every edge between two bands, from the south pole on."""
    ends = 90 * BANDS_PER_DEGREE
    return tuple(_profile(edge / BANDS_PER_DEGREE) for edge in range(-ends, ends + 1))


def _widest_latitude(lat: float, miles: float) -> float:
    """Return about where the circle reaches furthest east and west (spherical)."""
    ratio = math.sin(math.radians(lat)) / max(math.cos(miles * METERS_PER_MILE / EQUATOR_M), 1e-9)
    return math.degrees(math.asin(min(max(ratio, -1.0), 1.0)))


def _half_width(
    q_across: float, q_height: float, chord: float, across: float, height: float
) -> float:
    """Return half the circle's width, in degrees of longitude, at another latitude.

    It is negative where the circle does not reach. Both latitudes are given by their profile.
    """
    room = chord * chord - (height - q_height) ** 2 - (across - q_across) ** 2
    if room < 0:
        return -1.0
    product = 4 * across * q_across
    if room >= product:
        return 180.0
    return math.degrees(2 * math.asin(math.sqrt(room / product)))


def _cut(band: int, lon: float, half: float, inner: float) -> list[Span]:
    """Return the span around `lon`, in two pieces where it crosses the 180th meridian."""
    if half >= 180:
        return [Span(band, -180_000_000, 180_000_000)]
    west, east = int((lon - half) * 1e6) - 1, int((lon + half) * 1e6) + 1
    if west < -180_000_000:
        return [
            Span(band, -180_000_000, east),
            Span(band, west + 360_000_000, 180_000_000),
        ]
    if east > 180_000_000:
        return [
            Span(band, west, 180_000_000),
            Span(band, -180_000_000, east - 360_000_000),
        ]
    if inner <= 0:
        return [Span(band, west, east)]
    return [Span(band, west, east, int((lon - inner) * 1e6), int((lon + inner) * 1e6))]
