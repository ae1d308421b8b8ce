"""Clinics that may be one, as staff decide on them and as patients meet the outcome."""

import re
import threading

import pytest
from sqlalchemy import func, select

from directory.extensions import db
from directory.models import Case, Clinic, ClinicDistinct, Merge
from directory.models.staff import ConflictOfInterest
from directory.operations import duplicates
from tests.factories import NOW, make_check, make_clinic, make_user
from tests.support.staff import post, sign_in
from tests.web.outside import (
    CONCERN,
    PATIENCE,
    adverse_clinic,
    hidden,
    listed_clinic,
    send,
    sent_token,
    set_clock,
)
from tests.web.test_editing_pages import a_clinic, acts, button, stored, written

SAID = {"left": "1", "right": "1", "reason": "Called both numbers."}
FAR = {"street": "9 Other Road", "phone": "+16025550199", "name": "Harbor Wellness"}


@pytest.fixture
def staff(app):
    """A browser signed in as a verifier."""
    return sign_in(app)


@pytest.fixture
def pair(app):
    """Two public listings of one clinic."""
    return [listed_clinic(app, name=name) for name in ("Sunrise Ketamine", "Sunrise Clinic")]


def url(pair, act=""):
    return f"/admin/duplicates/{pair[0]}/{pair[1]}{act}"


def merged(staff, pair, keep="left"):
    """Merge as people do: decide, look, confirm."""
    page = staff.get(url(pair))
    data = SAID | {"keep": keep, "left": hidden(page, "left"), "right": hidden(page, "right")}
    seen = post(staff, url(pair, "/merge"), data)
    assert seen.status_code == 200, seen.text
    answer = post(staff, url(pair, "/merge"), data | {"previewed": button(seen)})
    assert answer.status_code == 303, answer.text
    return answer.location


def waiting(app):
    with app.app_context():
        return duplicates.waiting(db.session())


def test_the_pairs_are_listed_with_their_reasons(app, staff, pair):
    listed_clinic(app, **FAR)
    page = staff.get("/admin/duplicates/")
    assert "1 pair waits" in page.text
    assert "Sunrise Ketamine and Sunrise Clinic" in page.text
    assert "The same phone number. The same address. Almost the same name nearby" in page.text
    note = staff.get(f"/admin/clinics/{pair[0]}")
    assert f"This may be the same as Sunrise Clinic, number {pair[1]}" in note.text


def test_letters_that_pass_for_others_are_flagged(app, staff):
    pair = [a_clinic(app, name=name) for name in ("Sunrise Clinic", "Sunrіse Clinic")]
    assert "letters that only look like Latin ones" in staff.get("/admin/duplicates/").text
    page = staff.get(url(pair)).text
    assert f"The name of number {pair[1]} holds letters" in page
    assert "The same name in letters of another alphabet" in page


def test_differences_are_said_in_words(app, staff):
    pair = [a_clinic(app), a_clinic(app, street="9 Other Road")]
    text = " ".join(staff.get(url(pair)).text.split())
    assert 'Street <span class="twins-word">different</span>' in text
    assert 'City <span class="twins-word">same</span>' in text


def test_not_the_same_is_remembered_for_ever(app, staff, pair):
    assert waiting(app) == 1
    assert post(staff, url(pair, "/apart"), SAID | {"reason": " "}).status_code == 400
    assert post(staff, url(pair[::-1], "/apart"), SAID).status_code == 303
    assert waiting(app) == 0
    assert "1 pair" not in staff.get("/admin/duplicates/").text
    told = staff.get(url(pair))
    assert "are not the same: Called both numbers." in told.text
    assert "Not the same" not in told.text
    assert post(staff, url(pair, "/apart"), SAID).status_code == 409
    with app.app_context():
        kept = db.session.execute(select(ClinicDistinct.low_id, ClinicDistinct.high_id)).one()
    assert tuple(kept) == tuple(pair)


def test_a_merge_is_shown_before_it_is_done(app, staff, pair):
    seen = post(staff, url(pair, "/merge"), SAID | {"keep": "right"})
    assert f"Before you merge {pair[0]} into {pair[1]}" in seen.text
    assert "Every check that counts now will go on counting" in seen.text
    assert written(app, lambda s: s.scalar(select(func.count()).select_from(Merge))) == 0
    assert post(staff, url(pair, "/merge"), SAID).status_code == 400
    silent = post(staff, url(pair, "/merge"), SAID | {"keep": "left", "reason": ""})
    assert (silent.status_code, "Fill this in" in silent.text) == (400, True)


