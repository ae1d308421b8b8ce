"""Today's plan as read from the database, and what its acts do to it."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from directory.domain.criteria import Level
from directory.domain.findings import Outcome, State
from directory.domain.looks import AttemptReason, Channel
from directory.domain.plan import Why
from directory.domain.standing import Listing
from directory.models import Refusal
from directory.models.staff import ConflictOfInterest
from directory.operations import leases
from directory.operations.clinics import public_clinic
from directory.operations.plan import fingerprint, read_facts, take_next, today
from directory.operations.vetting import (
    CheckRefused,
    Conflicted,
    Observation,
    Overtaken,
    add_confirmation,
    confirm_verification,
    newest_check,
    record_verification,
    refuse_verification,
)
from directory.operations.workspace import waiting
from tests.checklist import CATALOGUE
from tests.factories import NOW, make_check, make_clinic, make_user
from tests.operations.crowd import crowd

ACLS = "sup-acls"
TODAY = NOW.date()


def plan(session, actor, now=NOW, budget=6000):
    session.flush()
    facts = read_facts(session, CATALOGUE, two_person=True)
    return today(session, actor, now, CATALOGUE, facts, two_person=True, budget=budget)


def items(session, actor, now=NOW):
    return {(i.clinic_id, i.criterion): i for i in plan(session, actor, now).day.items}


def seen(**changes):
    values = {
        "criterion": ACLS,
        "outcome": Outcome.MET,
        "level": Level.SOURCE,
        "checked_on": TODAY,
        "valid_until": TODAY + timedelta(days=90),
        "source_name": "Example card look-up",
        "source_url": "https://cards.example.org/1",
    }
    return Observation(**values | changes)


def record(session, actor, clinic, now=NOW, **changes):
    based_on = changes.pop("based_on", None)
    return record_verification(
        session, actor, now, CATALOGUE, clinic, seen(**changes), two_person=True, based_on=based_on
    )


def test_everything_at_a_new_clinic_is_due_but_what_cannot_apply(directory):
    iv, im = make_clinic(directory), make_clinic(directory, services=[])
    closed = make_clinic(directory, listing=Listing.CLOSED, listing_reason="It closed")
    due = items(directory, make_user(directory))
    assert len([key for key in due if key[0] == iv.id]) == len(CATALOGUE.criteria)
    assert (im.id, "mon-pump") not in due
    assert not [key for key in due if key[0] == closed.id]


def test_what_was_met_comes_back_when_it_ends_without_any_job(directory):
    clinic, first, second = make_clinic(directory), make_user(directory), make_user(directory)
    made = record(directory, first, clinic)
    assert (clinic.id, ACLS) not in items(directory, first), "it waits for a second person"
    confirm_verification(directory, second, NOW, CATALOGUE, made, two_person=True)
    assert (clinic.id, ACLS) not in items(directory, first)
    later = items(directory, first, NOW + timedelta(days=91))
    assert later[clinic.id, ACLS].why is Why.EXPIRED


def test_look_ups_go_by_the_source_last_used_in_the_state(directory):
    first = make_user(directory)
    known, new = make_clinic(directory), make_clinic(directory)
    far = make_clinic(directory, state="TX", city="Austin", postal_code="78701")
    record(directory, first, known, source_name="Arizona board")
    due = items(directory, first)
    assert due[new.id, ACLS].source == "Arizona board"
    assert due[far.id, ACLS].source != "Arizona board"


def test_tries_in_vain_back_off_and_are_no_confirmation(directory):
    clinic, first = make_clinic(directory), make_user(directory)
    failed = {
        "outcome": Outcome.COULD_NOT_CHECK,
        "valid_until": None,
        "attempt_reason": AttemptReason.SOURCE_DOWN,
        "channel": Channel.LOOKUP,
    }
    record(directory, first, clinic, **failed)
    assert (clinic.id, ACLS) not in items(directory, first)
    item = items(directory, first, NOW + timedelta(days=1))[clinic.id, ACLS]
    assert (item.tries, item.looked_on, item.confirmed_on) == (1, TODAY, None)
    for _ in range(2):
        record(directory, first, clinic, **failed)
    item = items(directory, first, NOW + timedelta(days=7))[clinic.id, ACLS]
    assert item.channel is Channel.PHONE


def test_others_holds_and_conflicts_are_left_out_and_own_holds_are_not(directory):
    one, two = make_clinic(directory), make_clinic(directory)
    me, other = make_user(directory), make_user(directory)
    leases.take(directory, other, NOW, one.id, ACLS)
    leases.take(directory, me, NOW, one.id, "sup-director")
    tie = {"user_id": me.id, "reason": "A friend", "declared_at": NOW}
    directory.add(ConflictOfInterest(clinic_id=two.id, **tie))
    due = items(directory, me)
    assert (one.id, ACLS) not in due
    assert (one.id, "sup-director") in due
    assert not [key for key in due if key[0] == two.id]
    assert (one.id, ACLS) in items(directory, me, NOW + leases.LASTS)


def test_what_was_done_since_the_facts_were_read_is_not_handed_out(directory):
    clinic, first, second = make_clinic(directory), make_user(directory), make_user(directory)
    facts = read_facts(directory, CATALOGUE, two_person=True)
    best = take_next(directory, first, NOW, CATALOGUE, facts)
    level = CATALOGUE.criterion(best.criterion).minimum_level
    record(
        directory, first, clinic, criterion=best.criterion, level=level, private_note="We saw it."
    )
    assert take_next(directory, second, NOW, CATALOGUE, facts).criterion != best.criterion


def test_any_act_but_a_lease_changes_the_fingerprint(directory):
    clinic, first, second = make_clinic(directory), make_user(directory), make_user(directory)
    directory.flush()
    marks = [fingerprint(directory)]
    leases.take(directory, first, NOW, clinic.id, ACLS)
    directory.flush()
    assert fingerprint(directory) == marks[0]
    made = record(directory, first, clinic)
    directory.flush()
    marks.append(fingerprint(directory))
    refuse_verification(directory, second, NOW, CATALOGUE, made, "No.", two_person=True)
    directory.flush()
    marks.append(fingerprint(directory))
    assert len(set(marks)) == 3


def test_recording_ends_the_hold(directory):
    clinic, first = make_clinic(directory), make_user(directory)
    leases.take(directory, first, NOW, clinic.id, ACLS)
    record(directory, first, clinic)
    assert leases.holds(directory, NOW) == []


def test_of_two_checks_based_on_the_same_one_the_second_loses(directory):
    clinic, first, second = make_clinic(directory), make_user(directory), make_user(directory)
    made = record(directory, first, clinic, based_on=0)
    directory.commit()
    with pytest.raises(Overtaken) as lost:
        record(directory, second, clinic, based_on=0)
    assert lost.value.newest_id == made.id
    directory.rollback()
    clinic, second = directory.merge(clinic), directory.merge(second)
    again = record(directory, second, clinic, based_on=made.id)
    assert newest_check(directory, clinic.id, ACLS) == again.id


def test_seeded_checks_count_too(directory):
    clinic, first = make_clinic(directory), make_user(directory)
    made = make_check(directory, CATALOGUE, clinic, ACLS, by=first)
    assert newest_check(directory, clinic.id, ACLS) == made.id


def test_a_conflicted_person_neither_records_nor_decides(directory):
    clinic, first, tied = make_clinic(directory), make_user(directory), make_user(directory)
    made = record(directory, first, clinic)
    directory.add(
        ConflictOfInterest(user_id=tied.id, clinic_id=clinic.id, reason="A friend", declared_at=NOW)
    )
    directory.flush()
    with pytest.raises(Conflicted):
        record(directory, tied, clinic)
    with pytest.raises(Conflicted):
        confirm_verification(directory, tied, NOW, CATALOGUE, made, two_person=True)
    with pytest.raises(Conflicted):
        refuse_verification(directory, tied, NOW, CATALOGUE, made, "No.", two_person=True)


def test_a_check_is_decided_once(directory):
    clinic = make_clinic(directory)
    first, second, third = (make_user(directory) for _ in range(3))
    made = record(directory, first, clinic)
    with pytest.raises(CheckRefused, match="different person"):
        refuse_verification(directory, first, NOW, CATALOGUE, made, "No.", two_person=True)
    with pytest.raises(CheckRefused, match="say why"):
        refuse_verification(directory, second, NOW, CATALOGUE, made, " ", two_person=True)
    refuse_verification(directory, second, NOW, CATALOGUE, made, "No.", two_person=True)
    with pytest.raises(CheckRefused, match="refused"):
        confirm_verification(directory, third, NOW, CATALOGUE, made, two_person=True)
    with pytest.raises(CheckRefused, match="already"):
        refuse_verification(directory, third, NOW, CATALOGUE, made, "No.", two_person=True)
    item = items(directory, first)[clinic.id, ACLS]
    assert item.why is Why.REFUSED


@pytest.mark.parametrize("reason", ["", "No."])
def test_the_database_itself_refuses_a_refusal_by_the_first_or_without_words(directory, reason):
    clinic, first, second = make_clinic(directory), make_user(directory), make_user(directory)
    made = record(directory, first, clinic)
    by = first if reason else second
    directory.add(
        Refusal(
            verification_id=made.id,
            recorded_by=first.id,
            refused_by=by.id,
            refused_at=NOW,
            reason=reason,
        )
    )
    with pytest.raises(DBAPIError, match="two_people" if reason else "ck_refusal_reason"):
        directory.flush()


def test_a_refusal_is_never_changed(directory):
    clinic, first, second = make_clinic(directory), make_user(directory), make_user(directory)
    made = record(directory, first, clinic)
    refuse_verification(directory, second, NOW, CATALOGUE, made, "No.", two_person=True)
    directory.commit()
    for statement in ("UPDATE refusal SET reason = 'Yes.'", "DELETE FROM refusal"):
        with pytest.raises(DBAPIError, match="refusal is append-only"):
            directory.execute(text(statement))
        directory.rollback()


def test_what_waits_is_what_would_still_decide(directory):
    clinic = make_clinic(directory)
    first, second, third = (make_user(directory) for _ in range(3))
    old = record(directory, first, clinic, checked_on=TODAY - timedelta(days=9))
    new = record(directory, second, clinic)
    found = waiting(directory, third, CATALOGUE)
    assert [check.id for check in found.checks] == [new.id]
    add_confirmation(directory, third, NOW, new)
    assert waiting(directory, third, CATALOGUE).checks == ()
    assert old.id != new.id
    claim = record(directory, first, clinic, level=Level.ATTESTED)
    assert waiting(directory, third, CATALOGUE).checks == (), claim.id


def test_a_refused_adverse_check_leaves_what_stood_before(directory):
    clinic, first, second = make_clinic(directory), make_user(directory), make_user(directory)
    make_check(directory, CATALOGUE, clinic, ACLS, by=first, second=second)
    adverse = record(directory, first, clinic, outcome=Outcome.NOT_MET, valid_until=None)

    def state():
        page = public_clinic(directory, CATALOGUE, clinic.id, NOW, two_person=True)
        return next(f for f in page.findings if f.criterion == ACLS).state

    assert state() is State.NOT_CHECKED
    refuse_verification(directory, second, NOW, CATALOGUE, adverse, "Wrong name.", two_person=True)
    directory.expire_all()
    assert state() is State.MET


def test_fifteen_hundred_clinics_are_planned_in_five_statements(directory, statements):
    """How long it takes is measured by tests/benchmarks/plan_bars.py."""
    first, second = make_user(directory), make_user(directory)
    assert crowd(directory, CATALOGUE, first, second) == 14_500
    directory.commit()
    directory.refresh(first)
    with statements() as made:
        found = plan(directory, first, budget=120)
    assert len(made) == 5
    assert found.day.minutes <= 120
    assert 0 < found.keepable < found.listings == 1500
