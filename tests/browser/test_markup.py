"""Every page in every language is sound HTML: it parses without an error, and all its parts agree.

What is looked for is in tests/support/inspection.py: html5lib's strict parser, ids, labels and what
points at them, headings in order; its own controls are in tests/test_inspection.py.
"""

import pytest

from directory.web.translations import SOURCE_LANGUAGE, languages
from tests.browser.pages import every_page, in_language, one_of_each
from tests.support.inspection import problems_of
from tests.support.staff import holding


def problems_in(directory, code):
    """Return what is wrong with each page in a language, and how many were looked at."""
    app = directory.site.app
    staff, visitor = holding(app, directory.token), app.test_client()
    pages = every_page(directory)
    found = {}
    for page in pages if code == SOURCE_LANGUAGE else one_of_each(app, pages):
        path = in_language(page.path, code)
        answer = (staff if page.staff else visitor).get(path, follow_redirects=True)
        wrong = problems_of(answer.text, "localhost", echoed=path)
        wrong += [] if f'<html lang="{code}"' in answer.text else ["another language"]
        if wrong or answer.status_code != page.status:
            found[path] = [answer.status_code, *wrong]
    return found, len(pages)


@pytest.mark.parametrize("code", languages())
def test_every_page_is_sound_html(directory, code):
    found, seen = problems_in(directory, code)
    assert found == {}
    assert seen > 90


BROKEN = {
    "<p><div></div></p>": "invalid HTML",
    "<p id=a></p><p id=a></p>": "is used 2 times",
    "<label for=b>Name</label>": "a label for 'b'",
    "<input name=c>": "has no label",
    "<p aria-describedby=d></p>": "points at #d",
    "<h4>Deep</h4>": "skips a level",
}


@pytest.mark.parametrize("markup", BROKEN)
def test_a_control_page_with_one_flaw_is_caught(directory, markup):
    page = directory.site.app.test_client().get("/guide").text
    assert problems_of(page) == []
    found = problems_of(page.replace("</h1>", f"</h1>{markup}", 1))
    assert [line for line in found if BROKEN[markup] in line]
