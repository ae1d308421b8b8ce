"""Staff answer the outside world: every step by real requests, refused ones change nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from directory.domain.cases import CaseState
from directory.extensions import db
from directory.models import Case, CaseMessage, OutgoingMail, User
from directory.models.engine import begin_writing
from directory.operations import accounts
from directory.sources.mail import NotSent
from tests.factories import NOW
from tests.support.staff import form_token, post, sign_in
from tests.web.outside import (
    CONCERN,
    CONTACT,
    PATIENCE,
    SUGGESTION,
    adverse_clinic,
    listed_clinic,
    outbox,
    send,
    sent_token,
    set_clock,
)
from tests.web.test_cases import HOSTILE, acts, digest, shape
from tests.web.test_pages import listed, words


@pytest.fixture
def clinic_id(app):
    """A public clinic."""
    return listed_clinic(app)


@pytest.fixture
def token(app, client, clinic_id):
    """A concern about it, by somebody with an address."""
    url = f"/clinics/{clinic_id}/concern"
    return sent_token(send(app, client, url, {**CONCERN, **CONTACT}))


@pytest.fixture
def verifier(app, token):
    """A verifier's browser."""
    return sign_in(app)


def case_of(app):
    with app.app_context():
        return db.session.scalars(select(Case)).first()


def act(app, browser, step, said="", **more):
    case = case_of(app)
    data = {"words": said, "version": str(case.version)}
    return post(browser, f"/admin/cases/{case.id}/{step}", {**data, **more})


def test_a_concern_from_taking_to_decision(app, client, token, verifier):
    box = outbox(app)
    index = verifier.get("/admin/cases")
    assert "Unsafe care" in words(index)
    assert "answer by 3 Jun 2026" in words(index)
    for step, said, event in (
        ("take", "", "case:assigned"),
        ("note", "Looks grave", "case:noted"),
        ("ask", "When was this?", "case:information_requested"),
    ):
        before = len(acts(app))
        answer = act(app, verifier, step, said)
        assert answer.status_code == 303, answer.text
        assert acts(app)[before:] == [event]
    assert [letter.subject for letter in box.letters] == ["A question about case 1"]
    assert "When was this?" in box.letters[0].body
    page = client.get(f"/cases/{token}")
    assert "When was this?" in words(page)
    assert "Looks grave" not in page.text
    assert act(app, verifier, "accept", "The board was told.").status_code == 303
    assert "The board was told." in words(client.get(f"/cases/{token}"))
    assert case_of(app).state is CaseState.ACCEPTED
    assert "acted on it" in box.letters[-1].body
    assert "Nothing here." in words(verifier.get("/admin/cases"))
    assert "Case 1" in words(verifier.get("/admin/cases?state=accepted"))


def test_the_page_shows_only_the_steps_that_are_open(app, token, verifier):
    page = verifier.get("/admin/cases/1").text
    assert "Take this case" in page
    assert "Accept and close" not in page
    act(app, verifier, "take")
    assert "The case is yours now." in words(verifier.get("/admin/cases"))
    page = verifier.get("/admin/cases/1").text
    assert "Take this case" not in page
    for words_of_step in ("Give it back", "Ask the sender", "Accept and close"):
        assert words_of_step in page
    other = sign_in(app).get("/admin/cases/1").text
    assert "Take this case" in other
    assert "Accept and close" not in other


@pytest.mark.parametrize(
    ("step", "change", "status"),
    [
        ("accept", {}, 409),
        ("take", {"version": "7"}, 409),
        ("take", {"version": ""}, 409),
        ("note", {"words": " "}, 400),
        ("note", {"words": "x" * 5001}, 400),
        ("note", {"words": "Typed words" + "x" * 5001, "version": "7"}, 409),
        ("withdraw", {}, 404),
        ("take", {"csrf_token": "forged"}, 400),
        ("take", {"csrf_token": ""}, 400),
    ],
)
def test_a_refused_step_changes_nothing_and_keeps_the_words(
    app, token, verifier, step, change, status
):
    verifier.get("/admin/cases/1")
    before = digest(app)
    answer = act(app, verifier, step, "Typed words", **change)
    assert answer.status_code == status
    assert digest(app) == before
    if status == 409:
        assert "Typed words" in answer.text


def test_of_two_who_write_the_second_is_told(app, token, verifier):
    act(app, verifier, "take")
    version = str(case_of(app).version)
    assert act(app, verifier, "tell", "First").status_code == 303
    answer = act(app, verifier, "decline", "Second", version=version)
    assert answer.status_code == 409
    assert "The case changed while you wrote" in words(answer)
    assert "Second" in answer.text
    assert "First" in words(answer)


