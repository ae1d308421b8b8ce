"""The check workspace, today's plan and the second person's pages, as a browser meets them."""

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from directory.domain.criteria import parse_catalogue
from directory.domain.findings import Outcome
from directory.extensions import db
from directory.models import Event, Lease, Refusal, User, Verification
from directory.models.staff import ConflictOfInterest
from directory.operations.catalogue import current_text
from tests.factories import NOW, make_check, make_clinic, make_user
from tests.support.apps import load_checklist, running
from tests.support.staff import post, sign_in

TODAY = NOW.date()
ACLS = "sup-acls"


@pytest.fixture
def clinic_id(app):
    with app.app_context():
        clinic = make_clinic(db.session())
        db.session.commit()
        return clinic.id


@pytest.fixture
def verifier(app, clinic_id):
    return sign_in(app)


def address(clinic_id, code=ACLS):
    return f"/admin/checks/{clinic_id}/{code}"


def filled(**changes):
    values = {
        "act": "save",
        "outcome": "met",
        "level": "source",
        "channel": "lookup",
        "attempt_reason": "",
        "source_name": "Example card look-up",
        "source_url": "https://cards.example.org/1",
        "checked_on": TODAY.isoformat(),
        "valid_until": (TODAY + timedelta(days=300)).isoformat(),
        "credential": "",
        "note": "",
        "private_note": "",
        "evidence": "",
        "based_on": "0",
        "batch": "",
    }
    return values | changes


def name_of(app, person):
    with app.app_context():
        return db.session.get(User, person.user_id).name


def checks(app):
    with app.app_context():
        return db.session.scalars(select(Verification).order_by(Verification.id)).all()


def acts(app):
    with app.app_context():
        return list(
            db.session.scalars(
                select(Event.act).where(~Event.act.like("session:%")).order_by(Event.id)
            )
        )[1:]


def test_the_plan_says_what_is_worth_doing_and_what_can_be_kept_current(app, clinic_id, verifier):
    page = verifier.get("/admin/?minutes=30").text
    assert "30 minutes a day" in page
    assert "Never checked" in page
    assert "Never looked" in page
    assert "Take the next one" in page


@pytest.mark.parametrize("typed", ["", "0", "-5", "99999", "many", "1e3", "\u0661\u0662"])
def test_nonsense_in_the_budget_is_met_with_a_sensible_one(verifier, typed):
    assert verifier.get("/admin/", query_string={"minutes": typed}).status_code == 200


def test_the_next_piece_of_work_is_handed_out_under_a_lease(app, clinic_id, verifier):
    answer = post(verifier, "/admin/take")
    assert answer.status_code == 303
    page = verifier.get(answer.location).text
    assert "Yours for 15 more minutes" in page
    assert acts(app) == ["lease:taken"]
    other = sign_in(app)
    seen = other.get(answer.location).text
    assert f"in the hands of {name_of(app, verifier)}" in seen
    assert post(other, "/admin/take").location != answer.location
    assert name_of(app, verifier) in other.get("/admin/").text


def test_a_hold_is_renewed_and_put_back_in_one_click(app, clinic_id, verifier):
    target = f"/admin/leases/{clinic_id}/{ACLS}"
    assert post(verifier, target, {"act": "take"}).status_code == 303
    app.extensions["directory"].clock = lambda: NOW + timedelta(minutes=10)
    assert post(verifier, target, {"act": "renew"}).status_code == 303
    with app.app_context():
        assert db.session.scalars(select(Lease)).one().until == NOW + timedelta(minutes=25)
    assert post(verifier, target, {"act": "release"}).location == "/admin/"
    assert acts(app) == ["lease:taken", "lease:renewed", "lease:released"]
    post(verifier, target, {"act": "renew"})
    assert acts(app)[3:] == [], "a hold that ended cannot be renewed"
    assert post(verifier, target, {"act": "steal"}).status_code == 400


def test_the_workspace_shows_all_there_is_to_know(app, clinic_id, verifier):
    page = verifier.get(address(clinic_id)).text
    for words in ("What counts as proof", "How to check", "What the clinic says", "Last looked"):
        assert words in page
    assert "2028" not in page, "the longest a card could hold is no day to offer"
    longest = verifier.get(address(clinic_id, "mon-vitals")).text
    assert f'value="{(TODAY + timedelta(days=365)).isoformat()}"' in longest
    assert verifier.get(address(clinic_id, "sup-nothing")).status_code == 404
    assert verifier.get(address(10**9)).status_code == 404


