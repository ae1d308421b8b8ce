"""Answers shared through Redis: between processes, sealed, for a short while, and never needed."""

import logging

import pytest
from redis import Redis

from directory.settings import Settings, SettingsError
from directory.sources import shared_store
from directory.sources.shared_store import SEAL, WARN_EVERY, SharedStore, StoreAddressError
from directory.web.kept import KEPT
from tests.factories import NOW
from tests.support.redis import Server
from tests.web.keeping import SECRET, addresses, ask, keeper, kept, processes
from tests.web.outside import listed_clinic, set_clock
from tests.web.scenes import SCENES
from tests.web.test_kept_acts import played

HOUR_MS = 3_600_000
NOBODY = "redis://127.0.0.1:9/0"


@pytest.fixture(scope="module")
def redis():
    """A Redis server of our own, and a client that looks into it."""
    server = Server.start()
    with Redis.from_url(server.url) as client:
        server.client = client
        yield server
    server.stop()


@pytest.fixture(scope="module")
def three(instance, databases, redis):
    """Two processes that share, and one that keeps nothing."""
    url = databases.fresh("demo")
    shared = {"cache_mb": 8, "redis_url": redis.url}
    with processes(instance, url, shared, shared, {"cache_mb": 0}) as apps:
        yield apps
        for app in apps[:2]:
            keeper(app).shelf._shared.close()
    databases.drop(url)


@pytest.fixture
def fresh(three, redis):
    """The same three with nothing kept anywhere, and Redis trusted."""
    redis.client.flushall()
    for app in three:
        keeper(app).shelf._memory.clear()
        set_clock(app, NOW)
        if store := keeper(app).shelf._shared:
            store._quiet_until = store._warn_from = float("-inf")
    return three


def test_what_one_process_made_another_need_not_make(fresh, redis, statements):
    maker, taker, plain = fresh
    for url in addresses([1, 2]):
        for encoding in ("", "gzip"):
            first = ask(maker, url, Accept_Encoding=encoding)
            with statements() as made:
                second = ask(taker, url, Accept_Encoding=encoding)
            assert (second, made) == (first, []), url
            assert second.read() == ask(plain, url, Accept_Encoding=encoding).read()
    assert redis.client.dbsize() == kept(taker) == 2 * len(addresses([1, 2]))
    assert len(KEPT) > 10


def test_redis_sees_no_name_of_what_was_asked_and_forgets_within_the_hour(fresh, redis):
    ask(fresh[0], "/clinics?near=Phoenix,+AZ&within=50", Cookie="canary=x", User_Agent="canary")
    ask(fresh[0], "/account/sign-in")
    (name,) = redis.client.keys()
    assert len(name) == len("clinics:") + 64
    assert b"hoenix" not in name
    assert 0 < redis.client.pttl(name) <= HOUR_MS
    value = redis.client.get(name)
    assert b"canary" not in value
    assert b"Set-Cookie" not in value
    assert b"Phoenix" in value, "a page names the place that was searched, as docs say"


def test_it_is_compressed_as_it_was_sent(fresh, redis):
    for encoding in ("gzip", "br"):
        redis.client.flushall()
        answer = ask(fresh[0], "/guide", Accept_Encoding=encoding)
        (name,) = redis.client.keys()
        assert redis.client.strlen(name) < len(answer.body) + 1500
        assert len(answer.body) < 12_000


def foreign(_value, _other):
    return b"a value of somebody else"


def nothing(_value, _other):
    return b""


def cut(value, _other):
    return value[:-1]


def only_a_seal(value, _other):
    return value[:SEAL]


def flipped(value, _other):
    return value[:-1] + bytes([value[-1] ^ 1])


def of_another_page(_value, other):
    return other


@pytest.mark.parametrize(
    "spoil",
    [foreign, nothing, cut, only_a_seal, flipped, of_another_page],
    ids=lambda s: s.__name__,
)
def test_what_redis_says_wrongly_is_not_believed(fresh, redis, spoil):
    maker, taker, plain = fresh
    ask(maker, "/guide")
    (guide,) = redis.client.keys()
    ask(maker, "/checklist")
    (other,) = set(redis.client.keys()) - {guide}
    redis.client.set(guide, spoil(redis.client.get(guide), redis.client.get(other)))
    assert ask(taker, "/guide") == ask(plain, "/guide")


def test_the_control_unsealed_value_is_caught(fresh, redis, monkeypatch):
    maker, taker, plain = fresh
    ask(maker, "/guide")
    (guide,) = redis.client.keys()
    ask(maker, "/checklist")
    (other,) = set(redis.client.keys()) - {guide}
    redis.client.set(guide, redis.client.get(other))
    monkeypatch.setattr(shared_store.hmac, "compare_digest", lambda _one, _two: True)
    assert ask(taker, "/guide") != ask(plain, "/guide")


def test_a_value_of_another_type_is_not_believed(fresh, redis):
    ask(fresh[0], "/guide")
    (guide,) = redis.client.keys()
    redis.client.delete(guide)
    redis.client.lpush(guide, "x")
    assert ask(fresh[1], "/guide") == ask(fresh[2], "/guide")


def test_a_redis_that_was_emptied_is_filled_again(fresh, redis):
    ask(fresh[0], "/guide")
    redis.client.flushall()
    assert ask(fresh[1], "/guide") == ask(fresh[2], "/guide")
    assert redis.client.dbsize() == 1


