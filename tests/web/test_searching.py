"""Search that forgives: clinics by name, ways on from nothing, positions, what comes along."""

import gzip
import hashlib
import logging
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import url_for
from sqlalchemy import select

from directory.extensions import db
from directory.models import Base
from directory.operations.listings import derive
from directory.web.public.addresses import asked_for, search_url
from tests.checklist import CATALOGUE
from tests.factories import NOW, make_clinic
from tests.web.test_api import get
from tests.web.test_pages import heading, words

OREGON = {"lat": "45.51", "lon": "-122.64"}


def links(page):
    """Return the addresses of a page's links, as a browser reads them."""
    return [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]*)"', page.text)]


def over_the_wire(client, page):
    """Return the bytes of a page, its styles and its scripts, each compressed as servers do."""
    loaded = re.findall(r'(?:<script[^>]* src|rel="stylesheet" href)="([^"]*)"', page.text)
    assert len(loaded) > 3
    files = [page, *(client.get(address) for address in loaded)]
    return sum(len(gzip.compress(file.data, 6)) for file in files)


def add_clinics(app, count):
    """List so many clinics in Phoenix."""
    with app.app_context():
        session = db.session()
        made = [make_clinic(session).id for _ in range(count)]
        derive(session, CATALOGUE, NOW, made, two_person=True)
        session.commit()


def digest(app):
    """Return the hash of every row of every table."""
    found = hashlib.sha256()
    with app.app_context():
        for table in Base.metadata.sorted_tables:
            for row in db.session.execute(select(table).order_by(*table.primary_key.columns)):
                found.update(repr(tuple(row)).encode())
    return found.hexdigest()


# Clinics by their name


def test_a_clinic_is_found_by_its_name_and_town(demo_client):
    page = demo_client.get("/clinics?near=Cascade+Portland")
    assert page.status_code == 404
    assert heading(page) == "Clinics with this name"
    link = next(link for link in links(page) if "cascade-lanternfield" in link)
    assert demo_client.get(link).status_code == 200


def test_a_name_that_many_towns_have_offers_the_clinics_too(demo_client):
    page = demo_client.get("/clinics?near=Cascade")
    assert page.status_code == 300
    assert "Cascade Meadowquill Infusion Center" in words(page)
    assert "Cascade, MT" in words(page)


@pytest.mark.parametrize(
    ("near", "offered"),
    [
        ("Cascade, Portland OR", True),
        ("Portland, OR", False),
        ("Portland", False),
        ("97214", False),
        ("12 Cascade St, Portland OR", False),
    ],
)
def test_where_a_place_is_found_a_clinic_is_offered_only_when_it_may_be_meant(
    demo_client, near, offered
):
    page = demo_client.get("/clinics", query_string={"near": near})
    assert page.status_code == 200
    assert ("Looking for a clinic by its name?" in words(page)) is offered
    assert ("cascade-lanternfield" in page.text) or near != "Cascade, Portland OR"


def test_the_api_names_the_clinics_beside_what_it_tried(demo_client):
    unknown = get(demo_client, "/api/v1/clinics?near=Cascade+Portland", "Problem", 404)
    assert [clinic["city"] for clinic in unknown["clinics"]] == ["Portland", "Portland"]
    choice = get(demo_client, "/api/v1/clinics?near=Cascade", "Choice", 300)
    assert len(choice["clinics"]) == 3
    assert choice["candidates"]


# Ways on from nothing


def test_nothing_near_offers_the_smallest_circle_that_finds_one(demo_client):
    page = demo_client.get("/clinics?near=Glasgow,+MT")
    (wider,) = re.findall(r"Search within (\d+) miles: (\d+) clinic", page.text)
    link = next(link for link in links(page) if f"within={wider[0]}" in link)
    found = demo_client.get(link)
    assert heading(found).startswith(f"{wider[1]} clinic")
    nearer = [miles for miles in (5, 10, 25, 50, 100, 250) if miles < int(wider[0])]
    assert nearer
    for miles in nearer:
        query = {"near": "Glasgow, MT", "within": miles}
        assert demo_client.get("/api/v1/clinics", query_string=query).json["total"] == 0


