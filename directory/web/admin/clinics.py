"""Clinics, organizations and their listing states."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from directory.domain.cases import CaseRefused, suggested_facts
from directory.domain.clinic_entry import EntriesRefused, read_clinic
from directory.domain.clinics import STEPS
from directory.domain.entries import EntryRefused, looks_alike
from directory.domain.standing import Listing
from directory.extensions import db
from directory.models import Candidate, Case, Clinic
from directory.operations import cases, clinic_file
from directory.operations.candidate_triage import start_listing, startable
from directory.operations.conflicts import refuse_conflicted
from directory.operations.duplicates import twins_of
from directory.operations.editing import (
    Edit,
    create_clinic,
    plan_edit,
    save_edit,
    set_listing,
)
from directory.operations.families import home_of
from directory.operations.matches import compared_at
from directory.operations.merging import merges_of
from directory.operations.stale import Stale, edits_since
from directory.web import wording
from directory.web.access import current_staff, staff_page
from directory.web.admin.previews import number_of
from directory.web.forms.clinics import (
    ClinicForm,
    ListingForm,
    form_for,
    form_from,
    owner_label,
)
from directory.web.forms.entries import choices, words_of
from directory.web.state import catalogue, here, now

room = Blueprint("clinics", __name__, url_prefix="/admin/clinics")

ID = "<row:clinic_id>"
LAST_PAGE = 100_000
LONGEST_ID = 19


@room.get("/")
@staff_page
def index() -> ResponseReturnValue:
    """Every clinic, whatever its listing, found by name, city, state or number."""
    sought = request.args.get("q", "")[:100].strip()
    listing = request.args.get("listing", "")
    page = request.args.get("page", 1, int)
    found = clinic_file.find_clinics(
        db.session(),
        sought,
        Listing(listing) if listing in set(Listing) else None,
        min(max(page, 1), LAST_PAGE),
    )
    return render_template(
        "admin/clinics/index.html", found=found, sought=sought, listing=listing, listings=Listing
    )


@room.get(f"/{ID}")
@staff_page
def show(clinic_id: int) -> ResponseReturnValue:
    """One clinic: its facts, listing, people, papers, files, checks and history."""
    return _page(_clinic(clinic_id), None)


@room.get("/new")
@staff_page
def new() -> ResponseReturnValue:
    """An empty form, or one that a suggestion or the registry fills in; nothing is saved by it."""
    number = number_of(request.args.get("candidate"))
    candidate = db.session.get(Candidate, number) if number else None
    if candidate is not None and startable(candidate):
        return _form(form_from(candidate), None)
    case = _case(request.args.get("case"))
    if case is None:
        return _form(form_for(None, None), None)
    refused = _refused(case)
    if refused:
        flash(refused)
        return redirect(url_for("cases.show", case_id=case.id), 303)
    return _form(form_for(None, None, suggested_facts(case.details)), None, case=case)


@room.post("/new")
@staff_page
def create() -> ResponseReturnValue:
    """Write a new clinic as a draft, and note it on the case that it comes from."""
    form = form_for(request.form, None)
    case = _case(request.form.get("case"), lock=True)
    refused = _refused(case) if case else ""
    if refused:
        return _form(form, None, case=case, problem=refused), 409
    edit = _planned(form, None)
    if edit is None:
        return _form(form, None, case=case), 400
    if edit.grave and request.form.get("previewed") != edit.digest:
        return _form(form, None, edit=edit, case=case)
    act = (db.session(), current_staff(), now())
    two_person = here().two_person
    if case:
        clinic = cases.start_listing(*act, catalogue(), case, edit, two_person=two_person)
    else:
        clinic = create_clinic(*act, catalogue(), edit, two_person=two_person)
    if number := number_of(form.candidate.data):
        try:
            start_listing(*act, number, clinic)
        except (EntryRefused, Stale):
            db.session.rollback()
            form.refuse([EntryRefused("candidate_taken", "name")])
            return _form(form, None, case=case), 409
    db.session.commit()
    flash(_("The clinic is saved as a draft. Publish it when it is ready."))
    return redirect(url_for("clinics.show", clinic_id=clinic.id), 303)


@room.get(f"/{ID}/edit")
@staff_page
def edit(clinic_id: int) -> ResponseReturnValue:
    """The form with the clinic's facts."""
    clinic = _clinic(clinic_id)
    return _form(form_for(None, clinic), clinic)


