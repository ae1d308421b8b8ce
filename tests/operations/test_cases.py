"""Cases in the database: one step is one transaction with one event; contacts go, words can go."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from directory.domain.cases import (
    CaseKind,
    CaseRefused,
    CaseState,
    Category,
    MessageKind,
    Refusal,
    Step,
)
from directory.models import Case, CaseContact, CaseMessage, Event, OutgoingMail
from directory.models.case import MailKind, MailState
from directory.operations import case_list, cases, mail
from tests.factories import NOW, make_clinic, make_user

TODAY = NOW.date()
SECRET = "canary-words-8472"
NAME, EMAIL = "Pat Canary", "pat.canary@example.org"


@pytest.fixture
def staff(session):
    """Two verifiers."""
    return make_user(session), make_user(session)


def opened(session, now=NOW, **changes):
    """Return a new case of somebody with a name and an address."""
    values = {
        "kind": CaseKind.SUGGESTION,
        "words": SECRET,
        "nonce": f"nonce-{session.scalar(select(func.count()).select_from(Case))}",
        "details": {"clinic_name": SECRET, "where": "Phoenix, AZ"},
        "name": NAME,
        "email": EMAIL,
    }
    return cases.open_case(session, now, cases.Opening(**values | changes))


def acts(session):
    """Return the acts in the log, oldest first."""
    return list(session.scalars(select(Event.act).order_by(Event.id)))


def refusal(call, *args, **kwargs):
    with pytest.raises(CaseRefused) as refused:
        call(*args, **kwargs)
    return refused.value.refusal


def test_a_whole_conversation_writes_one_event_a_step(session, staff):
    first, second = staff
    case = opened(session)
    steps = [
        (first, Step.TAKE, ""),
        (second, Step.NOTE, "I know this one"),
        (first, Step.TELL, "We are looking"),
        (first, Step.ASK, "Which street?"),
        (None, Step.ANSWER, f"Main Street {SECRET}"),
        (first, Step.RELEASE, ""),
        (second, Step.TAKE, ""),
        (second, Step.ACCEPT, "We added it"),
    ]
    for actor, step, words in steps:
        before = len(acts(session))
        if actor is None:
            cases.sender_step(session, NOW, case, step, words=words)
        else:
            cases.staff_step(session, actor, NOW, case, step, words=words, version=case.version)
        assert len(acts(session)) == before + 1
    session.commit()
    assert acts(session) == [
        "case:received",
        "case:assigned",
        "case:noted",
        "case:replied",
        "case:information_requested",
        "case:answered",
        "case:released",
        "case:assigned",
        "case:accepted",
    ]
    assert case.state is CaseState.ACCEPTED
    assert case.closed_by == second.id
    assert case.first_reply_at == NOW
    assert [m.kind.value for m in case.messages] == [
        "opening",
        "note",
        "message",
        "question",
        "answer",
        "decision",
    ]
    assert [m.kind.value for m in case.mails] == ["receipt", "message", "question", "decision"]


def test_the_log_holds_no_words_and_no_contact(session, staff):
    case = opened(session)
    cases.staff_step(session, staff[0], NOW, case, Step.TAKE)
    cases.staff_step(session, staff[0], NOW, case, Step.NOTE, words=SECRET)
    cases.sender_step(session, NOW, case, Step.WITHDRAW)
    cases.erase_due_contacts(session, NOW + timedelta(days=90))
    session.commit()
    log = json.dumps(
        [
            [event.before, event.after, event.reason, event.subject_type]
            for event in session.scalars(select(Event))
        ]
    )
    assert session.scalar(select(func.count()).select_from(Event)) == 5
    for canary in (SECRET, NAME, EMAIL, case.token, case.nonce):
        assert canary not in log


def test_a_form_sent_twice_makes_one_case(session):
    case = opened(session, nonce="same")
    assert opened(session, nonce="same", words="again").id == case.id
    assert acts(session) == ["case:received"]
    assert len(case.messages) == 1


def test_only_who_holds_a_case_decides_it(session, staff):
    first, second = staff
    case = opened(session)
    step = cases.staff_step
    assert refusal(step, session, first, NOW, case, Step.ACCEPT, words="x") is Refusal.NOT_NOW
    step(session, first, NOW, case, Step.TAKE)
    assert refusal(step, session, second, NOW, case, Step.ACCEPT, words="x") is Refusal.NOT_YOURS
    assert refusal(step, session, first, NOW, case, Step.TAKE) is Refusal.NOT_NOW
    assert refusal(step, session, first, NOW, case, Step.ACCEPT, words=" ") is Refusal.NO_WORDS
    version = case.version
    step(session, second, NOW, case, Step.TAKE, version=version)
    assert (
        refusal(step, session, first, NOW, case, Step.NOTE, words="x", version=version)
        is Refusal.CHANGED
    )
    assert case.assignee_id == second.id


def test_a_declared_conflict_keeps_a_person_off(session, staff, monkeypatch):
    clinic = make_clinic(session)
    case = opened(session, kind=CaseKind.CONCERN, category=Category.BILLING, clinic_id=clinic.id)
    tied = staff[0].id
    monkeypatch.setattr(
        cases, "conflicted", lambda _session, user, place: (user, place) == (tied, clinic.id)
    )
    for step in (Step.TAKE, Step.NOTE):
        assert (
            refusal(cases.staff_step, session, staff[0], NOW, case, step, words="x")
            is Refusal.CONFLICT
        )
    message = case.messages[0]
    assert refusal(cases.erase_words, session, staff[0], NOW, message, "x") is Refusal.CONFLICT
    cases.staff_step(session, staff[1], NOW, case, Step.TAKE)
    assert case.assignee_id == staff[1].id


def test_a_concern_needs_its_clinic(session):
    assert (
        refusal(opened, session, kind=CaseKind.CONCERN, category=Category.OTHER, clinic_id=99)
        is Refusal.NOT_HERE
    )


BROKEN = {
    "a closed case without its moment": "state = 'withdrawn'",
    "a decision by nobody": "state = 'accepted', closed_at = received_at, assignee_id = {user}",
    "in review by nobody": "state = 'in_review'",
    "received and assigned": "assignee_id = {user}",
    "an unknown state": "state = 'lost', assignee_id = {user}",
    "a category of a suggestion": "category = 'billing'",
    "a concern without category": "kind = 'concern'",
    "closed before it came": "state = 'withdrawn', closed_at = '2020-01-01 00:00:00+00:00'",
    "erased while open": "contact_erased_at = received_at",
    "a short token": "token = 'short'",
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN.keys())
def test_the_database_refuses_what_cannot_be(session, staff, change):
    case = opened(session)
    session.commit()
    with pytest.raises(IntegrityError):
        session.execute(text(f"UPDATE outside_case SET {change.format(user=staff[0].id)}"))
    session.rollback()
    good = f"state = 'in_review', assignee_id = {staff[0].id}"
    session.execute(text(f"UPDATE outside_case SET {good} WHERE id = {case.id}"))
    session.commit()


def test_the_database_refuses_a_message_by_the_wrong_hand(session, staff):
    case = opened(session)
    session.commit()
    for kind, staff_id, words in (
        (MessageKind.NOTE, None, "x"),
        (MessageKind.ANSWER, staff[0].id, "x"),
        (MessageKind.ANSWER, None, None),
        (MessageKind.ANSWER, None, ""),
    ):
        session.add(CaseMessage(case_id=case.id, kind=kind, staff_id=staff_id, words=words, at=NOW))
        with pytest.raises(IntegrityError):
            session.flush()
        session.rollback()


def test_contacts_are_erased_ninety_days_after_closing_and_unread_from_then(session, staff):
    case, later = opened(session), opened(session)
    open_one = opened(session)
    cases.sender_step(session, NOW, case, Step.WITHDRAW)
    cases.sender_step(session, NOW + timedelta(days=1), later, Step.WITHDRAW)
    session.commit()
    due = NOW + timedelta(days=90)
    assert cases.contact_of(case, due - timedelta(seconds=1)) is not None
    assert cases.contact_of(case, due) is None
    assert case_list.contacts_due(session, due - timedelta(seconds=1)) == 0
    assert case_list.contacts_due(session, due) == 1
    assert cases.erase_due_contacts(session, due - timedelta(seconds=1)) == 0
    assert cases.erase_due_contacts(session, due) == 1
    assert cases.erase_due_contacts(session, due) == 0
    session.commit()
    left = session.scalars(select(CaseContact.case_id).order_by(CaseContact.case_id)).all()
    assert left == [later.id, open_one.id]
    assert case.contact_erased_at == due
    assert acts(session).count("case:contact_erased") == 1
    assert [m.state for m in case.mails] == [MailState.DROPPED]


def test_words_can_be_erased_and_never_changed_back(session, staff):
    case = opened(session)
    message = case.messages[0]
    assert refusal(cases.erase_words, session, staff[0], NOW, message, " ") is Refusal.NO_WORDS
    cases.erase_words(session, staff[0], NOW, message, "a patient's health")
    session.commit()
    assert message.words is None
    assert refusal(cases.erase_words, session, staff[0], NOW, message, "x") is Refusal.NOT_NOW
    newest = session.scalars(select(Event).order_by(Event.id.desc())).first()
    assert (newest.act, newest.reason) == ("case:words_erased", "a patient's health")


def test_mail_is_tried_claimed_once_backed_off_and_given_up(session, staff):
    case = opened(session)
    session.commit()
    row = case.mails[0]
    at, tries = NOW, 0
    while row.state is MailState.WAITING:
        assert mail.due(session, at) == [row.id]
        note = mail.claim(session, at, row.id)
        assert note is not None
        assert (note.email, note.kind) == (EMAIL, MailKind.RECEIPT)
        assert mail.claim(session, at, row.id) is None, "two would send it"
        assert mail.due(session, at) == []
        mail.mark_failed(session, at, row.id, "TimeoutError")
        session.commit()
        tries += 1
        at = row.next_try_at
    assert tries == len(mail.PAUSES) + 1
    assert case_list.case_counts(session, at).mail_failed == 1
    mail.retry(session, staff[0], at, row)
    assert mail.claim(session, at, row.id) is not None
    mail.mark_sent(session, at, row.id)
    session.commit()
    session.refresh(row)
    assert row.state is MailState.SENT
    assert acts(session)[-1] == "case:mail_retried"
    assert refusal(mail.retry, session, staff[0], at, row) is Refusal.NOT_NOW


def test_nobody_is_written_to_without_an_address_or_after_their_time(session, staff):
    assert opened(session, email="").mails == []
    case = opened(session)
    cases.sender_step(session, NOW, case, Step.WITHDRAW)
    session.commit()
    assert mail.claim(session, NOW + timedelta(days=90), case.mails[0].id) is None
    session.commit()
    assert session.scalars(select(OutgoingMail.state)).all() == [MailState.DROPPED]


def test_counts_by_state_and_age(session, staff):
    for days in (0, 2, 5, 20, 50):
        opened(session, NOW - timedelta(days=days))
    closed = opened(session, NOW - timedelta(days=50))
    cases.sender_step(session, NOW, closed, Step.WITHDRAW)
    counts = case_list.case_counts(session, NOW)
    assert counts.open == 5
    assert counts.states[CaseState.WITHDRAWN] == 1
    assert counts.ages == (1, 1, 1, 1, 1)
    assert counts.late == 3
    waiting = case_list.cases_in(session, (CaseState.RECEIVED,))
    assert [c.id for c in waiting] == sorted(c.id for c in waiting)


def test_a_step_is_all_or_nothing(session, staff):
    """A fault at each statement of the opening leaves no trace of it."""
    from sqlalchemy import event as listening

    bind = session.get_bind()
    opened(session, nonce="warm")
    session.commit()

    def digest():
        tables = (Case, CaseContact, CaseMessage, OutgoingMail, Event)
        found = [session.scalar(select(func.count()).select_from(table)) for table in tables]
        session.rollback()
        return found

    before = digest()
    for number in range(1, 60):
        left = [number]

        def fail(*_args, left=left):
            left[0] -= 1
            if left[0] == 0:
                raise RuntimeError("injected")

        listening.listen(bind, "before_cursor_execute", fail)
        try:
            opened(session, nonce="fault")
            session.flush()
        except RuntimeError:
            session.rollback()
        else:
            session.rollback()
            break
        finally:
            listening.remove(bind, "before_cursor_execute", fail)
        assert digest() == before, f"statement {number} left something behind"
    assert number > 6, "the opening has more statements than that"