def test_no_match_offers_to_go_without_the_filter_that_stands_in_the_way(demo_client):
    page = demo_client.get("/clinics?near=Austin,+TX&treats=pain&offers=im&has=sup-acls&within=50")
    assert heading(page).startswith("No clinics")
    without = re.findall(r"Search without “([^”]+)”: (\d+) clinic", page.text)
    assert without
    assert "Chronic pain" in [label for label, _count in without]
    for label, count in without:
        link = next(x for x in re.findall(r'href="([^"]*)">Search without “' + label, page.text))
        assert heading(demo_client.get(link.replace("&amp;", "&"))).startswith(f"{count} clinic")
    (everything,) = re.findall(r"Search without any filter: (\d+) clinic", page.text)
    assert int(everything) >= max(int(count) for _label, count in without)


def test_a_filter_whose_absence_helps_nothing_is_not_offered(demo_client):
    page = demo_client.get("/clinics?near=Glasgow,+MT&treats=pain&offers=im")
    assert "Search without" not in words(page)
    assert "1-800-662-4357" in page.text


def test_a_state_without_a_clinic_shows_the_nearest_beyond_its_border(client, app):
    add_clinics(app, 1)
    page = client.get("/clinics?near=Vermont")
    assert heading(page) == "No clinics in Vermont"
    assert "The nearest one farther away" in words(page)


def test_why_a_clinic_is_here_names_what_was_asked_for(demo_client):
    page = demo_client.get("/clinics?near=Texas&offers=iv&treats=ptsd&sort=standing")
    assert "It has what you asked for: PTSD; Ketamine by IV drip." in words(page)
    assert "You asked for the most complete checks first" in words(page)
    assert "No clinic can pay for a place in this list." in words(page)
    plain = words(demo_client.get("/clinics?near=Austin,+TX"))
    assert "It has what you asked for" not in plain
    assert "You asked for the nearest first." in plain


# What is kept along the way


def test_every_way_on_leads_to_the_heading_of_the_results(demo_client):
    page = demo_client.get("/clinics?near=Texas&offers=iv&treats=ptsd&sort=standing")
    assert 'id="results" tabindex="-1"' in page.text
    searches = [link for link in links(page) if link.startswith("/clinics?")]
    assert len(searches) >= 4
    assert all(link.endswith("#results") for link in searches), searches
    assert page.text.count('action="/clinics#results"') == 2
    for other in ("/clinics?near=Springfield", "/clinics?near=qwxzkj", "/clinics?near="):
        assert 'id="results" tabindex="-1"' in demo_client.get(other).text


def test_the_title_begins_with_the_outcome_and_says_the_page(client, app):
    add_clinics(app, 21)
    page = client.get("/clinics?near=Phoenix,+AZ&within=50")
    assert page.text.count("<article") == 20
    assert over_the_wire(client, page) < 60_000
    (onward,) = re.findall(r'rel="next" href="([^"]*)"', page.text)
    assert onward.endswith("#results")
    last = client.get(onward.replace("&amp;", "&"))
    title = re.search(r"<title>(.*?)</title>", last.text).group(1)
    assert title.startswith("21 clinics within 50 miles of Phoenix, AZ, page 2 of 2 | ")
    assert '<ol class="cards" start="21">' in last.text


@pytest.mark.parametrize("near", ["Springfield", "qwxzkj", "Texas"])
def test_another_place_keeps_the_filters(demo_client, near):
    query = {"near": near, "offers": "iv", "has": "sup-acls", "sort": "standing", "accepting": "1"}
    text = demo_client.get("/clinics", query_string=query).text
    box = re.search(r'(?s)<form class="search[^>]*>.*?</form>', text).group(0)
    for name, value in list(query.items())[1:]:
        assert f'<input type="hidden" name="{name}" value="{value}">' in box


def test_a_place_picked_from_the_list_keeps_what_its_point_stands_for(demo_client):
    for typed in ("Austin, T", "9721", "springfield, mo"):
        (first, *_rest) = demo_client.get("/api/v1/places", query_string={"q": typed}).json[
            "places"
        ]
        query = {"near": first["name"], "lat": first["lat"], "lon": first["lon"]}
        picked = get(demo_client, "/api/v1/clinics?" + urlencode(query), "Search")["query"]["place"]
        assert (picked["name"], picked["precision"]) == (first["name"], first["precision"])
    (state,) = demo_client.get("/api/v1/places?q=texas").json["places"][-1:]
    query = {"near": state["name"], "lat": state["lat"], "lon": state["lon"]}
    whole = get(demo_client, "/api/v1/clinics?" + urlencode(query), "Search")
    assert whole["query"]["whole_state"]
    query |= {"lat": 10}
    moved = get(demo_client, "/api/v1/clinics?" + urlencode(query), "Search")["query"]["place"]
    assert moved["precision"] == "point"