def test_the_end_of_a_paper_is_never_made_up(app, clinic_id, verifier):
    answer = post(verifier, address(clinic_id), filled(valid_until=""))
    assert answer.status_code == 400
    assert "Choose the paper, or give the day it ends." in answer.text
    assert acts(app) == []
    by_rule = filled(valid_until="", level="document", note="We saw it.")
    assert post(verifier, address(clinic_id, "mon-vitals"), by_rule).status_code == 303
    with app.app_context():
        made = db.session.scalars(select(Verification)).one()
        assert made.valid_until == TODAY + timedelta(days=365)


def test_a_check_is_recorded_in_one_step(app, clinic_id, verifier):
    answer = post(
        verifier,
        address(clinic_id),
        filled(evidence="https://proof.example.org/1\n", private_note="Spoke to the desk."),
    )
    assert answer.status_code == 303
    with app.app_context():
        made = db.session.scalars(select(Verification)).one()
        assert made.valid_until == TODAY + timedelta(days=300)
        assert made.private_note == "Spoke to the desk."
        assert [item.url for item in made.evidence] == ["https://proof.example.org/1"]
    assert acts(app) == ["verification:recorded"]
    public = verifier.get(f"/clinics/{clinic_id}", follow_redirects=True).text
    assert "Spoke to the desk." not in public


def test_save_and_next_goes_on_in_the_same_batch(app, clinic_id, verifier):
    first = post(verifier, "/admin/take").location
    code = re.search(r"/checks/\d+/([a-z-]+)", first)[1]
    batch = "phone" if "batch=phone" in first else ""
    answer = post(
        verifier, address(clinic_id, code), filled(act="next", batch=batch, level="source")
    )
    assert answer.status_code == 303
    assert "/admin/checks/" in answer.location
    assert code not in answer.location
    assert acts(app) == ["lease:taken", "verification:recorded", "lease:taken"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"outcome": ""}, "Choose what you found"),
        ({"outcome": "changed"}, "Not a valid choice"),
        ({"outcome": "does_not_apply"}, "Not a valid choice"),
        ({"checked_on": (TODAY + timedelta(days=1)).isoformat()}, "has not come yet"),
        ({"checked_on": "12 Oct"}, "Not a valid date"),
        ({"source_name": " "}, "Name the board"),
        ({"source_url": "javascript:alert(1)"}, "begins with https"),
        ({"evidence": "not a link"}, "begins with https"),
        ({"valid_until": (TODAY + timedelta(days=800)).isoformat()}, "at most"),
        ({"valid_until": (TODAY - timedelta(days=1)).isoformat()}, "before the day"),
        ({"outcome": "could_not_check"}, "why you could not"),
        ({"outcome": "not_met"}, "in one sentence"),
    ],
)
def test_what_cannot_be_true_is_refused_and_all_that_was_typed_stays(
    app, clinic_id, verifier, changes, words
):
    answer = post(
        verifier, address(clinic_id), filled(private_note="Keep these <b>words</b>.") | changes
    )
    assert answer.status_code == 400
    assert words in html.unescape(answer.text)
    assert "Keep these &lt;b&gt;words&lt;/b&gt;." in answer.text
    assert checks(app) == []
    assert acts(app) == []


def test_the_source_was_down_is_neither_a_pass_nor_a_fail(app, clinic_id, verifier):
    changes = {"outcome": "could_not_check", "attempt_reason": "source_down"}
    post(verifier, address(clinic_id), filled(**changes))
    made = checks(app)[0]
    assert (made.outcome, made.attempt_reason) == (Outcome.COULD_NOT_CHECK, "source_down")
    public = verifier.get(f"/clinics/{clinic_id}", follow_redirects=True).text
    assert "We tried and could not check" in public
    assert "The source was down" in verifier.get(address(clinic_id)).text


