"""Joining the staff by a one-time link: how it works once, and how it dies."""

import base64
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from directory.extensions import db
from directory.models import Event
from tests.factories import NOW
from tests.support.staff import Member, enter, invited, member, post, sign_in

WRONG = "000000"


def set_clock(app, moment):
    app.extensions["directory"].clock = lambda: moment


def acts(app):
    with app.app_context():
        return list(db.session.scalars(select(Event.act).order_by(Event.id)))


def test_joining_by_the_link_of_the_command_line(app):
    result = app.test_cli_runner().invoke(
        args=["staff", "invite", " Ana@Example.ORG", "--role", "admin", "--name", "Ana  Doe"]
    )
    assert result.exit_code == 0, result.output
    link = re.search(r"http://127\.0\.0\.1:5000(/account/join\?token=[\w-]{43})", result.output)[1]
    assert "DIRECTORY_TRUSTED_HOSTS sets its host, PORT its port" in result.output
    client = app.test_client()
    page = client.get(link)
    key = re.search(r'key-text">([A-Z2-7 ]+)<', page.text)[1]
    drawing = client.get(link.replace("join?", "join/code.svg?"))
    assert drawing.mimetype == "image/svg+xml"
    assert b"<path" in drawing.data
    app_of_ana = Member(0, "", base64.b32decode(key.replace(" ", "")), [])
    typed = {"password": "nine purple kettles", "again": "nine purple kettles", "code": WRONG}
    assert post(client, link, typed).status_code == 400
    assert client.get("/account").status_code == 303
    typed["code"] = app_of_ana.code()
    done = post(client, link, typed)
    assert done.status_code == 200
    assert len(set(re.findall(r'key-text">([a-z2-7 ]{19})<', done.text))) == 10
    assert client.get("/admin/staff").status_code == 200
    assert post(client, link, typed).status_code == 404
    assert client.get(link).status_code == 404
    assert acts(app)[-2:] == ["staff:invited", "staff:joined"]
    other = app.test_client()
    used = {"mail": "ana@example.org", "password": typed["password"], "code": typed["code"]}
    assert enter(other, used).status_code == 400, "the code that set the app up was used"


def test_the_commands_list_and_disable(app):
    person = member(app)
    runner = app.test_cli_runner()
    assert "ana@example.org\tverifier\tjoined\tana" in runner.invoke(args=["staff", "list"]).output
    assert runner.invoke(args=["staff", "disable", "ANA@example.org"]).exit_code == 0
    assert enter(app.test_client(), person.typed()).status_code == 400
    for words in (["disable", "nobody@example.org"], ["disable", "ana@example.org"],
                  ["invite", "ana@example.org", "--role", "verifier"],
                  ["invite", "nothing", "--role", "admin"]):  # fmt: skip
        assert runner.invoke(args=["staff", *words]).exit_code == 1


@pytest.mark.parametrize(
    "kill", ["seventy-two hours", "another link", "disabling"], ids=lambda kill: kill
)
def test_a_link_dies(app, kill):
    user_id, token = invited(app, "ben@example.org")
    url = f"/account/join?token={token}"
    set_clock(app, NOW + timedelta(hours=72) - timedelta(seconds=1))
    assert app.test_client().get(url).status_code == 200
    if kill == "another link":
        invited(app, "ben@example.org")
    elif kill == "disabling":
        admin = sign_in(app, "admin")
        assert post(admin, f"/admin/staff/{user_id}/disable").status_code == 303
    else:
        set_clock(app, NOW + timedelta(hours=72))
    assert app.test_client().get(url).status_code == 404


def test_the_key_is_shown_to_one_browser_only(app):
    _user_id, token = invited(app, "ben@example.org")
    first, second = app.test_client(), app.test_client()
    url = f"/account/join?token={token}"
    keys = [re.search(r'key-text">([A-Z2-7 ]+)<', c.get(url).text)[1] for c in (first, second)]
    assert keys[0] != keys[1]
    third = app.test_client()
    assert third.get(f"/account/join/code.svg?token={token}").status_code == 404
    assert post(third, url, {"password": "x"}).status_code == 303


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("elevenchars", "at least 12"),
        ("é" * 11, "at least 12"),
        ("x" * 201, "at most 200"),
        ("password12345678", "first passwords"),
        ("Password1234!", "first passwords"),
        ("aaaaaaaaaaaaaaaa", "first passwords"),
        ("ben.miller@example.org", "your own"),
        ("BenMiller2026", "your own"),
    ],
)
def test_a_weak_password_is_refused(app, password, words):
    _user_id, token = invited(app, "ben.miller@example.org")
    client = app.test_client()
    url = f"/account/join?token={token}"
    client.get(url)
    answer = post(client, url, {"password": password, "again": password, "code": WRONG})
    assert answer.status_code == 400
    assert words in answer.text
    assert password == "ben.miller@example.org" or password not in answer.text
