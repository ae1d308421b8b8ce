"""Patient pages: what a search shows, what a clinic's page tells, and what bad input meets.

The client inspects every page it gets (structure, labels, foreign hosts, helplines); the tests
here are about what the pages say.
"""

import json
import re
from datetime import timedelta

import pytest

from directory.extensions import db
from directory.models import Clinic, SearchRow, Verification
from tests.factories import NOW
from tests.support.apps import load_checklist, running


def words(answer):
    """Return a page's text without its markup, spaces folded."""
    body = re.sub(r"(?s)<(script|style)\b.*?</\1>", " ", answer.text)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def heading(answer):
    """Return the text of a page's h1."""
    return re.search(r"(?s)<h1[^>]*>(.*?)</h1>", answer.text).group(1).strip()


def listed(client, near="Texas", **more):
    """Return the clinics of the API's answer to a search."""
    query = {"near": near} | more
    return client.get("/api/v1/clinics", query_string=query).json["clinics"]


def with_standing(client, code):
    """Return one clinic that has a standing now."""
    for near in ("Texas", "California", "Arizona", "Florida", "New York State", "Illinois"):
        found = listed(client, near, standing=code)
        if found:
            return found[0]
    raise AssertionError(f"the demonstration has no clinic that is {code}")


def test_home_asks_for_a_place_and_nothing_else(demo_client):
    page = demo_client.get("/")
    assert page.status_code == 200
    assert page.text.count("<form") == 1
    assert 'name="near"' in page.text
    assert "Demonstration data" in words(page)


@pytest.mark.parametrize(
    ("near", "said"),
    [
        ("85004", "85004"),
        ("Phoenix, AZ", "Phoenix, AZ"),
        ("phoenix az", "Phoenix, AZ"),
        ("10 Main St, Phoenix AZ 85004", "85004"),
        ("SF", "San Francisco, CA"),
    ],
)
def test_results_name_the_place_and_keep_what_was_typed(demo_client, near, said):
    page = demo_client.get("/clinics", query_string={"near": near})
    assert page.status_code == 200
    assert said in heading(page)
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert "Nearest first" in words(page)


def test_a_repaired_typing_mistake_is_said(demo_client):
    page = demo_client.get("/clinics?near=Pheonix,+AZ")
    assert "Phoenix, AZ" in heading(page)
    assert "Showing results for" in words(page)
    assert "Pheonix, AZ" in words(page)


def test_a_state_lists_the_whole_state_and_says_so(demo_client):
    page = demo_client.get("/clinics?near=Texas")
    assert heading(page).endswith("clinics in Texas")
    total = int(heading(page).split()[0])
    assert total == len(listed(demo_client)) or total > 20


def test_other_readings_are_offered(demo_client):
    page = demo_client.get("/clinics?near=Portland")
    assert "Portland, OR" in heading(page)
    assert "Portland, ME" in words(page)
    link = re.search(r'href="(/clinics\?[^"]*Portland[^"]*ME[^"]*)"', page.text).group(1)
    assert "Portland, ME" in heading(demo_client.get(link.replace("&amp;", "&")))


def test_no_likeliest_reading_is_a_choice(demo_client):
    page = demo_client.get("/clinics?near=Springfield")
    assert page.status_code == 300
    links = re.findall(r'href="(/clinics\?[^"]*Springfield[^"]*)"', page.text)
    assert len(links) > 2
    assert demo_client.get(links[0].replace("&amp;", "&")).status_code == 200


def test_nothing_near_shows_the_nearest_beyond_and_what_to_try(demo_client):
    page = demo_client.get("/clinics?near=Glasgow,+MT")
    assert heading(page) == "No clinics within 25 miles of Glasgow, MT"
    assert page.text.count("<article") == 3
    assert "Search within 250 miles" in words(page)
    assert "1-800-662-4357" in page.text


def test_filters_stay_and_can_be_taken_away_one_by_one(demo_client):
    page = demo_client.get("/clinics?near=Texas&offers=iv&treats=ptsd&page=1")
    assert page.status_code == 200
    assert re.search(r'href="/clinics\?near=Texas&amp;treats=ptsd#results"', page.text)
    assert re.search(r'href="/clinics\?near=Texas&amp;offers=iv#results"', page.text)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"near": ""}, "Type a ZIP code"),
        ({}, "Type a ZIP code"),
        ({"near": "a" * 10_000}, "at most 200 characters"),
        ({"near": "85004", "within": "-1"}, "1 to 250 miles"),
        ({"near": "85004", "within": "nan"}, "1 to 250 miles"),
        ({"near": "85004", "within": "1e308"}, "1 to 250 miles"),
        ({"near": "85004", "treats": "hiccups"}, "hiccups"),
        ({"near": "85004", "page": "1000000000"}, "numbered from 1"),
        ({"lat": "91", "lon": "0"}, "-90 to 90"),
    ],
)
def test_what_cannot_be_searched_is_said_and_what_was_typed_stays(demo_client, query, said):
    page = demo_client.get("/clinics", query_string=query)
    assert page.status_code == 400
    assert heading(page).startswith("Error: ")
    assert said in words(page)
    if 0 < len(query.get("near", "")) < 200:
        assert f'value="{query["near"]}"' in page.text


