"""How the work stands, in numbers: for people to see their work, and as CSV for their own sums."""

from datetime import timedelta
from itertools import chain

from babel.dates import format_date, format_skeleton
from flask import Blueprint, Response, render_template
from flask_babel import gettext as _

from directory.domain.accuracy import WITHIN_DAYS
from directory.domain.csvcells import table
from directory.extensions import db
from directory.operations import coverage as pictures
from directory.operations import numbers
from directory.operations.coverage import Coverage
from directory.operations.numbers import Numbers
from directory.web.access import current_staff, staff_page
from directory.web.language import day, language
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


@room.get("/charts")
@staff_page
def charts() -> str:
    """What is known of each criterion, how old it is, and what lapses in the year ahead."""
    found = _pictured()
    return render_template(
        "admin/numbers/charts.html",
        found=found,
        catalogue=catalogue(),
        age_words=[
            *((str(age.months), str(age.months)) for age in found.ages[:-1]),
            (
                f"{pictures.OLDEST_MONTHS}+",
                _("%(months)s or more", months=pictures.OLDEST_MONTHS),
            ),
        ],
        week_words=_weeks(found),
        month_words=_months(found),
        now=now(),
    )


@room.get("/numbers.csv")
@staff_page
def export() -> Response:
    """The same figures as one long table, which no spreadsheet takes for formulas."""
    name = f"numbers-{now().date().isoformat()}.csv"
    return Response(
        table(chain(numbers.rows(_counted()), pictures.rows(_pictured()))),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f"attachment; filename={name}"},
    )


def _counted() -> Numbers:
    return numbers.numbers(
        db.session(), catalogue(), now(), current_staff(), two_person=here().two_person
    )


def _pictured() -> Coverage:
    return pictures.coverage(db.session(), catalogue(), now())


def _weeks(found: Coverage) -> list[tuple[str, str]]:
    """Return how each week ahead is written below a column, and in a table."""
    return [
        (
            format_date(week.first, "d MMM", locale=language()),
            _(
                "%(first)s to %(last)s",
                first=day(week.first),
                last=day(week.first + timedelta(days=6)),
            ),
        )
        if week.first
        else ("", _("Later"))
        for week in found.weeks
    ]


def _months(found: Coverage) -> list[tuple[str, str]]:
    """Return how each month ahead is written below a column, and in a table."""
    return [
        (
            format_date(month.first, "LLL", locale=language()),
            format_skeleton("yMMMM", month.first, locale=language()),
        )
        if month.first
        else ("", _("Later"))
        for month in found.months
    ]
