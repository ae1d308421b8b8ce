"""Today's plan: what is worth doing now."""

from datetime import datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from directory.domain.plan import DEFAULT_MINUTES, Item
from directory.extensions import db
from directory.models import Clinic
from directory.operations import leases
from directory.operations.plan import take_next
from directory.operations.plan import today as todays_plan
from directory.operations.queues import open_queues
from directory.web.access import current_staff, staff_page
from directory.web.planning import facts
from directory.web.state import catalogue, here, now

room = Blueprint("plan", __name__, url_prefix="/admin")

FEWEST_MINUTES, MOST_MINUTES = 10, 600


@room.app_template_global()
def minutes_left(until: datetime) -> int:
    """Return the minutes, begun ones included, from now until a moment."""
    return max(0, -int(-(until - now()).total_seconds() // 60))


def _budget() -> int:
    """Return the minutes of today's budget, whatever was typed."""
    typed = request.args.get("minutes", "")
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 4):
        return DEFAULT_MINUTES
    return min(max(int(typed), FEWEST_MINUTES), MOST_MINUTES)


@room.get("/")
@staff_page
def today() -> str:
    """What is worth doing today, and why."""
    plan = todays_plan(
        db.session(),
        current_staff(),
        now(),
        catalogue(),
        facts(),
        two_person=here().two_person,
        budget=_budget(),
    )
    return render_template(
        "admin/plan/today.html",
        plan=plan,
        queues=[queue for queue in open_queues(db.session()) if queue.waiting],
        catalogue=catalogue(),
        budget=_budget(),
        me=current_staff(),
        two_person=here().two_person,
    )


@room.post("/take")
@staff_page
def take() -> ResponseReturnValue:
    """Hand out the next piece of work under a lease."""
    batch = request.form.get("batch", "")
    item = take_next(db.session(), current_staff(), now(), catalogue(), facts(), batch=batch)
    db.session.commit()
    return redirect(address_of(item), 303)


def address_of(item: Item | None) -> str:
    """Return the workspace of a piece of work, or the plan with a word when there is none."""
    if item is None:
        flash(_("There is nothing left to hand out. What is due is held by others or waits."))
        return url_for("plan.today")
    return url_for(
        "vetting.workspace", clinic_id=item.clinic_id, criterion=item.criterion, batch=item.batch
    )


@room.post("/leases/<row:clinic_id>/<criterion>")
@staff_page
def lease(clinic_id: int, criterion: str) -> ResponseReturnValue:
    """Hold a piece of work, hold it longer, or put it back."""
    session, actor, act = db.session(), current_staff(), request.form.get("act", "")
    if session.get(Clinic, clinic_id) is None or criterion not in catalogue().by_code:
        abort(404)
    target = url_for(
        "vetting.workspace",
        clinic_id=clinic_id,
        criterion=criterion,
        batch=request.form.get("batch") or None,
    )
    try:
        if act == "release":
            leases.release(session, actor, now(), clinic_id, criterion)
            flash(_("Put back. Somebody else can take it now."))
            target = url_for("plan.today")
        elif act == "renew":
            leases.renew(session, actor, now(), clinic_id, criterion)
            flash(_("It is yours for another 15 minutes."))
        elif act == "take":
            leases.take_one(session, actor, now(), clinic_id, criterion)
            flash(_("It is yours for 15 minutes."))
        else:
            abort(400)
    except leases.LeaseLost:
        session.rollback()
        flash(_("You do not hold this. Somebody else may be at it."))
        return redirect(target, 303)
    session.commit()
    return redirect(target, 303)
