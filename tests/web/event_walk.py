"""For every unsafe route a scene that succeeds, with the lines the log must then hold.

A scene prepares what it needs and returns what is sent. One with `nothing` sends what changes no
fact, each with the reason why it writes no line.
"""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from directory.extensions import db
from directory.models import (
    Case,
    CaseMessage,
    ConflictOfInterest,
    OutgoingMail,
    StaffSession,
    User,
)
from directory.operations.people import system_user
from directory.sources.mail import NotSent
from tests.factories import NOW
from tests.support.staff import Member, form_token, invited, member, post, sign_in
from tests.web.outside import (
    CONCERN,
    CONTACT,
    CORRECTION,
    PATIENCE,
    SUGGESTION,
    adverse_clinic,
    hidden,
    listed_clinic,
    outbox,
    send,
    sent_token,
    set_clock,
)
from tests.web.test_editing_pages import written

ACLS = "sup-acls"
FRESH = "seven quiet lanterns"
SAID = {"words": "The card was renewed.", "answered_on": "2026-05-30"}
Subject = int | type | Callable[[Any], int]


@dataclass(frozen=True)
class Sent:
    """What a scene sends, who acts, and the subject of each line: a number, or what finds it.

    A model stands for its newest row, a function is given the answer.
    """

    browser: Any
    url: str
    data: dict[str, Any] = field(default_factory=dict)
    actor: int = 0
    subjects: tuple[Subject, ...] = ()
    status: int = 303
    file: bytes = b""

    def send(self) -> Any:
        """Send it: a public form with its slip, any other with its token; a file as one body."""
        if "slip" in self.data:
            return self.browser.post(self.url, data=self.data)
        if not self.file:
            return post(self.browser, self.url, self.data)
        fields = {"csrf_token": form_token(self.browser), **self.data}
        line = b"--limit\r\nContent-Disposition: form-data; name="
        body = b"".join(line + f'"{k}"\r\n\r\n{v}\r\n'.encode() for k, v in fields.items())
        body += line + b'"file"; filename="a.png"\r\n\r\n' + self.file + b"\r\n--limit--\r\n"
        return self.browser.post(
            self.url, data=body, content_type="multipart/form-data; boundary=limit"
        )


@dataclass(frozen=True)
class Scene:
    """One request that succeeds: the rule it meets, the acts it writes in order."""

    endpoint: str
    name: str
    acts: tuple[str, ...]
    nothing: str
    prepare: Callable[[Any], Sent]


SCENES: list[Scene] = []

READING = frozenset({"public.near_me"})
"""Unsafe routes that never write: they take what no address should hold."""


def scene(endpoint: str, *acts: str, name: str = "", nothing: str = "") -> Callable[..., Any]:
    """Add a scene: its rule, and its acts or the reason why it has none."""
    assert bool(acts) != bool(nothing)

    def add(prepare: Callable[[Any], Sent]) -> Callable[[Any], Sent]:
        title = f"{endpoint} {name or prepare.__name__}"
        SCENES.append(Scene(endpoint, title, acts, nothing, prepare))
        return prepare

    return add


def staff(app: Any, url: str, *subjects: Subject, **data: str) -> Sent:
    """Return a form sent by a new verifier."""
    browser = sign_in(app)
    return Sent(browser, url, data, browser.user_id, subjects)


def admin(app: Any, url: str, *subjects: Subject, **data: str) -> Sent:
    """Return a form sent by a new admin."""
    browser = sign_in(app, "admin")
    return Sent(browser, url, data, browser.user_id, subjects)


def program(app: Any) -> int:
    """Return the number of the user who acts for the public."""
    return written(app, lambda session: system_user(session).id)


def newest(app: Any, model: Any) -> int:
    """Return the number of the newest row."""
    with app.app_context():
        return db.session.scalars(select(model.id).order_by(model.id.desc())).first()


def mail_of(app: Any) -> str:
    """Return a mail address that nobody has yet."""
    return f"person{newest(app, User)}@example.org"


# One's own account and the door.


