"""Choosing clinics to compare, over several searches, in the address alone."""

import re

import pytest

from tests.support.inspection import spoken
from tests.web.test_compare import compared, parsed
from tests.web.test_pages import words


def test_each_result_can_be_ticked_without_a_script(demo_client):
    page = parsed(demo_client.get("/clinics?near=97214"))
    ticks = [e for e in page.named("input") if e.get("name") == "c"]
    assert len(ticks) > 1
    assert {tick.get("form") for tick in ticks} == {"compare"}
    form = next(e for e in page.named("form") if e.get("id") == "compare")
    assert form.get("action") == "/compare"
    numbers = [tick.get("value") for tick in ticks]
    assert compared(demo_client, *numbers[:2]).status_code == 200
    assert len(page.named("article")) == len(ticks)


def test_a_choice_goes_along_through_searches_filters_and_pages(demo_client):
    answer = demo_client.get("/clinics?near=Texas&c=1&c=2")
    page = parsed(answer)
    assert "Chosen to compare:" in words(answer)
    links = [a.get("href") for a in page.named("a") if a.get("href").startswith("/clinics?")]
    assert len(links) > 3
    removing = [link for link in links if link.count("c=1&c=2") == 0]
    assert [re.findall(r"\bc=\d+", link) for link in removing] == [["c=2"], ["c=1"]]
    for form in page.named("form"):
        kept = [e.get("value") for e in form.iter("input") if e.get("name") == "c"]
        assert kept == ["1", "2"], form.get("action")


def test_a_search_that_needs_a_change_keeps_the_choice(demo_client):
    for wrong in ("near=", "near=97214&within=x"):
        page = parsed(demo_client.get(f"/clinics?{wrong}&c=1&c=2"))
        (form,) = (e for e in page.named("form") if e.get("role") == "search")
        kept = [e.get("value") for e in form.iter("input") if e.get("name") == "c"]
        assert kept == ["1", "2"]


def test_a_chosen_clinic_in_the_list_is_ticked_and_not_sent_twice(demo_client):
    page = parsed(demo_client.get("/clinics?near=97214&c=1&c=6"))
    sent = {
        e.get("value"): e
        for e in page.named("input")
        if e.get("name") == "c"
        and (e.get("form") == "compare" or page.parent[e].get("id") == "compare")
    }
    assert "checked" in sent["1"].attrib
    assert sent["6"].get("type") == "hidden"
    assert [n for n, e in sent.items() if "checked" in e.attrib] == ["1"]


def test_nothing_found_can_still_be_compared_with_the_nearest_beyond(demo_client):
    answer = demo_client.get("/clinics?near=Glasgow,+MT&c=1")
    page = parsed(answer)
    assert answer.text.count('id="compare"') == 1
    assert len([e for e in page.named("input") if e.get("form") == "compare"]) == 3


def test_places_to_try_keep_the_choice(demo_client):
    page = parsed(demo_client.get("/clinics?near=Zzyzxqq&c=1"))
    tries = [a.get("href") for a in page.named("a") if "near=Brooklyn" in (a.get("href") or "")]
    assert tries == ["/clinics?near=Brooklyn&c=1#results"]


@pytest.mark.parametrize("typed", ["x", "9" * 30, "987654321", ""])
def test_a_wrong_choice_does_not_disturb_a_search(demo_client, typed):
    answer = demo_client.get("/clinics", query_string={"near": "97214", "c": typed})
    assert answer.status_code == 200
    assert "Chosen to compare" not in words(answer)


def test_a_clinics_page_leads_to_comparing_it(demo_client):
    page = parsed(demo_client.get("/clinics/1", follow_redirects=True))
    link = next(a for a in page.named("a") if spoken(a) == "Compare with another clinic")
    there = demo_client.get(link.get("href"))
    assert there.status_code == 200
    assert "Chosen to compare:" in words(there)
