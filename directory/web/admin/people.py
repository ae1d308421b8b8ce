"""Practitioners, their roles and credentials, and the owners of clinics."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from directory.domain.clinic_entry import Entries, EntriesRefused, PersonFacts, read_person
from directory.domain.credentials import days_ahead, last_valid_day
from directory.domain.entries import EntryRefused
from directory.extensions import db
from directory.models import Clinic, Organization, Practitioner, PractitionerRole
from directory.models.clinic import Post
from directory.operations import clinic_file, practitioners
from directory.operations.falls import Falls
from directory.operations.licenses import newest_looks
from directory.operations.matches import compared
from directory.operations.stale import Stale
from directory.web.access import current_staff, staff_page
from directory.web.admin.previews import number_of, seen
from directory.web.forms.people import EndRoleForm, OwnerForm, PersonForm, RoleForm
from directory.web.state import catalogue, here, now

room = Blueprint("people", __name__, url_prefix="/admin/people")

LAST_PAGE = 100_000


@dataclass(frozen=True, slots=True)
class Kind:
    """What differs between a practitioner and an owner."""

    model: Any
    form: Any
    show: str
    profession: bool


KINDS = {
    "practitioner": Kind(Practitioner, PersonForm, "people.show", True),
    "organization": Kind(Organization, OwnerForm, "people.owner", False),
}
KIND = "<any(practitioner, organization):noun>"


@room.get("/")
@staff_page
def index() -> str:
    """Practitioners, by name or NPI."""
    return _list("practitioner")


@room.get("/organizations")
@staff_page
def organizations() -> str:
    """Owners, by name or NPI."""
    return _list("organization")


@room.get("/<row:practitioner_id>")
@staff_page
def show(practitioner_id: int) -> str:
    """One practitioner: posts and credentials."""
    return _person(_row("practitioner", practitioner_id), None)


@room.get("/organizations/<row:organization_id>")
@staff_page
def owner(organization_id: int) -> str:
    """One owner and its clinics."""
    row = _row("organization", organization_id)
    found = compared(db.session(), now(), [("organization", row.id)])
    return render_template("admin/people/owner.html", row=row, compared=found)


@room.get(f"/{KIND}/new")
@staff_page
def new(noun: str) -> str:
    """An empty form."""
    return _form(noun, KINDS[noun].form(None, data={"version": "0"}), None)


@room.post(f"/{KIND}/new")
@staff_page
def create(noun: str) -> ResponseReturnValue:
    """Write a new practitioner or owner."""
    kind = KINDS[noun]
    form = kind.form(request.form)
    try:
        facts = read_person(form.typed(), profession=kind.profession)
        row = practitioners.create_person(
            db.session(),
            current_staff(),
            now(),
            catalogue(),
            kind.model,
            facts,
            two_person=here().two_person,
        )
    except (EntriesRefused, EntryRefused) as refused:
        form.refuse(refused.problems)
        return _form(noun, form, None), 400
    db.session.commit()
    flash(_("Saved."))
    return redirect(_address(noun, row.id), 303)


@room.get(f"/{KIND}/<row:number>/edit")
@staff_page
def edit(noun: str, number: int) -> str:
    """The form with what is on record."""
    row = _row(noun, number)
    data = {name: getattr(row, name) or "" for name in ("name", "npi")}
    if noun == "practitioner":
        data["profession"] = row.profession
        data["former_names"] = "\n".join(row.former_names or ())
    return _form(noun, KINDS[noun].form(None, data=data | {"version": str(row.version)}), row)


@room.post(f"/{KIND}/<row:number>/edit")
@staff_page
def save(noun: str, number: int) -> ResponseReturnValue:
    """Save an edit; when checks would fall, show them first."""
    kind = KINDS[noun]
    row = _row(noun, number)
    form = kind.form(request.form)
    try:
        facts = read_person(form.typed(), profession=kind.profession)
        fallen = _falls(row, facts)
        if fallen and request.form.get("previewed") != seen(fallen, form.typed()):
            return _form(noun, form, row, fallen=fallen)
        practitioners.save_person(
            db.session(),
            current_staff(),
            now(),
            catalogue(),
            row,
            facts,
            version=number_of(form.version.data),
            two_person=here().two_person,
        )
    except (EntriesRefused, EntryRefused) as refused:
        form.refuse(refused.problems)
        return _form(noun, form, row), 400
    except Stale:
        db.session.rollback()
        row = _row(noun, number)
        form.version.data = str(row.version)
        return _form(noun, form, row, stale=True), 409
    db.session.commit()
    flash(_("Saved."))
    return redirect(_address(noun, number), 303)


@room.post("/<row:practitioner_id>/roles")
@staff_page
def start(practitioner_id: int) -> ResponseReturnValue:
    """Write that somebody took up a post at a clinic."""
    person: Practitioner = _row("practitioner", practitioner_id)
    form = RoleForm(request.form)
    entries = Entries(form.typed())
    clinic = db.session.get(Clinic, number_of(form.clinic.data))
    if clinic is None:
        entries.problems.append(EntryRefused("needed", "clinic"))
    if form.post.data not in set(Post):
        entries.problems.append(EntryRefused("needed", "post"))
    started_on = entries.day("started_on")
    if started_on is None and not any(p.field == "started_on" for p in entries.problems):
        entries.problems.append(EntryRefused("needed", "started_on"))
    if entries.problems or clinic is None or started_on is None:
        form.refuse(entries.problems)
        return _person(person, form), 400
    post = Post(form.post.data)
    fallen = practitioners.role_falls(db.session(), catalogue(), clinic.id, post)
    if fallen and request.form.get("previewed") != seen(fallen, form.typed()):
        return _person(person, form, fallen=fallen)
    try:
        practitioners.start_role(
            db.session(),
            current_staff(),
            now(),
            catalogue(),
            person,
            clinic,
            post,
            started_on,
            two_person=here().two_person,
        )
    except EntryRefused as refused:
        form.refuse([refused])
        return _person(person, form), 400
    db.session.commit()
    flash(_("Saved."))
    return redirect(url_for("people.show", practitioner_id=practitioner_id), 303)


@room.get("/roles/<row:role_id>/end")
@staff_page
def leave(role_id: int) -> str:
    """Ask for the last day of a post."""
    role = _role(role_id)
    return _leave(role, EndRoleForm(None, data={"version": str(role.version)}))


@room.post("/roles/<row:role_id>/end")
@staff_page
def end(role_id: int) -> ResponseReturnValue:
    """Write the last day of a post; the role stays on record."""
    role = _role(role_id)
    form = EndRoleForm(request.form)
    entries = Entries(form.typed())
    ended_on = entries.day("ended_on")
    if ended_on is None:
        form.refuse(entries.problems or [EntryRefused("needed", "ended_on")])
        return _leave(role, form), 400
    try:
        practitioners.end_role(
            db.session(),
            current_staff(),
            now(),
            catalogue(),
            role,
            ended_on,
            version=number_of(form.version.data),
            two_person=here().two_person,
        )
    except EntryRefused as refused:
        form.refuse([refused])
        return _leave(role, form), 400
    except Stale:
        db.session.rollback()
        role = _role(role_id)
        form.version.data = str(role.version)
        return _leave(role, form, stale=True), 409
    db.session.commit()
    flash(_("Saved."))
    return redirect(url_for("people.show", practitioner_id=role.practitioner_id), 303)


def _falls(row: Practitioner | Organization, facts: PersonFacts) -> Falls:
    if isinstance(row, Practitioner):
        return practitioners.person_falls(db.session(), catalogue(), row, facts)
    return practitioners.owner_falls(db.session(), catalogue(), row, facts)


def _row(noun: str, number: int) -> Any:
    return db.session.get(KINDS[noun].model, number) or abort(404)


def _role(role_id: int) -> PractitionerRole:
    return db.session.get(PractitionerRole, role_id) or abort(404)


def _address(noun: str, number: int) -> str:
    values: dict[str, Any] = {f"{noun}_id": number}
    return url_for(KINDS[noun].show, **values)


def _list(noun: str) -> str:
    sought = request.args.get("q", "")[:100].strip()
    page = min(max(request.args.get("page", 1, int), 1), LAST_PAGE)
    find = clinic_file.find_people if noun == "practitioner" else clinic_file.find_owners
    return render_template(
        "admin/people/index.html", noun=noun, found=find(db.session(), sought, page), sought=sought
    )


def _form(
    noun: str, form: Any, row: Any, *, fallen: Falls | None = None, stale: bool = False
) -> str:
    return render_template(
        "admin/people/edit.html",
        noun=noun,
        form=form,
        row=row,
        back=_address(noun, row.id) if row else url_for("people.index"),
        fallen=fallen,
        previewed=seen(fallen, form.typed()) if fallen else "",
        stale=stale,
        catalogue=catalogue(),
    )


def _person(person: Practitioner, form: RoleForm | None, *, fallen: Falls | None = None) -> str:
    form = form or RoleForm(None)
    credentials = clinic_file.credentials_of_person(db.session(), person)
    return render_template(
        "admin/people/show.html",
        person=person,
        credentials=credentials,
        looks={
            number: look | {"dated": date.fromisoformat(look["dated"])}
            for number, look in newest_looks(db.session(), [c.id for c in credentials]).items()
        },
        last_day=last_valid_day,
        days_ahead=days_ahead,
        compared=compared(db.session(), now(), [("practitioner", person.id)]),
        form=form,
        fallen=fallen,
        previewed=seen(fallen, form.typed()) if fallen else "",
        today=now().date(),
        catalogue=catalogue(),
    )


def _leave(role: PractitionerRole, form: EndRoleForm, *, stale: bool = False) -> str:
    return render_template(
        "admin/people/leave.html",
        role=role,
        form=form,
        stale=stale,
        fallen=practitioners.role_falls(db.session(), catalogue(), role.clinic_id, role.post),
        catalogue=catalogue(),
    )
