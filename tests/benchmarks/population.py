"""Clinics by the million, where the people of the United States live: arrays first, then rows.

85 of 100 stand in a city drawn by its population, with a scatter as wide as the city; the others at
a ZIP code drawn at random. The rows are those of the real schema, stamped out of prototypes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from directory import paths
from directory.domain.facets import state_number
from directory.domain.findings import minute_of
from directory.domain.places import earth_point
from directory.sources.zip_data import read_zip_codes
from tests.benchmarks import loading
from tests.benchmarks.prototypes import MARKS, PER_ZONE, Prototype, prototypes
from tests.factories import NOW

IN_CITIES = 0.85
MILES_PER_DEGREE = 69.1
NARROWEST_MILES, WIDEST_MILES = 0.8, 8.0
PER_CHUNK = 10_000
WESTERN_ENDS = (-85.0, -101.0, -114.0)
"""Degrees of longitude at which one time zone ends and the next begins, roughly."""

STAMPED = ("band", "lon_e6", "x", "y", "z", "clinic_id", "revision", "state_number")
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Spot:
    """A city or ZIP code of the project's own data; `weight` is its population."""

    city: str
    state: str
    postal_code: str
    lat: float
    lon: float
    weight: int


@cache
def cities() -> tuple[Spot, ...]:
    """Return the cities with people in them, each with one of its ZIP codes."""
    codes = {(spot.city.lower(), spot.state): spot.postal_code for spot in reversed(zip_codes())}
    found = []
    for line in (paths.SEED_DATA / "places.tsv").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        city, state, lat, lon, population = line.split("\t")[:5]
        code = codes.get((city.lower(), state), "00000")
        found.append(Spot(city, state, code, float(lat), float(lon), int(population)))
    return tuple(found)


@cache
def zip_codes() -> tuple[Spot, ...]:
    """Return the ZIP codes of which the point is known."""
    return tuple(
        Spot(code.city, code.state, code.code, code.lat, code.lon, 0)
        for code in read_zip_codes()
        if code.lat is not None and code.lon is not None and len(code.state) == 2
    )


@cache
def chances() -> Floats:
    """Return how likely each city is, by its population."""
    weights = np.array([spot.weight for spot in cities()], dtype=np.float64)
    shares: Floats = weights / weights.sum()
    return shares


@dataclass(frozen=True)
class Population:
    """All clinics as arrays; clinic n has the number n + 1."""

    spots: tuple[Spot, ...]
    place: Ints
    prototype: Ints
    lat: Floats
    lon: Floats

    def __len__(self) -> int:
        """How many clinics there are."""
        return len(self.lat)

    @cached_property
    def masks(self) -> dict[str, Ints]:
        """What a filter sees of each clinic when the questions are asked."""
        made = prototypes()
        then = [one.at(minute_of(NOW)) for one in made]
        columns = {
            "treats": [one.row["treats_mask"] for one in made],
            "offers": [one.row["offers_mask"] for one in made],
            "accepting": [one.row["accepting"] for one in made],
            "met": [piece.met_mask for piece in then],
            "standing": [piece.standing for piece in then],
        }
        return {
            name: np.array(values, dtype=np.int64)[self.prototype]
            for name, values in columns.items()
        }


@cache
def population(clinics: int, seed: int = 1) -> Population:
    """Draw where so many clinics stand, and of which prototype each is."""
    source = np.random.default_rng([seed, clinics])
    spots = (*cities(), *zip_codes())
    in_city = source.random(clinics) < IN_CITIES
    place = np.where(
        in_city,
        source.choice(len(cities()), clinics, p=chances()),
        source.integers(len(cities()), len(spots), clinics),
    )
    weights = np.array([spot.weight for spot in spots], dtype=np.float64)[place]
    miles = np.clip(np.sqrt(weights) / 250, NARROWEST_MILES, WIDEST_MILES)
    north, east = source.normal(size=(2, clinics)) * miles
    lat = np.array([spot.lat for spot in spots])[place] + north / MILES_PER_DEGREE
    narrow = MILES_PER_DEGREE * np.cos(np.radians(lat))
    lon = np.array([spot.lon for spot in spots])[place] + east / narrow
    lat = np.round(lat, 6)
    lon = np.round((lon + 180) % 360 - 180, 6)
    zone = np.digitize(-lon, [-end for end in WESTERN_ENDS])
    prototype = zone * PER_ZONE + source.integers(0, PER_ZONE, clinics)
    return Population(spots, place, prototype, lat, lon)