def test_a_slow_redis_is_left_alone_and_comes_back(fresh, redis, caplog, statements):
    maker, taker, plain = fresh
    ask(maker, "/guide")
    redis.freeze()
    try:
        with caplog.at_level(logging.WARNING):
            for _ in range(3):
                keeper(taker).shelf._memory.clear()
                assert ask(taker, "/guide") == ask(plain, "/guide")
    finally:
        redis.thaw()
    assert [r.getMessage() for r in caplog.records] == [
        "Redis did not answer (TimeoutError): answers are made without it"
    ]
    keeper(taker).shelf._memory.clear()
    keeper(taker).shelf._shared._quiet_until = float("-inf")
    with statements() as made:
        ask(taker, "/guide")
    assert made == []


def test_without_redis_pages_are_as_ever(instance, databases, caplog):
    gone = {"cache_mb": 8, "redis_url": NOBODY}
    url = databases.shared("demo")
    with (
        processes(instance, url, gone, {"cache_mb": 0}) as (keeping, plain),
        caplog.at_level(logging.WARNING),
    ):
        for address in addresses([1, 2]):
            assert ask(keeping, address) == ask(keeping, address) == ask(plain, address)
    assert len(caplog.records) == 1
    assert "127.0.0.1" not in caplog.text


def test_redis_alone_is_enough(instance, databases, redis, statements):
    redis.client.flushall()
    only = {"cache_mb": 0, "redis_url": redis.url}
    with processes(instance, databases.shared("demo"), only) as (app,):
        first = ask(app, "/guide")
        with statements() as made:
            assert ask(app, "/guide") == first
        assert made == []
        keeper(app).shelf._shared.close()


def test_an_act_in_one_process_is_read_in_the_other_at_once(fresh):
    maker, taker, plain = fresh
    seen = []
    for acts in (("clinic:listed",), ("verification:confirmed",)):
        scene = next(scene for scene in SCENES if scene.acts == acts)
        changed, stale = played([maker, taker, plain], scene)
        assert stale == [], scene.name
        seen += changed
    assert len(seen) > 5
    number = listed_clinic(maker, name="Seen At Once")
    assert b"Seen At Once" in ask(taker, f"/api/v1/clinics/{number}").body


# The store by itself


class Clock:
    """Seconds that pass when they are told to."""

    now = 1000.0

    def __call__(self):
        """Return the seconds."""
        return self.now


def test_it_warns_once_a_minute_and_asks_again_after_a_while(caplog):
    clock = Clock()
    store = SharedStore(NOBODY, b"secret", monotonic=clock)
    asked = []
    asking = store._client.get
    store._client.get = lambda name: asked.append(clock.now) or asking(name)
    with caplog.at_level(logging.WARNING):
        for _ in range(1200):
            assert store.get(b"name") is None
            clock.now += 0.1
    assert len(caplog.records) == 120 // WARN_EVERY
    assert 20 <= len(asked) <= 24
    store.close()


def test_a_store_keeps_what_it_is_given_for_its_seconds(redis):
    store = SharedStore(redis.url, SECRET.encode())
    store.put(b"name", b"value", 60)
    assert store.get(b"name") == b"value"
    assert store.get(b"other") is None
    other = SharedStore(redis.url, b"another secret")
    assert other.get(b"name") is None
    assert 0 < redis.client.ttl("clinics:" + b"name".hex()) <= 60
    store.close()
    other.close()


@pytest.mark.parametrize(
    "address",
    [
        "localhost:6379",
        "http://:secret-word@127.0.0.1:6379/0",
        "redis://:secret-word@127.0.0.1:port/0",
        "redis://127.0.0.1/0?socket_timeout=secret-word",
        "redis",
    ],
)
def test_an_address_that_cannot_be_used_stops_the_start_in_words(address, tmp_path):
    with pytest.raises(
        SettingsError, match="DIRECTORY_REDIS_URL cannot be used: it is not"
    ) as told:
        Settings(instance_dir=tmp_path, redis_url=address)
    assert "secret-word" not in str(told.value)


def test_a_missing_package_stops_the_start_in_words(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "redis", None)
    with pytest.raises(SettingsError, match=r"install infusion-clinic-directory\[redis\]"):
        Settings(instance_dir=tmp_path, redis_url="redis://127.0.0.1/0")
    with pytest.raises(StoreAddressError):
        shared_store.open_client("redis://127.0.0.1/0")
    assert Settings(instance_dir=tmp_path).redis_url == ""


@pytest.mark.parametrize("given", ["-1", "70000", "many"])
def test_a_cache_of_no_size_stops_the_start_in_words(given, tmp_path):
    environ = {"DIRECTORY_CACHE_MB": given, "DIRECTORY_INSTANCE_DIR": str(tmp_path)}
    with pytest.raises(SettingsError, match="DIRECTORY_CACHE_MB is '?" + given):
        Settings.from_env(environ)
    assert Settings.from_env(environ | {"DIRECTORY_CACHE_MB": "64"}).cache_mb == 64


def test_the_address_of_redis_is_in_no_text_of_the_settings(tmp_path):
    settings = Settings(instance_dir=tmp_path, redis_url="redis://:secret-word@127.0.0.1/0")
    assert "secret-word" not in repr(settings)
