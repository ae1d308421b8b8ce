"""The door of the staff rooms: closed unless opened, and shut behind whoever has to leave."""

from datetime import timedelta

import pytest
from flask import Response, abort
from sqlalchemy import func, select
from werkzeug.routing.converters import NumberConverter

from directory.extensions import db
from directory.models import ConflictOfInterest, Event, StaffSession
from directory.operations import factors, sessions
from directory.web import access
from tests.factories import NOW, make_clinic
from tests.support.apps import close, make_app
from tests.support.staff import cookie_of, enter, holding, invited, member, post, sign_in

ROOMS = ("/admin", "/account")
OPEN = {
    "accounts.sign_in",
    "accounts.enter",
    "accounts.join",
    "accounts.join_code",
    "accounts.joined",
}


def set_clock(app, moment):
    app.extensions["directory"].clock = lambda: moment


def staff_rules(app):
    return [r for r in app.url_map.iter_rules() if r.rule.startswith(ROOMS)]


def address_of(rule):
    """Return an address that a rule answers; which rows there are does not matter."""
    values = {}
    for name, converter in rule._converters.items():
        words = sorted(getattr(converter, "items", ())) or ["x"]
        values[name] = 1 if isinstance(converter, NumberConverter) else words[0]
    return rule.build(values)[1]


def events_of(app):
    with app.app_context():
        return list(db.session.scalars(select(Event.act).order_by(Event.id)))


def test_every_staff_page_says_who_may_open_it(app):
    unmarked = [
        rule.endpoint
        for rule in staff_rules(app)
        if not hasattr(app.view_functions[rule.endpoint], access._MARK)
    ]
    assert unmarked == []
    opened = {
        rule.endpoint
        for rule in staff_rules(app)
        if getattr(app.view_functions[rule.endpoint], access._MARK) is access.EVERYBODY
    }
    assert opened == OPEN


def test_strangers_find_every_staff_page_closed(app):
    for rule in staff_rules(app):
        if rule.endpoint in OPEN:
            continue
        url = address_of(rule)
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            answer = app.test_client().open(url, method=method)
            if method == "GET":
                assert answer.status_code == 303, url
                assert answer.headers["Location"].startswith("/account/sign-in?next=/a"), url
            else:
                assert answer.status_code == 401, url
            assert answer.headers["Cache-Control"] == "no-store"
            assert not set(answer.headers.getlist("Set-Cookie"))


def test_verifiers_find_the_pages_of_admins_closed(app):
    verifier = sign_in(app)
    found = []
    for rule in staff_rules(app):
        view = app.view_functions[rule.endpoint]
        if getattr(view, access._MARK) is access.ADMINS:
            found.append(rule.endpoint)
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                assert verifier.open(address_of(rule), method=method).status_code == 403
    assert "accounts.staff" in found


def test_a_view_without_a_mark_is_closed_to_everybody(instance, databases):
    url = databases.fresh("loaded")
    app = make_app(instance, url)
    app.add_url_rule("/admin/forgotten", "forgotten", lambda: "open", methods=["GET", "POST"])
    app.add_url_rule("/elsewhere", "elsewhere", access.admin_page(lambda: abort(418)))
    admin = sign_in(app, "admin")
    for client in (app.test_client(), admin):
        assert client.get("/admin/forgotten").status_code == 404
        assert client.post("/admin/forgotten").status_code == 404
    assert app.test_client().get("/elsewhere").status_code == 303, "a mark counts anywhere"
    assert sign_in(app).get("/elsewhere").status_code == 403
    assert admin.get("/elsewhere").status_code == 418
    close(app)
    databases.drop(url)


def test_the_control_without_the_door_is_caught(instance, databases):
    url = databases.fresh("loaded")
    app = make_app(instance, url)
    app.add_url_rule("/admin/forgotten", "forgotten", lambda: Response("open", mimetype="text/x"))
    app.before_request_funcs[None].remove(access._door)
    assert app.test_client().get("/admin/forgotten").status_code == 200
    close(app)
    databases.drop(url)


def leave(app, client, person):
    assert post(client, "/account/sign-out").status_code == 303


def disabled(app, client, person):
    assert post(sign_in(app, "admin"), f"/admin/staff/{person.id}/disable").status_code == 303


def disabled_and_enabled(app, client, person):
    disabled(app, client, person)
    assert post(sign_in(app, "admin"), f"/admin/staff/{person.id}/enable").status_code == 303


