"""How the outside world writes in: suggest, correct, raise a concern, and follow one's case.

No account and no cookie: a signed slip in each form stands in for both, and a case is found by
its unguessable address alone.
"""

from datetime import timedelta
from math import ceil
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.exc import IntegrityError

from directory.domain.cases import (
    CaseKind,
    CaseRefused,
    Category,
    MessageKind,
    Refusal,
    Side,
    Step,
    answer_by,
    steps_from,
)
from directory.domain.throttle import Throttle
from directory.extensions import db
from directory.models import Case, SearchRow
from directory.operations import cases
from directory.operations.clinics import successor
from directory.web import form_token, wording
from directory.web.forms.cases import (
    AnswerForm,
    ConcernForm,
    CorrectionForm,
    OutsideForm,
    SuggestionForm,
)
from directory.web.language import language
from directory.web.mailing import send_afterwards
from directory.web.public import clinic_url
from directory.web.state import now, state

outside = Blueprint("outside", __name__)

CLINIC = "/clinics/<row:clinic_id>"
AT_MOST, WITHIN = 10, timedelta(minutes=10)
THROTTLE = "directory_throttle"


@outside.record
def _remember(setup: Any) -> None:
    setup.app.extensions[THROTTLE] = Throttle(AT_MOST, WITHIN)


@outside.before_request
def _read_state() -> None:
    """Read the directory's state first, so that even an error page knows the demonstration."""
    state()


@outside.before_request
def _moved() -> ResponseReturnValue | None:
    """Lead the old address of a merged listing to the clinic that speaks for it."""
    clinic_id = (request.view_args or {}).get("clinic_id")
    if clinic_id is None or request.method not in ("GET", "HEAD"):
        return None
    heir = None if db.session.get(SearchRow, clinic_id) else successor(db.session(), clinic_id)
    if heir is None or request.endpoint is None:
        return None
    return redirect(url_for(request.endpoint, clinic_id=heir.clinic_id), 301)


@outside.after_request
def _not_kept(response: Response) -> Response:
    """Keep forms and cases out of caches and search engines."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@outside.get("/suggest")
def suggest() -> ResponseReturnValue:
    """The form for a clinic that is missing, or anything else."""
    return _form_page(SuggestionForm(), "suggest")


@outside.post("/suggest")
def send_suggestion() -> ResponseReturnValue:
    """Take in a suggestion, or show what is still missing."""
    form = SuggestionForm(request.form)
    kind = CaseKind.SUGGESTION if form.new_clinic else CaseKind.CORRECTION
    case, problem = _opened(form, "suggest", kind=kind)
    db.session.commit()
    return _answer_to(case, problem, form, "suggest")


@outside.get(f"{CLINIC}/suggest")
def correct(clinic_id: int) -> ResponseReturnValue:
    """The form for a correction to one clinic."""
    return _form_page(CorrectionForm(), "correct", _public(clinic_id))


@outside.post(f"{CLINIC}/suggest")
def send_correction(clinic_id: int) -> ResponseReturnValue:
    """Take in a correction, or show what is still missing."""
    clinic = _public(clinic_id)
    form = CorrectionForm(request.form)
    case, problem = _opened(form, "correct", clinic, kind=CaseKind.CORRECTION)
    db.session.commit()
    return _answer_to(case, problem, form, "correct", clinic)


@outside.get(f"{CLINIC}/concern")
def concern(clinic_id: int) -> ResponseReturnValue:
    """The form for a concern about one clinic."""
    return _form_page(ConcernForm(), "concern", _public(clinic_id))


@outside.post(f"{CLINIC}/concern")
def send_concern(clinic_id: int) -> ResponseReturnValue:
    """Take in a concern, or show what is still missing."""
    clinic = _public(clinic_id)
    form = ConcernForm(request.form)
    case, problem = _opened(form, "concern", clinic, kind=CaseKind.CONCERN)
    db.session.commit()
    return _answer_to(case, problem, form, "concern", clinic)


@outside.get("/cases/<token>")
def case(token: str) -> ResponseReturnValue:
    """A case as its sender sees it."""
    return _case_page(_found(token), AnswerForm())


@outside.get("/cases/<token>/thanks")
def thanks(token: str) -> ResponseReturnValue:
    """Say that it came in, under which number, and how to follow it."""
    found = _found(token)
    return render_template(
        "public/thanks.html",
        case=found,
        link=url_for("outside.case", token=token, _external=True),
        answer_by=answer_by(found.received_at),
        mailed=bool(found.contact and found.contact.email),
    )


@outside.post("/cases/<token>/answer")
def answer(token: str) -> ResponseReturnValue:
    """Add the sender's words to the case."""
    return_to, refused = _sent_step(token, Step.ANSWER)
    db.session.commit()
    return refused or send_afterwards(return_to)


@outside.post("/cases/<token>/withdraw")
def withdraw(token: str) -> ResponseReturnValue:
    """Close the case, as its sender asks."""
    return_to, refused = _sent_step(token, Step.WITHDRAW)
    db.session.commit()
    return refused or send_afterwards(return_to)


def _public(clinic_id: int) -> SearchRow:
    """Return what the public reads of a clinic; 404 when it reads nothing.

    A form that was open while its clinic was merged goes to the one that speaks for it.
    """
    row = db.session.get(SearchRow, clinic_id) or successor(db.session(), clinic_id)
    if row is None:
        abort(404)
    return row


