"""Possible matches with the exclusion list: both records side by side, and a person decides."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from directory.domain.entries import EntryRefused
from directory.domain.exclusions import Sign
from directory.domain.screening import MatchState, too_old
from directory.extensions import db
from directory.models import Clinic, Match, Organization, Practitioner
from directory.models.staff import StaffRole
from directory.operations import matches
from directory.operations.accounts import conflicted
from directory.operations.exclusions import list_state
from directory.operations.screening_roster import clinics_behind, clinics_ever
from directory.operations.stale import Stale
from directory.web import wording
from directory.web.access import admin_page, current_staff, staff_page
from directory.web.admin.previews import number_of
from directory.web.forms.matches import BirthDateForm, MatchForm, birth_date
from directory.web.language import day as day_in_words
from directory.web.state import catalogue, here, now

room = Blueprint("matches", __name__, url_prefix="/admin/matches")

ONE = "/<row:match_id>"
SEARCH_PAGE = "https://exclusions.oig.hhs.gov/"
"""Where a person confirms by hand, with numbers that never come here."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the comparison: what it is about, and both sides in words.

    `ours` is None where the directory keeps no such thing.
    """

    label: Any
    listed: str
    ours: str | None
    agrees: bool
    nearly: bool = False


@room.get("")
@staff_page
def index() -> str:
    """The matches that wait for a person, the strongest first, and what was decided last."""
    session = db.session()
    state = list_state(session)
    return render_template(
        "admin/matches/index.html",
        waiting=matches.in_queue(session),
        total=matches.waiting(session),
        decided=matches.decided(session),
        listed=state.dated,
        old=state.dated is not None and too_old(state.dated, now().date()),
    )


@room.get(ONE)
@staff_page
def show(match_id: int) -> ResponseReturnValue:
    """One match: the row of the list beside our record."""
    return _page(_match(match_id))


@room.post(f"{ONE}/<any(confirm, dismiss):answer>")
@staff_page
def decide(match_id: int, answer: str) -> ResponseReturnValue:
    """Say that it is the same person, or that it is not."""
    confirms = answer == "confirm"
    problem = _refused(match_id, matches.confirm if confirms else matches.dismiss)
    if problem is not None:
        return problem
    db.session.commit()
    flash(
        _("Confirmed. The clinic's page warns of it now.")
        if confirms
        else _("Dismissed. It does not come back unless the row or the name changes.")
    )
    return redirect(url_for("matches.show", match_id=match_id), 303)


@room.post(f"{ONE}/reopen")
@admin_page
def reopen(match_id: int) -> ResponseReturnValue:
    """Take a decision back."""
    problem = _refused(match_id, matches.reopen)
    if problem is not None:
        return problem
    db.session.commit()
    flash(_("Open again."))
    return redirect(url_for("matches.show", match_id=match_id), 303)


def _refused(match_id: int, operation: Callable[..., None]) -> ResponseReturnValue | None:
    """Decide; when that cannot be, return the page that says why, and nothing is kept."""
    match = _match(match_id)
    form = MatchForm(request.form)
    try:
        operation(
            db.session(),
            current_staff(),
            now(),
            catalogue(),
            match,
            form.reason.data or "",
            version=number_of(form.version.data),
            two_person=here().two_person,
        )
    except EntryRefused as refused:
        db.session.rollback()
        form.refuse([refused])
        return _page(_match(match_id), form, status=_status(refused))
    except Stale:
        db.session.rollback()
        return _page(_match(match_id), form, status=409)
    return None


@room.post(f"{ONE}/birth-date")
@staff_page
def compare(match_id: int) -> ResponseReturnValue:
    """Compare a birth date with the list's; only the answer is kept."""
    match = _match(match_id)
    form = BirthDateForm(request.form)
    try:
        answer = matches.compare_birth_date(
            db.session(),
            current_staff(),
            now(),
            catalogue(),
            match,
            birth_date(form.born.data or "", now().date()),
            version=number_of(form.version.data),
            two_person=here().two_person,
        )
    except EntryRefused as refused:
        db.session.rollback()
        again = BirthDateForm(None)
        again.refuse([refused])
        return _page(_match(match_id), born=again, status=_status(refused))
    except Stale:
        db.session.rollback()
        return _page(_match(match_id), status=409)
    db.session.commit()
    flash(wording.BIRTH_DATES[answer])
    return redirect(url_for("matches.show", match_id=match_id), 303)