def test_two_who_take_a_case_at_once_do_not_both_get_it(app, token):
    for browsers in [(sign_in(app), sign_in(app)) for _round in range(5)]:
        version = str(case_of(app).version)
        tokens = [form_token(browser) for browser in browsers]
        before = len(acts(app))

        def take(number, browsers=browsers, tokens=tokens, version=version):
            data = {"version": version, "csrf_token": tokens[number]}
            return browsers[number].post("/admin/cases/1/take", data=data).status_code

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(take, (0, 1))) == [303, 409]
        assert len(acts(app)) == before + 1


def test_a_conflicted_person_reads_and_does_not_act(app, token, clinic_id, verifier):
    with app.app_context():
        session = db.session()
        begin_writing(session)
        me = session.get_one(User, verifier.user_id)
        accounts.declare_conflict(session, me, NOW, reason="I worked there", clinic_id=clinic_id)
        session.commit()
    page = verifier.get("/admin/cases/1")
    assert "You declared a conflict" in words(page)
    assert "/take" not in page.text
    before = digest(app)
    for step in ("take", "note", "accept"):
        assert act(app, verifier, step, "x").status_code == 403
    assert post(verifier, "/admin/cases/1/messages/1/erase", {"reason": "x"}).status_code == 403
    assert post(verifier, "/admin/cases/1/mail/1/retry").status_code == 403
    assert digest(app) == before


def test_failed_mail_is_shown_and_tried_again(app, client, clinic_id):
    box = outbox(app)
    box.problem = NotSent("recipient refused 550")
    send(app, client, f"/clinics/{clinic_id}/concern", {**CONCERN, **CONTACT})
    moment = NOW
    for _try in range(6):
        moment += timedelta(hours=25)
        set_clock(app, moment)
        app.test_cli_runner().invoke(args=["mail", "send"])
    verifier = sign_in(app)
    assert "recipient refused 550" in words(verifier.get("/admin/cases"))
    page = verifier.get("/admin/cases/1")
    assert "did not go out after 6 tries" in words(page)
    assert CONTACT["email"] in page.text
    box.problem = None
    assert post(verifier, "/admin/cases/1/mail/1/retry").status_code == 303
    assert acts(app)[-1] == "case:mail_retried"
    assert "went out on" in words(verifier.get("/admin/cases/1"))
    assert post(verifier, "/admin/cases/1/mail/1/retry").status_code == 409
    assert post(verifier, "/admin/cases/1/mail/99/retry").status_code == 404
    with app.app_context():
        problem = db.session.scalars(select(OutgoingMail.problem)).all()
    assert problem == [None]


def test_words_are_erased_with_a_reason(app, client, token, verifier):
    url = "/admin/cases/1/messages/1/erase"
    assert "Nobody watched me." in words(verifier.get(url))
    assert post(verifier, url, {"reason": ""}).status_code == 400
    assert post(verifier, url, {"reason": "health of a patient"}).status_code == 303
    assert acts(app)[-1] == "case:words_erased"
    for page in (verifier.get("/admin/cases/1"), client.get(f"/cases/{token}")):
        assert "Nobody watched me." not in page.text
        assert "These words were erased" in words(page)
    assert verifier.get("/admin/cases/2/messages/1/erase").status_code == 404
    with app.app_context():
        assert db.session.scalars(select(CaseMessage.words)).all() == [None]


def test_contacts_past_their_time_are_unread_and_erased_by_an_admin(app, client, token):
    verifier = sign_in(app)
    act(app, verifier, "take")
    act(app, verifier, "decline", "No")
    set_clock(app, NOW + timedelta(days=91))
    verifier, admin = sign_in(app), sign_in(app, role="admin")
    assert CONTACT["email"] not in verifier.get("/admin/cases/1").text
    assert "Erase them now" not in verifier.get("/admin/cases").text
    assert "Erase them now" in admin.get("/admin/cases").text
    assert post(verifier, "/admin/cases/contacts/erase").status_code == 403
    assert post(admin, "/admin/cases/contacts/erase").status_code == 303
    assert acts(app)[-1] == "case:contact_erased"
    assert "Contact details to erase" not in words(admin.get("/admin/cases"))


def test_nobody_else_comes_in(app, client, token, clinic_id):
    case = case_of(app)
    before = digest(app)
    for url in ("", "/1", "/1/messages/1/erase", f"/replies/{clinic_id}"):
        assert client.get(f"/admin/cases{url}").status_code == 303
    for url in ("/1/take", "/1/mail/1/retry", "/contacts/erase", "/1/messages/1/erase"):
        assert client.post(f"/admin/cases{url}").status_code == 401
    for url in (f"/replies/{clinic_id}/sup-acls", f"/replies/{clinic_id}/sup-acls/end"):
        assert client.post(f"/admin/cases{url}").status_code == 401
    assert digest(app) == before
    assert case.state is CaseState.RECEIVED


