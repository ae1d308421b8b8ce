"""The room of possible matches: both records, the decision, and what the public reads then."""

import csv
import logging
from datetime import date

import pytest
from sqlalchemy import select

from directory.domain.screening import MatchState
from directory.extensions import db
from directory.models import Base, Match, Practitioner
from directory.models.staff import ConflictOfInterest
from tests.factories import NOW, make_clinic
from tests.operations.screened import NPI, agreed, listed, load, matches, person, screen, site
from tests.support.staff import post, sign_in
from tests.web.test_editing_pages import written

CANARY = date(1947, 2, 13)
SEARCH = "/api/v1/clinics?lat=33.4484&lon=-112.074&within=25"


@pytest.fixture
def case(app):
    """A clinic that is met, whose director has the NPI of a row; their numbers."""

    def fill(session):
        clinic = site(session, name="Saguaro Example Infusion")
        agreed(session, clinic)
        person(session, clinic, npi=NPI)
        load(session, listed(npi=NPI))
        screen(session)
        return clinic.id, matches(session)[0].id

    return written(app, fill)


def decide(browser, match_id, step, version="1", reason="The numbers are the same.", **more):
    data = {"version": version, "reason": reason, **more}
    return post(browser, f"/admin/matches/{match_id}/{step}", data)


def public(client, clinic_id):
    """Return the clinic's page as patients read it."""
    return client.get(f"/clinics/{clinic_id}", follow_redirects=True).text


def standing_everywhere(client, clinic_id):
    """Return what the page, the row, the filter, the facet and the API say."""
    found = client.get(SEARCH).json
    row = next(c for c in found["clinics"] if c["id"] == clinic_id)
    warned = client.get(f"{SEARCH}&standing=warning").json
    return {
        "page": "Warning: a check failed" in public(client, clinic_id),
        "row": row["standing"]["code"] == "warning",
        "filter": [c["id"] for c in warned["clinics"]] == [clinic_id],
        "facet": found["facets"]["standing"].get("warning", 0) == 1,
        "api": client.get(f"/api/v1/clinics/{clinic_id}").json["standing"]["code"] == "warning",
    }


def test_the_page_shows_both_records_and_links_to_the_official_search(app, case):
    browser = sign_in(app)
    _clinic, match_id = case
    waiting = browser.get("/admin/matches").text
    assert "Dana Example" in waiting
    assert "Very likely: the same NPI" in waiting
    page = browser.get(f"/admin/matches/{match_id}").text
    for words in ("DANA EXAMPLE", "Dana Example", NPI, "20 May 2019", "TUCSON", "1128a1",
                  "https://exclusions.oig.hhs.gov/", "Saguaro Example Infusion",
                  "the NPI is the same"):  # fmt: skip
        assert words in page, words
    assert "1961" not in page
    assert browser.get("/admin/matches/999").status_code == 404


def test_a_confirmed_match_is_public_within_the_same_request(app, client, case):
    browser = sign_in(app)
    clinic_id, match_id = case
    assert set(standing_everywhere(client, clinic_id).values()) == {False}
    assert decide(browser, match_id, "confirm").status_code == 303
    assert set(standing_everywhere(client, clinic_id).values()) == {True}
    page = public(client, clinic_id)
    assert "is on the federal exclusion list since 20 May 2019." in page
    assert "OIG List of Excluded Individuals and Entities, list of 27 May 2026" in page
    assert "https://oig.hhs.gov/exclusions/tips.asp" in page
    assert "The numbers are the same." not in page
    found = client.get(f"/api/v1/clinics/{clinic_id}").json["findings"]
    told = next(one for one in found if one["criterion"] == "sup-exclusion")
    assert told["state"] == "not_met"


def test_before_the_decision_the_public_reads_nothing_of_it(app, client, case):
    clinic_id, _match = case
    page = public(client, clinic_id)
    assert "exclusion list since" not in page
    assert "Being checked again" in page
    assert "verification:recorded" not in page


