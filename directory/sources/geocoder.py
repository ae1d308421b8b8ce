"""From a searcher's words to a point: the embedded geocoder, or an operator's own server.

The only file that imports geopy.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol

from geopy.adapters import BaseSyncAdapter
from geopy.distance import geodesic
from geopy.exc import GeocoderQueryError, GeocoderUnavailable
from geopy.extra.rate_limiter import RateLimiter
from geopy.geocoders import Nominatim, Pelias, Photon
from geopy.geocoders.base import DEFAULT_SENTINEL, Geocoder
from geopy.location import Location
from geopy.point import Point

from directory.domain.placenames import Place, Reading
from directory.sources.gazetteer import Gazetteer
from directory.sources.place_choice import zip_place
from directory.sources.place_completion import complete
from directory.sources.place_search import PlaceReader

log = logging.getLogger(__name__)

KINDS: Final = ("embedded", "nominatim", "pelias", "photon")
# A server that failed is left alone this long, so that a dead one does not slow every search.
REST_SECONDS: Final = 60.0
# An online answer this far from what the gazetteer read is about something else.
MOST_MILES_APART: Final = 60.0
KNOWN_AT_MOST: Final = 2000
"""Texts that are kept with their meaning: about two megabytes."""
_COUNTRIES: Final = ("us", "pr", "gu", "vi", "as", "mp")


class PlaceGeocoder(Protocol):
    """What search asks of a geocoder, whichever is set."""

    def read(self, query: str) -> Reading:
        """Return what the text means; never raises."""

    def complete(self, prefix: str, limit: int = 8) -> tuple[Place, ...]:
        """Return places whose name or ZIP code begins with `prefix`."""


def geodesic_miles(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the miles along the WGS-84 ellipsoid between two (lat, lon) points in degrees."""
    return float(geodesic(a, b).miles)


class NoNetworkAdapter(BaseSyncAdapter):  # type: ignore[misc]
    """An adapter for a geocoder that has everything it needs: any request is a bug."""

    def get_json(self, url: str, *, timeout: Any, headers: Any) -> Any:
        """Refuse."""
        raise GeocoderUnavailable("the embedded geocoder makes no network requests")

    def get_text(self, url: str, *, timeout: Any, headers: Any) -> Any:
        """Refuse."""
        raise GeocoderUnavailable("the embedded geocoder makes no network requests")


class EmbeddedGeocoder(Geocoder):  # type: ignore[misc]
    """A geopy geocoder over the compiled gazetteer: offline, for the United States only."""

    def __init__(self, gazetteer_path: Path) -> None:
        super().__init__(adapter_factory=NoNetworkAdapter)
        self.gazetteer = Gazetteer(gazetteer_path)
        self._reader = PlaceReader(self.gazetteer)
        self._known: dict[str, Reading] = {}

    def read(self, query: str) -> Reading:
        """Return what the text means, with alternatives; never raises.

        The plain name of a place, or a ZIP code, is kept with its meaning for the next who asks;
        an address, or what might be somebody's own words, is not.
        """
        reading = self._known.get(query)
        if reading is None:
            reading = self._reader.read(query)
            if _is_plain(reading):
                if len(self._known) >= KNOWN_AT_MOST:
                    self._known.clear()
                self._known[query] = reading
        return reading

    def complete(self, prefix: str, limit: int = 8) -> tuple[Place, ...]:
        """Return at most `limit` places whose name or ZIP code begins with `prefix`."""
        return complete(self.gazetteer, prefix, limit)

    def geocode(
        self, query: str, *, exactly_one: bool = True, timeout: Any = DEFAULT_SENTINEL
    ) -> Location | list[Location] | None:
        """Return the likeliest location, or all likely ones, or None, as every geopy geocoder.

        With `exactly_one`, None also when several are as likely: use `read` to offer them.
        `timeout` is accepted and not needed. Raises GeocoderQueryError when `query` is no text.
        """
        if not isinstance(query, str):
            raise GeocoderQueryError("the query must be text")
        reading = self.read(query)
        if exactly_one:
            return _location(reading.place) if reading.place else None
        places = ([reading.place] if reading.place else []) + list(reading.alternatives)
        return [_location(place) for place in places] or None

    def reverse(
        self, query: Any, *, exactly_one: bool = True, timeout: Any = DEFAULT_SENTINEL
    ) -> Location | list[Location] | None:
        """Return the ZIP code whose middle is nearest to a point, or None 150 miles from any.

        `query` is what geopy takes: a Point, (lat, lon) or text. Raises GeocoderQueryError when
        it is no point on Earth.
        """
        try:
            point = Point(query)
        except (TypeError, ValueError) as problem:
            raise GeocoderQueryError(str(problem)) from problem
        found = self.gazetteer.nearest_zip(point.latitude, point.longitude)
        place = zip_place(found[1]) if found else None
        if place is None:
            return None
        return _location(place) if exactly_one else [_location(place)]


def _is_plain(reading: Reading) -> bool:
    """Say whether nothing but the name of a place or a ZIP code was typed."""
    plain = reading.query.isdigit() or not any(sign.isdigit() for sign in reading.query)
    exact = reading.place is not None and not reading.corrected and not reading.about
    return plain and exact and reading.note is None