@room.post(f"/{ID}/edit")
@staff_page
def save(clinic_id: int) -> ResponseReturnValue:
    """Save an edit; when checks would fall, show them first."""
    clinic = _clinic(clinic_id)
    form = form_for(request.form, clinic)
    version = _version(form.version.data)
    if clinic.version != version:
        return _stale(form, clinic_id, version)
    planned = _planned(form, clinic)
    if planned is None:
        return _form(form, clinic), 400
    if planned.grave and request.form.get("previewed") != planned.digest:
        return _form(form, clinic, edit=planned)
    try:
        save_edit(
            db.session(),
            current_staff(),
            now(),
            catalogue(),
            clinic,
            planned,
            version=version,
            two_person=here().two_person,
        )
    except Stale:
        return _stale(form, clinic_id, version)
    db.session.commit()
    flash(_("Your changes are saved.") if planned.after else _("Nothing was changed."))
    return redirect(url_for("clinics.show", clinic_id=clinic_id), 303)


@room.post(f"/{ID}/listing")
@staff_page
def listing(clinic_id: int) -> ResponseReturnValue:
    """Publish, unlist, suspend or close a clinic."""
    clinic = _clinic(clinic_id)
    form = ListingForm(request.form)
    wanted = form.listing.data or ""
    try:
        if _version(form.version.data) != clinic.version:
            raise Stale
        if wanted not in set(Listing):
            raise EntryRefused("listing_step", "listing")
        set_listing(
            db.session(),
            current_staff(),
            now(),
            catalogue(),
            clinic,
            Listing(wanted),
            clinic_file.one_line(form.reason.data or ""),
            version=_version(form.version.data),
            two_person=here().two_person,
        )
    except EntryRefused as refused:
        form.refuse([refused])
        return _page(clinic, form), 400
    except Stale:
        db.session.rollback()
        clinic = _clinic(clinic_id)
        form.version.data = str(clinic.version)
        flash(_("Somebody changed this clinic meanwhile. Look again, then decide."))
        return _page(clinic, form), 409
    db.session.commit()
    flash(_("The listing is now: %(state)s.", state=wording.LISTINGS[wanted]))
    return redirect(url_for("clinics.show", clinic_id=clinic_id), 303)


def _clinic(clinic_id: int) -> Clinic:
    return db.session.get(Clinic, clinic_id) or abort(404)


def _case(number: str | None, *, lock: bool = False) -> Case | None:
    """Return the case that a new clinic comes from, None for none; 404 for an unknown one."""
    if not number:
        return None
    known = number.isascii() and number.isdecimal() and len(number) < LONGEST_ID
    case = cases.case_by_id(db.session(), int(number), lock=lock) if known else None
    return case or abort(404)


def _refused(case: Case) -> str:
    """Say why no listing can be started from a case, or nothing when one can."""
    try:
        cases.refuse_listing(db.session(), current_staff(), case)
    except CaseRefused as refused:
        return str(wording.CASE_REFUSALS[refused.refusal.value])
    return ""


def _version(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _planned(form: ClinicForm, clinic: Clinic | None) -> Edit | None:
    """Return what saving would do, or None with the problems on the form."""
    try:
        if clinic:
            refuse_conflicted(db.session(), current_staff(), [clinic.id])
        facts = read_clinic(form.typed())
        return plan_edit(db.session(), catalogue(), here().gazetteer(), clinic, facts)
    except (EntriesRefused, EntryRefused) as refused:
        form.refuse(refused.problems)
    return None


def _form(
    form: ClinicForm,
    clinic: Clinic | None,
    *,
    edit: Edit | None = None,
    others: object = (),
    case: Case | None = None,
    problem: str = "",
) -> str:
    return render_template(
        "admin/clinics/edit.html",
        form=form,
        clinic=clinic,
        edit=edit,
        others=others,
        case=case,
        problem=problem,
        catalogue=catalogue(),
        owners=[owner_label(owner) for owner in clinic_file.owners(db.session())],
    )


def _stale(form: ClinicForm, clinic_id: int, version: int) -> ResponseReturnValue:
    """Show what others saved meanwhile, with all that was typed; saving again then counts."""
    db.session.rollback()
    clinic = _clinic(clinic_id)
    form.version.data = str(clinic.version)
    others = edits_since(db.session(), clinic_id, version)
    return _form(form, clinic, others=others), 409


def _page(clinic: Clinic, form: ListingForm | None) -> str:
    if form is None:
        form = ListingForm(None, data={"version": str(clinic.version)})
    steps = {step.value: wording.LISTING_STEPS[step.value] for step in STEPS[clinic.listing]}
    form.listing.choices = choices(steps, _("Choose"))
    conflict = ""
    try:
        refuse_conflicted(db.session(), current_staff(), [clinic.id])
    except EntryRefused as refused:
        conflict = words_of(refused)
    return render_template(
        "admin/clinics/show.html",
        clinic=clinic,
        file=clinic_file.open_file(
            db.session(), catalogue(), clinic, now(), two_person=here().two_person
        ),
        form=form,
        conflict=conflict,
        alike=looks_alike(clinic.name),
        home=home_of(db.session(), clinic.id),
        merges=merges_of(db.session(), clinic.id),
        twins=twins_of(db.session(), clinic),
        compared=compared_at(db.session(), now(), clinic.id),
        catalogue=catalogue(),
    )
