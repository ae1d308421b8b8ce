"""What an operator may choose, and what is refused at the start."""

import logging
from pathlib import Path

import pytest

from directory.settings import Settings, SettingsError

TILES = "https://tiles.example.org/{z}/{x}/{y}.png"
STRONG = "0123456789abcdef" * 2
PRODUCTION = {
    "DIRECTORY_ENV": "production",
    "DIRECTORY_SECRET_KEY": STRONG,
    "DIRECTORY_TRUSTED_HOSTS": "clinics.example.org, www.clinics.example.org",
}


def test_the_defaults_are_embedded_and_offline():
    settings = Settings.from_env({})
    assert settings.database_url.startswith("sqlite:////")
    assert (settings.geocoder, settings.confirmation) == ("embedded", "two-person")
    assert len(settings.secret_key) == 64


def test_settings_are_read_from_the_environment():
    settings = Settings.from_env(
        PRODUCTION | {"DIRECTORY_PROXIES": "1", "DIRECTORY_INSTANCE_DIR": "/srv/x", "HOME": "/"}
    )
    assert settings.trusted_hosts == ("clinics.example.org", "www.clinics.example.org")
    assert (settings.proxies, settings.instance_dir) == (1, Path("/srv/x"))
    assert settings.gazetteer_path == Path("/srv/x/gazetteer.sqlite")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"DIRECTORY_SECRET_KEY": ""}, "DIRECTORY_SECRET_KEY is missing or weak"),
        ({"DIRECTORY_SECRET_KEY": "secret"}, "DIRECTORY_SECRET_KEY is missing or weak"),
        ({"DIRECTORY_SECRET_KEY": "a" * 64}, "DIRECTORY_SECRET_KEY is missing or weak"),
        ({"DIRECTORY_TRUSTED_HOSTS": ""}, "DIRECTORY_TRUSTED_HOSTS is missing"),
        ({"DIRECTORY_MAIL_SERVER": "smtps://mail.example.org"}, "DIRECTORY_MAIL_FROM is missing"),
        ({"DIRECTORY_MAIL_FROM": "nobody"}, "DIRECTORY_MAIL_FROM is 'nobody'"),
        (
            {"DIRECTORY_MAIL_SERVER": "http://x.example", "DIRECTORY_MAIL_FROM": "a@b.example"},
            "DIRECTORY_MAIL_SERVER cannot be used",
        ),
        ({"DIRECTORY_ENV": "staging"}, "DIRECTORY_ENV is 'staging'"),
        ({"DIRECTORY_CONFIRMATION": "none"}, "DIRECTORY_CONFIRMATION is 'none'"),
        ({"DIRECTORY_GEOCODER": "elsewhere"}, "DIRECTORY_GEOCODER is 'elsewhere'"),
        ({"DIRECTORY_GEOCODER": "nominatim"}, "DIRECTORY_GEOCODER_DOMAIN is missing"),
        ({"DIRECTORY_HTTPS": "yes"}, "DIRECTORY_HTTPS is 'yes'"),
        ({"DIRECTORY_PROXIES": "one"}, "DIRECTORY_PROXIES is 'one'"),
        ({"DIRECTORY_MAP_TILE_URL": TILES}, "DIRECTORY_MAP_TILE_ATTRIBUTION go together"),
        ({"DIRECTORY_MAP_TILE_ATTRIBUTION": "Example"}, "DIRECTORY_MAP_TILE_URL and"),
        (
            {
                "DIRECTORY_MAP_TILE_URL": TILES.replace("https", "http"),
                "DIRECTORY_MAP_TILE_ATTRIBUTION": "Example",
            },
            "DIRECTORY_MAP_TILE_URL cannot be used: it must begin with https://",
        ),
    ],
)
def test_what_is_unsafe_or_unreadable_stops_the_start(changes, words):
    with pytest.raises(SettingsError, match=words):
        Settings.from_env(PRODUCTION | changes)


def test_tiles_are_read_with_their_origin():
    assert Settings().tiles is None
    tiles = {"DIRECTORY_MAP_TILE_URL": TILES, "DIRECTORY_MAP_TILE_ATTRIBUTION": "Example maps"}
    settings = Settings.from_env(PRODUCTION | tiles)
    assert settings.tiles is not None
    assert (settings.tiles.url, settings.tiles.origin) == (TILES, "https://tiles.example.org")


def test_an_unknown_setting_is_named_in_the_log(caplog):
    with caplog.at_level(logging.WARNING):
        Settings.from_env({"DIRECTORY_GEOCODR": "nominatim"})
    assert "DIRECTORY_GEOCODR" in caplog.text


def test_the_secret_is_not_shown():
    assert STRONG not in repr(Settings.from_env(PRODUCTION))


def test_a_development_key_outlives_a_restart(tmp_path):
    environ = {"DIRECTORY_INSTANCE_DIR": str(tmp_path / "instance")}
    keys = {Settings.from_env(environ).secret_key for _ in range(3)}
    assert len(keys) == 1
    file = tmp_path / "instance" / "secret-key"
    assert file.stat().st_mode & 0o077 == 0, "nobody else may read it"
    assert [path.name for path in file.parent.iterdir()] == ["secret-key"]
    own = environ | {"DIRECTORY_SECRET_KEY": STRONG}
    assert Settings.from_env(own).secret_key == STRONG


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        ({}, "http://127.0.0.1:5000"),
        ({"PORT": "8000"}, "http://127.0.0.1:8000"),
        ({"PORT": "many"}, "http://127.0.0.1:5000"),
        ({"PORT": "8000", "DIRECTORY_TRUSTED_HOSTS": "a.example.org"}, "http://a.example.org"),
    ],
)
def test_links_lead_where_the_site_is_served(tmp_path, environ, address):
    settings = Settings.from_env({"DIRECTORY_INSTANCE_DIR": str(tmp_path), **environ})
    assert settings.public_url == address
