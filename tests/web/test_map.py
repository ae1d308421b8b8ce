"""The map of results and of a clinic: what stands in the page for it, and what it may load."""

import html
import json
import re
from functools import partial

import pytest

from directory.domain.places import earth_point, miles_of_chord, squared_chord_cm
from directory.web import public
from directory.web.public import maps
from directory.web.searching import answer_search
from directory.web.security import HEADERS, POLICY
from tests.support.apps import running

NEAR = "/clinics?near=Phoenix,+AZ&within=250"
TILES = "https://tiles.example.org/{z}/{x}/{y}.png"
HOST = "tiles.example.org"
LARGEST_SHEET = 8 * 1024


def sheet_of(client, page):
    """Return what the page's map draws, asked for as the script does, or None when it has none."""
    found = re.search(r'data-map="([^"]*)"', page.text)
    return client.get(html.unescape(found[1])).get_json() if found else None


def miles_apart(one, other):
    return miles_of_chord(squared_chord_cm(earth_point(*one), earth_point(*other)), one[0])


def cards_of(page):
    return [int(number) for number in re.findall(r'id="clinic-(\d+)"', page.text)]


def clinic_page(client, *, precision):
    """Return the page of a clinic whose point is known so well, from the API's list of them."""
    page = client.get("/clinics?near=Texas")
    for number, _lat, _lon, exact in sheet_of(client, page)["pins"]:
        if bool(exact) is (precision == "address"):
            return client.get(f"/clinics/{number}", follow_redirects=True)
    raise AssertionError(f"no clinic with a point of the {precision}")


@pytest.fixture
def tiled_client(instance, databases):
    """A browser on the demonstration of an operator who chose tiles."""
    url = databases.shared("demo")
    chosen = {"map_tile_url": TILES, "map_tile_attribution": "Maps & <b>more</b>"}
    with running(instance, url, **chosen) as app:
        yield app.test_client()


def test_the_pins_are_the_list_in_its_order(demo_client):
    page = demo_client.get(NEAR)
    sheet = sheet_of(demo_client, page)
    pins = sheet["pins"]
    assert len(pins) >= 5
    assert [number for number, *_ in pins] == cards_of(page)
    listed = demo_client.get(f"/api/v1{NEAR}").json["clinics"]
    for (_, lat, lon, exact), clinic in zip(pins, listed, strict=True):
        assert (lat, lon) == pytest.approx((clinic["lat"], clinic["lon"]), abs=1e-5)
        assert exact in (0, 1)
    distances = [miles_apart(sheet["searched"], pin[1:3]) for pin in pins]
    assert distances == pytest.approx([c["distance_miles"] for c in listed], abs=0.1)


def test_another_page_of_results_has_its_own_pins(demo_client, monkeypatch):
    for module in (public, maps):
        monkeypatch.setattr(module, "answer_search", partial(answer_search, per_page=3))
    first, second = (demo_client.get(f"{NEAR}&page={number}") for number in (1, 2))
    assert len(sheet_of(demo_client, first)["pins"]) == 3
    numbers = [number for number, *_ in sheet_of(demo_client, second)["pins"]]
    assert numbers == cards_of(second)
    assert not set(numbers) & set(cards_of(first))
    assert '<ol class="cards" start="4"' in second.text


def test_the_map_comes_after_the_list_and_is_nothing_without_javascript(demo_client):
    text = demo_client.get(NEAR).text
    assert text.index('<ol class="cards"') < text.index('id="map"')
    assert re.search(r'<section class="map-box" [^>]* hidden>', text)
    assert re.search(r'<p class="map-link" hidden>', text)
    before_the_script = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', text))
    assert any(address.endswith("/js/map.js") for address in before_the_script)
    assert not [address for address in before_the_script if "leaflet" in address]


def test_the_towns_are_the_largest_around_and_light(demo_client):
    sheet = sheet_of(demo_client, demo_client.get("/clinics?near=Phoenix,+AZ"))
    names = [name for name, *_ in sheet["towns"]]
    assert {"Phoenix", "Mesa", "Scottsdale"} <= set(names)
    assert names[0] == "Phoenix"
    assert len(names) <= maps.NEAR_TOWNS + maps.FAR_TOWNS
    assert [size for *_, size in sheet["towns"]] == sorted(size for *_, size in sheet["towns"])
    farthest = max(miles_apart(sheet["searched"], town[1:3]) for town in sheet["towns"])
    reach = max(miles_apart(sheet["searched"], pin[1:3]) for pin in sheet["pins"])
    assert reach < farthest < maps.FAR * reach * 1.5
    assert len(json.dumps(sheet)) < LARGEST_SHEET


