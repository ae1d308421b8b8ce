"""Integer distances and circles, with geopy's geodesic as the oracle."""

import math
import random
from itertools import pairwise

import pytest
from geopy.distance import geodesic
from hypothesis import given
from hypothesis import strategies as st

from directory.domain.places import (
    BANDS_PER_DEGREE,
    EQUATOR_M,
    FLATTENING,
    HALF_TURN_E6,
    METERS_PER_MILE,
    band_of,
    box_within,
    chord_cm,
    chord_slack,
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


@pytest.mark.parametrize("miles", [250, 1000, 5000, 8000, 11_000, 12_300])
def test_what_is_nearer_over_the_ground_is_never_beyond_the_slack_of_a_chord(miles):
    source = random.Random(miles)
    for _ in range(12):
        here = source.uniform(-89, 89), source.uniform(-180, 180)
        ends = [geodesic(miles=miles).destination(here, turn) for turn in range(0, 360, 30)]
        chords = [squared_chord(here, (end.latitude, end.longitude)) for end in ends]
        nearest = miles_of_chord(min(chords), here[0])
        assert miles_of_chord(max(chords), here[0]) <= nearest * chord_slack(nearest)


def test_the_whole_earth_holds_the_other_side():
    for lat in (0.0, 40.0, 90.0):
        assert squared_chord((lat, 10.0), (-lat, -170.0)) <= chord_cm(12_500, lat) ** 2


@given(lats, lons, st.floats(1, 250), st.floats(0, 1), st.floats(0, 360))
def test_spans_hold_every_point_within_the_circle(lat, lon, miles, share, bearing):
    there = geodesic(miles=miles * share).destination((lat, lon), bearing)
    point = earth_point(there.latitude, there.longitude)
    if squared_chord((lat, lon), (there.latitude, there.longitude)) <= chord_cm(miles, lat) ** 2:
        assert any(
            span.band == point.band and span.west_e6 <= point.lon_e6 <= span.east_e6
            for span in circle_spans(lat, lon, miles)
        )


@given(lats, lons, st.floats(0.1, 250), st.floats(0, 1), st.integers(0, 200))
def test_the_inner_part_of_a_span_lies_within_the_circle(lat, lon, miles, height, which):
    spans = circle_spans(lat, lon, miles)
    span = spans[which % len(spans)]
    assert span.inner_e6 <= span.half_e6
    for lon_e6 in (span.middle_e6 - span.inner_e6, span.middle_e6 + span.inner_e6):
        if span.inner_e6 >= 0 and abs(lon_e6) <= HALF_TURN_E6:
            inside = (span.band + height) / BANDS_PER_DEGREE, lon_e6 / 1e6
            assert squared_chord((lat, lon), inside) <= chord_cm(miles, lat) ** 2


def test_most_of_a_wide_circle_is_sure():
    spans = circle_spans(40.7, -74.0, 100.0)
    whole = sum(span.east_e6 - span.west_e6 for span in spans)
    sure = sum(max(2 * span.inner_e6, 0) for span in spans)
    assert sure > 0.85 * whole


@given(lats, lons, st.floats(0.05, 250), st.floats(0, 1), st.sampled_from([0.0, 0.3, 1.0]))
def test_a_box_lies_within_its_circle(lat, lon, miles, up, right):
    box = box_within(lat, lon, miles)
    if box.west_e6 > box.east_e6 or box.low_z > box.high_z:
        return
    z = box.low_z + up * (box.high_z - box.low_z)
    # From a height over the equator back to the latitude, on the ellipsoid.
    sine = min(max(z / 100 / (EQUATOR_M * (1 - FLATTENING)), -1.0), 1.0)
    there_lat = math.degrees(math.atan2(sine, (1 - FLATTENING) * math.sqrt(1 - sine**2)))
    there = there_lat, (box.west_e6 + right * (box.east_e6 - box.west_e6)) / 1e6
    assert squared_chord((lat, lon), there) <= chord_cm(miles, lat) ** 2


def test_a_box_covers_most_of_its_circle():
    box = box_within(40.7, -74.0, 25.0)
    wide = geodesic((40.7, box.west_e6 / 1e6), (40.7, box.east_e6 / 1e6)).miles
    assert 33 < wide < 36


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
