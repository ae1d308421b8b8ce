"""Found: the site's map, robots.txt, canonical addresses, and what search engines may not keep."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from defusedxml import ElementTree
from flask.testing import FlaskClient

from directory.domain.findings import Outcome
from directory.domain.standing import Listing
from directory.extensions import db
from directory.models import Clinic
from directory.models.engine import begin_writing
from directory.operations.catalogue import load_edition
from directory.operations.findable import count_listed, edition_day, listed_pages
from directory.operations.listings import derive_all
from directory.operations.vetting import add_confirmation
from directory.web.public import findable
from directory.web.translations import languages
from tests.checklist import CATALOGUE, TEXT
from tests.factories import NOW, make_check, make_clinic, make_user
from tests.operations.merges import merged_into
from tests.support.staff import sign_in
from tests.web.heads import canonical, clinic_paths, metas

SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
XHTML = "{http://www.w3.org/1999/xhtml}"

# The site's map


def entries(client, path="/sitemap.xml"):
    """Return every entry of the site's map: address to (day, addresses by language)."""
    answer = client.get(path)
    assert answer.mimetype == "application/xml"
    index = ElementTree.fromstring(answer.data)
    assert index.tag == f"{SITEMAP}sitemapindex"
    found = {}
    for part in index.iter(f"{SITEMAP}loc"):
        assert urlsplit(part.text).scheme in ("http", "https")
        urlset = ElementTree.fromstring(client.get(urlsplit(part.text).path).data)
        assert urlset.tag == f"{SITEMAP}urlset"
        assert 0 < len(urlset) <= 50_000
        for entry in urlset:
            names = [child.tag for child in entry]
            assert entry.tag == f"{SITEMAP}url"
            assert names[0] == f"{SITEMAP}loc"
            assert set(names) <= {f"{SITEMAP}loc", f"{SITEMAP}lastmod", f"{XHTML}link"}
            address = entry[0].text
            assert address not in found, "each address stands in it once"
            assert len(address) < 2048
            links = {e.get("hreflang"): e.get("href") for e in entry.iter(f"{XHTML}link")}
            assert all(e.get("rel") == "alternate" for e in entry.iter(f"{XHTML}link"))
            found[address] = (entry.findtext(f"{SITEMAP}lastmod"), links)
    return found


def test_the_map_names_every_public_page_in_every_language(demo_app, demo_client):
    found = entries(demo_client)
    clinics = clinic_paths(demo_app)
    assert len(clinics) > 80
    wanted = {f"http://localhost{path}" for path in clinics.values()}
    plain = ["/", "/guide", "/guide/doctor", "/checklist", "/how-we-check"]
    wanted |= {f"http://localhost{path}" for path in plain}
    spanish = {address.replace("localhost/", "localhost/es/", 1) for address in wanted}
    assert set(found) == wanted | spanish
    for address, (day, links) in found.items():
        assert set(links) == {*languages(), "x-default"}
        assert address in links.values()
        assert links["x-default"] == links["en"]
        assert found[links["es"]][1] == links
        assert day is None or re.fullmatch(r"2026-0[1-6]-\d\d", day)


def test_every_address_of_the_map_answers_and_calls_itself_canonical(demo_client):
    found = [*entries(demo_client)]
    for address in found[:8] + found[-8:]:
        page = demo_client.get(urlsplit(address).path)
        assert page.status_code == 200, address
        assert canonical(page) == address
        assert "X-Robots-Tag" not in page.headers
        assert "robots" not in metas(page)


def test_the_map_is_the_same_from_a_page_in_another_language(demo_client):
    assert entries(demo_client, "/es/sitemap.xml") == entries(demo_client)


def test_what_is_not_listed_is_not_in_the_map(demo_app, demo_client):
    text = demo_client.get("/sitemap-1.xml").text
    with demo_app.app_context():
        hidden = [c.id for c in db.session.query(Clinic) if c.listing is not Listing.LISTED]
    assert len(hidden) > 3
    for number in hidden:
        assert f"/clinics/{number}-" not in text


def test_a_part_that_is_not_there_is_not_found(demo_client):
    for part in (0, 2, 10**15):
        answer = demo_client.get(f"/sitemap-{part}.xml")
        assert answer.status_code == 404
        assert answer.headers["X-Robots-Tag"] == "noindex"


def test_a_long_map_is_cut_into_parts(demo_client, monkeypatch):
    whole = entries(demo_client)
    monkeypatch.setattr(findable, "CLINICS_A_PART", 40)
    assert demo_client.get("/sitemap.xml").text.count("<sitemap>") >= 3
    assert entries(demo_client) == whole


def test_the_map_takes_few_statements(demo_client, statements):
    with statements() as made:
        demo_client.get("/sitemap-1.xml")
    assert len(made) <= 8


