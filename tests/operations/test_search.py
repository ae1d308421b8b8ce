"""Search against brute force, on both engines; the clock; the plan; what lies beyond."""

from datetime import timedelta

import pytest
from sqlalchemy import delete

from directory.domain.findings import State
from directory.domain.places import METERS_PER_MILE
from directory.domain.services import CONDITIONS, MODALITIES
from directory.domain.standing import STANDINGS, Listing
from directory.models import SearchPeriod, SearchRow
from directory.operations.circle import Filters
from directory.operations.clinics import public_clinic
from directory.operations.listings import derive
from directory.operations.search import (
    PER_PAGE,
    Search,
    count_clinics,
    find_clinics,
    with_cards,
)
from tests.checklist import CATALOGUE
from tests.factories import NOW, make_check, make_clinic, make_user
from tests.operations import oracle

SITES = oracle.sites()


def test_order_totals_and_facets_equal_brute_force_over_1000_searches(session):
    oracle.store(session, SITES, oracle.PASTS)
    searched = hits = 0
    for question in oracle.questions():
        true = oracle.inside(question, SITES)
        wanted = [(d, s) for d, s in true if oracle.passes(question.filters, s)]
        page = searched % 3 + 1 if len(wanted) > 2 * PER_PAGE else 1
        search = Search(
            lat=question.lat,
            lon=question.lon,
            within_miles=question.miles,
            filters=question.filters,
            page=page,
        )
        found = find_clinics(session, CATALOGUE, search, NOW)
        assert found.total == len(wanted), question
        assert count_clinics(session, search, NOW) == found.total
        start = (page - 1) * PER_PAGE
        part = wanted[start : start + PER_PAGE]
        assert oracle.same_order([h.clinic_id for h in found.hits], part), question
        for hit, (miles, _site) in zip(found.hits, part, strict=True):
            assert abs(hit.distance_miles - miles) * METERS_PER_MILE < 2
        _same_facets(found.facets, question.filters, [s for _d, s in true])
        searched += 1
        hits += found.total
    assert searched == 1000
    assert hits > 5_000, "the searches must find something"


def _same_facets(facets, filters, sites):
    for group, codes, held in (
        ("treats", CONDITIONS, lambda s, n: s.treats >> n & 1),
        ("offers", MODALITIES, lambda s, n: s.offers >> n & 1),
        ("has", [c.code for c in CATALOGUE.criteria], lambda s, n: s.met >> n & 1),
        ("standing", STANDINGS, lambda s, n: s.standing == n),
    ):
        passing = [s for s in sites if oracle.passes(filters, s, but=group)]
        assert facets[group] == {
            str(code): sum(bool(held(s, n)) for s in passing) for n, code in enumerate(codes)
        }


def test_a_page_takes_the_same_few_statements_however_many_clinics_there_are(session, statements):
    oracle.store(session, SITES)
    counts = set()
    for lat, lon, miles in ((33.45, -112.07, 250.0), (33.45, -112.07, 1.0), (40.71, -74.0, 100.0)):
        with statements() as made:
            find_clinics(session, CATALOGUE, Search(lat=lat, lon=lon, within_miles=miles), NOW)
        counts.add(len(made))
    assert counts <= {2}
    with statements() as made:
        far = find_clinics(session, CATALOGUE, Search(lat=-40, lon=60, within_miles=25), NOW)
    assert far.total == 0
    assert len(far.beyond) == 3
    assert len(made) <= 7


def test_the_nearest_beyond_are_the_nearest_by_the_geodesic(session):
    oracle.store(session, SITES)
    for lat, lon in ((48.2, -106.63), (0.0, -150.0), (25.0, 179.99), (-60.0, 0.0)):
        found = find_clinics(session, CATALOGUE, Search(lat=lat, lon=lon, within_miles=1.0), NOW)
        question = oracle.Question(lat, lon, 13_000, Filters())
        true = oracle.inside(question, SITES)[:3]
        assert [hit.clinic_id for hit in found.beyond] == [site.id for _miles, site in true]
        assert [h.distance_miles for h in found.beyond] == pytest.approx([m for m, _s in true])


def test_hits_come_without_cards_and_get_them_in_one_statement(session, statements):
    oracle.store(session, SITES)
    search = Search(lat=33.45, lon=-112.07, within_miles=100)
    whole = find_clinics(session, CATALOGUE, search, NOW).hits
    with statements() as made:
        bare = find_clinics(session, CATALOGUE, search, NOW, cards=False).hits
    assert len(made) == 2
    assert {hit.card_text for hit in bare} == {None}
    with pytest.raises(ValueError, match="without its card"):
        bare[0].card  # noqa: B018 - asking for it is the act
    session.execute(delete(SearchRow).where(SearchRow.clinic_id == bare[2].clinic_id))
    with statements() as made:
        dressed = with_cards(session, (*whole[:1], *bare[1:]))
    assert len(made) == 1
    assert dressed == (*whole[:2], *whole[3:])
    with statements() as made:
        assert with_cards(session, dressed) == dressed
    assert made == []