def test_a_dismissed_match_gives_the_met_back(app, client, case):
    clinic_id, match_id = case
    answer = decide(sign_in(app), match_id, "dismiss", reason="Another middle name.")
    assert answer.status_code == 303
    page = public(client, clinic_id)
    assert "Checked at the source" in page
    listing = sign_in(app).get("/admin/matches").text
    assert "Dismissed: somebody else" in listing
    assert "Another middle name." in listing


def test_the_second_of_two_is_told_who_decided_and_keeps_what_was_typed(app, case):
    _clinic, match_id = case
    decide(sign_in(app), match_id, "dismiss", reason="Another middle name.")
    answer = decide(sign_in(app), match_id, "confirm", reason="I am sure.")
    assert answer.status_code == 409
    for words in ("Another middle name.", "I am sure.", "Staff "):
        assert words in answer.text
    with app.app_context():
        assert db.session.get(Match, match_id).state is MatchState.DISMISSED


@pytest.mark.parametrize("step", ["confirm", "dismiss"])
def test_a_decision_without_a_reason_says_so(app, case, step):
    answer = decide(sign_in(app), case[1], step, reason=" ")
    assert answer.status_code == 400
    assert "Say why." in answer.text


def test_an_interest_keeps_one_away_from_the_decision(app, case):
    clinic_id, match_id = case
    browser = sign_in(app)
    written(
        app,
        lambda session: session.add(
            ConflictOfInterest(
                user_id=browser.user_id, clinic_id=clinic_id, reason="family", declared_at=NOW
            )
        ),
    )
    assert "A colleague must decide" in browser.get(f"/admin/matches/{match_id}").text
    assert decide(browser, match_id, "confirm").status_code == 403


def test_an_admin_asks_again(app, case):
    _clinic, match_id = case
    decide(sign_in(app), match_id, "dismiss")
    verifier, admin = sign_in(app), sign_in(app, "admin")
    assert "Only an admin" in verifier.get(f"/admin/matches/{match_id}").text
    assert decide(verifier, match_id, "reopen", "2").status_code == 403
    assert decide(admin, match_id, "reopen", "2", "Look again.").status_code == 303
    with app.app_context():
        assert db.session.get(Match, match_id).state is MatchState.POTENTIAL


def everything(app):
    """Return every value of every table as one text."""
    with app.app_context():
        tables = [t for t in Base.metadata.sorted_tables if t.name != "exclusion_row"]
        return "\n".join(
            repr(tuple(row)) for table in tables for row in db.session.execute(select(table))
        )


@pytest.mark.parametrize(
    ("typed", "status"),
    [("1947-02-13", 303), ("1947-02-13x", 400), ("13 Feb 1947", 400), ("1847-02-13", 400)],
)
def test_a_typed_birth_date_is_never_kept_logged_or_shown(app, case, caplog, typed, status):
    browser = sign_in(app)
    caplog.set_level(logging.DEBUG)
    answer = decide(browser, case[1], "birth-date", born=typed)
    assert answer.status_code == status
    page = answer.text + browser.get(f"/admin/matches/{case[1]}").text
    if status == 303:
        assert "The birth date is not the list" in page
    for spelled in ("1947", "1847", "13 Feb"):
        assert spelled not in page
        assert spelled not in caplog.text
    kept = everything(app)
    for spelled in (typed, "1947", "1847"):
        assert spelled not in kept


def test_the_control_of_the_canary_is_found(app, case):
    written(app, lambda session: session.add(Practitioner(name=f"Born {CANARY}", profession="MD")))
    assert "1947-02-13" in everything(app)


def test_an_equal_birth_date_is_said_and_makes_the_match_stronger(app, client):
    def fill(session):
        clinic = make_clinic(session)
        person(session, clinic)
        load(session, listed())
        screen(session)
        return matches(session)[0].id

    match_id = written(app, fill)
    browser = sign_in(app)
    assert "Possible: the same name and place" in browser.get(f"/admin/matches/{match_id}").text
    decide(browser, match_id, "birth-date", born="1961-04-23")
    page = browser.get(f"/admin/matches/{match_id}").text
    assert "Likely: the same name and birth date" in page
    assert "The birth date is the same as the list" in page
    assert "1961" not in page


