"""The scenes of possible matches with the exclusion list; see event_walk.py."""

from sqlalchemy import update

from directory.domain.exclusions import Tier
from directory.models import ImportRun, Match, Verification
from directory.models.clinic import Post
from tests.factories import make_clinic
from tests.operations.screened import listed, load, person, screen
from tests.support.staff import sign_in
from tests.web.event_walk import SCENES, Sent, newest, scene, staff
from tests.web.test_editing_pages import written

__all__ = ["SCENES"]


def a_match(app, tier=Tier.NAME_AND_PLACE):
    """Return the number of a match that waits, of somebody who watches patients at a clinic.

    The list then says no more of which day it is, so that no other scene is compared with it.
    """

    def fill(session):
        clinic = make_clinic(session)
        dana = person(session, clinic, post=Post.MONITORING_CLINICIAN)
        load(session, listed())
        screen(session)
        found = update(Match).where(Match.practitioner_id == dana.id)
        session.execute(found.values(tier=int(tier)))
        screen(session)
        session.execute(update(ImportRun).values(dated=None))

    written(app, fill)
    return newest(app, Match)


def act(app, number, step, *subjects, version="1", **data):
    """Return a decision as its page sends it."""
    data = {"version": version, "reason": "I looked both up.", **data}
    return staff(app, f"/admin/matches/{number}/{step}", number, *subjects, **data)


@scene("matches.decide", "match:confirmed", "verification:confirmed")
def it_is_the_same(app):
    number = a_match(app, Tier.NPI)
    return act(app, number, "confirm", Verification)


@scene("matches.decide", "match:dismissed", "verification:refused")
def it_is_somebody_else(app):
    number = a_match(app, Tier.NPI)
    return act(app, number, "dismiss", Verification)


@scene("matches.decide", "match:dismissed")
def a_weak_one_is_somebody_else(app):
    return act(app, a_match(app), "dismiss")


@scene("matches.reopen", "match:reopened")
def asked_again(app):
    dismissed = act(app, a_match(app), "dismiss")
    assert dismissed.send().status_code == 303
    number = dismissed.subjects[0]
    browser = sign_in(app, "admin")
    data = {"version": "2", "reason": "A former patient wrote in."}
    url = f"/admin/matches/{number}/reopen"
    return Sent(browser, url, data, browser.user_id, (number,))


@scene("matches.compare", "match:birth_date_compared")
def birth_dates_differ(app):
    return act(app, a_match(app), "birth-date", born="1970-01-02", reason="")
