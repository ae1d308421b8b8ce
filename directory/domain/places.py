"""Points on the earth: exact distances by integers, and circles as spans of longitude.

A point is kept as WGS-84 earth-centered coordinates in whole centimeters. The straight line
(chord) between two points then needs integer arithmetic only, orders as the geodesic does, and
turns into miles along the ground by one closed formula.
"""

import math
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one latitude band, both ends of the longitude included."""

    band: int
    west_e6: int
    east_e6: int


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
    """Return the chord in whole centimeters under an arc of `miles` that starts at `lat`."""
    radius = _radius(lat)
    half_angle = min(miles * METERS_PER_MILE / radius / 2, math.pi / 2)
    return math.ceil(2 * radius * math.sin(half_angle) * 100)


def miles_of_chord(squared_cm: int, lat: float) -> float:
    """Return the miles along the ground over a chord, from its square in centimeters.

    Within a foot of the WGS-84 geodesic at 100 miles and a few yards at 250.
    """
    radius = _radius(lat)
    chord = math.sqrt(squared_cm) / 100
    return 2 * radius * math.asin(min(chord / 2 / radius, 1.0)) / METERS_PER_MILE


def squared_chord_cm(one: EarthPoint, other: EarthPoint) -> int:
    """Return the square of the straight line between two points, in square centimeters.

    It orders as the WGS-84 geodesic does.
    """
    return (one.x - other.x) ** 2 + (one.y - other.y) ** 2 + (one.z - other.z) ** 2


def circle_spans(lat: float, lon: float, miles: float) -> list[Span]:
    """Return spans of longitude, band by band, that hold every point within the circle.

    They hold little else: at the edge of each band the exact half-width of the circle is taken.
    A circle over a pole takes whole bands; one over the 180th meridian takes two spans.
    """
    chord = chord_cm(miles, lat) / 100 + 1.0
    qx, qy, qz = _meters(lat, lon)
    q_across = math.hypot(qx, qy)
    # Half a degree of latitude is at least 34 miles, so this reach is never too short.
    reach = math.degrees(miles * METERS_PER_MILE / 6_335_000) + 0.01
    lowest, highest = band_of(max(lat - reach, -90.0)), band_of(min(lat + reach, 90.0))
    bands = range(lowest, highest + 1)
    edges = [
        _half_width(q_across, qz, chord, edge / BANDS_PER_DEGREE)
        for edge in range(lowest, highest + 2)
    ]
    widths = dict(zip(bands, map(max, edges, edges[1:]), strict=True))
    # Between its edges a band can be wider only where the circle is widest, and be met at all
    # only where its middle lies.
    for phi in (lat, _widest_latitude(lat, miles)):
        if (band := band_of(phi)) in widths:
            widths[band] = max(widths[band], _half_width(q_across, qz, chord, phi))
    return [
        span
        for band, half in widths.items()
        if half >= 0
        for span in _cut(band, lon, half + 0.0005)
    ]


def _widest_latitude(lat: float, miles: float) -> float:
    """Return about where the circle reaches furthest east and west (spherical)."""
    ratio = math.sin(math.radians(lat)) / max(math.cos(miles * METERS_PER_MILE / EQUATOR_M), 1e-9)
    return math.degrees(math.asin(min(max(ratio, -1.0), 1.0)))


def _half_width(q_across: float, qz: float, chord: float, lat: float) -> float:
    """Return half the circle's width in degrees of longitude at `lat`; negative when outside."""
    across, _, z = _meters(min(max(lat, -90.0), 90.0), 0.0)
    room = chord**2 - (z - qz) ** 2 - (across - q_across) ** 2
    if room < 0:
        return -1.0
    product = 4 * across * q_across
    if room >= product:
        return 180.0
    return math.degrees(2 * math.asin(math.sqrt(room / product)))


def _cut(band: int, lon: float, half: float) -> list[Span]:
    """Return the span around `lon`, in two pieces where it crosses the 180th meridian."""
    if half >= 180:
        return [Span(band, -180_000_000, 180_000_000)]
    west, east = math.floor((lon - half) * 1e6), math.ceil((lon + half) * 1e6)
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
    return [Span(band, west, east)]