@scene("accounts.enter", "session:signed_in")
def with_password_and_code(app):
    person = member(app, mail_of(app))
    url = "/account/sign-in"
    return Sent(app.test_client(), url, person.typed(), person.id, (StaffSession,))


@scene("accounts.enter", "session:signed_in")
def with_a_recovery_code(app):
    person = member(app, mail_of(app))
    data = person.typed(code=person.recovery[1])
    return Sent(app.test_client(), "/account/sign-in", data, person.id, (StaffSession,))


@scene("accounts.sign_out", "session:signed_out")
def signed_out(app):
    return staff(app, "/account/sign-out", StaffSession)


@scene("accounts.joined", "staff:joined")
def by_the_link(app):
    user_id, token = invited(app, mail_of(app))
    browser, url = app.test_client(), f"/account/join?token={token}"
    key = re.search(r'key-text">([A-Z2-7 ]+)<', browser.get(url).text)[1].replace(" ", "")
    code = Member(0, "", base64.b32decode(key), []).code()
    data = {"password": FRESH, "again": FRESH, "code": code}
    return Sent(browser, url, data, user_id, (user_id,), 200)


@scene("accounts.change_password", "staff:password_changed")
def new_password(app):
    person = member(app, mail_of(app))
    data = {"present": person.password, "password": FRESH, "again": FRESH}
    browser = sign_in(app, id=person.id)
    return Sent(browser, "/account/password", data, person.id, (person.id,))


@scene("accounts.new_codes", "staff:recovery_codes_made")
def new_codes(app):
    person = member(app, mail_of(app))
    data = {"present": person.password}
    browser = sign_in(app, id=person.id)
    return Sent(browser, "/account/codes", data, person.id, (person.id,), 200)


@scene("accounts.end_session", "session:revoked")
def another_browser(app):
    other = sign_in(app)
    number = newest(app, StaffSession)
    browser = sign_in(app, id=other.user_id)
    url = f"/account/sessions/{number}/end"
    return Sent(browser, url, {}, other.user_id, (number,))


def tie(app):
    """Return a form that declares a tie to a clinic."""
    number = str(listed_clinic(app))
    data = {"kind": "clinic", "number": number, "reason": "My sister works there"}
    return staff(app, "/account/conflicts", ConflictOfInterest, **data)


scene("accounts.declare_conflict", "conflict:declared")(tie)


@scene("accounts.withdraw_conflict", "conflict:withdrawn")
def tie_is_over(app):
    declared = tie(app)
    assert declared.send().status_code == 303
    number = newest(app, ConflictOfInterest)
    url = f"/account/conflicts/{number}/withdraw"
    return Sent(declared.browser, url, {}, declared.actor, (number,))


@scene("accounts.invite", "staff:invited")
def invitation(app):
    sent = admin(app, "/admin/staff", User, mail=mail_of(app), role="verifier", name="")
    return replace(sent, status=200)


@scene("accounts.change_role", "staff:role_changed")
def another_role(app):
    other = sign_in(app).user_id
    return admin(app, f"/admin/staff/{other}/role", other, role="admin")


@scene("accounts.disable", "staff:disabled")
def shut_out(app):
    other = sign_in(app).user_id
    return admin(app, f"/admin/staff/{other}/disable", other)


@scene("accounts.enable", "staff:enabled")
def let_in_again(app):
    other = sign_in(app, disabled_at=NOW).user_id
    return admin(app, f"/admin/staff/{other}/enable", other)


# What the public writes, and what staff do with it.


def form_sent(app, url, data, **more):
    """Return a public form with its slip, filled in as patiently as people do."""
    browser = app.test_client()
    slip = hidden(browser.get(url), "slip")
    set_clock(app, NOW + PATIENCE)
    return Sent(browser, url, {"slip": slip, **data}, program(app), (Case,), **more)


@scene("outside.send_suggestion", "case:received")
def suggestion(app):
    return form_sent(app, "/suggest", SUGGESTION)


