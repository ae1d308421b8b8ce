"""What a page weighs over the wire: compressed, kept for a year, and within a budget."""

import re
from urllib.parse import urljoin, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from directory.domain.standing import Listing
from directory.extensions import db
from directory.models import Clinic
from directory.models.engine import begin_writing
from directory.operations.listings import derive
from tests.checklist import CATALOGUE
from tests.factories import NOW
from tests.support.apps import running

BUDGET = 60_000
"""Bytes of the first page of results over the wire, without the map."""

PHONE = "br, gzip"
MAP = re.compile(r"/(css/map\.css|js/map\.js|leaflet/.*|map/.*)$")


def linked(page):
    """Return what a browser fetches with a page, the map's own parts apart."""
    found = re.findall(r'<(?:link|script|img)\b[^>]*?\b(?:href|src)="([^"]+)"[^>]*>', page.text)
    rels = dict.fromkeys(
        re.findall(r'<link rel="(?:canonical|alternate)"[^>]*href="([^"]+)"', page.text)
    )
    return [address for address in dict.fromkeys(found) if address not in rels]


def weight(client, path, encodings=PHONE, *, extra=0):
    """Return the bytes of a page and all it fetches over the wire, by address."""
    page = client.get(path, headers={"Accept-Encoding": encodings})
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    weighed = {path: on_the_wire(page) + extra}
    for address in linked(plain):
        assert not urlsplit(address).netloc, "everything comes from our own host"
        if not MAP.search(address):
            asset = client.get(address, headers={"Accept-Encoding": encodings})
            assert asset.status_code == 200
            style = client.get(address).text if address.endswith(".css") else ""
            weighed[address] = on_the_wire(asset)
            for inner in re.findall(r"url\(([^)#]+)\)", style):
                weighed[inner] = on_the_wire(client.get(urljoin(address, inner.strip("'\""))))
    return weighed


def plainly(app):
    """Return a browser that takes what it gets as it was sent."""
    return FlaskClient(app, app.response_class)


def on_the_wire(answer):
    """Return the bytes of an answer: its head and its body as it was sent."""
    return len(str(answer.headers)) + len(answer.data)


@pytest.fixture(scope="module")
def crowded(instance, databases):
    """The demonstration with thirty of its clinics in one town."""
    url = databases.fresh("demo")
    with running(instance, url) as app:
        with app.app_context():
            session = db.session()
            begin_writing(session)
            listed = select(Clinic).where(Clinic.listing == Listing.LISTED).limit(30)
            ids = []
            for place, clinic in enumerate(session.scalars(listed)):
                clinic.lat, clinic.lon = 33.4484 + place / 1000, -112.074
                clinic.city, clinic.state, clinic.postal_code = "Phoenix", "AZ", "85004"
                ids.append(clinic.id)
            session.flush()
            derive(session, CATALOGUE, NOW, ids, two_person=True)
            session.commit()
        yield app
    databases.drop(url)


@pytest.mark.parametrize("encodings", ["gzip", "br, gzip", "gzip, deflate, br, zstd"])
@pytest.mark.parametrize("prefix", ["", "/es"])
def test_the_first_page_of_results_is_light(crowded, prefix, encodings):
    client = plainly(crowded)
    path = f"{prefix}/clinics?near=85004"
    assert client.get(path).text.count("<article") == 20
    weighed = weight(client, path, encodings)
    assert len(weighed) > 4, "a page without its styles proves nothing"
    assert sum(weighed.values()) < BUDGET, weighed


def test_the_control_of_seventy_thousand_bytes_is_too_heavy(crowded):
    weighed = weight(plainly(crowded), "/clinics?near=85004", extra=70_000)
    assert sum(weighed.values()) >= BUDGET


def test_pages_and_assets_are_compressed(crowded):
    client = plainly(crowded)
    path = "/clinics?near=85004"
    for address in [path, *linked(client.get(path))]:
        plain = client.get(address, headers={"Accept-Encoding": "identity"})
        if len(plain.data) < 1000:
            continue
        for encoding in ("gzip", "br", "zstd"):
            sent = client.get(address, headers={"Accept-Encoding": encoding})
            assert sent.headers["Content-Encoding"] == encoding, address
            assert "Accept-Encoding" in sent.headers["Vary"]
            assert len(sent.data) < len(plain.data) * 0.6


def test_assets_are_kept_for_a_year_and_only_under_their_own_address(crowded):
    client = plainly(crowded)
    found = [a for a in linked(client.get("/clinics?near=85004")) if "/static/" in a]
    assert len(found) > 3
    for address in found:
        kept = client.get(address)
        assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "Set-Cookie" not in kept.headers
        again = client.get(address, headers={"If-None-Match": kept.headers["ETag"]})
        assert again.status_code == 304
        old = re.sub(r"/static/[0-9a-f]+/", "/static/000000000000/", address)
        stale = client.get(old)
        assert stale.status_code == 200
        assert stale.data == kept.data, "an old page meets the style as it is now"
        assert stale.headers["Cache-Control"] == "no-cache"
    for name in ("css/none.css", f"css/{'a' * 300}.css", "../settings.py", "css", "css/x.py"):
        assert client.get(f"/static/000000000000/{name}").status_code == 404


def test_a_compressed_asset_that_one_has_is_not_sent_again(crowded):
    client = plainly(crowded)
    (style, *_rest) = [a for a in linked(client.get("/guide")) if a.endswith(".css")]
    sent = client.get(style, headers={"Accept-Encoding": "br"})
    known = {"Accept-Encoding": "br", "If-None-Match": sent.headers["ETag"]}
    assert client.get(style, headers=known).status_code == 304
