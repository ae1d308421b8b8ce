"""How the work stands, in numbers: for people to see their work, and as CSV for their own sums."""

from flask import Blueprint, Response, render_template
from flask_babel import gettext as _

from directory.domain.accuracy import WITHIN_DAYS
from directory.domain.csvcells import table
from directory.extensions import db
from directory.operations import numbers
from directory.operations.numbers import Numbers
from directory.web.access import current_staff, staff_page
from directory.web.state import catalogue, here, now

room = Blueprint("numbers", __name__, url_prefix="/admin/numbers")


@room.get("")
@staff_page
def index() -> str:
    """What is listed, what is known and how old it is, what lapses soon, how well it held."""
    return render_template(
        "admin/numbers/index.html",
        numbers=_counted(),
        catalogue=catalogue(),
        age_words=[
            *(_("Up to %(days)s days", days=days) for days in numbers.AGES),
            _("Older"),
            _("Never decided"),
        ],
        within=WITHIN_DAYS,
        window=numbers.WINDOW_DAYS,
        now=now(),
    )


@room.get("/numbers.csv")
@staff_page
def export() -> Response:
    """The same figures as one long table, which no spreadsheet takes for formulas."""
    name = f"numbers-{now().date().isoformat()}.csv"
    return Response(
        table(numbers.rows(_counted())),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f"attachment; filename={name}"},
    )


def _counted() -> Numbers:
    return numbers.numbers(
        db.session(), catalogue(), now(), current_staff(), two_person=here().two_person
    )
