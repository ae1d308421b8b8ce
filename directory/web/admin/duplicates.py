"""Clinics that may be listed twice: told apart for ever, or merged, and taken apart again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from directory.domain.duplicates import is_disguised
from directory.domain.entries import EntryRefused, write_hours
from directory.domain.findings import Finding
from directory.domain.merges import differing
from directory.extensions import db
from directory.models import Clinic, Merge
from directory.operations import duplicates, merging
from directory.operations.clinic_file import one_line
from directory.operations.editing import facts_of
from directory.operations.merge_moves import KINDS
from directory.operations.merging import MergePlan
from directory.operations.stale import Stale
from directory.web import wording
from directory.web.access import current_staff, staff_page
from directory.web.admin.previews import number_of
from directory.web.forms.duplicates import PairForm, UndoForm
from directory.web.forms.entries import words_of
from directory.web.language import dollars, phone
from directory.web.state import catalogue, here, now

room = Blueprint("duplicates", __name__, url_prefix="/admin/duplicates")

PAIR = "/<row:left>/<row:right>"
ONE_MERGE = "/merges/<row:merge_id>"
PER_PAGE = 25
SHOWN = (
    "name",
    "organization",
    "npi",
    "street",
    "city",
    "state",
    "postal_code",
    "phone",
    "website",
    "accepting",
    "hours",
    "languages",
    "services",
    "insurance",
    "access",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the comparison: what it is about, both sides in words, whether they agree."""

    label: Any
    left: str
    right: str
    same: bool


