"""Search in a browser: the list of places, the sheet of filters, and "Use my location"."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

PHONE = {"viewport": {"width": 390, "height": 800}}
DESK = {"viewport": {"width": 1280, "height": 900}}
HOME = {"latitude": 45.514236, "longitude": -122.636389}
FOCUSED = "document.activeElement.id"
IN_SHEET = "document.activeElement.closest('dialog') !== null"


def typed(page, text):
    """Type into the box and wait for the list; return its options."""
    page.locator("#near").press_sequentially(text)
    options = page.get_by_role("option")
    options.first.wait_for()
    return options


def hidden(page, name):
    """Return the value of a hidden field of the search box, or None."""
    field = page.locator(f"form.search input[type=hidden][name={name}]")
    return field.get_attribute("value") if field.count() else None


def expanded(page):
    return page.locator("#near").get_attribute("aria-expanded")


# Places while one types


def test_a_place_is_picked_with_the_keyboard_alone(page):
    page.goto("/")
    box = page.get_by_role("combobox")
    options = typed(page, "springfield")
    assert options.count() == 8
    assert len({option.inner_text() for option in options.all()}) == 8
    assert expanded(page) == "true"
    assert page.locator("form.search [role=status]").inner_text().startswith("Places to choose")
    assert box.get_attribute("aria-activedescendant") is None
    page.keyboard.press("ArrowUp")
    assert box.get_attribute("aria-activedescendant") == "near-places-7"
    page.keyboard.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") is None
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert options.nth(1).get_attribute("aria-selected") == "true"
    assert options.nth(0).get_attribute("aria-selected") == "false"
    page.keyboard.press("Home")
    assert box.get_attribute("aria-activedescendant") is None
    page.keyboard.press("ArrowDown")
    name = options.nth(0).inner_text()
    page.keyboard.press("Enter")
    assert box.input_value() == name
    assert expanded(page) == "false"
    assert urlsplit(page.url).path == "/"
    assert hidden(page, "lat")
    page.keyboard.press("Enter")
    page.wait_for_url("**/clinics?*")
    assert name in page.locator("h1").inner_text()
    assert page.evaluate(FOCUSED) == "results"


def test_the_point_goes_when_the_text_changes_and_stays_with_the_radius(page):
    page.goto("/")
    typed(page, "9721").first.click()
    assert page.evaluate(FOCUSED) == "near"
    assert hidden(page, "lat")
    assert hidden(page, "lon")
    page.get_by_role("button", name="Find clinics").click()
    page.wait_for_url("**/clinics?*")
    assert hidden(page, "lat")
    page.select_option("#within", "50")
    page.get_by_role("button", name="Search", exact=True).click()
    page.wait_for_url("**within=50*")
    assert "lat" in parse_qs(urlsplit(page.url).query)
    page.locator("#near").press_sequentially("0")
    assert hidden(page, "lat") is None


def test_escape_closes_the_list_and_tab_leaves_without_picking(page):
    page.goto("/")
    box = page.get_by_role("combobox")
    typed(page, "spring")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    assert (box.input_value(), expanded(page)) == ("spring", "false")
    page.keyboard.press("ArrowDown")
    assert expanded(page) == "true"
    page.keyboard.press("Tab")
    assert (box.input_value(), expanded(page)) == ("spring", "false")
    assert hidden(page, "lat") is None


def test_an_answer_that_comes_too_late_opens_nothing(page):
    late = []
    page.goto("/")
    page.route("**/places?q=sp", lambda route: late.append(route))
    with page.expect_request("**/places?q=sp"):
        page.locator("#near").press_sequentially("sp")
    options = typed(page, "okane")
    assert options.first.inner_text() == "Spokane, WA"
    page.keyboard.press("Escape")
    late[0].abort()  # the browser gave it up long ago
    assert expanded(page) == "false"


@pytest.mark.parametrize("status", [0, 429, 500])
def test_the_box_stays_an_ordinary_one_when_nothing_answers(open_page, status):
    visit = open_page()
    page = visit.page
    page.goto("/")

    def refuse(route):
        if status:
            route.fulfill(status=status, body="no")
        else:
            route.abort()

    page.route("**/api/v1/places*", refuse)
    with page.expect_event("requestfinished" if status else "requestfailed"):
        page.locator("#near").press_sequentially("Austin, TX")
    assert expanded(page) == "false"
    page.keyboard.press("Enter")
    page.wait_for_url("**/clinics?*")
    assert "Austin, TX" in page.locator("h1").inner_text()
    visit.problems.clear()  # the browser notes what was refused


def test_it_works_in_spanish(page):
    page.goto("/es/")
    with page.expect_request("**/es/api/v1/places*"):
        typed(page, "Aust").first.click()
    page.keyboard.press("Enter")
    page.wait_for_url("**/es/clinics?*")


# Filters


def open_sheet(page, address="/clinics?near=Texas&treats=ptsd"):
    page.goto(address)
    page.get_by_role("button", name="Filters (").click()
    return page.get_by_role("dialog")


def counted(page, act):
    """Do something that changes the ticks, and return the counts that were fetched."""
    with page.expect_response("**/api/v1/clinics*") as told:
        act()
    return told.value.json()


def test_on_a_phone_the_filters_are_a_sheet_that_holds_the_focus(open_page):
    page = open_page(**PHONE).page
    sheet = open_sheet(page)
    assert page.evaluate(FOCUSED) == "filters-title"
    assert sheet.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 800}
    stops = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        assert page.evaluate(IN_SHEET)
        stops.add(page.evaluate("document.activeElement.outerHTML"))
    assert 20 < len(stops) < 60, "Tab went round once"
    page.keyboard.press("Escape")
    assert not sheet.is_visible()
    assert page.evaluate("document.activeElement.className").endswith("filters-open")


def test_the_button_says_how_many_clinics_the_ticks_leave(open_page):
    page = open_page(**PHONE).page
    sheet = open_sheet(page)
    show = sheet.locator("button[type=submit]")
    told = counted(page, lambda: sheet.locator("input[value=iv]").check())
    assert told["clinics"] == []
    show.get_by_text(f"Show {told['total']} clinics").wait_for()
    assert sheet.get_by_role("status").inner_text() == show.inner_text()
    count = sheet.locator("label:has(input[value=depression]) .count").inner_text()
    assert count == f"({told['facets']['treats']['depression']})"
    show.click()
    page.wait_for_url("**/clinics?*offers=iv*")
    assert page.locator("h1").inner_text().startswith(f"{told['total']} clinic")
    assert page.evaluate(FOCUSED) == "results"


def test_clear_all_empties_the_ticks_and_counts_anew(open_page):
    page = open_page(**PHONE).page
    sheet = open_sheet(page, "/clinics?near=Glasgow,+MT&treats=ptsd&within=250")
    told = counted(page, lambda: sheet.get_by_role("link", name="Clear all").click())
    words = f"Show {told['total']} clinic" + ("" if told["total"] == 1 else "s")
    sheet.get_by_role("button", name=words, exact=True).wait_for()
    assert sheet.locator("input:checked").count() == 0


def test_no_match_is_said_and_a_failed_count_leaves_a_plain_button(open_page):
    visit = open_page(**PHONE)
    page = visit.page
    sheet = open_sheet(page, "/clinics?near=Texas&treats=pain")
    counted(page, lambda: [sheet.locator(f"input[value={c}]").check() for c in ("im", "oral")])
    sheet.get_by_role("button", name="No clinic has all of these").wait_for()
    page.route("**/api/v1/clinics*", lambda route: route.abort())
    sheet.locator("input[value=im]").uncheck()
    sheet.get_by_role("button", name="Show results").wait_for()
    visit.problems.clear()


def test_on_a_desk_the_filters_stand_open_beside_the_list(open_page):
    page = open_page(**DESK).page
    page.goto("/clinics?near=Texas&treats=ptsd")
    form = page.get_by_role("form", name="Filters").bounding_box()
    cards = page.locator(".cards").first.bounding_box()
    assert form["x"] + form["width"] <= cards["x"]
    assert not page.locator(".filters-open").is_visible()
    page.set_viewport_size({"width": 390, "height": 800})
    page.locator(".filters-open").wait_for()
    assert not page.get_by_role("form", name="Filters").is_visible()


@pytest.mark.parametrize("window", [PHONE, DESK])
def test_without_a_script_the_filters_open_where_they_stand(open_page, window):
    page = open_page(java_script_enabled=False, **window).page
    page.goto("/clinics?near=Texas")
    assert not page.get_by_role("button", name="Use my location").is_visible()
    page.locator("details.filters > summary").click()
    page.locator("details.filters input[value=iv]").check()
    page.get_by_role("button", name="Show the clinics that match").click()
    page.wait_for_url("**/clinics?*offers=iv*")
    assert page.get_by_role("link", name="Take away the filter Ketamine by IV drip").is_visible()
    assert page.evaluate(FOCUSED) == "results"


# Use my location


def test_the_position_is_asked_when_pressed_and_leaves_the_browser_rounded(open_page):
    page = open_page(geolocation=HOME, permissions=["geolocation"], **PHONE).page
    sent = []
    page.on(
        "request", lambda request: sent.append((request.method, request.url, request.post_data))
    )
    page.goto("/clinics?near=Austin,+TX&offers=iv")
    assert [method for method, *_ in sent if method == "POST"] == []
    page.get_by_role("button", name="Use my location").click()
    page.wait_for_url("**here=1*")
    (body,) = [body for method, _url, body in sent if method == "POST"]
    assert parse_qs(body) == {"lat": ["45.51"], "lon": ["-122.64"], "offers": ["iv"]} | {
        "within": ["25"]
    }
    assert not [url for _method, url, _body in sent if re.search(r"45\.5|122\.6", url)]
    assert "97214" in page.locator("h1").inner_text()
    assert "the ZIP code closest to the position" in page.locator(".about").inner_text()
    assert page.evaluate(FOCUSED) == "results"
    page.go_back()
    assert "Austin, TX" in page.locator("h1").inner_text()
    assert "45.5" not in page.content()


def test_a_refusal_is_said_and_the_box_is_there(page):
    page.goto("/")
    page.evaluate(
        "navigator.geolocation.getCurrentPosition = (yes, no) => setTimeout(() => no({code: 1})); 0"
    )
    page.get_by_role("button", name="Use my location").click()
    page.locator(".near-me-status").get_by_text("not allowed").wait_for()
    page.evaluate(
        "navigator.geolocation.getCurrentPosition = (yes, no) => setTimeout(() => no({code: 3})); 0"
    )
    page.get_by_role("button", name="Use my location").click()
    page.locator(".near-me-status").get_by_text("too long").wait_for()


def test_a_position_abroad_is_said(open_page):
    london = {"latitude": 51.5, "longitude": -0.12}
    visit = open_page(geolocation=london, permissions=["geolocation"])
    visit.refused("/near-me")
    visit.page.goto("/")
    visit.page.get_by_role("button", name="Use my location").click()
    visit.page.get_by_role("heading", name="You seem to be outside the United States").wait_for()