def row_of(page, code=ACLS):
    """The checklist row, marks and all, whether it stands open or not."""
    found = re.search(rf'<details class="check[^>]*id="check-{code}".*?</details>', page, re.S)[0]
    return found.replace(f'id="check-{code}" open>', f'id="check-{code}">')


def test_the_preview_is_exactly_what_patients_then_read(app, clinic_id, verifier):
    sent = filled(act="preview", note="The card is current.", evidence="https://proof.example.org/")
    previewed = post(verifier, address(clinic_id), sent)
    assert previewed.status_code == 200
    assert checks(app) == []
    assert acts(app) == []
    post(verifier, address(clinic_id), sent | {"act": "save"})
    before = verifier.get(f"/clinics/{clinic_id}", follow_redirects=True).text
    assert row_of(before) != row_of(previewed.text)
    second, made = sign_in(app), checks(app)[0]
    offered = second.get(f"/admin/checks/confirm/{made.id}").text
    post(second, f"/admin/checks/confirm/{made.id}", {"act": "confirm"})
    public = verifier.get(f"/clinics/{clinic_id}", follow_redirects=True).text
    assert row_of(public) == row_of(previewed.text) == row_of(offered)
    assert "The card is current." in row_of(public)


def test_a_colleague_was_faster_and_nothing_typed_is_lost(app, clinic_id, verifier):
    slow, quick = verifier, sign_in(app)
    post(quick, address(clinic_id), filled(source_name="The quicker board"))
    answer = post(slow, address(clinic_id), filled(note="Mine says 2028.", private_note="Mine."))
    assert answer.status_code == 409
    page = answer.text
    assert "Somebody recorded this check before you" in page
    assert f"Recorded by {name_of(app, quick)}" in page
    assert "The quicker board" in page
    assert "1 Jun 2026 at 18:00 UTC" in page
    assert 'value="Mine says 2028."' in page
    assert ">Mine.</textarea>" in page
    assert len(checks(app)) == 1
    based_on = re.search(r'name="based_on" value="(\d+)"', page)[1]
    again = post(slow, address(clinic_id), filled(note="Mine says 2028.", based_on=based_on))
    assert again.status_code == 303
    assert len(checks(app)) == 2


@pytest.mark.parametrize("based_on", ["", "-1", "x", "9" * 40, "77"])
def test_a_made_up_state_is_a_conflict_and_no_failure(app, clinic_id, verifier, based_on):
    post(verifier, address(clinic_id), filled())
    answer = post(verifier, address(clinic_id), filled(based_on=based_on))
    assert answer.status_code == 409
    assert len(checks(app)) == 1


def declare(app, user_id, clinic_id):
    with app.app_context():
        db.session.add(
            ConflictOfInterest(
                user_id=user_id, clinic_id=clinic_id, reason="My brother owns it", declared_at=NOW
            )
        )
        db.session.commit()


def test_a_conflicted_person_is_handed_nothing_and_records_nothing(app, clinic_id, verifier):
    declare(app, verifier.user_id, clinic_id)
    assert post(verifier, "/admin/take").location == "/admin/"
    assert "conflict of interest" in verifier.get(address(clinic_id)).text
    assert post(verifier, address(clinic_id), filled()).status_code == 403
    post(verifier, f"/admin/leases/{clinic_id}/{ACLS}", {"act": "take"})
    assert checks(app) == []
    assert acts(app) == []


def waiting_check(app, clinic_id, verifier):
    post(verifier, address(clinic_id), filled(private_note="A word for you."))
    return checks(app)[-1].id


def test_the_second_person_sees_everything_and_confirms(app, clinic_id, verifier):
    made = waiting_check(app, clinic_id, verifier)
    own = verifier.get("/admin/checks/confirm").text
    assert "1 check of yours waits" in own
    assert f"/admin/checks/confirm/{made}" not in own
    second = sign_in(app)
    assert f"/admin/checks/confirm/{made}" in second.get("/admin/checks/confirm").text
    page = second.get(f"/admin/checks/confirm/{made}").text
    assert "A word for you." in page
    assert "Checked at the source" in page
    answer = post(second, f"/admin/checks/confirm/{made}", {"act": "confirm"})
    assert answer.status_code == 303
    assert acts(app) == ["verification:recorded", "verification:confirmed"]
    late = post(sign_in(app), f"/admin/checks/confirm/{made}", {"act": "confirm"})
    assert late.status_code == 409
    assert f"{name_of(app, second)} confirmed" in late.text