def _found(token: str, *, lock: bool = False) -> Case:
    found = cases.case_by_token(db.session(), token, lock=lock)
    if found is None:
        abort(404, _("There is no case at this address. Check the link in your notes or mail."))
    return found


def _purpose(page: str, clinic: SearchRow | None) -> str:
    return f"{page}:{clinic.clinic_id if clinic else ''}"


def _opened(
    form: OutsideForm,
    page: str,
    clinic: SearchRow | None = None,
    *,
    kind: CaseKind,
) -> tuple[Case | None, tuple[int, str, int]]:
    """Open the case of a good form; else return the status, words and seconds to wait."""
    wait = _too_much()
    if wait:
        return None, (429, _slow_down(wait), wait)
    try:
        slip = form_token.read(form.slip.data or "", _purpose(page, clinic), now())
    except form_token.BadSlip as bad:
        form.validate()
        return None, (400, str(wording.SLIP_PROBLEMS[bad.problem.value]), 0)
    if not form.validate():
        return None, (400, "", 0)
    category = form.category.data if isinstance(form, ConcernForm) else None
    opening = cases.Opening(
        kind=kind,
        words=form["words"].data or str(form.details.get("clinic_name", "")),
        nonce=slip.nonce,
        category=Category(category) if category else None,
        clinic_id=clinic.clinic_id if clinic else None,
        details=form.details,
        language=language(),
        name=form.name.data or "",
        email=form.email.data or "",
    )
    return _once(opening), (303, "", 0)


def _once(opening: cases.Opening) -> Case:
    """Open a case; of a form sent twice at the same moment, the second gets the first's case."""
    session = db.session()
    try:
        with session.begin_nested():
            return cases.open_case(session, now(), opening)
    except IntegrityError:
        return cases.open_case(session, now(), opening)


def _too_much() -> int:
    """Count this try, and return the seconds to wait when there were too many."""
    throttle: Throttle = current_app.extensions[THROTTLE]
    wait = throttle.wait(request.remote_addr or "", now())
    return ceil(wait.total_seconds()) if wait else 0


def _slow_down(seconds: int) -> str:
    minutes = ceil(seconds / 60)
    return str(
        ngettext(
            "Many forms came from your network. Send this again in %(num)d minute.",
            "Many forms came from your network. Send this again in %(num)d minutes.",
            minutes,
        )
    )


def _answer_to(
    case: Case | None,
    problem: tuple[int, str, int],
    form: OutsideForm,
    page: str,
    clinic: SearchRow | None = None,
) -> ResponseReturnValue:
    if case is not None:
        to = url_for("outside.thanks", token=case.token)
        return send_afterwards(make_response(redirect(to, 303)))
    status, words, wait = problem
    response = make_response(_form_page(form, page, clinic, problem=words), status)
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response


def _form_page(
    form: OutsideForm, page: str, clinic: SearchRow | None = None, *, problem: str = ""
) -> str:
    """Return a form's page; a slip that still counts is kept, so that a fix can be sent at once."""
    purpose = _purpose(page, clinic)
    slip = form.slip.data or ""
    try:
        form_token.read(slip, purpose, now(), quickest=timedelta(0))
    except form_token.BadSlip:
        slip = form_token.issue(purpose, now())
    back = clinic_url(clinic.clinic_id, clinic.card["name"]) if clinic else None
    return render_template(
        f"public/{page}.html", form=form, slip=slip, clinic=clinic, back=back, problem=problem
    )


def _sent_step(token: str, step: Step) -> tuple[Response, ResponseReturnValue | None]:
    """Take a sender's step; return where to go, and the page of a refusal when there is one."""
    found = _found(token, lock=True)
    form = AnswerForm(request.form)
    back = make_response(redirect(url_for("outside.case", token=token), 303))
    wait = _too_much()
    if wait:
        page = make_response(_case_page(found, form, _slow_down(wait)), 429)
        page.headers["Retry-After"] = str(wait)
        return back, page
    try:
        form_token.read(form.slip.data or "", _case_purpose(found), now(), quickest=timedelta(0))
        if not form.validate():
            raise CaseRefused(Refusal.TOO_LONG if form.words.errors else Refusal.CHANGED)
        version = form.version.data if form.version.data is not None else -1
        cases.sender_step(
            db.session(), now(), found, step, words=form.words.data or "", version=version
        )
    except form_token.BadSlip as bad:
        words = str(wording.SLIP_PROBLEMS[bad.problem.value])
        return back, make_response(_case_page(found, form, words), 400)
    except CaseRefused as refused:
        words = str(wording.CASE_REFUSALS[refused.refusal.value])
        status = 400 if refused.refusal in (Refusal.NO_WORDS, Refusal.TOO_LONG) else 409
        return back, make_response(_case_page(found, form, words), status)
    return back, None


def _case_purpose(case: Case) -> str:
    return f"case:{case.id}"


def _case_page(case: Case, form: AnswerForm, problem: str = "") -> str:
    clinic = db.session.get(SearchRow, case.clinic_id) if case.clinic_id else None
    return render_template(
        "public/case.html",
        case=case,
        clinic=clinic,
        messages=[m for m in case.messages if m.kind is not MessageKind.NOTE],
        steps=steps_from(case.state, Side.SENDER),
        form=form,
        slip=form_token.issue(_case_purpose(case), now()),
        problem=problem,
    )
