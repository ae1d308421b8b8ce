"""Accounts without a browser: who is invited, who may not act, and races for one code."""

import threading
from datetime import timedelta

import argon2
import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from directory.domain.accounts import (
    Weakness,
    is_time_code,
    normal_mail,
    plain_code,
    weakness,
)
from directory.models import Event, Organization, User
from directory.models.engine import begin_writing, tune
from directory.models.staff import StaffRole
from directory.operations import accounts, factors, sessions
from directory.operations.accounts import AccountRefused, NewFactors
from directory.operations.people import system_user
from tests.factories import NOW, make_clinic, make_user
from tests.support.made_once import SHIPPED
from tests.support.staff import Member

SEAL = factors.sealer("k" * 40)
RACERS = 8


def joined(session, mail="ana@example.org", role=StaffRole.VERIFIER):
    """Return a member of staff who joined, and what their app knows."""
    user, token = accounts.invite(session, system_user(session), NOW, mail=mail, role=role)
    person = Member(user.id, mail, factors.new_secret(), [])
    chosen = NewFactors("$argon2id$nothing", person.secret, person.code())
    _user, person.recovery = accounts.join(session, NOW, token, chosen, SEAL)
    user.totp_step = None
    session.flush()
    return user, person


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" Ana@Example.ORG ", "ana@example.org"),
        ("ａｎａ@example.org", "ana@example.org"),
        ("ana", None),
        ("ana@example", None),
        ("a@b@example.org", None),
        ("ana@example.org\nbcc: x@example.org", None),
        ("<ana@example.org>", None),
        ("x" * 250 + "@example.org", None),
        ("", None),
    ],
)
def test_mail_addresses_have_one_form(typed, stored):
    assert normal_mail(typed) == stored


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("nine purple kettles", None),
        ("Trübe Käferzange 🪲", None),
        ("漢字漢語日本中国東西南北", None),
        ("            ", Weakness.COMMON),
        ("123456789012345", Weakness.COMMON),
        ("qwertyuiop123456", Weakness.COMMON),
        ("anadoe-anadoe-anadoe", Weakness.OWN),
        ("ana@example.org", Weakness.OWN),
        ("short", Weakness.SHORT),
        ("long " * 50, Weakness.LONG),
    ],
)
def test_passwords_are_judged_by_length_and_by_what_everybody_tries(password, why):
    assert weakness(password, "Ana Doe", "anadoe@example.org", "ana@example.org") == why


def test_codes_have_one_form():
    assert plain_code("１２３ ４５６") == "123456"
    assert plain_code("abcd-EFGH ij2k") == "abcdefghij2k"
    assert not is_time_code(plain_code("12345"))
    assert not is_time_code(plain_code("²23456x"))


def test_passwords_typed_on_other_keyboards_fit():
    kept = factors.hash_password("Cafe\u0301 au lait ti\u00e8de")
    assert factors.password_fits(kept, "Caf\u00e9 au lait tie\u0300de")
    assert not factors.password_fits(kept, "Cafe au lait tiede")
    assert not factors.password_fits(None, "")
    assert not factors.password_fits("not a hash", "x")


def test_what_is_shipped_hashes_as_slowly_as_advised(monkeypatch):
    advised = argon2.profiles.RFC_9106_LOW_MEMORY
    monkeypatch.setattr(factors, "_hasher", SHIPPED)
    kept = factors.hash_password("nine purple kettles hum")
    assert argon2.extract_parameters(kept) == advised
    assert factors.password_fits(kept, "nine purple kettles hum")
    assert not factors.password_fits(kept, "nine purple kettles")


def test_an_invitation_refuses_in_words(session):
    boss = make_user(session, StaffRole.ADMIN)

    def why(mail="new@example.org", role=StaffRole.VERIFIER, name=""):
        with pytest.raises(AccountRefused) as refused:
            accounts.invite(session, boss, NOW, mail=mail, role=role, name=name)
        return refused.value.why

    user, _person = joined(session)
    assert why(mail="x") == "mail"
    assert why(role=StaffRole.SYSTEM) == "role"
    assert why(name="y" * 201) == "name"
    assert why(name=boss.name) == "name_taken"
    assert why(mail="ANA@example.org", role=StaffRole.ADMIN) == "other_role"
    accounts.disable(session, boss, NOW, user.id)
    assert why(mail="ana@example.org") == "disabled"


def test_nobody_manages_themselves_or_the_program(session):
    boss = make_user(session, StaffRole.ADMIN)
    other = make_user(session)
    for who, target, why in (
        (boss, boss, "oneself"),
        (boss, system_user(session), "nobody"),
        (other, boss, "not_admin"),
    ):
        with pytest.raises(AccountRefused) as refused:
            accounts.disable(session, who, NOW, target.id)
        assert refused.value.why == why
        with pytest.raises(AccountRefused):
            accounts.change_role(session, who, NOW, target.id, StaffRole.VERIFIER)


def test_a_tie_to_an_organization_holds_for_all_its_clinics(session):
    user, other = make_user(session), make_user(session)
    owner = Organization(name="An owner")
    session.add(owner)
    session.flush()
    owned, another = make_clinic(session, organization_id=owner.id), make_clinic(session)
    tie = accounts.declare_conflict(session, user, NOW, reason="A share", organization_id=owner.id)
    accounts.declare_conflict(session, other, NOW, reason="A friend", clinic_id=another.id)
    found = [
        accounts.conflicted(session, who.id, clinic.id)
        for who in (user, other)
        for clinic in (owned, another)
    ]
    assert found == [True, False, False, True]
    accounts.withdraw_conflict(session, user, NOW, tie.id)
    assert not accounts.conflicted(session, user.id, owned.id)
    acts = list(session.scalars(select(Event.act).order_by(Event.id)))
    assert acts == ["conflict:declared", "conflict:declared", "conflict:withdrawn"]


def test_a_secret_sealed_elsewhere_opens_nothing(session):
    user, person = joined(session)
    other = factors.sealer("another key of another installation")
    assert not factors.spend_code(session, user, person.code(), NOW, other)
    assert factors.spend_code(session, user, person.recovery[0], NOW, other), "recovery still works"
    assert factors.spend_code(session, user, person.code(), NOW, SEAL)


def test_the_clock_decides_about_sessions(session):
    user = make_user(session)
    _row, token = sessions.start(session, user, NOW)

    def live(**after):
        return sessions.look_up(session.connection(), token, NOW + timedelta(**after)) is not None

    assert live(minutes=29, seconds=59)
    assert not live(minutes=30)
    assert sessions.look_up(session.connection(), token + "x", NOW) is None
    assert sessions.look_up(session.connection(), sessions.hashed(token), NOW) is None
    user.role = StaffRole.SYSTEM
    session.flush()
    assert not live(minutes=1), "nobody acts as the program"


@pytest.mark.parametrize("kind", ["time", "recovery"])
def test_of_those_who_send_one_code_at_once_one_gets_in(empty_database, kind):
    engine = create_engine(empty_database)
    tune(engine)
    with Session(engine) as session:
        begin_writing(session)
        _user, person = joined(session)
        session.commit()
    code = person.code() if kind == "time" else person.recovery[0]
    start = threading.Barrier(RACERS)
    entered = []

    def race():
        start.wait()
        with Session(engine) as session:
            begin_writing(session)
            user = session.get_one(User, person.id)
            if accounts.enter(session, NOW, user, code, SEAL):
                entered.append(threading.get_ident())
            session.commit()

    threads = [threading.Thread(target=race) for _ in range(RACERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()
    assert len(entered) == 1