def test_a_place_named_with_its_county_is_read_again_without_its_point(demo_client):
    choice = get(demo_client, "/api/v1/clinics?near=Cascade", "Choice", 300)["candidates"]
    named = next(place for place in choice if "County" in place["name"])
    found = get(demo_client, "/api/v1/clinics?" + urlencode({"near": named["name"]}), "Search")
    assert found["query"]["place"]["name"] == named["name"]


def test_what_is_typed_stays_in_no_cache_and_in_no_log(demo_client, caplog):
    with caplog.at_level(logging.INFO, logger="directory.access"):
        answer = demo_client.get("/api/v1/places?q=Quincycanary")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "canary" not in caplog.text
    assert "/api/v1/places" in caplog.text


def test_the_counts_come_without_the_clinics(demo_client):
    full = get(demo_client, "/api/v1/clinics?near=Texas", "Search")
    counted = get(demo_client, "/api/v1/clinics?near=Texas&per_page=0", "Search")
    assert counted["clinics"] == counted["nearest_beyond"] == []
    assert (counted["total"], counted["facets"]) == (full["total"], full["facets"])
    few = get(demo_client, "/api/v1/clinics?near=Texas&per_page=3&page=2", "Search")
    assert [c["id"] for c in few["clinics"]] == [c["id"] for c in full["clinics"][3:6]]
    for wrong in ("-1", "21", "x", "9" * 400):
        document = get(demo_client, f"/api/v1/clinics?near=Texas&per_page={wrong}", "Problem", 400)
        assert "per_page" in document["errors"]
    assert demo_client.get("/clinics?near=Texas&per_page=3").text.count("<article") > 3


# Positions


def test_a_position_leads_to_the_nearest_zip_code_with_the_filters(demo_client):
    sent = OREGON | {"offers": ["iv", "im"], "has": "sup-acls", "within": "50", "c": "3"}
    answer = demo_client.post("/near-me", data=sent | {"near": "left behind", "page": "7"})
    assert answer.status_code == 303
    target = urlsplit(answer.headers["Location"])
    assert parse_qs(target.query) == {
        "near": ["97214"],
        "offers": ["iv", "im"],
        "has": ["sup-acls"],
        "within": ["50"],
        "c": ["3"],
        "here": ["1"],
    }
    assert target.fragment == "results"
    page = demo_client.get(f"{target.path}?near=97214&here=1")
    assert "97214 (Portland, OR), the ZIP code closest to the position" in words(page)
    assert "closest to the position" not in words(demo_client.get("/clinics?near=97214"))


def test_a_position_stays_in_its_language(demo_client):
    answer = demo_client.post("/es/near-me", data=OREGON)
    assert answer.headers["Location"].startswith("/es/clinics?near=97214")


def test_a_position_is_in_no_log_no_answer_and_no_row(demo_client, demo_app, caplog):
    before = digest(demo_app)
    with caplog.at_level(logging.DEBUG):
        for place in (("45.5123", "-122.6345"), ("10.1234", "20.5678"), ("91.7654", "0.4321")):
            answer = demo_client.post("/near-me", data={"lat": place[0], "lon": place[1]})
            for number in place:
                assert number not in answer.text
                assert number not in str(answer.headers)
                assert number.split(".")[1][:2] not in caplog.text.split("/near-me")[-1][:8]
                assert number not in caplog.text
    assert "POST /near-me" in caplog.text
    assert digest(demo_app) == before