def test_a_reply_is_public_within_the_same_request(app, client):
    clinic_id = adverse_clinic(app)
    verifier = sign_in(app)
    public, api = f"/clinics/{clinic_id}", f"/api/v1/clinics/{clinic_id}"

    def finding():
        found = client.get(api).json["findings"]
        return next(f for f in found if f["criterion"] == "sup-acls")

    assert finding()["disputed"] is False
    assert not listed(client, "85004")[0]["disputed"]
    url = f"/admin/cases/replies/{clinic_id}/sup-acls"
    said = {"words": "The card was <renewed> in May.", "answered_on": "2026-05-30"}
    assert post(verifier, url, said).status_code == 303
    assert finding()["disputed"] is True
    assert finding()["state"] == "not_met"
    assert finding()["reply"] == {
        "answered_on": "2026-05-30",
        "words": "The card was <renewed> in May.",
    }
    assert listed(client, "85004")[0]["disputed"]
    page = client.get(public, follow_redirects=True)
    assert "The clinic answered on 30 May 2026: “The card was &lt;renewed&gt; in May.”" in page.text
    assert "disputed" in words(page)
    card = client.get("/clinics?near=85004")
    assert "The clinic disagrees." in words(card)
    assert "In May" not in card.text
    assert acts(app)[-1] == "finding:disputed"
    assert "renewed" in verifier.get(f"/admin/cases/replies/{clinic_id}").text
    assert post(verifier, f"{url}/end").status_code == 303
    assert finding()["disputed"] is False
    assert finding()["reply"] is None
    assert "answered on" not in words(client.get(public, follow_redirects=True))
    assert acts(app)[-1] == "finding:undisputed"
    assert post(verifier, f"{url}/end").status_code == 409


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"words": " "}, 400),
        ({"words": "x" * 601}, 400),
        ({"answered_on": "2026-06-02"}, 400),
        ({"answered_on": "soon"}, 400),
        ({"csrf_token": "forged"}, 400),
    ],
)
def test_a_bad_reply_changes_nothing(app, change, status):
    clinic_id = adverse_clinic(app)
    verifier = sign_in(app)
    url = f"/admin/cases/replies/{clinic_id}/sup-acls"
    verifier.get(url)
    before = digest(app)
    said = {"words": "We disagree.", "answered_on": "2026-05-30", **change}
    assert post(verifier, url, said).status_code == status
    assert digest(app) == before
    assert post(verifier, url.replace("sup-acls", "mon-vitals"), said).status_code in (400, 404)
    assert verifier.get(url.replace("sup-acls", "nothing")).status_code == 404
    assert digest(app) == before


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_is_written_is_inert_for_staff_and_public(app, client, hostile):
    plain = FlaskClient(app, app.response_class)

    def written(value):
        app.extensions["directory_throttle"]._seen.clear()
        data = {"about": "clinic", "clinic_name": value, "where": value, "words": value}
        token = sent_token(
            send(app, plain, "/suggest", {**data, "source": value, "phone": value, "name": value})
        )
        set_clock(app, NOW + PATIENCE)
        clinic_id = adverse_clinic(app)
        staff = sign_in(app, name=f"Staff {token}")
        staff.__class__ = FlaskClient
        with app.app_context():
            case = db.session.scalars(select(Case).where(Case.token == token)).one()
            number = case.id
        for step in ("take", "note", "tell", "ask"):
            with app.app_context():
                version = db.session.get(Case, number).version
            said = {"words": value, "version": str(version)}
            assert post(staff, f"/admin/cases/{number}/{step}", said).status_code == 303
        url = f"/admin/cases/replies/{clinic_id}/sup-acls"
        said = {"words": value, "answered_on": "2026-05-30"}
        assert post(staff, url, said).status_code == 303
        return [
            shape(browser.get(path, follow_redirects=True))
            for browser, path in (
                (staff, f"/admin/cases/{number}"),
                (staff, f"/admin/cases/replies/{clinic_id}"),
                (staff, url),
                (plain, f"/cases/{token}"),
                (plain, f"/clinics/{clinic_id}"),
            )
        ]

    assert written(hostile) == written("plain")


def test_the_list_pages_through(app, client):
    verifier = sign_in(app)
    app.extensions["directory_throttle"]._limit = 1000
    for _number in range(3):
        send(app, client, "/suggest", SUGGESTION)
    for query in ("", "?state=received", "?state=nonsense", "?page=2", "?page=-1", "?page=x"):
        assert verifier.get(f"/admin/cases{query}").status_code == 200
    assert words(verifier.get("/admin/cases")).count("New clinic") == 3
