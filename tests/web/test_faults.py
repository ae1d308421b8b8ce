"""Every unsafe route with a fault at each of its SQL statements: all of the act, or nothing."""

import logging
from contextlib import contextmanager, suppress
from functools import lru_cache

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from directory.extensions import db
from directory.models import Evidence
from directory.models.vetting import EvidenceKind
from directory.operations import accounts, events
from directory.sources.evidence import EvidenceStore
from directory.web.admin import evidence
from tests.factories import NOW
from tests.support.apps import running
from tests.support.faults import changes, everything, fault_at
from tests.web.event_walk import READING, set_clock
from tests.web.scenes import SCENES
from tests.web.test_events import apart, honest, last_line, undeclared

FEWEST = 5
"""Statements that even the shortest act makes."""


@pytest.fixture(scope="module")
def engine_room(instance, databases):
    """One application for all scenes, and its database engine."""
    url = databases.fresh("loaded")
    with pytest.MonkeyPatch.context() as patch, running(instance, url) as app:
        # What does not touch the database is made cheap, since it is done for each fault anew.
        patch.setattr(evidence, "inspect", lru_cache(evidence.inspect))
        for name in ("errors", "mail"):
            patch.setattr(logging.getLogger(f"directory.{name}"), "disabled", True)
        with app.app_context():
            engine = db.engine
        yield app, engine
    databases.drop(url)


def forget_tries(app):
    """Let nobody be slowed down for coming again and again."""
    app.extensions["directory_throttle"]._seen.clear()
    app.extensions.pop("directory.accounts", None)


def prepared(app, scene):
    """Return what a scene sends."""
    set_clock(app, NOW)
    forget_tries(app)
    return scene.prepare(app)


def all_or_nothing(room, scene, broken=None):
    """Play a scene once for each statement it makes; return what was wrong, and how many failed.

    `broken` breaks the program while the scene is sent.
    """
    app, engine = room
    found, number, others, sent = [], 0, [], None
    while True:
        number += 1
        if sent is None:
            sent = prepared(app, scene)
            sent.browser.expects_failure = broken is not None
            last, before = last_line(app), everything(engine)
        forget_tries(app)
        with instead_of_record(broken), fault_at(engine, number) as fault:
            answer = sent.send()
        changed = changes(before, everything(engine))
        if not fault.fired:
            break
        failed = answer.status_code >= 500
        if not failed:
            # What failed came after the act, or did not matter to it: then all of it is there.
            found += [f"at {number}: {one}" for one in undeclared(app, scene, sent, answer, last)]
            others.append((number, changed))
        elif changed:
            found.append(f"at {number}: left {changed}")
        if changed or not failed:
            sent = None
    found += undeclared(app, scene, sent, answer, last)
    found += [f"at {one}: did {did}, not {changed}" for one, did in others if did != changed]
    if bool(scene.acts) != bool(changed):
        found.append(f"changed {changed}")
    return found, number - 1


@contextmanager
def instead_of_record(broken):
    """Let acts write their lines another way for a while."""
    with pytest.MonkeyPatch.context() as patch:
        if broken is not None:
            for module in (events, accounts):
                patch.setattr(module, "record", broken)
        yield


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_fault_at_any_statement_leaves_all_or_nothing(engine_room, scene):
    found, faults = all_or_nothing(engine_room, scene)
    assert found == []
    assert faults >= (1 if scene.endpoint in READING else FEWEST)


def test_every_file_that_is_on_record_is_kept_whole(engine_room):
    app, _engine = engine_room
    scene = next(scene for scene in SCENES if "evidence:stored" in scene.acts)
    assert all_or_nothing(engine_room, scene)[0] == []
    store = EvidenceStore(app.extensions["directory"].settings.evidence_path)
    with app.app_context():
        kept = db.session.scalars(
            select(Evidence.sha256).where(Evidence.kind == EvidenceKind.FILE)
        ).all()
    assert kept
    assert all(store.read(sha256) for sha256 in kept)


def unlogged(session, *args, **more):
    """Go on without the line when it cannot be written."""
    with suppress(OperationalError), session.begin_nested():
        honest(session, *args, **more)


CONTROLS = ["clinics.create", "plan.lease", "vetting.decide", "cases.act"]


@pytest.mark.parametrize("name", CONTROLS)
@pytest.mark.parametrize("broken", [apart, unlogged], ids=lambda one: one.__name__)
def test_the_control_that_does_half_is_caught(engine_room, name, broken):
    scene = next(scene for scene in SCENES if scene.endpoint == name and scene.acts)
    found, _faults = all_or_nothing(engine_room, scene, broken)
    words = "left" if broken is apart else "wrote"
    assert any(words in one for one in found), found