@pytest.mark.parametrize(
    ("lat", "lon", "status", "said"),
    [
        ("91", "0", 400, "-90 to 90"),
        ("45", "181", 400, "-180 to 180"),
        ("nan", "0", 400, "-90 to 90"),
        ("inf", "0", 400, "-90 to 90"),
        ("1e999", "0", 400, "-90 to 90"),
        ("north", "west", 400, "a number in digits"),
        ("45", "", 400, "both"),
        ("", "", 400, ""),
        ("0", "0", 404, "outside the United States"),
        ("51.5", "-0.12", 404, "outside the United States"),
        ("90", "0", 404, "outside the United States"),
        ("-90", "180", 404, "outside the United States"),
    ],
)
def test_a_position_that_is_none_is_said_in_words(demo_client, lat, lon, status, said):
    answer = demo_client.post("/near-me", data={"lat": lat, "lon": lon, "offers": "iv"})
    assert answer.status_code == status
    assert said.lower() in words(answer).lower()
    assert 'name="offers" value="iv"' in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
        ({"Origin": "http://localhost"}, 303),
        ({"Origin": "null"}, 303),
        ({}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "http://["}, 403),
    ],
)
def test_another_site_cannot_send_a_position(demo_client, headers, status):
    assert demo_client.post("/near-me", data=OREGON, headers=headers).status_code == status


def test_a_position_with_an_unknown_filter_is_refused_in_words(demo_client):
    answer = demo_client.post("/near-me", data=OREGON | {"offers": "magic"})
    assert answer.status_code == 400
    assert "magic" in words(answer)


@pytest.mark.parametrize(
    "asked",
    [
        {"near": "Cañon City, CO", "within": "50", "treats": ["depression", "ptsd"]},
        {"near": "a&b=c#d?e+f %20;~'\"<>\\|^`{}[]", "sort": "standing", "page": "3"},
        {"near": "10 Main St, Boise, ID", "within": "", "c": ["4", "9"]},
    ],
)
def test_an_address_of_this_search_is_as_the_router_writes_it(demo_app, asked):
    changes = {"sort": "distance", "within": None, "page": 2, "offers": ["iv", "im"]}
    with demo_app.test_request_context("/clinics", query_string=urlencode(asked, doseq=True)):
        for changed in ({}, changes, {"near": "Ñ & Ü"}):
            plain = {name: value for name, value in (asked_for() | changed).items() if value}
            told = url_for("public.search", **plain, _anchor="results")
            assert parse_qs(urlsplit(search_url(**changed)).query) == parse_qs(urlsplit(told).query)
            assert urlsplit(search_url(**changed))._replace(query="").geturl() == "/clinics#results"


def test_the_connection_of_a_search_goes_back_whatever_comes_of_it(demo_app, monkeypatch):
    client = demo_app.test_client()
    with demo_app.app_context():
        pool = db.engine.pool
    before = pool.checkedout()
    readers = demo_app.extensions["directory"].readers
    client.get("/clinics?near=Phoenix, AZ")
    idle = readers.idle
    assert idle
    asked = ("/clinics?near=Phoenix, AZ", "/clinics?near=zzyzxqq", "/clinics?within=x")
    for address in (*asked, "/clinics?near=Phoenix, AZ&page=99", "/api/v1/clinics?near=Texas"):
        client.get(address)
        assert (pool.checkedout(), readers.idle) == (before, idle)

    def fail(*_given, **_named):
        raise RuntimeError("a fault put in on purpose")

    monkeypatch.setattr("directory.web.public.answer_search", fail)
    monkeypatch.setitem(demo_app.config, "PROPAGATE_EXCEPTIONS", value=False)
    client.expects_failure = True
    assert client.get("/clinics?near=Mesa, AZ").status_code == 500
    assert (pool.checkedout(), readers.idle) == (before, idle)


def test_a_connection_that_was_closed_while_it_was_idle_is_missed_by_nobody(demo_app):
    client, readers = demo_app.test_client(), demo_app.extensions["directory"].readers
    asked = "/api/v1/clinics?near=Phoenix, AZ"
    right = client.get(asked).data
    connection, _rows = readers.take("SELECT 1")
    connection.connection.driver_connection.close()
    readers._idle.append(connection)
    assert client.get(asked).data == right
    assert readers.idle == 1
    with demo_app.app_context():
        db.engine.dispose()
    assert readers.idle == 0
    assert client.get(asked).data == right


def test_two_that_read_at_once_read_on_connections_of_their_own(demo_app):
    readers = demo_app.extensions["directory"].readers
    one, _rows = readers.take("SELECT 1")
    other, _rows = readers.take("SELECT 1")
    assert one is not other
    for connection in (one, other):
        readers.give_back(connection)
        assert not connection.in_transaction()
    assert readers.idle >= 2
