"""Triage of candidates: one press each, undone by oneself only, and two people never overwrite."""

import json
import re
import threading
from dataclasses import replace

import pytest
from sqlalchemy import select

from directory.domain.nppes import Fact, Triage
from directory.extensions import db
from directory.models import (
    Candidate,
    CandidateChange,
    Clinic,
    Event,
    Evidence,
    Organization,
    User,
)
from directory.models.engine import begin_writing
from directory.models.staff import ConflictOfInterest
from directory.operations import candidate_triage
from directory.operations.candidate_triage import decide
from directory.operations.stale import Stale
from tests.factories import NOW, make_clinic
from tests.support.nppes_file import CANARY
from tests.support.registry_server import NOBODY, registry
from tests.support.staff import post, sign_in
from tests.web.event_walk_candidates import a_candidate, a_change
from tests.web.test_editing_pages import typed, written

ROOM = "/admin/candidates"


@pytest.fixture
def staff(app):
    return sign_in(app)


def stored(app, number):
    with app.app_context():
        return db.session.get_one(Candidate, number)


def acts(app):
    with app.app_context():
        return list(db.session.scalars(select(Event.act).order_by(Event.id)))


def judge(browser, number, decision, version=1, **more):
    data = {"decision": decision, "version": str(version), **more}
    return post(browser, f"{ROOM}/{number}/triage", data)


def field(page, name):
    return re.search(rf'name="{name}"[^>]*value="([^"]*)"', page.text)[1]


def test_the_list_shows_the_reason_and_the_mailbox(app, staff):
    a_candidate(app, ORGANIZATION="QUIET KETAMINE HOUSE", STREET="PO BOX 12")
    a_candidate(app, ORGANIZATION="HARBOR INFUSION")
    page = staff.get(ROOM)
    assert "Its name says ketamine" in page.text
    assert "Registered as an infusion clinic" in page.text
    assert "A post-office box" in page.text
    assert "Waiting: 2" in page.text
    assert page.text.index("QUIET KETAMINE") < page.text.index("HARBOR INFUSION")
    assert CANARY not in page.text


def test_one_press_judges_and_the_list_goes_on(app, staff):
    number = a_candidate(app)
    answer = judge(staff, number, "not_a_clinic", back="waiting")
    assert (answer.status_code, answer.location) == (303, f"{ROOM}?show=waiting&done={number}")
    found = stored(app, number)
    assert (found.triage, found.decided_by) == (Triage.NOT_A_CLINIC, staff.user_id)
    page = staff.get(answer.location)
    assert "Nothing here." in page.text
    assert f'action="{ROOM}/{number}/undo"' in page.text
    assert acts(app)[-1] == "candidate:judged"


@pytest.mark.parametrize("decision", ["likely", "unlikely", "not_a_clinic"])
def test_each_list_has_its_own(app, staff, decision):
    number = a_candidate(app, ORGANIZATION="MEADOW INFUSION")
    judge(staff, number, decision)
    assert "MEADOW INFUSION" in staff.get(f"{ROOM}?show={decision}").text
    others = {"waiting", "likely", "unlikely", "not_a_clinic"} - {decision}
    for other in others:
        assert "NPI 2" not in staff.get(f"{ROOM}?show={other}").text


def test_undo_is_for_oneself(app, staff):
    number = a_candidate(app)
    judge(staff, number, "not_a_clinic")
    other = sign_in(app)
    assert "undo" not in other.get(f"{ROOM}/{number}").text
    refused = post(other, f"{ROOM}/{number}/undo", {"version": "2"})
    assert refused.status_code == 400
    assert "your own answer only" in refused.text
    assert stored(app, number).triage is Triage.NOT_A_CLINIC
    done = post(staff, f"{ROOM}/{number}/undo", {"version": "2"})
    assert done.status_code == 303
    assert stored(app, number).triage is Triage.WAITING


def test_a_no_is_final_for_everybody_else(app, staff):
    number = a_candidate(app)
    judge(staff, number, "not_a_clinic")
    answer = judge(sign_in(app), number, "likely", version=2)
    assert answer.status_code == 400
    assert stored(app, number).triage is Triage.NOT_A_CLINIC


def test_the_second_of_two_reads_who_was_first_and_what_they_said(app, staff):
    number = a_candidate(app)
    first = sign_in(app, name="Ana Example")
    assert judge(first, number, "likely").status_code == 303
    answer = judge(staff, number, "not_a_clinic")
    assert answer.status_code == 409
    assert "Ana Example decided first: Likely" in answer.text
    assert stored(app, number).triage is Triage.LIKELY
    assert acts(app).count("candidate:judged") == 1