def new_role(app, client, person):
    admin = sign_in(app, "admin")
    answer = post(admin, f"/admin/staff/{person.id}/role", {"role": "admin"})
    assert answer.status_code == 303


def new_password(app, client, person):
    fresh = "seven quiet lanterns"
    typed = {"present": person.password, "password": fresh, "again": fresh}
    assert post(client, "/account/password", typed).status_code == 303
    assert client.get("/account").status_code == 200, "this browser goes on under a new number"


def new_password_elsewhere(app, client, person):
    other = app.test_client()
    assert enter(other, person.typed(code=person.recovery[5])).status_code == 303
    new_password(app, other, person)


def revoked(app, client, person):
    other = app.test_client()
    assert enter(other, person.typed(code=person.recovery[5])).status_code == 303
    with app.app_context():
        number = db.session.scalar(
            select(StaffSession.id).where(
                StaffSession.token_sha256 == sessions.hashed(cookie_of(client))
            )
        )
    assert post(other, f"/account/sessions/{number}/end").status_code == 303


def joined_again(app, client, person):
    _id, token = invited(app, person.mail)
    other = app.test_client()
    url = f"/account/join?token={token}"
    page = other.get(url)
    assert page.status_code == 200
    assert client.get("/account").status_code == 200, "a link alone ends nothing"
    with other.session_transaction() as session:
        sealed = session["joining"]["secret"]
    key = factors.unsealed(sealed, factors.sealer(app.config["SECRET_KEY"]))
    code = type(person)(0, "", key, []).code()
    fresh = "seven quiet lanterns"
    assert post(other, url, {"password": fresh, "again": fresh, "code": code}).status_code == 200
    assert enter(app.test_client(), person.typed()).status_code == 400


ENDS = [
    leave,
    disabled,
    disabled_and_enabled,
    new_role,
    new_password,
    new_password_elsewhere,
    revoked,
    joined_again,
]


@pytest.mark.parametrize("ending", ENDS, ids=lambda e: e.__name__)
def test_an_old_cookie_is_dead_at_once(app, ending):
    person = member(app)
    client = app.test_client()
    assert enter(client, person.typed()).status_code == 303
    old = cookie_of(client)
    assert holding(app, old).get("/account").status_code == 200
    ending(app, client, person)
    thief = holding(app, old)
    assert thief.get("/account").status_code == 303
    assert post(thief, "/account/conflicts", {"kind": "clinic"}).status_code == 401


def test_the_control_that_only_takes_the_cookie_is_caught(app, monkeypatch):
    person = member(app)
    client = app.test_client()
    enter(client, person.typed())
    old = cookie_of(client)
    monkeypatch.setattr(sessions, "end", lambda *_args, **_more: 1)
    leave(app, client, person)
    assert holding(app, old).get("/account").status_code == 200


def test_a_session_ends_after_thirty_idle_minutes(app):
    client = sign_in(app)
    set_clock(app, NOW + timedelta(minutes=29, seconds=59))
    assert client.get("/account").status_code == 200
    set_clock(app, NOW + timedelta(minutes=59, seconds=58))
    assert client.get("/account").status_code == 200, "using it keeps it"
    set_clock(app, NOW + timedelta(minutes=89, seconds=58))
    assert client.get("/account").status_code == 303
    assert post(client, "/account/conflicts").status_code == 401


def test_a_session_ends_after_twelve_hours_however_busy(app):
    client = sign_in(app)
    moment = NOW
    while moment + timedelta(minutes=20) < NOW + timedelta(hours=12):
        moment += timedelta(minutes=20)
        set_clock(app, moment)
        assert client.get("/account").status_code == 200
    set_clock(app, NOW + timedelta(hours=12) - timedelta(seconds=1))
    assert client.get("/account").status_code == 200
    set_clock(app, NOW + timedelta(hours=12))
    assert client.get("/account").status_code == 303


def test_what_happens_while_a_request_is_under_way_wins(app, monkeypatch):
    """The door saw a live session; before the act's own transaction the account was disabled."""
    client = sign_in(app)
    honest = sessions.look_up

    def slow(connection, token, now):
        opened = honest(connection, token, now)
        monkeypatch.setattr(sessions, "look_up", honest)
        admin = sign_in(app, "admin")
        assert post(admin, f"/admin/staff/{client.user_id}/disable").status_code == 303
        return opened

    with app.app_context():
        clinic = make_clinic(db.session())
        db.session.commit()
        number = clinic.id
    monkeypatch.setattr(sessions, "look_up", slow)
    tie = {"kind": "clinic", "number": str(number), "reason": "My sister works there"}
    assert post(client, "/account/conflicts", tie).status_code == 403
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(ConflictOfInterest)) == 0


