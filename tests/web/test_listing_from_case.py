"""A suggestion of a missing clinic becomes a draft that staff looked over, and the case says so."""

import re

import pytest
from sqlalchemy import select

from directory.domain.cases import suggested_facts
from directory.extensions import db
from directory.models import Case, Clinic, Event
from tests.support.staff import post, sign_in
from tests.web.outside import (
    CORRECTION,
    SUGGESTION,
    listed_clinic,
    send,
    sent_token,
    taken_suggestion,
)
from tests.web.test_cases import acts, digest
from tests.web.test_editing_pages import OFFER, typed
from tests.web.test_pages import words

SECRET = "My cousin was there and told me."
SAID = {
    "clinic_name": "New Dawn <Clinic>",
    "where": "1 Example Way, Boise, ID 83702",
    "phone": "(208) 555-0123",
    "website": "newdawn.example.org",
    "words": SECRET,
}


@pytest.fixture
def verifier(app):
    """A verifier's browser."""
    return sign_in(app)


@pytest.fixture
def number(app, verifier):
    """A suggestion that the verifier took."""
    return taken_suggestion(app, verifier, **SAID)


def sent_from(app, number, **changes):
    facts = {"name": "New Dawn Clinic", "street": "1 Example Way", "city": "Boise", "state": "ID"}
    place = {"postal_code": "83702", "phone": "(208) 555-0123", "case": str(number)}
    return typed(app, None, **facts, **OFFER) | place | changes


@pytest.mark.parametrize(
    ("where", "street", "city", "state", "zip_code"),
    [
        ("Boise, ID", "", "Boise", "ID", ""),
        ("1 Example Way, Boise, ID 83702", "1 Example Way", "Boise", "ID", "83702"),
        ("1 Way, Suite 4, Salt Lake City, UT", "1 Way, Suite 4", "Salt Lake City", "UT", ""),
        ("next to the mill", "next to the mill", "", "", ""),
        ("Boise, XX 83702", "Boise, XX 83702", "", "", ""),
        ("", "", "", "", ""),
    ],
)
def test_a_suggested_place_is_taken_apart_where_that_is_sure(where, street, city, state, zip_code):
    facts = suggested_facts({"where": where, "clinic_name": "A"})
    assert (facts["street"], facts["city"], facts["state"], facts["postal_code"]) == (
        street,
        city,
        state,
        zip_code,
    )


def test_the_form_is_filled_in_and_nothing_is_saved(app, verifier, number):
    page = verifier.get(f"/admin/cases/{number}")
    link = re.search(r'href="([^"]+)">Start a listing from this', page.text)[1]
    before = digest(app)
    form = verifier.get(link)
    assert form.status_code == 200
    for value in ("New Dawn &lt;Clinic&gt;", "1 Example Way", "Boise", "83702", "(208) 555-0123"):
        assert f'value="{value}"' in form.text
    assert 'value="newdawn.example.org"' in form.text
    assert re.search(r'<option value="ID"[^>]* selected', form.text)
    assert SECRET not in form.text
    assert digest(app) == before


def test_saving_it_makes_a_draft_and_notes_it_on_the_case(app, client, verifier, number):
    answer = post(verifier, "/admin/clinics/new", sent_from(app, number))
    assert answer.status_code == 303
    with app.app_context():
        case, clinic = db.session.get(Case, number), db.session.scalars(select(Clinic)).one()
        assert case.clinic_id == clinic.id
        assert clinic.listing.value == "draft"
        token = case.token
        lines = db.session.scalars(select(Event).order_by(Event.id.desc()).limit(2)).all()
        assert [line.act for line in lines] == ["case:linked", "clinic:created"]
        assert (lines[0].subject_id, lines[0].after) == (number, {"clinic": clinic.id})
        said = [str((e.before, e.after, e.reason)) for e in db.session.scalars(select(Event))]
        assert not [line for line in said if SECRET in line or "<Clinic>" in line]
    page = verifier.get(f"/admin/cases/{number}").text
    assert f"/admin/clinics/{clinic.id}" in page
    assert "Start a listing from this" not in page
    public = client.get(f"/cases/{token}").text
    assert f"/clinics/{clinic.id}" not in public, "nothing public without staff"


def test_two_do_not_start_the_same_listing(app, verifier, number):
    post(verifier, "/admin/clinics/new", sent_from(app, number))
    before = digest(app)
    wrong = sent_from(app, number, postal_code="nonsense", access="My own words")
    for fields in (wrong, sent_from(app, number, access="My own words")):
        answer = post(verifier, "/admin/clinics/new", fields)
        assert answer.status_code == 409
        assert "A listing was started from this case before you" in answer.text
        assert "My own words" in answer.text
    assert verifier.get(f"/admin/clinics/new?case={number}").status_code == 303
    assert digest(app) == before


def test_who_has_not_the_case_starts_nothing(app, verifier, number):
    other = sign_in(app)
    assert "Start a listing" not in other.get(f"/admin/cases/{number}").text
    before = digest(app)
    answer = post(other, "/admin/clinics/new", sent_from(app, number))
    assert answer.status_code == 409
    assert "Someone else has this case" in answer.text
    assert digest(app) == before


def test_an_accepted_suggestion_can_be_listed_by_anybody_and_a_declined_one_by_nobody(
    app, verifier, number
):
    other = sign_in(app)
    step = {"words": "Thank you.", "version": "2"}
    assert post(verifier, f"/admin/cases/{number}/accept", step).status_code == 303
    assert post(other, "/admin/clinics/new", sent_from(app, number)).status_code == 303
    declined = taken_suggestion(app, verifier)
    assert post(verifier, f"/admin/cases/{declined}/decline", step).status_code == 303
    assert post(verifier, "/admin/clinics/new", sent_from(app, declined)).status_code == 409


def test_a_bad_entry_keeps_the_case_and_what_was_typed(app, verifier, number):
    before = digest(app)
    answer = post(verifier, "/admin/clinics/new", sent_from(app, number, postal_code="x"))
    assert answer.status_code == 400
    assert f'name="case" value="{number}"' in answer.text
    assert 'value="(208) 555-0123"' in answer.text
    assert digest(app) == before


@pytest.mark.parametrize("case", ["0", "987654", "x", "9" * 40, "\u0661"])
def test_an_unknown_case_is_not_found(app, verifier, case):
    assert verifier.get("/admin/clinics/new", query_string={"case": case}).status_code == 404
    fields = sent_from(app, 1, case=case)
    assert post(verifier, "/admin/clinics/new", fields).status_code == 404
    assert "clinic:created" not in acts(app)


def test_a_correction_leads_to_the_clinics_form(app, client, verifier):
    clinic_id = listed_clinic(app)
    sent_token(send(app, client, f"/clinics/{clinic_id}/suggest", CORRECTION))
    page = verifier.get("/admin/cases/1")
    assert f'href="/admin/clinics/{clinic_id}/edit"' in page.text
    assert "Start a listing from this" not in words(page)
    assert SUGGESTION["clinic_name"] not in words(page)
