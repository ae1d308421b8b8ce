"""What the public wrote in: suggestions, corrections and concerns, and clinics' replies."""

from typing import Any
from zoneinfo import ZoneInfo

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from directory.domain.cases import (
    CLOSED,
    OPEN,
    CaseRefused,
    CaseState,
    MessageKind,
    Refusal,
    Side,
    Step,
    answer_by,
    erase_contact_at,
    is_late,
    steps_from,
)
from directory.domain.findings import today_in
from directory.extensions import db
from directory.models import Case, CaseMessage, Clinic, ClinicReply, OutgoingMail
from directory.operations import case_list, cases, mail, replies
from directory.operations.accounts import conflicted
from directory.web import wording
from directory.web.access import admin_page, current_staff, staff_page
from directory.web.forms.cases import LARGEST_VERSION, EraseForm, ReplyForm, StepForm
from directory.web.mailing import send_afterwards
from directory.web.state import catalogue, here, now

room = Blueprint("cases", __name__, url_prefix="/admin/cases")

CASE = "/<row:case_id>"
CLINIC = "/replies/<row:clinic_id>"
FINDING = f"{CLINIC}/<criterion>"
BAD_INPUT = (Refusal.NO_WORDS, Refusal.TOO_LONG, Refusal.FUTURE)
LAST_PAGE = 100_000


@room.get("")
@staff_page
def index() -> str:
    """The cases that wait, the longest waiting first, and how the rest stand."""
    session = db.session()
    chosen = request.args.get("state", "")
    states = (CaseState(chosen),) if chosen in list(CaseState) else OPEN
    page = min(max(request.args.get("page", 1, type=int), 1), LAST_PAGE)
    found = case_list.cases_in(session, states, page)
    return render_template(
        "admin/cases/index.html",
        counts=case_list.case_counts(session, now()),
        ages=case_list.AGES,
        cases=found[: case_list.PER_PAGE],
        more=len(found) > case_list.PER_PAGE,
        page=page,
        chosen=chosen if len(states) == 1 else "",
        failed=case_list.failed_mails(session),
        late={c.id for c in found if c.state in OPEN and _late(c)},
        now=now(),
        answer_by=answer_by,
    )


@room.get(CASE)
@staff_page
def show(case_id: int) -> ResponseReturnValue:
    """One case with its whole conversation, and what can be done now."""
    return _show(_found(case_id), StepForm())


@room.post(f"{CASE}/<any(take, release, ask, tell, note, accept, decline):step>")
@staff_page
def act(case_id: int, step: str) -> ResponseReturnValue:
    """Take one step of a case."""
    found = _found(case_id, lock=True)
    form = StepForm(request.form)
    form.validate()  # puts what is wrong beside the words; the step itself refuses them
    version = form.version.data if form.version.data is not None else -1
    try:
        cases.staff_step(
            db.session(),
            current_staff(),
            now(),
            found,
            Step(step),
            words=form.words.data or "",
            version=version if abs(version) <= LARGEST_VERSION else -1,
        )
    except CaseRefused as refused:
        return _show(found, form, refused.refusal)
    db.session.commit()
    flash(wording.CASE_DONE[step])
    return send_afterwards(_to(found))


@room.get(f"{CASE}/messages/<row:message_id>/erase")
@staff_page
def ask_to_erase(case_id: int, message_id: int) -> str:
    """Ask why a message's words are erased."""
    return _erase_page(_message(case_id, message_id), EraseForm())


@room.post(f"{CASE}/messages/<row:message_id>/erase")
@staff_page
def erase_words(case_id: int, message_id: int) -> ResponseReturnValue:
    """Erase what a message says, such as somebody's health."""
    found = _found(case_id, lock=True)
    message = _message(case_id, message_id)
    form = EraseForm(request.form)
    try:
        if not form.validate():
            raise CaseRefused(Refusal.TOO_LONG)
        cases.erase_words(db.session(), current_staff(), now(), message, form.reason.data or "")
    except CaseRefused as refused:
        page = _erase_page(message, form, refused.refusal)
        return make_response(page, _status(refused.refusal))
    db.session.commit()
    flash(_("The words are erased."))
    return _to(found)


@room.post(f"{CASE}/mail/<row:mail_id>/retry")
@staff_page
def retry_mail(case_id: int, mail_id: int) -> ResponseReturnValue:
    """Try a mail again that did not go out."""
    found = _found(case_id, lock=True)
    row = db.session.get(OutgoingMail, mail_id)
    if row is None or row.case_id != case_id:
        abort(404)
    try:
        if cases.may_not_act(db.session(), current_staff(), found):
            raise CaseRefused(Refusal.CONFLICT)
        mail.retry(db.session(), current_staff(), now(), row)
    except CaseRefused as refused:
        return _show(found, StepForm(), refused.refusal)
    db.session.commit()
    flash(_("The mail is being sent again. Load this page anew to see whether it went out."))
    return send_afterwards(_to(found))


@room.post("/contacts/erase")
@admin_page
def erase_contacts() -> ResponseReturnValue:
    """Erase the contact details whose time is over, as the command does."""
    count = cases.erase_due_contacts(db.session(), now(), current_staff())
    db.session.commit()
    flash(
        ngettext(
            "The contact details of %(num)d case are erased.",
            "The contact details of %(num)d cases are erased.",
            count,
        )
    )
    return redirect(url_for("cases.index"), 303)


