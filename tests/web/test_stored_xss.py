"""Sixty hostile strings stored in every text field: no page grows an element or an attribute.

A database gives back the words that it was given, and what a page makes of them is the same on
each: so all of them are looked at on SQLite, and every fourth, of each kind some, on PostgreSQL.
"""

import json
import re
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import cache
from itertools import product
from urllib.parse import urlsplit

import html5lib
import pytest
from flask.testing import FlaskClient
from jinja2 import ChoiceLoader, DictLoader
from markupsafe import escape

from directory.web.fragments import Fragments
from tests.support.apps import running
from tests.support.staff import sign_in
from tests.web.stored_words import (
    NOT_FILLED,
    SHAPES,
    Filler,
    build,
    lengths,
    text_columns,
    unguard,
)

CALL = "alert(1)"
ELEMENTS = (
    f"<script>{CALL}</script>",
    f"<img src=x onerror={CALL}>",
    f"<svg onload={CALL}>",
    f"<svg><script>{CALL}</script></svg>",
    f"<iframe srcdoc='<script>{CALL}</script>'></iframe>",
    f"<body onload={CALL}>",
    f"<details open ontoggle={CALL}>x</details>",
    f"<a href=javascript:{CALL}>x</a>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>*{display:none}</style>",
    "<form action=//evil.example><input name=x>",
    "<plaintext>",
    "<!--",
)
BREAKOUTS = ("{}", '">{}', "'>{}", "</textarea></title></option></script>{}")
HOSTILE = [shape.format(element) for shape, element in product(BREAKOUTS, ELEMENTS)]
EXTRA = (
    '" onfocus=alert(1) autofocus x="',
    "' onmouseover='alert(1)",
    "{{ 7*7 }}{% raw %}",
    "%(x)s",
)
WORDS = {"sqlite": [*HOSTILE, *EXTRA], "postgresql": [*HOSTILE[::4], *EXTRA]}
PLAIN = "Qzqz qz words"
"""Harmless words whose first letters stand nowhere else, with a space as most hostile ones have."""
SHORTEST = 2
"""The length of the shortest column: a state."""
LINKED_DATA = "application/ld+json"
ADDRESSES = ("javascript:alert(1)", " java\tscript:alert(1)", "data:text/html,<script>1</script>")
RUN = re.compile("(javascript|data|vbscript):", re.IGNORECASE)
LEADS = ("href", "src", "action", "formaction", "srcdoc", "data")
SHOWS_NOTHING = "shows nothing that is stored"
NO_PAGE = {
    "accounts.join_code": "a drawing",
    "accounts.password": SHOWS_NOTHING,
    "accounts.sign_in": SHOWS_NOTHING,
    "api.checklist": "JSON",
    "api.clinic": "JSON, see below",
    "api.description": "JSON",
    "api.places": "JSON",
    "api.search": "JSON, see below",
    "evidence.download": "a file, which leaves as an attachment",
    "numbers.export": "CSV, whose cells have a test of their own",
    "outside.suggest": SHOWS_NOTHING,
    "public.card": "a drawing",
    "public.checklist": "shows the checklist, see below",
    "public.clinic_card": "a drawing",
    "public.clinic_map": "JSON of numbers and names of towns",
    "public.doctor": "shows the checklist, see below",
    "public.guide": "shows the checklist, see below",
    "public.how_we_check": "shows the checklist, see below",
    "public.home": SHOWS_NOTHING,
    "public.healthz": SHOWS_NOTHING,
    "public.readyz": SHOWS_NOTHING,
    "public.robots": SHOWS_NOTHING,
    "public.search_map": "JSON of numbers and names of towns",
    "public.sitemap": "XML of addresses, which have plain letters only",
    "public.sitemap_part": "XML of addresses, which have plain letters only",
    "static": SHOWS_NOTHING,
    "styleguide.show": "shows the checklist, see below",
}
"""What can be read and is no page with stored words, each with the reason."""


class House:
    """An application with a row in every table, a signed-in admin, and the pages to look at."""

    def __init__(self, app):
        """Build it; the rows may be written over afterwards."""
        app.test_client_class = FlaskClient
        self.app = app
        self.browser = sign_in(app, "admin")
        self.addresses = build(app, self.browser)
        unguard(app)
        self.filler = Filler(app)

    def pages(self, say):
        """Fill in words and return every page as it reads then."""
        self.filler.fill(say)
        return {address: self.page(address) for address in self.addresses}

    def page(self, address):
        """Return one page as it reads now."""
        answer = self.browser.get(address, follow_redirects=True)
        assert answer.status_code == 200, f"{address} answered {answer.status_code}"
        assert answer.mimetype == "text/html"
        return answer.text


