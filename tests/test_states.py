"""The outlines of the states: all of them, closed, with a name that stands in its state."""

import gzip
import json
from itertools import pairwise

import pytest

from directory import paths
from directory.domain.state_names import STATE_NAMES

FILE = paths.SEED_DATA / "us-states.geojson"
LARGEST_KB = 60
NOT_DRAWN = {"FM", "MH", "PW"}
"""In free association with the United States: the Census Bureau draws no outline of them."""


@pytest.fixture(scope="module")
def states():
    """The features by the two letters of their state."""
    features = json.loads(FILE.read_text("utf-8"))["features"]
    return {feature["properties"]["code"]: feature for feature in features}


def holds(ring, lon, lat):
    """Say whether a ring goes around a point."""
    inside = False
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 > lat) != (y2 > lat) and lon < x1 + (lat - y1) * (x2 - x1) / (y2 - y1):
            inside = not inside
    return inside


def outer_rings(state):
    return [polygon[0] for polygon in state["geometry"]["coordinates"]]


def test_every_state_and_territory_is_there(states):
    assert set(states) == set(STATE_NAMES) - NOT_DRAWN
    for code, state in states.items():
        assert state["properties"]["name"] == STATE_NAMES[code]


def test_every_outline_is_closed_and_on_earth(states):
    rings = [r for s in states.values() for p in s["geometry"]["coordinates"] for r in p]
    assert len(rings) > 150
    for ring in rings:
        assert ring[0] == ring[-1]
        assert len(ring) > 3
        assert all(-180 <= lon <= 180 and -15 <= lat <= 72 for lon, lat in ring)


def test_each_name_stands_in_its_own_state(states):
    for code, state in states.items():
        homes = {
            other
            for other, drawn in states.items()
            if any(holds(ring, *state["properties"]["at"]) for ring in outer_rings(drawn))
        }
        assert homes == {code}


def test_neighbors_share_their_border(states):
    def points(code):
        return {tuple(point) for ring in outer_rings(states[code]) for point in ring}

    for one, other in (("OR", "WA"), ("AZ", "NM"), ("NY", "NJ"), ("MD", "DC")):
        assert len(points(one) & points(other)) > 1
    assert not points("OR") & points("NM")


def test_the_file_is_light_and_says_where_it_is_from():
    assert len(gzip.compress(FILE.read_bytes(), 6)) < LARGEST_KB * 1024
    text = FILE.read_text("utf-8")
    assert "US Census Bureau" in text[:300]
    assert "us-states.geojson" in (paths.PACKAGE.parent / "NOTICE").read_text("utf-8")