def test_staff_read_the_result_of_everyone_in_words(app, case):
    clinic_id, match_id = case
    browser = sign_in(app)
    with app.app_context():
        dana = db.session.get(Match, match_id).practitioner_id
        harmless = db.session.scalar(
            select(Practitioner.id).where(Practitioner.name.startswith("Robin"))
        )
    clinic = browser.get(f"/admin/clinics/{clinic_id}").text
    assert "No match in the list of 27 May 2026, by name only" in clinic
    assert "Possible match, list of 27 May 2026" in clinic
    assert f"/admin/matches/{match_id}" in clinic
    assert "Possible match" in browser.get(f"/admin/people/{dana}").text
    assert "No match in the list of 27 May 2026" in browser.get(f"/admin/people/{harmless}").text
    desk = browser.get(f"/admin/checks/{clinic_id}/sup-exclusion").text
    assert "No match in the list of 27 May 2026, by name only" in desk
    assert "exclusion-list" not in browser.get(f"/admin/checks/{clinic_id}/sup-acls").text
    for page in (clinic, desk):
        assert "not excluded" not in page.lower()
        assert "cleared" not in page.lower()


def test_without_a_list_the_pages_say_that_nobody_could_be_compared(app):
    clinic_id = written(app, lambda session: site(session).id)
    browser = sign_in(app)
    page = browser.get(f"/admin/clinics/{clinic_id}").text
    assert "Could not screen: no exclusion list is loaded" in page
    assert "No full exclusion list is loaded" in browser.get("/admin/matches").text


def test_what_the_program_found_is_decided_only_on_its_own_page(app, case):
    _clinic, match_id = case
    browser = sign_in(app)
    assert "Nothing waits for you." in browser.get("/admin/checks/confirm").text
    with app.app_context():
        number = db.session.get(Match, match_id).checks[0].verification_id
    page = browser.get(f"/admin/checks/confirm/{number}").text
    assert f"/admin/matches/{match_id}" in page
    assert "confirm</button>" not in page
    answer = post(browser, f"/admin/checks/confirm/{number}", {"act": "confirm"})
    assert answer.status_code == 409


def test_former_names_are_typed_one_on_a_line_and_compared(app, case):
    browser = sign_in(app)
    form = {"name": "Alex Harmless", "profession": "MD", "npi": "", "version": "0"}
    names = "Dana Example\n\n Alex  Former "
    answer = post(browser, "/admin/people/practitioner/new", form | {"former_names": names})
    number = int(answer.location.rpartition("/")[2])
    with app.app_context():
        assert db.session.get(Practitioner, number).former_names == ["Dana Example", "Alex Former"]
    page = browser.get(f"/admin/people/practitioner/{number}/edit").text
    assert "Dana Example\nAlex Former" in page
    many = "\n".join(f"Alex Name{chr(97 + n)}" for n in range(11))
    answer = post(browser, "/admin/people/practitioner/new", form | {"former_names": many})
    assert answer.status_code == 400
    assert "Use at most 10 names." in answer.text
    assert "Alex Namek" in answer.text


def test_the_programs_checks_are_nobodys_work(app):
    def fill(session):
        for _n in range(3):
            agreed(session, site(session), days_ago=60)
        load(session, listed())
        screen(session)

    written(app, fill)
    table = sign_in(app).get("/admin/numbers/numbers.csv")
    rows = list(csv.reader(table.text.splitlines()))
    made = {tuple(row[:3]): row[3] for row in rows if len(row) > 3}
    assert made["made", "last_7", "checks"] == "3"
    assert made["accuracy", "exact", "checked_again"] == "0"