@pytest.mark.parametrize(
    ("near", "said"),
    [
        ("qwxzkj", "qwxzkj"),
        ("09012", "military"),
        ("London, UK", "United States"),
        ("🦄🦄", "ZIP"),
        ("99999", "99999"),
    ],
)
def test_an_unknown_place_says_what_was_tried_and_what_to_try(demo_client, near, said):
    page = demo_client.get("/clinics", query_string={"near": near})
    assert page.status_code == 404
    assert said.lower() in words(page).lower()
    assert "/clinics?near=" in page.text


@pytest.mark.parametrize("near", ["Phoenix\0", "\x1b[31m", "a\x07b"])
def test_control_characters_are_refused_in_words(demo_client, near):
    page = demo_client.get("/clinics", query_string={"near": near})
    assert page.status_code == 400
    assert "cannot be read" in words(page)


@pytest.mark.parametrize(
    "name", ["endpoint", "_scheme", "_anchor", "_method", "_external", "values"]
)
def test_a_parameter_that_is_not_ours_is_left_behind(demo_client, name):
    page = demo_client.get("/clinics", query_string={"near": "Texas", "offers": "iv", name: "1"})
    assert page.status_code == 200
    # The same page in another language is the same address, whatever stands in it.
    assert f"{name}=1" not in re.sub(r'<a class="language".*?</a>', "", page.text)


def test_a_page_beyond_the_last_leads_back(demo_client):
    page = demo_client.get("/clinics?near=85004&page=999")
    assert page.status_code == 404
    assert "no page 999" in words(page)


def test_every_public_clinic_has_a_page_that_says_what_its_row_says(demo_client, demo_app):
    with demo_app.app_context():
        ids = [row.clinic_id for row in db.session.query(SearchRow)]
    assert len(ids) > 80
    for number in ids:
        moved = demo_client.get(f"/clinics/{number}")
        assert moved.status_code == 301
        page = demo_client.get(moved.headers["Location"])
        document = demo_client.get(f"/api/v1/clinics/{number}").json
        assert heading(page).replace("&amp;", "&").replace("&#39;", "'") == document["name"]
        assert document["standing"]["label"] in words(page)


def test_a_stale_slug_moves_to_the_right_one(demo_client):
    (clinic, *_rest) = listed(demo_client)
    moved = demo_client.get(f"/clinics/{clinic['id']}-an-old-name")
    assert moved.status_code == 301
    assert moved.headers["Location"] == clinic["url"].replace("http://localhost", "")


def test_what_is_not_public_is_the_same_as_what_is_not_there(demo_client, demo_app):
    with demo_app.app_context():
        public = {row.clinic_id for row in db.session.query(SearchRow)}
        hidden = [c for c in db.session.query(Clinic) if c.id not in public]
        found = {c.listing.value for c in hidden}
        names = [c.name for c in hidden]
        numbers = [c.id for c in hidden]
    assert found == {"draft", "unlisted", "closed"}
    nothing = demo_client.get("/clinics/999999")
    assert nothing.status_code == 404
    for number, name in zip(numbers, names, strict=True):
        answer = demo_client.get(f"/clinics/{number}")
        told = answer.text.replace(f"/clinics/{number}", "/clinics/999999")
        assert (answer.status_code, told) == (404, nothing.text)
        assert name not in answer.text


def test_a_met_check_tells_source_day_end_and_who(demo_client):
    clinic = with_standing(demo_client, "complete")
    page = words(demo_client.get(clinic["url"]))
    assert "We looked this up on" in page
    assert "It holds until" in page
    assert "confirmed by a second, different person" in page
    assert "Checked at the source" in page
    assert "Document seen" in page


def test_a_warning_comes_before_everything_else(demo_client):
    clinic = with_standing(demo_client, "warning")
    page = words(demo_client.get(clinic["url"]))
    assert page.index("not in place") < page.index("The checks, one by one")
    assert "Warning: a check failed" in page