@room.get("/")
@staff_page
def index() -> ResponseReturnValue:
    """The pairs that may be one clinic, the likeliest first; or the way to any two clinics."""
    left, right = (request.args.get(side, "") for side in ("left", "right"))
    problem = ""
    if left or right:
        numbers = number_of(left), number_of(right)
        if all(db.session.get(Clinic, number) for number in numbers) and numbers[0] != numbers[1]:
            return redirect(url_for("duplicates.pair", left=numbers[0], right=numbers[1]), 303)
        problem = str(_("Give the numbers of two different clinics that are on record."))
    found = duplicates.likely_pairs(db.session())
    pages = max(1, -(-len(found.pairs) // PER_PAGE))
    page = min(max(request.args.get("page", 1, int), 1), pages)
    shown = found.pairs[(page - 1) * PER_PAGE : page * PER_PAGE]
    wanted = {number for likeness in shown for number in likeness.pair}
    rows = db.session.query(Clinic).where(Clinic.id.in_(wanted)).all()
    body = render_template(
        "admin/duplicates/index.html",
        pairs=shown,
        clinics={row.id: row for row in rows},
        disguised=is_disguised,
        total=len(found.pairs),
        page=page,
        pages=pages,
        left=left,
        right=right,
        problem=problem,
    )
    return body, 400 if problem else 200


@room.get(PAIR)
@staff_page
def pair(left: int, right: int) -> ResponseReturnValue:
    """Two clinics side by side."""
    return _page(left, right, None)


@room.post(f"{PAIR}/apart")
@staff_page
def apart(left: int, right: int) -> ResponseReturnValue:
    """Keep for ever that two clinics are not the same."""
    form = PairForm(request.form)
    one, other = _clinic(left), _clinic(right)
    try:
        duplicates.tell_apart(
            db.session(),
            current_staff(),
            now(),
            one,
            other,
            one_line(form.reason.data or ""),
            versions=_versions(form),
        )
    except EntryRefused as refused:
        return _refused(left, right, form, refused)
    except Stale:
        return _stale(left, right, form)
    db.session.commit()
    flash(_("Kept: these are not the same. Nobody will be asked again."))
    return redirect(url_for("duplicates.index"), 303)


@room.post(f"{PAIR}/merge")
@staff_page
def merge(left: int, right: int) -> ResponseReturnValue:
    """Show what merging would do; once that was seen, do it."""
    form = PairForm(request.form)
    if form.keep.data not in ("left", "right"):
        abort(400)
    kept, merged = _clinic(left), _clinic(right)
    versions = _versions(form)
    if form.keep.data == "right":
        kept, merged, versions = merged, kept, (versions[1], versions[0])
    session, two_person = db.session(), here().two_person
    arguments = (session, current_staff(), now(), catalogue(), kept, merged)
    previewed = request.form.get("previewed", "")
    try:
        reason = one_line(form.reason.data or "")
        duplicates.check_reason(reason)
        if (kept.version, merged.version) != versions:
            raise Stale
        if not previewed:
            plan = merging.plan_merge(*arguments, two_person=two_person)
            return _page(left, right, form, plan=plan)
        row = merging.merge(
            *arguments, reason, versions=versions, previewed=previewed, two_person=two_person
        )
    except EntryRefused as refused:
        return _refused(left, right, form, refused)
    except Stale:
        return _stale(left, right, form)
    number = row.id  # read before the commit: nothing may fail once it is done
    session.commit()
    flash(_("Merged. You can take them apart again from this page."))
    return redirect(url_for("duplicates.show_merge", merge_id=number), 303)


@room.get(ONE_MERGE)
@staff_page
def show_merge(merge_id: int) -> ResponseReturnValue:
    """One merge: what went over, and the way to take it apart."""
    return _merge_page(_merge(merge_id), UndoForm(None))


@room.post(f"{ONE_MERGE}/undo")
@staff_page
def undo(merge_id: int) -> ResponseReturnValue:
    """Take two listings apart again."""
    row, form = _merge(merge_id), UndoForm(request.form)
    try:
        merging.undo(
            db.session(),
            current_staff(),
            now(),
            catalogue(),
            row,
            one_line(form.reason.data or ""),
            two_person=here().two_person,
        )
    except EntryRefused as refused:
        db.session.rollback()
        form.refuse([refused])
        return _merge_page(_merge(merge_id), form, _status(refused))
    db.session.commit()
    flash(_("Taken apart. Both listings are as they were."))
    return redirect(url_for("duplicates.show_merge", merge_id=merge_id), 303)


def _clinic(number: int) -> Clinic:
    return db.session.get(Clinic, number) or abort(404)


def _merge(number: int) -> Merge:
    return db.session.get(Merge, number) or abort(404)


def _versions(form: PairForm) -> tuple[int, int]:
    return number_of(form.left.data), number_of(form.right.data)


def _status(refused: EntryRefused) -> int:
    conflicts = ("merged", "told_apart", "merge_undone", "merge_newer")
    return 403 if refused.code == "conflicted" else 409 if refused.code in conflicts else 400


def _refused(left: int, right: int, form: PairForm, refused: EntryRefused) -> ResponseReturnValue:
    db.session.rollback()
    form.refuse([refused])
    return _page(left, right, form, status=_status(refused))


def _stale(left: int, right: int, form: PairForm) -> ResponseReturnValue:
    """Show both as they are now, with the reason that was typed; deciding again then counts."""
    db.session.rollback()
    return _page(left, right, form, stale=True, status=409)


def _page(
    left: int,
    right: int,
    form: PairForm | None,
    *,
    plan: MergePlan | None = None,
    stale: bool = False,
    status: int = 200,
) -> ResponseReturnValue:
    one, other = _clinic(left), _clinic(right)
    form = form or PairForm(None)
    form.left.data, form.right.data = str(one.version), str(other.version)
    session, problem = db.session(), ""
    try:
        duplicates.check_pair(session, current_staff(), one, other)
    except EntryRefused as refused:
        problem = words_of(refused)
    if one.id == other.id:
        abort(404)
    page = render_template(
        "admin/duplicates/pair.html",
        left=one,
        right=other,
        form=form,
        plan=plan,
        stale=stale,
        problem=problem,
        likeness=duplicates.likeness_of(session, one, other),
        told=duplicates.told_apart(session, left, right),
        facts=_facts(one, other),
        checks=_checks(one, other),
        disguised=is_disguised,
        catalogue=catalogue(),
    )
    return page, status


def _merge_page(row: Merge, form: UndoForm, status: int = 200) -> ResponseReturnValue:
    problem = ""
    try:
        merging.refuse_undo(db.session(), current_staff(), row)
    except EntryRefused as refused:
        problem = words_of(refused)
    counts = {kind: len(row.moved[kind]) for kind in KINDS if row.moved.get(kind)}
    page = render_template(
        "admin/duplicates/merge.html", merge=row, form=form, problem=problem, counts=counts
    )
    return page, status


def _facts(left: Clinic, right: Clinic) -> list[Row]:
    apart = set(differing(facts_of(left), facts_of(right)))
    return [
        Row(
            wording.FACTS["listing"], _listing(left), _listing(right), left.listing == right.listing
        )
    ] + [
        Row(wording.FACTS[fact], _said(fact, left), _said(fact, right), fact not in apart)
        for fact in SHOWN
    ]


def _listing(clinic: Clinic) -> str:
    words = str(wording.LISTINGS[clinic.listing.value])
    return f"{words}: {clinic.listing_reason}" if clinic.listing_reason else words


def _said(fact: str, clinic: Clinic) -> str:
    match fact:
        case "organization":
            return clinic.organization.name if clinic.organization else ""
        case "phone":
            return phone(clinic.phone) if clinic.phone else ""
        case "accepting":
            accepting = clinic.accepting_new_patients
            return "" if accepting is None else str(_("yes") if accepting else _("no"))
        case "hours":
            return write_hours(clinic.hours or []).replace("\n", "; ")
        case "languages":
            return ", ".join(clinic.languages or [])
        case "services":
            return "; ".join(
                f"{wording.MODALITIES[s.modality.value]}, {wording.CONDITIONS[s.condition.value]}"
                + (f", {dollars(s.price_usd)}" if s.price_usd else "")
                for s in clinic.services
            )
    return str(getattr(clinic, fact) or "")


def _checks(left: Clinic, right: Clinic) -> list[Row]:
    """Return the criteria of which anything is known at either."""
    sides: list[Sequence[Finding]] = [
        merging.findings_at(db.session(), catalogue(), clinic, now(), two_person=here().two_person)
        for clinic in (left, right)
    ]
    return [
        Row(
            criterion.title,
            str(wording.STATES[one.state.value]),
            str(wording.STATES[other.state.value]),
            one.state is other.state,
        )
        for criterion, one, other in zip(catalogue().criteria, *sides, strict=True)
        if one.state.value != "not_checked" or other.state.value != "not_checked"
    ]
