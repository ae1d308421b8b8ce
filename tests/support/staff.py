"""Staff for tests: browsers signed in at once, and members who sign in as people do."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from directory.extensions import db
from directory.models import User
from directory.models.engine import begin_writing
from directory.models.staff import StaffRole
from directory.operations import accounts, factors, sessions
from directory.operations.people import system_user
from tests.factories import NOW, make_user
from tests.support.inspecting import InspectingClient

COOKIE = "staff"


def sign_in(app: Flask, role: str = "verifier", **user: Any) -> InspectingClient:
    """Return a browser signed in with both factors as a new member of staff.

    `user` holds columns of the row, or `id` of somebody who is there already. The browser's
    `user_id` tells who it is.
    """
    with app.app_context():
        session = db.session()
        begin_writing(session)
        if "id" in user:
            person = session.get_one(User, user["id"])
        else:
            person = make_user(session, StaffRole(role))
            for name, value in user.items():
                setattr(person, name, value)
        _row, token = sessions.start(session, person, app.extensions["directory"].clock())
        session.commit()
        user_id = person.id
    client: InspectingClient = app.test_client()  # type: ignore[assignment]
    client.set_cookie(COOKIE, token)
    client.user_id = user_id
    return client


def form_token(client: InspectingClient) -> str:
    """Return a form token that the application takes from this browser."""
    with client.session_transaction() as session:
        raw = session.setdefault("csrf_token", secrets.token_hex(20))
    secret = client.application.secret_key
    return str(URLSafeTimedSerializer(secret, salt="wtf-csrf-token").dumps(raw))


def post(
    client: InspectingClient, url: str, data: dict[str, Any] | None = None, **kwargs: Any
) -> TestResponse:
    """Send a form with its token; a file in `data` makes it multipart."""
    return client.post(url, data={"csrf_token": form_token(client), **(data or {})}, **kwargs)


@dataclass
class Member:
    """A member of staff who joined, with what only they know."""

    id: int
    mail: str
    secret: bytes
    recovery: list[str]
    password: str = "nine purple kettles hum"

    def code(self, at: datetime = NOW) -> str:
        """Return what the app shows at a moment."""
        totp = TOTP(self.secret, 6, SHA1(), 30)  # noqa: S303 - what every app computes
        return totp.generate(int(at.timestamp())).decode()

    def typed(self, **changes: str) -> dict[str, str]:
        """Return what the person types to sign in."""
        return {"mail": self.mail, "password": self.password, "code": self.code()} | changes


def invited(app: Flask, mail: str, role: str = "verifier") -> tuple[int, str]:
    """Invite somebody; returns their number and the link's token."""
    with app.app_context():
        session = db.session()
        begin_writing(session)
        user, token = accounts.invite(
            session,
            system_user(session),
            app.extensions["directory"].clock(),
            mail=mail,
            role=StaffRole(role),
        )
        session.commit()
        return user.id, token


def member(app: Flask, mail: str = "ana@example.org", role: str = "verifier") -> Member:
    """Return a member of staff who set up password and app and has not used a code yet."""
    clock = app.extensions["directory"].clock
    user_id, token = invited(app, mail, role)
    person = Member(id=user_id, mail=mail, secret=factors.new_secret(), recovery=[])
    with app.app_context():
        session = db.session()
        begin_writing(session)
        _user, person.recovery = accounts.join(
            session,
            clock(),
            token,
            accounts.NewFactors(
                factors.hash_password(person.password), person.secret, person.code(clock())
            ),
            factors.sealer(app.config["SECRET_KEY"]),
        )
        session.get_one(User, user_id).totp_step = None
        session.commit()
    return person


def enter(
    client: InspectingClient, typed: dict[str, str], url: str = "/account/sign-in", **kwargs: Any
) -> TestResponse:
    """Send the sign-in form."""
    return post(client, url, typed, **kwargs)


def cookie_of(client: InspectingClient) -> str:
    """Return the token that a browser holds, or nothing."""
    cookie = client.get_cookie(COOKIE)
    return cookie.value if cookie else ""


def holding(app: Flask, token: str) -> InspectingClient:
    """Return another browser with a token that somebody copied."""
    client: InspectingClient = app.test_client()  # type: ignore[assignment]
    client.set_cookie(COOKIE, token)
    return client
