"""The room for points on the map, and the command that looks addresses up, by a server of ours."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from directory.cli_points import FAILURES_IN_A_ROW
from directory.domain.points import Lookup
from directory.extensions import db
from directory.models import Clinic, PointLookup
from directory.models.clinic import PointPrecision
from tests.factories import NOW
from tests.support.apps import running
from tests.support.staff import post, sign_in
from tests.web.outside import hidden, listed_clinic
from tests.web.test_editing_pages import written

DOOR = (33.4512, -112.0701)
TUCSON = (32.2226, -110.9747)


@contextmanager
def map_server(answer):
    """Serve as a Nominatim on loopback; `answer(question)` gives its JSON, None an error."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            question = parse_qs(urlsplit(self.path).query)["q"][0]
            asked.append(question)
            said = answer(question)
            self.send_response(500 if said is None else 200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        def log_message(self, *_args):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def house(point, number="100"):
    return [
        {
            "lat": str(point[0]),
            "lon": str(point[1]),
            "display_name": f"{number}, Example <b>Avenue",
            "address": {"house_number": number, "road": "Example Avenue"},
        }
    ]


def by_name(question):
    """Answer by the number of the house that is asked for."""
    number = question.split()[0]
    return {"1": house(DOOR, "1"), "2": house(TUCSON, "2"), "3": []}.get(number)


@pytest.fixture
def url(databases):
    """A database of the test's own with the checklist."""
    made = databases.fresh("loaded")
    yield made
    databases.drop(made)


def rough(app, street="100 Example Avenue", **changes):
    return listed_clinic(app, street=street, point_precision=PointPrecision.ZIP, **changes)


def fill(app, *options):
    return app.test_cli_runner().invoke(args=["points", "fill", "--seconds", "0", *options])


def counts_of(result):
    return json.loads(result.stdout)


def rows(app, model):
    with app.app_context():
        return {
            row.id if model is Clinic else row.clinic_id: row for row in db.session.query(model)
        }


def test_the_command_fills_what_it_can_and_goes_on_the_next_time(instance, url):
    with map_server(by_name) as (domain, asked):
        options = {"geocoder": "nominatim", "geocoder_domain": domain}
        with running(instance, url, **options) as app:
            good, far, none, broken = (rough(app, f"{n} Example Avenue, Suite 9") for n in "1234")
            dry = counts_of(fill(app, "--dry-run", "--json"))
            assert (dry["found"], dry["refused"], dry["unknown"], dry["failed"]) == (1, 1, 1, 1)
            assert asked[0] == "1 Example Avenue, Phoenix, AZ 85004"
            assert rows(app, PointLookup) == {}
            asked.clear()
            first = fill(app, "--limit", "1", "--json")
            assert counts_of(first)["found"] == 1
            assert len(asked) == 1
            result = fill(app)
            assert result.exit_code == 0
            said = "asked 3, found 0, unknown 1, refused 1, failed 1, skipped 0"
            assert said in result.stdout
            assert "to place by hand: 1" in result.stdout
            clinics = rows(app, Clinic)
            assert (clinics[good].lat, clinics[good].lon) == DOOR
            assert clinics[good].point_precision is PointPrecision.ADDRESS
            assert {n: row.outcome for n, row in rows(app, PointLookup).items()} == {
                good: Lookup.FOUND,
                far: Lookup.REFUSED,
                none: Lookup.UNKNOWN,
                broken: Lookup.FAILED,
            }
            asked.clear()
            assert counts_of(fill(app, "--json"))["asked"] == 0
            assert asked == []
            page = app.test_client().get(f"/clinics/{far}", follow_redirects=True).text
            assert "middle of the ZIP code only" in page
            page = app.test_client().get(f"/clinics/{good}", follow_redirects=True).text
            assert "middle of the ZIP code only" not in page


def test_a_server_that_is_down_ends_the_run(instance, url):
    with map_server(lambda _question: None) as (domain, _asked):
        options = {"geocoder": "nominatim", "geocoder_domain": domain}
        with running(instance, url, **options) as app:
            for _ in range(FAILURES_IN_A_ROW + 2):
                rough(app)
            result = fill(app, "--json")
            assert result.exit_code == 1
            assert counts_of(result)["failed"] == FAILURES_IN_A_ROW
            assert "does not answer" in result.stderr
            assert counts_of(fill(app, "--json"))["asked"] == 2


def test_the_built_in_geocoder_knows_no_houses(app):
    number = rough(app)
    result = fill(app)
    assert result.exit_code == 0
    assert "knows no houses" in result.stdout
    assert "their ZIP code or city: 1" in result.stdout
    assert counts_of(fill(app, "--json"))["rough"] == 1
    assert rows(app, Clinic)[number].point_precision is PointPrecision.ZIP


def refused_at(app, **changes):
    """Add a clinic whose look-up was refused; returns its number."""
    number = rough(app, name="Lantern Example Clinic")
    values = {
        "clinic_id": number,
        "address": "100 Example Avenue, Phoenix, AZ 85004",
        "outcome": Lookup.REFUSED,
        "said": "100, Example <b>Avenue, Tucson",
        "lat": TUCSON[0],
        "lon": TUCSON[1],
        "why": "pin_far",
        "details": {"miles": 105},
        "looked_up_at": NOW,
    }
    written(app, lambda session: session.add(PointLookup(**values | changes)))
    return number


def test_the_room_shows_what_was_said_and_takes_a_decision(app):
    browser = sign_in(app)
    assert "Nothing waits here." in browser.get("/admin/points").text
    number = refused_at(app)
    page = browser.get("/admin/points")
    assert "100, Example &lt;b&gt;Avenue, Tucson" in page.text
    assert "This point is 105 miles from the middle of the ZIP code." in page.text
    assert f"/admin/clinics/{number}/edit#lat" in page.text
    assert 'id="lat"' in browser.get(f"/admin/clinics/{number}/edit").text
    assert "1 point on the map waits for you" in browser.get("/admin/").text
    target, version = f"/admin/points/{number}/leave", hidden(page, "version")
    answer = post(browser, target, {"version": version, "reason": "x" * 301})
    assert answer.status_code == 400
    assert "x" * 301 in answer.text
    other = sign_in(app)
    first = post(browser, target, {"version": version})
    assert first.status_code == 303
    assert "stays at the middle" in browser.get(first.headers["Location"]).text
    second = post(other, target, {"version": version})
    assert second.status_code == 409
    assert "has left Lantern Example Clinic as it is already" in second.text
    assert "Nothing waits here." in second.text
    assert post(browser, "/admin/points/999/leave").status_code == 404


def test_a_house_nobody_knows_says_so(app):
    refused_at(app, outcome=Lookup.UNKNOWN, tries=3, why=None, details=None, said=None, lat=None)
    page = sign_in(app).get("/admin/points").text
    assert "does not know this house" in page


def test_what_was_edited_meanwhile_does_not_wait(app):
    number = refused_at(app)
    browser = sign_in(app)
    version = hidden(browser.get("/admin/points"), "version")

    def move(session):
        session.get_one(Clinic, number).street = "7 Other Road"

    written(app, move)
    answer = post(browser, f"/admin/points/{number}/leave", {"version": version})
    assert answer.status_code == 409
    assert "does not wait any more" in answer.text
