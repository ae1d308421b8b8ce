"""The scenes of candidates from the national registry; see event_walk.py."""

from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from unittest import mock

from sqlalchemy import select

from directory.domain.nppes import Fact, Triage, entry_of
from directory.models import Candidate, CandidateChange, Clinic, User
from directory.operations.candidate_triage import decide
from directory.operations.candidates import Month, apply_month, watched_numbers
from directory.sources.nppes_api import Answer
from tests.factories import NOW
from tests.support.nppes_file import npi, row
from tests.web.event_walk import SCENES, Sent, scene, staff
from tests.web.test_editing_pages import typed, written

__all__ = ["SCENES"]

_numbers = count(1_000)


def a_candidate(app, **changes):
    """Import one candidate that nobody has seen yet; returns its number here."""

    def make(session):
        values = row(npi(next(_numbers)), **changes)
        month = Month(
            entries=[entry_of(values)],
            watched=watched_numbers(session),
            present=frozenset(),
            full=False,
        )
        apply_month(session, NOW, month)
        return session.scalars(select(Candidate.id).order_by(Candidate.id.desc())).first()

    return written(app, make)


def judged(app, candidate_id, by, decision=Triage.LIKELY):
    """Let somebody judge a candidate; returns the version it has then."""

    def make(session):
        candidate = session.get_one(Candidate, candidate_id)
        actor = session.get_one(User, by)
        decide(session, actor, NOW, candidate, decision, version=candidate.version)
        return candidate.version

    return written(app, make)


def a_change(app, candidate_id, fact=Fact.PHONE, **ours):
    """Note a change of a candidate; `ours` ties it to a listing."""

    def make(session):
        candidate = session.get_one(Candidate, candidate_id)
        for name, value in ours.items():
            setattr(candidate, name, value)
        change = CandidateChange(
            candidate_id=candidate_id,
            fact=fact,
            before={"phone": "+16025550100"},
            after={"phone": None},
            found_at=NOW,
        )
        session.add(change)
        session.flush()
        return change.id

    return written(app, make)


@scene("candidates.judge", "candidate:judged")
def judged_likely(app):
    number = a_candidate(app)
    url = f"/admin/candidates/{number}/triage"
    return staff(app, url, number, decision="likely", version="1")


@scene("candidates.undo", "candidate:undone")
def taken_back(app):
    number = a_candidate(app)
    sent = staff(app, f"/admin/candidates/{number}/undo", number)
    version = judged(app, number, sent.actor, Triage.NOT_A_CLINIC)
    return replace(sent, data={"version": str(version)})


@scene("candidates.see", "candidate:seen")
def change_seen(app):
    number = a_candidate(app)
    return staff(app, f"/admin/candidates/changes/{a_change(app, number)}/seen", number)


class Played(Sent):
    """A look-up whose registry answers from a script; the network has tests of its own."""

    def send(self):
        """Send it while the registry is played."""
        directory = self.browser.application.extensions["directory"]
        setting = replace(directory.settings, nppes_api="https://registry.example.org/api/")
        answer = Answer("https://registry.example.org/api/?number=1", '{"results": []}')
        with ExitStack() as played:
            played.enter_context(mock.patch.object(directory, "settings", setting))
            module = "directory.web.admin.candidates.look_up"
            played.enter_context(mock.patch(module, return_value=answer))
            return super().send()


@scene("candidates.ask", "candidate:looked_up")
def registry_asked(app):
    number = a_candidate(app)
    sent = staff(app, f"/admin/candidates/{number}/look-up", number)
    return Played(sent.browser, sent.url, sent.data, sent.actor, sent.subjects)


@scene("clinics.create", "clinic:created", "candidate:listed")
def listing_started(app):
    number = a_candidate(app)
    facts = typed(app, None, name="Example Harbor", street="1 Example Road", city="Phoenix")
    facts |= {"state": "AZ", "postal_code": "85004", "candidate": str(number)}
    return staff(app, "/admin/clinics/new", Clinic, number, **facts)