class OnlineGeocoder:
    """An operator's own Nominatim, Pelias or Photon for addresses; the embedded one otherwise.

    It is asked only for street addresses and for what the gazetteer does not know, and any
    failure of it leaves the embedded answer standing.
    """

    def __init__(
        self,
        embedded: EmbeddedGeocoder,
        ask: Callable[[str], Location | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._embedded = embedded
        self._ask = ask
        self._clock = clock
        self._rests_until = -1.0

    def read(self, query: str) -> Reading:
        """Return what the text means, an address to the house where the server knows it."""
        reading = self._embedded.read(query)
        address = reading.note in {"address_to_zip", "address_to_city"}
        nothing = not reading.found and not reading.alternatives and reading.note is None
        if not (address or nothing) or len(reading.query) < 4:
            return reading
        place = self._online(reading)
        if place is None:
            return reading
        precision = "address" if address else "point"
        return replace(
            reading,
            place=replace(place, precision=precision),
            about=False,
            note=None,
            tried=(),
        )

    def complete(self, prefix: str, limit: int = 8) -> tuple[Place, ...]:
        """Return completions from the gazetteer: what is being typed is never sent anywhere."""
        return self._embedded.complete(prefix, limit)

    def _online(self, reading: Reading) -> Place | None:
        if self._clock() < self._rests_until:
            return None
        try:
            found = self._ask(reading.query)
        except Exception as problem:
            self._rests_until = self._clock() + REST_SECONDS
            # The kind of failure only: the message may hold what was searched for.
            log.warning("the online geocoder failed: %s", type(problem).__name__)
            return None
        if found is None:
            return None
        place = Place(str(found.address)[:200], found.latitude, found.longitude, "point")
        nearest = self._embedded.gazetteer.nearest_zip(place.lat, place.lon)
        if nearest is None:
            return None  # not in this country
        place = replace(place, state=nearest[1].state)
        near = reading.place
        if near is None:
            return place
        apart = geodesic_miles((place.lat, place.lon), (near.lat, near.lon))
        return place if apart <= MOST_MILES_APART else None


def open_geocoder(
    kind: str,
    gazetteer_path: Path,
    *,
    domain: str | None,
    timeout: float,
    user_agent: str,
    adapter_factory: Any = None,
) -> PlaceGeocoder:
    """Return the geocoder of a setting: embedded, nominatim, pelias or photon.

    `domain` is the operator's own server ("geo.example.org:8080", or with http://), `timeout` in
    seconds. Raises ValueError for another kind, or for an online one without a domain, and
    FileNotFoundError when the gazetteer has not been compiled.
    """
    if kind not in KINDS:
        raise ValueError(f"the geocoder must be one of {', '.join(KINDS)}, not {kind!r}")
    embedded = EmbeddedGeocoder(gazetteer_path)
    if kind == "embedded":
        return embedded
    options = _options(kind, domain, timeout, user_agent, adapter_factory)
    return OnlineGeocoder(embedded, _asker(kind, options))


@dataclass(frozen=True, slots=True)
class House:
    """What a geocoder answered about an address: a WGS-84 point in degrees, and in its words.

    `number` is the house number in the answer, None when it found only a street or a town.
    """

    lat: float
    lon: float
    said: str
    number: str | None


class LookupFailed(Exception):
    """The geocoder did not answer, or not in a way that can be read."""


def open_house_finder(
    kind: str,
    *,
    domain: str | None,
    timeout: float,
    user_agent: str,
    seconds: float,
    adapter_factory: Any = None,
) -> Callable[[str], House | None] | None:
    """Return what finds the house of an address, at most one every `seconds`.

    None for the embedded geocoder, which knows no houses. What is returned gives None for an
    address that the server does not know, tries once more when the server fails, and then raises
    LookupFailed. Raises ValueError as open_geocoder does.
    """
    if kind == "embedded":
        return None
    if kind not in KINDS:
        raise ValueError(f"the geocoder must be one of {', '.join(KINDS)}, not {kind!r}")
    limited = RateLimiter(
        _asker(kind, _options(kind, domain, timeout, user_agent, adapter_factory), houses=True),
        min_delay_seconds=seconds,
        max_retries=1,
        error_wait_seconds=5 * seconds,
        swallow_exceptions=False,
    )

    def find(question: str) -> House | None:
        try:
            found = limited(question)
            return None if found is None else _house(found)
        except Exception as problem:
            raise LookupFailed(type(problem).__name__) from problem

    return find


def _house(found: Location) -> House:
    """Read the number from what Nominatim, Pelias or Photon say beside the point."""
    raw = found.raw if isinstance(found.raw, dict) else {}
    about = raw.get("address") or raw.get("properties") or raw
    number = about.get("house_number") or about.get("housenumber")
    said = "".join(sign for sign in str(found.address) if sign.isprintable())
    return House(found.latitude, found.longitude, said[:200], str(number) if number else None)


def _options(
    kind: str, domain: str | None, timeout: float, user_agent: str, adapter_factory: Any
) -> dict[str, Any]:
    if not domain:
        raise ValueError(f"the {kind} geocoder needs the domain of your own server")
    scheme, _, host = domain.rpartition("://")
    options = {
        "domain": host.rstrip("/"),
        "scheme": scheme or "https",
        "timeout": timeout,
        "user_agent": user_agent,
    }
    if adapter_factory is not None:
        options["adapter_factory"] = adapter_factory
    return options


def _asker(
    kind: str, options: dict[str, Any], *, houses: bool = False
) -> Callable[[str], Location | None]:
    if kind == "nominatim":
        nominatim = Nominatim(**options)
        return lambda query: nominatim.geocode(
            query, country_codes=_COUNTRIES, addressdetails=houses
        )
    if kind == "pelias":
        pelias = Pelias(**options)
        return lambda query: pelias.geocode(query, countries=[c.upper() for c in _COUNTRIES])
    photon = Photon(**options)
    return lambda query: photon.geocode(query)


def _location(place: Place) -> Location:
    raw = {
        "precision": place.precision,
        "state": place.state,
        "population": place.population,
    }
    return Location(place.name, Point(place.lat, place.lon), raw)
