"""What a map of clinics shows without a map server, and which addresses of one are allowed."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

RINGS: Final = (1, 2, 5, 10, 25, 50, 100, 250)
MOST_RINGS: Final = 3
PLACES_IN_A_TILE: Final = ("{z}", "{x}", "{y}")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?", re.IGNORECASE)
_ADDRESS = re.compile(r"[A-Za-z0-9/:?&=._~@%+{}-]+")


class TileAddressError(ValueError):
    """An address of map tiles that cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class TileAddress:
    """Where map tiles come from; `origin` is empty when that is this site itself."""

    url: str
    origin: str


def read_tile_address(text: str) -> TileAddress:
    """Return an operator's address of map tiles; raises TileAddressError with the reason.

    It ends up in the Content-Security-Policy, so only plain characters of an address pass: no
    space, comma, semicolon or quote that could add a source of its own.
    """
    if not _ADDRESS.fullmatch(text):
        raise TileAddressError("it holds a character that has no place in an address")
    if missing := [place for place in PLACES_IN_A_TILE if text.count(place) != 1]:
        raise TileAddressError(f"it needs {' and '.join(missing)} once each")
    bare = text
    for place in PLACES_IN_A_TILE:
        bare = bare.replace(place, "0")
    if "{" in bare or "}" in bare:
        raise TileAddressError("only {z}, {x} and {y} can be filled in")
    if text.startswith("/") and not text.startswith("//"):
        return TileAddress(text, "")
    parts = urlsplit(text)
    if parts.scheme != "https":
        raise TileAddressError("it must begin with https://, or with / for a path on this site")
    try:
        plain = _HOST.fullmatch(parts.netloc) and parts.port != 0
    except ValueError:  # a port beyond the last one
        plain = False
    if not plain:
        raise TileAddressError("its host must be one plain name, with a port at the most")
    return TileAddress(text, f"https://{parts.netloc.lower()}")


def rings_of(reach_miles: float, within_miles: float) -> tuple[float, ...]:
    """Return the distances in miles at which circles tell how far it is: three at the most.

    `reach_miles` is how far the clinics shown lie, `within_miles` how far was searched; that
    limit itself is one of the circles where the map comes near it.
    """
    seen = min(max(reach_miles, RINGS[0]) * 2, within_miles)
    rings = [float(ring) for ring in RINGS if ring <= seen]
    if seen == within_miles and within_miles not in rings:
        rings.append(within_miles)
    return tuple(rings[-MOST_RINGS:])


def beside(lon: float, middle: float) -> float:
    """Return a longitude as the same meridian within half a turn of `middle`, in degrees.

    A map around the antimeridian would else put neighbors at its two ends.
    """
    return lon - 360 * round((lon - middle) / 360)