def race(app, candidates, people, version_of):
    """Let two people judge each candidate at one moment; returns who got through, by candidate."""
    start = threading.Barrier(2)
    won = [[], []]

    def one(place):
        with app.app_context():
            session = db.session()
            for number in candidates:
                start.wait(timeout=60)
                begin_writing(session)
                actor = session.get_one(User, people[place])
                found = session.get_one(Candidate, number, populate_existing=True)
                to = (Triage.LIKELY, Triage.UNLIKELY)[place]
                try:
                    decide(session, actor, NOW, found, to, version=version_of(found))
                    session.commit()
                    won[place].append(True)
                except Stale:
                    session.rollback()
                    won[place].append(False)

    threads = [threading.Thread(target=one, args=(place,)) for place in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(results) for results in won] == [len(candidates)] * 2, "a racer fell"
    return list(zip(*won, strict=True))


def test_of_two_at_once_exactly_one_wins(app):
    numbers = [a_candidate(app) for _time in range(25)]
    people = [sign_in(app).user_id, sign_in(app).user_id]
    assert {sum(pair) for pair in race(app, numbers, people, lambda _found: 1)} == {1}
    assert acts(app).count("candidate:judged") == len(numbers)


def test_the_control_that_takes_any_version_lets_both_win(app):
    numbers = [a_candidate(app) for _time in range(5)]
    people = [sign_in(app).user_id, sign_in(app).user_id]
    won = race(app, numbers, people, lambda found: found.version)
    assert any(sum(pair) == 2 for pair in won)


@pytest.mark.parametrize("data", [{}, {"decision": "known"}, {"decision": "likely\x00"}])
def test_nonsense_is_refused_in_words(app, staff, data):
    number = a_candidate(app)
    assert post(staff, f"{ROOM}/{number}/triage", data).status_code == 400
    assert stored(app, number).triage is Triage.WAITING


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 40])
def test_a_strange_version_is_somebody_elses(app, staff, version):
    number = a_candidate(app)
    assert judge(staff, number, "likely", version=version).status_code == 409


@pytest.mark.parametrize("query", ["?show=nothing", "?page=-3", "?page=99999999999", "?done=x"])
def test_strange_addresses_show_a_list(app, staff, query):
    a_candidate(app)
    assert staff.get(ROOM + query).status_code == 200


def test_pages(app, staff, monkeypatch):
    monkeypatch.setattr(candidate_triage, "PER_PAGE", 2)
    for _time in range(3):
        a_candidate(app)
    assert "Next page" in staff.get(ROOM).text
    last = staff.get(f"{ROOM}?page=2").text
    assert "Next page" not in last
    assert "Previous page" in last


# Changes.


def test_a_change_is_shown_with_before_and_after_until_it_is_seen(app, staff):
    number = a_candidate(app)
    change = a_change(app, number)
    page = staff.get(f"{ROOM}/changes")
    assert "Another phone number" in page.text
    assert "<del>(602) 555-0100</del>" in page.text
    assert "no phone" in page.text
    assert post(staff, f"{ROOM}/changes/{change}/seen").status_code == 303
    assert "Another phone number" not in staff.get(f"{ROOM}/changes").text
    assert "seen by" in staff.get(f"{ROOM}/{number}").text
    assert acts(app)[-1] == "candidate:seen"


def test_the_second_who_sees_a_change_is_told(app, staff):
    change = a_change(app, a_candidate(app))
    assert post(sign_in(app), f"{ROOM}/changes/{change}/seen").status_code == 303
    assert post(staff, f"{ROOM}/changes/{change}/seen").status_code == 409
    with app.app_context():
        assert db.session.get_one(CandidateChange, change).seen_by != staff.user_id


def test_who_has_an_interest_in_the_listing_stays_away(app, staff):
    def make(session):
        owner = Organization(name="Quiet Lantern Group")
        clinic = make_clinic(session, organization=owner)
        session.flush()
        tie = {"user_id": staff.user_id, "organization_id": owner.id}
        session.add(ConflictOfInterest(**tie, reason="An old friend", declared_at=NOW))
        return clinic.id

    clinic_id = written(app, make)
    number = a_candidate(app)
    change = a_change(app, number, clinic_id=clinic_id)
    answer = post(staff, f"{ROOM}/changes/{change}/seen")
    assert answer.status_code == 403
    assert "conflict of interest" in answer.text
    with app.app_context():
        assert db.session.get_one(CandidateChange, change).seen_at is None


def test_every_kind_of_change_has_its_words(app, staff):
    number = a_candidate(app)
    for fact in Fact:
        a_change(app, number, fact)
    text = staff.get(f"{ROOM}/{number}").text
    assert text.count("found on") == len(Fact)


def test_waiting_work_is_counted_among_the_queues(app, staff):
    number = a_candidate(app)
    a_change(app, number)
    page = staff.get("/admin/registries")
    assert "1 possible clinic from the NPI registry waits for you" in page.text
    assert "1 change in the NPI registry waits for you" in page.text


# A listing from a candidate.


