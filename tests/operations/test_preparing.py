"""Another edition of the checklist comes into force: all at once, whatever happens meanwhile."""

import re

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, inspect, select, text

from directory import cli_catalogue
from directory.domain.criteria import Level
from directory.domain.findings import Outcome
from directory.domain.standing import PUBLIC_LISTINGS, Listing
from directory.models import Base, Clinic, DirectoryState, Event, SearchRow
from directory.models.engine import begin_writing
from directory.models.search import SEARCH_INDEX
from directory.operations import listings, preparing
from directory.operations.catalogue import load_edition
from directory.operations.changing_places import TablesInUse
from directory.operations.editing import set_listing
from directory.operations.people import system_user
from directory.operations.preparing import Overtaken
from directory.operations.vetting import confirm_verification, record_verification
from directory.web import state as web_state
from tests.checklist import CATALOGUE, TEXT
from tests.factories import NOW, make_clinic, make_user
from tests.operations.coming import (
    AIM,
    COMING,
    derived_at_once,
    edition_text,
    in_force,
    load,
    opened,
    public_answers,
    rows,
    written,
)
from tests.operations.test_vetting import seen
from tests.support.apps import running

BATCH = 10
SEARCH = "/api/v1/clinics?near=Phoenix,+AZ&within=250&has=sup-acls"


@pytest.fixture
def demo(instance, databases, monkeypatch):
    """An application on a copy of the demonstration, where a batch is ten clinics."""
    monkeypatch.setattr(preparing, "PER_BATCH", BATCH)
    monkeypatch.setattr(preparing, "PER_CLEARING", 25)
    url = databases.fresh("demo")
    with running(instance, url) as app:
        yield app
    databases.drop(url)


@pytest.fixture
def session(demo):
    """A plain session on the database of `demo`."""
    with opened(address(demo)) as session:
        yield session


def address(app):
    """Return the address of an application's database."""
    return app.config["SQLALCHEMY_DATABASE_URI"]


@pytest.fixture
def coming(tmp_path):
    """The file of the coming edition."""
    return written(tmp_path)


def begin(session, words=COMING, confirmation="two-person"):
    """Load an edition as the command does, and prepare nothing yet."""
    session.rollback()
    begin_writing(session)
    load_edition(session, system_user(session), NOW, text=words, confirmation=confirmation)
    session.commit()
    begin_writing(session)
    while preparing.clear_some(session):
        pass
    session.commit()


def step(session, made=None, aim=AIM):
    """Keep a batch and work out the next one, which is returned; None when less is left."""
    session.rollback()
    begin_writing(session)
    ids = preparing.go_on(session, NOW, aim, made)
    session.commit()
    if not ids:
        return None
    made = preparing.work_out(session, NOW, aim, ids)
    session.rollback()
    return made


def finish(session, aim=AIM):
    """Put in force what is prepared."""
    session.rollback()
    begin_writing(session)
    done = preparing.put_in_force(session, system_user(session), NOW, aim)
    session.commit()
    return done


def prepared(session):
    """Return the clinics that rows are prepared of."""
    return set(session.scalars(text("SELECT clinic_id FROM prepared_row")))


def test_the_public_reads_the_old_edition_whole_and_then_the_new_one_whole(
    demo, session, coming, instance
):
    old, made, steps = public_answers(demo), None, 0
    begin(session)
    while made := step(session, made):
        steps += 1
        assert public_answers(demo) == old
        assert in_force(session) == "2026.1"
    assert steps >= 11
    wanted = derived_at_once(session)
    version = session.get(DirectoryState, 1).version
    session.rollback()
    assert load(demo, coming).output == "Checklist: edition 2027.1, 29 criteria, in force\n"
    assert rows(session) == wanted
    assert session.get(DirectoryState, 1).version == version + 1
    assert rows(session, row="prepared_row", period="prepared_period") == [[], []]
    acts = session.scalars(select(Event.act).order_by(Event.id.desc()).limit(2)).all()
    assert acts[0] == "catalogue:loaded" != acts[1]
    new = public_answers(demo)
    assert all(a != b for a, b in zip(new, old, strict=True))
    with running(instance, address(demo)) as fresh:
        assert public_answers(fresh) == new, "nothing that was kept is of the old one"


