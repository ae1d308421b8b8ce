"""How long answers are kept: until something lapses, the program changes, or there is no room."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import create_engine, text

from directory.extensions import db
from directory.web import kept as kept_module
from directory.web import release
from directory.web import shelf as shelf_module
from directory.web.kept import SECONDS
from directory.web.shelf import Answer, Shelf
from tests.factories import NOW
from tests.support.apps import running
from tests.web.keeping import ON, ask, keeper, kept, processes
from tests.web.outside import set_clock

SEARCH = "/api/v1/clinics?near=85004&within=100"
PAGE = "/clinics?near=85004"


# The clock


def moments():
    """Yield the first and the last moment of slices, where a day begins somewhere and elsewhere."""
    for hours in (0, 4, 5, 7, 14):
        for day in (1, 120, 300):
            first = datetime(2026, 6, 1, tzinfo=UTC) + timedelta(days=day, hours=hours)
            yield first, first + timedelta(minutes=15, microseconds=-1)


def test_within_a_slice_the_clock_changes_nothing(fresh):
    urls = [
        "/clinics?near=85004&within=250",
        "/api/v1/clinics?near=10001&within=100",
        "/api/v1/clinics/1",
        "/clinics/3/questions",
        "/compare?c=1&c=2",
    ]
    plain = fresh[1]
    seen = set()
    for first, last in moments():
        set_clock(plain, first)
        at_first = [ask(plain, url).body for url in urls]
        set_clock(plain, last)
        assert [ask(plain, url).body for url in urls] == at_first, first
        seen.add(hash(tuple(at_first)))
    assert len(seen) > 4, "a clock that changes nothing proves nothing"


def lapse(app):
    """Return the address of a search and the minute at which a check on it lapses."""
    with app.app_context():
        row = db.session.execute(
            text(
                "SELECT clinic_id, next_change FROM search_row WHERE next_change > :now "
                "ORDER BY next_change LIMIT 1"
            ),
            {"now": int(NOW.timestamp() // 60)},
        ).one()
    return f"/api/v1/clinics/{row[0]}", datetime.fromtimestamp(row[1] * 60, UTC)


def told_at(app, url, moment):
    set_clock(app, moment)
    return ask(app, url)


def test_a_check_that_lapses_is_gone_in_the_same_second_and_back_with_the_clock(fresh):
    keeping, plain = fresh
    url, moment = lapse(plain)
    second = timedelta(seconds=1)
    before = told_at(keeping, url, moment - second)
    assert told_at(keeping, url, moment - second) == before
    after = told_at(keeping, url, moment)
    assert after.body != before.body, "something must lapse then"
    assert after == told_at(plain, url, moment)
    assert b'"expired"' in after.body
    # A clock that is set back, or far ahead, finds what holds then.
    assert told_at(keeping, url, moment - second) == before
    far = moment + timedelta(days=4000)
    assert told_at(keeping, url, far) == told_at(plain, url, far)
    set_clock(keeping, moment)
    assert ask(keeping, url, If_None_Match=before.header("ETag")).status == 200


def test_the_control_slice_that_never_ends_is_caught(fresh, monkeypatch):
    keeping, plain = fresh
    url, moment = lapse(plain)
    monkeypatch.setattr(kept_module, "SLICE_MINUTES", 10**9)
    told_at(keeping, url, moment - timedelta(seconds=1))
    assert told_at(keeping, url, moment) != told_at(plain, url, moment)


# What is bounded


def test_memory_is_bounded_and_the_oldest_goes_first(instance, databases):
    with running(instance, databases.shared("demo"), cache_mb=1) as app:
        first = "/guide?n=0"
        ask(app, first)
        sizes = []
        for number in range(1, 60):
            ask(app, f"/guide?n={number}")
            sizes.append(keeper(app).shelf._memory.currsize)
        assert max(sizes) <= 1 << 20
        held = kept(app)
        assert 10 < held < 60
        ask(app, first)
        assert kept(app) <= held + 1


def test_nothing_stays_in_memory_longer_than_a_quarter_of_an_hour():
    """It names the place that was searched: at the next request all that is older is gone."""
    clock = [1000.0]
    shelf = Shelf(1, None, SECONDS, timer=lambda: clock[0])
    answer = Answer([], b"clinics near 85004")
    for key in (b"first", b"second"):
        shelf.put(key, answer)
        clock[0] += SECONDS / 2
        assert shelf.get(b"first" if key == b"first" else b"second") == answer
    assert b"85004" in repr(shelf._memory._Cache__data).encode()
    assert shelf.get(b"first") is None
    clock[0] += SECONDS
    assert shelf.get(b"another") is None
    assert b"85004" not in repr(shelf._memory._Cache__data).encode()


def test_an_answer_that_is_too_large_is_sent_and_not_kept(fresh, monkeypatch):
    monkeypatch.setattr(shelf_module, "LARGEST", 1000)
    assert ask(fresh[0], "/guide") == ask(fresh[1], "/guide")
    assert kept(fresh[0]) == 0


def test_an_answer_is_packed_and_comes_back():
    answer = Answer([("Content-Type", "text/html"), ("X", 'ü"')], b"\0\xff body")
    assert Answer.unpacked(answer.packed()) == answer


# What else makes another answer


def test_another_program_setting_or_place_index_never_reads_what_was_kept(
    instance, databases, monkeypatch, tmp_path
):
    url = databases.shared("demo")
    tags = set()

    def asked(**settings):
        with running(instance, url, secret_key="one", **settings) as app:
            tags.add(ask(app, "/guide").header("ETag"))
            return len(tags)

    assert asked() == 1
    assert asked() == asked(cache_mb=7) == 1, "the same program has the same tags"
    assert asked(confirmation="solo") == 2
    assert asked(map_tile_url="/t/{z}/{x}/{y}.png", map_tile_attribution="Ours") == 3
    monkeypatch.setattr(release, "_program", lambda: "edited")
    assert asked() == 4
    monkeypatch.setattr(release, "_installed", lambda: ["Flask-9.9.dist-info"])
    assert asked() == 5
    monkeypatch.setattr(release, "_place_index", lambda _settings: "built anew")
    assert asked() == 6


def test_a_restored_backup_never_meets_a_tag_of_the_lost_time(instance, databases):
    """The version counts up again from the backup: without the stamp two states would share it."""
    url = databases.fresh("demo")
    with processes(instance, url, ON) as (app,):
        engine = create_engine(url)

        def act(sql):
            with app.app_context():
                db.session.execute(text(sql))
                db.session.commit()
            with engine.connect() as connection:
                found = connection.execute(text("SELECT version FROM directory_state")).scalar()
            return found, ask(app, "/guide").header("ETag")

        lost = act("UPDATE clinic SET access = 'lost'")
        with engine.begin() as connection:  # an engine that counts nothing stands for the restore
            connection.execute(text("UPDATE directory_state SET version = version - 1"))
        again = act("UPDATE clinic SET access = 'again'")
        engine.dispose()
        assert lost[0] == again[0]
        assert lost[1] != again[1]
    databases.drop(url)


def test_with_a_geocoder_elsewhere_no_search_is_kept(instance, databases):
    changes = {"geocoder": "photon", "geocoder_domain": "127.0.0.1:9", "geocoder_timeout": 0.01}
    with running(instance, databases.shared("demo"), **changes) as app:
        for url in (PAGE, SEARCH):
            assert ask(app, url).header("Cache-Control") == "no-cache, private"
        assert kept(app) == 0
        ask(app, "/guide")
        assert kept(app) == 1