def test_admins_manage_the_staff_but_never_themselves(app):
    admin = sign_in(app, "admin", email="root@example.org")
    other = member(app)
    before = len(events_of(app))
    page = post(admin, "/admin/staff", {"mail": "New@example.org", "role": "verifier", "name": ""})
    assert "/account/join?token=" in page.text
    acts = [("role", {"role": "admin"}), ("role", {"role": "verifier"}), ("disable", {}),
            ("enable", {})]  # fmt: skip
    for act, data in acts:
        assert post(admin, f"/admin/staff/{other.id}/{act}", data).status_code == 303
    assert events_of(app)[before:] == [
        "staff:invited",
        "staff:role_changed",
        "staff:role_changed",
        "staff:disabled",
        "staff:enabled",
    ]
    before = len(events_of(app))
    for act, data in acts:
        answer = post(admin, f"/admin/staff/{admin.user_id}/{act}", data)
        assert answer.status_code == 409, act
    for url, data, status in (
        (f"/admin/staff/{other.id}/role", {"role": "system"}, 409),
        (f"/admin/staff/{other.id}/role", {"role": "owner"}, 400),
        (f"/admin/staff/{other.id}/role", {"role": "verifier"}, 409),
        (f"/admin/staff/{other.id}/enable", {}, 409),
        ("/admin/staff/999999/disable", {}, 404),
        ("/admin/staff", {"mail": "nothing", "role": "verifier"}, 400),
        ("/admin/staff", {"mail": "x@example.org", "role": "system"}, 400),
        ("/admin/staff", {"mail": "ana@example.org", "role": "admin"}, 409),
    ):
        assert post(admin, url, data).status_code == status, (url, data)
    assert len(events_of(app)) == before


def test_conflicts_are_declared_and_withdrawn_by_oneself(app):
    client, other = sign_in(app), sign_in(app)
    with app.app_context():
        number = make_clinic(db.session()).id
        db.session.commit()
    tie = {"kind": "clinic", "number": str(number), "reason": "My sister works there"}
    assert post(client, "/account/conflicts", tie).status_code == 303
    assert "My sister works there" in client.get("/account").text
    assert post(client, "/account/conflicts", tie).status_code == 409
    for changes in ({"number": "0"}, {"number": "x"}, {"number": "9" * 30}, {"reason": ""}):
        assert post(client, "/account/conflicts", tie | changes).status_code == 400
    for changes in ({"number": "999"}, {"kind": "organization", "number": "999"}):
        answer = post(client, "/account/conflicts", tie | changes)
        assert answer.status_code == 409
        assert "My sister works there" in answer.text, "what was typed is kept"
    with app.app_context():
        tie_id = db.session.scalar(select(ConflictOfInterest.id))
    withdraw = f"/account/conflicts/{tie_id}/withdraw"
    before = len(events_of(app))
    assert post(other, withdraw).status_code == 303
    assert len(events_of(app)) == before, "nobody withdraws another's"
    assert post(client, withdraw).status_code == 303
    assert "My sister works there" not in client.get("/account").text
    assert events_of(app)[before:] == ["conflict:withdrawn"]


def test_codes_and_passwords_ask_for_the_present_password(app):
    person = member(app)
    client = app.test_client()
    enter(client, person.typed())
    before = len(events_of(app))
    fresh = {"password": "seven quiet lanterns", "again": "seven quiet lanterns"}
    assert post(client, "/account/password", fresh | {"present": "no"}).status_code == 400
    assert post(client, "/account/codes", {"present": "no"}).status_code == 400
    slip = fresh | {"present": person.password, "again": "x"}
    assert post(client, "/account/password", slip).status_code == 400
    assert len(events_of(app)) == before
    page = post(client, "/account/codes", {"present": person.password})
    assert page.text.count('class="key-text"') == 10
    assert events_of(app)[before:] == ["staff:recovery_codes_made"]
    old = person.typed(code=person.recovery[1])
    assert enter(app.test_client(), old).status_code == 400


def test_staff_pages_are_never_kept_and_public_pages_set_no_cookie(app):
    client = sign_in(app, "admin")
    for url in ("/account", "/account/password", "/admin/staff", "/account/sign-in"):
        assert client.get(url).headers["Cache-Control"] == "no-store"
    for url in ("/", "/checklist", "/guide"):
        answer = client.get(url)
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")
        assert answer.text == app.test_client().get(url).text
