"""What every answer carries, what no answer carries, who is answered, and what the log keeps."""

import logging

import pytest
from flask.testing import FlaskClient

from directory.web.security import HEADERS, HSTS
from tests.support.apps import running

CANARY = "85004-canary"
PERSON = "203.0.113.77"
AGENT = "A browser called Canary"
CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
ANSWERS = [
    ("GET", "/", 200),
    ("GET", "/clinics?near=85004", 200),
    ("GET", "/clinics?near=", 400),
    ("GET", "/clinics?near=Qqqqzzx+Nowhereville", 404),
    ("GET", "/clinics?near=85004&page=99", 404),
    ("GET", "/clinics/1", 301),
    ("GET", "/clinics/999999", 404),
    ("GET", "/checklist", 200),
    ("GET", "/guide", 200),
    ("GET", "/guide/doctor", 200),
    ("GET", "/clinics/999999/questions", 404),
    ("GET", "/how-we-check", 200),
    ("GET", "/nothing-here", 404),
    ("GET", "/robots.txt", 200),
    ("GET", "/healthz", 200),
    ("GET", "/readyz", 200),
    ("GET", "/static/0/css/base.css", 200),
    ("GET", "/static/0/nothing.css", 404),
    ("GET", "/api/v1/clinics?near=85004", 200),
    ("GET", "/api/v1/clinics?near=", 400),
    ("GET", "/api/v1/clinics/999999", 404),
    ("GET", "/api/v1/catalogue", 200),
    ("GET", "/api/v1/places?q=pho", 200),
    ("GET", "/api/v1/openapi.json", 200),
    ("GET", "/api/v1/nothing", 404),
    ("POST", "/", 405),
    ("POST", "/api/v1/clinics", 405),
    ("PUT", "/clinics", 405),
    ("TRACE", "/", 405),
    ("OPTIONS", "/", 200),
    ("HEAD", "/", 200),
]


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_every_answer_is_guarded(demo_client, method, path, status):
    response = demo_client.open(path, method=method)
    assert response.status_code == status
    headers = response.headers
    assert headers["Content-Security-Policy"] == CSP
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    assert {name: headers.get(name) for name in HEADERS} == HEADERS
    for absent in ("Strict-Transport-Security", "Set-Cookie", "Access-Control-Allow-Origin"):
        assert absent not in headers
    told = str(headers).lower()
    for word in ("unsafe-", "werkzeug", "python", "flask", "waitress"):
        assert word not in told


def test_https_is_insisted_on_only_where_there_is_https(bare_instance):
    with running(bare_instance, "sqlite://", https=True) as app:
        for path in ("/healthz", "/nothing", "/static/0/css/base.css", "/api/v1/x"):
            headers = app.test_client().get(path).headers
            assert headers["Strict-Transport-Security"] == HSTS


def test_a_cookie_that_somebody_sends_changes_nothing(demo_app):
    browser = demo_app.test_client()
    browser.set_cookie("session", "x" * 50)
    assert browser.get("/checklist").data == demo_app.test_client().get("/checklist").data


@pytest.mark.parametrize(
    "host",
    ["evil.example.com", "localhost.evil.example.com", "localhost@evil.example.com", "", "a b"],
)
@pytest.mark.parametrize("path", ["/", "/clinics?near=85004", "/api/v1/catalogue", "/nothing"])
def test_only_known_hosts_are_answered(demo_app, host, path):
    browser = FlaskClient(demo_app, demo_app.response_class)
    response = browser.get(path, headers={"Host": host})
    assert response.status_code == 400
    assert b"evil" not in response.data
    assert response.headers["Content-Security-Policy"] == CSP


def test_a_host_that_others_claim_is_not_believed(demo_client):
    response = demo_client.get(
        "/clinics?near=85004", headers={"X-Forwarded-Host": "evil.example.com"}
    )
    assert response.status_code == 200
    assert b"evil" not in response.data


def test_an_operators_hosts_are_answered(bare_instance):
    with running(bare_instance, "sqlite://", trusted_hosts=("clinics.example.org",)) as app:
        client = app.test_client()
        good = client.get("/healthz", headers={"Host": "clinics.example.org"})
        assert good.status_code == 200
        assert client.get("/healthz").status_code == 400
        evil = client.get("/healthz", headers={"Host": "clinics.example.org.evil.example.com"})
        assert evil.status_code == 400


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/clinics?near=" + "a" * 20_000, {}, 400),
        ("/?" + "a=1&" * 6_000, {}, 400),
        ("/api/v1/clinics?near=" + "a" * 20_000, {}, 400),
    ],
)
def test_too_much_at_once_is_refused_in_words(demo_client, path, headers, status):
    response = demo_client.get(path, headers=headers)
    assert response.status_code == status
    assert "too long" in response.text


def test_the_log_keeps_neither_the_search_nor_the_person(demo_app, caplog):
    paths = [
        f"/clinics?near={CANARY}",
        f"/api/v1/clinics?near={CANARY}",
        f"/api/v1/places?q={CANARY}",
        f"/clinics?near={CANARY}%00",
        f"/?{CANARY}=1",
        f"/checklist?x={CANARY}",
        "/clinics?lat=33.987654&lon=-112.123456",
    ]
    client = demo_app.test_client()
    with caplog.at_level(logging.DEBUG):
        for path in paths:
            client.get(
                path,
                environ_overrides={"REMOTE_ADDR": PERSON},
                headers={
                    "User-Agent": AGENT,
                    "X-Forwarded-For": PERSON,
                    "Referer": f"http://localhost/clinics?near={CANARY}",
                },
            )
    lines = [r.getMessage() for r in caplog.records if r.name == "directory.access"]
    assert len(lines) == len(paths), "an access log that is silent proves nothing"
    assert lines[0].startswith("GET /clinics 404 ")
    told = caplog.text
    for secret in (CANARY, "canary", PERSON, AGENT, "33.98", "112.12"):
        assert secret not in told


def test_reading_writes_nothing(demo_app, statements):
    with statements() as made:
        for method, path, _status in ANSWERS:
            demo_app.test_client().open(path, method=method)
    assert len(made) > len(ANSWERS)
    assert [s for s in made if not s.lstrip().upper().startswith(("SELECT", "WITH"))] == []