def test_where_no_standing_will_do_nothing_is_found(session):
    oracle.store(session, SITES)
    none = Filters(standings_mask=0)
    search = Search(lat=33.45, lon=-112.07, within_miles=250, filters=none)
    found = find_clinics(session, CATALOGUE, search, NOW)
    assert (found.total, found.hits, found.beyond) == (0, (), ())
    assert sum(found.facets["standing"].values()) > 0
    assert count_clinics(session, search, NOW) == 0


def test_sorting_by_standing_keeps_distance_within_each(session):
    oracle.store(session, SITES)
    search = Search(lat=33.45, lon=-112.07, within_miles=250, sort="standing")
    found = find_clinics(session, CATALOGUE, search, NOW)
    by_id = {site.id: site for site in SITES}
    order = [(by_id[h.clinic_id].standing, h.distance_miles) for h in found.hits]
    assert order == sorted(order)
    assert len(order) == PER_PAGE


def test_a_lapse_shows_in_row_filter_facet_and_page_in_the_same_minute(directory):
    clinic = make_clinic(directory)
    first, second = make_user(directory), make_user(directory)
    for days, criterion in ((10, "sup-acls"), (20, "mon-vitals"), (40, "sup-director")):
        lasts = 30 + days
        make_check(directory, CATALOGUE, clinic, criterion, by=first, second=second, lasts=lasts)
    derive(directory, CATALOGUE, NOW, [clinic.id], two_person=True)
    for days in (0, 8, 9, 10, 11, 19, 20, 21, 38, 39, 40, 41, 60):
        for hours in (0, 12.99, 13.01):
            _same_everywhere(directory, clinic, NOW + timedelta(days=days, hours=hours))
    assert directory.query(SearchPeriod).count() >= 2


def _same_everywhere(session, clinic, now):
    search = Search(lat=clinic.lat, lon=clinic.lon, within_miles=5)
    found = find_clinics(session, CATALOGUE, search, now)
    (hit,) = found.hits
    page = public_clinic(session, CATALOGUE, clinic.id, now, two_person=True)
    assert page.findings == hit.findings
    assert page.standing == hit.standing
    met = {f.criterion for f in page.findings if f.state is State.MET}
    assert {code for code, number in found.facets["has"].items() if number} == met
    assert found.facets["standing"][page.standing.code] == 1
    for code in ("sup-acls", "mon-vitals", "sup-director"):
        filtered = Search(
            lat=clinic.lat,
            lon=clinic.lon,
            within_miles=5,
            filters=Filters(has_mask=CATALOGUE.mask([code])),
        )
        assert find_clinics(session, CATALOGUE, filtered, now).total == int(code in met)


def test_a_clock_set_back_does_not_bring_a_lapsed_check_back(directory):
    clinic = make_clinic(directory)
    first, second = make_user(directory), make_user(directory)
    make_check(
        directory, CATALOGUE, clinic, "mon-vitals", by=first, second=second, days_ago=60, lasts=50
    )
    derive(directory, CATALOGUE, NOW, [clinic.id], two_person=True)
    for now in (NOW, NOW - timedelta(days=30)):
        _same_everywhere(directory, clinic, now)
        page = public_clinic(directory, CATALOGUE, clinic.id, now, two_person=True)
        assert {f.state for f in page.findings} == {State.NOT_CHECKED, State.EXPIRED}


@pytest.mark.parametrize("listing", [Listing.DRAFT, Listing.UNLISTED, Listing.CLOSED])
def test_what_is_not_public_is_not_found(directory, listing):
    clinic = make_clinic(directory, listing=listing, listing_reason="asked to")
    derive(directory, CATALOGUE, NOW, [clinic.id], two_person=True)
    search = Search(lat=clinic.lat, lon=clinic.lon, within_miles=5)
    assert find_clinics(directory, CATALOGUE, search, NOW).total == 0
    assert public_clinic(directory, CATALOGUE, clinic.id, NOW, two_person=True) is None


def test_a_suspended_clinic_is_found_with_its_warning(directory):
    clinic = make_clinic(directory, listing=Listing.SUSPENDED, listing_reason="board order")
    derive(directory, CATALOGUE, NOW, [clinic.id], two_person=True)
    search = Search(lat=clinic.lat, lon=clinic.lon, within_miles=5)
    (hit,) = find_clinics(directory, CATALOGUE, search, NOW).hits
    assert hit.standing.code == "suspended"


def test_a_clinic_that_leaves_the_public_takes_its_rows_along(directory):
    clinic = make_clinic(directory)
    derive(directory, CATALOGUE, NOW, [clinic.id], two_person=True)
    assert directory.get(SearchRow, clinic.id)
    clinic.listing, clinic.listing_reason = Listing.UNLISTED, "asked to"
    directory.flush()
    assert derive(directory, CATALOGUE, NOW, [clinic.id], two_person=True) == 0
    assert directory.get(SearchRow, clinic.id) is None
