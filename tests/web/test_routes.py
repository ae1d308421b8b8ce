"""No address dies unseen: what the application answers equals the list in routes.txt."""

from pathlib import Path

import pytest

from tests.support.apps import running

STORED = Path(__file__).with_name("routes.txt")
ADVICE = (
    "tests/web/routes.txt differs from the application. An address that goes needs a redirect: "
    "people have it in print and in their notes. Then change the list."
)


def routes_of(app):
    """Return a line for each rule: methods, address, endpoint."""
    lines = []
    for rule in app.url_map.iter_rules():
        methods = ",".join(sorted(rule.methods - {"HEAD", "OPTIONS"}))
        lines.append(f"{methods:<8} {rule.rule}  {rule.endpoint}")
    return sorted(lines, key=lambda line: line.split()[1])


@pytest.fixture
def routes(bare_instance):
    """The application's routes; no database is asked."""
    with running(bare_instance, "sqlite://") as app:
        return routes_of(app)


def test_the_routes_are_the_stored_ones(routes):
    assert routes == STORED.read_text("utf-8").splitlines(), ADVICE


def test_public_routes_only_read(routes):
    writing = [
        r for r in routes if not r.startswith("GET ") and "/admin" not in r and "/account" not in r
    ]
    assert [r.split()[1].replace("int(max=9223372036854775807):", "") for r in writing] == [
        "/cases/<token>/answer",
        "/cases/<token>/withdraw",
        "/clinics/<clinic_id>/concern",
        "/clinics/<clinic_id>/suggest",
        "/near-me",
        "/suggest",
    ]
