"""The directory that the browser reads: the demonstration, with a row in every table besides."""

from dataclasses import dataclass

from flask.testing import FlaskClient

from tests.support.live import Site
from tests.support.staff import cookie_of, sign_in
from tests.web.stored_words import build


@dataclass(frozen=True)
class Directory:
    """A served directory: an admin's token, and an address of every page that shows rows."""

    site: Site
    token: str
    addresses: tuple[str, ...]


def filled(site: Site) -> Directory:
    """Add a row to every table, and sign an admin in."""
    app = site.app
    app.testing = False  # a page that fails shows what it shows to people
    app.test_client_class = FlaskClient
    client = sign_in(app, "admin")
    return Directory(site, cookie_of(client), tuple(build(app, client)))
