"""Sign in and out, and join by a link."""

import io
import logging

from flask import (
    Response,
    abort,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from directory.domain.accounts import normal_mail
from directory.extensions import db
from directory.models import Invitation
from directory.operations import accounts, factors, sessions
from directory.operations.accounts import AccountRefused, NewFactors
from directory.sources.sealing import Sealer
from directory.web import access
from directory.web.access import hashes_first, open_page, staff_page
from directory.web.accounts import pages
from directory.web.accounts.throttle import Throttle
from directory.web.forms.accounts import JoinForm, SignInForm
from directory.web.state import here, now

log = logging.getLogger("directory.accounts")
JOINING = "joining"


def throttle() -> Throttle:
    """Return this application's memory of tries at the door."""
    return current_app.extensions.setdefault("directory.accounts", Throttle())  # type: ignore[no-any-return]


def seal() -> Sealer:
    """Return what seals second factors with this installation's key."""
    return factors.sealer(here().settings.secret_key)


@pages.get("/account/sign-in")
@open_page
def sign_in() -> ResponseReturnValue:
    """Ask for mail address, password and code; a way back that is none of ours is dropped."""
    if "next" in request.args and not access.is_way_back(request.args["next"]):
        return redirect(url_for("accounts.sign_in"), 303)
    factors.warm_up()
    return _sign_in_page(SignInForm(None))


@pages.post("/account/sign-in")
@open_page
@hashes_first
def enter() -> ResponseReturnValue:
    """Let in who knows the password and has the second factor; one answer for all others."""
    form = SignInForm(request.form)
    account = normal_mail(form.mail.data or "") or ""
    wait = throttle().wait(account, request.remote_addr)
    if wait:
        words = _("That was too many tries. Wait a few minutes, then try again.")
        return _sign_in_page(form, 429, words, {"Retry-After": str(wait)})
    factors.warm_up()
    known = accounts.find_by_mail(db.session(), account)
    fits = factors.password_fits(known.password_hash if known else None, form.password.data or "")
    access.begin_acting()
    user = accounts.find_by_mail(db.session(), account) if fits else None
    if throttle().codes_used_up(account):
        user = None
    entered = accounts.enter(db.session(), now(), user, form.code.data or "", seal())
    if entered is None:
        if user is not None:
            throttle().wrong_code(account)
        log.warning("a sign-in was refused")
        words = _("This does not match. Check the mail address and password, and use a new code.")
        return _sign_in_page(form, 400, words)
    if "staff_session_id" in g:
        sessions.end_one(db.session(), g.staff_session_id, now())
    db.session.commit()
    throttle().forget(account, request.remote_addr)
    target = access.way_back(request.args.get("next"))
    return access.hand_cookie(make_response(redirect(target, 303)), entered[1])


def _sign_in_page(
    form: SignInForm, status: int = 200, problem: str = "", headers: dict[str, str] | None = None
) -> ResponseReturnValue:
    target = request.args.get("next")
    page = render_template(
        "accounts/sign_in.html",
        form=form,
        problem=problem,
        action=url_for("accounts.enter", next=target if access.is_way_back(target) else None),
    )
    return page, status, headers or {}


@pages.post("/account/sign-out")
@staff_page
def sign_out() -> ResponseReturnValue:
    """End this session."""
    accounts.leave(db.session(), access.current_staff(), now(), access.current_session_id())
    db.session.commit()
    response = access.take_cookie(make_response(redirect(url_for("accounts.sign_in"), 303)))
    flash(_("You are signed out."))
    return response


@pages.get("/account/join")
@open_page
def join() -> ResponseReturnValue:
    """Ask a person who was invited for a password and a second factor."""
    token = request.args.get("token", "")
    invitation = _invitation(token)
    secret = factors.new_secret()
    session[JOINING] = {
        "link": sessions.hashed(token),
        "secret": factors.sealed(secret, seal()),
    }
    return _join_page(JoinForm(None), token, invitation, secret)


@pages.get("/account/join/code.svg")
@open_page
def join_code() -> ResponseReturnValue:
    """Draw the key of the person who is joining, for their phone to read."""
    token = request.args.get("token", "")
    invitation = _invitation(token)
    secret = _joining_secret(token)
    if secret is None:
        abort(404)
    # Drawn once in a person's time here: a process need not hold what draws it all along.
    import qrcode
    import qrcode.image.svg

    link = factors.app_link(secret, invitation.user.email or "", _("Infusion Clinic Directory"))
    drawing = io.BytesIO()
    qrcode.make(link, image_factory=qrcode.image.svg.SvgPathImage).save(drawing)
    return Response(drawing.getvalue(), mimetype="image/svg+xml")


@pages.post("/account/join")
@open_page
@hashes_first
def joined() -> ResponseReturnValue:
    """Set the password and second factor, show the recovery codes once, and sign in."""
    token = request.args.get("token", "")
    invitation = _invitation(token)
    secret = _joining_secret(token)
    if secret is None:
        return redirect(url_for("accounts.join", token=token), 303)
    form = JoinForm(request.form, invitation.user.name, invitation.user.email)
    if not form.validate():
        return _join_page(form, token, invitation, secret, 400)
    chosen = NewFactors(
        password_hash=factors.hash_password(form.password.data or ""),
        secret=secret,
        code=form.code.data or "",
    )
    access.begin_acting()
    try:
        user, codes = accounts.join(db.session(), now(), token, chosen, seal())
    except AccountRefused as refused:
        db.session.rollback()
        if refused.why == "invitation":
            abort(404, _dead_link())
        form.code.errors = [_("This code is not right. Wait for the next one and type that.")]
        return _join_page(form, token, _invitation(token), secret, 400)
    _row, session_token = sessions.start(db.session(), user, now())
    db.session.commit()
    page = render_template("accounts/codes.html", codes=codes, onward=access.way_back(None))
    return access.hand_cookie(make_response(page), session_token)


def _invitation(token: str) -> Invitation:
    """Return the invitation of a link; 404 in words when there is none any more."""
    invitation = accounts.open_invitation(db.session(), token, now())
    if invitation is None:
        abort(404, _dead_link())
    return invitation


def _dead_link() -> str:
    return str(
        _("This link was used, replaced, or is more than three days old. Ask an admin for another.")
    )


def _joining_secret(token: str) -> bytes | None:
    """Return the key that this browser was shown for this link."""
    joining = session.get(JOINING) or {}
    if joining.get("link") != sessions.hashed(token):
        return None
    return factors.unsealed(joining["secret"], seal())


def _join_page(
    form: JoinForm, token: str, invitation: Invitation, secret: bytes, status: int = 200
) -> ResponseReturnValue:
    page = render_template(
        "accounts/join.html",
        form=form,
        token=token,
        person=invitation.user,
        key=factors.spelled_secret(secret),
    )
    return page, status
