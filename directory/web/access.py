"""The door of the staff rooms: every page is closed unless its view says who may open it.

Put `@staff_page` or `@admin_page` directly under the route decorator. A view under /admin or
/account that carries no mark answers 404 to everybody.
"""

import re
from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Flask, Response, abort, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError

from directory.extensions import csrf, db
from directory.models import User
from directory.models.engine import WRITES, begin_writing
from directory.models.staff import StaffRole
from directory.operations import accounts, sessions
from directory.operations.families import home_of
from directory.settings import Settings
from directory.web.state import here, now, state

View = TypeVar("View", bound=Callable[..., Any])

STAFF = frozenset({StaffRole.VERIFIER, StaffRole.ADMIN})
ADMINS = frozenset({StaffRole.ADMIN})
EVERYBODY: frozenset[StaffRole] = frozenset()
ROOMS = ("/admin", "/account")
_BELOW = tuple(f"{room}/" for room in ROOMS)
READING = ("GET", "HEAD")
SAFE = (*READING, "OPTIONS")

NAVIGATION = (
    ("plan.today", _l("Today")),
    ("vetting.confirm_list", _l("Second looks")),
    ("clinics.index", _l("Clinics")),
    ("cases.index", _l("Messages")),
    ("registries.index", _l("Registries")),
    ("numbers.index", _l("Numbers")),
    ("log.index", _l("Log")),
)
ADMIN_NAVIGATION = (("accounts.staff", _l("Staff")),)

_MARK = "opened_to"
_LATE = "hashes_first"
_WAY_BACK = re.compile(r"/(?:admin|account)(?:[/?][A-Za-z0-9/_.?=&%+~-]*)?", re.ASCII)


def staff_page(view: View) -> View:
    """Open a view to signed-in staff: verifiers and admins."""
    return _opened(view, STAFF)


def admin_page(view: View) -> View:
    """Open a view to signed-in admins."""
    return _opened(view, ADMINS)


def open_page(view: View) -> View:
    """Open a view of the staff rooms to everybody: only signing in and joining."""
    return _opened(view, EVERYBODY)


def hashes_first(view: View) -> View:
    """Let a view open its writing transaction itself, with `begin_acting`, after slow hashing."""
    setattr(view, _LATE, True)
    return view


def begin_acting() -> User | None:
    """Open the writing transaction of a view that hashes first; returns who acts, if anybody."""
    db.session.rollback()
    begin_writing(db.session())
    if g.get("staff") is None:
        return None
    g.staff = _still_staff(g.staff_id, STAFF)
    return cast(User, g.staff)


def _opened(view: View, roles: frozenset[StaffRole]) -> View:
    setattr(view, _MARK, roles)
    return view


def current_staff() -> User:
    """Return who is signed in; only for a view that is marked for staff."""
    return cast(User, g.staff)


def current_session_id() -> int:
    """Return the number of the session that this request came with."""
    return cast(int, g.staff_session_id)


def is_way_back(target: str | None) -> bool:
    """Say whether an address is a staff page of ours and nothing else."""
    return bool(target and _WAY_BACK.fullmatch(target) and "//" not in target)


def way_back(target: str | None) -> str:
    """Return where to go after signing in: `target` when it is a staff page of ours."""
    if target and is_way_back(target):
        return request.script_root + target
    home = "plan.today" if "plan.today" in current_app.view_functions else "accounts.own"
    return url_for(home)


def cookie_name() -> str:
    """Return the name of the staff cookie; over HTTPS browsers hold it to this one host."""
    return "__Host-staff" if here().settings.https else "staff"


def hand_cookie(response: Response, token: str) -> Response:
    """Give the browser its session, and forget what it was told before it had one."""
    session.clear()
    response.set_cookie(
        cookie_name(),
        token,
        path="/",
        secure=here().settings.https,
        httponly=True,
        samesite="Lax",
    )
    return response


def take_cookie(response: Response) -> Response:
    """Take the session from the browser."""
    session.clear()
    response.delete_cookie(
        cookie_name(), path="/", secure=here().settings.https, httponly=True, samesite="Lax"
    )
    return response


def configure(app: Flask, settings: Settings) -> None:
    """Set the cookie that carries form tokens and messages, which only staff pages use."""
    app.config.update(
        SESSION_COOKIE_NAME="__Host-forms" if settings.https else "forms",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_PATH="/",
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        # Our pages send no referrer, which this would ask for.
        WTF_CSRF_SSL_STRICT=False,
    )