def test_a_key_check_that_waits_is_told_nowhere_in_public(app, clinic_id, verifier):
    waiting_check(app, clinic_id, verifier)
    row = row_of(verifier.get(f"/clinics/{clinic_id}", follow_redirects=True).text)
    assert "Not checked yet" in row
    assert "in place, checked at the source" not in row
    numbers = re.sub(r"\s+", " ", verifier.get("/admin/numbers").text)
    line = re.search(r"A second person’s look</th>.*?</tr>", numbers)[0]
    assert re.findall(r"<td[^>]*>(.*?)</td>", line)[3] == "1"


def test_a_refused_check_waits_no_more_and_is_not_public(app, clinic_id, verifier):
    made = waiting_check(app, clinic_id, verifier)
    second = sign_in(app)
    target = f"/admin/checks/confirm/{made}"
    assert post(second, target, {"act": "refuse", "reason": " "}).status_code == 400
    answer = post(second, target, {"act": "refuse", "reason": "The name does not match."})
    assert answer.status_code == 303
    with app.app_context():
        assert db.session.get(Refusal, made).reason == "The name does not match."
    assert acts(app) == ["verification:recorded", "verification:refused"]
    assert "Nothing waits for you" in sign_in(app).get("/admin/checks/confirm").text
    assert "The name does not match." in verifier.get(address(clinic_id)).text
    public = verifier.get(f"/clinics/{clinic_id}", follow_redirects=True).text
    assert "Example card look-up" not in public
    late = post(sign_in(app), target, {"act": "confirm"})
    assert late.status_code == 409


def test_neither_the_first_nor_a_conflicted_person_decides(app, clinic_id, verifier):
    made = waiting_check(app, clinic_id, verifier)
    target = f"/admin/checks/confirm/{made}"
    tied = sign_in(app)
    declare(app, tied.user_id, clinic_id)
    assert "1 check is at clinics you have" in tied.get("/admin/checks/confirm").text.replace(
        "a clinic you have", "clinics you have"
    )
    for act in ("confirm", "refuse"):
        assert post(verifier, target, {"act": act, "reason": "No."}).status_code == 409
        assert post(tied, target, {"act": act, "reason": "No."}).status_code == 403
    assert acts(app) == ["verification:recorded"]
    assert post(sign_in(app), target, {"act": "burn"}).status_code == 400
    assert post(sign_in(app), "/admin/checks/confirm/987654", {"act": "confirm"}).status_code == 404


def test_who_works_alone_has_no_second_step(instance, databases):
    url = databases.fresh("loaded")
    with running(instance, url, confirmation="solo") as app:
        load_checklist(app)
        with app.app_context():
            clinic_id = make_clinic(db.session()).id
            db.session.commit()
        browser = sign_in(app)
        assert browser.get("/admin/checks/confirm").status_code == 404
        post(browser, address(clinic_id), filled())
        public = browser.get(f"/clinics/{clinic_id}", follow_redirects=True).text
        assert "Checked at the source" in row_of(public)
        assert "waits for a second person" not in browser.get("/admin/").text
    databases.drop(url)


def test_a_form_from_elsewhere_changes_nothing(app, clinic_id, verifier):
    for target in (
        address(clinic_id),
        "/admin/take",
        f"/admin/leases/{clinic_id}/{ACLS}",
        "/admin/checks/confirm/1",
    ):
        assert verifier.post(target, data=filled()).status_code == 400
        assert app.test_client().post(target, data=filled()).status_code == 401
    assert checks(app) == []
    assert acts(app) == []


def test_the_plan_reads_a_few_statements_whatever_there_is(app, clinic_id, verifier, statements):
    with app.app_context():
        session, first = db.session(), make_user(db.session())
        for _ in range(30):
            make_check(session, edition(session), make_clinic(session), ACLS, by=first)
        session.commit()
    with statements() as made:
        verifier.get("/admin/")
    assert len(made) <= 20
    with statements() as again:
        verifier.get("/admin/")
    assert len(again) <= 18


def edition(session):
    return parse_catalogue(current_text(session))