@room.get(CLINIC)
@staff_page
def clinic_replies(clinic_id: int) -> str:
    """The public findings against a clinic, and what it answered."""
    clinic = _clinic(clinic_id)
    rows = db.session.scalars(
        select(ClinicReply)
        .where(ClinicReply.clinic_id == clinic_id)
        .order_by(ClinicReply.id.desc())
    )
    return render_template(
        "admin/cases/replies.html",
        clinic=clinic,
        findings=replies.adverse_findings(db.session(), clinic_id, now()),
        replies=list(rows),
        catalogue=catalogue(),
    )


@room.get(FINDING)
@staff_page
def reply(clinic_id: int, criterion: str) -> ResponseReturnValue:
    """The form for a clinic's answer to one finding."""
    clinic = _clinic(clinic_id)
    return _reply_page(clinic, criterion, ReplyForm(None, _today(clinic)))


@room.post(FINDING)
@staff_page
def record_reply(clinic_id: int, criterion: str) -> ResponseReturnValue:
    """Write down a clinic's answer; the public reads it from then on."""
    clinic = _clinic(clinic_id)
    form = ReplyForm(request.form, _today(clinic))
    try:
        if not form.validate():
            return make_response(_reply_page(clinic, criterion, form), 400)
        replies.record_reply(
            db.session(),
            current_staff(),
            now(),
            catalogue(),
            clinic,
            criterion,
            words=form.words.data or "",
            answered_on=form.answered_on.data or _today(clinic),
            two_person=here().two_person,
        )
    except CaseRefused as refused:
        page = _reply_page(clinic, criterion, form, refused.refusal)
        return make_response(page, _status(refused.refusal))
    db.session.commit()
    flash(_("The answer is public now."))
    return redirect(url_for("cases.clinic_replies", clinic_id=clinic_id), 303)


@room.post(f"{FINDING}/end")
@staff_page
def end_reply(clinic_id: int, criterion: str) -> ResponseReturnValue:
    """Take a clinic's answer away, since it no longer disagrees."""
    clinic = _clinic(clinic_id)
    try:
        replies.end_reply(
            db.session(),
            current_staff(),
            now(),
            catalogue(),
            clinic,
            criterion,
            two_person=here().two_person,
        )
    except CaseRefused as refused:
        form = ReplyForm(None, _today(clinic))
        page = _reply_page(clinic, criterion, form, refused.refusal)
        return make_response(page, _status(refused.refusal))
    db.session.commit()
    flash(_("The answer is no longer shown. It stays on record."))
    return redirect(url_for("cases.clinic_replies", clinic_id=clinic_id), 303)


def _found(case_id: int, *, lock: bool = False) -> Case:
    found = cases.case_by_id(db.session(), case_id, lock=lock)
    if found is None:
        abort(404)
    return found


def _message(case_id: int, message_id: int) -> CaseMessage:
    message = db.session.get(CaseMessage, message_id)
    if message is None or message.case_id != case_id:
        abort(404)
    return message


def _clinic(clinic_id: int) -> Clinic:
    clinic = db.session.get(Clinic, clinic_id)
    if clinic is None:
        abort(404)
    return clinic


def _to(case: Case) -> Response:
    return make_response(redirect(url_for("cases.show", case_id=case.id), 303))


def _today(clinic: Clinic) -> Any:
    return today_in(ZoneInfo(clinic.timezone), now())


def _late(case: Case) -> bool:
    return is_late(case.received_at, case.first_reply_at, now())


def _status(refusal: Refusal) -> int:
    """Return the status of a refusal: bad input, a conflict of interest, or too late."""
    if refusal in BAD_INPUT:
        return 400
    return {Refusal.CONFLICT: 403, Refusal.NOT_HERE: 404}.get(refusal, 409)


def _show(case: Case, form: StepForm, refusal: Refusal | None = None) -> ResponseReturnValue:
    staff = current_staff()
    own = case.assignee_id == staff.id
    conflict = cases.may_not_act(db.session(), staff, case)
    steps = () if conflict else steps_from(case.state, Side.STAFF, own=own)
    page = render_template(
        "admin/cases/show.html",
        case=case,
        contact=cases.contact_of(case, now()),
        form=form,
        conflict=conflict,
        lists=_lists(case),
        own=own,
        steps=steps,
        writing=[step for step in steps if step not in (Step.TAKE, Step.RELEASE)],
        problem=wording.CASE_REFUSALS[refusal.value] if refusal else "",
        answer_by=answer_by(case.received_at),
        late=_late(case),
        closed=case.state in CLOSED,
        erase_at=erase_contact_at(case.closed_at) if case.closed_at else None,
        outsiders=(MessageKind.OPENING, MessageKind.ANSWER),
    )
    return make_response(page, _status(refusal) if refusal else 200)


def _lists(case: Case) -> bool:
    """Say whether the reader can start a listing from a case."""
    try:
        cases.refuse_listing(db.session(), current_staff(), case)
    except CaseRefused:
        return False
    return True


def _erase_page(message: CaseMessage, form: EraseForm, refusal: Refusal | None = None) -> str:
    return render_template(
        "admin/cases/erase.html",
        message=message,
        form=form,
        problem=wording.CASE_REFUSALS[refusal.value] if refusal else "",
    )


def _reply_page(
    clinic: Clinic, criterion: str, form: ReplyForm, refusal: Refusal | None = None
) -> ResponseReturnValue:
    found = replies.adverse_findings(db.session(), clinic.id, now())
    finding = next((f for f in found if f.criterion == criterion), None)
    if finding is None and criterion not in catalogue().by_code:
        abort(404)
    return render_template(
        "admin/cases/reply.html",
        clinic=clinic,
        criterion=catalogue().criterion(criterion),
        finding=finding,
        form=form,
        conflict=conflicted(db.session(), current_staff().id, clinic.id),
        problem=wording.CASE_REFUSALS[refusal.value] if refusal else "",
    )
