"""Fill in the public's forms in tests: open the page, wait a little, send it with its slip."""

import re
from datetime import datetime, timedelta

from directory.extensions import db
from directory.models.engine import begin_writing
from tests.factories import NOW, make_clinic, make_user

PATIENCE = timedelta(seconds=20)
SUGGESTION = {"about": "clinic", "clinic_name": "New Dawn Clinic", "where": "Boise, ID"}
CORRECTION = {"words": "The phone number is wrong."}
CONCERN = {"category": "unsafe_care", "words": "Nobody watched me."}
CONTACT = {"name": "Pat Example", "email": "pat@example.org"}


class Outbox:
    """A mailer that keeps what it was handed, or fails as often as it is told to."""

    def __init__(self):
        self.letters = []
        self.problem = None

    def send(self, letter):
        """Keep a letter, or raise the problem."""
        if self.problem is not None:
            raise self.problem
        self.letters.append(letter)


def set_clock(app, moment: datetime) -> None:
    """Set the application's clock."""
    app.extensions["directory"].clock = lambda: moment


def outbox(app) -> Outbox:
    """Give an application a mailer that keeps its letters."""
    app.extensions["directory_mailer"] = Outbox()
    return app.extensions["directory_mailer"]


def hidden(page, name: str) -> str:
    """Return the value of a hidden field of a page."""
    return re.search(rf'name="{name}" value="([^"]*)"', page.text).group(1)


def send(app, client, url: str, data: dict, *, after=PATIENCE, now=NOW, **kwargs):
    """Open a form at `now`, and send it back some time later."""
    set_clock(app, now)
    slip = hidden(client.get(url), "slip")
    set_clock(app, now + after)
    return client.post(url, data={"slip": slip, **data}, **kwargs)


def sent_token(answer) -> str:
    """Return the token of the case that a form made."""
    assert answer.status_code == 303, answer.text
    return re.fullmatch(r"/cases/([\w-]{43})/thanks", answer.headers["Location"]).group(1)


def listed_clinic(app, **changes) -> int:
    """Add a public clinic; returns its number."""
    from directory.operations.vetting import publish
    from directory.web.state import catalogue

    with app.test_request_context():
        session = db.session()
        begin_writing(session)
        clinic = make_clinic(session, **changes)
        publish(session, catalogue(), NOW, [clinic.id], two_person=True)
        session.commit()
        return clinic.id


def adverse_clinic(app, criterion="sup-acls", **changes) -> int:
    """Add a public clinic with one finding against it."""
    from directory.domain.findings import Outcome
    from directory.models import Clinic
    from directory.operations.vetting import publish
    from directory.web.state import catalogue
    from tests.factories import make_check

    clinic_id = listed_clinic(app, **changes)
    with app.test_request_context():
        session = db.session()
        begin_writing(session)
        clinic = session.get_one(Clinic, clinic_id)
        make_check(
            session,
            catalogue(),
            clinic,
            criterion,
            by=make_user(session),
            second=make_user(session),
            outcome=Outcome.NOT_MET,
            valid_until=None,
        )
        publish(session, catalogue(), NOW, [clinic_id], two_person=True)
        session.commit()
    return clinic_id


def taken_suggestion(app, browser, **more) -> int:
    """Send a suggestion of a missing clinic and let a member of staff take it."""
    from directory.models import Case
    from tests.support.staff import post

    token = sent_token(send(app, app.test_client(), "/suggest", {**SUGGESTION, **more}))
    with app.app_context():
        case = db.session.query(Case).filter_by(token=token).one()
        number, version = case.id, case.version
    step = post(browser, f"/admin/cases/{number}/take", {"version": str(version), "words": ""})
    assert step.status_code == 303
    return number