@scene("outside.send_suggestion", nothing="a form sent twice makes one case, whose page it shows")
def suggestion_twice(app):
    sent = form_sent(app, "/suggest", SUGGESTION)
    assert sent.send().status_code == 303
    return sent


@scene("outside.send_correction", "case:received")
def correction(app):
    return form_sent(app, f"/clinics/{listed_clinic(app)}/suggest", CORRECTION)


@scene("outside.send_concern", "case:received")
def concern(app):
    return form_sent(app, f"/clinics/{listed_clinic(app)}/concern", {**CONCERN, **CONTACT})


def received(app, **more):
    """Return the token of a new case with a contact, and its number."""
    url = f"/clinics/{listed_clinic(app)}/concern"
    token = sent_token(send(app, app.test_client(), url, {**CONCERN, **CONTACT}, **more))
    return token, newest(app, Case)


def answered(app, name, words):
    """Return what a sender sends from the page of their case."""
    token, number = received(app)
    browser = app.test_client()
    page = browser.get(f"/cases/{token}")
    data = {"slip": hidden(page, "slip"), "version": hidden(page, "version"), "words": words}
    return Sent(browser, f"/cases/{token}/{name}", data, program(app), (number,))


@scene("outside.answer", "case:answered")
def answer(app):
    return answered(app, "answer", "It was in May.")


@scene("outside.withdraw", "case:withdrawn")
def withdrawal(app):
    return answered(app, "withdraw", "")


def step_of(step: str, taken: bool) -> Callable[[Any], Sent]:
    """Return how to prepare one step of a case, which the same person took before."""

    def prepare(app):
        _token, number = received(app)
        browser, url = sign_in(app), f"/admin/cases/{number}"
        data = {"words": "Some words"}
        if taken:
            first = {"version": hidden(browser.get(url), "version")}
            assert post(browser, f"{url}/take", first).status_code == 303
        data["version"] = hidden(browser.get(url), "version")
        return Sent(browser, f"{url}/{step}", data, browser.user_id, (number,))

    return prepare


for verb, written_as, begun in (
    ("take", "assigned", False),
    ("release", "released", True),
    ("ask", "information_requested", True),
    ("tell", "replied", True),
    ("note", "noted", False),
    ("accept", "accepted", True),
    ("decline", "declined", True),
):
    scene("cases.act", f"case:{written_as}", name=verb)(step_of(verb, begun))


@scene("cases.erase_words", "case:words_erased")
def erased(app):
    _token, number = received(app)
    url = f"/admin/cases/{number}/messages/{newest(app, CaseMessage)}/erase"
    return staff(app, url, number, reason="health of a patient")


@scene("cases.retry_mail", "case:mail_retried")
def mail_again(app):
    box = outbox(app)
    box.problem = NotSent("refused")
    _token, number = received(app)
    box.problem = None
    url = f"/admin/cases/{number}/mail/{newest(app, OutgoingMail)}/retry"
    return staff(app, url, number)


def long_closed(app):
    """Erase what was due before, and wait until the contact of one more case is due."""
    for turn in range(2):
        set_clock(app, NOW)
        sent = step_of("accept", taken=True)(app)
        assert sent.send().status_code == 303
        set_clock(app, NOW + timedelta(days=91))
        erase = admin(app, "/admin/cases/contacts/erase", *sent.subjects)
        if turn == 0:
            assert erase.send().status_code == 303
    return erase


@scene("cases.erase_contacts", "case:contact_erased")
def one_contact_is_due(app):
    return long_closed(app)


@scene("cases.erase_contacts", nothing="no contact is due, so nothing is erased")
def no_contact_is_due(app):
    sent = long_closed(app)
    assert sent.send().status_code == 303
    return sent


@scene("cases.record_reply", "finding:disputed")
def reply(app):
    number = adverse_clinic(app)
    return staff(app, f"/admin/cases/replies/{number}/{ACLS}", number, **SAID)


@scene("cases.end_reply", "finding:undisputed")
def reply_over(app):
    sent = reply(app)
    assert sent.send().status_code == 303
    return replace(sent, url=f"{sent.url}/end", data={})
