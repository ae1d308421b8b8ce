"""One holder at a time: by the clock, by one click, and under eight hands at once."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from directory.models import Event, Lease, User
from directory.models.engine import begin_writing, tune
from directory.operations import leases
from directory.operations.plan import read_facts, take_next
from tests.checklist import CATALOGUE
from tests.factories import NOW, make_clinic, make_user

ACLS = "sup-acls"
ROUNDS, HANDS = 20, 8


def test_a_held_piece_of_work_is_not_handed_out_twice(directory):
    clinic, first, second = make_clinic(directory), make_user(directory), make_user(directory)
    assert leases.take(directory, first, NOW, clinic.id, ACLS)
    assert not leases.take(directory, second, NOW, clinic.id, ACLS)
    almost = NOW + leases.LASTS - timedelta(seconds=1)
    assert not leases.take(directory, second, almost, clinic.id, ACLS)
    assert leases.take(directory, second, NOW + leases.LASTS, clinic.id, ACLS)
    assert not leases.take(directory, first, NOW + leases.LASTS, clinic.id, ACLS)
    assert directory.scalar(select(func.count()).select_from(Lease)) == 1


def test_holds_are_seen_by_all_and_end_by_the_clock(directory):
    clinic, first = make_clinic(directory), make_user(directory)
    leases.take(directory, first, NOW, clinic.id, ACLS)
    (hold,) = leases.holds(directory, NOW)
    assert (hold.pair, hold.holder_id, hold.holder) == ((clinic.id, ACLS), first.id, first.name)
    assert leases.holds(directory, NOW + leases.LASTS) == []


def test_only_the_holder_renews_and_puts_back(directory):
    clinic, first, second = make_clinic(directory), make_user(directory), make_user(directory)
    leases.take(directory, first, NOW, clinic.id, ACLS)
    for act in (leases.renew, leases.release):
        with pytest.raises(leases.LeaseLost):
            act(directory, second, NOW, clinic.id, ACLS)
    later = NOW + timedelta(minutes=10)
    assert leases.renew(directory, first, later, clinic.id, ACLS) == later + leases.LASTS
    leases.release(directory, first, later, clinic.id, ACLS)
    with pytest.raises(leases.LeaseLost):
        leases.renew(directory, first, later, clinic.id, ACLS)
    assert leases.take(directory, second, later, clinic.id, ACLS)


def test_what_was_put_back_is_offered_to_others_but_not_to_me_today(directory):
    clinic, first, second = make_clinic(directory), make_user(directory), make_user(directory)
    facts = read_facts(directory, CATALOGUE, two_person=True)
    item = take_next(directory, first, NOW, CATALOGUE, facts)
    leases.release(directory, first, NOW, clinic.id, item.criterion)
    other = take_next(directory, first, NOW, CATALOGUE, facts)
    assert other.criterion != item.criterion
    assert take_next(directory, second, NOW, CATALOGUE, facts).criterion == item.criterion
    tomorrow = NOW + timedelta(days=1)
    assert take_next(directory, first, tomorrow, CATALOGUE, facts).criterion == item.criterion


def test_who_asks_again_gets_what_they_hold(directory):
    make_clinic(directory)
    first = make_user(directory)
    facts = read_facts(directory, CATALOGUE, two_person=True)
    one, two = (take_next(directory, first, NOW, CATALOGUE, facts) for _ in range(2))
    assert one == two


def test_the_database_itself_knows_no_second_holder(directory):
    clinic, first, second = make_clinic(directory), make_user(directory), make_user(directory)
    leases.take(directory, first, NOW, clinic.id, ACLS)
    row = {"clinic_id": clinic.id, "criterion": ACLS, "holder_id": second.id, "put_back": False}
    with pytest.raises(IntegrityError):
        directory.execute(Lease.__table__.insert(), row | {"taken_at": NOW, "until": NOW})


def test_each_act_writes_its_line(directory):
    clinic, first = make_clinic(directory), make_user(directory)
    leases.take(directory, first, NOW, clinic.id, ACLS)
    leases.renew(directory, first, NOW, clinic.id, ACLS)
    leases.release(directory, first, NOW, clinic.id, ACLS)
    directory.flush()
    acts = directory.scalars(select(Event.act).order_by(Event.id)).all()
    assert acts[1:] == ["lease:taken", "lease:renewed", "lease:released"]


def look_then_write(session, actor, now, clinic_id, criterion):
    """The known-broken way: see that it is free, then write."""
    held = session.get(Lease, (clinic_id, criterion))
    free = held is None or held.until <= now
    HALFWAY.wait(timeout=10)
    if free:
        session.merge(
            Lease(
                clinic_id=clinic_id,
                criterion=criterion,
                holder_id=actor.id,
                taken_at=now,
                until=now + leases.LASTS,
                put_back=False,
            )
        )
        session.flush()
    return free


HALFWAY = threading.Barrier(2)


def hands(url, people, task):
    """Let every person do a task at the same moment, each on a connection of their own."""
    engine = create_engine(url, pool_size=HANDS)
    tune(engine)
    start, got = threading.Barrier(len(people)), []

    def one(number):
        with Session(engine) as session:
            start.wait()
            try:
                done = task(session, number)
                session.commit()
            except IntegrityError:
                done = None
            got.append(done)

    threads = [threading.Thread(target=one, args=(number,)) for number in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()
    return got


def test_twenty_rounds_of_eight_hands_give_nothing_out_twice(directory, empty_database):
    for _ in range(6):
        make_clinic(directory)
    people = [make_user(directory).id for _ in range(HANDS)]
    directory.commit()
    facts = read_facts(directory, CATALOGUE, two_person=True)
    directory.commit()

    for number in range(ROUNDS):
        now = NOW + number * leases.LASTS

        def take(session, person, now=now):
            begin_writing(session)
            actor = session.get_one(User, person)
            item = take_next(session, actor, now, CATALOGUE, facts)
            return (item.clinic_id, item.criterion)

        got = hands(empty_database, people, take)
        assert len(set(got)) == len(got) == HANDS


def test_the_control_look_then_write_gives_it_out_twice(directory, empty_database):
    clinic = make_clinic(directory).id
    people = [make_user(directory).id for _ in range(2)]
    leases.take(directory, directory.get(User, people[0]), NOW - leases.LASTS, clinic, ACLS)
    directory.commit()

    def take(session, person):
        actor = session.get_one(User, person)
        return look_then_write(session, actor, NOW, clinic, ACLS)

    if directory.get_bind().dialect.name == "postgresql":
        assert hands(empty_database, people, take) == [True, True]