def test_the_towns_of_a_wide_map_are_spread_over_it(demo_client):
    sheet = sheet_of(demo_client, demo_client.get(NEAR))
    names = {name for name, *_ in sheet["towns"]}
    assert {"Phoenix", "Tucson", "Las Vegas", "Flagstaff", "Yuma"} <= names
    assert not names & {"Glendale", "Chandler", "Gilbert"}, "hidden by Phoenix and Mesa anyway"


def test_towns_are_found_across_the_antimeridian(demo_app):
    with demo_app.test_request_context():
        around = demo_app.extensions["directory"].gazetteer().towns_around(0, 180, 30, 60, 40)
        assert {lon > 0 for _, _, lon, _ in around} == {True, False}, "Guam and American Samoa"
        sheet = maps.clinic_sheet(-14.3, -170.7, "zip")
    assert sheet["towns"]
    assert all(abs(lon + 170.7) < 180 for _, _, lon, _ in sheet["towns"])


def test_circles_and_the_start_are_shown_around_a_place_only(demo_client):
    sheet = sheet_of(demo_client, demo_client.get("/clinics?near=Phoenix,+AZ"))
    assert [words for _, words in sheet["rings"]] == ["2 miles", "5 miles", "10 miles"]
    assert [miles for miles, _ in sheet["rings"]] == [2, 5, 10]
    state = sheet_of(demo_client, demo_client.get("/clinics?near=Texas"))
    assert (state["searched"], state["rings"]) == (None, [])


def test_a_search_without_results_offers_no_map(demo_client):
    page = demo_client.get("/clinics?near=Glasgow,+MT")
    assert sheet_of(demo_client, page) is None
    assert "map.js" not in page.text
    assert 'id="map"' not in page.text


def test_what_the_map_fetches_tells_no_position(demo_client):
    pages = [demo_client.get(path) for path in (NEAR, "/clinics?near=10001", "/es" + NEAR)]
    sheets = [sheet_of(demo_client, page) for page in pages]
    fetched = [sheet["scripts"] + sheet["styles"] + [sheet["outlines"]] for sheet in sheets]
    assert fetched[0] == fetched[1] == fetched[2]
    for address in fetched[0]:
        assert re.fullmatch(r"/static/[0-9a-f]{12}/[a-z/.-]+", address)
        answer = demo_client.get(address, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Encoding"] == "gzip"


def test_a_point_that_is_only_about_right_says_so(demo_client):
    page = clinic_page(demo_client, precision="zip")
    assert sheet_of(demo_client, page)["pins"][0][3] == 0
    assert "The clinic is somewhere near this mark" in page.text
    exact = clinic_page(demo_client, precision="address")
    assert sheet_of(demo_client, exact)["pins"][0][3] == 1
    assert "somewhere near this mark" not in exact.text


def test_without_tiles_every_picture_comes_from_here(demo_client):
    for path in ("/", NEAR, "/clinics/1", "/guide", "/nothing"):
        page = demo_client.get(path, follow_redirects=True)
        assert page.headers[POLICY] == HEADERS[POLICY]
        assert HOST not in page.text
    assert sheet_of(demo_client, demo_client.get(NEAR))["tiles"] == ""


def test_tiles_open_the_policy_for_their_origin_where_there_is_a_map(tiled_client):
    allowed = HEADERS[POLICY].replace("img-src 'self'", f"img-src 'self' https://{HOST}")
    assert allowed != HEADERS[POLICY]
    for path in (NEAR, "/clinics/1"):
        page = tiled_client.get(path, follow_redirects=True)
        assert page.headers[POLICY] == allowed
        assert sheet_of(tiled_client, page)["tiles"] == TILES
        assert f"The pictures of this map come from {HOST}" in page.text
        assert "learns your internet address and which area you look at" in page.text
        assert "Maps &amp; &lt;b&gt;more&lt;/b&gt;" in page.text
    for path in (
        "/",
        "/guide",
        "/clinics?near=Glasgow,+MT",
        "/clinics?near=",
        "/clinics/999999",
        f"/api/v1{NEAR}",
        "/static/0/css/map.css",
    ):
        assert tiled_client.get(path).headers[POLICY] == HEADERS[POLICY], path


def test_tiles_of_our_own_need_no_other_origin(instance, databases):
    chosen = {"map_tile_url": "/tiles/{z}/{x}/{y}.png", "map_tile_attribution": "Ours"}
    with running(instance, databases.shared("demo"), **chosen) as app:
        page = app.test_client().get(NEAR)
        sheet = sheet_of(app.test_client(), page)
    assert page.headers[POLICY] == HEADERS[POLICY]
    assert sheet["tiles"].startswith("/tiles/")
    assert "The pictures of this map come from" not in page.text
