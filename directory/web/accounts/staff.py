"""Who is on the staff: invite, change roles, shut out."""

from collections.abc import Callable

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from directory.extensions import db
from directory.models import User
from directory.models.staff import StaffRole
from directory.operations import accounts
from directory.operations.accounts import AccountRefused
from directory.web import access
from directory.web.access import admin_page
from directory.web.accounts import pages
from directory.web.accounts.words import REFUSALS
from directory.web.forms.accounts import ROLES, InviteForm
from directory.web.state import here, now


@pages.get("/admin/staff")
@admin_page
def staff() -> ResponseReturnValue:
    """List the staff, with what an admin can do about each."""
    return _staff_page(InviteForm(None))


def _staff_page(form: InviteForm, status: int = 200, link: str = "") -> ResponseReturnValue:
    page = render_template(
        "accounts/staff.html",
        form=form,
        people=accounts.staff_list(db.session()),
        person=access.current_staff(),
        roles=ROLES,
        link=link,
    )
    return page, status


@pages.post("/admin/staff")
@admin_page
def invite() -> ResponseReturnValue:
    """Make a one-time link and show it once: whoever has it can join, so it is kept nowhere."""
    form = InviteForm(request.form)
    if not form.validate():
        return _staff_page(form, 400)
    try:
        _user, token = accounts.invite(
            db.session(),
            access.current_staff(),
            now(),
            mail=form.mail.data or "",
            role=StaffRole(form.role.data),
            name=form.name.data or "",
        )
    except AccountRefused as refused:
        field = form.name if refused.why.startswith("name") else form.mail
        field.errors = [REFUSALS[refused.why]]
        return _staff_page(form, 409)
    # Written before the commit: a link that nobody could read would still open the door.
    page = _staff_page(InviteForm(None), link=join_link(token))
    db.session.commit()
    return page


def join_link(token: str) -> str:
    """Return the whole address of an invitation."""
    return f"{here().settings.public_url}/account/join?token={token}"


@pages.post("/admin/staff/<row:user_id>/role")
@admin_page
def change_role(user_id: int) -> ResponseReturnValue:
    """Give somebody another role; their browsers are signed out."""
    try:
        role = StaffRole(request.form.get("role", ""))
    except ValueError:
        abort(400, REFUSALS["role"])
    refused = _tried(
        lambda: accounts.change_role(db.session(), access.current_staff(), now(), user_id, role)
    )
    if refused is not None:
        return refused
    db.session.commit()
    flash(_("The role is changed. The person has to sign in again."))
    return redirect(url_for("accounts.staff"), 303)


@pages.post("/admin/staff/<row:user_id>/disable")
@admin_page
def disable(user_id: int) -> ResponseReturnValue:
    """Shut somebody out at once."""
    refused = _tried(lambda: accounts.disable(db.session(), access.current_staff(), now(), user_id))
    if refused is not None:
        return refused
    db.session.commit()
    flash(_("The account is disabled, and all its browsers are signed out."))
    return redirect(url_for("accounts.staff"), 303)


@pages.post("/admin/staff/<row:user_id>/enable")
@admin_page
def enable(user_id: int) -> ResponseReturnValue:
    """Let somebody in again."""
    refused = _tried(lambda: accounts.enable(db.session(), access.current_staff(), now(), user_id))
    if refused is not None:
        return refused
    db.session.commit()
    flash(_("The account is enabled."))
    return redirect(url_for("accounts.staff"), 303)


def _tried(act: Callable[[], User]) -> ResponseReturnValue | None:
    """Do an act; returns the page that says why not when it is refused."""
    try:
        act()
    except AccountRefused as refused:
        if refused.why == "nobody":
            abort(404, REFUSALS[refused.why])
        flash(str(REFUSALS[refused.why]))
        return _staff_page(InviteForm(None), 409)
    return None
