"""The scenes of clinics, people, papers, files, leases and checks; see event_walk.py."""

import re
from dataclasses import replace

from directory.domain.standing import Listing
from directory.models import (
    Clinic,
    Credential,
    Evidence,
    Organization,
    Practitioner,
    PractitionerRole,
    Verification,
)
from directory.operations import editing
from tests.support.staff import post, sign_in
from tests.web.event_walk import ACLS, SCENES, Sent, newest, scene, staff
from tests.web.outside import listed_clinic, taken_suggestion
from tests.web.test_editing_pages import (
    OFFER,
    a_checked_clinic,
    a_clinic,
    button,
    dea_form,
    png,
    typed,
)
from tests.web.test_workspace import filled

PERSON = {"name": "Sam Example", "profession": "MD", "npi": ""}
OWNER = {"name": "Example Health", "npi": ""}
__all__ = ["SCENES"]


# Clinics.


@scene("clinics.create", "clinic:created")
def draft(app):
    facts = {"name": "New Example Clinic", "street": "1 Example Way", "city": "Phoenix"}
    place = {"state": "AZ", "postal_code": "85004", "phone": "(602) 555-0123"}
    return staff(app, "/admin/clinics/new", Clinic, **typed(app, None, **facts, **place, **OFFER))


@scene("clinics.create", "clinic:created", "case:linked")
def draft_from_a_case(app):
    number = taken_suggestion(app, verifier := sign_in(app))
    facts = {"name": "New Dawn Clinic", "street": "1 Example Way", "city": "Phoenix"}
    place = {"state": "AZ", "postal_code": "85004", "phone": "(602) 555-0123"}
    fields = typed(app, None, **facts, **place, **OFFER) | {"case": str(number)}
    return Sent(verifier, "/admin/clinics/new", fields, verifier.user_id, (Clinic, number))


@scene("clinics.save", "clinic:edited")
def edited(app):
    number = a_clinic(app)
    return staff(app, f"/admin/clinics/{number}/edit", number, **typed(app, number, access="Ramp"))


@scene("clinics.save", nothing="a preview of what would fall changes nothing")
def edit_previewed(app):
    number = a_checked_clinic(app, "opn-contact")
    fields = typed(app, number, street="9 Other Road")
    return replace(staff(app, f"/admin/clinics/{number}/edit", **fields), status=200)


@scene("clinics.save", nothing="nothing was edited")
def saved_as_it_was(app):
    number = a_clinic(app)
    return staff(app, f"/admin/clinics/{number}/edit", **typed(app, number))


@scene("clinics.save", "clinic:edited", "verification:changed")
def edited_and_a_check_falls(app):
    sent = edit_previewed(app)
    number = int(re.search(r"\d+", sent.url)[0])
    return seen_first(replace(sent, subjects=(number, Verification)))


def seen_first(sent: Sent) -> Sent:
    """Return what is sent after its consequences were shown."""
    page = post(sent.browser, sent.url, sent.data)
    data = sent.data | {"previewed": button(page)}
    return replace(sent, data=data, status=303)


for to, act in editing.LISTING_ACTS.items():

    def listing(app, to=to):
        """Take a step of the listing."""
        listed = {"listing": Listing.LISTED}
        unlisted = {"listing": Listing.UNLISTED, "listing_reason": "It moved"}
        number = a_clinic(app, **(unlisted if to is Listing.LISTED else listed))
        step = {"listing": to.value, "reason": "Under review", "version": "1"}
        return staff(app, f"/admin/clinics/{number}/listing", number, **step)

    scene("clinics.listing", act, name=to.value)(listing)


@scene("evidence.create", "evidence:stored")
def file_kept(app):
    return file_sent(app, a_clinic(app), (40, 30))


def file_sent(app, clinic_id, size):
    """Return a file sent as a browser does; the body is one piece of bytes."""
    sent = staff(app, f"/admin/evidence/for/{clinic_id}", Evidence)
    return replace(sent, data={"title": "Consent form", "replaces": ""}, file=png(size))


@scene("evidence.create", nothing="a file that is kept already is kept once")
def file_kept_already(app):
    number = a_clinic(app)
    first = file_sent(app, number, (41, 30))
    assert first.send().status_code == 303
    return file_sent(app, number, (41, 30))


# People and papers.

for noun, facts, model in (
    ("practitioner", PERSON, Practitioner),
    ("organization", OWNER, Organization),
):

    def created(app, noun=noun, facts=facts, model=model):
        """Write somebody new."""
        return staff(app, f"/admin/people/{noun}/new", model, **facts)

    def renamed(app, noun=noun, facts=facts, model=model):
        """Write another name."""
        number = person(app, noun, facts)
        data = {**facts, "name": "Another Name", "version": "1"}
        return staff(app, f"/admin/people/{noun}/{number}/edit", number, **data)

    scene("people.create", f"{noun}:created", name=noun)(created)
    scene("people.save", f"{noun}:edited", name=noun)(renamed)


