"""The registries: what was imported when, what waits for a decision, how to import."""

from flask import Blueprint, render_template

from directory.domain.imports import ImportKind
from directory.domain.screening import HOLDS_DAYS
from directory.extensions import db
from directory.operations import registries
from directory.operations.queues import open_queues
from directory.web.access import staff_page
from directory.web.state import now

room = Blueprint("registries", __name__, url_prefix="/admin/registries")


@room.get("")
@staff_page
def index() -> str:
    """Every queue, the newest import of each kind, the age of the exclusion list."""
    session = db.session()
    return render_template(
        "admin/registries/index.html",
        queues=open_queues(session),
        kinds=ImportKind,
        runs=registries.newest_runs(session),
        age=registries.list_age(session, now().date()),
        oldest=HOLDS_DAYS,
    )
