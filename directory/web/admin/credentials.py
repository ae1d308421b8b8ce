"""Licenses, registrations and certificates of people and clinics."""

import re

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from directory.domain.clinic_entry import EntriesRefused, read_credential
from directory.domain.credentials import CredentialKind, dea_valid
from directory.domain.entries import EntryRefused
from directory.extensions import db
from directory.models import Clinic, Credential, Practitioner
from directory.operations import credentials
from directory.operations.falls import Falls
from directory.operations.stale import Stale
from directory.sources.sealing import Sealer
from directory.web.access import current_staff, staff_page
from directory.web.admin.previews import number_of, seen
from directory.web.forms.people import CredentialForm, credential_values
from directory.web.state import catalogue, here, now

room = Blueprint("credentials", __name__, url_prefix="/admin/people/credentials")

HOLDER = "<any(practitioner, clinic):noun>/<row:number>"
HOLDERS: dict[str, type[Practitioner] | type[Clinic]] = {
    "practitioner": Practitioner,
    "clinic": Clinic,
}
Holder = Practitioner | Clinic


@room.get(f"/{HOLDER}/new")
@staff_page
def new(noun: str, number: int) -> str:
    """An empty form for somebody's new paper."""
    return _form(_holder(noun, number), CredentialForm(None, data={"version": "0"}), None)


@room.post(f"/{HOLDER}/new")
@staff_page
def create(noun: str, number: int) -> ResponseReturnValue:
    """Write a new credential; of a DEA number three places are ever shown."""
    holder = _holder(noun, number)
    form = _sent()
    try:
        facts = read_credential(form.typed(), known=None)
        credentials.create_credential(
            db.session(),
            current_staff(),
            now(),
            catalogue(),
            holder,
            facts,
            Sealer(here().settings.secret_key),
            two_person=here().two_person,
        )
    except (EntriesRefused, EntryRefused) as refused:
        form.refuse(refused.problems)
        return _form(holder, form, None), 400
    db.session.commit()
    flash(_("Saved."))
    return redirect(_address(holder), 303)


@room.get("/<row:credential_id>/edit")
@staff_page
def edit(credential_id: int) -> str:
    """The form with what is on record, without the number of a DEA registration."""
    row = _credential(credential_id)
    return _form(_holder_of(row), CredentialForm(None, data=credential_values(row)), row)


@room.post("/<row:credential_id>/edit")
@staff_page
def save(credential_id: int) -> ResponseReturnValue:
    """Save an edit; when checks would fall, show them first."""
    row = _credential(credential_id)
    back = _address(_holder_of(row))
    form = _sent()
    sealer = Sealer(here().settings.secret_key)
    try:
        facts = read_credential(form.typed(), known=row.kind)
        fallen = credentials.credential_falls(db.session(), catalogue(), row, facts, sealer)
        if fallen and request.form.get("previewed") != seen(fallen, form.typed()):
            return _form(_holder_of(row), form, row, fallen=fallen)
        credentials.save_credential(
            db.session(),
            current_staff(),
            now(),
            catalogue(),
            row,
            facts,
            sealer,
            version=number_of(form.version.data),
            two_person=here().two_person,
        )
    except (EntriesRefused, EntryRefused) as refused:
        form.refuse(refused.problems)
        return _form(_holder_of(row), form, row), 400
    except Stale:
        db.session.rollback()
        row = _credential(credential_id)
        form.version.data = str(row.version)
        return _form(_holder_of(row), form, row, stale=True), 409
    db.session.commit()
    flash(_("Saved."))
    return redirect(back, 303)


def _sent() -> CredentialForm:
    """Return the form as it was sent, with the number that an earlier page kept sealed."""
    form = CredentialForm(request.form)
    if not form.number.data and form.kept.data:
        form.number.data = Sealer(here().settings.secret_key).open(form.kept.data)
    form.kept.data = ""
    return form


def _hide(form: CredentialForm) -> str:
    """Take a DEA number off the page again, keep it sealed in the form, return its last three.

    One that was typed wrong is not kept: it has to be typed again anyway.
    """
    number = re.sub(r"[\s-]", "", form.number.data or "").upper()
    if not dea_valid(number):
        if form.kind.data == CredentialKind.DEA_REGISTRATION.value:
            form.number.data = ""
        return ""
    form.kept.data = Sealer(here().settings.secret_key).seal(number)
    form.number.data = ""
    return number[-3:]


def _holder(noun: str, number: int) -> Holder:
    return db.session.get(HOLDERS[noun], number) or abort(404)


def _holder_of(row: Credential) -> Holder:
    holder = row.practitioner or row.clinic
    return holder or abort(404)


def _credential(credential_id: int) -> Credential:
    return db.session.get(Credential, credential_id) or abort(404)


def _address(holder: Holder) -> str:
    if isinstance(holder, Clinic):
        return url_for("clinics.show", clinic_id=holder.id)
    return url_for("people.show", practitioner_id=holder.id)


def _form(
    holder: Holder,
    form: CredentialForm,
    row: Credential | None,
    *,
    fallen: Falls | None = None,
    stale: bool = False,
) -> str:
    previewed = seen(fallen, form.typed()) if fallen else ""
    ending = _hide(form)
    return render_template(
        "admin/people/credential.html",
        holder=holder,
        form=form,
        row=row,
        back=_address(holder),
        fallen=fallen,
        previewed=previewed,
        ending=ending,
        stale=stale,
        catalogue=catalogue(),
    )
