"""The compiled place index: built in one step, read by many threads, kept small."""

import math
import random
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from geopy.distance import geodesic

from directory import paths
from directory.sources import gazetteer
from directory.sources.gazetteer import Gazetteer
from directory.sources.spelling import edit_distance, edits


@pytest.fixture(scope="module")
def places(instance: Path) -> Iterator[Gazetteer]:
    opened = Gazetteer(instance / "gazetteer.sqlite")
    yield opened
    opened.close()


def test_it_has_the_whole_country(instance: Path) -> None:
    with sqlite3.connect(instance / "gazetteer.sqlite") as connection:
        zips, states = connection.execute(
            "SELECT count(*), count(DISTINCT state) FROM zip"
        ).fetchone()
        outside = connection.execute(
            "SELECT count(*) FROM place WHERE NOT (lat BETWEEN -15 AND 72)"
            " OR NOT (lon BETWEEN -180 AND -64 OR lon BETWEEN 130 AND 180)"
        ).fetchone()
    connection.close()
    assert zips > 42_000
    assert states == 62
    assert outside == (0,)


def test_building_again_gives_the_same_and_leaves_nothing_beside(
    instance: Path, tmp_path: Path
) -> None:
    target = tmp_path / "deep" / "gazetteer.sqlite"
    target.parent.mkdir()
    target.write_bytes(b"an older one")
    counts = gazetteer.build(target, paths.SEED_DATA / "places.tsv")
    assert counts["places"] > 50_000
    assert target.read_bytes() == (instance / "gazetteer.sqlite").read_bytes()
    assert [each.name for each in target.parent.iterdir()] == ["gazetteer.sqlite"]
    assert target.stat().st_size < 25_000_000


def test_a_build_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "gazetteer.sqlite"
    target.write_bytes(b"the old one")
    broken = tmp_path / "places.tsv"
    broken.write_text("Boise\tID\tnorth\twest\tmany\n", encoding="utf-8")
    with pytest.raises(ValueError, match="north"):
        gazetteer.build(target, broken)
    assert target.read_bytes() == b"the old one"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["gazetteer.sqlite", "places.tsv"]


def test_a_missing_file_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="compiled"):
        Gazetteer(tmp_path / "none.sqlite")


def test_the_file_cannot_be_written_to(places: Gazetteer) -> None:
    with pytest.raises(sqlite3.OperationalError), places._connection() as connection:
        connection.execute("DELETE FROM place")


def test_zip_codes_have_a_middle_a_time_zone_and_a_city(places: Gazetteer) -> None:
    found = places.zip_code("97214")
    assert found is not None
    assert (found.city, found.state, found.county) == ("Portland", "OR", "Multnomah County")
    assert places.centroid("97214") == pytest.approx((45.51, -122.64), abs=0.02)
    assert places.timezone_of("97214") == "America/Los_Angeles"
    assert places.timezone_of("85001") == "America/Phoenix"
    assert places.timezone_of("00901") == "America/Puerto_Rico"
    assert places.timezone_of("09001") is None
    assert places.timezone_of("00000") is None
    assert places.centroid("09001") is None
    assert places.centroid("00000") is None


def test_the_pacific_islands_are_in_the_east(places: Gazetteer) -> None:
    for code in ("96910", "96950", "96960"):
        point = places.centroid(code)
        assert point is not None
        assert point[1] > 130


@pytest.mark.parametrize(
    ("state", "radius"),
    [("RI", 60), ("TX", 700), ("AK", 1600), ("DC", 15), ("HI", 320), ("PR", 90)],
)
def test_a_state_has_a_middle_and_a_reach(places: Gazetteer, state: str, radius: float) -> None:
    extent = places.state_extent(state)
    assert extent is not None
    assert 0 < extent[2] < radius
    assert places.state_population(state) > 100_000


def test_a_state_nobody_knows_has_none(places: Gazetteer) -> None:
    assert places.state_extent("ZZ") is None
    assert places.state_population("ZZ") == 0


