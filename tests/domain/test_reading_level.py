"""The pages that explain the checklist: plain enough to read, sound as HTML, true to the rules."""

import re
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import ChoiceLoader, DictLoader, Environment, FileSystemLoader, StrictUndefined

from directory.domain.criteria import Catalogue, parse_catalogue
from tests.domain.reading import HARDEST_GRADE, grade, prose, spanish, words

ROOT = Path(__file__).parents[2]
PAGES = ("guide", "doctor", "how_we_check", "checklist")
BASE = "<title>{% block title %}{% endblock %}</title><main>{% block main %}{% endblock %}</main>"
CATALOGUE: Catalogue = parse_catalogue(
    (ROOT / "seed_data" / "catalogue-2026.1.toml").read_text(encoding="utf-8")
)
BLOCKS = {"p", "li", "dt", "dd", "h1", "h2", "h3", "td", "th", "summary", "caption", "title"}
CITED = re.compile(r"\(sources? \d+(?:, \d+)*\)")
VOID = {"br", "hr", "img", "input", "meta", "link"}


class Page(HTMLParser):
    """A rendered page as the tests see it: its tags, its ids and links, its blocks of text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(html)
        assert self.open == [], "tags left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in BLOCKS:
            self.texts.append((tag, ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if self.texts and set(self.open) & BLOCKS:
            tag, text = self.texts[-1]
            self.texts[-1] = (tag, text + data)

    def values(self, attribute: str) -> list[str]:
        """All values of one attribute."""
        return [value for _, attrs in self.tags if (value := attrs.get(attribute)) is not None]

    def blocks(self, *tags: str) -> list[str]:
        """Texts of blocks, with spaces made single."""
        texts = (" ".join(text.split()) for tag, text in self.texts if not tags or tag in tags)
        return [text for text in texts if text]


@cache
def render(page: str, confirmation: str = "two-person") -> str:
    """Render a page as the site does, with a bare base page and addresses that show the name."""
    loader = ChoiceLoader([DictLoader({"base.html": BASE}), FileSystemLoader(ROOT / "templates")])
    env = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, extensions=["jinja2.ext.i18n"]
    )
    env.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    env.trim_blocks = env.lstrip_blocks = True
    env.policies["ext.i18n.trimmed"] = True
    env.filters["day"] = lambda day: f"{day.day} {day:%b %Y}"
    names = ("complete", "partial", "unchecked", "warning", "suspended")
    env.globals.update(
        url_for=lambda endpoint: f"/{endpoint.removeprefix('public.')}",
        wording={"STANDINGS": {name: name.title() for name in names}},
    )
    return env.get_template(f"public/{page}.html").render(
        catalogue=CATALOGUE, confirmation=confirmation
    )


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_sound_html_with_one_heading_that_its_title_starts_with(page: str) -> None:
    found = Page(render(page))
    (heading,) = found.blocks("h1")
    assert found.blocks("title")[0].startswith(heading)
    assert [i for i, n in Counter(found.values("id")).items() if n > 1] == []
    assert {"script", "style"}.isdisjoint(tag for tag, _ in found.tags)
    assert not [name for _, attrs in found.tags for name in attrs if re.match("style|on", name)]
    assert set(found.values("aria-labelledby")) <= set(found.values("id"))


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_something_that_is_there(page: str) -> None:
    known = {name: set(Page(render(name)).values("id")) for name in PAGES}
    for link in Page(render(page)).values("href"):
        if link.startswith(("https://", "tel:")):
            continue
        where, _, anchor = link.partition("#")
        name = where.removeprefix("/") or page
        assert name in {*PAGES, "home"}, link
        assert not anchor or anchor in known[name], link


@pytest.mark.parametrize("page", PAGES)
def test_each_word_of_a_page_can_be_translated(page: str) -> None:
    source = (ROOT / "templates" / "public" / f"{page}.html").read_text(encoding="utf-8")
    bare = re.sub(r"\{%-? ?trans\b.*?endtrans -?%\}", "", source, flags=re.S)
    bare = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", "", bare, flags=re.S)
    assert re.findall(r"[A-Za-z]+", bare) == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_reads_at_grade_eight_or_lower(page: str) -> None:
    assert grade(*Page(render(page)).blocks("p", "li", "dd", "td")) <= HARDEST_GRADE


@pytest.mark.parametrize("page", ["guide", "how_we_check"])
def test_no_paragraph_of_the_prose_reads_above_grade_nine(page: str) -> None:
    paragraphs = (CITED.sub("", text) for text in Page(render(page)).blocks("p", "li", "dd"))
    hard = [
        (round(grade(text), 1), text)
        for text in paragraphs
        if words(prose([text])) >= 12 and grade(text) > 9 and "What we read:" not in text
    ]
    assert hard == []


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("confirmation", ["two-person", "solo"])
def test_a_page_promises_nothing_and_keeps_the_house_voice(page: str, confirmation: str) -> None:
    text = "\n".join(Page(render(page, confirmation)).blocks())
    text = text.replace(CATALOGUE.article, "")
    for reference in CATALOGUE.references:
        text = text.replace(reference.title, "")
    never = r"\bsafe(?:ly|r)?\b|verified clinic|!|please note|\bsorry\b|suffer|breakthrough|%"
    assert re.findall(never, text, re.I) == []
    assert "depressed people" not in text
    assert "addicts" not in text


def test_the_guide_covers_what_the_article_covers() -> None:
    text = " ".join(Page(render("guide")).blocks())
    for topic in (
        "IV",
        "45 minutes",
        "off-label",
        "bipolar",
        "PTSD",
        "chronic pain",
        "detached",
        "dizzy",
        "sick to the stomach",
        "blood pressure",
        "within hours",
        "addictive",
        "more sessions",
        "ride home",
        "Do not drive until the next day",
        "911",
        "988",
        "31 Dec 2026",
    ):
        assert topic in text, topic
    assert "has not approved it for any mental health condition" in text
    for group in CATALOGUE.groups:
        assert group.title in text


def test_who_checks_is_told_as_it_is() -> None:
    two = " ".join(Page(render("how_we_check")).blocks())
    solo = " ".join(Page(render("how_we_check", "solo")).blocks())
    assert "checked by one person" in solo
    assert "Two people" not in solo
    assert "Two people agree on each key check" in two
    assert "checked by one person" not in two


def test_the_checklist_page_shows_each_criterion_with_its_sources() -> None:
    html = render("checklist")
    found = Page(html)
    text = " ".join(found.blocks())
    for criterion in CATALOGUE.criteria:
        assert criterion.code in found.values("id")
        for said in (criterion.title, criterion.plain, criterion.why, criterion.lasts):
            assert said in text, criterion.code
        assert (criterion.disagreement or "") in text
    for reference in CATALOGUE.references:
        assert f"source-{reference.code}" in found.values("id")
        assert reference.link is None or reference.link in found.values("href")
    assert found.blocks("p").count("Key check") == len(CATALOGUE.critical_codes)


def test_the_grade_tells_plain_words_from_hard_ones() -> None:
    assert grade("You can sit down. Then we talk.") < 2
    assert grade("Pharmacological interventions necessitate interdisciplinary consultation.") > 20


PLAIN = (
    "Le ponen una vía en el brazo. La infusión dura unos 45 minutos. Una persona lo cuida todo el "
    "tiempo. Después necesita que alguien lo lleve a casa. No maneje hasta el día siguiente."
)
HARD = (
    "La administración intravenosa de ketamina requiere supervisión ininterrumpida por "
    "profesionales acreditados, con monitorización hemodinámica y capnográfica, a efectos de "
    "garantizar la identificación temprana de complicaciones cardiovasculares o respiratorias."
)


def test_the_spanish_measures_tell_plain_words_from_hard_ones() -> None:
    assert spanish(PLAIN).plain
    found = spanish(HARD)
    assert not found.plain
    assert found.ease < 0
    assert found.inflesz < 0
    assert found.years > HARDEST_GRADE


def test_the_spanish_measures_are_the_published_formulas() -> None:
    """Ten words of two syllables in two sentences, worked out by hand from the papers."""
    text = "Gato perro mesa silla cama. Libro carta puerta techo suelo."
    found = spanish(text)
    assert found.ease == pytest.approx(206.84 - 60 * 2 - 1.02 * 5)
    assert found.inflesz == pytest.approx(206.84 - 62.3 * 2 - 5, abs=0.01)
    assert found.years == pytest.approx(-0.205 * 20 + 0.049 * 200 - 3.407)


def test_a_block_ends_a_sentence_and_a_colon_too() -> None:
    assert prose(["Three plain words", "Ask them this: who is there? Yes"]) == (
        "Three plain words.\nAsk them this.\nwho is there? Yes."
    )
    assert (
        prose(["Two words", "It is 0.5 mg, at nlm.nih.gov/x."]) == "It is 0-5 mg, at nlm-nih-gov/x."
    )