@dataclass(frozen=True)
class Stamp:
    """The text of a prototype's column with places to fill in by `%`, or a plain value."""

    text: Any
    filled: bool

    def value(self, words: dict[str, Any]) -> Any:
        """Return the column of one clinic."""
        return self.text % words if self.filled else self.text


def _stamp(value: Any) -> Stamp:
    if not isinstance(value, str):
        return Stamp(value, filled=False)
    text = value.replace("%", "%%")
    for name, mark in MARKS.items():
        text = text.replace(str(mark), f"%({name})s")
    return Stamp(text if text != value.replace("%", "%%") else value, filled="%(" in text)


class Stamps:
    """The columns of all tables for one prototype."""

    def __init__(self, prototype: Prototype) -> None:
        """Look for the marks once, for all clinics of this prototype."""
        points = dict.fromkeys(("lat", "lon", "id"))
        self.clinic = {n: _stamp(v) for n, v in prototype.clinic.items() if n not in points}
        self.row = {n: _stamp(v) for n, v in prototype.row.items() if n not in STAMPED}
        self.services = [
            tuple(value for name, value in one.items() if name not in ("id", "clinic_id"))
            for one in prototype.services
        ]
        self.periods = [
            (p.from_minute, p.until_minute, p.met_mask, p.standing) for p in prototype.periods
        ]


def columns() -> dict[str, tuple[str, ...]]:
    """Return the columns in which `chunks` gives each table's rows."""
    one = prototypes()[0]
    stamps = Stamps(one)
    return {
        "clinic": ("id", "lat", "lon", *stamps.clinic),
        "service": ("clinic_id", *(n for n in one.services[0] if n not in ("id", "clinic_id"))),
        "search_row": (*STAMPED, *stamps.row),
        "search_period": ("clinic_id", "from_minute", "until_minute", "met_mask", "standing"),
    }


def chunks(people: Population) -> Iterator[dict[str, list[tuple[Any, ...]]]]:
    """Yield the rows of all tables, some thousand clinics at a time, in the order of `columns`."""
    stamps = [Stamps(prototype) for prototype in prototypes()]
    for start in range(0, len(people), PER_CHUNK):
        made: dict[str, list[tuple[Any, ...]]] = {name: [] for name in columns()}
        for at in range(start, min(start + PER_CHUNK, len(people))):
            _stamp_out(made, people, at, stamps[people.prototype[at]])
        yield made


def _stamp_out(
    made: dict[str, list[tuple[Any, ...]]], people: Population, at: int, stamps: Stamps
) -> None:
    number, lat, lon = at + 1, float(people.lat[at]), float(people.lon[at])
    words = words_of(people, at)
    point = earth_point(lat, lon)
    clinic = [stamp.value(words) for stamp in stamps.clinic.values()]
    row = [stamp.value(words) for stamp in stamps.row.values()]
    # The card of each clinic is another one, whatever made the prototype's number.
    own = (number, number * 2_654_435_761 % 2**62, state_number(words["state"]))
    made["clinic"].append((number, lat, lon, *clinic))
    made["search_row"].append((point.band, point.lon_e6, point.x, point.y, point.z, *own, *row))
    made["service"] += [(number, *service) for service in stamps.services]
    made["search_period"] += [(number, *period) for period in stamps.periods]


def words_of(people: Population, at: int) -> dict[str, Any]:
    """Return what is the clinic's own; all of it is invented but the town."""
    spot = people.spots[people.place[at]]
    number = at + 1
    return {
        "name": f"{spot.city} Infusion Clinic {number}",
        "street": f"{number % 9000 + 100} Example Avenue",
        "city": spot.city,
        "state": spot.state,
        "postal_code": spot.postal_code,
        "lat": float(people.lat[at]),
        "lon": float(people.lon[at]),
        "phone": f"+1{number % 800 + 200}55501{number % 100:02}",
        "website": f"https://clinic-{number}.example.org",
    }


def fill(url: str, clinics: int, *, seed: int = 1) -> float:
    """Fill the empty database at `url` with the real schema and so many clinics.

    Returns the seconds it took, without drawing and the prototypes, but with the indexes and the
    statistics. Checks themselves are not written, only what was derived from them.
    """
    people = population(clinics, seed)
    return loading.load(url, columns(), chunks(people))
