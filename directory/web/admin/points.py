"""Clinics whose address could not be turned into a point: a person places them, or leaves them."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from directory.domain.entries import EntryRefused
from directory.extensions import db
from directory.models import Clinic, PointLookup
from directory.operations import points
from directory.operations.stale import Stale
from directory.web.access import current_staff, staff_page
from directory.web.forms.entries import words_of
from directory.web.forms.points import LeaveForm
from directory.web.state import now

room = Blueprint("points", __name__, url_prefix="/admin/points")

SHOWN = 50
ID = "<row:clinic_id>"


@room.app_template_global()
def why_refused(row: PointLookup) -> str:
    """Return why an answer of the geocoder was refused, in words."""
    return words_of(EntryRefused(row.why or "", "lat", **(row.details or {})))


@room.get("")
@staff_page
def index() -> str:
    """The clinics to place, with what the geocoder said."""
    return _page()


@room.post(f"/{ID}/leave")
@staff_page
def leave(clinic_id: int) -> ResponseReturnValue:
    """Leave a clinic at the middle of its ZIP code until its address changes."""
    session = db.session()
    clinic = session.get(Clinic, clinic_id) or abort(404)
    name, form = clinic.name, LeaveForm(request.form)
    try:
        points.leave(
            session,
            current_staff(),
            now(),
            clinic_id,
            version=_version(form.version.data),
            reason=" ".join((form.reason.data or "").split()),
        )
    except EntryRefused as refused:
        session.rollback()
        form.refuse([refused])
        return _page(form, clinic_id), 400
    except Stale:
        session.rollback()
        flash(_after(clinic_id, name))
        return _page(), 409
    session.commit()
    flash(_("%(name)s stays at the middle of its ZIP code until its address changes.", name=name))
    return redirect(url_for("points.index"), 303)


def _after(clinic_id: int, name: str) -> str:
    """Return the words for whoever came second."""
    decided = points.decided_by(db.session(), clinic_id)
    if decided is None:
        words = _("%(name)s does not wait any more, or its address changed. Look again.", name=name)
        return str(words)
    return str(_("%(who)s has left %(name)s as it is already.", who=decided[0], name=name))


def _version(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _page(sent: LeaveForm | None = None, clinic_id: int = 0) -> str:
    session = db.session()
    rows = points.waiting(session, SHOWN)
    forms = {row.clinic_id: LeaveForm(None, data={"version": str(row.version)}) for row in rows}
    if sent is not None and clinic_id in forms:
        forms[clinic_id] = sent
    for number, form in forms.items():
        form.reason.id = f"reason-{number}"  # one page, many forms
    return render_template(
        "admin/points/index.html",
        rows=rows,
        forms=forms,
        total=points.count_waiting(session),
        sent=sent,
    )