def acts_meanwhile(session, made):
    """Record what staff record, at clinics prepared, worked out, and neither; returns them."""
    ready = sorted(prepared(session))
    public = select(Clinic.id).where(Clinic.listing.in_(PUBLIC_LISTINGS)).order_by(Clinic.id)
    last = session.scalars(public).all()[-1]
    session.rollback()
    begin_writing(session)
    first, second = make_user(session), make_user(session)
    touched = [ready[0], made.ids[0], last]
    for clinic_id in touched:
        clinic = session.get_one(Clinic, clinic_id)
        check = seen(outcome=Outcome.MET, level=Level.SOURCE)
        recorded = record_verification(
            session, first, NOW, CATALOGUE, clinic, check, two_person=True
        )
        confirm_verification(session, second, NOW, CATALOGUE, recorded, two_person=True)
    closed = session.get_one(Clinic, ready[1])
    set_listing(
        session, first, NOW, CATALOGUE, closed, Listing.CLOSED, "Gone.",
        version=closed.version, two_person=True,
    )  # fmt: skip
    new = make_clinic(session, id=1 + session.scalar(select(func.max(Clinic.id))))
    listings.derive(session, CATALOGUE, NOW, [new.id], two_person=True)
    session.commit()
    return [*touched, new.id], closed.id


def with_acts_meanwhile(session):
    """Prepare, with acts in between, put in force; return the rows and those made at once."""
    begin(session)
    made = step(session)
    for _ in range(3):
        made = step(session, made)
    touched, closed = acts_meanwhile(session, made)
    live = {one[0]: one for one in rows(session)[0]}
    assert set(touched) <= live.keys()
    assert closed not in live
    assert live == {one[0]: one for one in derived_at_once(session, CATALOGUE)[0]}
    while made := step(session, made):
        pass
    assert finish(session)
    return rows(session), derived_at_once(session)


def test_what_staff_record_meanwhile_is_in_both(session):
    found, wanted = with_acts_meanwhile(session)
    assert found == wanted
    assert len(found[0]) > 110


def test_the_control_that_keeps_what_was_prepared_before_an_act_is_caught(session, monkeypatch):
    monkeypatch.setattr(listings, "forget_prepared", lambda *_: None)
    found, wanted = with_acts_meanwhile(session)
    changed = [a[0] for a, b in zip(found[0], wanted[0], strict=False) if a != b]
    assert changed


def test_two_commands_share_the_work(demo, session):
    begin(session)
    public = set(session.scalars(select(SearchRow.clinic_id)))
    mine, theirs, worked = None, None, []
    with opened(address(demo)) as other:
        while True:
            mine, theirs = step(session, mine), step(other, theirs)
            worked += [*(mine.ids if mine else ()), *(theirs.ids if theirs else ())]
            if not mine and not theirs:
                break
        assert len(worked) == len(set(worked)) <= len(public)
        assert finish(other)
        other.rollback()
        with pytest.raises(Overtaken):
            step(session)
        session.rollback()
        assert preparing.in_force(session, AIM)
        assert rows(session) == derived_at_once(session)


def test_a_newer_edition_drops_what_was_prepared_for_another(demo, session, tmp_path):
    begin(session)
    made = step(session, step(session))
    assert prepared(session)
    session.rollback()
    newer = edition_text("2027.2")
    result = load(demo, written(tmp_path, newer))
    assert result.output == "Checklist: edition 2027.2, 29 criteria, in force\n"
    with pytest.raises(Overtaken):
        step(session, made)
    session.rollback()
    assert not preparing.in_force(session, AIM)
    assert in_force(session) == "2027.2"
    assert rows(session) == derived_at_once(session)


def test_a_command_whose_edition_was_overtaken_says_so(demo, coming, monkeypatch):
    work_out = preparing.work_out

    def overtaken(session, *arguments):
        made = work_out(session, *arguments)
        session.rollback()
        begin(session, edition_text("2027.2"))
        return made

    monkeypatch.setattr(preparing, "work_out", overtaken)
    result = load(demo, coming)
    assert result.exit_code == 1
    assert result.stderr == f"Error: {cli_catalogue.OVERTAKEN}\n"


def test_the_edition_in_force_ends_what_is_prepared(demo, session, tmp_path):
    begin(session)
    step(session, step(session))
    before = rows(session)
    session.rollback()
    assert load(demo, written(tmp_path, TEXT)).exit_code == 0
    assert preparing.unfinished(session) is None
    assert prepared(session) == set()
    assert rows(session) == before


def test_a_repair_by_hand_derives_all_anew(demo, session):
    wanted = rows(session)
    session.rollback()
    begin_writing(session)
    session.execute(text("UPDATE search_row SET met_mask = 0, standing = 0"))
    session.execute(text("DELETE FROM search_period"))
    session.commit()
    assert rows(session) != wanted
    session.rollback()
    result = demo.test_cli_runner().invoke(args=["listings", "derive"])
    assert result.output == f"Derived: {len(wanted[0])} public clinics\n"
    assert rows(session) == wanted
    assert (
        session.scalars(select(Event.act).order_by(Event.id.desc())).first() != "catalogue:loaded"
    )


