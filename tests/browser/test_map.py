"""The map in a browser: only when wanted, by keyboard, readable by itself, and nothing lost."""

import json
import re
from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import look, too_wide
from tests.browser.visiting import Opener, Visit
from tests.support import apps
from tests.support.live import Site, served

NEAR = "/clinics?near=Phoenix,+AZ&within=250"
PIN = "#map .map-pin"
NAMES = "#map .map-name"
TILES = "https://tiles.example.org/{z}/{x}/{y}.png"
BOXES = """names => names.map(name => {
    const { left, right, top, bottom } = name.getBoundingClientRect();
    return [left, right, top, bottom];
})"""
DRAWN = "() => document.querySelectorAll('#map .map-name').length > 3"


def shown(page: Page, address: str = NEAR) -> Page:
    """Open a page's map, and wait until its names are written, which comes last."""
    page.goto(address)
    page.locator("#map summary").click()
    page.wait_for_function(DRAWN)
    return page


def overlapping(boxes: list[list[float]]) -> int:
    """Count the pairs of boxes that cover each other by more than a pixel."""
    return sum(
        one[0] < other[1] - 1
        and one[1] > other[0] + 1
        and one[2] < other[3] - 1
        and one[3] > other[2] + 1
        for at, one in enumerate(boxes)
        for other in boxes[:at]
    )


def test_nothing_of_the_map_is_loaded_before_somebody_wants_it(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(NEAR)
    expect(page.locator("#map summary")).to_be_visible()
    assert not [one for one in asked if "leaflet" in one or "geojson" in one]
    page.get_by_role("link", name="Show these clinics on a map").click()
    page.wait_for_function(DRAWN)
    loaded = [one for one in asked if "/static/" in one]
    for part in ("leaflet.js", "leaflet.css", "us-states.geojson", "map-drawing.js"):
        assert len([one for one in loaded if one.endswith(part)]) == 1
    page.locator("#map summary").click()
    page.locator("#map summary").click()
    assert [one for one in asked if "/static/" in one] == loaded, "nothing is loaded twice"


@pytest.mark.parametrize("width", [320, 1280])
def test_the_pins_are_numbered_as_the_list_and_large_enough(open_page: Opener, width: int) -> None:
    page = shown(open_page(viewport={"width": width, "height": 800}).page)
    numbers: list[int] = []
    for pin in page.locator(PIN).all():
        box = pin.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 28
        label = pin.get_attribute("aria-label") or ""
        first = pin.locator(".map-number").evaluate("face => face.firstChild.data")
        if label.startswith("Clinics close together: "):
            members = [int(one) for one in label.partition(": ")[2].split(", ")]
            assert members[0] == int(first)
            numbers += members
        else:
            assert label.startswith(f"{first}. ")
            numbers.append(int(first))
    cards = page.locator("ol.cards > li").count()
    assert sorted(numbers) == list(range(1, cards + 1))
    assert cards > 5
    pins = page.locator(PIN).evaluate_all(BOXES)
    assert overlapping(pins) == 0
    assert too_wide(page) == []


def test_no_name_covers_another_or_a_pin(page: Page) -> None:
    shown(page)
    boxes = page.locator(f"{NAMES}, {PIN}").evaluate_all(BOXES)
    assert len(boxes) > 15
    assert overlapping(boxes) == 0
    heap = [[0.0, 80.0, float(top), float(top + 15)] for top in range(0, 60, 5)]
    assert overlapping(heap) > 20, "the control: names one on another are seen"


def test_the_way_through_the_map_by_keyboard(page: Page) -> None:
    page.goto(NEAR)
    page.get_by_role("link", name="Show these clinics on a map").focus()
    page.keyboard.press("Enter")
    page.wait_for_function(DRAWN)
    expect(page.locator("#map summary")).to_be_focused()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip the map")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#map-end")).to_be_focused()
    skip.focus()
    for _ in range(2):
        page.keyboard.press("Tab")
    several = page.locator(PIN).first
    expect(several).to_be_focused()
    page.keyboard.press("Enter")
    popup = page.get_by_role("dialog")
    expect(popup.get_by_role("link").first).to_be_focused()
    members = (several.get_attribute("aria-label") or "").split(", ")
    expect(popup.get_by_role("listitem")).to_have_count(len(members))
    page.keyboard.press("Escape")
    expect(popup).to_have_count(0)
    expect(several).to_be_focused()
    page.keyboard.press("Tab")
    number = int((page.locator(PIN).nth(1).get_attribute("aria-label") or "").partition(".")[0])
    card = page.locator("ol.cards > li").nth(number - 1)
    page.keyboard.press("Space")
    name = card.locator(".card-name a").inner_text()
    expect(popup.get_by_role("link", name=name, exact=True)).to_be_focused()
    assert popup.locator(".standing").inner_text() == card.locator(".standing").inner_text()
    popup.get_by_role("link", name="Show it in the list").focus()
    page.keyboard.press("Enter")
    expect(card.locator(".card-name a")).to_be_focused()
    expect(popup).to_have_count(0)


