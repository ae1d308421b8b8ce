"""The nearest clinics, however far, against brute force: order, filters, radius, statements."""

import pytest

from directory.domain.places import WHOLE_EARTH_MILES
from directory.operations.circle import Filters
from directory.operations.search import Search, find_nearest
from tests.factories import NOW
from tests.operations import oracle

WANTED = 20
POINTS = ((40.7, -74.0), (48.2, -106.63), (0.0, -150.0), (25.0, 179.99), (89.9, 3.0))
SOME = Filters(treats_mask=1, standings_mask=0b00111, accepting=True)
RARE = Filters(treats_mask=0b101, has_mask=0b11, standings_mask=0b00111, accepting=True)


@pytest.mark.parametrize("number", [50, 2_000])
def test_they_are_the_nearest_by_the_geodesic(session, statements, number):
    made = oracle.sites(number, seed=number)
    oracle.store(session, made, oracle.PASTS)
    found = {}
    for lat, lon in POINTS:
        true = oracle.inside(oracle.Question(lat, lon, WHOLE_EARTH_MILES, Filters()), made)
        for filters in (Filters(), SOME, RARE):
            search = Search(lat=lat, lon=lon, within_miles=WHOLE_EARTH_MILES, filters=filters)
            wanted = [(d, site) for d, site in true if oracle.passes(filters, site)][:WANTED]
            with statements() as ran:
                hits = find_nearest(session, search, NOW, WANTED)
            assert [hit.clinic_id for hit in hits] == [site.id for _miles, site in wanted]
            assert [hit.distance_miles for hit in hits] == pytest.approx(
                [miles for miles, _site in wanted], abs=0.001
            )
            assert all(hit.card["lat"] for hit in hits)
            assert len(ran) <= 12
            found[filters] = found.get(filters, 0) + len(hits)
    assert found[Filters()] == len(POINTS) * WANTED
    assert found[SOME] >= len(POINTS) * 5
    assert found[RARE] >= len(POINTS) * 5 or number == 50


def test_none_is_farther_than_the_radius(session):
    made = oracle.sites(2_000, seed=2_000)
    oracle.store(session, made)
    for miles in (5.0, 60.0, 400.0):
        true = oracle.inside(oracle.Question(40.7, -74.0, miles, Filters()), made)
        hits = find_nearest(session, Search(lat=40.7, lon=-74.0, within_miles=miles), NOW, WANTED)
        assert [hit.clinic_id for hit in hits] == [site.id for _miles, site in true[:WANTED]]
    assert len(true) > WANTED


def test_where_there_is_no_clinic_none_is_found(session, statements):
    search = Search(lat=40.7, lon=-74.0, within_miles=WHOLE_EARTH_MILES)
    with statements() as ran:
        assert find_nearest(session, search, NOW, WANTED) == ()
    assert len(ran) <= 7