def test_the_tables_are_as_the_models_say_after_they_changed_places(demo, session, coming):
    for file in (coming, written(coming.parent, edition_text("2027.2"))):
        assert load(demo, file).exit_code == 0
        connection = session.connection()
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []
        found = inspect(connection)
        assert [index["name"] for index in found.get_indexes("search_row")] == [SEARCH_INDEX]
        assert found.get_indexes("prepared_row") == []
        (points,) = found.get_foreign_keys("search_period")
        assert points["referred_table"] == "search_row"
        if connection.dialect.name == "postgresql":
            assert found.get_pk_constraint("search_row")["name"] == "pk_search_row"
            assert points["name"] == "fk_search_period_clinic_id"
        session.rollback()


def asked_while_changing(demo, monkeypatch):
    """Search, and let the tables change places between two statements of the request."""
    tried = []
    find = web_state.Directory.geocoder

    def meanwhile(self):
        if not tried:
            tried.append("in use")
            with opened(address(demo)) as other:
                try:
                    tried[0] = finish(other)
                except TablesInUse:
                    other.rollback()
        return find(self)

    monkeypatch.setattr(web_state.Directory, "geocoder", meanwhile)
    answer = demo.test_client().get(SEARCH).json
    monkeypatch.undo()
    return tried, answer["total"], answer["facets"]["has"]


def nearly_ready(session, monkeypatch):
    monkeypatch.setattr("directory.operations.changing_places.PATIENCE", "100ms")
    begin(session)
    made = None
    while made := step(session, made):
        pass
    session.rollback()


def test_a_request_on_the_way_reads_one_edition_whole(demo, session, monkeypatch, engine_name):
    old = demo.test_client().get(SEARCH).json
    nearly_ready(session, monkeypatch)
    tried, *found = asked_while_changing(demo, monkeypatch)
    assert found == [old["total"], old["facets"]["has"]]
    assert old["total"] > 2
    # SQLite's readers keep what they began with; PostgreSQL's keep others from the tables.
    assert tried == [True if engine_name == "sqlite" else "in use"]


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_the_control_that_holds_no_table_is_caught(demo, session, monkeypatch):
    old = demo.test_client().get(SEARCH).json
    nearly_ready(session, monkeypatch)
    with monkeypatch.context() as patched:
        patched.setattr(web_state, "_STATE", re.sub(r"EXISTS \(.*\)", "false", web_state._STATE))
        tried, *found = asked_while_changing(demo, patched)
    assert tried == [True]
    assert found != [old["total"], old["facets"]["has"]]


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_a_long_reader_is_told_of_and_the_command_run_again_takes_a_moment(
    demo, session, coming, monkeypatch
):
    for name, value in (("TRIES", 2), ("PAUSE", 0.01)):
        monkeypatch.setattr(cli_catalogue, name, value)
    monkeypatch.setattr("directory.operations.changing_places.PATIENCE", "50ms")
    with opened(address(demo)) as backup:
        backup.execute(text("LOCK TABLE search_row IN ACCESS SHARE MODE"))
        result = load(demo, coming)
        assert result.exit_code == 1
        assert result.stderr == f"Error: {cli_catalogue.IN_USE}\n"
        assert in_force(backup) == "2026.1"
    assert load(demo, coming).exit_code == 0
    assert rows(session) == derived_at_once(session)


def test_the_rule_in_force_is_the_one_the_rows_were_derived_under(instance, databases, tmp_path):
    url = databases.fresh("demo")
    with running(instance, url, confirmation="solo") as app, opened(url) as session:
        before = rows(session)
        session.rollback()
        browser = app.test_client()
        page = browser.get("/how-we-check").text
        ready = browser.get("/readyz")
        assert ready.status_code == 503
        assert ready.text == "the confirmation rule changed: run flask setup\n"
        begin(session, TEXT, "solo")
        ready = browser.get("/readyz")
        assert ready.status_code == 200
        assert ready.text == (
            "ready\nnote: edition 2026.1 (solo) is being prepared"
            "; if that was stopped, run the same command again\n"
        )
        assert browser.get("/how-we-check").text == page
        assert load(app, written(tmp_path, TEXT)).exit_code == 0
        assert browser.get("/readyz").text == "ready\n"
        assert browser.get("/how-we-check").text != page
        assert rows(session) == derived_at_once(session, CATALOGUE, two_person=False) != before
    databases.drop(url)
