"""Pages that are broken on purpose: each of the browser's checks finds what it is there for."""

import pytest
from flask import Flask, make_response

from tests.browser import axe
from tests.browser.visiting import BadVisit, Visit
from tests.support.live import served

SOUND = """<!DOCTYPE html><html lang="en"><head><title>Sound</title>
<link rel="icon" href="data:,"><meta name="viewport" content="width=device-width"></head>
<body><main><h1>Sound</h1>{}</main></body></html>"""
STRIPES = (
    "data:image/svg+xml;utf8,<svg xmlns=%22http://www.w3.org/2000/svg%22 width=%2240%22 "
    "height=%2240%22><rect width=%2240%22 height=%2240%22 fill=%22{}%22/></svg>"
)
ON_PICTURE = f"<p style='color: #333; background: url(\"{STRIPES}\")'>Some words on a picture</p>"
ON_GRADIENT = "<p style='color: {}; background: linear-gradient(#fff, #888)'>Some words</p>"
BROKEN = {
    "label": ("<input type='text'>", "label: "),
    "contrast": ("<p style='color: #999'>Some words</p>", "color-contrast: "),
    "gradient": (ON_GRADIENT.format("#777"), "contrast "),
    "picture": (ON_PICTURE.format("%23555"), "painted contrast "),
    "wide": ("<p style='width: 500px'>Some words</p>", "pixels wider"),
    "folded": ("<details><summary>A</summary><input type='text'></details>", "label: "),
    "script": ("<script>missing();</script>", "script: "),
    "error": ("<script>console.error('no');</script>", "console: no"),
    "foreign": ("<img alt='' src='http://localhost:9/x.png'>", "a request to another host: "),
    "cookie": ("<script>document.cookie = 'a=b';</script>", "kept by the browser: a"),
    "stored": ("<script>localStorage.kept = 1;</script>", "kept by the browser: kept"),
    "policy": ("<img alt='' src='/x.png'>", "console: Loading the image"),
}
GOOD = {
    "words": "<p>Some words</p>",
    "gradient": ON_GRADIENT.format("#111"),
    "picture": ON_PICTURE.format("%23eee"),
}


@pytest.fixture(scope="module")
def broken():
    """A site of broken pages."""
    app = Flask(__name__, static_folder=None)

    @app.get("/<kind>/<name>")
    def one(kind, name):
        words = BROKEN[name][0] if kind == "broken" else GOOD[name]
        answer = make_response(SOUND.format(words))
        if name == "policy":
            answer.headers["Content-Security-Policy"] = "default-src 'none'"
        return answer

    with served(app) as site:
        yield site


@pytest.fixture
def look_at(browser, broken):
    """Return what finds everything that is wrong with one of the pages."""

    def look(address):
        visit = Visit(browser, broken, viewport={"width": 320, "height": 700})
        try:
            visit.go(address)
            axe.unfold(visit.page)
            return axe.too_wide(visit.page) + axe.look(visit.page) + visit.trouble()
        finally:
            visit.close()

    return look


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_found_and_nothing_else(look_at, name):
    found = look_at(f"/broken/{name}")
    expected = BROKEN[name][1]
    assert [line for line in found if expected in line], found
    kinds = {line.partition(":")[0].partition(" of ")[0].rstrip("0123456789. ") for line in found}
    assert len(kinds) <= 2, found


@pytest.mark.parametrize("name", GOOD)
def test_what_is_sound_is_not_complained_about(look_at, name):
    assert look_at(f"/good/{name}") == []


def test_a_header_to_which_nothing_belongs_is_found(browser, broken):
    visit = Visit(browser, broken)
    visit.page.set_content(
        "<table><tr><th>A</th><th>B</th></tr><tr><th>C</th><td></td></tr></table>"
    )
    assert visit.page.evaluate(axe.IDLE_HEADERS, "table") == ["B", "C"]
    visit.close()


def test_an_answer_that_is_not_the_expected_one_is_told(browser, site):
    visit = Visit(browser, site)
    with pytest.raises(BadVisit, match="answered 404, not 200"):
        visit.go("/nothing")
    visit.close()
