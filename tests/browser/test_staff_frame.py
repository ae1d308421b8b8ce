"""The staff pages' frame and tables, as they are painted: names and headings keep their words."""

import pytest

from directory.web.translations import languages
from tests.browser.pages import in_language

TABLES = ("/admin/staff", "/admin/registries", "/admin/numbers", "/admin/numbers/charts")
WIDTHS = (320, 390, 1280)
FEWEST = 60
"""Words in the headings of the tables of one window, over all the pages."""

BROKEN_WORDS = r"""() => {
  const broken = [];
  let count = 0;
  for (const cell of document.querySelectorAll("th")) {
    const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      for (const word of texts.currentNode.data.matchAll(/[^\s\u00a0-]+/g)) {
        const range = document.createRange();
        range.setStart(texts.currentNode, word.index);
        range.setEnd(texts.currentNode, word.index + word[0].length);
        const lines = [...range.getClientRects()].filter((box) => box.width > 0.5);
        count += 1;
        if (new Set(lines.map((box) => Math.round(box.top))).size > 1) broken.push(word[0]);
      }
    }
  }
  return [count, broken];
}"""
"""How many words the headings of a page's tables have, and which of them go over two lines."""

ANYWHERE = """() => document.querySelectorAll("th").forEach((cell) => {
  cell.style.overflowWrap = "anywhere";
  cell.style.maxWidth = "2rem";
})"""
"""Break headings as one breaks long data, where room is short."""

FRAME = """() => {
  const box = (name) => document.querySelector(`.staff-bar ${name}`).getBoundingClientRect();
  const brand = document.querySelector(".staff-bar .brand");
  const range = document.createRange();
  range.selectNodeContents(brand);
  const lines = new Set([...range.getClientRects()].map((line) => Math.round(line.top)));
  return [lines.size, box(".staff-self").left - box(".language").right];
}"""
"""Over how many lines the brand goes, and how far the language stands from the person's name."""

ADRIFT = """() => {
  document.querySelector(".staff-bar .brand").style.flexBasis = "0";
  document.querySelector(".staff-self").style.marginLeft = "auto";
}"""
"""Put the frame's parts wherever there is room."""

SHORT_NAME = """() => { document.querySelector(".staff-self a").textContent = "Ana"; }"""
"""A short name fits beside the brand, where it leaves the brand least room."""


@pytest.mark.parametrize("code", languages())
@pytest.mark.parametrize("width", WIDTHS)
def test_no_word_of_a_tables_heading_is_broken(open_page, directory, code, width):
    visit = open_page(directory.token, viewport={"width": width, "height": 800})
    found, words = {}, 0
    for path in TABLES:
        visit.go(in_language(path, code))
        count, broken = visit.page.evaluate(BROKEN_WORDS)
        words += count
        if broken:
            found[path] = broken
    assert found == {}
    assert words > FEWEST


def test_a_control_heading_broken_like_data_is_caught(open_page, directory):
    visit = open_page(directory.token, viewport={"width": 1280, "height": 800})
    visit.go("/admin/numbers")
    visit.page.evaluate(ANYWHERE)
    assert len(visit.page.evaluate(BROKEN_WORDS)[1]) > 5


@pytest.mark.parametrize("code", languages())
@pytest.mark.parametrize("width", WIDTHS)
def test_the_brand_keeps_its_words_together(open_page, directory, code, width):
    visit = open_page(directory.token, viewport={"width": width, "height": 800})
    visit.go(in_language("/admin/", code))
    visit.page.evaluate(SHORT_NAME)
    lines, _gap = visit.page.evaluate(FRAME)
    assert lines <= (1 if width > 1000 else 2)


@pytest.mark.parametrize("code", languages())
def test_language_and_person_stand_side_by_side_on_a_desk(open_page, directory, code):
    visit = open_page(directory.token, viewport={"width": 1280, "height": 800})
    visit.go(in_language("/admin/", code))
    assert 0 < visit.page.evaluate(FRAME)[1] < 50
    visit.page.evaluate(ADRIFT)
    assert visit.page.evaluate(FRAME)[1] > 100


def test_a_control_brand_that_gives_way_is_caught(open_page, directory):
    visit = open_page(directory.token, viewport={"width": 390, "height": 800})
    visit.go(in_language("/admin/", "es"))
    visit.page.evaluate(SHORT_NAME)
    visit.page.evaluate(ADRIFT)
    assert visit.page.evaluate(FRAME)[0] > 2
