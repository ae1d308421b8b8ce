"""The check workspace, and the second person's part."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from directory.domain.findings import needs_second_person
from directory.domain.looks import Channel
from directory.domain.plan import LADDERS, next_try
from directory.domain.screening import CRITERION
from directory.extensions import db
from directory.models import Evidence, Verification
from directory.operations import vetting
from directory.operations.matches import Compared, compared_at, match_of
from directory.operations.plan import Facts, take_next
from directory.operations.vetting import CheckRefused, Conflicted, Observation, Overtaken
from directory.operations.workspace import (
    Workspace,
    after_check,
    after_confirmation,
    page_of,
    waiting,
)
from directory.operations.workspace import workspace as read_workspace
from directory.web.access import current_staff, staff_page
from directory.web.admin.plan import address_of
from directory.web.forms.vetting import CheckForm, DecisionForm
from directory.web.planning import facts
from directory.web.state import catalogue, here, now

room = Blueprint("vetting", __name__, url_prefix="/admin/checks")

ONE_CHECK = "/<row:clinic_id>/<criterion>"
ONE_DECISION = "/confirm/<row:verification_id>"


def _work(clinic_id: int, criterion: str) -> Workspace:
    work = read_workspace(
        db.session(),
        current_staff(),
        now(),
        catalogue(),
        clinic_id,
        criterion,
        two_person=here().two_person,
    )
    if work is None:
        abort(404)
    return work


def _channel(work: Workspace, known: Facts) -> Channel:
    """Return the channel that the plan would use now."""
    found = known.known.get((work.clinic.id, work.criterion.code))
    tries, tried_on = (found.tries, found.tried_on) if found else ((), None)
    return next_try(LADDERS[work.criterion.minimum_level], tries, tried_on)[0]


@room.get(ONE_CHECK)
@staff_page
def workspace(clinic_id: int, criterion: str) -> ResponseReturnValue:
    """One criterion at one clinic, ready to be checked."""
    work, known = _work(clinic_id, criterion), facts()
    site = known.sites.get(clinic_id)
    source = known.source(site, work.criterion) if site else None
    form = CheckForm.prefilled(
        work, _channel(work, known), request.args.get("batch", "")[:300], source
    )
    return _page(work, form)


@room.post(ONE_CHECK)
@staff_page
def record(clinic_id: int, criterion: str) -> ResponseReturnValue:
    """Preview a check, or record it and perhaps go on to the next."""
    work = _work(clinic_id, criterion)
    form = CheckForm(request.form, work)
    act = request.form.get("act", "preview")
    if act not in ("preview", "save", "next"):
        abort(400)
    if work.conflicted:
        return _page(work, form, 403)
    if form.newest_seen != work.newest_id:
        return _overtaken(work, form)
    if not form.validate():
        return _page(work, form, 400)
    seen = form.observation()
    if act == "preview":
        return _preview(work, form, seen)
    known = facts() if act == "next" else None
    problem = _record(work, form, seen)
    if problem is not None:
        return problem
    if known is None:
        target = url_for("vetting.workspace", clinic_id=clinic_id, criterion=criterion)
    else:
        batch, done = form.batch.data or "", (clinic_id, criterion)
        target = address_of(
            take_next(
                db.session(), current_staff(), now(), catalogue(), known, batch=batch, done=done
            )
        )
    db.session.commit()
    if here().two_person and needs_second_person(work.criterion, seen.outcome):
        words = _("Your check of “%(title)s” is on record. It waits for a second person.")
    else:
        words = _("Your check of “%(title)s” is on record.")
    flash(words % {"title": work.criterion.title})
    return redirect(target, 303)


def _record(work: Workspace, form: CheckForm, seen: Observation) -> ResponseReturnValue | None:
    """Record a check; when that cannot be, return the page that says why, and nothing is kept."""
    session, pair = db.session(), (work.clinic.id, work.criterion.code)
    try:
        vetting.record_verification(
            session,
            current_staff(),
            now(),
            catalogue(),
            work.clinic,
            seen,
            two_person=here().two_person,
            evidence=_evidence(form),
            based_on=form.newest_seen,
        )
    except Overtaken:
        session.rollback()
        work = _work(*pair)
        return _overtaken(work, CheckForm(request.form, work))
    except CheckRefused:
        session.rollback()
        return _page(_work(*pair), form, 400, refused=True)
    return None


def _evidence(form: CheckForm) -> list[Evidence]:
    """Return what stands behind the check: stored files of the clinic, then links."""
    title = (form.source_name.data or "")[:200]
    links = [
        vetting.link_evidence(current_staff(), now(), title=title, url=link) for link in form.links
    ]
    return [*form.chosen_files, *links]


def _preview(work: Workspace, form: CheckForm, seen: Observation) -> ResponseReturnValue:
    with db.session.no_autoflush:
        alone, agreed = after_check(
            work, current_staff(), now(), seen, _evidence(form), two_person=here().two_person
        )
        return _page(work, form, alone=alone, agreed=agreed, seen=seen)


def _overtaken(work: Workspace, form: CheckForm) -> ResponseReturnValue:
    """Show what came between, keep what was typed, and offer to save it all the same."""
    seen_before = form.newest_seen
    between = [check for check in work.checks if check.id > seen_before]
    form.based_on.data = str(work.newest_id)
    return _page(work, form, 409, between=between)


def _page(work: Workspace, form: CheckForm, status: int = 200, **more: object) -> tuple[str, int]:
    two_person = here().two_person
    values: dict[str, object] = {"between": (), "alone": None, "agreed": None, "refused": False}
    page = render_template(
        "admin/vetting/workspace.html",
        work=work,
        form=form,
        me=current_staff(),
        public=page_of(work, now(), work.checks, two_person=two_person),
        two_person=two_person,
        status=status,
        compared=_compared(work),
        **{**values, **more},
    )
    return page, status


def _compared(work: Workspace) -> list[Compared]:
    """Return who was compared with the exclusion list, on the one criterion that is about it."""
    if work.criterion.code != CRITERION:
        return []
    return compared_at(db.session(), now(), work.clinic.id)


@room.get("/confirm")
@staff_page
def confirm_list() -> str:
    """Checks that wait for a second person."""
    _refuse_solo()
    found = waiting(db.session(), current_staff(), catalogue())
    return render_template("admin/vetting/confirm_list.html", found=found, catalogue=catalogue())


@room.get(ONE_DECISION)
@staff_page
def confirm(verification_id: int) -> ResponseReturnValue:
    """One check that waits: all that stands behind it, and what the public would read."""
    _refuse_solo()
    return _decision(_waiting(verification_id), DecisionForm(None))


@room.post(ONE_DECISION)
@staff_page
def decide(verification_id: int) -> ResponseReturnValue:
    """Confirm or refuse a check as its second person."""
    _refuse_solo()
    session, check = db.session(), _waiting(verification_id)
    form = DecisionForm(request.form)
    act = request.form.get("act", "")
    if act not in ("confirm", "refuse"):
        abort(400)
    reason = form.reason.data or ""
    if check.confirmation is not None or check.refusal is not None:
        return _decision(check, form, 409)
    if not form.validate() or (act == "refuse" and not reason):
        return _decision(check, form, 400, missing=not reason)
    arguments = (session, current_staff(), now(), catalogue(), check)
    try:
        if act == "confirm":
            vetting.confirm_verification(*arguments, two_person=True)
        else:
            vetting.refuse_verification(*arguments, reason, two_person=True)
    except Conflicted:
        session.rollback()
        return _decision(_waiting(verification_id), form, 403)
    except CheckRefused:
        session.rollback()
        return _decision(_waiting(verification_id), form, 409)
    session.commit()
    if act == "confirm":
        flash(_("You confirmed the check. It is public now."))
    else:
        flash(_("You refused the check. The first person can read why."))
    return redirect(url_for("vetting.confirm_list"), 303)


def _refuse_solo() -> None:
    """In a directory of one person there is no second one, and no such page."""
    if not here().two_person:
        abort(404)


def _waiting(verification_id: int) -> Verification:
    check = db.session.get(Verification, verification_id)
    if check is None or check.criterion not in catalogue().by_code:
        abort(404)
    return check


def _decision(
    check: Verification, form: DecisionForm, status: int = 200, *, missing: bool = False
) -> tuple[str, int]:
    work = _work(check.clinic_id, check.criterion)
    waits = work.finding.waiting is not None and work.finding.waiting.id == check.id
    with db.session.no_autoflush:
        page = render_template(
            "admin/vetting/confirm.html",
            check=check,
            work=work,
            form=form,
            agreed=after_confirmation(work, now(), check, two_person=True),
            waits=waits,
            own=check.recorded_by == current_staff().id,
            match=match_of(db.session(), check),
            compared=_compared(work),
            missing=missing,
            status=status,
        )
    return page, status
