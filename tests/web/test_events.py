"""Every unsafe route by a real request: a success writes exactly its lines, with what they tell."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event, select

from directory.domain.acts import ACTS
from directory.extensions import db
from directory.models import Event
from directory.operations import accounts, events, log
from tests.factories import NOW
from tests.support.apps import running
from tests.web.event_walk import READING, set_clock
from tests.web.scenes import SCENES
from tests.web.test_matrix import UNSAFE

SUBJECTS = {
    "finding": "clinic",
    "lease": "clinic",
    "session": "staff_session",
    "staff": "staff_user",
    "conflict": "conflict_of_interest",
}
"""What an act is about, where that is not its own noun."""

NOT_BY_ROUTES = {
    "catalogue:loaded": "flask setup loads the checklist",
    "credential:looked_up": "flask import licences reads a board's own file",
    "clinic:placed": "flask points fill looks up the addresses",
    "match:found": "flask import leie, or an edit that brings in a name on the list",
    "match:gone": "flask import leie, when a row has left the list",
    "screening:finished": "flask import leie compares everyone",
    "directory:demonstration": "flask setup --demo fills in invented clinics",
    "import:finished": "flask import keeps which file came in",
}

TELLS_NO_FACT = {
    "outgoing_mail": "mail goes out after the commit, in transactions of its own",
    "staff_session": "the door notes that a session is in use",
}
"""Tables that may be written outside the transaction of the act."""

_WRITES = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)


@pytest.fixture(scope="module")
def walked_app(instance, databases):
    """One application for all scenes; each brings rows of its own."""
    url = databases.fresh("loaded")
    with running(instance, url) as app:
        yield app
    databases.drop(url)


@contextmanager
def transactions() -> Iterator[list[list[str]]]:
    """Collect, for every transaction that is committed, the tables it wrote to, in order."""
    found: list[list[str]] = []

    def note(connection, _cursor, statement, *_rest):
        written = _WRITES.match(statement)
        if written:
            connection.info.setdefault("tables", []).append(written[1])

    def keep(connection):
        found.append(connection.info.pop("tables", []))

    def forget(connection):
        connection.info.pop("tables", None)

    # Another listener writes in the commit too, after `keep`: a transaction begins with no table.
    listeners = (
        ("begin", forget),
        ("before_cursor_execute", note),
        ("commit", keep),
        ("rollback", forget),
    )
    for name, listener in listeners:
        event.listen(Engine, name, listener)
    try:
        yield found
    finally:
        for name, listener in listeners:
            event.remove(Engine, name, listener)


def lines_after(app, number):
    """Return the lines of the log after one of them."""
    with app.app_context():
        newer = select(Event).where(Event.id > number).order_by(Event.id)
        return list(db.session.scalars(newer))


def last_line(app):
    """Return the number of the newest line of the log."""
    return max((line.id for line in lines_after(app, 0)), default=0)


def subject_of(app, subject, answer):
    """Return the number of a subject: as told, of the newest row, or as found in the answer."""
    if isinstance(subject, int):
        return subject
    if isinstance(subject, type):
        with app.app_context():
            return db.session.scalars(select(subject.id).order_by(subject.id.desc())).first()
    return subject(answer)


def rule_of(app, answer):
    """Return the endpoint that a request met."""
    request = answer.request
    address = app.url_map.bind("localhost").match(request.path, method=request.method)
    return address[0]


def problems(app, scene, broken=None):
    """Play a scene; return what is not as it declares. `broken` breaks the program meanwhile."""
    set_clock(app, NOW)
    app.extensions["directory_throttle"]._seen.clear()
    sent = scene.prepare(app)
    last = last_line(app)
    with pytest.MonkeyPatch.context() as patch, transactions() as committed:
        if broken is not None:
            for module in (events, accounts):
                patch.setattr(module, "record", broken)
        answer = sent.send()
    return undeclared(app, scene, sent, answer, last) + torn(committed, bool(scene.acts))


def undeclared(app, scene, sent, answer, last):
    """Return what of an answer, and of the lines after number `last`, is not as declared."""
    lines = lines_after(app, last)
    got = [(one.act, one.actor_id, one.subject_type, one.subject_id) for one in lines]
    wanted = [
        (act, sent.actor, kind_of(act), subject_of(app, subject, answer))
        for act, subject in zip(scene.acts, sent.subjects if scene.acts else (), strict=True)
    ]
    found = []
    if rule_of(app, answer) != scene.endpoint:
        found.append(f"met {rule_of(app, answer)}")
    if answer.status_code != sent.status:
        found.append(f"answered {answer.status_code}: {answer.text[-3000:]}")
    if got != wanted:
        found.append(f"wrote {got}, not {wanted}")
    return found


def kind_of(act):
    """Return the kind of subject of an act."""
    noun = act.partition(":")[0]
    return SUBJECTS.get(noun, noun)


def torn(committed, told):
    """Return which facts were not written in one transaction with their lines."""
    acts = [set(tables) for tables in committed if set(tables) - set(TELLS_NO_FACT)]
    if not told:
        return [f"wrote {sorted(tables)}" for tables in acts]
    whole = len(acts) == 1 and "event" in acts[0] and len(acts[0]) > 1
    return [] if whole else [f"transactions {[sorted(tables) for tables in acts]}"]


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_success_writes_exactly_its_lines(walked_app, scene):
    assert problems(walked_app, scene) == []


def test_the_log_of_all_that_is_whole(walked_app):
    with walked_app.app_context():
        verdict = log.verify(db.session())
    assert verdict.bad is None


def without_scene(app):
    """Return the unsafe rules that no scene with a line, or a reason for none, walks."""
    unsafe = {rule.endpoint for rule in app.url_map.iter_rules() if rule.methods & set(UNSAFE)}
    return unsafe - {s.endpoint for s in SCENES if s.acts or s.endpoint in READING}


def test_every_unsafe_route_has_a_scene(walked_app):
    assert without_scene(walked_app) == set()


def test_the_control_route_without_a_scene_is_caught(instance, databases):
    url = databases.fresh("loaded")
    with running(instance, url) as app:
        app.add_url_rule("/forgotten", "forgotten", lambda: "done", methods=["DELETE"])
        assert without_scene(app) == {"forgotten"}
    databases.drop(url)


def test_every_act_is_written_by_a_scene_or_by_a_command():
    walked = {act for scene in SCENES for act in scene.acts}
    assert walked | set(NOT_BY_ROUTES) == ACTS
    assert walked & set(NOT_BY_ROUTES) == set()


honest = events.record


def silent(*_args, **_more):
    """Write no line."""


def twice(*args, **more):
    """Write the line two times."""
    honest(*args, **more)
    honest(*args, **more)


def apart(session, *args, **more):
    """Keep what was done before its line is written."""
    session.flush()
    session.commit()
    honest(session, *args, **more)


def by_another(session, actor, now, act, subject_type, subject_id, *args, **more):
    """Name another subject."""
    honest(session, actor, now, act, subject_type, subject_id + 1, *args, **more)


@pytest.mark.parametrize("broken", [silent, twice, by_another], ids=lambda one: one.__name__)
def test_the_control_that_writes_other_lines_is_caught_everywhere(walked_app, broken):
    missed = [
        scene.name
        for scene in SCENES
        if scene.acts and not any("wrote" in one for one in problems(walked_app, scene, broken))
    ]
    assert missed == []


@pytest.mark.parametrize("name", ["clinics.create", "cases.act", "plan.lease", "vetting.decide"])
def test_the_control_that_commits_in_between_is_caught(walked_app, name):
    for scene in SCENES:
        if scene.endpoint == name and scene.acts:
            found = problems(walked_app, scene, apart)
            assert any("transactions" in one for one in found), scene.name
