"""The log as stored: every tampering is found, and each line is found again."""

import random
import time
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from directory.domain.chain import BadLine, Fault, Line, read_heads
from directory.models import Event, User
from directory.operations import events, log
from directory.operations.log import Wanted
from tests.factories import NOW, make_user

LINES = 40
TAMPERINGS = 1000
FAR = 10**6
COLUMNS = tuple(column.name for column in Event.__table__.columns)


def write(session, actor, count=LINES, start=NOW):
    """Add lines about clinics 1, 2 and 3 in turn, a minute apart."""
    for number in range(count):
        events.record(
            session,
            actor,
            start + timedelta(minutes=number),
            ("clinic:edited", "clinic:listed", "lease:taken")[number % 3],
            "clinic",
            number % 3 + 1,
            {"phone": None, "lat": 33.4484} if number % 2 else None,
            {"phone": f"+1602555{number:04}", "lat": 33.5, "deep": {"list": [1, None, "é\n"]}},
            reason=f"Reason {number}\r\nin two lines" if number % 4 == 0 else "",
        )
    session.flush()


def unguarded(session):
    """Take away what keeps the log from being changed, as an intruder with the database would."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("ALTER TABLE event DISABLE TRIGGER ALL"))
    else:
        for name in ("update", "delete", "replace"):
            session.execute(text(f"DROP TRIGGER event_append_only_{name}"))


def bad_line(session, saved=None):
    """Return the first bad line of the log."""
    return log.verify(session, saved).bad


@pytest.fixture
def written(session) -> Session:
    """A session on a log of some lines, without its guards."""
    first, second = make_user(session), make_user(session)
    write(session, first, LINES // 2)
    write(session, second, LINES // 2, NOW + timedelta(days=1))
    session.commit()
    unguarded(session)
    session.commit()
    return session


def test_a_log_as_written_is_well(written):
    verdict = log.verify(written)
    assert verdict.bad is None
    assert verdict.head == events.head_of(written)
    assert verdict.head.number == LINES
    assert bad_line(written, read_heads(str(verdict.head))) is None


def test_lines_are_numbered_from_one_without_a_gap(written):
    assert written.scalars(select(Event.id).order_by(Event.id)).all() == [*range(1, LINES + 1)]


def other_values(session, row, chance):
    """Return a column of a line and a value that is not its own."""
    users = session.scalars(select(User.id)).all()
    column = chance.choice(COLUMNS)
    values = {
        "id": row.id + LINES + chance.randrange(1, 9),
        "at": row.at + timedelta(microseconds=chance.choice((-1, 1)) * chance.randrange(1, 10**12)),
        "actor_id": next(user for user in users if user != row.actor_id),
        "act": row.act + chance.choice("sd "),
        "subject_type": row.subject_type.upper(),
        "subject_id": row.subject_id + chance.randrange(1, 10**6),
        "before": {"phone": chance.random()},
        "after": row.after | {"lat": chance.random()},
        "reason": row.reason + " ",
        "clock_said": row.at,
        "prev_hash": f"{chance.getrandbits(256):064x}",
        "hash": f"{chance.getrandbits(256):064x}",
    }
    return column, values[column]


def edit(session, chance, row):
    """Change one column of one line."""
    column, value = other_values(session, row, chance)
    session.execute(update(Event).where(Event.id == row.id).values({column: value}))


def remove(session, chance, row):
    """Take one or more lines out, perhaps up to the end."""
    session.execute(delete(Event).where(Event.id.between(row.id, row.id + chance.randrange(3))))


def cut_the_tail(session, chance, row):
    """Take away every line from one on."""
    session.execute(delete(Event).where(Event.id >= row.id))


def swap(session, chance, row):
    """Let two lines change places."""
    other = row.id % LINES + 1
    for number, new in ((row.id, FAR), (other, row.id), (FAR, other)):
        session.execute(update(Event).where(Event.id == number).values(id=new))


def put_in(session, chance, row):
    """Put a forged line between two others, well chained to the one before it."""
    if row.id == LINES:  # there it would be a line like any other
        cut_the_tail(session, chance, row)
        return
    session.execute(update(Event).where(Event.id > row.id).values(id=Event.id + FAR))
    session.execute(update(Event).where(Event.id > FAR).values(id=Event.id - FAR + 1))
    taken = dict(row._mapping) | {"id": row.id + 1, "prev_hash": row.hash}
    taken["hash"] = line_of(taken).hash()
    session.execute(update(Event).where(Event.prev_hash == row.hash).values(prev_hash="f" * 64))
    session.execute(insert(Event).values(taken))


def write_anew(session, chance, row):
    """Change a line, then compute it and all that follow anew: a chain without a fault."""
    rows = session.execute(select(*Event.__table__.columns).order_by(Event.id)).all()
    session.execute(delete(Event))
    previous = rows[0].prev_hash
    for old in rows:
        new = dict(old._mapping) | {"prev_hash": previous}
        if old.id == row.id:
            new["reason"] = old.reason + " indeed"
        new["hash"] = previous = line_of(new).hash()
        session.execute(insert(Event).values(new))


def line_of(row):
    return Line(
        number=row["id"],
        at=row["at"],
        actor=row["actor_id"],
        act=row["act"],
        subject_type=row["subject_type"],
        subject_id=row["subject_id"],
        before=row["before"],
        after=row["after"],
        reason=row["reason"],
        clock_said=row["clock_said"],
        previous=row["prev_hash"],
    )


NEED_A_HEAD = (cut_the_tail, write_anew)
WAYS = (edit, edit, edit, edit, remove, swap, put_in, cut_the_tail)


def test_a_thousand_tamperings_are_found(written):
    """Each is the only one at its time; what needs a saved head is found with it."""
    chance = random.Random(20261122)
    saved = read_heads(str(events.head_of(written)))
    rows = written.execute(select(*Event.__table__.columns).order_by(Event.id)).all()
    missed, without_head = [], 0
    for turn in range(TAMPERINGS):
        way = write_anew if turn % 100 == 0 else chance.choice(WAYS)
        row = chance.choice(rows)
        way(written, chance, row)
        if bad_line(written, saved) is None:
            missed.append((way.__name__, row.id))
        if way not in NEED_A_HEAD and bad_line(written) is None:
            without_head += 1
        written.rollback()
    assert missed == []
    assert without_head <= TAMPERINGS // 50, "only a removal at the very end needs the head"
    assert bad_line(written, saved) is None


@pytest.mark.parametrize("way", NEED_A_HEAD)
def test_the_control_without_a_saved_head_is_fooled(written, way):
    """A chain alone does not notice a missing tail, nor that all of it was written anew."""
    saved = read_heads(str(events.head_of(written)))
    row = written.execute(select(*Event.__table__.columns).where(Event.id == 30)).one()
    way(written, random.Random(1), row)
    assert bad_line(written) is None
    assert (
        bad_line(written, saved)
        == {
            cut_the_tail: BadLine(30, Fault.TAIL_MISSING),
            write_anew: BadLine(LINES, Fault.REWRITTEN),
        }[way]
    )


def test_a_log_that_is_gone_is_found_with_a_head(written):
    saved = read_heads(str(events.head_of(written)))
    written.execute(delete(Event))
    assert bad_line(written) is None
    assert bad_line(written, saved) == BadLine(1, Fault.TAIL_MISSING)


UNREADABLE = {
    "sqlite": ("after = '{\"half'", "at = 'once'", "reason = CAST(X'ff' AS TEXT)"),
    "postgresql": ("after = '{\"half'", "at = 'once'", "reason = convert_from('\\xff', 'UTF8')"),
}


def test_a_line_that_cannot_even_be_read_is_named_or_refused(written, engine_name):
    for damage in UNREADABLE[engine_name]:
        spoil = text(f"UPDATE event SET {damage} WHERE id = 17")
        if engine_name == "postgresql":
            with pytest.raises(DBAPIError):
                written.execute(spoil)
        else:
            written.execute(spoil)
            assert bad_line(written) == BadLine(17, Fault.UNREADABLE), damage
        written.rollback()


def test_the_whole_log_is_never_in_memory_at_once(session, statements, monkeypatch):
    monkeypatch.setattr(log, "CHUNK", 10)
    write(session, make_user(session), 35)
    with statements() as made:
        assert bad_line(session) is None
    assert len(made) == 5


def test_the_database_refuses_a_fork(written):
    row = written.execute(select(*Event.__table__.columns).where(Event.id == LINES)).one()
    twin = dict(row._mapping) | {"id": LINES + 1}
    with pytest.raises(DBAPIError, match=r"(?i)unique"):
        written.execute(insert(Event).values(twin | {"hash": line_of(twin).hash()}))


def test_an_undeclared_act_is_refused(session):
    with pytest.raises(events.UndeclaredAct, match="clinic:painted"):
        events.record(session, make_user(session), NOW, "clinic:painted", "clinic", 1)


def test_a_value_json_cannot_say_is_refused_and_not_dropped(session):
    actor = make_user(session)
    with pytest.raises(TypeError):
        events.record(
            session, actor, NOW, "clinic:edited", "clinic", 1, None, {"day": date(2026, 1, 1)}
        )
    assert session.scalar(select(func.count(Event.id))) == 0


def test_the_time_of_the_log_never_runs_back(session):
    actor = make_user(session)
    for minutes in (0, -90, 5):
        events.record(
            session, actor, NOW + timedelta(minutes=minutes), "clinic:edited", "clinic", 1
        )
    session.commit()
    lines = session.scalars(select(Event).order_by(Event.id)).all()
    assert [line.at for line in lines] == [NOW, NOW, NOW + timedelta(minutes=5)]
    assert lines[1].clock_said == NOW - timedelta(minutes=90) == lines[1].moment
    assert lines[2].clock_said is None
    assert bad_line(session) is None


def test_a_rollback_takes_its_lines_out_of_the_chain(session):
    actor = make_user(session)
    write(session, actor, 3)
    session.commit()
    write(session, actor, 3)
    session.rollback()
    with session.begin_nested():
        write(session, actor, 2)
    savepoint = session.begin_nested()
    write(session, actor, 4)
    savepoint.rollback()
    write(session, actor, 1)
    session.commit()
    assert log.verify(session).head.number == 6
    assert bad_line(session) is None


def test_many_lines_in_one_transaction_look_once_at_the_head(session, statements):
    actor = make_user(session)
    session.commit()
    assert actor.id
    began = time.perf_counter()
    with statements() as made:
        write(session, actor, 4000)
    assert time.perf_counter() - began < 5
    looks = [statement for statement in made if statement.startswith("SELECT event")]
    assert len(looks) == 1
    assert log.verify(session).head.number == 4000


def test_a_page_of_the_log_narrows_and_goes_on(session, statements):
    first, second = make_user(session), make_user(session)
    write(session, first, 60)
    write(session, second, 3, NOW + timedelta(days=2))
    events.record(session, second, NOW + timedelta(days=3), "session:signed_in", "staff", second.id)
    session.commit()
    with statements() as made:
        page = log.page(session, Wanted())
    assert len(made) == 2
    assert [e.event.id for e in page.entries] == [*range(64, 14, -1)]
    assert page.older == 15
    assert page.head.number == 64
    assert (first.id, first.name) in log.people(session)
    rest = log.page(session, Wanted(older_than=page.older))
    assert [e.event.id for e in rest.entries] == [*range(14, 0, -1)]
    assert rest.older is None

    def found(**wanted):
        return [e.event.id for e in log.page(session, Wanted(**wanted)).entries]

    assert found(noun="session") == [64]
    assert found(noun="sess") == []
    assert found(hidden=("session", "lease"))[:3] == [62, 61, 59]
    assert found(actor=second.id) == [64, 63, 62, 61]
    assert found(subject="Clinic 2", actor=second.id) == [62]
    assert found(subject="clinic:2", since=(NOW + timedelta(days=1)).date()) == [62]
    assert found(since=(NOW + timedelta(days=3)).date()) == [64]
    assert found(until=(NOW - timedelta(days=1)).date()) == []


def test_what_a_line_changed_is_shown_field_by_field(session):
    event = Event(before={"a": 1, "b": 2}, after={"b": 3, "c": 4})
    assert log.changes_of(event) == (("a", 1, None), ("b", 2, 3), ("c", None, 4))
    assert log.changes_of(Event()) == ()


@pytest.mark.parametrize(
    "words", ["", "clinic", "12", "clinic 12 13", "clinic " + "9" * 19, "c;d 1"]
)
def test_what_is_no_subject_is_none(words):
    assert log.readable_subject(words) is None
