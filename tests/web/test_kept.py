"""Answers that are kept: the same bytes, only what may be, never an old one, and bounded."""

import gzip
import logging

import pytest

from directory.web.kept import KEPT
from directory.web.security import HEADERS, HSTS
from directory.web.versions import Versions
from tests.support.apps import running
from tests.support.staff import sign_in
from tests.web.keeping import addresses, ask, keeper, kept
from tests.web.test_matrix import addresses as every_address

SEARCH = "/api/v1/clinics?near=85004&within=100"
PAGE = "/clinics?near=85004"


def page_of(app, number=1):
    """Return the address of a clinic's page."""
    return dict(ask(app, f"/clinics/{number}").headers)["Location"]


def test_what_is_kept_is_what_was_made(fresh, statements):
    keeping, plain = fresh
    for url in [*addresses([1, 2]), page_of(plain), "/es" + page_of(plain)]:
        for encoding in ("", "gzip", "br, gzip;q=0.5"):
            first = ask(keeping, url, Accept_Encoding=encoding)
            with statements() as made:
                again = ask(keeping, url, Accept_Encoding=encoding)
            assert made == [], url
            assert first == again, url
            assert first.read() == ask(plain, url, Accept_Encoding=encoding).read(), url
            assert first.status == 200
            assert first.header("Cache-Control") == "public, no-cache"
            assert first.header("Vary") == "Accept-Encoding"
            assert first.header("ETag").startswith('W/"')
            assert "Set-Cookie" not in dict(first.headers)
            assert set(HEADERS) <= set(dict(first.headers))
            assert first.header("Content-Length") == str(len(first.body))


def test_each_answer_has_a_tag_of_its_own(fresh):
    tags = [ask(fresh[0], url).header("ETag") for url in addresses([1, 2])]
    tags += [ask(fresh[0], SEARCH, Accept_Encoding=e).header("ETag") for e in ("gzip", "br", "")]
    tags += [ask(fresh[0], SEARCH, Host="127.0.0.1").header("ETag")]
    assert len(set(tags)) == len(tags)


def test_who_has_it_is_told_so_without_a_search_by_any_process(instance, fresh, statements):
    for url in addresses([1, 2]):
        tag = ask(fresh[0], url).header("ETag")
        for app in fresh:
            for sent in (tag, tag.removeprefix("W/"), f'"other", {tag}'):
                with statements() as made:
                    answer = ask(app, url, If_None_Match=sent)
                assert (answer.status, answer.body, made) == (304, b"", [])
                assert answer.header("ETag") == tag
                assert answer.header("Vary") == "Accept-Encoding"
                assert answer.header("Cache-Control") == "public, no-cache"
        assert ask(fresh[1], url, If_None_Match='"else"').status == 200
    assert ask(fresh[0], "/guide", If_None_Match=tag).status == 200, "a tag of another page"
    assert kept(fresh[1]) == 0


def test_a_head_has_the_same_headers_and_a_range_is_the_whole(fresh):
    for app in fresh:
        for _ in range(2):
            head = ask(app, PAGE, "HEAD", Accept_Encoding="gzip")
            assert kept(app) == 0, "a HEAD has no body to keep"
            assert head.body == b""
    whole = ask(fresh[0], PAGE, Accept_Encoding="gzip")
    assert head.headers == whole.headers
    assert ask(fresh[0], PAGE, "HEAD", Accept_Encoding="gzip") == head
    assert ask(fresh[0], PAGE, Range="bytes=0-9", Accept_Encoding="gzip") == whole
    assert ask(fresh[1], PAGE, Range="bytes=0-9").status == 200
    assert b"<h1" in gzip.decompress(whole.body)


