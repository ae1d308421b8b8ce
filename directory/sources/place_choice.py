"""From gazetteer rows to places: how they are named, which is likeliest, what else to offer."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from directory.domain.placenames import MAX_ALTERNATIVES, Place
from directory.sources.gazetteer import NamedPlace, ZipPlace
from directory.sources.towns import NICKNAME, OWN, miles_between

# A nickname ("Boise City") outranks real towns of that name only with ten times their people,
# and never in a state that was named.
NICKNAME_FACTOR: Final = 10
# Likely: at least twice the runner-up, and home to half of all who live under that name.
RUNNER_UP_FACTOR: Final = 2
ONE_TOWN_MILES: Final = 10.0
_PRECISION: Final = {"neighborhood": "neighborhood", "region": "region"}


def place_of(row: NamedPlace, county: bool = False) -> Place:
    """Return the place of a gazetteer row; with its county when that is what tells it apart."""
    name = row.name
    if len(row.states) == 1 and not (row.kind == "region" and "(" in name):
        name = f"{name}, {row.states[0]}"
    if county and row.county:
        name = f"{name} ({row.county})"
    return Place(
        name,
        row.lat,
        row.lon,
        _PRECISION.get(row.kind, "city"),
        row.states[0] if len(row.states) == 1 else None,
        row.population,
    )


def zip_place(code: ZipPlace) -> Place | None:
    """Return the place of a ZIP code, or None when its point is not known."""
    if code.lat is None or code.lon is None:
        return None
    name = f"{code.code} ({code.city}, {code.state})"
    return Place(name, code.lat, code.lon, "zip", code.state)


def preferred(rows: Sequence[NamedPlace], state: str | None = None) -> list[NamedPlace]:
    """Return the rows to choose from, likeliest first: real names before nicknames before others.

    Names only GeoNames or mail carriers know count when there is nothing better: they are full
    of names out of use.
    """
    own = _one_each([row for row in rows if row.rank == OWN])
    nicknames = [row for row in rows if row.rank == NICKNAME]
    if own and nicknames:
        if not state and nicknames[0].weight >= NICKNAME_FACTOR * own[0].weight:
            return _one_each([*nicknames, *own])
        return _one_each([*own, *nicknames])
    if own or nicknames:
        return own or _one_each(nicknames)
    best = max((row.rank for row in rows), default=0)
    return _one_each([row for row in rows if row.rank == best])


def likeliest(rows: Sequence[NamedPlace]) -> NamedPlace | None:
    """Return the one most searchers mean, or None when nobody could tell.

    The first must have twice the people of any other and at least half of all of them together:
    so "Portland" is Portland, Oregon, and "Springfield" is a question. `rows` are not empty.
    """
    first = rows[0]
    others = [row.weight for row in rows[1:] if row.rank >= first.rank]
    if not others:
        return first
    if first.weight >= RUNNER_UP_FACTOR * max(others) and first.weight >= sum(others):
        return first
    return None


def offer(
    rows: Iterable[NamedPlace], *extra: Place, beside: Place | None = None
) -> tuple[Place, ...]:
    """Return at most eight places to choose from, by population, each with a name of its own.

    `beside` is the place already chosen, which no other may be taken for.
    """
    chosen = sorted(rows, key=lambda row: (-row.population, -row.weight))
    names = Counter(place_of(row).name for row in chosen)
    taken = beside.name if beside else ""
    places = [
        place_of(row, county=names[place_of(row).name] > 1 or place_of(row).name == taken)
        for row in chosen
    ]
    unique = {place.name: place for place in [*extra, *places] if place.name != taken}
    ordered = sorted(unique.values(), key=lambda place: -place.population)
    return tuple(ordered[:MAX_ALTERNATIVES])


def near(rows: Iterable[NamedPlace], lat: float, lon: float, miles: float) -> list[NamedPlace]:
    """Return the rows within so many miles, nearest first."""
    found = [(miles_between(lat, lon, row.lat, row.lon), row.id, row) for row in rows]
    return [row for distance, _, row in sorted(found) if distance <= miles]


def _one_each(rows: Sequence[NamedPlace]) -> list[NamedPlace]:
    """Leave out what is the same town again: a borough and its township, a town entered twice."""
    kept: list[NamedPlace] = []
    for row in rows:
        same = (
            each.states == row.states
            and miles_between(each.lat, each.lon, row.lat, row.lon) < ONE_TOWN_MILES
            for each in kept
        )
        if not any(same):
            kept.append(row)
    return kept


def county_place(state: str, name: str, lat: float, lon: float, population: int) -> Place:
    """Return the place of a county, from its row."""
    return Place(f"{name}, {state}", lat, lon, "region", state, population)
