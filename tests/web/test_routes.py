"""No address dies unseen: what the application answers equals the list in routes.txt."""

from pathlib import Path

import pytest

from directory.web.routing import LARGEST_ID
from tests.support.apps import running
from tests.support.staff import post, sign_in

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
    assert [r.split()[1].replace("row:", "") for r in writing] == [
        "/cases/<token>/answer",
        "/cases/<token>/withdraw",
        "/clinics/<clinic_id>/concern",
        "/clinics/<clinic_id>/suggest",
        "/near-me",
        "/suggest",
    ]


def test_no_address_holds_a_number_that_no_row_can_have(routes):
    assert [route for route in routes if "<int" in route] == []
    assert len([route for route in routes if "<row:" in route]) > 40


@pytest.mark.parametrize(
    "path", ["/admin/staff/{}/disable", "/account/conflicts/{}/withdraw", "/admin/cases/{}"]
)
def test_a_number_beyond_the_largest_row_is_nothing(app, path):
    admin = sign_in(app, "admin")
    for number in (LARGEST_ID + 1, 10**40):
        address = path.format(number)
        answer = admin.get(address) if path.endswith("}") else post(admin, address)
        assert answer.status_code == 404, address
