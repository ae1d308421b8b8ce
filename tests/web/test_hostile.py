"""No query and no address brings the directory down: 2,000 hostile ones, on both engines."""

from collections import Counter
from dataclasses import dataclass, field

import pytest
from flask import request
from flask.testing import FlaskClient

from tests.support.apps import close, make_app
from tests.support.inspecting import InspectingClient, answer_problems
from tests.web.hostile import COUNT, PATHS, queries

READS_QUERIES = {"public.search", "api.search", "api.places"}
INSPECT_EVERY = 20


@dataclass
class Sweep:
    """What came of many requests."""

    statuses: dict[str, Counter[int]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    sent: int = 0

    def send(self, client: FlaskClient, endpoint: str, path: str, query: str) -> None:
        """Send one request with exactly these bytes, and look at a part of the answers closely."""
        response = client.open(
            "/",
            buffered=True,
            environ_overrides={"PATH_INFO": path, "QUERY_STRING": query, "REQUEST_URI": path},
        )
        self.sent += 1
        self.statuses.setdefault(endpoint, Counter())[response.status_code] += 1
        if response.status_code >= 500 or not response.data:
            self.failures.append(f"{response.status_code} {path[:80]}?{query[:200]}")
        elif self.sent % INSPECT_EVERY == 0:
            bad = answer_problems(response)
            self.failures += [f"{path[:80]}?{query[:200]}: {problem}" for problem in bad]


def public_routes(app, clinic_id):
    """Return endpoint and address of every public route that can be opened."""
    values = {"clinic_id": clinic_id, "slug": "x", "token": "x", "part": 1}
    values |= {"fingerprint": "x", "name": "css/components.css"}
    with app.test_request_context():
        return sorted(
            {
                (
                    rule.endpoint,
                    app.url_for(rule.endpoint, **{a: values[a] for a in rule.arguments}),
                )
                for rule in app.url_map.iter_rules()
                if "GET" in rule.methods and not rule.rule.startswith("/admin")
            }
        )


@pytest.fixture
def plain_client(demo_app):
    """A browser that looks at nothing by itself, which is quicker."""
    return FlaskClient(demo_app, demo_app.response_class)


def test_no_query_brings_any_page_down(demo_app, plain_client):
    routes = public_routes(demo_app, clinic_id=1)
    reading = [r for r in routes if r[0] in READS_QUERIES]
    others = [r for r in routes if r[0] not in READS_QUERIES]
    assert len(reading) == len(READS_QUERIES)
    sweep = Sweep()
    for number, query in enumerate(queries()):
        for endpoint, path in (*reading, others[number % len(others)]):
            sweep.send(plain_client, endpoint, path, query)
    assert sweep.failures[:20] == []
    assert sweep.sent >= 4 * COUNT
    for endpoint in READS_QUERIES:
        seen = sweep.statuses[endpoint]
        assert seen[200] > COUNT / 20, f"{endpoint} hardly ever searched: {seen}"
        assert seen[400] > COUNT / 10, f"{endpoint} hardly ever refused: {seen}"
    for endpoint, _path in others:
        assert sweep.statuses[endpoint].total() >= COUNT // len(others)


def test_no_address_brings_the_directory_down(plain_client):
    sweep = Sweep()
    for path in PATHS:
        for query in ("", "near=85004", "\xff=%00"):
            sweep.send(plain_client, "path", path, query)
    assert sweep.failures == []
    assert sweep.sent == 3 * len(PATHS)
    assert sweep.statuses["path"][404] > len(PATHS)


def test_the_sweep_catches_a_broken_route(instance, databases):
    app = make_app(instance, databases.shared("demo"))

    @app.get("/broken")
    def broken() -> str:
        return f"page {int(request.args.get('page', '1'))}"

    app.testing = False
    sweep = Sweep()
    client = FlaskClient(app, app.response_class)
    for query in queries():
        sweep.send(client, "broken", "/broken", query)
    close(app)
    assert sweep.statuses["broken"][500] > 20
    assert len(sweep.failures) >= sweep.statuses["broken"][500]


def test_the_queries_are_what_they_claim_to_be():
    made = list(queries())
    assert len(made) == len(set(made)) == COUNT
    everything = "&".join(made)
    for needed in (
        *("%00", "%F0%9F%98%80", "%ED%A0%80", "%FF%FE", "NaN", "1e308", "=-1", "1000000000"),
        *("DROP%20TABLE", "a" * 10_000, "has=sup-acls", "\xff"),
    ):
        assert needed in everything, needed
    assert any(query.count("near=") > 3 for query in made), "repeated parameters"


def test_inspecting_client_is_the_default(demo_client):
    assert isinstance(demo_client, InspectingClient)
