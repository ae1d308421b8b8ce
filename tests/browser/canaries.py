"""A thousand searches, each with words or a position that nobody else ever sends; then a hunt."""

import logging
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.client import HTTPConnection
from itertools import cycle
from pathlib import Path
from string import ascii_lowercase
from urllib.parse import urlencode

from tests.support.live import Site
from tests.support.stock import Tables, different, everything

SHORTEST = 4
"""Decimals of a position that nothing may keep: ten meters. The sites' own have other digits."""
AT_ONCE = 2
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True)
class Search:
    """One search, and what must not be found anywhere afterwards."""

    method: str
    path: str
    body: str
    canaries: tuple[str, ...]


@dataclass
class Told:
    """What a server let out while it was searched, besides its pages."""

    answered: list[int] = field(default_factory=list)
    cookies: list[str] = field(default_factory=list)
    referrers: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class State:
    """Everything that is stored: the rows of all tables, and the hash of each file."""

    tables: Tables
    files: dict[str, str]


def searches(count: int, seed: int = 7) -> list[Search]:
    """Make searches of every kind, by place and by position, each with canaries of its own."""
    chance = random.Random(seed)
    kinds = cycle((_by_place, _by_street, _by_point, _by_api, _by_api_point, _near_me, _completed))
    return [kind(chance) for _n, kind in zip(range(count), kinds, strict=False)]


def _word(chance: random.Random) -> str:
    return "qz" + "".join(chance.choices(ascii_lowercase, k=10))


def _point(chance: random.Random) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return a position near Phoenix, and its digits from the fourth decimal on."""
    lat = f"33.{chance.randrange(300_000_000, 600_000_000)}"
    lon = f"-112.{chance.randrange(100_000_000, 300_000_000)}"
    return {"lat": lat, "lon": lon}, (_cut(lat), _cut(lon))


def _cut(number: str) -> str:
    whole, _, decimals = number.partition(".")
    return f"{whole}.{decimals[:SHORTEST]}"


def _get(path: str, canaries: tuple[str, ...], **query: str) -> Search:
    return Search("GET", f"{path}?{urlencode(query)}", "", canaries)


def _by_place(chance: random.Random) -> Search:
    word = _word(chance)
    return _get("/clinics", (word,), near=word)


def _by_street(chance: random.Random) -> Search:
    word = _word(chance)
    return _get("/clinics", (word,), near=f"12 {word} Street, Phoenix, AZ 85004", within="100")


def _by_point(chance: random.Random) -> Search:
    point, canaries = _point(chance)
    return _get("/clinics", canaries, **point)


def _by_api(chance: random.Random) -> Search:
    word = _word(chance)
    return _get("/api/v1/clinics", (word,), near=f"{word} Road, Austin, TX")


def _by_api_point(chance: random.Random) -> Search:
    point, canaries = _point(chance)
    return _get("/api/v1/clinics", canaries, **point)


def _near_me(chance: random.Random) -> Search:
    point, canaries = _point(chance)
    return Search("POST", "/near-me", urlencode(point), canaries)


def _completed(chance: random.Random) -> Search:
    word = _word(chance)
    return _get("/api/v1/places", (word,), q=word)


def send(site: Site, made: list[Search]) -> Told:
    """Send all searches to a server over its socket; returns what came back beside the pages."""
    told = Told()

    def some(part: list[Search]) -> None:
        connection = HTTPConnection(site.host, timeout=60)
        for one in part:
            headers = FORM if one.body else {}
            connection.request(one.method, one.path, one.body or None, headers)
            answer = connection.getresponse()
            answer.read()
            told.answered.append(answer.status)
            told.cookies += answer.headers.get_all("Set-Cookie") or []
            if answer.headers["Referrer-Policy"] != "no-referrer":
                told.referrers.append(one.path)
            told.targets += answer.headers.get_all("Location") or []
        connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(some, (made[n::AT_ONCE] for n in range(AT_ONCE))))
    return told


class Keeper(logging.Handler):
    """Keeps what any part of the program logs, in full."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.lines.append(f"{record.name} {self.format(record)}")


@contextmanager
def every_log() -> Iterator[Keeper]:
    """Keep every line of every logger, the talkative ones included."""
    keeper, root = Keeper(), logging.getLogger()
    level = root.level
    root.addHandler(keeper)
    root.setLevel(logging.DEBUG)
    try:
        yield keeper
    finally:
        root.removeHandler(keeper)
        root.setLevel(level)


def state_of(site: Site, *folders: Path) -> State:
    """Return everything that a site has stored."""
    files = {
        str(file): sha256(file.read_bytes()).hexdigest()
        for folder in folders
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
    return State(everything(site.app), files)


def _text(state: State) -> str:
    return "\n".join(row for rows in state.tables.values() for row in rows)


def traces(
    made: list[Search], told: Told, log: str, printed: str, before: State, after: State
) -> list[str]:
    """Return every trace that the searches left, by where it was found."""
    canaries = {canary for one in made for canary in one.canaries}

    def holding(name: str, text: str) -> list[str]:
        lowered = text.lower()
        return [f"{name}: {canary}" for canary in canaries if canary in lowered]

    there = set(holding("stored", _text(before)))  # the digits of a clinic's own position, say
    found = [line for line in holding("stored", _text(after)) if line not in there]
    found += holding("logged", log) + holding("printed", printed)
    found += holding("sent on", "\n".join(told.targets))
    found += [f"rows of {name} changed" for name in different(before.tables, after.tables)]
    found += [
        f"the file {name} changed"
        for name in {**before.files, **after.files}
        if before.files.get(name) != after.files.get(name)
    ]
    found += [f"a cookie: {cookie}" for cookie in told.cookies]
    found += [f"a referrer is sent from {path}" for path in told.referrers]
    return found


def drill(
    site: Site, count: int, folders: tuple[Path, ...], printed: Callable[[], str]
) -> tuple[list[str], Told, list[str]]:
    """Search a site so often; returns the traces, what came back, and the lines of the log."""
    made = searches(count)
    before = state_of(site, *folders)
    with every_log() as keeper:
        told = send(site, made)
    after = state_of(site, *folders)
    found = traces(made, told, "\n".join(keeper.lines), printed(), before, after)
    return found, told, keeper.lines