@pytest.fixture(scope="module")
def house(instance, databases, tmp_path_factory):
    """The rows and pages on one engine."""
    url = databases.fresh("loaded")
    with running(instance, url, evidence_dir=tmp_path_factory.mktemp("xss"), cache_mb=0) as app:
        yield House(app)
    databases.drop(url)


def tree_of(html):
    """Return all elements of a page, as a browser builds them."""
    root = html5lib.parse(html, namespaceHTMLElements=False)
    return [element for element in root.iter() if isinstance(element.tag, str)]


def shape_of(html):
    """Return a page's elements with the names of their attributes."""
    return [(element.tag, tuple(sorted(element.attrib))) for element in tree_of(html)]


def live(page):
    """Return the places where a page with harmless words has them as more than text."""
    found = []
    for element in tree_of(page):
        names = [element.tag, *element.attrib]
        code = element.tag in ("script", "style") and element.get("type") != LINKED_DATA
        words = [*names, element.text or ""] if code else names
        words += [value for name, value in element.attrib.items() if name.startswith("on")]
        found += [word for word in words if PLAIN[:SHORTEST].lower() in word.lower()]
    return found


@pytest.fixture(scope="module")
def plain(house):
    """Every page with harmless words in all fields: its shape, and its text with them masked."""
    pages = house.pages(lambda _name: PLAIN)
    assert [live(page) for page in pages.values()] == [[]] * len(pages)
    return {address: (shape_of(page), masked(page, PLAIN)) for address, page in pages.items()}


_DATA = re.compile(rf'(<script type="{re.escape(LINKED_DATA)}">)([^<>]*)(</script>)')
_OURS = re.compile(
    r'(name="(?:csrf_token|slip)" value="|[?]batch=|class="key-text">)[^"<>]*'
    r"|(/clinics/\d+)-[a-z0-9-]+"
)


def masked(page, words):
    """Return a page with the escaped words, and what differs on every request, covered up.

    What is covered has no character that could begin or end a tag, an attribute or a script. So
    two pages that are the same when masked have the same tree, without parsing either.
    """
    page = _DATA.sub(_without_data, page)
    page = _OURS.sub(lambda found: found[1] or found[2], page)
    return _forms(words).sub("\0", page)


def _without_data(found):
    json.loads(found[2])
    return found[1] + found[3]


@cache
def _forms(words):
    """Return what finds the escaped words, whole or cut off by the length of a column."""
    cut = {words, *(words[:length] for length in lengths())}
    cut |= {words.capitalize(), words.lower()}  # a match writes what the list shouts that way
    longest_first = sorted(map(escape, cut), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)))


def grown(address, page, words, plain):
    """Say whether a page has another shape than with harmless words."""
    shape, text = plain[address]
    return masked(page, words) != text and shape_of(page) != shape


def test_there_are_enough_and_all_differ():
    assert len(set(HOSTILE)) >= 60
    shapes, elements = zip(*[*product(BREAKOUTS, ELEMENTS)][::4], strict=True)
    assert (set(shapes), set(elements)) == (set(BREAKOUTS), set(ELEMENTS))


def test_no_page_grows(house, plain, engine_name):
    for words in WORDS[engine_name]:
        for address, page in house.pages(lambda _name, words=words: words).items():
            assert not grown(address, page, words, plain), f"{address} grew with {words!r}"


@pytest.mark.parametrize("words", [HOSTILE[1], HOSTILE[-4]])
def test_no_page_grows_when_every_page_is_parsed(house, plain, words):
    for address, page in house.pages(lambda _name: words).items():
        assert shape_of(page) == plain[address][0], address


def test_every_text_column_is_filled_and_shown_or_has_a_reason(house):
    columns = text_columns()
    assert set(NOT_FILLED) <= set(columns)
    filled = [name for name in columns if name not in NOT_FILLED]
    short = iter(["Xj", "Xk", "Xq"])
    marks = {
        name: next(short)
        if getattr(columns[name].type, "length", None) == SHORTEST
        else f"Zq{n:03}"
        for n, name in enumerate(filled)
    }
    pages = "".join(_OURS.sub("", page) for page in house.pages(marks.__getitem__).values())
    assert [name for name in filled if marks[name] not in pages] == []
    assert len(filled) > 35


