"""One's own account: password, recovery codes, signed-in browsers, conflicts of interest."""

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from directory.extensions import db
from directory.models import User
from directory.operations import accounts, factors, sessions
from directory.operations.accounts import AccountRefused
from directory.web import access
from directory.web.access import hashes_first, staff_page
from directory.web.accounts import pages
from directory.web.accounts.entering import throttle
from directory.web.accounts.words import REFUSALS
from directory.web.forms.accounts import ConflictForm, PasswordForm, PresentPasswordForm
from directory.web.state import now

Present = PasswordForm | PresentPasswordForm


@pages.get("/account")
@staff_page
def own() -> ResponseReturnValue:
    """Show what a member of staff can see and change of their own account."""
    form = ConflictForm(None)
    clinic = request.args.get("clinic", "")
    if clinic.isascii() and clinic.isdigit():
        form.number.data = clinic
    return _own_page(form, PresentPasswordForm(None))


def _own_page(
    conflict: ConflictForm, present: PresentPasswordForm, status: int = 200
) -> ResponseReturnValue:
    user = access.current_staff()
    session = db.session()
    page = render_template(
        "accounts/own.html",
        person=user,
        form=conflict,
        present=present,
        conflicts=accounts.conflicts_of(session, user),
        sessions=sessions.live_sessions(session, user, now()),
        this_session=access.current_session_id(),
        codes_left=accounts.recovery_codes_left(session, user),
    )
    return page, status


@pages.get("/account/password")
@staff_page
def password() -> ResponseReturnValue:
    """Ask for a new password."""
    return render_template("accounts/password.html", form=PasswordForm(None))


@pages.post("/account/password")
@staff_page
@hashes_first
def change_password() -> ResponseReturnValue:
    """Set a new password; every other browser is signed out, and this one gets a new number."""
    user = access.current_staff()
    form = PasswordForm(request.form, user.name, user.email)
    if not form.validate() or not _knows_password(user, form):
        return render_template("accounts/password.html", form=form), 400
    fresh = factors.hash_password(form.password.data or "")
    access.begin_acting()
    token = accounts.change_password(db.session(), access.current_staff(), now(), fresh)
    db.session.commit()
    response = access.hand_cookie(make_response(redirect(url_for("accounts.own"), 303)), token)
    flash(_("Your password is changed. All other browsers are signed out."))
    return response


@pages.post("/account/codes")
@staff_page
@hashes_first
def new_codes() -> ResponseReturnValue:
    """Replace the recovery codes and show the new ones once."""
    form = PresentPasswordForm(request.form)
    if not _knows_password(access.current_staff(), form):
        return _own_page(ConflictForm(None), form, 400)
    access.begin_acting()
    codes = accounts.new_recovery_codes(db.session(), access.current_staff(), now())
    db.session.commit()
    return render_template("accounts/codes.html", codes=codes, onward=url_for("accounts.own"))


def _knows_password(user: User, form: Present) -> bool:
    """Ask for the present password again, throttled as at the door; else the form says why."""
    account = f"present password of {user.id}"
    if throttle().wait(account, request.remote_addr):
        form.present.errors = [_("That was too many tries. Wait a few minutes, then try again.")]
        return False
    if not factors.password_fits(user.password_hash, form.present.data or ""):
        form.present.errors = [_("This is not your present password.")]
        return False
    throttle().forget(account, request.remote_addr)
    return True


@pages.post("/account/sessions/<row:session_id>/end")
@staff_page
def end_session(session_id: int) -> ResponseReturnValue:
    """Sign another browser out."""
    try:
        accounts.revoke_session(db.session(), access.current_staff(), now(), session_id)
    except AccountRefused as refused:
        return _back(refused)
    db.session.commit()
    flash(_("That browser is signed out."))
    return redirect(url_for("accounts.own"), 303)


@pages.post("/account/conflicts")
@staff_page
def declare_conflict() -> ResponseReturnValue:
    """Declare a tie to a clinic or an organization."""
    form = ConflictForm(request.form)
    if not form.validate():
        return _own_page(form, PresentPasswordForm(None), 400)
    try:
        accounts.declare_conflict(
            db.session(),
            access.current_staff(),
            now(),
            reason=form.reason.data or "",
            **form.subject,
        )
    except AccountRefused as refused:
        form.number.errors = [REFUSALS[refused.why]]
        return _own_page(form, PresentPasswordForm(None), 409)
    db.session.commit()
    flash(_("The tie is declared. Somebody else will do the work on it."))
    return redirect(url_for("accounts.own"), 303)


@pages.post("/account/conflicts/<row:conflict_id>/withdraw")
@staff_page
def withdraw_conflict(conflict_id: int) -> ResponseReturnValue:
    """Withdraw a tie that is over."""
    try:
        accounts.withdraw_conflict(db.session(), access.current_staff(), now(), conflict_id)
    except AccountRefused as refused:
        return _back(refused)
    db.session.commit()
    flash(_("The tie is withdrawn."))
    return redirect(url_for("accounts.own"), 303)


def _back(refused: AccountRefused) -> ResponseReturnValue:
    flash(str(REFUSALS[refused.why]))
    return redirect(url_for("accounts.own"), 303)