def test_a_listing_starts_with_the_facts_and_nothing_is_saved_before_staff_save(app, staff):
    number = a_candidate(app, ORGANIZATION="HARBOR INFUSION")
    assert f'href="/admin/clinics/new?candidate={number}"' in staff.get(f"{ROOM}/{number}").text
    page = staff.get(f"/admin/clinics/new?candidate={number}")
    assert field(page, "candidate") == str(number)
    assert 'value="HARBOR INFUSION"' in page.text
    assert 'value="100 EXAMPLE AVENUE"' in page.text
    with app.app_context():
        assert db.session.scalars(select(Clinic)).all() == []
    npi = stored(app, number).npi
    facts = typed(app, None, name="Harbor Infusion", npi=npi, street="100 Example Avenue")
    facts |= {"city": "Phoenix", "state": "AZ", "postal_code": "85004", "candidate": str(number)}
    answer = post(staff, "/admin/clinics/new", facts)
    assert answer.status_code == 303
    found = stored(app, number)
    with app.app_context():
        clinic = db.session.scalars(select(Clinic)).one()
    assert (found.clinic_id, found.triage, found.decided_by) == (
        clinic.id,
        Triage.LIKELY,
        staff.user_id,
    )
    assert acts(app)[-2:] == ["clinic:created", "candidate:listed"]
    assert "HARBOR" not in staff.get(f"{ROOM}?show=likely").text
    again = staff.get(f"{ROOM}/{number}").text
    assert "Start a listing" not in again
    assert "Our listing:" in again


def test_a_mailbox_is_never_offered_as_the_street(app, staff):
    number = a_candidate(app, STREET="PO BOX 12")
    page = staff.get(f"/admin/clinics/new?candidate={number}")
    assert "PO BOX" not in page.text
    assert field(page, "candidate") == str(number)


def test_two_listings_from_one_candidate_are_refused(app, staff):
    number = a_candidate(app)
    facts = typed(app, None, name="Harbor One", street="100 Example Avenue", city="Phoenix")
    facts |= {"state": "AZ", "postal_code": "85004", "candidate": str(number)}
    assert post(staff, "/admin/clinics/new", facts).status_code == 303
    second = post(sign_in(app), "/admin/clinics/new", facts | {"name": "Harbor Two"})
    assert second.status_code == 409
    assert "A colleague started a listing" in second.text
    assert 'value="Harbor Two"' in second.text
    with app.app_context():
        assert db.session.scalars(select(Clinic.name)).all() == ["Harbor One"]


def test_a_dismissed_candidate_offers_no_listing(app, staff):
    number = a_candidate(app)
    judge(staff, number, "unlikely")
    assert "Start a listing" not in staff.get(f"{ROOM}/{number}").text
    page = staff.get(f"/admin/clinics/new?candidate={number}")
    assert 'name="candidate"' not in page.text


# The live registry.


@pytest.fixture
def live(app, monkeypatch):
    """A registry on this machine that the application may ask."""
    monkeypatch.setenv("no_proxy", "*")
    directory = app.extensions["directory"]
    with registry() as server:
        directory.settings = replace(directory.settings, nppes_api=server.address)
        yield server


def test_the_button_is_not_there_unless_the_operator_says(app, staff):
    number = a_candidate(app)
    assert "Ask the registry now" not in staff.get(f"{ROOM}/{number}").text
    assert post(staff, f"{ROOM}/{number}/look-up").status_code == 404


def test_an_answer_is_kept_as_evidence(app, staff, live):
    number = a_candidate(app)
    assert "Ask the registry now" in staff.get(f"{ROOM}/{number}").text
    assert post(staff, f"{ROOM}/{number}/look-up").status_code == 303
    page = staff.get(f"{ROOM}/{number}").text
    assert "EXAMPLE HARBOR INFUSION CENTER: active" in page
    assert "602-555-0100" in page
    with app.app_context():
        kept = db.session.scalars(select(Evidence)).one()
    assert (kept.kind, kept.taken_by) == ("lookup", staff.user_id)
    assert kept.sha256 in page
    assert json.loads(kept.record)["results"][0]["number"] == stored(app, number).npi
    assert CANARY not in kept.record
    assert acts(app)[-1] == "candidate:looked_up"


def test_an_unknown_number_is_kept_and_said(app, staff, live):
    live.body = NOBODY
    number = a_candidate(app)
    post(staff, f"{ROOM}/{number}/look-up")
    assert "The registry knows no such number." in staff.get(f"{ROOM}/{number}").text


def test_a_failure_is_said_in_words_and_nothing_is_kept(app, staff, live):
    live.status = 503
    number = a_candidate(app)
    before = acts(app)
    answer = post(staff, f"{ROOM}/{number}/look-up")
    assert answer.status_code == 502
    assert "The registry refused to answer. Try again later." in answer.text
    assert acts(app) == before
    with app.app_context():
        assert db.session.scalars(select(Evidence)).all() == []