def test_zooming_takes_a_group_apart_and_back_again(page: Page) -> None:
    shown(page)
    count = f"document.querySelectorAll('{PIN}').length"
    page.locator(PIN).first.click()
    closer = page.get_by_role("button", name="Zoom in here")
    expect(closer).to_be_visible()
    before = page.locator(PIN).count()
    closer.press("Enter")  # the map is still moving, and a pointer would sometimes miss
    page.wait_for_function(f"() => {count} > {before}")
    apart = page.locator(PIN).count()
    page.get_by_role("button", name="Show all").click()
    page.wait_for_function(f"() => {count} < {apart}")


@pytest.mark.parametrize(("scheme", "width"), [("dark", 320), ("light", 1280)])
def test_axe_finds_nothing_on_an_open_map(open_page: Opener, scheme: str, width: int) -> None:
    view = {"width": width, "height": 900}
    options = {"viewport": view, "color_scheme": scheme, "reduced_motion": "reduce"}
    page = shown(open_page(**options).page)
    for at in (0, -1):
        page.locator(PIN).nth(at).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert look(page) == []
        page.keyboard.press("Escape")
    assert too_wide(page) == []


def test_a_clinics_own_map_has_its_one_pin(page: Page) -> None:
    shown(page, "/clinics/1")
    assert page.locator(PIN).count() == 1
    assert page.locator(PIN).get_attribute("tabindex") is None
    assert look(page) == []


def test_without_javascript_there_is_no_map_and_no_gap(open_page: Opener) -> None:
    page = open_page(java_script_enabled=False).page
    page.goto(NEAR)
    for part in ("#map", ".map-link"):
        expect(page.locator(part)).to_be_hidden()
    assert page.locator("ol.cards > li").count() > 5


def test_on_paper_there_is_no_map(page: Page) -> None:
    shown(page)
    page.emulate_media(media="print")
    expect(page.locator("#map")).to_be_hidden()
    expect(page.locator(".map-link")).to_be_hidden()


def test_who_wants_no_motion_gets_none(open_page: Opener) -> None:
    for motion, moving in (("reduce", False), ("no-preference", True)):
        page = shown(open_page(reduced_motion=motion).page)
        classes = page.locator("#map .map-canvas").get_attribute("class") or ""
        assert ("leaflet-fade-anim" in classes) is moving


def test_a_map_that_cannot_be_loaded_says_so(open_page: Opener) -> None:
    visit = open_page()
    visit.page.route("**/leaflet.js", lambda route: route.abort())
    visit.page.goto(NEAR)
    visit.page.locator("#map summary").click()
    expect(visit.page.locator("#map")).to_contain_text("The map could not be loaded.")
    expect(visit.page.locator("#map .map-canvas")).to_be_hidden()
    assert len(visit.problems) == 1
    visit.problems.clear()


@pytest.fixture(scope="module")
def tiled_site(directory, instance) -> Iterator[Site]:
    """The same directory as an operator serves it who chose tiles."""
    url = directory.site.app.extensions["directory"].settings.database_url
    chosen = {"map_tile_url": TILES, "map_tile_attribution": "Example maps"}
    with apps.running(instance, url, **chosen) as app, served(app) as site:
        yield site


def test_chosen_tiles_are_shown_and_nothing_else_from_elsewhere(
    browser: Browser, tiled_site: Site
) -> None:
    visit = Visit(browser, tiled_site, reduced_motion="reduce")
    asked: list[dict[str, str]] = []

    def answer(route) -> None:
        asked.append({"url": route.request.url, **route.request.headers})
        route.fulfill(body=picture.getvalue(), content_type="image/png")

    picture = BytesIO()
    Image.new("RGB", (256, 256), "white").save(picture, "png")
    visit.page.route(re.compile("^https:"), answer)
    shown(visit.page)
    visit.page.get_by_role("button", name="Zoom in").click()
    visit.page.get_by_role("button", name="Zoom out").click()
    visit.page.wait_for_function("() => document.querySelector('.leaflet-tile-loaded')")
    expect(visit.page.locator("#map")).to_contain_text("Example maps")
    assert len(asked) > 3
    for one in asked:
        assert one["url"].startswith("https://tiles.example.org/")
        assert "Phoenix" not in json.dumps(one)
        assert "referer" not in one
    assert {problem.split(":")[0] for problem in visit.problems} == {"a request to another host"}
    visit.close()