def _status(refused: EntryRefused) -> int:
    return {"conflicted": 403, "match_step": 409}.get(refused.code, 400)


def _match(match_id: int) -> Match:
    return db.session.get(Match, match_id) or abort(404)


def _page(
    match: Match,
    form: MatchForm | None = None,
    *,
    born: BirthDateForm | None = None,
    status: int = 200,
) -> tuple[str, int]:
    session = db.session()
    sites = clinics_behind(session, now(), match.subject)
    to_confirm = matches.open_checks(session, match)
    form = form or MatchForm(None)
    page = render_template(
        "admin/matches/show.html",
        match=match,
        rows=_rows(match),
        sites=sites,
        form=form,
        born=born or BirthDateForm(None),
        more=match.state is MatchState.CONFIRMED and bool(to_confirm),
        conflict=any(
            conflicted(session, current_staff().id, number)
            for number in clinics_ever(session, match.subject)
        ),
        may_reopen=current_staff().role is StaffRole.ADMIN,
        search_page=SEARCH_PAGE,
        compared=matches.compared(session, now(), [match.subject]),
        posts={site.id: site.posts.get(match.subject, ()) for site in sites},
        status=status,
    )
    return page, status


def _rows(match: Match) -> list[Row]:
    """Return both records, line by line; what agrees is known from the match itself."""
    row, about = match.row, match.about
    signs = set(match.why)
    listed_name = " ".join(
        row[part] for part in ("first_name", "middle_name", "last_name") if part in row
    )
    names = [about.name, *((getattr(about, "former_names", None)) or ())]
    profession = about.profession if isinstance(about, Practitioner) else ""
    kind = ", ".join(row[part] for part in ("general", "specialty") if part in row)
    where = [f"{clinic.city}, {clinic.state} {clinic.postal_code}" for clinic in _clinics(match)]
    return [
        Row(
            _("Name"),
            row.get("business_name") or listed_name,
            "; ".join(names),
            agrees=Sign.NAME.value in signs,
            nearly=bool(signs & {Sign.NEAR_NAME.value, Sign.INITIAL.value}),
        ),
        Row(_("NPI"), row.get("npi", ""), about.npi or "", Sign.NPI.value in signs),
        Row(_("What they do"), kind.capitalize(), profession, agrees=False),
        Row(
            _("Place"),
            ", ".join(
                row[part] for part in ("street", "city", "state", "postal_code") if part in row
            ),
            "; ".join(dict.fromkeys(where)),
            bool(signs & {Sign.STATE.value, Sign.ZIP.value, Sign.CITY.value}),
        ),
        Row(_("Excluded since"), _day(row.get("excluded_on")), None, agrees=False),
        Row(
            _("Why excluded (section of the law)"),
            row.get("exclusion_type", ""),
            None,
            agrees=False,
        ),
        Row(_("Waiver"), _waiver(row), None, agrees=False),
    ]


def _clinics(match: Match) -> list[Clinic]:
    about = match.about
    if isinstance(about, Clinic):
        return [about]
    if isinstance(about, Organization):
        return about.clinics
    return [role.clinic for role in about.roles if role.ended_on is None]


def _day(text: str | None) -> str:
    return day_in_words(date.fromisoformat(text)) if text else ""


def _waiver(row: dict[str, str]) -> str:
    return " ".join(part for part in (_day(row.get("waived_on")), row.get("waiver_state")) if part)
