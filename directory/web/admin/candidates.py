"""Candidates from the national registry: one press each, and what changed about them."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from directory.domain.entries import EntryRefused
from directory.domain.nppes import DECISIONS, TRIAGE_STEPS, Triage
from directory.extensions import db
from directory.models import Candidate, CandidateChange, User
from directory.operations import candidate_triage
from directory.operations.stale import Stale
from directory.sources.nppes_api import LookupFailed, look_up
from directory.web import wording
from directory.web.access import begin_acting, current_staff, hashes_first, staff_page
from directory.web.admin.previews import number_of
from directory.web.forms.entries import words_of
from directory.web.state import here, now

room = Blueprint("candidates", __name__, url_prefix="/admin/candidates")

ONE = "/<row:candidate_id>"
LAST_PAGE = 100_000


@room.get("")
@staff_page
def index() -> str:
    """One list of the triage, the strongest reasons first."""
    return _list(_chosen(request.args.get("show")), _page_number())


@room.get("/changes")
@staff_page
def changes() -> str:
    """What the registry says now and did not say before, until somebody has seen it."""
    session = db.session()
    page = _page_number()
    return render_template(
        "admin/candidates/changes.html",
        counts=candidate_triage.counts(session),
        waiting=candidate_triage.changes_count(session),
        found=candidate_triage.changes_waiting(session, page),
        page=page,
    )


@room.get(ONE)
@staff_page
def show(candidate_id: int) -> ResponseReturnValue:
    """One candidate with all that is known of it."""
    return _show(_candidate(candidate_id))


@room.post(f"{ONE}/triage")
@staff_page
def judge(candidate_id: int) -> ResponseReturnValue:
    """Say what a candidate is, then go on with the list."""
    candidate = _candidate(candidate_id)
    chosen = request.form.get("decision", "")
    if chosen not in DECISIONS:
        abort(400, _("Choose one of the answers."))
    try:
        candidate_triage.decide(
            db.session(),
            current_staff(),
            now(),
            candidate,
            Triage(chosen),
            version=number_of(request.form.get("version", "")) or 0,
        )
    except Stale:
        return _overtaken(candidate_id)
    except EntryRefused as refused:
        return _refused(candidate, refused)
    db.session.commit()
    flash(_("%(name)s: %(decision)s", name=candidate.name, decision=wording.TRIAGE[chosen]))
    return redirect(
        url_for("candidates.index", show=_chosen(request.form.get("back")), done=candidate_id), 303
    )


@room.post(f"{ONE}/undo")
@staff_page
def undo(candidate_id: int) -> ResponseReturnValue:
    """Take one's own decision back."""
    candidate = _candidate(candidate_id)
    version = number_of(request.form.get("version", "")) or 0
    try:
        candidate_triage.undo(db.session(), current_staff(), now(), candidate, version=version)
    except Stale:
        return _overtaken(candidate_id)
    except EntryRefused as refused:
        return _refused(candidate, refused)
    db.session.commit()
    flash(_("%(name)s waits again.", name=candidate.name))
    return redirect(url_for("candidates.show", candidate_id=candidate_id), 303)


@room.post("/changes/<row:change_id>/seen")
@staff_page
def see(change_id: int) -> ResponseReturnValue:
    """Say that a change was seen and dealt with."""
    change = db.session.get(CandidateChange, change_id) or abort(404)
    try:
        candidate_triage.see(db.session(), current_staff(), now(), change)
    except Stale:
        return _overtaken(change.candidate_id)
    except EntryRefused as refused:
        return _refused(change.candidate, refused)
    db.session.commit()
    flash(_("Marked as seen."))
    return redirect(url_for("candidates.changes"), 303)


@room.post(f"{ONE}/look-up")
@staff_page
@hashes_first
def ask(candidate_id: int) -> ResponseReturnValue:
    """Ask the live registry and keep its answer; the network is asked before anything is locked."""
    base = here().settings.nppes_api
    if not base:
        abort(404)
    npi = _candidate(candidate_id).npi
    db.session.rollback()
    try:
        answer = look_up(base, npi)
    except LookupFailed as failed:
        return _show(_candidate(candidate_id), str(wording.LOOKUP_FAILURES[failed.why])), 502
    begin_acting()
    candidate = _candidate(candidate_id)
    try:
        candidate_triage.keep_lookup(
            db.session(), current_staff(), now(), candidate, url=answer.url, record=answer.record
        )
    except EntryRefused as refused:
        return _refused(candidate, refused)
    db.session.commit()
    flash(_("The registry answered. Its answer is kept below."))
    return redirect(url_for("candidates.show", candidate_id=candidate_id), 303)


def _candidate(candidate_id: int) -> Candidate:
    return db.session.get(Candidate, candidate_id) or abort(404)


def _chosen(text: str | None) -> Triage:
    return Triage(text) if text in set(candidate_triage.SHOWN) else Triage.WAITING


def _page_number() -> int:
    return min(max(request.args.get("page", 1, type=int), 1), LAST_PAGE)


def _list(shown: Triage, page: int) -> str:
    session = db.session()
    done = number_of(request.args.get("done", ""))
    last = session.get(Candidate, done) if done else None
    undoable = last is not None and candidate_triage.may_undo(last, current_staff())
    return render_template(
        "admin/candidates/index.html",
        counts=candidate_triage.counts(session),
        waiting=candidate_triage.changes_count(session),
        found=candidate_triage.candidates_in(session, shown, page),
        shown=shown,
        page=page,
        last=last if undoable else None,
        steps=TRIAGE_STEPS[shown],
    )


def _overtaken(candidate_id: int) -> ResponseReturnValue:
    """Tell the second of two people who was first, and what they said."""
    db.session.rollback()
    candidate = _candidate(candidate_id)
    by: User | None = candidate.decider
    if by is not None:
        problem = _(
            "%(who)s decided first: %(decision)s. Nothing of yours was saved.",
            who=by.name,
            decision=wording.TRIAGE[candidate.triage],
        )
    else:
        problem = _("This changed since you opened it. Nothing of yours was saved. Look again.")
    return _show(candidate, problem), 409


def _refused(candidate: Candidate, refused: EntryRefused) -> ResponseReturnValue:
    db.session.rollback()
    status = 403 if refused.code == "conflicted" else 400
    return _show(_candidate(candidate.id), words_of(refused)), status


def _show(candidate: Candidate, problem: str = "") -> str:
    staff = current_staff()
    try:
        candidate_triage.refuse_interested(db.session(), staff, candidate)
        conflict = ""
    except EntryRefused as refused:
        conflict = words_of(refused)
    open_to_all = not conflict and candidate.clinic_id is None
    return render_template(
        "admin/candidates/show.html",
        candidate=candidate,
        problem=problem,
        conflict=conflict,
        steps=TRIAGE_STEPS[candidate.triage] if open_to_all else (),
        startable=open_to_all and candidate_triage.startable(candidate),
        undoable=not conflict and candidate_triage.may_undo(candidate, staff),
        live=bool(here().settings.nppes_api) and not conflict,
        lookups=candidate_triage.lookups_of(candidate),
    )
