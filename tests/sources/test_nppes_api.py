"""One number asked of the live registry: what is kept, and every way in which it fails."""

import json
import socket

import pytest

from directory.settings import Settings, SettingsError
from directory.sources.nppes_api import AddressError, LookupFailed, look_up, read_base
from tests.support.nppes_file import CANARY, npi
from tests.support.registry_server import ERRORS, NOBODY, answer, registry

NUMBER = npi(1)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def live():
    with registry() as server:
        yield server


def test_the_answer_is_kept_without_mailing_address_and_signer(live):
    found = look_up(live.address, NUMBER)
    assert live.asked == [f"/api/?version=2.1&number={NUMBER}"]
    assert CANARY not in found.record
    record = json.loads(found.record)
    assert record["asked"] == found.url
    assert len(record["whole_answer_sha256"]) == 64
    (kept,) = record["results"]
    assert kept["basic"] == {
        "organization_name": "EXAMPLE HARBOR INFUSION CENTER",
        "status": "A",
        "enumeration_date": "2023-11-14",
    }
    assert [a["address_purpose"] for a in kept["addresses"]] == ["LOCATION"]
    assert "address_2" not in kept["addresses"][0], "two dashes say nothing"
    assert look_up(live.address, NUMBER) == found


def test_an_unknown_number_is_an_answer(live):
    live.body = NOBODY
    assert json.loads(look_up(live.address, NUMBER).record)["results"] == []


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        (None, 503, "status"),
        (None, 404, "status"),
        (b"<html>Down for maintenance</html>", 200, "unreadable"),
        (b"[]", 200, "unreadable"),
        (b'{"results": [7]}', 200, "unreadable"),
        (b'{"results": {}}', 200, "refused"),
        (b'{"results": [{"addresses": 3}]}', 200, "unreadable"),
        (b'{"results": "' + b"x" * 1_000_001 + b'"}', 200, "unreadable"),
        (ERRORS, 200, "refused"),
        (answer(npi(2)), 200, "other_number"),
    ],
)
def test_what_is_no_answer_is_said_in_a_code(live, body, status, why):
    live.body, live.status = body, status
    with pytest.raises(LookupFailed) as failed:
        look_up(live.address, NUMBER)
    assert failed.value.why == why


def test_nobody_is_followed_elsewhere(live):
    with registry() as other:
        live.status, live.location = 302, other.address
        with pytest.raises(LookupFailed, match="status"):
            look_up(live.address, NUMBER)
        assert other.asked == []


def test_a_slow_answer_is_given_up(live):
    live.silent.set()
    with pytest.raises(LookupFailed, match="time"):
        look_up(live.address, NUMBER, seconds=0.1)


def test_nobody_listens():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(LookupFailed, match="unreachable"):
        look_up(f"http://127.0.0.1:{port}/", NUMBER)


@pytest.mark.parametrize(
    "address",
    [
        "http://registry.example.org/api/",
        "ftp://registry.example.org/",
        "file:///etc/passwd",
        "https://user:secret@registry.example.org/",
        "https://registry.example.org/?version=2.1",
        "https://",
        "registry.example.org",
    ],
)
def test_an_unsafe_address_is_refused_at_the_start(address, tmp_path):
    with pytest.raises(AddressError):
        read_base(address)
    with pytest.raises(SettingsError, match="DIRECTORY_NPPES_API"):
        Settings(instance_dir=tmp_path, nppes_api=address)


def test_it_is_off_unless_the_operator_says():
    assert Settings().nppes_api == ""
    assert read_base("https://registry.example.org/api/") == "https://registry.example.org/api/"
