"""Points on the earth: exact distances by integers, and circles as spans of longitude.

A point is kept as WGS-84 earth-centered coordinates in whole centimeters. The straight line
(chord) between two points then needs integer arithmetic only, orders as the geodesic does, and
turns into miles along the ground by one closed formula.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

METERS_PER_MILE = 1609.344
EQUATOR_M = 6378137.0
FLATTENING = 1 / 298.257223563
ECCENTRICITY2 = FLATTENING * (2 - FLATTENING)
WHOLE_EARTH_MILES = 12_500.0
BANDS_PER_DEGREE = 10
HALF_TURN_E6 = 180_000_000


@dataclass(frozen=True, slots=True)
class EarthPoint:
    """A point as the search index keeps it: centimeters, millionths of a degree, tenths."""

    x: int
    y: int
    z: int
    lon_e6: int
    band: int


class Span(NamedTuple):
    """A stretch of one latitude band on both sides of a meridian, both ends included.

    Up to `inner_e6` from the meridian every point of the band lies within the circle for certain;
    there is no such part where it is negative. The meridian may lie one turn around the earth
    from the circle's own, so that the stretch may end beyond the 180th.
    """

    band: int
    middle_e6: int
    half_e6: int
    inner_e6: int = -1

    @property
    def west_e6(self) -> int:
        """The western end, on the map."""
        return max(self.middle_e6 - self.half_e6, -HALF_TURN_E6)

    @property
    def east_e6(self) -> int:
        """The eastern end, on the map."""
        return min(self.middle_e6 + self.half_e6, HALF_TURN_E6)


class Box(NamedTuple):
    """Longitudes and earth-centered heights between which every point lies within a circle."""

    west_e6: int
    east_e6: int
    low_z: int
    high_z: int


def _profile(lat: float) -> tuple[float, float]:
    """Return a latitude's distance from the earth's axis and height over the equator, in meters."""
    phi = math.radians(lat)
    sine = math.sin(phi)
    normal = EQUATOR_M / math.sqrt(1 - ECCENTRICITY2 * sine**2)
    return normal * math.cos(phi), normal * (1 - ECCENTRICITY2) * sine


def band_of(lat: float) -> int:
    """Return the tenth-of-a-degree latitude band: -900 to 899, the north pole in the last."""
    return min(math.floor(lat * BANDS_PER_DEGREE), 90 * BANDS_PER_DEGREE - 1)


def earth_point(lat: float, lon: float) -> EarthPoint:
    """Return the stored form of a point in WGS-84 degrees; raises ValueError out of range."""
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise ValueError(f"no such point on earth: {lat}, {lon}")
    across, height = _profile(lat)
    lam = math.radians(lon)
    return EarthPoint(
        round(across * math.cos(lam) * 100),
        round(across * math.sin(lam) * 100),
        round(height * 100),
        round(lon * 1_000_000),
        band_of(lat),
    )


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
        (width,) = _half_widths(across, height, chord, [_profile(phi)])
        bulges[band_of(phi)] = max(width, bulges.get(band_of(phi), -1.0))
    # On a stretch as wide as this on the ground, a hundredth is more than all that is rounded.
    sure = math.degrees(math.sqrt(400 * chord))
    ends = 90 * BANDS_PER_DEGREE
    edges = _edges()[lowest + ends : highest + ends + 2]
    halves = _half_widths(across, height, chord, edges)
    middle = round(lon * 1e6)
    # Where it reaches the 180th meridian, it goes on one turn further east or west.
    turned = middle - 2 * HALF_TURN_E6 if middle > 0 else middle + 2 * HALF_TURN_E6
    room = HALF_TURN_E6 - abs(middle)
    spans: list[Span] = []
    south = halves[0]
    for band, north, edge in zip(range(lowest, highest + 1), halves[1:], edges[1:], strict=True):
        half, inner = (north, south) if south < north else (south, north)
        south = north
        if band in bulges:
            half = max(half, bulges[band])
        if half < 0:
            continue
        half_e6 = int((half + 0.0001) * 1e6) + 2
        if half_e6 >= HALF_TURN_E6:
            spans.append(Span(band, middle, 2 * HALF_TURN_E6))
        else:
            certain = int(inner * 0.99e6) if inner * edge[0] > sure else -1
            spans.append(Span(band, middle, half_e6, certain))
            if half_e6 > room:
                spans.append(Span(band, turned, half_e6))
    return spans


def box_within(lat: float, lon: float, miles: float) -> Box:
    """Return a box that lies within the circle and covers most of it."""
    chord = chord_cm(miles, lat) / 100 - 1.0
    across, height = _profile(lat)
    # A degree of latitude is at most 69.41 miles, and 0.7 is half the side of the largest square.
    reach = 0.7 * miles / 69.41
    edges = south, north = _profile(max(lat - reach, -90.0)), _profile(min(lat + reach, 90.0))
    half = 0.99 * min(_half_widths(across, height, chord, edges))
    if half < 0:
        return Box(1, 0, 1, 0)
    return Box(
        max(math.ceil((lon - half) * 1e6), -HALF_TURN_E6),
        min(math.floor((lon + half) * 1e6), HALF_TURN_E6),
        math.ceil(south[1] * 100),
        math.floor(north[1] * 100),
    )


@cache
def _edges() -> tuple[tuple[float, float], ...]:
    """Return the profile of every edge between two bands, from the south pole on."""
    ends = 90 * BANDS_PER_DEGREE
    return tuple(_profile(edge / BANDS_PER_DEGREE) for edge in range(-ends, ends + 1))


def _widest_latitude(lat: float, miles: float) -> float:
    """Return about where the circle reaches furthest east and west (spherical)."""
    ratio = math.sin(math.radians(lat)) / max(math.cos(miles * METERS_PER_MILE / EQUATOR_M), 1e-9)
    return math.degrees(math.asin(min(max(ratio, -1.0), 1.0)))


def _half_widths(
    q_across: float, q_height: float, chord: float, edges: Iterable[tuple[float, float]]
) -> list[float]:
    """Return half the circle's width, in degrees of longitude, at other latitudes.

    It is negative where the circle does not reach. All latitudes are given by their profile.
    """
    square, whole = chord * chord, math.degrees(2.0)
    widths = []
    for across, height in edges:
        up, out = height - q_height, across - q_across
        room, product = square - up * up - out * out, 4 * across * q_across
        if room < 0:
            widths.append(-1.0)
        elif room >= product:
            widths.append(180.0)
        else:
            widths.append(whole * math.asin(math.sqrt(room / product)))
    return widths
