"""Signing in and joining by real requests: what gets in, what never does, what nobody learns."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from directory.extensions import db
from directory.models import Event, Invitation, RecoveryCode, StaffSession, User
from directory.operations import factors
from directory.web.accounts.throttle import Throttle
from tests.factories import NOW
from tests.support.apps import running
from tests.support.staff import (
    cookie_of,
    enter,
    form_token,
    holding,
    invited,
    member,
    post,
    sign_in,
)

WRONG = "000000"
SPELLINGS = [
    "{0}",
    " {0}",
    "{0} ",
    "{a} {b}",
    "{a}-{b}",
    "{a}\u00a0{b}",
    "{a}\u2009{b}",
    "{a}\u200b{b}",
    "{a}\t{b}",
    "{a}\u2011{b}",
    "full-width",
    "arabic",
]


def spelled(code, how):
    """Return a code in another spelling of the same digits."""
    if how == "full-width":
        return "".join(chr(0xFF10 + int(d)) for d in code)
    if how == "arabic":
        return "".join(chr(0x0660 + int(d)) for d in code)
    return how.format(code, a=code[:3], b=code[3:])


def shown(response):
    """Return a page without the token that differs each time."""
    return re.sub(r'name="csrf_token" value="[^"]*"', "", response.text)


def count(app, table):
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table))


def test_a_fresh_directory_has_no_account(demo_app):
    with demo_app.app_context():
        able = db.session.scalars(select(User).where(User.password_hash.is_not(None))).all()
    assert able == []


def test_signing_in_gives_a_new_number_and_takes_none_from_outside(app):
    person = member(app)
    client = app.test_client()
    client.set_cookie("staff", "a-number-somebody-else-chose")
    assert enter(client, person.typed()).status_code == 303
    first = cookie_of(client)
    assert len(first) == 43
    assert first != "a-number-somebody-else-chose"
    again = person.typed(code=person.recovery[0])
    assert enter(client, again).status_code == 303
    assert cookie_of(client) != first
    assert holding(app, first).get("/account").status_code == 303, "the old number has ended"


def test_a_password_alone_opens_nothing(app):
    person = member(app, role="admin")
    for code in ("", WRONG, person.password, person.mail):
        client = app.test_client()
        assert enter(client, person.typed(code=code)).status_code == 400
        assert client.get("/admin/staff").status_code == 303
        assert client.get("/account").status_code == 303


@pytest.mark.parametrize("how", SPELLINGS, ids=range(len(SPELLINGS)))
def test_a_code_works_once_in_any_spelling(app, how):
    person = member(app)
    other = spelled(person.code(), how)
    assert enter(app.test_client(), person.typed(code=other)).status_code == 303
    for again in SPELLINGS:
        typed = person.typed(code=spelled(person.code(), again))
        address = {"REMOTE_ADDR": f"203.0.113.{SPELLINGS.index(again)}"}
        answer = enter(app.test_client(), typed, environ_overrides=address)
        assert answer.status_code == 400, f"{again} got in after {how}"


def test_the_control_without_a_memory_of_codes_is_caught(app, monkeypatch):
    person = member(app)
    monkeypatch.setattr(factors, "_spend_step", lambda *_: True)
    answers = [enter(app.test_client(), person.typed()).status_code for _ in range(2)]
    assert answers == [303, 303]


def test_a_code_is_good_for_a_step_before_and_after(app):
    person = member(app)
    results = {}
    for steps in (-2, 2, -1, 0, 1):
        typed = person.typed(code=person.code(NOW + timedelta(seconds=30 * steps)))
        results[steps] = enter(app.test_client(), typed).status_code
    assert results == {-2: 400, 2: 400, -1: 303, 0: 303, 1: 303}
    assert enter(app.test_client(), person.typed()).status_code == 400, "an older step came back"


def test_a_recovery_code_works_once(app):
    person = member(app)
    first, second = person.recovery[:2]
    assert enter(app.test_client(), person.typed(code=first)).status_code == 303
    assert enter(app.test_client(), person.typed(code=first.upper())).status_code == 400
    assert enter(app.test_client(), person.typed(code=first.replace(" ", "-"))).status_code == 400
    assert (
        enter(app.test_client(), person.typed(code=second.upper().replace(" ", ""))).status_code
        == 303
    )
    stranger = member(app, "ben@example.org")
    stolen = stranger.typed(code=person.recovery[2])
    assert enter(app.test_client(), stolen).status_code == 400


def attempts(app):
    """Yield each kind of refused sign-in: what it is, and what is typed."""
    known = member(app, "ana@example.org")
    member(app, "eve@example.org")
    gone = member(app, "dan@example.org")
    invited(app, "ben@example.org")
    admin = sign_in(app, "admin")
    assert post(admin, f"/admin/staff/{gone.id}/disable").status_code == 303
    yield "unknown", known.typed(mail="who@example.org")
    yield "wrong password", known.typed(password="nine purple kettles")
    yield "wrong code", known.typed(code=WRONG)
    yield "invited", known.typed(mail="ben@example.org")
    yield "disabled", gone.typed()
    yield "no address", known.typed(mail="")
    yield "somebody else's code", known.typed(mail="eve@example.org")


def refusals(app, monkeypatch):
    """Return how each kind is answered: all that a person outside can see, and the hashing."""
    checked = []
    honest = factors._hasher

    class Counting:
        def verify(self, *args):
            checked.append(args)
            return honest.verify(*args)

        def hash(self, text):
            return honest.hash(text)

    seen = {}
    todo = list(attempts(app))
    monkeypatch.setattr(factors, "_hasher", Counting())
    for kind, typed in todo:
        client = app.test_client()
        client.get("/account/sign-in")
        checked.clear()
        answer = enter(client, typed)
        page = shown(answer).replace(typed["mail"], "") if typed["mail"] else shown(answer)
        headers = {
            name: value
            for name, value in answer.headers
            if name not in ("Content-Length", "Set-Cookie", "Date")
        }
        cookies = [c.partition("=")[0] for c in answer.headers.getlist("Set-Cookie")]
        seen[kind] = (answer.status_code, page, headers, cookies, len(checked))
    return seen


def test_nobody_learns_which_accounts_exist(app, monkeypatch):
    seen = refusals(app, monkeypatch)
    for kind, answer in seen.items():
        assert answer == seen["unknown"], kind
    assert seen["unknown"][0] == 400
    assert seen["unknown"][-1] == 1, "each try costs one slow hash"


def test_the_control_that_hashes_only_for_known_accounts_is_caught(app, monkeypatch):
    fits = factors.password_fits
    monkeypatch.setattr(
        factors, "password_fits", lambda kept, typed: bool(kept) and fits(kept, typed)
    )
    seen = refusals(app, monkeypatch)
    assert seen["wrong password"] != seen["unknown"]


@pytest.mark.parametrize("mail", ["ana@example.org", "nobody@example.org"])
def test_guessing_is_slowed_down_for_the_one_who_guesses(app, mail):
    person = member(app)
    for attempt in range(20):
        typed = person.typed(mail=mail, password=f"wrong password {attempt}")
        answer = enter(app.test_client(), typed)
        assert answer.status_code == (400 if attempt < 10 else 429)
    assert int(answer.headers["Retry-After"]) > 0
    assert enter(app.test_client(), person.typed(mail=mail)).status_code == 429
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    answer = enter(app.test_client(), person.typed(), environ_overrides=elsewhere)
    assert answer.status_code == 303, "the person it is about gets in from elsewhere"


def test_wrong_codes_after_a_right_password_are_few_wherever_they_come_from(app):
    person = member(app)

    app.extensions["directory.accounts"] = throttle = Throttle()
    for _ in range(49):
        throttle.wrong_code(person.mail)
    answers = [
        enter(
            app.test_client(),
            person.typed(code=code),
            environ_overrides={"REMOTE_ADDR": f"203.0.113.{number}"},
        ).status_code
        for number, code in enumerate((WRONG, person.code(), person.recovery[0]))
    ]
    assert answers == [400, 400, 400]
    stranger = member(app, "ben@example.org")
    assert enter(app.test_client(), stranger.typed()).status_code == 303


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "/admin//evil.example",
        "/admin@evil.example",
        "/admin.evil.example",
        "/adminevil",
        "/account:x",
        "javascript:alert(1)",
        "/admin/\r\nSet-Cookie: a=b",
        "/admin/%0d%0aX: y",
        "/",
        "/clinics?near=85004",
        "admin/",
        " /admin/",
        "/admin/ ",
        "/admin/é",
        "/admin/#x",
        "/admin?next=https://evil.example",
        "http:/admin/",
        "/%2f/evil.example",
        "",
    ],
)
def test_the_way_back_never_leads_elsewhere(app, target):
    person = member(app)
    client = app.test_client()
    if not any(c in target for c in "\r\n"):
        assert "evil" not in client.get("/account/sign-in", query_string={"next": target}).text
    answer = post(client, "/account/sign-in", person.typed(), query_string={"next": target})
    if answer.status_code == 400:
        return
    assert answer.headers["Location"] in ("/account", "/admin/")


def test_the_way_back_leads_to_the_page_that_was_asked_for(app):
    person = member(app)
    client = app.test_client()
    asked = client.get("/account?clinic=7")
    assert asked.status_code == 303
    page = client.get(asked.headers["Location"])
    action = re.search(r'action="([^"]+)"', page.text)[1]
    assert enter(client, person.typed(), action).headers["Location"] == "/account?clinic=7"


def test_the_cookies_over_https(instance, databases):
    url = databases.fresh("loaded")
    with running(instance, url, https=True) as app:
        person = member(app)
        client = app.test_client()
        base = "https://localhost"
        page = client.get("/account/sign-in", base_url=base)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
        answer = client.post(
            "/account/sign-in", data=person.typed() | {"csrf_token": token}, base_url=base
        )
        assert answer.status_code == 303
        cookies = answer.headers.getlist("Set-Cookie")
    databases.drop(url)
    staff = next(c for c in cookies if c.startswith("__Host-staff="))
    parts = {part.strip() for part in staff.split(";")[1:]}
    assert parts == {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}
    assert [c for c in cookies if not c.startswith("__Host-")] == []


def test_nothing_that_opens_a_door_is_stored_as_it_is(app, databases):
    person = member(app)
    client = app.test_client()
    enter(client, person.typed())
    _user_id, link = invited(app, "ben@example.org")
    with app.app_context():
        rows = [
            str(list(row))
            for table in (User, StaffSession, Invitation, RecoveryCode, Event)
            for row in db.session.execute(select(table.__table__))
        ]
    stored = "\n".join(rows)
    keys = [factors.spelled_secret(person.secret).replace(" ", ""), str(person.secret)]
    plain = [code.replace(" ", "") for code in person.recovery]
    for secret in (person.password, cookie_of(client), link, *keys, *person.recovery, *plain):
        assert secret not in stored
    assert "$argon2id$" in stored


UNSAFE = [
    ("/account/sign-in", {}),
    ("/account/sign-out", {}),
    ("/account/password", {}),
    ("/account/codes", {}),
    ("/account/conflicts", {}),
    ("/admin/staff", {"mail": "new@example.org", "role": "verifier"}),
    ("/admin/staff/{other}/role", {"role": "admin"}),
    ("/admin/staff/{other}/disable", {}),
    ("/admin/staff/{other}/enable", {}),
]


@pytest.mark.parametrize(("url", "data"), UNSAFE, ids=[url for url, _data in UNSAFE])
def test_a_form_without_its_token_changes_nothing(app, url, data):
    person, other = member(app, role="admin"), member(app, "ben@example.org")
    client = app.test_client()
    enter(client, person.typed())
    url = url.format(other=other.id)
    events = count(app, Event)
    somebody = form_token(sign_in(app, "admin"))
    for token in (None, "", "x", somebody, form_token(client)[:-2]):
        answer = client.post(url, data=data | ({} if token is None else {"csrf_token": token}))
        assert answer.status_code == 400, token
    assert count(app, Event) == events
    assert client.get("/account").status_code == 200
