"""Towns while the gazetteer is compiled: joined with the cities of ZIP codes and told apart."""

import math
from collections import defaultdict
from dataclasses import dataclass, field

from directory.domain.placenames import name_key
from directory.domain.state_names import MILITARY
from directory.sources.zip_data import ZipCode

# Of one name in one state, a ZIP's city joins a listed town this near; farther ones are namesakes.
SAME_TOWN_MILES = 20.0
BY_HAND_MILES = 100.0
SAME_CITY_MILES, CITY_POPULATION = 45.0, 100_000  # large cities have ZIP codes far out
OWN, NICKNAME, OTHER, WEAK = 3, 2, 1, 0
BOROUGHS = frozenset({"brooklyn", "queens", "manhattan", "bronx", "statenisland"})


@dataclass(slots=True)
class Town:
    """One place while compiling; `names` maps a key to how good a name it is."""

    name: str
    states: tuple[str, ...]
    lat: float
    lon: float
    population: int = 0
    kind: str = "city"
    county: str = ""
    zips: int = 0
    eclipsed: bool = False
    names: dict[str, int] = field(default_factory=dict)

    @property
    def weight(self) -> int:
        """Return what ranks it: its people, or a guess from its ZIP codes when not counted."""
        people = max(self.population, 400 * self.zips)
        return people // 4 if self.eclipsed else people

    def call(self, key: str, rank: int) -> None:
        """Add a name, or raise how good it is."""
        if key:
            self.names[key] = max(rank, self.names.get(key, WEAK))


Towns = dict[tuple[str, str], list[Town]]  # by key and state


def miles_between(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Return the great-circle distance in miles, good to 0.5 %: for merging, never for answers."""
    a, b = math.radians(lat1), math.radians(lat2)
    half = (
        math.sin((b - a) / 2) ** 2
        + math.cos(a) * math.cos(b) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    )
    return 2 * 3958.8 * math.asin(min(1.0, math.sqrt(half)))


def merge_zip_cities(codes: list[ZipCode], towns: list[Town]) -> None:
    """Join each ZIP's city to the town of that name nearby, or make it a town of its own."""
    named: dict[tuple[str, str], list[Town]] = defaultdict(list)
    for town in towns:
        for key, rank in town.names.items():
            if rank in (OWN, NICKNAME, OTHER) and town.kind == "city":
                named[key, town.states[0]].append(town)
    for rank in (OWN, WEAK):
        groups: dict[tuple[str, str], list[tuple[ZipCode, str]]] = defaultdict(list)
        for code in codes:
            if code.lat is None or code.state in MILITARY:
                continue
            for city in (code.town,) if rank == OWN else code.other_cities:
                groups[name_key(city), code.state].append((code, city))
        for (key, state), members in groups.items():
            if key:
                _join(key, state, members, rank, towns, named[key, state])


def _join(
    key: str,
    state: str,
    members: list[tuple[ZipCode, str]],
    rank: int,
    towns: list[Town],
    known: list[Town],
) -> None:
    # Ordinary ZIPs first: a post-office box may be filed under its sorting center's point.
    for code, city in sorted(members, key=lambda each: (not each[0].standard, each[0].code)):
        if code.lat is None or code.lon is None:
            continue
        near = [
            (miles_between(code.lat, code.lon, town.lat, town.lon), at)
            for at, town in enumerate(known)
            if rank == OWN or key in town.names
        ]
        distance, at = min(near, default=(math.inf, 0))
        # A name given by hand means that town; some remote ZIP codes have a point far off.
        by_hand = bool(known) and rank == OWN and known[at].names[key] == NICKNAME
        large = bool(known) and known[at].population >= CITY_POPULATION and rank == OWN
        reach = SAME_CITY_MILES if large else SAME_TOWN_MILES
        if distance <= (BY_HAND_MILES if by_hand else reach):
            town = known[at]
            town.call(key, rank)
        else:
            town = Town(city, (state,), code.lat, code.lon, kind="city" if rank else "area")
            town.call(key, rank)
            town.county = code.county
            known.append(town)
            towns.append(town)
        if rank == OWN:
            town.zips += 2 if code.standard else 1


def settle_namesakes(towns: list[Town]) -> None:
    """Rank a place without mail of its own below its namesake in the state that has a ZIP code.

    "Monroe, Indiana" is the town people write on letters, not the subdivision called so.
    """
    named: dict[tuple[str, str], list[Town]] = defaultdict(list)
    for town in towns:
        if town.kind == "city":
            named[next(iter(town.names)), town.states[0]].append(town)
    for namesakes in named.values():
        if any(town.zips for town in namesakes):
            for town in namesakes:
                town.eclipsed = not town.zips


def locate(codes: list[ZipCode], towns: list[Town]) -> None:
    """Give each town its county, and tell neighborhoods of a large city from towns, by ZIP."""
    grid: dict[tuple[int, int], list[ZipCode]] = defaultdict(list)
    served: set[tuple[str, str]] = set()  # names the Postal Service knows as cities
    largest: dict[tuple[str, str], int] = defaultdict(int)
    for code in codes:
        if code.lat is not None and code.lon is not None and code.standard:
            grid[int(code.lat * 4), int(code.lon * 4)].append(code)
        for city in (code.town, *code.other_cities):
            served.add((name_key(city), code.state))
    for town in towns:
        for key in town.names:
            for state in town.states:
                largest[key, state] = max(largest[key, state], town.population)
    for town in towns:
        if town.county or town.kind == "region":
            continue
        near = _nearest(grid, town)
        if near is None:
            continue
        town.county = near.county
        own = next(iter(town.names))
        if town.kind == "city" and town.population and (own, town.states[0]) not in served:
            around = largest[name_key(near.city), near.state]
            if around >= 100_000 and around >= 5 * town.population:
                town.kind = "neighborhood"
        if own in BOROUGHS and town.states == ("NY",) and town.population > 400_000:
            town.kind = "neighborhood"


def _nearest(grid: dict[tuple[int, int], list[ZipCode]], town: Town) -> ZipCode | None:
    row, column = int(town.lat * 4), int(town.lon * 4)
    for reach in (1, 4):
        near = [
            code
            for y in range(row - reach, row + reach + 1)
            for x in range(column - reach, column + reach + 1)
            for code in grid.get((y, x), ())
            if code.state in town.states
        ]
        if near:
            scale = math.cos(math.radians(town.lat)) ** 2
            return min(
                near,
                key=lambda c: (c.lat - town.lat) ** 2 + scale * (c.lon - town.lon) ** 2,  # type: ignore[operator]
            )
    return None
