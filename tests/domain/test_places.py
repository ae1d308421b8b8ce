"""Integer distances and circles, with geopy's geodesic as the oracle."""

import random
from itertools import pairwise

import pytest
from geopy.distance import geodesic
from hypothesis import given
from hypothesis import strategies as st

from directory.domain.places import (
    METERS_PER_MILE,
    band_of,
    chord_cm,
    circle_spans,
    earth_point,
    miles_of_chord,
)

lats = st.floats(-90, 90)
lons = st.floats(-180, 180)


def squared_chord(a, b):
    p, q = earth_point(*a), earth_point(*b)
    return (p.x - q.x) ** 2 + (p.y - q.y) ** 2 + (p.z - q.z) ** 2


@pytest.mark.parametrize(("miles", "meters"), [(5, 0.03), (100, 0.1), (250, 1.0)])
def test_miles_of_a_chord_agree_with_the_geodesic(miles, meters):
    source = random.Random(7)
    for _ in range(200):
        here = source.uniform(-89.9, 89.9), source.uniform(-180, 180)
        there = geodesic(miles=miles * source.random()).destination(here, source.uniform(0, 360))
        there = there.latitude, there.longitude
        measured = miles_of_chord(squared_chord(here, there), here[0])
        assert abs(measured - geodesic(here, there).miles) * METERS_PER_MILE < meters


@given(lats, lons, st.floats(1, 250), st.floats(0, 1), st.floats(0, 360))
def test_spans_hold_every_point_within_the_circle(lat, lon, miles, share, bearing):
    there = geodesic(miles=miles * share).destination((lat, lon), bearing)
    point = earth_point(there.latitude, there.longitude)
    if squared_chord((lat, lon), (there.latitude, there.longitude)) <= chord_cm(miles, lat) ** 2:
        assert any(
            span.band == point.band and span.west_e6 <= point.lon_e6 <= span.east_e6
            for span in circle_spans(lat, lon, miles)
        )


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ((52.0, 179.9), (52.0, -179.9)),
        ((89.95, 10.0), (89.95, -170.0)),
        ((-89.95, 10.0), (-89.95, 100.0)),
        ((13.47, 144.75), (15.19, 145.75)),
    ],
    ids=["antimeridian", "north pole", "south pole", "Guam and Saipan"],
)
def test_circles_over_the_edges_of_the_map(here, there):
    point = earth_point(*there)
    spans = circle_spans(*here, geodesic(here, there).miles + 0.1)
    assert any(s.band == point.band and s.west_e6 <= point.lon_e6 <= s.east_e6 for s in spans)
    assert all(-180_000_000 <= s.west_e6 <= s.east_e6 <= 180_000_000 for s in spans)


@given(lats, lons, st.floats(1, 250))
def test_spans_never_overlap(lat, lon, miles):
    spans = sorted((s.band, s.west_e6, s.east_e6) for s in circle_spans(lat, lon, miles))
    for one, other in pairwise(spans):
        assert one[0] != other[0] or one[2] < other[1], "a clinic would be counted twice"


def test_the_poles_have_a_band():
    assert band_of(90.0) == 899
    assert band_of(-90.0) == -900


@pytest.mark.parametrize("point", [(91, 0), (0, 181), (float("nan"), 0), (-90.1, 0)])
def test_a_point_off_the_earth_is_refused(point):
    with pytest.raises(ValueError, match="no such point"):
        earth_point(*point)
