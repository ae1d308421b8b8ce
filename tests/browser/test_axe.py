"""Every page in every language, narrow and wide, light and dark: what axe-core and a browser see.

Light pages meet all of axe's rules; the same page in dark meets the rules about color. A color is
the same in every language, and dark ones at every width: they are looked at once.
"""

import pytest

from directory.web.translations import SOURCE_LANGUAGE, languages
from tests.browser import axe
from tests.browser.pages import NO_PAGE, every_page, forgotten, in_language, one_of_each
from tests.browser.visiting import BadVisit

NARROW, WIDE = 320, 1280
HEIGHT = 800
THOROUGH = (SOURCE_LANGUAGE, NARROW)
"""Where every page is looked at, and one of each view in dark; elsewhere one of each view is."""


def seen(visit, path, status, *, light, dark):
    """Return what is wrong with one page, loaded once: its structure, and its colors if asked."""
    page = visit.page
    page.emulate_media(color_scheme="light")
    try:
        visit.go(path, status)
    except BadVisit as bad:
        visit.problems.clear()
        return [str(bad)]
    found = axe.too_wide(page)
    axe.unfold(page)
    found += axe.too_wide(page)
    found += axe.look(page, without=() if light else axe.OF_COLOR)
    if dark:
        page.emulate_media(color_scheme="dark")
        found += [f"in dark: {line}" for line in axe.look(page, rules=axe.OF_COLOR)]
    found += visit.trouble()
    visit.problems.clear()
    return found


def test_every_page_is_looked_at_or_excused(directory):
    pages = every_page(directory)
    assert forgotten(directory.site.app, pages) == []
    there = {rule.endpoint for rule in directory.site.app.url_map.iter_rules()}
    assert set(NO_PAGE) <= there
    assert len(pages) > 80


def test_a_control_route_that_nobody_looks_at_is_caught(directory):
    pages = [page for page in every_page(directory) if page.path != "/guide"]
    assert forgotten(directory.site.app, pages) == ["public.guide"]


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("code", languages())
def test_no_page_has_a_violation(open_page, directory, code, width):
    # Without motion, no color is measured on its way to another one.
    window = {"viewport": {"width": width, "height": HEIGHT}, "reduced_motion": "reduce"}
    visits = {False: open_page(**window), True: open_page(directory.token, **window)}
    pages = every_page(directory)
    chosen = one_of_each(directory.site.app, pages)
    found = {}
    for page in pages if (code, width) == THOROUGH else chosen:
        path = in_language(page.path, code)
        light = code == SOURCE_LANGUAGE
        dark = (code, width) == THOROUGH and page in chosen
        if wrong := seen(visits[page.staff], path, page.status, light=light, dark=dark):
            found[path] = wrong
    assert len(chosen) > 50
    told = "\n".join(f"{path}:\n    " + "\n    ".join(lines) for path, lines in found.items())
    assert not found, told