def test_an_unchanged_map_is_not_sent_again(demo_client):
    first = demo_client.get("/sitemap-1.xml")
    again = demo_client.get("/sitemap-1.xml", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


@pytest.fixture
def loaded(session):
    """A session with the checklist, two people and a clinic, all of a year ago."""
    session.first, session.second = make_user(session), make_user(session)
    session.begun = NOW - timedelta(days=365)
    load_edition(session, session.first, session.begun, text=TEXT, confirmation="two-person")
    session.clinic = make_clinic(session)
    return session


def changed_on(session, now=NOW):
    """Return the day the map gives for the clinic."""
    derive_all(session, CATALOGUE, session.begun, two_person=True)
    (page,) = listed_pages(session, now, first=0, most=5)
    return page.changed_on


def test_the_day_is_of_what_a_reader_can_see(loaded):
    day = loaded.begun.date()
    assert edition_day(loaded) == day
    assert changed_on(loaded) == day, "the edition changed every page"
    at = NOW - timedelta(days=50)
    check = make_check(
        loaded, CATALOGUE, loaded.clinic, "sup-acls", by=loaded.first, now=at, days_ago=1, lasts=31
    )
    assert changed_on(loaded) == day, "a check that waits is nobody's to know of"
    add_confirmation(loaded, loaded.second, at + timedelta(days=2), check)
    assert changed_on(loaded, at + timedelta(days=3)) == (at + timedelta(days=2)).date()
    lapsed = (at + timedelta(days=31)).date()
    assert changed_on(loaded, NOW) == lapsed, "the clock changed the page"


def test_a_waiting_accusation_moves_no_day(loaded):
    before = changed_on(loaded)
    make_check(
        loaded, CATALOGUE, loaded.clinic, "sup-training",
        by=loaded.first, days_ago=1, outcome=Outcome.NOT_MET,
    )  # fmt: skip
    assert changed_on(loaded) == before


def test_a_merged_clinic_is_in_the_map_no_more_and_its_card_moves(app):
    client = app.test_client()
    with app.app_context():
        session = db.session()
        begin_writing(session)
        kept, merged = make_clinic(session).id, make_clinic(session).id
        derive_all(session, CATALOGUE, NOW, two_person=True)
        session.commit()
    assert f"/clinics/{merged}-" in client.get("/sitemap-1.xml").text
    with app.app_context():
        session = db.session()
        begin_writing(session)
        merged_into(session, session.get_one(Clinic, kept), session.get_one(Clinic, merged))
        session.commit()
    text = client.get("/sitemap-1.xml").text
    assert f"/clinics/{kept}-" in text
    assert f"/clinics/{merged}-" not in text
    moved = client.get(f"/clinics/{merged}/card.png")
    assert moved.status_code == 301
    assert moved.headers["Location"] == f"/clinics/{kept}/card.png"


def test_unlisted_and_suspended_clinics_are_not_counted(loaded):
    make_clinic(loaded, listing=Listing.UNLISTED, listing_reason="Because")
    make_clinic(loaded, listing=Listing.SUSPENDED, listing_reason="Because")
    derive_all(loaded, CATALOGUE, NOW, two_person=True)
    assert count_listed(loaded) == 1
    assert [page.clinic_id for page in listed_pages(loaded, NOW, first=0, most=9)] == [
        loaded.clinic.id
    ]


# What search engines are told


def test_robots_names_the_map_and_keeps_searches_out(demo_client):
    answer = demo_client.get("/robots.txt")
    assert answer.mimetype == "text/plain"
    lines = answer.text.splitlines()
    assert lines[0] == "User-agent: *"
    for code in languages():
        prefix = "" if code == "en" else f"/{code}"
        assert f"Disallow: {prefix}/clinics?" in lines
        assert f"Disallow: {prefix}/api/" in lines
    assert "Sitemap: http://localhost/sitemap.xml" in lines
    assert demo_client.get("/es/robots.txt").text == answer.text


@pytest.mark.parametrize("prefix", ["", "/es"])
@pytest.mark.parametrize(
    "path",
    [
        "/clinics?near=85004",
        "/clinics?near=",
        "/clinics?near=Qqqqzzx+Nowhereville",
        "/clinics?near=Springfield",
        "/compare?c=1&c=2",
        "/clinics/1/questions",
        "/clinics/1/concern",
        "/cases/no-such-token",
        "/clinics/999999",
        "/nothing",
    ],
)
def test_what_is_not_to_be_found_says_so(demo_client, prefix, path):
    page = demo_client.get(prefix + path)
    assert page.headers["X-Robots-Tag"].split(",")[0] == "noindex"
    assert metas(page)["robots"] == "noindex"
    assert canonical(page) is None
    assert "og:image" not in metas(page)


def test_staff_pages_are_not_to_be_found(app):
    page = sign_in(app, "admin").get("/admin/numbers")
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert page.text.count('<meta name="robots" content="noindex">') == 1


def test_every_page_that_is_not_named_is_kept_out(demo_app):
    """A page that is added later is not to be found until somebody says that it is."""
    named = findable.FINDABLE | findable.UNMARKED
    with demo_app.test_request_context():
        endpoints = set(demo_app.view_functions)
    assert named <= endpoints
    assert endpoints - named


def test_a_query_or_a_stale_name_never_becomes_canonical(demo_app, demo_client):
    path = next(iter(clinic_paths(demo_app).values()))
    page = demo_client.get(f"{path}?utm_source=x&near=85004")
    assert canonical(page) == f"http://localhost{path}"
    assert demo_client.get("/guide?x=1").text.count("x=1") == demo_client.get(
        "/es/guide?x=1"
    ).text.count("x=1")
    assert "x=1" not in (canonical(demo_client.get("/guide?x=1")) or "")


def test_a_page_that_answers_a_form_is_not_to_be_found(demo_app):
    page = FlaskClient(demo_app, demo_app.response_class).post("/suggest", data={})
    assert page.status_code >= 400
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert canonical(page) is None
