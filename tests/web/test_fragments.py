"""What a process keeps of rendered answers: equal to what is rendered anew, at every minute."""

import random
import sys
import threading
import tracemalloc
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from flask import render_template_string
from flask.testing import FlaskClient
from sqlalchemy import select, update

from directory.domain.findings import minute_of
from directory.extensions import db
from directory.models import Clinic, SearchRow
from directory.models.engine import begin_writing
from directory.operations.cards import steady_until
from directory.operations.listings import derive
from directory.web.fragments import (
    MOST_BYTES,
    Fragments,
    Shared,
    cut,
    shared,
    size_of,
    slots,
)
from tests.checklist import CATALOGUE
from tests.factories import NOW, make_check, make_clinic, make_user
from tests.support.apps import running

NEAR = "/clinics?near=85004&within=50"
PAGES = (
    NEAR,
    f"{NEAR}&sort=standing&offers=iv&within=10",
    "/clinics?near=Phoenix,+AZ&accepting=1&c=1&c=2",
    f"/es{NEAR}",
    f"/api/v1{NEAR}",
    f"/es/api/v1{NEAR}",
    "/clinics?near=Tucson,+AZ&within=5",  # nothing there: the nearest beyond
    "/clinics/1",
)


class Forgetful(Fragments):
    """Keeps nothing, so that every answer is rendered anew."""

    def keep(self, key, pieces, since=0, until=0):
        """Let it go."""


class Careless(Fragments):
    """The known-broken control: a card is kept under its clinic alone, whatever changed of it."""

    def find(self, key, minute=0):
        """Leave the revision out."""
        return super().find(_without_revision(key), minute)

    def keep(self, key, pieces, *minutes):
        """Leave the revision out."""
        super().keep(_without_revision(key), pieces, *minutes)


class Timeless(Fragments):
    """The known-broken control: what the clock changes is kept for good."""

    def keep(self, key, pieces, _since=0, _until=0):
        """Forget until when it holds."""
        super().keep(key, pieces)


def _without_revision(key):
    return key[:-1] if isinstance(key[0], tuple) else key


class Town:
    """A town with clinics whose checks lapse at different times, seen by two applications."""

    def __init__(self, app, other):
        """Store them; `other` runs on the same database and keeps nothing."""
        self.app, self.other = app, other
        app.extensions["fragments"] = Fragments()
        other.extensions["fragments"] = Forgetful()
        source = random.Random(5)
        with app.app_context():
            session = db.session()
            begin_writing(session)
            first, second = make_user(session), make_user(session)
            for number in range(24):
                clinic = make_clinic(session, lat=33.45 + number / 150)
                codes = source.sample([each.code for each in CATALOGUE.criteria], number % 9)
                for code in codes:
                    make_check(
                        session, CATALOGUE, clinic, code, by=first, second=second,
                        lasts=31 + source.randrange(12),
                    )  # fmt: skip
            ids = session.scalars(select(Clinic.id)).all()
            derive(session, CATALOGUE, NOW, ids, two_person=True)
            session.commit()

    def moments(self):
        """Return the minutes around every lapse, and around some midnights, in order."""
        with self.app.app_context():
            cards = db.session.scalars(select(SearchRow.card)).all()
        lapses = {packed[3] for card in cards for packed in card["findings"]}
        ends = [datetime.fromtimestamp(minute * 60, UTC) for minute in lapses if minute < 2**31 - 1]
        days = [NOW.replace(hour=7) + timedelta(days=each) for each in (1, 2, 400)]
        minute = timedelta(minutes=1)
        around = {end + step for end in [*ends, *days] for step in (-minute, 0 * minute)}
        return [NOW, *sorted(around), NOW]

    def act(self, change):
        """Change something of clinic 1 as an act does: the change and what is derived of it."""
        with self.app.app_context():
            session = db.session()
            begin_writing(session)
            change(session, session.get_one(Clinic, 1))
            session.flush()
            derive(session, CATALOGUE, NOW, [1], two_person=True)
            session.commit()

    def differing(self, moments, pages=PAGES):
        """Return the pages that the two answer differently, with the moment."""
        found = []
        clients = [FlaskClient(each, each.response_class) for each in (self.app, self.other)]
        for moment in moments:
            for each in (self.app, self.other):
                each.extensions["directory"].clock = lambda at=moment: at
            for path in pages:
                kept, anew = (one.get(path, follow_redirects=True) for one in clients)
                assert kept.status_code == anew.status_code
                if kept.data != anew.data:
                    found.append((moment, path))
        return found


