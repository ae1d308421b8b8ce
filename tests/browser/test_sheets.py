"""The sheets in a browser: on paper, without a script, and with ticks that go nowhere."""

import re
from functools import partial

import pytest

DOCTOR = "/guide/doctor"
KNOWN = ".known-list"


def sheets(site):
    """Return the address of a sheet for a clinic of each standing."""
    client = site.app.test_client()
    found = {}
    for code in ("complete", "partial", "unchecked", "warning"):
        query = {"near": "Texas", "standing": code}
        clinic = client.get("/api/v1/clinics", query_string=query).json["clinics"][0]
        found[code] = f"/clinics/{clinic['id']}/questions"
    return found


def noted(asked, request):
    """Note what a page asks the site for; the icon is fetched whenever the browser likes."""
    if not request.url.endswith("favicon.svg"):
        asked.append(request.url)


def sheets_of_paper(page):
    """Return how many sheets of Letter paper a page takes."""
    return len(
        re.findall(rb"/Type\s*/Page\b", page.pdf(format="Letter", prefer_css_page_size=True))
    )


def test_a_sheet_takes_two_sheets_of_paper_at_most(page, site):
    taken = {}
    for address in (*sheets(site).values(), DOCTOR):
        page.goto(address)
        taken[address] = sheets_of_paper(page)
    assert max(taken.values()) <= 2, taken
    page.goto(sheets(site)["unchecked"] + "?size=large")
    assert sheets_of_paper(page) > 2, "the control: large print takes more"


def test_paper_has_lines_and_shows_what_is_folded_on_screen(page, site):
    page.goto(sheets(site)["partial"])
    lines = page.locator(".question .ruled")
    assert lines.count() >= 4
    assert not page.locator(KNOWN).is_visible()
    assert not any(lines.nth(n).is_visible() for n in range(lines.count()))
    page.emulate_media(media="print")
    assert all(lines.nth(n).is_visible() for n in range(lines.count()))
    assert page.locator(KNOWN).bounding_box()["height"] > 40
    assert page.get_by_text("What we know now: http").is_visible()
    assert page.locator(".crisis").is_visible()
    assert not page.locator("[data-print]").is_visible()


def test_what_the_script_opens_for_paper_it_folds_again(page, site):
    page.goto(sheets(site)["partial"])
    folded = page.locator("details[data-print-open]")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert folded.get_attribute("open") is not None
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert folded.get_attribute("open") is None


@pytest.mark.parametrize("scripts", [True, False])
def test_ticks_stay_in_the_page_and_go_nowhere(open_page, site, scripts):
    visit = open_page(java_script_enabled=scripts)
    for address in (sheets(site)["unchecked"], DOCTOR):
        visit.go(address)
        asked = []
        visit.page.on("request", partial(noted, asked))
        box = visit.page.locator("main input[type=checkbox]").first
        box.focus()
        visit.page.keyboard.press("Space")
        assert box.is_checked()
        visit.page.emulate_media(media="print")
        assert box.is_checked()
        assert box.is_visible()
        visit.page.emulate_media(media="screen")
        assert asked == []
        assert visit.page.url == site.url + address
        visit.page.reload()
        assert not box.is_checked()
        assert visit.page.get_by_role("button", name="Print").is_visible() is scripts
        assert visit.page.locator(".print-hint").is_visible()


def test_the_button_prints(page):
    page.add_init_script("window.print = () => { document.title = 'printed'; }")
    page.goto(DOCTOR)
    page.get_by_role("button", name="Print").click()
    assert page.title() == "printed"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_large_print_fits_a_small_phone(open_page, site, scheme):
    visit = open_page(viewport={"width": 320, "height": 640}, color_scheme=scheme)
    for address in (*(f"{one}?size=large" for one in sheets(site).values()), DOCTOR):
        visit.go(address)
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 320, address
