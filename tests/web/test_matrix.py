"""Every route, method and role by real requests, against a table kept by hand."""

import hashlib

import pytest
from flask import Blueprint
from sqlalchemy import select

from directory.extensions import db
from directory.models import Base, User, Verification
from directory.models.engine import begin_writing
from directory.models.staff import ConflictOfInterest
from tests.support.apps import close, make_app, running
from tests.support.staff import form_token, post, sign_in
from tests.web.matrix import TABLE

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
UNSAFE = METHODS[1:]
ROLES = ("anonymous", "verifier", "admin", "disabled", "conflicted")
ENDS_A_SESSION = {"accounts.sign_out", "accounts.end_session", "accounts.enter"}
LAST = ENDS_A_SESSION | {"accounts.withdraw_conflict"}
"""What changes who a browser is, or what it may do, is tried when all else is."""
NOT_DIGESTED = {"staff_session", "sign_in_attempt"}


@pytest.fixture
def busy_app(instance, databases):
    """An application of the test's own with the demonstration clinics."""
    url = databases.fresh("demo")
    with running(instance, url) as app:
        yield app
    databases.drop(url)


def addresses(app):
    """Return every rule with an address of it that exists where one can."""
    with app.app_context():
        check = db.session.scalars(
            select(Verification).where(Verification.criterion == "sup-acls")
        ).first()
        clinic, verification = check.clinic_id, check.id
    values = {
        "clinic_id": clinic,
        "verification_id": verification,
        "criterion": "sup-acls",
        "filename": "css/components.css",
        "slug": "x",
        "token": "none-such",
        "step": "note",
        "answer": "dismiss",
        "noun": "practitioner",
    }
    made = []
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            given = {name: values.get(name, 1) for name in rule.arguments}
            _domain, path = rule.build(given)
            made.append((rule, path))
    return clinic, sorted(made, key=lambda item: (item[0].rule, item[0].endpoint))


def people(app, clinic):
    """Return a browser for each role; the conflicted verifier declared the clinic."""
    browsers = {
        role: sign_in(app, "admin" if role == "admin" else "verifier") for role in ROLES[1:]
    }
    with app.app_context():
        session = db.session()
        begin_writing(session)
        now = app.extensions["directory"].clock()
        session.get_one(User, browsers["disabled"].user_id).disabled_at = now
        session.add(
            ConflictOfInterest(
                user_id=browsers["conflicted"].user_id,
                clinic_id=clinic,
                reason="a relative works there",
                declared_at=now,
            )
        )
        session.commit()
    browsers["anonymous"] = app.test_client()
    return browsers


def kind_of(response):
    """Return how the door answered: let in, sent to sign in, unknown, forbidden, or no method."""
    if response.status_code in (401, 403, 405):
        return {401: "unknown", 403: "forbidden", 405: "no method"}[response.status_code]
    if response.status_code == 303 and "/account/sign-in" in response.headers["Location"]:
        return "sent to sign in"
    return "failed" if response.status_code >= 500 else "let in"


def expected(who, role, method, methods):
    """Return how the door must answer."""
    if method not in methods:
        return "no method"
    if who in ("public", "open"):
        return "let in"
    if role in ("anonymous", "disabled"):
        return "sent to sign in" if method == "GET" else "unknown"
    if who == "admin" and role != "admin":
        return "forbidden"
    if who == "clinic" and role == "conflicted" and method != "GET":
        return "forbidden"
    return "let in"


def unlisted(rules):
    """Return what to say of each rule that is not in the table."""
    return [f"{r.endpoint} is not in the table" for r, _path in rules if r.endpoint not in TABLE]


def unexpected(app):
    """Send every rule every method as every role; return what was not as the table says."""
    clinic, rules = addresses(app)
    browsers = people(app, clinic)
    found, sent = unlisted(rules), 0
    for rule, path in sorted(rules, key=lambda item: item[0].endpoint in LAST):
        siblings = {m for other, p in rules if p == path for m in other.methods}
        who = TABLE.get(rule.endpoint)
        if who is None:
            continue
        for method in METHODS:
            if method in siblings and method not in rule.methods:
                continue  # another rule of the same address answers, in its own turn
            for role, browser in browsers.items():
                if rule.endpoint in ENDS_A_SESSION and role != "anonymous" and method == "POST":
                    continue
                if method == "POST" and role != "anonymous":
                    response = post(browser, path)
                else:
                    response = browser.open(path, method=method)
                sent += 1
                got, wanted = kind_of(response), expected(who, role, method, rule.methods)
                if got != wanted:
                    found.append(f"{method} {path} as {role}: {got}, not {wanted}")
    return found, sent


def test_every_route_method_and_role_is_as_the_table_says(busy_app):
    found, sent = unexpected(busy_app)
    assert found == []
    assert sent > 1000


def test_the_table_has_no_route_that_is_gone(busy_app):
    there = {rule.endpoint for rule in busy_app.url_map.iter_rules()}
    assert set(TABLE) - there == set()


def test_the_control_route_that_nobody_listed_is_caught(instance, databases):
    url = databases.fresh("demo")
    app = make_app(instance, url)
    room = Blueprint("forgotten", __name__, url_prefix="/admin/forgotten")
    room.add_url_rule("/", "index", lambda: "open to all")
    app.register_blueprint(room)
    try:
        assert unlisted(addresses(app)[1]) == ["forgotten.index is not in the table"]
        assert app.test_client().get("/admin/forgotten/").status_code == 404
    finally:
        close(app)
        databases.drop(url)


def digest(app):
    """Return the hash of every row of every table but sessions, which note their use."""
    found = hashlib.sha256()
    with app.app_context():
        for table in Base.metadata.sorted_tables:
            if table.name in NOT_DIGESTED:
                continue
            for row in db.session.execute(select(table).order_by(*table.primary_key.columns)):
                found.update(repr(tuple(row)).encode())
    return found.hexdigest()


def test_a_forged_form_changes_nothing(busy_app):
    clinic, rules = addresses(busy_app)
    browsers = people(busy_app, clinic)
    before, tried = digest(busy_app), 0
    admin, other = browsers["admin"], browsers["verifier"]
    for rule, path in rules:
        if "POST" not in rule.methods:
            continue
        for token in (None, "", "wrong", form_token(other)):
            response = admin.post(path, data={} if token is None else {"csrf_token": token})
            tried += 1
            assert response.status_code in (400, 404, 429), (path, token, response.status_code)
    assert tried > 80
    assert digest(busy_app) == before


def test_reading_changes_nothing(busy_app):
    clinic, rules = addresses(busy_app)
    browsers = people(busy_app, clinic)
    before = digest(busy_app)
    for rule, path in rules:
        if "GET" in rule.methods:
            for browser in browsers.values():
                browser.get(path)
    assert digest(busy_app) == before