@pytest.fixture
def town(instance, databases):
    """A town on a database of the test's own; whole answers are not kept."""
    url = databases.fresh("loaded")
    with running(instance, url, cache_mb=0) as app, running(instance, url, cache_mb=0) as other:
        yield Town(app, other)
    databases.drop(url)


def renamed(_session, clinic):
    clinic.name = "Renamed & <Sons>"


def checked(session, clinic):
    make_check(
        session, CATALOGUE, clinic, "sup-acls", by=make_user(session), second=make_user(session)
    )


def moved(_session, clinic):
    clinic.phone, clinic.street = None, "1 Other Road"


def test_what_is_kept_equals_what_is_rendered_anew_at_every_minute(town):
    moments = town.moments()
    assert len(moments) > 20, "the drill must pass over many lapses"
    assert town.differing(moments[:6]) == []
    assert town.differing(moments[6:], pages=(NEAR, f"/api/v1{NEAR}")) == []


def test_what_is_kept_follows_every_act_at_once(town):
    for change in (renamed, checked, moved):
        assert town.differing([NOW]) == []
        town.act(change)
        assert town.differing([NOW]) == []
    assert "Renamed &amp; &lt;Sons&gt;" in town.app.test_client().get(NEAR).text


@pytest.mark.parametrize("broken", [Careless, Timeless])
def test_the_controls_are_caught(town, broken):
    """Kept without the card's revision, or for good: the drills above must see it."""
    town.app.extensions["fragments"] = broken()
    town.differing([NOW])
    town.act(renamed)
    assert town.differing(town.moments()[:30], pages=(NEAR, f"/api/v1{NEAR}"))


def test_a_row_without_a_revision_is_rendered_anew_each_time(town):
    town.differing([NOW])
    with town.app.app_context():
        session = db.session()
        begin_writing(session)
        session.execute(update(SearchRow).values(revision=0))
        card = dict(session.get_one(SearchRow, 1).card, name="Written by an older version")
        session.execute(update(SearchRow).where(SearchRow.clinic_id == 1).values(card=card))
        session.commit()
    assert town.differing([NOW]) == []
    assert "Written by an older version" in town.app.test_client().get(NEAR).text


def test_a_page_takes_four_statements_cold_and_three_when_kept(town, statements):
    """The directory's state, the counts, the page; and the cards of which nothing is kept."""
    client = town.app.test_client()
    assert client.get("/clinics?near=10001").status_code == 200  # the checklist is read once
    for path in (NEAR, f"/api/v1{NEAR}"):
        for most in (4, 3):
            with statements() as made:
                assert client.get(path).status_code == 200
            own = [each for each in made if "stamp" not in each]  # how whole answers are known
            assert len(own) == most, own


def test_nothing_of_a_search_is_kept(town):
    client = town.app.test_client()
    for path in ("/clinics", "/es/clinics", "/api/v1/clinics"):
        for near in ("Paradise Valley, AZ", "33.71123,-112.21456", "85021"):
            assert client.get(path, query_string={"near": near, "within": 50}).status_code == 200
    store = town.app.extensions["fragments"]._kept
    assert sum(key[0][0] == "card" for key in store) > 20
    kept = repr(store)
    assert "sup-acls" in kept
    for said in ("Paradise", "33.711", "112.214", "85021"):
        assert said not in kept


def test_what_is_kept_stays_within_its_bound():
    store = Fragments(most_bytes=100_000)
    for number in range(1000):
        store.keep(("card", number), (b"x" * 5000, b"y"))
        assert store.size <= 100_000
    assert store.find(("card", 999)) is not None
    assert store.find(("card", 0)) is None


def test_the_bound_counts_all_that_is_taken():
    """Keys, numbers and the places in the order too: small pieces take more than their text."""
    store = Fragments(most_bytes=2_000_000)
    tracemalloc.start()
    try:
        for number in range(5000):
            key = ("card", 2, "en", "", "2026.1", f"rule {number}")
            said = (b"%d" % number * 60,)
            store.keep((key, number + 10**6, number + 10**15), (said, b"like"), number + 10**7)
        taken, _most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 1_900_000 < store.size <= 2_000_000
    assert taken < 1.1 * store.size


