"""The site in each language: whole, in step with the texts, and the same page under each prefix."""

import re
import shutil
from datetime import date

import pytest
from babel.messages.pofile import read_po, write_po

from directory import paths
from directory.domain.criteria import parse_catalogue
from directory.web import strings, translations
from directory.web.language import day, in_language, language, miles
from directory.web.translations import SOURCE_LANGUAGE, languages, translations_of
from tests.support.staff import sign_in

OTHERS = [code for code in languages() if code != SOURCE_LANGUAGE]
MARKUP = re.compile(r"</?[a-z][^>]*>|%\([a-z_]+\)[sd]|\b(?:911|988|ACLS|NPI|DEA|FDA)\b")


def test_spanish_is_there():
    assert "es" in OTHERS


@pytest.mark.parametrize("code", OTHERS)
def test_a_language_is_whole(code):
    assert strings.gaps(code) == []


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_keeps_links_places_to_fill_and_numbers_to_call(code):
    checked = 0
    for name in strings.FILES:
        for message in strings.texts(strings.read(code, name)):
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            given = message.string if isinstance(message.string, tuple) else (message.string,)
            for source, told in zip(ids, given, strict=True):
                kept = sorted(MARKUP.findall(source))
                checked += bool(kept)
                missing = [one for one in kept if one not in told]
                assert not missing, (code, name, source, missing)
                assert len(re.findall(r"<", source)) == len(re.findall(r"<", told)), source
    assert checked > 300


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """The languages in a folder of their own, to be spoiled."""
    folder = tmp_path / "translations"
    shutil.copytree(translations.FOLDER, folder)
    for module in (strings, translations):
        monkeypatch.setattr(module, "FOLDER", folder)
    return folder


def spoiled(change):
    """Change one message of the Spanish file, and return what is then found."""
    file = strings.path("es", "messages")
    with file.open("rb") as opened:
        stored = read_po(opened, locale="es")
    change(stored, stored.get("Search within 1 to 250 miles."))
    with file.open("wb") as opened:
        write_po(opened, stored)
    return strings.gaps("es")


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda stored, message: stored.delete(message.id), "missing"),
        (lambda stored, message: setattr(message, "string", ""), "not translated"),
        (lambda stored, message: message.flags.add("fuzzy"), "not translated"),
        (lambda stored, message: stored.add("Nobody says this", "Nadie"), "no longer used"),
        (
            lambda stored, message: setattr(
                stored.get("The last page is %(last)d."), "string", "La última es %(otra)d."
            ),
            "placeholder",
        ),
    ],
)
def test_a_gap_is_found(copied, change, found):
    assert strings.gaps("es") == []
    assert any(found in line for line in spoiled(change))


def test_a_third_language_is_one_folder(copied):
    done, total = strings.update("fr")["messages"]
    assert (done, total) == (0, len(strings.texts(strings.template("messages"))))
    languages.cache_clear()
    try:
        assert languages() == (SOURCE_LANGUAGE, "es", "fr")
    finally:
        languages.cache_clear()


def test_what_is_in_step_is_written_as_it_was(copied):
    before = {name: strings.path("es", name).read_text("utf-8") for name in strings.FILES}
    strings.update("es")
    assert {name: strings.path("es", name).read_text("utf-8") for name in strings.FILES} == before


def test_the_commands_bring_a_language_in_step_and_say_what_is_missing(copied, app):
    runner = app.test_cli_runner()
    whole = runner.invoke(args=["languages", "check"])
    assert (whole.exit_code, "es: whole" in whole.output) == (0, True)
    strings.path("es", "catalogue").unlink()
    broken = runner.invoke(args=["languages", "check"])
    assert broken.exit_code == 1
    assert "not translated" in broken.output or "missing" in broken.output
    assert "264" in runner.invoke(args=["languages", "update", "es"]).output
    for bad in ("en", "ES", "../x", "español"):
        refused = runner.invoke(args=["languages", "update", bad])
        assert refused.exit_code == 2
        assert "no language to translate into" in refused.output


