"""Ask applications plainly, and compare what one keeps with what another makes anew."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import brotli
from flask import Flask
from flask.testing import FlaskClient

from directory.web.kept import Keeper
from tests.support.apps import running

ON, OFF = {"cache_mb": 8}, {"cache_mb": 0}
SECRET = "one secret for all processes of this directory"
UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "br": brotli.decompress,
    "gzip": gzip.decompress,
}


class Told(NamedTuple):
    """What an application answered: status, headers in order of their names, body as sent."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """Return one header, empty when there is none."""
        return dict(self.headers).get(name, "")

    def read(self) -> "Told":
        """Return it as a browser reads it: gzip writes the time into what it packs."""
        headers = tuple(header for header in self.headers if header[0] != "Content-Length")
        return Told(self.status, headers, UNPACK[self.header("Content-Encoding")](self.body))


def ask(app: Flask, url: str, method: str = "GET", **headers: str) -> Told:
    """Ask once, without anything a browser sends by itself; `headers` with _ for -."""
    client = FlaskClient(app, app.response_class, use_cookies=False)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    with client.open(url, method=method, headers=given, buffered=True) as answer:
        told = [header for header in sorted(answer.headers) if header[0] != "Date"]
        return Told(answer.status_code, tuple(told), answer.data)


def keeper(app: Flask) -> Keeper:
    """Return the step that keeps an application's answers."""
    found: Keeper = app.extensions["directory_kept"]
    return found


def kept(app: Flask) -> int:
    """Return how many answers an application keeps in memory."""
    return len(keeper(app).shelf._memory)


@contextmanager
def processes(instance: Any, url: str, *settings: dict[str, Any]) -> Iterator[list[Flask]]:
    """Run one application for each set of settings on the database at `url`, as processes would."""
    opened: list[Any] = []
    try:
        apps = []
        for given in settings:
            one = running(instance, url, secret_key=SECRET, **given)
            apps.append(one.__enter__())
            opened.append(one)
        yield apps
    finally:
        for one in reversed(opened):
            one.__exit__(None, None, None)


def addresses(clinic_ids: list[int], near: str = "85004") -> list[str]:
    """Return an address of every kind that may be kept, for some clinics."""
    one = clinic_ids[0]
    chosen = "&".join(f"c={number}" for number in clinic_ids[:2])
    return [
        "/",
        f"/clinics?near={near}",
        f"/es/clinics?near={near}&within=100&has=sup-acls",
        f"/compare?{chosen}",
        f"/clinics/{one}/questions",
        f"/es/clinics/{one}/questions?size=large",
        "/checklist",
        "/guide",
        "/guide/doctor",
        "/es/how-we-check",
        f"/api/v1/clinics?near={near}&within=250",
        f"/api/v1/clinics/{one}",
        "/api/v1/catalogue",
        "/api/v1/openapi.json",
    ]