def test_only_what_is_named_is_ever_kept(both):
    """Every route that can be read, by nobody and by staff: and both read the same."""
    keeping, _plain = both
    clinic, rules = every_address(keeping)
    cookie = f"staff={sign_in(keeping, 'admin').get_cookie('staff').value}"
    urls = [(rule.endpoint, path) for rule, path in rules if "GET" in rule.methods]
    urls += [(endpoint, f"{path}?near=85004&c={clinic}&c=1") for endpoint, path in urls]
    urls += [("public.clinic", page_of(keeping))]
    seen = set()
    for endpoint, path in urls:
        for url in (path, f"/es{path}"):
            keeper(keeping).shelf._memory.clear()
            answer = ask(keeping, url)
            found = kept(keeping) == 1
            assert (answer.header("Cache-Control") == "public, no-cache") == found, url
            if found:
                seen.add(endpoint)
                theirs = ask(keeping, url, Cookie=cookie)
                assert theirs.body == answer.body, "staff and public read the same"
                assert theirs.header("Cache-Control") == "no-cache, private"
                assert kept(keeping) == 1, "what staff read is not kept"
    assert seen == KEPT
    assert {name.split(".")[0] for name in KEPT} == {"public", "api"}


PERSONAL = {
    "Cookie": "session=x; other=y",
    "Accept-Language": "es-MX,es;q=0.9",
    "User-Agent": "Mozilla/5.0 (a phone)",
    "Referer": "http://localhost/clinics?near=97214",
    "Origin": "https://example.org",
    "Accept": "application/json",
    "Sec-Fetch-Site": "cross-site",
    "X-Requested-With": "XMLHttpRequest",
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example.com",
    "X-Forwarded-Prefix": "/evil",
    "X-HTTP-Method-Override": "POST",
    "Cache-Control": "no-cache",
    "DNT": "1",
}


def test_nothing_else_that_is_sent_changes_an_answer(fresh):
    """What is kept for one is sent to all: so nothing of one may be in it."""
    sent = {name.replace("-", "_"): value for name, value in PERSONAL.items()}
    for url in addresses([1, 2]):
        assert ask(fresh[1], url, **sent) == ask(fresh[1], url), url


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Basic eA=="},
        {"Cookie": "staff=x"},
        {"Cookie": "a=b; __Host-forms=x"},
        {"Accept_Encoding": "gzip, " * 60},
        {"Transfer_Encoding": "chunked"},
    ],
)
def test_whoever_shows_who_they_are_is_answered_by_the_application(fresh, headers, statements):
    ask(fresh[0], PAGE)
    with statements() as made:
        answer = ask(fresh[0], PAGE, **headers)
    assert made
    assert answer.header("Cache-Control") == "no-cache, private"
    assert answer.header("ETag") == ""
    assert kept(fresh[0]) == 1


def changed_view(app, patch, endpoint, change):
    """Let a view's answer go through `change` before it is sent."""
    view = app.view_functions[endpoint]

    def changed(**values):
        response = app.make_response(view(**values))
        change(response)
        return response

    patch.setitem(app.view_functions, endpoint, changed)


def with_cookie(response):
    response.set_cookie("seen", "1")


def with_session(_response):
    from flask import session

    session.get("anything")


def never_stored(response):
    response.headers["Cache-Control"] = "no-store"


def varying(response):
    response.headers["Vary"] = "Accept-Language"


def not_found(response):
    response.status_code = 404


@pytest.mark.parametrize(
    "change",
    [with_cookie, with_session, never_stored, varying, not_found],
    ids=lambda c: c.__name__,
)
def test_an_answer_meant_for_one_person_is_not_kept_wherever_it_comes_from(
    fresh, change, monkeypatch
):
    changed_view(fresh[0], monkeypatch, "public.guide", change)
    answer = ask(fresh[0], "/guide")
    assert kept(fresh[0]) == 0
    assert "public" not in answer.header("Cache-Control")
    assert answer.header("ETag") == ""


@pytest.mark.parametrize("url", ["/clinics?near=", "/clinics?near=Nowhereville+Qq", "/clinics/1"])
def test_what_is_no_plain_answer_is_not_kept(fresh, url):
    told = ask(fresh[0], url)
    assert told.status != 200
    assert told == ask(fresh[1], url)
    assert kept(fresh[0]) == 0


