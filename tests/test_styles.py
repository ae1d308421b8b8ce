"""The styles read as source: colors and sizes only by tokens, and tokens that can be read."""

import re

import pytest

from directory.web.public.tokens import (
    FILE,
    PAIRS,
    STATES,
    contrast,
    in_words,
    pairs,
    read_tokens,
    tokens_of,
)

FOLDER = FILE.parent
STYLES = sorted(path.name for path in FOLDER.glob("*.css"))
NAMED = "white|black|red|green|blue|yellow|orange|gray|grey|silver|navy|teal|maroon|purple|olive"
RAW = re.compile(
    rf"#[0-9a-fA-F]{{3,8}}\b|\b(?:rgba?|hsla?|oklch|lab|lch|color)\(|(?<![\w-])(?:{NAMED})(?![\w-])"
)
SIZE = re.compile(r"(?<![\w-])font(?:-size)?:[^;]*\dpx\b")
WEB = re.compile(r"@import|url\(\s*['\"]?(?:https?:)?//|!important|expression\(")
USED = re.compile(r"var\(\s*(--[a-z0-9-]+)")
MADE = re.compile(r"(--[a-z0-9-]+)\s*:")


def source(name):
    """Return a style without its comments."""
    return re.sub(r"/\*.*?\*/", "", (FOLDER / name).read_text("utf-8"), flags=re.DOTALL)


def values(style):
    """Return the declarations of a style, without selectors and addresses of drawings."""
    return "\n".join(re.findall(r"[\w-]+\s*:[^;{}]*;", style))


def strays(style, known):
    """Return raw colors, fixed sizes of type, foreign addresses and unknown tokens of a style."""
    written = values(style)
    found = RAW.findall(written) + SIZE.findall(written) + WEB.findall(style)
    return found + sorted(set(USED.findall(style)) - set(MADE.findall(style)) - known)


DRAWN = {"charts.css": ["font: 12px"]}
"""Words inside a drawing are measured in the drawing's own units."""


@pytest.fixture(scope="module")
def known():
    """The tokens there are."""
    return {f"--{name}" for name in read_tokens()["light"]}


@pytest.mark.parametrize("name", [name for name in STYLES if name != FILE.name])
def test_colors_and_sizes_come_from_the_tokens(name, known):
    assert strays(source(name), known) == DRAWN.get(name, [])


def test_there_is_a_style_to_look_at():
    assert {"tokens.css", "base.css", "components.css", "print.css", "admin.css"} <= set(STYLES)


def test_the_lint_catches_what_it_should(known):
    bad = ".a { color: #fff; background: white; font-size: 12px; margin: var(--nowhere); }"
    assert strays(bad, known) == ["#fff", "white", "font-size: 12px", "--nowhere"]
    fine = (
        "#map .red { font-size: var(--text); color: currentColor; --own: 1rem; top: var(--own); }"
    )
    assert strays(fine, known) == []


def test_every_color_is_there_in_both_schemes():
    tokens = read_tokens()
    colors = {name for name, value in tokens["light"].items() if value.startswith("#")}
    asked = {color for color, _grounds, _least in PAIRS}
    assert asked | {"line", "paper", "card", "bar"} <= colors
    same = {name for name in colors if tokens["dark"][name] == tokens["light"][name]}
    assert same == {"white"}, "a color that is the same by day and by night was forgotten"


def test_the_contrast_of_every_pair_is_to_spare():
    found = pairs(read_tokens())
    assert [pair for pair in found if not pair.holds] == []
    assert len(found) > 100
    assert {pair.scheme for pair in found} == {"light", "dark"}


def test_a_weak_color_is_caught():
    weak = FILE.read_text("utf-8").replace("--soft: #424f56;", "--soft: #8a949a;")
    failed = [pair for pair in pairs(tokens_of(weak)) if not pair.holds]
    assert {(pair.scheme, pair.color) for pair in failed} == {("light", "soft")}
    assert len(failed) == 5


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21), ("#767676", "#ffffff", 4.54), ("#123456", "#123456", 1)],
)
def test_contrast_is_that_of_wcag(one, other, ratio):
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)
    assert contrast(other, one) == contrast(one, other)


def test_only_a_whole_color_has_a_contrast():
    with pytest.raises(ValueError, match="'#fff'"):
        contrast("#fff", "#000000")


def test_contrast_is_said_in_words():
    assert in_words(8.25) == "8.2 to 1, enough for all text"
    assert in_words(5) == "5.0 to 1, enough for text"
    assert in_words(3) == "3.0 to 1, enough for edges and marks"
    assert in_words(1.4) == "1.4 to 1, for decoration only"


def test_the_states_have_colors_of_their_own():
    for named in read_tokens().values():
        assert len({named[state] for state in STATES}) == len(STATES)


@pytest.mark.parametrize(
    "feature",
    [
        "prefers-color-scheme: dark",
        "prefers-contrast: more",
        "forced-colors: active",
        "@media print",
    ],
)
def test_no_wish_of_a_reader_is_forgotten(feature):
    assert any(feature in source(name) for name in ("tokens.css", "base.css", "components.css"))


def test_nothing_moves_whether_or_not_less_motion_is_asked_for():
    moves = r"(?<![\w-])(?:(?:animation|transition)(?:-[a-z]+)?|scroll-behavior):|@keyframes"
    assert [name for name in STYLES if re.search(moves, source(name))] == []
    assert re.search(moves, ".a { transition-duration: 1s; }")
