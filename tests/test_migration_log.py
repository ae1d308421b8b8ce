"""The migration that chains the log: lines written before it are numbered, chained and guarded."""

import json
from datetime import timedelta

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from directory.extensions import db
from directory.models import Event
from directory.operations import events, log
from directory.operations.people import system_user
from tests.factories import NOW
from tests.support.apps import running

OLD = (
    (3, 0, None),
    (4, 60, {"phone": None, "lat": 33.4484}),
    (9, -90, {"deep": [1, {"a": "é\n"}]}),
    (20, 61, None),
)
"""Number, minutes after the first, and what it says: with gaps, and one that runs back."""


@pytest.fixture
def before(bare_instance, empty_database):
    """A session on a database as it was before the migration, with lines in its log."""
    with running(bare_instance, empty_database) as app, app.app_context():
        session = db.session()
        actor = system_user(session).id
        session.commit()
        downgrade(revision="0003_accounts")
        kept = "CAST(:after AS json)" if db.engine.name == "postgresql" else ":after"
        for number, minutes, after in OLD:
            session.execute(
                text(
                    "INSERT INTO event (id, at, actor_id, act, subject_type, subject_id, after) "
                    f"VALUES (:id, :at, :actor, 'clinic:edited', 'clinic', 1, {kept})"
                ).bindparams(
                    id=number,
                    at=moment(session, NOW + timedelta(minutes=minutes)),
                    actor=actor,
                    after=json.dumps(after),
                )
            )
        session.commit()
        yield session


def moment(session, value):
    """Return a moment as the engine keeps it."""
    if session.get_bind().dialect.name == "postgresql":
        return value
    return value.strftime("%Y-%m-%d %H:%M:%S.%f")


def test_old_lines_are_numbered_and_chained(before):
    upgrade()
    lines = before.scalars(select(Event).order_by(Event.id)).all()
    assert [line.id for line in lines] == [1, 2, 3, 4]
    assert [line.moment for line in lines] == [NOW + timedelta(minutes=m) for _, m, _ in OLD]
    assert [line.at for line in lines] == sorted(line.at for line in lines)
    assert [line.after for line in lines] == [after for *_, after in OLD]
    assert log.verify(before).bad is None
    events.record(before, system_user(before), NOW, "clinic:edited", "clinic", 1)
    before.commit()
    verdict = log.verify(before)
    assert (verdict.bad, verdict.head.number) == (None, 5)


def test_the_guards_stand_on_both_sides(before):
    for step in (lambda: None, upgrade, lambda: downgrade(revision="0003_accounts")):
        step()
        for change in ("UPDATE event SET act = 'rewritten'", "DELETE FROM event"):
            with pytest.raises(DBAPIError, match="event is append-only"):
                before.execute(text(change))
            before.rollback()


def test_the_way_down_gives_each_line_its_own_time_and_new_lines_a_free_number(before):
    upgrade()
    events.record(before, system_user(before), NOW, "clinic:edited", "clinic", 1)
    before.commit()
    downgrade(revision="0003_accounts")
    times = before.scalars(text("SELECT at FROM event ORDER BY id")).all()
    wanted = [moment(before, NOW + timedelta(minutes=m)) for _, m, _ in OLD]
    assert times == [*wanted, moment(before, NOW)]
    before.execute(
        text(
            "INSERT INTO event (at, actor_id, act, subject_type, subject_id) "
            "SELECT at, actor_id, act, subject_type, subject_id FROM event WHERE id = 1"
        )
    )
    before.commit()
    upgrade()
    assert log.verify(before).head.number == 6