def test_there_is_room_for_fifteen_hundred_clinics_in_two_languages(demo_app, monkeypatch):
    """All that pages and API say of them, at the size the demonstration's clinics have."""
    store, client = Fragments(), demo_app.test_client()
    monkeypatch.setitem(demo_app.extensions, "fragments", store)
    for root in ("/clinics", "/api/v1/clinics"):
        for near in ("85004", "80202", "Austin, TX", "Chicago, IL", "10001", "94110", "98101"):
            asked = {"near": near, "within": 250}
            assert client.get(root, query_string=asked).status_code == 200
    kinds = {"card": [], "document": []}
    for key, (_since, _until, pieces) in store._kept.items():
        if key[0][0] in kinds:
            kinds[key[0][0]].append(pieces)
    assert min(map(len, kinds.values())) > 15
    held = [{text for row in pieces.rows for text in row} for pieces in kinds["card"]]
    cards = Counter(text for texts in held for text in texts)
    frames = sum(size_of(Shared((), sum(map(sys.getsizeof, each.rows)))) for each in kinds["card"])
    own = sum(sys.getsizeof(text) + 50 for text in cards if cards[text] == 1)
    common = sum(sys.getsizeof(text) for text in cards if cards[text] > 1)
    card = (frames + own) / len(held)
    document = sum(map(size_of, kinds["document"])) / len(kinds["document"])
    assert 2 * (1500 * (card + document) + common) < MOST_BYTES


def test_what_is_shared_comes_back_and_counts_once():
    words, own = "wörds of “all” cards ".encode() * 20, "Ünique clinic".encode()
    first, second = shared([[words, own], [words]]), shared([[words], [own, b"another"]])
    for pieces, said in ((first, (words + own, words)), (second, (words, own + b"another"))):
        assert tuple("".join(row).encode("latin-1") for row in pieces.rows) == said
    assert first.rows[0][0] is second.rows[0][0]
    assert second.size < len(words) < first.size < 2 * len(words)


def test_shared_texts_go_away_with_the_last_entry_that_holds_them():
    """The bound would mean nothing if texts stayed behind: entries come and go for good."""
    store = Fragments(most_bytes=200_000)
    tracemalloc.start()
    try:
        for number in range(4000):
            store.keep(("card", number), shared([[b"%d " % number * 200, b"said of all"]]))
        taken, _most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 100_000 < store.size <= 200_000
    assert taken < 2 * store.size


def test_the_least_recently_used_gives_way():
    store = Fragments(most_bytes=25_000)
    for number in range(5):
        store.keep(number, (b"x" * 5000,))
        assert store.find(0)
    assert store.find(1) is None


def test_what_does_not_hold_at_a_minute_is_not_found():
    store = Fragments()
    store.keep("card", (b"x",), 100, 200)
    held = [bool(store.find("card", minute)) for minute in (99, 100, 199, 200)]
    assert held == [False, True, True, False]


def test_many_threads_may_share_what_is_kept():
    store = Fragments(most_bytes=50_000)
    wrong = []

    def work(seed):
        source = random.Random(seed)
        for _ in range(3000):
            number = source.randrange(40)
            found = store.find(number)
            if found is None:
                store.keep(number, (b"%d" % number * 1000,))
            elif not found[0].startswith(b"%d" % number):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert 0 < store.size <= 50_000


BLOCK = """{% call(name, counts) kept("block", key, live=(name, {"a": 1, "b": 2})) -%}
<p>{{ name }}{% if key %}!{% endif %} {{ counts.b }} {{ name }} {{ extra }}</p>{% endcall %}"""


def test_a_block_puts_its_live_parts_and_escapes_them(demo_app):
    with demo_app.test_request_context():
        for name in ("<one>", "two"):
            text = render_template_string(BLOCK, name=name, key=True, extra="")
            shown = name.replace("<", "&lt;").replace(">", "&gt;")
            assert text == f"<p>{shown}! 2 {shown} </p>"


def test_a_block_that_depends_on_more_than_its_key_is_caught(demo_app):
    with demo_app.test_request_context():
        render_template_string(BLOCK, name="one", key=False, extra="first")
        with pytest.raises(AssertionError, match="more than its key"):
            render_template_string(BLOCK, name="one", key=False, extra="second")


def test_a_block_that_decides_by_a_live_part_is_caught(demo_app):
    block = "{% call(n) kept('deciding', live=(n,)) %}{% if n == 1 %}one{% endif %}{% endcall %}"
    with demo_app.test_request_context(), pytest.raises(AssertionError, match="more than its key"):
        render_template_string(block, n=1)


def test_marks_are_cut_out_in_whatever_order_they_stand():
    first, second = slots(["a", {"b": 1}])
    assert cut(f"x{second['b']}y{first}z") == (("x", "y", "z"), (1, 0))


def test_the_minute_up_to_which_a_card_holds_is_later_than_now(town):
    with town.app.app_context():
        cards = db.session.scalars(select(SearchRow.card)).all()
    for moment in town.moments():
        minute = minute_of(moment)
        for card in cards:
            assert minute < steady_until(card, minute) <= minute + 25 * 60
