"""The log of every act: who did what, when, and how to check that it is what was written."""

import json
from typing import Any

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue

from directory.extensions import db
from directory.models.staff import StaffRole
from directory.operations import log
from directory.web.access import current_staff, staff_page
from directory.web.forms.log import LogForm
from directory.web.routing import LARGEST_ID

room = Blueprint("log", __name__, url_prefix="/admin/log")

ADMINS_ONLY = ("conflict", "session", "staff")
"""What only admins read: who signed in from where is nobody else's business."""


@room.get("")
@staff_page
def index() -> ResponseReturnValue:
    """The newest lines first, narrowed by what is in the address."""
    hidden = () if current_staff().role is StaffRole.ADMIN else ADMINS_ONLY
    session = db.session()
    form = LogForm(request.args, log.people(session), hidden)
    page = log.page(session, form.wanted(_older_than())) if form.validate() else None
    status = 200 if page else 400
    return make_response(
        render_template("admin/log/index.html", form=form, page=page, limited=bool(hidden)), status
    )


def _older_than() -> int | None:
    """Return where the page begins; an address that was tampered with begins at the newest line."""
    number = request.args.get("older_than", type=int)
    return number if number is not None and 1 <= number <= LARGEST_ID else None


@room.app_template_global()
def log_value(value: Any) -> str:
    """Return a value of the log as people read it, on one line."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return " ".join(value.split()) or "–"
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
