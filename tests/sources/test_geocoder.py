"""The geopy geocoder over the gazetteer, and an operator's own server before it."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from geopy.adapters import BaseSyncAdapter
from geopy.exc import GeocoderQueryError, GeocoderTimedOut, GeocoderUnavailable
from geopy.extra.rate_limiter import RateLimiter
from geopy.geocoders.base import Geocoder

from directory.sources.geocoder import (
    EmbeddedGeocoder,
    House,
    LookupFailed,
    OnlineGeocoder,
    geodesic_miles,
    open_geocoder,
    open_house_finder,
)


def test_it_is_a_geopy_geocoder(geocoder: EmbeddedGeocoder) -> None:
    assert isinstance(geocoder, Geocoder)
    location = geocoder.geocode("Boise, ID", timeout=1)
    assert location.address == "Boise, ID"
    assert (location.latitude, location.longitude) == pytest.approx((43.61, -116.2), abs=0.05)
    assert location.raw["precision"] == "city"
    assert geocoder.geocode("Springfield") is None
    several = geocoder.geocode("Springfield", exactly_one=False)
    assert "Springfield, MO" in [each.address for each in several]
    assert geocoder.geocode("asdfgh") is None
    assert geocoder.geocode("asdfgh", exactly_one=False) is None
    with pytest.raises(GeocoderQueryError):
        geocoder.geocode(12)
    assert geocoder.reverse((45.5142, -122.6364)).address == "97214 (Portland, OR)"
    assert geocoder.reverse("45.5142, -122.6364", exactly_one=False)[0].raw["state"] == "OR"
    assert geocoder.reverse((0, 0)) is None
    with pytest.raises(GeocoderQueryError):
        geocoder.reverse("nowhere")
    for request in (geocoder.adapter.get_json, geocoder.adapter.get_text):
        with pytest.raises(GeocoderUnavailable):
            request("https://example.org", timeout=1, headers={})


def test_distance_is_the_geodesic() -> None:
    assert geodesic_miles((45.0, -122.0), (45.0, -122.0)) == 0
    assert geodesic_miles((40.7128, -74.006), (34.0522, -118.2437)) == pytest.approx(2450, abs=2)


def test_no_address_and_nobodys_own_words_stay_in_memory(path: Path) -> None:
    geocoder = EmbeddedGeocoder(path)
    plain = ("Phoenix, AZ", "85004")
    own = ("12 Quiet Lane, Phoenix, AZ 85004", "Pheonix, AZ", "my aunt in Phoenix, AZ", "zzyzxqq")
    for typed in (*plain, *own, *plain):
        assert geocoder.read(typed) == geocoder._reader.read(typed)
    assert set(geocoder._known) == set(plain)


def test_places_in_memory_are_bounded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("directory.sources.geocoder.KNOWN_AT_MOST", 2)
    geocoder = EmbeddedGeocoder(path)
    for typed in ("85004", "85006", "85007", "85008", "85012"):
        geocoder.read(typed)
        assert 1 <= len(geocoder._known) <= 2


def test_threads_read_alike(geocoder: EmbeddedGeocoder) -> None:
    typed = ["Portland", "Pheonix, AZ", "10 Main St, Boise ID", "Springfield", "97214"] * 60
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(geocoder.read, typed)) == [geocoder.read(each) for each in typed]


# An operator's own server.


class Server:
    """Stands for an online geocoder: answers with `reply`, remembers what it was asked."""

    def __init__(self, reply: Any) -> None:
        self.reply = reply
        self.asked: list[str] = []

    def __call__(self, *, proxies: Any, ssl_context: Any) -> BaseSyncAdapter:
        server = self

        class Adapter(BaseSyncAdapter):  # type: ignore[misc]
            def get_json(self, url: str, *, timeout: float, headers: dict[str, str]) -> Any:
                assert timeout == 2.0
                assert headers["User-Agent"] == "directory-tests"
                server.asked.append(url)
                if isinstance(server.reply, Exception):
                    raise server.reply
                return json.loads(json.dumps(server.reply))

            def get_text(self, url: str, *, timeout: float, headers: dict[str, str]) -> str:
                raise AssertionError("only JSON is asked for")

        return Adapter(proxies=proxies, ssl_context=ssl_context)


HOUSE = (43.6187, -116.2146)
NOMINATIM = [{"lat": str(HOUSE[0]), "lon": str(HOUSE[1]), "display_name": "10, Main Street, Boise"}]
FEATURES = {
    "features": [
        {
            "geometry": {"coordinates": [HOUSE[1], HOUSE[0]]},
            "properties": {"label": "10 Main Street, Boise", "name": "10 Main Street, Boise"},
        }
    ]
}


def online(path: Path, server: Server, kind: str = "nominatim") -> Any:
    return open_geocoder(
        kind,
        path,
        domain="http://geo.example.org:8080/",
        timeout=2.0,
        user_agent="directory-tests",
        adapter_factory=server,
    )


@pytest.mark.parametrize(
    ("kind", "reply"), [("nominatim", NOMINATIM), ("pelias", FEATURES), ("photon", FEATURES)]
)
def test_an_address_is_found_to_the_house(path: Path, kind: str, reply: Any) -> None:
    server = Server(reply)
    reading = online(path, server, kind).read("10 Main St, Boise ID 83702")
    assert reading.place is not None
    assert (reading.place.lat, reading.place.lon) == HOUSE
    assert (reading.place.precision, reading.place.state) == ("address", "ID")
    assert (reading.about, reading.note) == (False, None)
    assert server.asked[0].startswith("http://geo.example.org:8080/")


@pytest.mark.parametrize(
    "typed", ["97214", "Boise, ID", "Portland", "Springfield", "Pheonix, AZ", "Texas", "09001", ""]
)
def test_what_the_gazetteer_knows_is_never_sent_anywhere(
    path: Path, geocoder: EmbeddedGeocoder, typed: str
) -> None:
    server = Server(NOMINATIM)
    assert online(path, server).read(typed) == geocoder.read(typed)
    assert online(path, server).complete(typed) == geocoder.complete(typed)
    assert server.asked == []


def test_what_the_gazetteer_does_not_know_is_asked_for(path: Path) -> None:
    reading = online(path, Server(NOMINATIM)).read("Zyzzyx Rooftop Garden")
    assert reading.place is not None
    assert (reading.place.precision, reading.place.state) == ("point", "ID")
    assert reading.tried == ()


@pytest.mark.parametrize(
    "reply",
    [
        [],
        [{"lat": "51.5", "lon": "-0.12", "display_name": "London"}],
        [{"lat": "40.7", "lon": "-74.0", "display_name": "10 Main Street, New York"}],
        [{"lat": "nonsense", "lon": "1", "display_name": "x"}],
        {"error": "overloaded"},
        "not what was asked",
        GeocoderTimedOut("slow"),
        OSError("no route"),
    ],
    ids=lambda reply: type(reply).__name__,
)
def test_a_wrong_or_failing_server_leaves_the_embedded_answer(
    path: Path, geocoder: EmbeddedGeocoder, reply: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        reading = online(path, Server(reply)).read("10 Main St, Boise ID 83702")
    assert reading == geocoder.read("10 Main St, Boise ID 83702")
    assert "Main" not in caplog.text


def test_a_failed_server_is_left_alone_for_a_minute(path: Path) -> None:
    server = Server(GeocoderTimedOut("slow"))
    opened = online(path, server)
    now = 1000.0
    opened._clock = lambda: now
    for _ in range(3):
        opened.read("10 Main St, Boise ID 83702")
    assert len(server.asked) == 1
    server.reply = NOMINATIM
    now += 61
    assert opened.read("10 Main St, Boise ID 83702").place.precision == "address"


def test_settings_that_cannot_work_are_refused(path: Path, tmp_path: Path) -> None:
    def opened(kind: str, where: Path, domain: str | None) -> object:
        return open_geocoder(kind, where, domain=domain, timeout=1, user_agent="x-tests")

    assert isinstance(opened("embedded", path, None), EmbeddedGeocoder)
    assert isinstance(opened("photon", path, "geo.example.org"), OnlineGeocoder)
    with pytest.raises(ValueError, match="one of embedded"):
        opened("google", path, None)
    with pytest.raises(ValueError, match="domain"):
        opened("nominatim", path, None)
    with pytest.raises(FileNotFoundError):
        opened("embedded", tmp_path / "none.sqlite", None)


# The house of a clinic's address, for the operator's own command.


def finder(server: Server, kind: str = "nominatim", seconds: float = 0) -> Any:
    return open_house_finder(
        kind,
        domain="http://geo.example.org:8080/",
        timeout=2.0,
        user_agent="directory-tests",
        seconds=seconds,
        adapter_factory=server,
    )


def _with_house(kind: str) -> Any:
    if kind == "nominatim":
        return [NOMINATIM[0] | {"address": {"house_number": "10"}}]
    reply = json.loads(json.dumps(FEATURES))
    reply["features"][0]["properties"]["housenumber"] = "10"
    return reply


@pytest.mark.parametrize("kind", ["nominatim", "pelias", "photon"])
def test_a_house_comes_with_its_number(kind: str) -> None:
    server = Server(_with_house(kind))
    found = finder(server, kind)("10 Main St, Boise, ID 83702")
    assert isinstance(found, House)
    assert (found.lat, found.lon, found.number) == (*HOUSE, "10")
    assert "Main Street" in found.said
    assert ("addressdetails=1" in server.asked[0]) is (kind == "nominatim")


@pytest.mark.parametrize(("kind", "reply"), [("nominatim", NOMINATIM), ("photon", FEATURES)])
def test_a_street_has_no_number(kind: str, reply: Any) -> None:
    assert finder(Server(reply), kind)("10 Main St").number is None


def test_an_unknown_address_is_no_failure() -> None:
    assert finder(Server([]))("10 Main St") is None


@pytest.mark.parametrize(
    "reply",
    [
        GeocoderTimedOut("slow"),
        OSError("no route"),
        "not what was asked",
        [{"lat": "nonsense", "lon": "1", "display_name": "x"}],
        [{"lat": "1", "lon": "1", "display_name": "x", "address": "10"}],
    ],
    ids=lambda reply: type(reply).__name__,
)
def test_a_failing_server_is_told_apart(reply: Any) -> None:
    server = Server(reply)
    with pytest.raises(LookupFailed):
        finder(server)("10 Main St")
    assert len(server.asked) == (2 if isinstance(reply, GeocoderTimedOut) else 1)


def test_questions_keep_their_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three questions in the same moment wait for their turns; the clock goes on by sleeping."""
    slept: list[float] = []
    monkeypatch.setattr(RateLimiter, "_clock", lambda _self: 1000.0 + sum(slept))
    monkeypatch.setattr(RateLimiter, "_sleep", lambda _self, seconds: slept.append(seconds))
    find = finder(Server(NOMINATIM), seconds=3)
    for _ in range(3):
        find("10 Main St")
    assert slept == [3.0, 3.0]


def test_the_embedded_geocoder_finds_no_houses() -> None:
    def opened(kind: str, domain: str | None) -> Any:
        return open_house_finder(kind, domain=domain, timeout=1, user_agent="x", seconds=0)

    assert opened("embedded", None) is None
    with pytest.raises(ValueError, match="one of embedded"):
        opened("google", None)
    with pytest.raises(ValueError, match="domain"):
        opened("photon", None)


def test_what_a_server_says_is_shown_plain() -> None:
    long = [NOMINATIM[0] | {"display_name": "10\x00, \u202eMain " + "x" * 400}]
    said = finder(Server(long))("10 Main St").said
    assert said.startswith("10, Main")
    assert len(said) == 200