def test_the_nearest_zip_is_near_or_none(places: Gazetteer) -> None:
    near = places.nearest_zip(45.5142, -122.6364)
    assert near is not None
    assert near[1].code == "97214"
    assert near[0] < 0.1
    assert places.nearest_zip(0.0, 0.0) is None
    assert places.nearest_zip(90.0, 0.0) is None


def test_the_nearest_zip_is_the_nearest_by_the_geodesic(places: Gazetteer) -> None:
    """Against geopy over every ZIP code, where a box alone would be wrong: far, wide, cut."""
    asked = random.Random(5)
    points = [(51.9, 179.9), (51.8, -176.6), (65.0, -145.0), (13.4, 144.8), (48.2, -106.6)]
    points += [(asked.uniform(25, 49), asked.uniform(-124, -68)) for _ in range(20)]
    every = places._rows("SELECT lat, lon, standard FROM zip WHERE lat IS NOT NULL")
    found = 0
    for point in points:
        for ordinary in (False, True):
            rows = [row for row in every if row[2] >= ordinary]
            likely = sorted(rows, key=lambda row: roughly(point, row))[:40]
            true = min(geodesic(point, row[:2]).miles for row in likely)
            near = places.nearest_zip(*point, ordinary=ordinary)
            if near is None:
                assert true > 149
            else:
                assert near[0] == pytest.approx(true, rel=1e-4, abs=0.01)
                found += 1
    assert found > 25


def roughly(point: tuple[float, float], row: tuple[float, ...]) -> float:
    """Return something that grows with the distance on a globe; to take the nearest forty."""
    a, b = math.radians(point[0]), math.radians(row[0])
    turn = math.cos(math.radians(row[1] - point[1]))
    return -(math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * turn)


def test_an_ordinary_zip_is_no_post_office_box(places: Gazetteer) -> None:
    middle = places.nearest_zip(45.5142, -122.6364, ordinary=True)
    assert middle is not None
    assert middle[1].code == "97214"


def test_towns_of_one_name_in_one_state_stay_apart(places: Gazetteer) -> None:
    hollywoods = places.named("hollywood", "AL")
    assert len(hollywoods) == 2
    assert {town.county for town in hollywoods} == {"Jackson County", "Jefferson County"}


def test_names_nobody_uses_any_more_are_not_kept(places: Gazetteer) -> None:
    assert all(town.name != "Oshkosh" for town in places.named("brooklyn", "WI"))


def test_threads_share_it(places: Gazetteer) -> None:
    def look(at: int) -> tuple[str, int]:
        town = places.named("springfield", ("MO", "MA", "IL")[at % 3])[0]
        return town.states[0], len(places.near_misses("pheonix", "AZ", 1))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(look, range(600)))
    assert answers == [(("MO", "MA", "IL")[at % 3], answers[0][1]) for at in range(600)]
    assert len(places._idle) <= 9


@pytest.mark.parametrize(
    ("one", "two", "distance"),
    [("phoenix", "phoenix", 0), ("pheonix", "phoenix", 1), ("phoenx", "phoenix", 1),
     ("phoeniix", "phoenix", 1), ("phoenis", "phoenix", 1), ("cincinatti", "cincinnati", 2),
     ("", "ab", 2), ("abc", "", 3), ("boise", "paris", 4)],
)  # fmt: skip
def test_edits_are_counted(one: str, two: str, distance: int) -> None:
    assert edit_distance(one, two) == edit_distance(two, one) == distance
    if one and 0 < distance <= 2:
        assert edits(one, distance) & edits(two, distance)


@pytest.mark.parametrize(
    ("prefix", "name"),
    [("texas", "Texas"), ("new york", "New York State"), ("puerto", "Puerto Rico")],
)
def test_a_whole_state_is_completed_after_the_towns_and_read_back(geocoder, prefix, name):
    *towns, state = geocoder.complete(prefix)
    assert len(towns) > 1
    assert (state.name, state.precision) == (name, "state")
    assert geocoder.read(name).place.state == state.state
    assert all(place.precision != "state" for place in geocoder.complete(prefix[:3]))