def person(app, noun="practitioner", facts=PERSON):
    """Return the number of somebody new."""
    made = post(sign_in(app), f"/admin/people/{noun}/new", facts)
    return int(made.location.rpartition("/")[2])


def post_at(app, clinic_id):
    """Return a form by which somebody takes up a post."""
    role = {"clinic": str(clinic_id), "post": "medical_director", "started_on": "2026-05-01"}
    return staff(app, f"/admin/people/{person(app)}/roles", PractitionerRole, **role)


@scene("people.start", "role:created")
def post_taken_up(app):
    return post_at(app, a_clinic(app))


@scene("people.start", "role:created", "verification:changed")
def post_taken_up_and_a_check_falls(app):
    sent = post_at(app, a_checked_clinic(app, "sup-director"))
    return seen_first(replace(sent, subjects=(PractitionerRole, Verification)))


@scene("people.start", nothing="a preview of what would fall changes nothing")
def post_previewed(app):
    return replace(post_at(app, a_checked_clinic(app, "sup-director")), status=200)


@scene("people.end", "role:ended")
def post_left(app):
    begun = post_at(app, a_clinic(app))
    assert begun.send().status_code == 303
    number = newest(app, PractitionerRole)
    data = {"ended_on": "2026-05-20", "version": "1"}
    return staff(app, f"/admin/people/roles/{number}/end", number, **data)


def paper(app, noun, number, **changes):
    """Return the form of a new license or registration."""
    url = f"/admin/people/credentials/{noun}/{number}/new"
    return staff(app, url, Credential, **dea_form(**changes))


@scene("credentials.create", "credential:created")
def paper_of_a_person(app):
    return paper(app, "practitioner", person(app))


@scene("credentials.create", "credential:created")
def paper_of_a_clinic(app):
    return paper(app, "clinic", a_clinic(app))


def paper_changed(app, **changes):
    """Return the form of a paper on record with something changed."""
    assert paper_of_a_clinic(app).send().status_code == 303
    number = newest(app, Credential)
    data = dea_form(number="", version="1", **changes)
    return staff(app, f"/admin/people/credentials/{number}/edit", number, **data)


@scene("credentials.save", "credential:edited")
def paper_renewed(app):
    return paper_changed(app, expires_on="2028-05-31")


@scene("credentials.save", "credential:ended")
def paper_ended(app):
    return paper_changed(app, ended_on="2026-05-30")


# Leases and checks.


@scene("plan.take", "lease:taken")
def next_work(app):
    listed_clinic(app)
    return staff(app, "/admin/take", clinic_of)


def clinic_of(answer):
    """Return the clinic whose workspace an answer leads to."""
    return int(re.search(r"/admin/checks/(\d+)/", answer.location)[1])


def lease(app, act):
    """Return one of the three steps of a hold."""
    number = listed_clinic(app)
    sent = staff(app, f"/admin/leases/{number}/{ACLS}", number, act=act)
    if act != "take":
        assert replace(sent, data={"act": "take"}).send().status_code == 303
    return sent


for step, act in (("take", "taken"), ("renew", "renewed"), ("release", "released")):
    scene("plan.lease", f"lease:{act}", name=step)(lambda app, step=step: lease(app, step))


@scene("plan.lease", nothing="a hold that was put back cannot be renewed; the page says so")
def lease_lost(app):
    return staff(app, f"/admin/leases/{listed_clinic(app)}/{ACLS}", act="renew")


def check(app, act):
    """Return a check as its form is sent."""
    url = f"/admin/checks/{listed_clinic(app)}/{ACLS}"
    return staff(app, url, Verification, **filled(act=act, evidence="https://proof.example.org/1"))


@scene("vetting.record", "verification:recorded")
def check_saved(app):
    return check(app, "save")


@scene("vetting.record", "verification:recorded", "lease:taken")
def check_saved_and_next(app):
    return replace(check(app, "next"), subjects=(Verification, clinic_of))


@scene("vetting.record", nothing="a preview shows what patients would read, and keeps nothing")
def check_previewed(app):
    return replace(check(app, "preview"), status=200)


def decision(app, act):
    """Return a second person's decision."""
    assert check(app, "save").send().status_code == 303
    number = newest(app, Verification)
    reason = "The name does not match." if act == "refuse" else ""
    return staff(app, f"/admin/checks/confirm/{number}", number, act=act, reason=reason)


@scene("vetting.decide", "verification:confirmed")
def confirmed(app):
    return decision(app, "confirm")


@scene("vetting.decide", "verification:refused")
def refused(app):
    return decision(app, "refuse")
