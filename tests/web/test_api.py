"""The JSON API: the fixed shape, the same answers as the pages, problems in words."""

import json

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from directory import paths

DESCRIPTION = json.loads((paths.PACKAGE / "web" / "api" / "openapi.json").read_text("utf-8"))
REGISTRY = Registry().with_resource(
    "urn:api", Resource(contents=DESCRIPTION, specification=DRAFT202012)
)


def described(document, name):
    """Assert that a document has the shape the description gives it."""
    schema = {"$ref": f"urn:api#/components/schemas/{name}"}
    Draft202012Validator(
        schema, registry=REGISTRY, format_checker=Draft202012Validator.FORMAT_CHECKER
    ).validate(document)
    return document


def get(client, url, name, status=200):
    answer = client.get(url)
    assert answer.status_code == status, answer.text
    kind = "application/json" if status < 400 else "application/problem+json"
    assert answer.content_type == kind
    return described(answer.json, name)


def test_a_search_has_the_fixed_shape_and_true_order(demo_client):
    document = get(demo_client, "/api/v1/clinics?near=Phoenix,+AZ&within=100", "Search")
    assert document["query"]["place"]["name"] == "Phoenix, AZ"
    assert document["total"] >= 2
    assert len(document["clinics"]) == min(document["total"], document["per_page"])
    distances = [clinic["distance_miles"] for clinic in document["clinics"]]
    assert distances == sorted(distances)
    assert all(distance <= 100 for distance in distances)
    assert sum(document["facets"]["standing"].values()) == document["total"]


def test_every_filter_holds_and_its_facet_counted_it(demo_client):
    base = "/api/v1/clinics?near=Houston,+TX&within=250"
    everything = get(demo_client, base, "Search")
    checked = 0
    for group, codes in everything["facets"].items():
        for code, count in codes.items():
            found = get(demo_client, f"{base}&{group}={code}", "Search")
            assert found["total"] == count, (group, code)
            checked += count > 0
            for clinic in found["clinics"]:
                if group in ("treats", "offers"):
                    assert code in clinic[group]
                if group == "standing":
                    assert clinic["standing"]["code"] == code
    assert checked > 10


def test_a_clinic_has_its_findings_in_the_catalogues_order(demo_client):
    (first, *_rest) = get(demo_client, "/api/v1/clinics?near=Houston,+TX", "Search")["clinics"]
    document = get(demo_client, f"/api/v1/clinics/{first['id']}", "ClinicWithFindings")
    catalogue = get(demo_client, "/api/v1/catalogue", "Catalogue")
    codes = [criterion["code"] for criterion in catalogue["criteria"]]
    assert [finding["criterion"] for finding in document["findings"]] == codes
    standing = document["standing"]
    assert standing == first["standing"]
    critical = [f for f in document["findings"] if f["critical"]]
    applies = [f for f in critical if f["state"] != "does_not_apply"]
    assert standing["critical_total"] == len(applies)
    assert standing["critical_met"] == sum(f["state"] == "met" for f in applies)


def test_what_is_met_has_a_level_a_day_an_end_and_a_source(demo_client):
    found = get(demo_client, "/api/v1/clinics?near=Texas", "Search")
    assert found["query"]["whole_state"]
    met = 0
    for clinic in found["clinics"]:
        document = get(demo_client, f"/api/v1/clinics/{clinic['id']}", "ClinicWithFindings")
        for finding in document["findings"]:
            if finding["state"] == "met":
                met += 1
                assert finding["level"] in ("source", "document")
                assert finding["checked_on"] <= finding["valid_until"]
                assert document["standing"]["as_of"] <= finding["valid_until"]
                assert finding["source"]["name"]
    assert met > 20


def test_a_place_with_no_likeliest_reading_is_a_choice(demo_client):
    document = get(demo_client, "/api/v1/clinics?near=Springfield", "Choice", 300)
    assert len(document["candidates"]) > 2


