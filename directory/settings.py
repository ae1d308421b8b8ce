"""The settings of one installation: read once from the environment, checked, then frozen."""

import logging
import os
import re
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, cast
from urllib.parse import urlsplit

from directory.domain.maps import TileAddress, TileAddressError, read_tile_address
from directory.sources.mail import MailAddressError, read_address
from directory.sources.nppes_api import AddressError, read_base
from directory.sources.shared_store import StoreAddressError, open_client

log = logging.getLogger(__name__)

PREFIX = "DIRECTORY_"
SHORTEST_SECRET = 32
LONGEST_PORT = 5
LARGEST_CACHE_MB = 65_536
GEOCODERS = ("embedded", "nominatim", "pelias", "photon")
CONFIRMATIONS = ("two-person", "solo")
MAIL_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+")


def default_instance() -> Path:
    """Return where the embedded database is kept unless the operator says otherwise."""
    return Path.cwd() / "instance"


class SettingsError(ValueError):
    """The environment asks for something this application refuses to start with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an operator can choose. Each field is read from DIRECTORY_<NAME>.

    Only `port` is read from PORT, as `flask serve` does: without host names of its own the site
    answers on this machine at that port, and that is where its links lead.
    """

    env: str = "development"
    instance_dir: Path = field(default_factory=default_instance)
    database_url: str = ""
    secret_key: str = field(default="", repr=False)
    trusted_hosts: tuple[str, ...] = ()
    https: bool = False
    proxies: int = 0
    confirmation: str = "two-person"
    geocoder: str = "embedded"
    geocoder_domain: str = ""
    geocoder_timeout: float = 2.0
    mail_server: str = field(default="", repr=False)
    mail_from: str = ""
    evidence_dir: Path | None = None
    port: int = 5000
    nppes_api: str = ""
    map_tile_url: str = ""
    map_tile_attribution: str = ""
    cache_mb: int = 16
    redis_url: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Fill what is derived and refuse what is unsafe; raises SettingsError."""
        if self.env not in ("development", "production"):
            raise SettingsError(f"DIRECTORY_ENV is {self.env!r}; use development or production")
        if self.confirmation not in CONFIRMATIONS:
            raise SettingsError(
                f"DIRECTORY_CONFIRMATION is {self.confirmation!r}; use {' or '.join(CONFIRMATIONS)}"
            )
        if self.geocoder not in GEOCODERS:
            raise SettingsError(
                f"DIRECTORY_GEOCODER is {self.geocoder!r}; use one of {', '.join(GEOCODERS)}"
            )
        if self.geocoder != "embedded" and not self.geocoder_domain:
            raise SettingsError(
                "DIRECTORY_GEOCODER_DOMAIN is missing: name your own geocoding server, so that "
                "no patient's search leaves your hosts"
            )
        self._refuse_unusable_mail()
        self._refuse_unusable_registry()
        self._refuse_unusable_tiles()
        self._refuse_unusable_cache()
        if self.env == "production":
            self._refuse_weak_production()
        if not self.database_url:
            database = self.instance_dir.absolute() / "directory.sqlite"
            object.__setattr__(self, "database_url", f"sqlite:///{database}")
        if not self.secret_key:
            object.__setattr__(self, "secret_key", secrets.token_hex(32))

    def _refuse_unusable_mail(self) -> None:
        if not self.mail_from:
            if self.mail_server:
                raise SettingsError(
                    "DIRECTORY_MAIL_FROM is missing: name the address that mail comes from"
                )
            host = urlsplit(self.public_url).hostname
            object.__setattr__(self, "mail_from", f"no-reply@{host}")
        if self.mail_server:
            try:
                read_address(self.mail_server)
            except MailAddressError as error:
                raise SettingsError(f"DIRECTORY_MAIL_SERVER cannot be used: {error}") from None
        if not MAIL_ADDRESS.fullmatch(self.mail_from):
            raise SettingsError(f"DIRECTORY_MAIL_FROM is {self.mail_from!r}, not a mail address")

    def _refuse_unusable_registry(self) -> None:
        if self.nppes_api:
            try:
                read_base(self.nppes_api)
            except (AddressError, ValueError) as error:
                raise SettingsError(f"DIRECTORY_NPPES_API cannot be used: {error}") from None

    def _refuse_unusable_tiles(self) -> None:
        if bool(self.map_tile_url) != bool(self.map_tile_attribution):
            raise SettingsError(
                "DIRECTORY_MAP_TILE_URL and DIRECTORY_MAP_TILE_ATTRIBUTION go together: say where "
                "the map's tiles come from, and whom to name as their source"
            )
        try:
            _ = self.tiles
        except TileAddressError as error:
            raise SettingsError(f"DIRECTORY_MAP_TILE_URL cannot be used: {error}") from None

    def _refuse_unusable_cache(self) -> None:
        if not 0 <= self.cache_mb <= LARGEST_CACHE_MB:
            raise SettingsError(
                f"DIRECTORY_CACHE_MB is {self.cache_mb}; use 0 (keep nothing) to {LARGEST_CACHE_MB}"
            )
        if self.redis_url:
            try:
                open_client(self.redis_url).close()
            except StoreAddressError as error:
                raise SettingsError(f"DIRECTORY_REDIS_URL cannot be used: {error}") from None

    @property
    def tiles(self) -> TileAddress | None:
        """Where the map's tiles come from; None, as it comes, when the map needs none."""
        return read_tile_address(self.map_tile_url) if self.map_tile_url else None

    @property
    def public_url(self) -> str:
        """The address that links in mail lead to: the first trusted host, else this machine."""
        hosts = [host.lstrip(".") for host in self.trusted_hosts]
        scheme = "https" if self.https else "http"
        return f"{scheme}://{hosts[0] if hosts else f'127.0.0.1:{self.port}'}"

    def _refuse_weak_production(self) -> None:
        if len(self.secret_key) < SHORTEST_SECRET or len(set(self.secret_key)) < 10:
            raise SettingsError(
                "DIRECTORY_SECRET_KEY is missing or weak; set at least 32 random characters, "
                "for instance from: python -c 'import secrets; print(secrets.token_hex(32))'"
            )
        if not self.trusted_hosts:
            raise SettingsError(
                "DIRECTORY_TRUSTED_HOSTS is missing; name the hosts this site answers for"
            )

    @property
    def gazetteer_path(self) -> Path:
        """The compiled place index, one file beside the embedded database."""
        return self.instance_dir / "gazetteer.sqlite"

    @property
    def evidence_path(self) -> Path:
        """The folder of evidence files: never inside anything that is served."""
        return self.evidence_dir or self.instance_dir / "evidence"

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings from `environ`; raises SettingsError on one that cannot be."""
        values: dict[str, object] = {}
        for key, text in environ.items():
            if not key.startswith(PREFIX):
                continue
            name = key.removeprefix(PREFIX).lower()
            if name not in READERS:
                log.warning("%s is not a setting of this application and is ignored", key)
                continue
            if text.strip():
                try:
                    values[name] = READERS[name](text.strip())
                except ValueError:
                    raise SettingsError(f"{key} is {text!r}, which cannot be read") from None
        port = environ.get("PORT", "").strip()
        if port.isascii() and port.isdecimal() and len(port) <= LONGEST_PORT:
            values["port"] = int(port)
        if "secret_key" not in values and values.get("env", "development") == "development":
            folder = cast(Path, values.get("instance_dir", default_instance()))
            values["secret_key"] = _kept_secret(folder)
        return cls(**values)  # type: ignore[arg-type]


def _kept_secret(folder: Path) -> str:
    """Return the random key of a development set-up, made once and kept beside its database.

    A new one at each start would end every second factor and all that is sealed with the key.
    """
    file = folder / "secret-key"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f"secret-key-{os.getpid()}"
        unfinished.touch(mode=0o600)
        unfinished.write_text(secrets.token_hex(32), "utf-8")
        with suppress(FileExistsError):
            os.link(unfinished, file)
        unfinished.unlink()
    return file.read_text("utf-8").strip()


def _switch(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(text)
    return text == "1"


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


READERS: dict[str, Callable[[str], object]] = {
    "env": str,
    "instance_dir": Path,
    "database_url": str,
    "secret_key": str,
    "trusted_hosts": _names,
    "https": _switch,
    "proxies": int,
    "confirmation": str,
    "geocoder": str,
    "geocoder_domain": str,
    "geocoder_timeout": float,
    "mail_server": str,
    "mail_from": str,
    "evidence_dir": Path,
    "nppes_api": str,
    "map_tile_url": str,
    "map_tile_attribution": str,
    "cache_mb": int,
    "redis_url": str,
}