def test_checks_that_fall_are_named_in_the_preview(app, staff):
    def make(session):
        kept, other = make_clinic(session), make_clinic(session, street="9 Other Road")
        edition = app.extensions["directory"].edition(session, "2026.1")
        first, second = make_user(session), make_user(session)
        make_check(session, edition, other, "opn-contact", by=first, second=second)
        return kept.id, other.id

    seen = post(staff, url(written(app, make), "/merge"), SAID | {"keep": "left"})
    assert "These checks will not count any more" in seen.text
    assert "The address, phone and hours are right" in seen.text


def test_the_old_address_leads_to_the_clinic_that_was_kept(app, staff, pair):
    old, new = pair[1], pair[0]
    anybody = app.test_client()
    merged(staff, pair)
    for path in (f"/clinics/{old}", f"/clinics/{old}-sunrise-clinic"):
        answer = anybody.get(path)
        assert (answer.status_code, answer.location) == (301, f"/clinics/{new}-sunrise-ketamine")
    for path in ("/clinics/{}/concern", "/clinics/{}/suggest", "/api/v1/clinics/{}"):
        answer = anybody.get(path.format(old))
        assert (answer.status_code, answer.location) == (301, path.format(new))
    assert answer.json == {"id": old, "merged_into": new}
    page = anybody.get(f"/clinics/{old}", follow_redirects=True)
    assert "Two listings of this clinic were put together" in page.text
    near = {"lat": "33.4484", "lon": "-112.074", "within": "5"}
    assert [c["id"] for c in anybody.get("/api/v1/clinics", query_string=near).json["clinics"]] == [
        new
    ]


def test_the_old_address_leads_through_a_chain_and_answers_again_after_the_undo(app, staff, pair):
    last = listed_clinic(app, name="Sunrise Infusion")
    anybody = app.test_client()
    merged(staff, pair)
    merge_page = merged(staff, [last, pair[0]])
    answer = anybody.get(f"/clinics/{pair[1]}")
    assert (answer.status_code, answer.location) == (301, f"/clinics/{last}-sunrise-infusion")
    page = staff.get(f"/admin/clinics/{pair[1]}").text
    assert f"This listing was merged into clinic number {last}" in page
    number = written(app, lambda session: session.scalar(select(func.min(Merge.id))))
    first = f"/admin/duplicates/merges/{number}"
    refused = post(staff, f"{first}/undo", {"reason": "Two doors."})
    assert refused.status_code == 409
    assert "Another merge came later" in refused.text
    assert "Two doors." in refused.text
    for target in (merge_page, first):
        assert post(staff, f"{target}/undo", {"reason": "Two doors."}).status_code == 303
    assert anybody.get(f"/clinics/{pair[1]}-sunrise-clinic").status_code == 200
    assert "Taken apart again" in staff.get(first).text
    assert post(staff, f"{first}/undo", {"reason": "Again"}).status_code == 409


def test_a_concern_whose_clinic_was_merged_meanwhile_is_not_lost(app, staff, pair):
    patient = app.test_client()
    slip = hidden(patient.get(f"/clinics/{pair[1]}/concern"), "slip")
    merged(staff, pair)
    set_clock(app, NOW + PATIENCE)
    answer = patient.post(f"/clinics/{pair[1]}/concern", data={"slip": slip, **CONCERN})
    assert answer.status_code == 400
    assert CONCERN["words"] in answer.text
    again = {"slip": hidden(answer, "slip"), **CONCERN}
    set_clock(app, NOW + 2 * PATIENCE)
    assert patient.post(f"/clinics/{pair[1]}/concern", data=again).status_code == 303
    with app.app_context():
        assert db.session.scalars(select(Case.clinic_id)).all() == [pair[0]]


def test_a_case_goes_over_with_its_clinic(app, staff, pair):
    patient = app.test_client()
    token = sent_token(send(app, patient, f"/clinics/{pair[1]}/concern", CONCERN))
    merged(staff, pair)
    assert "Sunrise Ketamine" in patient.get(f"/cases/{token}").text


