"""Whatever anybody does, the next who asks reads it: through the cache as without one."""

import json
import threading

import pytest
from sqlalchemy import select

from directory.domain.acts import PUBLIC
from directory.extensions import db
from directory.models import Clinic, DirectoryState
from directory.models.counting import NEVER_READ
from directory.operations import events
from directory.operations.people import system_user
from directory.operations.vetting import publish
from directory.web.versions import Versions
from tests.checklist import CATALOGUE
from tests.factories import NOW
from tests.web.keeping import OFF, ON, addresses, ask, keeper, kept, processes
from tests.web.outside import listed_clinic, set_clock
from tests.web.scenes import SCENES

LOOKED_AT = 2
"""The newest clinics are those that a scene made for itself."""


@pytest.fixture(scope="module")
def walked(instance, databases):
    """Three processes of one directory: one acts and keeps, one only keeps, one keeps nothing."""
    url = databases.fresh("loaded")
    with processes(instance, url, ON, ON, OFF) as apps:
        yield apps
    databases.drop(url)


ROOMS = (
    *("clinics", "credentials", "cases", "duplicates"),
    *("evidence", "matches", "people", "vetting"),
)
"""The rooms whose acts show on public pages: after one of theirs every kind of page is read."""


def newest(app):
    """Return the numbers of the newest clinics."""
    with app.app_context():
        found = select(Clinic.id).order_by(Clinic.id.desc()).limit(LOOKED_AT)
        return db.session.scalars(found).all()


def looked_at(app, scene):
    """Return the addresses under which an act may show."""
    ids = newest(app)
    found = [f"/api/v1/clinics/{number}" for number in ids]
    if ids and scene.endpoint.startswith(ROOMS):
        found += [
            next((page for number in ids if (page := page_of(app, number))), "/"),
            "/clinics?near=85004&within=5",
            f"/es/clinics/{ids[0]}/questions",
            "/compare?" + "&".join(f"c={number}" for number in ids),
        ]
    return [*found, "/api/v1/clinics?near=85004&within=5"]


def page_of(app, number):
    """Return the address of a clinic's page, empty when it has none."""
    found = ask(app, f"/api/v1/clinics/{number}")
    return json.loads(found.body)["url"] if found.status == 200 else ""


def played(apps, scene):
    """Play a scene between two looks; return what changed, and what an old answer was given for."""
    acting, other, plain = apps
    for app in apps:
        set_clock(app, NOW)
    acting.extensions["directory_throttle"]._seen.clear()
    sent = scene.prepare(acting)
    for app in (other, plain):  # a scene may move the clock of the one it acts on
        app.extensions["directory"].clock = acting.extensions["directory"].clock
    urls = looked_at(plain, scene)
    before = {url: ask(other, url) for url in urls}
    ask(acting, urls[-1])
    answer = sent.send()
    assert answer.status_code == sent.status, answer.text[-2000:]
    changed, stale = [], []
    for url in dict.fromkeys(urls + [f"/api/v1/clinics/{number}" for number in newest(plain)]):
        now = ask(plain, url)
        if ask(other, url) != now or (url == urls[-1] and ask(acting, url) != now):
            stale.append(url)
        if url in before and before[url].body != now.body:
            changed.append(url)
            tag = before[url].header("ETag")
            if tag and ask(other, url, If_None_Match=tag).status == 304:
                stale.append(f"304 for {url}")
    return changed, stale


@pytest.fixture(scope="module")
def shown():
    """The names of the scenes after which something read otherwise."""
    return set()


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_after_an_act_every_process_tells_what_holds(walked, scene, shown, engine_name):
    if engine_name == "postgresql" and not scene.endpoint.startswith(ROOMS):
        return  # that their tables do not count is proved on both engines; once is enough
    changed, stale = played(walked, scene)
    assert stale == []
    if changed:
        shown.add(scene.name)


def test_many_of_these_acts_were_seen(walked, shown):
    assert len(shown) >= 15, "a walk that changes nothing proves nothing"
    kinds = {name.split(".")[0] for name in shown}
    assert kinds >= {"clinics", "vetting", "cases", "duplicates"}, kinds
    assert kept(walked[1]) > 50


