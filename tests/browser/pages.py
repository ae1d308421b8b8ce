"""Every page there is to look at; a route that can be read and is not here needs an excuse."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from directory.domain.standing import StandingCode
from directory.web.translations import SOURCE_LANGUAGE
from tests.browser.directory import Directory

STAFF = ("/admin", "/account")
PLAIN = {
    "/": 200,
    "/checklist": 200,
    "/guide": 200,
    "/guide/doctor": 200,
    "/how-we-check": 200,
    "/suggest": 200,
    "/styleguide": 200,
    "/compare": 200,
    "/compare?c=1": 200,
    "/compare?c=1&c=2": 200,
    "/compare?c=1&c=2&c=3&c=4": 200,
    "/compare?c=1&c=x&c=999999": 400,
    "/clinics/1/questions?size=large": 200,
    "/admin/numbers/charts": 200,
    "/account/sign-in": 200,
    "/account/password": 200,
    "/clinics?near=Texas": 200,
    "/clinics?near=Phoenix,+AZ&within=100&offers=iv&treats=ptsd": 200,
    "/clinics?near=Pheonix,+AZ": 200,
    "/clinics?near=Glasgow,+MT": 200,
    "/clinics?near=Springfield": 300,
    "/clinics?near=85004&within=x": 400,
    "/clinics?near=Zzyzxqq": 404,
    "/nothing": 404,
    "/admin/checks/1/none-such": 404,
}
"""Pages that need no row of their own, with how they answer."""

LONG_DAY, SHORT_DAY = "minutes=600", "minutes=60"
"""A plan for ten hours looks like one for an hour, ten times over."""

NO_PAGE = {
    "accounts.join_code": "a drawing, shown on the page of accounts.join",
    "api.checklist": "JSON",
    "api.clinic": "JSON",
    "api.description": "JSON",
    "api.places": "JSON",
    "api.search": "JSON",
    "evidence.download": "a file, which leaves as an attachment",
    "numbers.export": "CSV",
    "public.card": "a picture",
    "public.clinic_card": "a picture",
    "public.clinic_map": "JSON",
    "public.healthz": "plain text for programs",
    "public.readyz": "plain text for programs",
    "public.robots": "plain text for programs",
    "public.search_map": "JSON",
    "public.sitemap": "XML",
    "public.sitemap_part": "XML",
    "static": "styles, scripts and pictures",
}
"""What can be read and is no page, each with the reason."""


@dataclass(frozen=True)
class Address:
    """A page's address, how it answers, and whether only staff may read it."""

    path: str
    status: int
    staff: bool


def every_page(directory: Directory) -> list[Address]:
    """Return every page of the directory in the source language."""
    found = {path.replace(LONG_DAY, SHORT_DAY): 200 for path in directory.addresses}
    found |= PLAIN | dict.fromkeys(of_each_standing(directory.site.app), 200)
    return [Address(path, status, path.startswith(STAFF)) for path, status in found.items()]


def in_language(path: str, code: str) -> str:
    """Return a page's address in a language."""
    return path if code == SOURCE_LANGUAGE else f"/{code}{path}"


def one_of_each(app: Flask, pages: list[Address]) -> list[Address]:
    """Return the first page of every view and answer; the others are built of the same parts."""
    first: dict[tuple[str, int], Address] = {}
    for page in pages:
        first.setdefault((endpoint_of(app, page.path) or page.path, page.status), page)
    return list(first.values())


def of_each_standing(app: Flask) -> list[str]:
    """Return a clinic's page and its questions for each standing in the demonstration."""
    client = app.test_client()
    found = []
    for standing in StandingCode:
        for near in ("Texas", "California", "Arizona", "Florida", "Illinois"):
            query = {"near": near, "standing": standing.value}
            if clinics := client.get("/api/v1/clinics", query_string=query).json["clinics"]:
                path = urlsplit(clinics[0]["url"]).path
                found += [path, f"/clinics/{clinics[0]['id']}/questions"]
                break
    return found


def endpoint_of(app: Flask, path: str) -> str:
    """Return which view answers an address; nothing when none does."""
    bare, _, query = path.partition("?")
    try:
        return str(app.url_map.bind("127.0.0.1").match(bare, method="GET", query_args=query)[0])
    except RequestRedirect as redirected:
        return endpoint_of(app, redirected.new_url.removeprefix("http://127.0.0.1"))
    except (NotFound, MethodNotAllowed):
        return ""


def forgotten(app: Flask, pages: list[Address]) -> list[str]:
    """Return the views that answer to reading and are neither looked at nor excused."""
    readable = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    seen = {endpoint_of(app, page.path) for page in pages}
    return sorted(readable - seen - set(NO_PAGE))
