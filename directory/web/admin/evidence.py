"""Evidence files: taken in through a gate, handed out to staff as attachments only."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from directory.domain.entries import EntryRefused
from directory.extensions import db
from directory.models import Clinic, Evidence
from directory.models.engine import begin_writing
from directory.models.vetting import EvidenceKind
from directory.operations import evidence
from directory.sources.evidence import (
    ENDINGS,
    LARGEST,
    Accepted,
    EvidenceDamaged,
    EvidenceStore,
    FileRefused,
    inspect,
)
from directory.web.access import current_staff, staff_page
from directory.web.admin.previews import number_of
from directory.web.forms.clinics import EvidenceForm
from directory.web.forms.entries import choices
from directory.web.state import here, now

room = Blueprint("evidence", __name__, url_prefix="/admin/evidence")

LARGEST_UPLOAD = LARGEST + 64 * 1024
"""A file and the fields around it; only the routes that take files allow so much."""

SEALED_OFF = {
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Download-Options": "noopen",
}
"""The headers under which a file leaves: even a browser that opens it runs nothing of it."""


@room.url_value_preprocessor
def _allow_a_file(endpoint: str | None, _values: dict[str, object] | None) -> None:
    """Raise the limit of this request before anything reads its form."""
    if endpoint == "evidence.create":
        request.max_content_length = LARGEST_UPLOAD


@room.get("/for/<row:clinic_id>")
@staff_page
def new(clinic_id: int) -> str:
    """Ask for a file, and say what is never collected."""
    return _form(_clinic(clinic_id), EvidenceForm(None))


@room.post("/for/<row:clinic_id>")
@staff_page
def create(clinic_id: int) -> ResponseReturnValue:
    """Take in a file as evidence about a clinic."""
    form = EvidenceForm(request.form)
    try:
        accepted = inspected()
        clinic = _clinic(clinic_id)
        wanted = number_of(form.replaces.data)
        kept = evidence.keep_file(
            db.session(),
            current_staff(),
            now(),
            store(),
            clinic,
            accepted,
            form.title.data or "",
            replaces=db.session.get(Evidence, wanted) if wanted else None,
        )
    except FileRefused as refused:
        form.refuse([EntryRefused(refused.code, "file")])
        return _form(_clinic(clinic_id), form), 400
    except EntryRefused as refused:
        refused.field = refused.field or "title"
        form.refuse([refused])
        return _form(_clinic(clinic_id), form), 400
    db.session.commit()
    flash(_("The file is kept."))
    return redirect(url_for("evidence.show", evidence_id=kept.id), 303)


@room.get("/<row:evidence_id>")
@staff_page
def show(evidence_id: int) -> str:
    """What a file is, who took it, what it replaces and which checks rest on it."""
    row = _file(evidence_id)
    return render_template(
        "admin/clinics/evidence.html",
        row=row,
        clinic=_clinic(row.clinic_id or 0),
        checks=evidence.checks_behind(db.session(), row.id),
        newer=evidence.replaced_by(db.session(), row.id),
    )


@room.get("/<row:evidence_id>/file")
@staff_page
def download(evidence_id: int) -> Response:
    """Hand out a file as an attachment under a name of ours, never to be shown in a page."""
    row = _file(evidence_id)
    try:
        data = store().read(row.sha256)
    except EvidenceDamaged:
        abort(404, _("The file is missing from the store, or it was altered. Tell an admin."))
    media_type = row.media_type or "application/octet-stream"
    response = Response(data, mimetype=media_type)
    name = f"evidence-{row.id}.{ENDINGS.get(media_type, 'bin')}"
    response.headers.update(SEALED_OFF)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def store() -> EvidenceStore:
    """Return the store of this installation."""
    return EvidenceStore(here().settings.evidence_path)


def inspected(field: str = "file") -> Accepted:
    """Return the sent file as it may be kept; raises FileRefused.

    Looking at it takes time, so the database is let go meanwhile and asked for again after: what
    was read before has to be read anew.
    """
    sent = request.files.get(field)
    data = b""
    if sent:
        with sent.stream:
            data = sent.stream.read(LARGEST + 1)
    db.session.rollback()
    try:
        return inspect(data)
    finally:
        begin_writing(db.session())


def _clinic(clinic_id: int) -> Clinic:
    return db.session.get(Clinic, clinic_id) or abort(404)


def _file(evidence_id: int) -> Evidence:
    row = db.session.get(Evidence, evidence_id)
    if row is None or row.kind is not EvidenceKind.FILE:
        abort(404)
    return row


def _form(clinic: Clinic, form: EvidenceForm) -> str:
    files = evidence.files_of(db.session(), clinic.id)
    form.replaces.choices = choices(
        {str(file.id): f"{file.id}: {file.title}" for file in files}, _("No file")
    )
    return render_template("admin/clinics/upload.html", clinic=clinic, form=form)