def test_the_control_frozen_version_is_caught(walked, monkeypatch):
    """Acts that nobody counts: the walk must find the old answers."""
    read = Versions.read
    frozen = {}

    def once(self):
        return frozen.setdefault("version", read(self))

    monkeypatch.setattr(Versions, "read", once)
    confirmed = [scene for scene in SCENES if "verification:confirmed" in scene.acts]
    edited = [scene for scene in SCENES if scene.endpoint == "clinics.listing"]
    for scene in (confirmed[0], edited[0]):
        _changed, stale = played(walked, scene)
        assert len(stale) >= 3, scene.name


# An act in the middle of an answer


@pytest.fixture
def pair(instance, databases):
    """A process that keeps, one that does not, and a clinic."""
    url = databases.fresh("loaded")
    with processes(instance, url, ON, OFF) as apps:
        yield *apps, f"/api/v1/clinics/{listed_clinic(apps[1])}"
    databases.drop(url)


def renamed(app, name):
    """Give the only clinic another name, from a thread of its own as another process would."""

    def act():
        with app.app_context():
            clinic = db.session.scalars(select(Clinic)).one()
            clinic.name = name
            db.session.flush()
            publish(db.session(), CATALOGUE, NOW, [clinic.id], two_person=True)
            db.session.commit()

    thread = threading.Thread(target=act)
    thread.start()
    thread.join()


def in_the_middle(app, patch, endpoint, act, *, before):
    """Let an act be committed just before or just after a view reads, the next time only."""
    view = app.view_functions[endpoint]
    left = [act]

    def interrupted(**values):
        if before and left:
            left.pop()()
        response = view(**values)
        if left:
            left.pop()()
        return response

    patch.setitem(app.view_functions, endpoint, interrupted)


@pytest.mark.parametrize("before", [True, False], ids=["before it reads", "after it read"])
def test_an_answer_is_never_kept_across_an_act(pair, monkeypatch, before):
    keeping, plain, url = pair
    in_the_middle(keeping, monkeypatch, "api.clinic", lambda: renamed(plain, "B"), before=before)
    torn = ask(keeping, url)
    assert torn.status == 200
    assert (kept(keeping), torn.header("ETag")) == (0, "")
    assert torn.header("Cache-Control") == "no-cache, private"
    after = ask(keeping, url)
    assert b'"name":"B"' in after.body
    assert after == ask(plain, url) == ask(keeping, url)
    assert kept(keeping) == 1


def test_an_act_between_the_last_look_and_keeping_leaves_nothing_old(pair, monkeypatch):
    keeping, plain, url = pair
    put = keeper(keeping).shelf.put

    def late(key, answer):
        renamed(plain, "C")
        put(key, answer)

    monkeypatch.setattr(keeper(keeping).shelf, "put", late)
    old = ask(keeping, url)
    monkeypatch.undo()
    assert kept(keeping) == 1
    after = ask(keeping, url)
    assert b'"name":"C"' in after.body
    assert after == ask(plain, url)
    assert ask(keeping, url, If_None_Match=old.header("ETag")).status == 200


def test_the_control_version_that_is_read_last_is_caught(pair, monkeypatch):
    """The mistake that caches make: an old answer kept under what holds when it is kept."""
    keeping, plain, url = pair
    step = keeper(keeping)
    put, key_of = step.shelf.put, step._key
    asked = []
    monkeypatch.setattr(step, "_key", lambda given: asked.append(given) or key_of(given))

    def wrong(_key, answer):
        renamed(plain, "D")
        put(key_of(asked[-1]), answer)

    monkeypatch.setattr(step.shelf, "put", wrong)
    ask(keeping, url)
    monkeypatch.undo()
    assert ask(keeping, url) != ask(plain, url)


# What the pages read is what counts


def test_no_page_reads_a_table_that_does_not_count(instance, databases, statements):
    with processes(instance, databases.shared("demo"), OFF) as (app,), statements() as made:
        for url in [*addresses([1, 2]), page_of(app, 1), page_of(app, 4)]:
            assert ask(app, url).status == 200
    words = {word for statement in made for word in statement.replace(".", " ").split()}
    assert "search_row" in words
    assert words & NEVER_READ == {"event"}, "of the log only public acts are read, which count"


def test_public_acts_count_even_if_only_the_log_is_written(pair):
    app = pair[0]
    with app.app_context():
        for act, step in (("clinic:edited", 1), ("lease:taken", 0)):
            session = db.session()
            user = system_user(session)
            session.commit()
            before = session.scalar(select(DirectoryState.version))
            events.record(session, user, NOW, act, "clinic", 1)
            session.commit()
            assert session.scalar(select(DirectoryState.version)) == before + step, act
            assert (act in PUBLIC) == bool(step)