def install(app: Flask) -> None:
    """Put the door before every request."""
    app.before_request(_door)
    app.after_request(_never_kept)
    app.context_processor(_for_templates)


def _door() -> ResponseReturnValue | None:
    """Let in who may come in; a writing request then gets its transaction."""
    rule = request.url_rule
    if rule is None:
        return None
    view = current_app.view_functions[rule.endpoint]
    roles: frozenset[StaffRole] | None = getattr(view, _MARK, None)
    unsafe = request.method not in SAFE
    if roles is None and not _in_the_rooms(rule.rule):
        if unsafe:
            begin_writing(db.session())
        return None
    if roles is None:
        abort(404)
    opened = _signed_in()
    if roles is not EVERYBODY:
        if opened is None:
            return _refuse_stranger()
        if opened.role not in roles:
            abort(403, _("Only an admin may open this page."))
    if unsafe:
        _refuse_forgery()
        if not getattr(view, _LATE, False):
            begin_writing(db.session())
    state()
    g.staff = _still_staff(opened.user_id, roles) if opened else None
    if unsafe and g.staff and "clinic_id" in (request.view_args or {}):
        clinic_id = cast(dict[str, int], request.view_args)["clinic_id"]
        _refuse_conflicted(g.staff, clinic_id)
        _refuse_merged(clinic_id)
    return None


def _refuse_conflicted(user: User, clinic_id: int) -> None:
    """Keep whoever declared a conflict with a clinic from any act on it, whatever was typed."""
    if accounts.conflicted(db.session(), user.id, clinic_id):
        abort(
            403, _("You declared a conflict of interest with this clinic: a colleague does this.")
        )


def _refuse_merged(clinic_id: int) -> None:
    """Keep work off a listing that speaks for nothing any more."""
    home = home_of(db.session(), clinic_id)
    if home != clinic_id:
        abort(
            409,
            _("This listing was merged into clinic number %(number)d. Work there.", number=home),
        )


def _in_the_rooms(rule: str) -> bool:
    return rule.startswith(ROOMS) and (rule in ROOMS or rule.startswith(_BELOW))


def _signed_in() -> sessions.Opened | None:
    """Return the live session behind the cookie, and note now and then that it is in use."""
    token = request.cookies.get(cookie_name(), "")
    if not token:
        return None
    with db.engine.connect() as connection:
        opened = sessions.look_up(connection, token, now())
    if opened is None:
        return None
    if opened.due(now()):
        with (
            db.engine.connect().execution_options(**{WRITES: True}) as connection,
            connection.begin(),
        ):
            sessions.seen(connection, opened.session_id, now())
    g.staff_session_id, g.staff_id = opened.session_id, opened.user_id
    return opened


def _still_staff(user_id: int, roles: frozenset[StaffRole]) -> User | None:
    """Return who acts, read in the request's own transaction: who was disabled meanwhile is out."""
    user = db.session.get(User, user_id)
    if roles is not EVERYBODY and (
        user is None or user.disabled_at is not None or user.role not in roles
    ):
        abort(403, _("Your account was changed a moment ago. Sign in again."))
    return user


def _refuse_stranger() -> ResponseReturnValue:
    if request.method not in READING:
        abort(401, _("You are not signed in, or your session has ended. Sign in, then try again."))
    target = request.full_path if request.query_string else request.path
    return redirect(url_for("accounts.sign_in", next=target), 303)


def _refuse_forgery() -> None:
    try:
        csrf.protect()
    except CSRFError:
        abort(400, _("This form is from another session. Open the page again, then send it."))


def _never_kept(response: Response) -> Response:
    if _in_the_rooms(request.path):
        response.headers["Cache-Control"] = "no-store"
    return response


def _for_templates() -> dict[str, object]:
    return {"signed_in": g.get("staff"), "staff_navigation": _navigation}


def _navigation() -> list[tuple[str, object]]:
    """Return the rooms that the person who is signed in may enter: endpoint and words."""
    user = g.get("staff")
    if user is None:
        return []
    admin = ADMIN_NAVIGATION if user.role in ADMINS else ()
    return [item for item in (*NAVIGATION, *admin) if item[0] in current_app.view_functions]
