"""What patients read, page by page as it is shown: grade 8 or lower, in each language's formula."""

import html5lib
import pytest

from directory.web.translations import SOURCE_LANGUAGE, languages
from tests.browser.pages import endpoint_of, every_page, in_language
from tests.domain.reading import HARDEST_GRADE, grade, prose, spanish, words
from tests.support.inspection import spoken

BLOCKS = {"p", "li", "dd", "dt", "td", "th", "summary", "legend", "label", "caption", "h2", "h3"}
NOT_FOR_PATIENTS = {"styleguide.show": "for those who build pages"}
SPANISH_MEASURES = {"es": spanish}
FEWEST = 40
"""Words a page needs to be measured by itself."""


def blocks_of(html):
    """Return each text of a page's main part once: paragraphs, items, headings and the like."""
    root = html5lib.parse(html, namespaceHTMLElements=False)
    main = root.find(".//main")
    found = {}
    for element in main.iter():
        if element.tag in BLOCKS and not any(one.tag in BLOCKS for one in [*element.iter()][1:]):
            found[spoken(element)] = None
    return [text for text in found if text]


def public_texts(directory, code):
    """Return the texts of every public page in a language, by its address."""
    app = directory.site.app
    client = app.test_client()
    found = {}
    for page in every_page(directory):
        if page.staff or endpoint_of(app, page.path) in NOT_FOR_PATIENTS:
            continue
        path = in_language(page.path, code)
        found[path] = blocks_of(client.get(path, follow_redirects=True).text)
    return found


def too_hard(texts, code):
    """Return the pages that are too hard to read, with how hard they are."""
    found = {}
    for path, blocks in texts.items():
        if words(prose(blocks)) < FEWEST:
            continue
        if code == SOURCE_LANGUAGE:
            measured = grade(*blocks)
            if measured > HARDEST_GRADE:
                found[path] = round(measured, 1)
        elif not (told := SPANISH_MEASURES[code](*blocks)).plain:
            found[path] = told
    return found


@pytest.mark.parametrize("code", languages())
def test_every_page_reads_at_grade_eight_or_lower(directory, code):
    texts = public_texts(directory, code)
    assert too_hard(texts, code) == {}
    assert len(texts) > 35
    assert sum(words(prose(blocks)) for blocks in texts.values()) > 15_000


HARD = {
    "en": "Pharmacological interventions necessitate comprehensive interdisciplinary consultation.",
    "es": (
        "La administración intravenosa requiere supervisión ininterrumpida por profesionales "
        "acreditados, con monitorización hemodinámica, a efectos de garantizar la identificación."
    ),
}


@pytest.mark.parametrize("code", languages())
def test_a_control_page_in_hard_words_is_caught(code):
    assert set(too_hard({"/": [HARD[code]] * FEWEST}, code)) == {"/"}