@pytest.mark.parametrize("code", ["complete", "suspended"])
def test_groups_count_nothing_where_no_check_is_relied_on(demo_client, code):
    clinic = with_standing(demo_client, code)
    groups = re.findall(
        r'(?s)<details class="group".*?<summary>(.*?)</summary>',
        demo_client.get(clinic["url"]).text,
    )
    assert len(groups) > 3
    for summary in groups:
        assert re.search(r"<h3>[^<]+</h3>", summary)
        counted = [part in summary for part in ("group-line", 'class="marks"', "<svg")]
        assert set(counted) == {code != "suspended"}, summary


def test_the_second_persons_part_is_not_claimed_where_one_works_alone(instance, databases):
    url = databases.fresh("demo")
    with running(instance, url, confirmation="solo") as app:
        clinic = with_standing(app.test_client(), "complete")
        page = words(app.test_client().get(clinic["url"]))
        assert "Checked by one person" not in page, "the rows are of the other rule until set-up"
        assert app.test_client().get("/readyz").status_code == 503
        load_checklist(app)
        page = words(app.test_client().get(clinic["url"]))
        assert "Checked by one person" in page
        assert "confirmed by a second" not in page
        assert app.test_client().get("/readyz").text == "ready\n"
    databases.drop(url)


def test_structured_data_claims_no_rating_and_nothing_below_the_source(demo_client):
    seen = 0
    for code in ("complete", "partial", "unchecked", "warning"):
        page = demo_client.get(with_standing(demo_client, code)["url"])
        block = re.search(r'(?s)<script type="application/ld\+json">(.*?)</script>', page.text)
        document = json.loads(block.group(1))
        assert document["@type"] == "MedicalClinic"
        assert "aggregateRating" not in document
        seen += "hasCredential" in document
        if code == "unchecked":
            assert "hasCredential" not in document
    assert seen <= 3


def test_a_check_that_lapses_tonight_is_out_of_date_tomorrow(demo_app, demo_client):
    with demo_app.app_context():
        verification = (
            db.session.query(Verification)
            .join(SearchRow, SearchRow.clinic_id == Verification.clinic_id)
            .filter(Verification.criterion == "sup-acls", Verification.outcome == "met")
            .filter(Verification.valid_until > NOW.date() + timedelta(days=5))
            .first()
        )
        number = verification.clinic_id
    before = _acls(demo_client, number)
    assert before["state"] == "met"
    directory = demo_app.extensions["directory"]
    clock = directory.clock
    try:
        directory.clock = lambda: NOW + timedelta(days=1200)
        after = _acls(demo_client, number)
        assert after["state"] == "expired"
        page = demo_client.get(f"/clinics/{number}", follow_redirects=True)
        assert "Was checked, now out of date" in words(page)
    finally:
        directory.clock = clock


def _acls(client, number):
    findings = client.get(f"/api/v1/clinics/{number}").json["findings"]
    return next(finding for finding in findings if finding["criterion"] == "sup-acls")


@pytest.mark.parametrize("path", ["/", "/checklist", "/guide", "/how-we-check"])
def test_plain_pages_answer(demo_client, path):
    assert demo_client.get(path).status_code == 200


def test_the_checklist_shows_every_criterion_with_its_sources(demo_client):
    page = demo_client.get("/checklist")
    catalogue = demo_client.get("/api/v1/catalogue").json
    for criterion in catalogue["criteria"]:
        assert f'id="{criterion["code"]}"' in page.text
    for reference in catalogue["references"]:
        assert reference["title"].replace("&", "&amp;").replace("'", "&#39;") in page.text


@pytest.mark.parametrize("path", ["/nothing", "/clinics/x", "/clinics/-1"])
def test_a_missing_page_helps(demo_client, path):
    page = demo_client.get(path)
    assert page.status_code == 404
    assert 'href="/"' in page.text
    assert "Demonstration data" in words(page)


def test_a_page_that_only_reads_refuses_to_be_sent_to(demo_client):
    page = demo_client.post("/clinics")
    assert page.status_code == 405
    assert "GET" in page.headers["Allow"]


def test_before_set_up_the_site_says_so(empty_database, tmp_path):
    with running(tmp_path, empty_database) as app:
        client = app.test_client()
        for path in ("/", "/clinics?near=85004", "/api/v1/clinics?near=85004", "/readyz"):
            answer = client.get(path)
            assert answer.status_code == 503
            assert "flask setup" in answer.text
        assert client.get("/healthz").status_code == 200


def test_ready_when_all_is_in_place(demo_client):
    assert demo_client.get("/readyz").data == b"ready\n"
