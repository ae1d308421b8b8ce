"""The style guide photographed: nothing blank, nothing too wide, and each state told apart."""

import io
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from directory.web.public.styleguide import KINDS
from tests.browser.axe import WIDER

READ = """() => Object.fromEntries([...document.querySelectorAll('.specimen')].map(one => {
  const state = one.querySelector('.specimen-line .state');
  return [one.id.replace('state-', ''), {
    words: state.querySelector('.state-heading').textContent
      + (state.querySelector('.disputed')?.textContent ?? ''),
    shape: [...state.querySelectorAll('svg *')].map(part => part.outerHTML).join(''),
    color: getComputedStyle(state).color,
  }];
}))"""
ALIKE = {
    "says": {"attested", "attested-not", "attested-none"},
    "unknown": {"not-checked", "tried", "recheck", "paper", "none"},
    "adverse": {"not-met", "disputed"},
}
"""States that share a color on purpose: the clinic's word; what nobody knows; what is not met."""
BAND = 100
DIFFERENT = 0.04
"""The part of a mark's pixels by which two marks must differ at least."""


def pixels(shot, gray=False):
    """Return a picture's pixels."""
    picture = Image.open(io.BytesIO(shot)).convert("L" if gray else "RGB")
    return np.asarray(picture)


def blank(shot):
    """Say whether most of a picture's bands hold nothing at all."""
    seen = pixels(shot, gray=True)
    bands = [seen[top : top + BAND] for top in range(0, len(seen), BAND)]
    return sum(int(band.max()) - int(band.min()) > 60 for band in bands) < len(bands) / 2


def drawn(page, kind):
    """Return the mark of a state as it is painted, in black and white."""
    mark = page.locator(f"#state-{kind} .specimen-line svg").last
    seen = pixels(mark.screenshot(), gray=True)[:38, :38].astype(int)
    return abs(seen - seen[0, 0]) > 60


def undecided(marks):
    """Return the pairs of marks that look the same."""
    return [
        (one, other)
        for one, other in combinations(marks, 2)
        if marks[one].shape == marks[other].shape
        and (marks[one] != marks[other]).mean() < DIFFERENT
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_it_is_photographed(open_page, tmp_path, width, scheme):
    visit = open_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    visit.go("/styleguide")
    file = tmp_path / f"styleguide-{width}-{scheme}.png"
    shot = visit.page.screenshot(path=file, full_page=True)
    assert not blank(shot)
    assert pixels(shot).shape[1] == width
    assert visit.page.evaluate(WIDER) == 0


def test_a_blank_page_is_caught(open_page):
    page = open_page().page
    page.set_content("<p>Nothing but a word</p>")
    assert blank(page.screenshot())


def test_each_state_differs_in_words_shape_and_color(open_page):
    for scheme in ("light", "dark"):
        visit = open_page(color_scheme=scheme)
        visit.go("/styleguide")
        states = visit.page.evaluate(READ)
        assert list(states) == list(KINDS)
        assert len({one["words"] for one in states.values()}) == len(KINDS)
        assert len({one["shape"] for one in states.values()}) == len(KINDS)
        family = {kind: name for name, kinds in ALIKE.items() for kind in kinds}
        for one, other in combinations(KINDS, 2):
            same = family.get(one, one) == family.get(other, other)
            assert (states[one]["color"] == states[other]["color"]) is same, (one, other)


@pytest.mark.parametrize("forced", ["none", "active"])
def test_with_colors_off_each_mark_still_looks_different(open_page, forced):
    visit = open_page(forced_colors=forced, device_scale_factor=2)
    visit.go("/styleguide")
    marks = {kind: drawn(visit.page, kind) for kind in KINDS}
    assert all(mark.any() for mark in marks.values())
    assert undecided(marks) == []


def test_two_marks_that_look_the_same_are_caught(open_page):
    visit = open_page(device_scale_factor=2)
    visit.go("/styleguide")
    mark = drawn(visit.page, "expired")
    assert undecided({"expired": mark, "again": mark}) == [("expired", "again")]