def test_nobody_works_on_a_merged_listing(app, staff, pair):
    merged(staff, pair)
    for path in ("clinics/{}/edit", "clinics/{}/listing", "checks/{}/sup-acls"):
        data = {"listing": "unlisted", "reason": "Back"}
        answer = post(staff, f"/admin/{path.format(pair[1])}", data)
        assert answer.status_code == 409
        assert f"merged into clinic number {pair[0]}" in answer.text
    assert post(staff, url(pair, "/apart"), SAID).status_code == 409
    page = staff.get(url(pair)).text
    assert "merged into clinic number" in page
    assert "Your decision" not in page


def test_a_warning_stays_where_patients_read_it(app, staff):
    pair = listed_clinic(app), adverse_clinic(app)
    seen = post(staff, url(pair, "/merge"), SAID | {"keep": "left"})
    assert "Warning: a check failed" in seen.text
    merged(staff, pair)
    anybody = app.test_client().get(f"/api/v1/clinics/{pair[0]}")
    assert anybody.json["standing"]["code"] == "warning"


def test_a_tie_to_either_keeps_staff_away(app, staff, pair):
    tie = {"user_id": staff.user_id, "clinic_id": pair[1], "reason": "x", "declared_at": NOW}
    written(app, lambda session: session.add(ConflictOfInterest(**tie)))
    page = staff.get(url(pair))
    assert "You declared a conflict of interest" in page.text
    assert "Your decision" not in page.text
    assert post(staff, url(pair, "/apart"), SAID).status_code == 403
    assert post(staff, url(pair, "/merge"), SAID | {"keep": "left"}).status_code == 403


def test_who_decides_on_what_changed_meanwhile_is_told_and_keeps_the_reason(app, staff, pair):
    data = SAID | {"keep": "left"}
    seen = post(staff, url(pair, "/merge"), data)

    def edited(session):
        session.get(Clinic, pair[1]).access = "By the stairs"

    written(app, edited)
    for act, more in (("/merge", {"previewed": button(seen)}), ("/merge", {}), ("/apart", {})):
        answer = post(staff, url(pair, act), data | more)
        assert answer.status_code == 409
        assert "Somebody changed one of these meanwhile" in answer.text
        assert SAID["reason"] in answer.text
    assert acts(app)[-1] not in ("clinic:merged", "clinic:told_apart")
    version = re.search(r'name="right" value="(\d+)"', answer.text)[1]
    assert post(staff, url(pair, "/apart"), data | {"right": version}).status_code == 303


def test_two_people_merge_one_pair_at_once_and_one_wins(app, pair):
    people = [sign_in(app) for _ in range(4)]
    seen = post(people[0], url(pair, "/merge"), SAID | {"keep": "left"})
    start, answers = threading.Barrier(len(people)), []

    def one(browser, keep):
        data = SAID | {"keep": keep}
        page = post(browser, url(pair, "/merge"), data)
        start.wait(timeout=60)
        answers.append(
            post(browser, url(pair, "/merge"), data | {"previewed": button(page)}).status_code
        )

    threads = [
        threading.Thread(target=one, args=(browser, "left" if n % 2 else "right"))
        for n, browser in enumerate(people)
    ]
    assert seen.status_code == 200
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, 409, 409, 409]
    assert acts(app).count("clinic:merged") == 2


def test_any_two_clinics_can_be_compared_by_number(app, staff, pair):
    query = {"left": str(pair[1]), "right": str(pair[0])}
    answer = staff.get("/admin/duplicates/", query_string=query)
    assert (answer.status_code, answer.location) == (303, url(pair[::-1]))
    for wrong in ({"left": "x", "right": "1"}, {"left": str(pair[0]), "right": str(pair[0])}):
        answer = staff.get("/admin/duplicates/", query_string=wrong)
        assert answer.status_code == 400
        assert "two different clinics" in answer.text
    assert staff.get(f"/admin/duplicates/{pair[0]}/{pair[0]}").status_code == 404
    assert staff.get(f"/admin/duplicates/{pair[0]}/999999").status_code == 404
    assert stored(app, Clinic, pair[0]).version == 1


def test_the_list_takes_the_same_statements_however_long_it_is(app, staff, statements):
    counts = []
    for number in (2, 40):
        for n in range(number):
            a_clinic(app, name=f"Sunrise {n}", phone=f"+1602555{1000 + n // 2}")
        with statements() as made:
            assert staff.get("/admin/duplicates/").status_code == 200
        counts.append(len(made))
    assert counts[0] == counts[1]
