"""The whole of a patient's way: search, filter, a clinic, compare, questions, print.

By mouse without JavaScript, by keyboard alone, with text at twice its size, and on paper.
"""

import re
from functools import partial

import pytest

from directory.web.translations import SOURCE_LANGUAGE, languages
from tests.browser import axe
from tests.browser.visiting import BadVisit, Visit
from tests.browser.walking import Keyboard, Mouse, clipped

DESK = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 800}, "has_touch": True}
STILL = {"reduced_motion": "reduce"}
PLACE = "Phoenix, AZ"
HELPLINES = ("988", "911")
SIZE = "() => getComputedStyle(document.documentElement).fontSize"
TICK = "form[action*='clinics'] input[name=treats]"
SHOW = ".filters-acts button[type=submit]"


def rooted(code):
    """Return what stands before each path in a language."""
    return "" if code == SOURCE_LANGUAGE else f"/{code}"


def walk(walker, root, unfold, look):
    """Go the whole way; `unfold` opens the filters, `look` is told the name of each station."""
    page = walker.page
    look("home")
    walker.write("input[name=near]", PLACE)
    walker.press("form[role=search] button[type=submit]")
    page.wait_for_url(f"**{root}/clinics?near=**")
    assert "Phoenix" in page.locator("h1").inner_text()
    found = page.locator("article.card").count()
    assert found >= 3
    look("results")

    unfold(walker)
    walker.tick(TICK)
    walker.press(SHOW)
    page.wait_for_url("**treats=**")
    assert "Phoenix" in page.locator("h1").inner_text()
    assert page.locator(".chips .chip").count() == 1
    look("filtered")

    name = page.locator(".card-name").first.inner_text()
    walker.press(".card-name a")
    page.wait_for_url(f"**{root}/clinics/*-*")
    assert page.locator("h1").inner_text() == name
    look("clinic")
    page.go_back()
    page.wait_for_url("**treats=**")

    numbers = [box.get_attribute("value") for box in page.locator(".compare-tick input").all()[:2]]
    for number in numbers:
        walker.tick(f"input[name=c][value='{number}']")
    walker.press(f"input[name=c][value='{numbers[1]}'] ~ button")
    page.wait_for_url(f"**{root}/compare?**")
    assert [f"c={number}" in page.url for number in numbers] == [True, True]
    assert page.locator(".compare-clinics > li").count() == 2
    look("compare")

    walker.press("main a[href$='/questions']")
    page.wait_for_url("**/questions")
    assert page.locator("main ol li").count() >= 3
    look("questions")
    walker.press("a[href*='size=large']")
    page.wait_for_url("**size=large")
    look("large print")


def open_fold(walker):
    """Open the filters as they are without a script."""
    walker.press("details.filters > summary")


@pytest.mark.parametrize("window", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("code", languages())
def test_the_way_without_javascript(open_page, code, window):
    visit = open_page(java_script_enabled=False, **window)
    seen = []
    visit.go(f"{rooted(code)}/")
    walk(Mouse(visit.page), rooted(code), open_fold, seen.append)
    assert len(seen) == 7
    assert not visit.page.locator("[data-print]").first.is_visible()
    assert visit.page.locator(".print-hint").first.is_visible()


def open_sheet(walker):
    """Open the filters as they are on a phone."""
    walker.press(".filters-open")


@pytest.mark.parametrize(
    ("window", "unfold"), [(DESK, lambda _w: None), (PHONE, open_sheet)], ids=["desk", "phone"]
)
def test_the_way_by_keyboard_alone_with_the_focus_always_in_sight(open_page, window, unfold):
    visit = open_page(**window, **STILL)
    visit.page.add_init_script("window.print = () => { window.printed = true; };")
    walker = Keyboard(visit.page)
    visit.go("/")
    walk(walker, "", unfold, lambda _station: None)
    walker.press("[data-print]")
    assert visit.page.evaluate("() => window.printed") is True
    assert walker.problems == []
    assert walker.stops > 100


STATIONS = (
    "/",
    "/clinics?near=Phoenix,+AZ&within=100",
    "/clinics/1",
    "/compare?c=1&c=2&c=3",
    "/clinics/1/questions",
    "/guide",
    "/guide/doctor",
    "/checklist",
    "/how-we-check",
    "/clinics/1/concern",
    "/suggest",
)
"""The pages a patient may come by, each from its top to its end."""


@pytest.mark.parametrize("window", [DESK, PHONE], ids=["desk", "phone"])
def test_tab_goes_through_every_page_and_its_focus_is_always_in_sight(open_page, window):
    visit = open_page(**window, **STILL)
    walker = Keyboard(visit.page)
    for path in STATIONS:
        visit.go(path)
        before = len(walker.problems)
        assert walker.through() > 10, path
        walker.problems[before:] = [f"{path}: {line}" for line in walker.problems[before:]]
    assert walker.problems == []


@pytest.fixture(scope="module")
def large_print(launch):
    """A browser whose owner has set text to twice its usual size."""
    return launch("--blink-settings=defaultFontSize=32")


@pytest.mark.parametrize("code", languages())
@pytest.mark.parametrize("width", [640, 1280])
def test_text_at_twice_its_size_is_all_there(large_print, site, code, width):
    visit = Visit(large_print, site, viewport={"width": width, "height": 800}, **STILL)
    found = []
    for path in STATIONS:
        visit.go(rooted(code) + path)
        axe.unfold(visit.page)
        assert visit.page.evaluate(SIZE) == "32px"
        lines = axe.too_wide(visit.page) + clipped(visit.page)
        found += [f"{path}: {line}" for line in lines]
    found += visit.trouble()
    visit.close()
    assert found == []


ON_PAPER = """() => {
  const seen = one => one.checkVisibility({ visibilityProperty: true });
  const all = selector => [...document.querySelectorAll(selector)];
  return {
    helplines: all("a[href^='tel:988'], a[href^='tel:911']").filter(seen).map(one => one.innerText),
    words: document.body.innerText,
    shown: all("nav, form button, .skip").filter(seen).map(one => one.outerHTML.slice(0, 80)),
  };
}"""
PAPER = {"width": 720, "height": 960}
"""What a sheet of Letter with half-inch margins holds, in CSS pixels."""
MARGINS = dict.fromkeys(("top", "bottom", "left", "right"), "0.5in")
SHEETS = {
    "/clinics/1": 8,
    "/compare?c=1&c=2": 2,
    "/compare?c=1&c=2&c=3&c=4": 3,
    "/clinics/1/questions": 6,
    "/clinics/1/questions?size=large": 12,
    "/guide": 8,
    "/guide/doctor": 4,
}
"""The pages that are made to be printed, and how many sheets each may take."""


def on_paper(visit, path, most):
    """Return what is wrong with a page in print."""
    page = visit.page
    page.emulate_media(media="print")
    visit.go(path)
    paper = page.evaluate(ON_PAPER)
    found = [f"{n} is missing" for n in HELPLINES if n not in paper["words"]]
    found += [f"printed: {one}" for one in paper["shown"]]
    found += axe.too_wide(page) + clipped(page)
    sheets = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="Letter", margin=MARGINS)))
    if not 0 < sheets <= most:
        found.append(f"{sheets} sheets, not {most} at most")
    return [f"{path}: {line}" for line in found]