def test_the_checklist_is_translated_whole_and_its_rules_stay():
    text = (paths.SEED_DATA / "catalogue-2026.1.toml").read_text("utf-8")
    english = parse_catalogue(text)
    spanish = english.translated(translations_of("es").gettext)
    same = [
        one
        for one, other in zip(english.texts(), spanish.texts(), strict=True)
        if one == other and len(one) > 12
    ]
    assert same == []
    for one, other in zip(english.criteria, spanish.criteria, strict=True):
        assert (one.code, one.critical, one.minimum_level, one.valid_days) == (
            other.code,
            other.critical,
            other.minimum_level,
            other.valid_days,
        )


def test_a_prefix_is_the_language_of_the_page_and_of_all_its_links(demo_client):
    for path in ("/", "/guide", "/checklist", "/clinics?near=85004", "/nothing"):
        english, spanish = demo_client.get(path), demo_client.get(f"/es{path}")
        assert english.status_code == spanish.status_code
        assert '<html lang="en">' in english.text
        assert '<html lang="es">' in spanish.text
        links = re.findall(r'(?:href|action|src)="(/[^"]*)"', spanish.text)
        ours = [link for link in links if not link.startswith("/static/")]
        away = [link for link in ours if not link.startswith("/es/")]
        assert len(ours) > 5
        assert away == [path], "only the switch leads out of the language"
        back = [link for link in re.findall(r'href="(/[^"]*)"', english.text) if "/es" in link]
        assert back == [f"/es{path}"]


def test_the_switch_names_the_language_in_itself(demo_client):
    page = demo_client.get("/clinics?near=85004&within=50").text
    switch = re.search(r'<a[^>]*href="/es/clinics\?near=85004&amp;within=50"[^>]*>([^<]*)', page)
    assert switch is not None
    assert switch[1].strip() == "Español"
    assert 'lang="es"' in switch[0]
    assert 'hreflang="es"' in switch[0]


def test_staff_rooms_have_the_switch_and_stay_in_their_language(app):
    browser = sign_in(app)
    assert 'href="/es/admin/clinics/"' in browser.get("/admin/clinics/").text
    spanish = browser.get("/es/admin/clinics/").text
    assert 'href="/admin/clinics/"' in spanish
    assert 'href="/es/admin/log"' in spanish
    away = app.test_client().get("/es/admin/clinics/")
    assert away.headers["Location"] == "/es/account/sign-in?next=/admin/clinics/"


def test_what_only_looks_like_a_language_is_none(demo_client):
    for path in ("/esx", "/ES/", "/en/", "/fr/", "/es.html"):
        assert demo_client.get(path).status_code == 404


def test_an_answer_to_a_form_offers_no_switch_that_would_lose_what_was_typed(demo_client):
    refused = demo_client.post("/suggest", data={"details": "words"})
    assert refused.status_code == 400
    assert 'hreflang="es"' not in re.search(r"<body.*", refused.text, re.DOTALL)[0]


def test_the_api_speaks_the_language_of_its_prefix(demo_client):
    english = demo_client.get("/api/v1/catalogue").json
    spanish = demo_client.get("/es/api/v1/catalogue").json
    assert english["title"] != spanish["title"]
    assert [c["code"] for c in english["criteria"]] == [c["code"] for c in spanish["criteria"]]


def test_days_and_distances_are_said_as_the_language_says_them(app):
    with app.test_request_context(environ_overrides=in_language("es")):
        assert language() == "es"
        assert (day(date(2026, 1, 12)), miles(1.0), miles(3.24), miles(1234)) == (
            "12 ene 2026",
            "1.0 milla",
            "3.2 millas",
            "1,234 millas",
        )
    with app.test_request_context():
        assert (day(date(2026, 1, 12)), miles(1.0), miles(3.24), miles(1234)) == (
            "12 Jan 2026",
            "1.0 mile",
            "3.2 miles",
            "1,234 miles",
        )
