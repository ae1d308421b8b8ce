"""Nothing that people read is outside the translators' files.

The site is shown in a made-up language in which every translated text stands in brackets. What
then stands outside brackets must be a row of the database or the name of a thing.
"""

import json
import re
from html.parser import HTMLParser

import pytest
from babel import Locale
from babel.messages.pofile import write_po
from sqlalchemy import inspect, text

from directory import paths
from directory.domain.criteria import parse_catalogue
from directory.domain.state_names import STATE_NAMES
from directory.extensions import db
from directory.web import strings, translations
from tests.browser.pages import every_page
from tests.support.staff import COOKIE

MADE_UP = "eo"
OPENS, CLOSES = "⟦", "⟧"
SILENT = {"script", "style", "svg", "title"}
SPOKEN = ("aria-label", "alt", "placeholder", "title")
WORD = re.compile(r"[^\W\d_]{3,}")
FOR_DEVELOPERS = ("/styleguide", "/admin/log")
"""The one is only there in development; the other shows stored rows under the names of columns."""
NAMES = re.compile(
    r"[\w.-]+\.(?:html|csv|xlsx|pdf|zip)\b|https?://\S+|"
    r"[a-z]+@example\.(?:org|com)|english|español|utc|geonames|openstreetmap|csv|file|"
    r"flask [a-z -]+|--[a-z-]+|texas medical board|"
    r"oig list of excluded individuals and entities, list of|excluded on|list of|"
    r"\d{1,2} \w{3}\.? \d{4}|[a-z][\w .'-]+, [a-z]{2}\b|"
    r"(?:[a-z0-9]{4} ){3,}[a-z0-9]{4}|[0-9a-f]{16,}"
)
"""Names of things, days, codes, and what a person types as it is."""
WHOLE = re.compile(r"[\w.-]+\.example\.org|mission district, san francisco")
"""Names of which the database holds a part, so they are taken out first."""


class Bare(HTMLParser):
    """Collects what a page says outside the brackets."""

    def __init__(self):
        super().__init__()
        self.depth = 0
        self.silent = 0
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.silent += tag in SILENT
        for name, value in attrs:
            if name in SPOKEN and value and not value.startswith(OPENS):
                self.found.append(value)

    def handle_endtag(self, tag):
        self.silent -= tag in SILENT

    def handle_data(self, data):
        if self.silent:
            return
        bare = ""
        for char in data:
            self.depth += (char == OPENS) - (char == CLOSES)
            bare += " " if self.depth or char == CLOSES else char
        self.found += [" ".join(part.split()) for part in re.split(r"\s{2,}|\n", bare)]


def forget():
    """Let the languages be read anew."""
    translations.languages.cache_clear()
    translations.translations_of.cache_clear()


@pytest.fixture
def bracketed(tmp_path, monkeypatch):
    """A language in which every translated text is the English one in brackets."""
    for module in (strings, translations):
        monkeypatch.setattr(module, "FOLDER", tmp_path)
    forget()
    strings.update(MADE_UP)
    for name in strings.FILES:
        stored = strings.read(MADE_UP, name)
        for message in strings.texts(stored):
            forms = message.id if isinstance(message.id, tuple) else (message.id,)
            wrapped = tuple(f"{OPENS}{form}{CLOSES}" for form in forms)
            message.string = wrapped if isinstance(message.id, tuple) else wrapped[0]
        with strings.path(MADE_UP, name).open("wb") as opened:
            write_po(opened, stored)
    yield
    monkeypatch.undo()
    forget()


def known_values(app):
    """Return the texts of the database and the names that stay, in lower case, longest first."""
    found = names()
    with app.app_context():
        for table in inspect(db.engine).get_table_names():
            if table == "catalogue_edition":
                continue
            for row in db.session.execute(text(f'SELECT * FROM "{table}"')):
                for value in row:
                    found.update(leaves(value))
    short = {" ".join(value.split()).lower() for value in found}
    return sorted((value for value in short if len(value) > 1), key=len, reverse=True)


def names():
    """Return the names that stay as they are: of sources, publishers and states, and Babel's."""
    babels = Locale.parse(MADE_UP)
    (file,) = paths.SEED_DATA.glob("catalogue-*.toml")
    catalogue = parse_catalogue(file.read_text("utf-8"))
    sources = {
        name
        for source in catalogue.references
        for name in (source.title, source.publisher, source.citation or "")
    }
    months = set(babels.months["stand-alone"]["wide"].values())
    return sources | {*STATE_NAMES.values(), *babels.languages.values(), catalogue.article} | months


def leaves(value):
    """Return the texts of a stored value, of JSON each one, of text each line."""
    if isinstance(value, str):
        try:
            held = json.loads(value)
        except ValueError:
            return [value, *value.splitlines()]
        return leaves(held) if isinstance(held, (dict, list)) else [value]
    if isinstance(value, dict):
        return [leaf for held in value.values() for leaf in leaves(held)]
    if isinstance(value, list):
        return [leaf for held in value for leaf in leaves(held)]
    return []


def untranslated(html, known):
    """Return what a page says outside the brackets and the database does not hold."""
    page = Bare()
    page.feed(html)
    page.close()
    left = []
    for said in dict.fromkeys(page.found):
        rest = WHOLE.sub(" ", said.lower())
        for value in known:
            if not WORD.search(rest):
                break
            if value in rest:
                rest = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", " ", rest)
        if WORD.search(NAMES.sub(" ", rest)):
            left.append(said)
    return left


def test_every_word_of_every_page_can_be_translated(directory, bracketed):
    app = directory.site.app
    client = app.test_client()
    client.set_cookie(COOKIE, directory.token)
    known = known_values(app)
    found, seen, in_brackets = {}, 0, 0
    for page in every_page(directory):
        answer = client.get(f"/{MADE_UP}{page.path}")
        if answer.status_code == 301 or page.path.startswith(FOR_DEVELOPERS):
            continue
        seen += 1
        in_brackets += answer.text.count(OPENS)
        if left := untranslated(answer.text, known):
            found[page.path] = left
    assert seen > 60
    assert in_brackets > 3000
    assert not found, json.dumps(found, ensure_ascii=False, indent=1)


def test_a_word_that_no_translator_sees_is_found():
    html = f"<p>{OPENS}All <b>well</b>{CLOSES} <b>Hard coded</b> Maple Clinic, 5.00</p>"
    assert untranslated(html, ["maple clinic"]) == ["Hard coded"]
    assert untranslated('<img alt="A map">', []) == ["A map"]
    assert untranslated("<p>a region</p>", ["re", "gi", "on", "a"]) == ["a region"]