@pytest.mark.parametrize("code", languages())
def test_on_paper_nothing_is_cut_and_the_helplines_are_there(open_page, code):
    visit = open_page(viewport=PAPER)
    print_out = partial(on_paper, visit)
    found = [line for path, most in SHEETS.items() for line in print_out(rooted(code) + path, most)]
    assert found == []


HIDE_FOCUS = """() => {
  for (const link of document.querySelectorAll("a")) {
    for (const [name, value] of [["outline", "none"], ["box-shadow", "none"],
                                 ["background", "none"], ["color", "black"],
                                 ["text-decoration", "none"], ["transition", "none"]]) {
      link.style.setProperty(name, value, "important");
    }
  }
}"""


def test_a_control_page_that_hides_its_focus_is_caught(open_page):
    visit = open_page(**DESK, **STILL)
    visit.go("/guide")
    visit.page.evaluate(HIDE_FOCUS)
    walker = Keyboard(visit.page)
    walker.through()
    assert [line for line in walker.problems if line.startswith("no focus to be seen")]


def test_a_control_page_that_covers_its_focus_is_caught(open_page):
    visit = open_page(**DESK, **STILL)
    visit.go("/guide")
    visit.page.evaluate(
        """() => { const lid = document.createElement("div"); lid.style.position = "fixed";
        lid.style.inset = "0"; lid.style.zIndex = "99"; document.body.append(lid); }"""
    )
    walker = Keyboard(visit.page)
    walker.through()
    assert [line for line in walker.problems if line.startswith("the focus is out of sight")]


def test_a_control_page_that_cuts_its_text_is_caught(open_page):
    visit = open_page(**DESK)
    visit.go("/guide")
    visit.page.evaluate(
        """() => { const one = document.querySelector("main p"); one.style.height = "0.5em";
        one.style.overflow = "hidden"; }"""
    )
    assert clipped(visit.page) != []


def test_a_control_page_without_helplines_or_with_its_menu_on_paper_is_caught(open_page):
    visit = open_page(viewport=PAPER)
    visit.page.add_init_script(
        """addEventListener("DOMContentLoaded", () => {
        for (const one of document.querySelectorAll("a[href='tel:911']")) one.remove();
        document.querySelector("nav").style.setProperty("display", "block", "important"); });"""
    )
    found = "\n".join(on_paper(visit, "/guide", 1))
    assert "911 is missing" in found
    assert "printed: <nav" in found
    assert "sheets, not 1 at most" in found


def test_a_control_walk_to_what_is_not_there_ends(open_page):
    visit = open_page()
    visit.go("/guide")
    with pytest.raises(AssertionError, match="Tab never"):
        Keyboard(visit.page).to("#none-such")
    with pytest.raises(BadVisit):
        visit.go("/guide", 300)
