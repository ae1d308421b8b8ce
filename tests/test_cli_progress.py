"""The bars of long commands: a terminal sees them, and nothing else ever does."""

import json
import os
import sys
import threading
from contextlib import contextmanager

import pytest
from flask.cli import ScriptInfo

from directory import cli
from directory.cli_progress import telling
from directory.domain.progress import Steps
from directory.extensions import db
from directory.models.engine import begin_writing
from directory.operations.seeding import seed_demo
from directory.sources import gazetteer_build
from tests.checklist import CATALOGUE
from tests.factories import NOW, make_clinic
from tests.operations.seeded import SMALL
from tests.support import leie_file
from tests.support.clinics_file import good_clinics
from tests.support.leie_file import invented_rows


@contextmanager
def terminal(monkeypatch):
    """Put a real terminal in the place of standard error; yields what came to it so far."""
    ours, theirs = os.openpty()
    seen = bytearray()

    def read():
        while True:
            try:
                some = os.read(ours, 4096)
            except OSError:  # the other end was closed
                return
            if not some:
                return
            seen.extend(some)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    with monkeypatch.context() as patched, open(theirs, "w", encoding="utf-8") as screen:
        patched.setattr(sys, "stderr", screen)
        yield seen
        screen.flush()
    reader.join(10)
    os.close(ours)


def run(app, *words):
    """Run a command with the streams as they are; returns its exit status."""
    try:
        app.cli.main([*words], obj=ScriptInfo(create_app=lambda: app), standalone_mode=False)
    except SystemExit as ended:
        return ended.code
    return 0


@pytest.fixture
def stocked(app, tmp_path, monkeypatch):
    """An application with a few clinics, files to import, and a place index made at once."""
    (tmp_path / "clinics.csv").write_text(good_clinics(5), "utf-8")
    leie_file.write(
        tmp_path / "UPDATED.csv", [r | {"EXCLDATE": "20260520"} for r in invented_rows(3, 30)]
    )
    with app.app_context():
        for _ in range(3):
            make_clinic(db.session())
        db.session.commit()

    def build(_target, _places, watch):
        Steps(watch, 2).finish()
        return {"places": 2}

    monkeypatch.setattr(cli.gazetteer, "build", build)
    monkeypatch.chdir(tmp_path)
    return app


COMMANDS = {
    "derive": (("listings", "derive"), "Clinics"),
    "verify": (("log", "verify"), "Log"),
    "gazetteer": (("gazetteer", "build"), "Place index"),
    "clinics": (("import", "clinics", "clinics.csv", "--json"), "Clinics"),
    "leie": (("import", "leie", "UPDATED.csv", "--json"), "Comparing"),
    "export": (("export", "clinics", "out.csv"), "Clinics"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_terminal_sees_how_far_a_command_is(stocked, monkeypatch, capsys, name):
    words, label = COMMANDS[name]
    run(stocked, "import", "clinics", "clinics.csv")  # so that there is something in the log
    capsys.readouterr()
    with terminal(monkeypatch) as seen:
        assert run(stocked, *words) == 0
    drawn = seen.decode()
    assert label in drawn
    assert "100%" in drawn
    said = capsys.readouterr().out
    assert "%" not in said
    assert "\x1b" not in said
    if "--json" in words:
        json.loads(said)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_pipe_sees_no_bar(stocked, capfd, name):
    words, _label = COMMANDS[name]
    assert run(stocked, *words) == 0
    said = capfd.readouterr()
    for stream in (said.out, said.err):
        assert "%" not in stream
        assert "\x1b" not in stream
        assert "\r" not in stream
    if "--json" in words:
        json.loads(said.out)


def test_a_table_on_the_terminal_has_no_bar_in_it(stocked, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    with terminal(monkeypatch) as seen:
        assert run(stocked, "export", "clinics", "-") == 0
    assert b"%" not in seen
    assert b"Clinics: 3" in seen


def test_the_bar_follows_the_work(monkeypatch):
    with terminal(monkeypatch) as seen, telling("Work") as watch:
        steps = Steps(watch, 4)
        for _ in range(4):
            steps.took()
    drawn = seen.decode()
    assert [f"{part}%" in drawn for part in (25, 50, 75, 100)] == [True] * 4


def test_steps_never_go_beyond_the_end():
    told = []
    steps = Steps(lambda done, total: told.append((done, total)), 3)
    steps.took(2)
    steps.took(9)
    steps.finish()
    assert told == [(0, 3), (2, 3), (3, 3), (3, 3)]
    Steps(lambda *_: pytest.fail("there is nothing to tell"), 0).finish()


def test_the_demonstration_tells_of_every_check(app):
    told = []
    with app.app_context():
        session = db.session()
        begin_writing(session)
        counts = seed_demo(
            session,
            NOW,
            CATALOGUE,
            text=SMALL,
            two_person=True,
            watch=lambda done, total: told.append((done, total)),
        )
    every = counts.verifications + counts.confirmations
    assert every > 20
    assert told == [(done, every) for done in range(every + 1)]


def test_the_place_index_tells_of_its_stages(monkeypatch, tmp_path):
    places = tmp_path / "places.tsv"
    places.write_text("Phoenix\tAZ\t33.45\t-112.07\t1600000\t\t\n", "utf-8")
    (tmp_path / "regions.tsv").write_text("", "utf-8")
    codes = [c for c in gazetteer_build.read_zip_codes() if c.code.startswith("8500")]
    monkeypatch.setattr(gazetteer_build, "read_zip_codes", lambda: codes)
    told = []
    gazetteer_build.build(tmp_path / "out.sqlite", places, lambda *said: told.append(said))
    assert [done for done, _total in told] == sorted({done for done, _ in told})
    assert told[0] == (0, gazetteer_build.SHARES)
    assert told[-1] == (gazetteer_build.SHARES, gazetteer_build.SHARES)
    assert len(told) >= 5
