"""A clinic's right of reply: beside an adverse finding at once, replaced, ended, kept on record."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from directory.domain.cases import CaseRefused, Refusal
from directory.domain.criteria import Level
from directory.domain.findings import Outcome
from directory.models import ClinicReply, Event
from directory.models.staff import StaffRole
from directory.operations import replies
from directory.operations.cards import findings_of
from directory.operations.catalogue import load_edition
from directory.operations.clinics import public_clinic
from directory.operations.vetting import publish
from tests.checklist import TEXT
from tests.factories import NOW, make_check, make_clinic, make_user

TODAY = NOW.date()


@pytest.fixture
def staff(session):
    """Two verifiers."""
    return make_user(session), make_user(session)


def acts(session):
    """Return the acts in the log, oldest first."""
    return list(session.scalars(select(Event.act).order_by(Event.id)))


def refusal(call, *args, **kwargs):
    with pytest.raises(CaseRefused) as refused:
        call(*args, **kwargs)
    return refused.value.refusal


@pytest.fixture
def disputed(session, staff):
    """A clinic with one public adverse finding, and the checklist."""
    catalogue = load_edition(
        session,
        make_user(session, StaffRole.ADMIN),
        NOW,
        text=TEXT,
        confirmation="two-person",
    )
    clinic = make_clinic(session)
    make_check(
        session,
        catalogue,
        clinic,
        "sup-acls",
        by=staff[0],
        second=staff[1],
        outcome=Outcome.NOT_MET,
        level=Level.SOURCE,
        valid_until=None,
    )
    publish(session, catalogue, NOW, [clinic.id], two_person=True)
    session.commit()
    return catalogue, clinic


def test_a_reply_stands_beside_the_finding_at_once_and_is_replaced_and_ended(
    session, staff, disputed
):
    catalogue, clinic = disputed

    def shown():
        page = public_clinic(session, catalogue, clinic.id, NOW, two_person=True)
        return next(f for f in page.findings if f.criterion == "sup-acls")

    assert not shown().disputed
    place = (catalogue, clinic, "sup-acls")
    day = NOW.date()
    for words in ("The card was renewed.", "It was renewed in May."):
        replies.record_reply(
            session, staff[0], NOW, *place, words=words, answered_on=day, two_person=True
        )
        session.commit()
        assert shown().disputed
        assert shown().reply.words == words
        assert shown().state.value == "not_met", "the finding stays"
    replies.end_reply(session, staff[0], NOW, *place, two_person=True)
    session.commit()
    assert not shown().disputed
    assert session.scalar(select(func.count()).select_from(ClinicReply)) == 2
    assert acts(session)[-3:] == ["finding:disputed", "finding:disputed", "finding:undisputed"]
    assert "renewed" not in json.dumps([e.after for e in session.scalars(select(Event))])


def test_a_reply_needs_a_public_finding_and_an_unconflicted_hand(
    session, staff, disputed, monkeypatch
):
    catalogue, clinic = disputed

    def record(criterion="sup-acls", words="x", day=TODAY):
        return refusal(
            replies.record_reply,
            session,
            staff[0],
            NOW,
            catalogue,
            clinic,
            criterion,
            words=words,
            answered_on=day,
            two_person=True,
        )

    assert record(criterion="mon-vitals") is Refusal.NOT_HERE
    assert record(words=" ") is Refusal.NO_WORDS
    assert record(words="x" * 601) is Refusal.TOO_LONG
    assert record(day=NOW.date() + timedelta(days=2)) is Refusal.FUTURE
    monkeypatch.setattr(replies, "conflicted", lambda *_: True)
    assert record() is Refusal.CONFLICT
    assert session.scalar(select(func.count()).select_from(ClinicReply)) == 0


def test_a_card_from_before_replies_is_still_read(session, disputed):
    catalogue, clinic = disputed
    page = public_clinic(session, catalogue, clinic.id, NOW, two_person=True)
    older = {name: value for name, value in page.card.items() if name != "replies"}
    assert findings_of(older, 0) == findings_of(page.card, 0)