def test_an_unknown_place_says_what_was_tried(demo_client):
    document = get(demo_client, "/api/v1/clinics?near=qwxzkj", "Problem", 404)
    assert document["near"] == "qwxzkj"
    assert document["tried"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "near"),
        ("near=", "near"),
        ("near=" + "a" * 10_000, "near"),
        ("near=85004&within=-1", "within"),
        ("near=85004&within=nan", "within"),
        ("near=85004&within=1e308", "within"),
        ("near=85004&within=inf", "within"),
        ("near=85004&within=far", "within"),
        ("near=85004&page=0", "page"),
        ("near=85004&page=1000000000", "page"),
        ("near=85004&page=x", "page"),
        ("near=85004&treats=everything", "treats"),
        ("near=85004&has=sup-nothing", "has"),
        ("near=85004&standing=best", "standing"),
        ("near=85004&sort=price", "sort"),
        ("lat=33.4", "lat"),
        ("lon=33.4", "lon"),
        ("lat=133.4&lon=0", "lat"),
        ("lat=nan&lon=0", "lat"),
        ("near=85004&accepting=maybe", "accepting"),
    ],
)
def test_nonsense_is_named_field_by_field(demo_client, query, field):
    document = get(demo_client, f"/api/v1/clinics?{query}", "Problem", 400)
    assert field in document["errors"]
    assert document["detail"]


def test_a_point_is_as_good_as_a_name(demo_client):
    named = get(demo_client, "/api/v1/clinics?near=85004", "Search")
    point = named["query"]["place"]
    given = get(demo_client, f"/api/v1/clinics?lat={point['lat']}&lon={point['lon']}", "Search")
    assert given["query"]["place"]["precision"] == "point"
    assert [c["id"] for c in given["clinics"]] == [c["id"] for c in named["clinics"]]


def test_a_page_beyond_the_last_names_the_last(demo_client):
    document = get(demo_client, "/api/v1/clinics?near=85004&page=99", "Problem", 404)
    assert document["last_page"] == 1


def test_nothing_within_gives_the_nearest_beyond(demo_client):
    document = get(demo_client, "/api/v1/clinics?near=Glasgow,+MT", "Search")
    assert (document["total"], document["clinics"]) == (0, [])
    beyond = [clinic["distance_miles"] for clinic in document["nearest_beyond"]]
    assert len(beyond) == 3
    assert beyond == sorted(beyond)
    assert beyond[0] > 25


@pytest.mark.parametrize("number", ["0", "999999", "3000000000", str(2**63 - 1)])
def test_no_such_clinic(demo_client, number):
    get(demo_client, f"/api/v1/clinics/{number}", "Problem", 404)


@pytest.mark.parametrize("number", [str(2**63), "x", "-1", "1e3"])
def test_what_is_no_number_is_not_found(demo_client, number):
    get(demo_client, f"/api/v1/clinics/{number}", "Problem", 404)


def test_places_are_completed(demo_client):
    document = get(demo_client, "/api/v1/places?q=phoe", "Places")
    assert document["places"][0]["name"] == "Phoenix, AZ"
    get(demo_client, "/api/v1/places?q=p", "Problem", 400)
    get(demo_client, "/api/v1/places", "Problem", 400)


def test_an_answer_that_did_not_change_is_not_sent_again(demo_client):
    url = "/api/v1/clinics?near=85004"
    first = demo_client.get(url)
    again = demo_client.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_the_description_lists_every_route_and_filter(demo_client):
    document = demo_client.get("/api/v1/openapi.json").json
    described_paths = {"/api/v1" + path for path in document["paths"]}
    rules = {
        rule.rule.split("<")[0]
        for rule in demo_client.application.url_map.iter_rules()
        if rule.rule.startswith("/api/")
    }
    assert rules == {path.split("{")[0] for path in described_paths}
    Draft202012Validator.check_schema(document["components"]["schemas"]["Search"])
