"""Nobody learns what a patient searched for: no log, table, file, cookie or other site."""

import logging
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from flask import Flask, request
from sqlalchemy import text

from directory.extensions import db
from tests.browser.canaries import drill, searches
from tests.browser.visiting import Visit
from tests.support.apps import make_app, running
from tests.support.live import served

SEARCHES = 1000
FEW = 35


@pytest.fixture(scope="module")
def searched(instance, databases):
    """A served demonstration of its own on one engine."""
    url = databases.fresh("demo")
    with running(instance, url) as app:
        app.testing = False
        with served(app) as site:
            yield site
    databases.drop(url)


def test_a_thousand_searches_leave_no_trace(searched, instance, capfd):
    found, told, lines = drill(searched, SEARCHES, (instance,), lambda: "".join(capfd.readouterr()))
    assert found == []
    answered = Counter(told.answered)
    assert answered.total() == SEARCHES
    assert answered[200] > SEARCHES // 2
    assert answered[303] > SEARCHES // 10
    assert set(answered) == {200, 303, 404}
    assert sum(line.startswith("directory.access ") for line in lines) == SEARCHES
    assert len({canary for one in searches(SEARCHES) for canary in one.canaries}) >= SEARCHES


def leak_to_log(app):
    logging.getLogger("leak").info("%s", request.full_path + request.get_data(as_text=True))


def leak_to_print(app):
    print(request.full_path)  # noqa: T201


def leak_to_table(app):
    if not request.query_string:
        return
    session = db.session()
    session.execute(text("UPDATE clinic SET access = :path WHERE id = 1"), {"path": request.url})
    session.commit()


def leak_to_file(app):
    with (app.extensions["directory"].settings.instance_dir / "kept").open("a") as file:
        file.write(request.full_path)


def leak_to_cookie(app, response):
    response.set_cookie("last", request.args.get("near", ""))
    return response


def leak_to_referrer(app, response):
    response.headers["Referrer-Policy"] = "unsafe-url"
    return response


LEAKS = {
    "logged: ": leak_to_log,
    "printed: ": leak_to_print,
    "stored: ": leak_to_table,
    "rows of clinic changed": leak_to_table,
    "the file ": leak_to_file,
    "a cookie: ": leak_to_cookie,
    "a referrer is sent from ": leak_to_referrer,
}


@pytest.mark.parametrize("trace", LEAKS)
def test_a_control_that_leaks_is_found_out(instance, databases, tmp_path, capfd, trace):
    url, leak = databases.fresh("demo"), LEAKS[trace]
    (tmp_path / "gazetteer.sqlite").symlink_to(instance / "gazetteer.sqlite")
    app = make_app(tmp_path, url)
    app.testing = False
    if "response" in leak.__code__.co_varnames:
        app.after_request(lambda response: leak(app, response))
    else:
        app.before_request(lambda: leak(app))
    with served(app) as site:
        found, _told, _lines = drill(site, FEW, (tmp_path,), lambda: "".join(capfd.readouterr()))
    with app.app_context():
        db.engine.dispose()
    databases.drop(url)
    assert [line for line in found if line.startswith(trace)]


FOLLOW = """url => {
  const links = [...document.querySelectorAll("main a[href]")];
  const out = links.find(one => one.host !== location.host) || links[0];
  out.href = url;
  out.click();
}"""


class OtherSite:
    """The website of a clinic, which notes what a visitor's browser tells it."""

    def __init__(self):
        noted = self.noted = []
        arrived = self.arrived = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                noted.append(dict(self.headers))
                arrived.set()
                self.send_response(204)
                self.end_headers()

            def log_message(self, *words):
                """Print nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def visited_from(self, page):
        """Follow a link of a page to this site; return the headers that came."""
        self.arrived.clear()
        with page.expect_request(f"{self.url}**"):
            page.evaluate(FOLLOW, self.url)
        assert self.arrived.wait(20)
        return self.noted[-1]


@pytest.fixture
def other_site():
    """A clinic's website on another port."""
    site = OtherSite()
    yield site
    site.server.shutdown()
    site.server.server_close()


def test_a_clinics_website_is_not_told_where_a_visitor_comes_from(open_page, site, other_site):
    visit = open_page()
    visit.go("/clinics?near=Phoenix,+AZ&within=100")
    headers = other_site.visited_from(visit.page)
    assert "Referer" not in headers
    assert "Cookie" not in headers
    visit.go("/clinics?near=Phoenix,+AZ&within=100")
    visit.page.locator("article h2 a, article h3 a").first.click()
    visit.page.wait_for_url("**/clinics/*-*")
    assert "Referer" not in other_site.visited_from(visit.page)
    told = [line for line in visit.problems if other_site.url in line]
    assert len(told) >= 2
    visit.problems.clear()


def test_a_control_site_that_tells_is_found_out(browser, other_site):
    app = Flask("telling", static_folder=None)
    words = "<title>x</title><meta name=referrer content=unsafe-url><main><a href=/x>x</a></main>"
    app.add_url_rule("/", view_func=lambda: words)
    with served(app) as site:
        visit = Visit(browser, site)
        visit.go("/?near=Phoenix")
        assert "near=Phoenix" in other_site.visited_from(visit.page)["Referer"]
        visit.close()


EXACT = {"latitude": 33.448377, "longitude": -112.074037}


def test_a_position_leaves_the_browser_only_when_asked_and_only_roughly(open_page):
    visit = open_page(geolocation=EXACT, permissions=["geolocation"])
    sent = []
    visit.context.on("request", lambda one: sent.append((one.url, one.post_data or "")))
    visit.go("/")
    button = visit.page.locator("[data-near-me] button")
    button.wait_for()
    assert not [one for one in sent if "33.4" in "".join(one)]
    button.click()
    visit.page.wait_for_url("**/clinics?*")
    assert [body for _url, body in sent if "lat=33.45" in body and "lon=-112.07" in body]
    assert not [url for url, _body in sent if "33.4" in url or "112.0" in url]
    assert not [body for _url, body in sent if "33.448" in body or "112.074" in body]
    assert "near=85" in visit.page.url
