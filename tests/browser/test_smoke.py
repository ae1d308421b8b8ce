"""The same pages over PostgreSQL, once: a browser's way through them needs nothing of its own."""

import pytest

from tests.browser.visiting import Visit
from tests.support.apps import running
from tests.support.live import served


@pytest.fixture(scope="module")
def on_either(instance, databases):
    """A served demonstration on one engine."""
    with running(instance, databases.shared("demo")) as app, served(app) as site:
        yield site


def test_a_visitor_finds_a_clinic_on_either_database(browser, on_either):
    visit = Visit(browser, on_either)
    visit.go("/")
    visit.page.locator("input[name=near]").fill("Phoenix, AZ")
    visit.page.locator("form[role=search] button[type=submit]").first.click()
    visit.page.wait_for_url("**/clinics?**")
    name = visit.page.locator(".card-name").first.inner_text()
    visit.page.locator(".card-name a").first.click()
    visit.page.wait_for_url("**/clinics/*-*")
    assert visit.page.locator("h1").inner_text() == name
    visit.check()
    visit.close()


def test_a_member_of_staff_is_let_in(signed_in):
    signed_in.goto("/admin/")
    assert signed_in.locator("main h1").is_visible()