def test_no_other_host_gets_what_was_kept_for_ours(fresh):
    ask(fresh[0], PAGE)
    assert ask(fresh[0], PAGE, Host="evil.example.com").status == 400
    ours, other = ask(fresh[0], PAGE), ask(fresh[0], PAGE, Host="127.0.0.1:8080")
    assert other.status == 200
    assert other == ask(fresh[1], PAGE, Host="127.0.0.1:8080")
    assert ours.header("ETag") != other.header("ETag")


def test_an_address_can_not_be_dressed_up_as_another(fresh):
    """Parts of an address that run together would make two of them one."""
    ask(fresh[0], PAGE)
    for url in ("/clinics%00?near=85004", "/clinics%3Fnear=85004", "/clinics?near=85004%00"):
        assert ask(fresh[0], url) == ask(fresh[1], url)
        assert ask(fresh[0], url).status in (400, 404)


def test_what_is_kept_is_logged_as_what_is_made(fresh, caplog):
    lines = []
    for app in (fresh[1], fresh[0], fresh[0]):
        caplog.clear()
        with caplog.at_level(logging.INFO, logger="directory.access"):
            for url in ("/es/clinics?near=Canary+85004", "/clinics?near=85004", "/", "/es/guide"):
                tag = ask(app, url).header("ETag")
                ask(app, url, If_None_Match=tag)
        lines.append([r.getMessage().rsplit(" ", 1)[0] for r in caplog.records])
        assert "anary" not in caplog.text
    made, *rest = lines
    assert made[:2] == ["GET /clinics 200", "GET /clinics 304"]
    assert made[-2:] == ["GET /guide 200", "GET /guide 304"]
    assert rest == [made, made]


def test_the_process_answers_for_itself_without_the_database(fresh, monkeypatch):
    def asked(_self):
        raise AssertionError("the database was asked")

    monkeypatch.setattr(Versions, "_ask", asked)
    for url in ("/healthz", "/static/0/css/base.css", "/account/sign-in", "/robots.txt", "/es/x"):
        ask(fresh[0], url)
    with pytest.raises(AssertionError, match="asked"):
        ask(fresh[0], "/guide")


def test_without_a_database_there_is_the_page_that_says_so(fresh, monkeypatch, bare_instance):
    assert ask(fresh[0], "/guide").status == 200
    with running(bare_instance, f"sqlite:///{bare_instance}/none/at/all.sqlite") as app:
        answer = ask(app, "/guide")
        assert (answer.status, answer.header("Retry-After")) == (503, "30")
        assert answer.header("Cache-Control") == "no-cache, private"
    monkeypatch.setattr(Versions, "read", lambda _self: None)
    answer = ask(fresh[0], "/guide")
    assert (answer.status, answer.header("ETag")) == (200, "")


def test_a_connection_that_was_closed_meanwhile_is_opened_anew(fresh):
    tag = ask(fresh[0], "/guide").header("ETag")
    keeper(fresh[0])._versions._idle[-1].close()
    assert ask(fresh[0], "/guide", If_None_Match=tag).status == 304


def test_over_https_the_short_answer_insists_too(instance, databases):
    with running(instance, databases.shared("demo"), https=True, proxies=1) as app:
        sent = {"X_Forwarded_Proto": "https", "X_Forwarded_For": "203.0.113.9"}
        first = ask(app, "/guide", **sent)
        again = ask(app, "/guide", If_None_Match=first.header("ETag"), **sent)
        assert again.status == 304
        assert again.header("Strict-Transport-Security") == HSTS
        assert b"https://localhost" in first.body
        plain = ask(app, "/guide", X_Forwarded_Proto="http", X_Forwarded_For="203.0.113.9")
        assert plain.header("ETag") != first.header("ETag"), "the scheme a proxy names counts"


def test_no_date_is_kept_for_later(fresh):
    """It says when an answer was sent; the server adds it."""
    from flask.testing import FlaskClient

    client = FlaskClient(fresh[0], fresh[0].response_class)
    for _ in range(2):
        assert "Date" not in client.get("/guide", headers={"Accept-Encoding": "gzip"}).headers