def test_every_page_is_looked_at_or_has_a_reason(house):
    match = house.app.url_map.bind("localhost").match
    seen = {match(urlsplit(address).path)[0] for address in house.addresses}
    rules = {r.endpoint for r in house.app.url_map.iter_rules() if "GET" in r.methods}
    assert rules - seen == set(NO_PAGE)


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_stored_address_becomes_a_script(house, address):
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in SHAPES if name.endswith(("website", "url"))]:
            patch.setitem(SHAPES, name, lambda said, _row: said)
        for at, page in house.pages(lambda _name: address).items():
            assert leading(page) == [], at


def leading(page):
    """Return the addresses of a page that a browser would run."""
    return [
        value
        for element in tree_of(page)
        for name, value in element.attrib.items()
        if name in LEADS and RUN.match(re.sub(r"[\x00-\x20]", "", value))
    ]


def test_the_api_says_the_words_as_data(house):
    for words in (HOSTILE[0], EXTRA[0]):
        house.filler.fill(lambda _name, words=words: words)
        answer = house.browser.get("/api/v1/clinics/1")
        assert answer.mimetype == "application/json"
        assert answer.json["name"] == words
        answer = house.browser.get("/api/v1/clinics?near=85004")
        assert answer.mimetype == "application/json"
        assert words in json.dumps(answer.json["clinics"], ensure_ascii=False).replace("\\", "")


CHECKLIST_PAGES = (
    "/checklist",
    "/guide",
    "/guide/doctor",
    "/styleguide",
    "/how-we-check",
    "/clinics/1",
    "/clinics/1/questions",
    "/admin/checks/1/sup-acls",
)


def test_words_of_the_checklist_are_text_too(house, engine_name):
    house.filler.fill(lambda _name: PLAIN)
    editions = house.app.extensions["directory"]._editions
    key = ("2026.1", "en")
    honest = editions[key]
    calm = {}
    try:
        for words in (PLAIN, *WORDS[engine_name]):
            editions[key] = with_words(honest, words)
            house.app.extensions["fragments"] = Fragments()  # an edition never changes its words
            for address in CHECKLIST_PAGES:
                page = house.browser.get(address, follow_redirects=True).text
                if words is PLAIN:
                    assert live(page) == []
                    assert page.count(PLAIN) > 5
                    calm[address] = (shape_of(page), masked(page, PLAIN))
                else:
                    assert not grown(address, page, words, calm), f"{address} grew with {words!r}"
    finally:
        editions[key] = honest
        house.app.extensions["fragments"] = Fragments()


def with_words(part, words):
    """Return a part of the checklist with words in place of all its prose."""
    if isinstance(part, str) and not isinstance(part, Enum):
        return words if " " in part else part
    if isinstance(part, tuple):
        return tuple(with_words(item, words) for item in part)
    if is_dataclass(part):
        changed = {f.name: with_words(getattr(part, f.name), words) for f in fields(part) if f.init}
        return replace(part, **changed)
    return part


@pytest.mark.parametrize(
    ("room", "template", "right", "wrong"),
    [
        ("people/", "admin/people/show.html", "{{ person.name }}", "{{ person.name | safe }}"),
        ("cases/", "components/conversation.html", "{{ one.words }}", "{{ one.words | safe }}"),
        ("people/", "components/outbound.html", 'href="{{ url }}"', "href={{ url }}"),
    ],
)
def test_the_control_that_does_not_escape_is_caught(house, plain, room, template, right, wrong):
    environment = house.app.jinja_env
    source = environment.loader.get_source(environment, template)[0]
    assert right in source
    broken = DictLoader({template: source.replace(right, wrong)})
    address = next(at for at in house.addresses if re.fullmatch(rf"/admin/{room}\d+", at))
    caught = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(environment, "loader", ChoiceLoader([broken, environment.loader]))
        environment.cache.clear()
        for words in HOSTILE[:10]:
            house.filler.fill(lambda _name, words=words: words)
            caught += grown(address, house.page(address), words, plain)
    environment.cache.clear()
    assert caught >= 5


def test_the_control_page_grows():
    page = "<!DOCTYPE html><title>x</title><main><p>{}</p></main>"
    calm = page.format(PLAIN)
    known = {"/": (shape_of(calm), masked(calm, PLAIN))}
    assert sum(grown("/", page.format(words), words, known) for words in HOSTILE) > 50
    assert not any(grown("/", page.format(escape(words)), words, known) for words in HOSTILE)


@pytest.mark.parametrize(
    "page",
    ["<a title={}>x</a>", "<p onclick=\"say('{}')\">x</p>", "<script>say('{}')</script>", "<{}>"],
)
def test_the_control_page_where_escaping_is_not_enough_is_caught(page):
    assert live(page.format(escape(PLAIN)))


def test_the_control_address_is_caught():
    assert all(leading(f'<a href="{escape(address)}">x</a>') for address in ADDRESSES)
