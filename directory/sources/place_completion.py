"""Complete what a searcher has typed so far, from the gazetteer alone."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from directory.domain.placenames import Place, key_of, parse, short_key, words_of
from directory.domain.state_names import STATE_NAMES
from directory.sources.gazetteer import Gazetteer, NamedPlace
from directory.sources.place_choice import place_of, zip_place
from directory.sources.place_search import PlaceReader

SHORTEST_STATE = 4
"""Letters from which a state's name is completed; "new" and "mas" begin too much else."""

MOST_STATES = 2


def complete(gazetteer: Gazetteer, prefix: str, limit: int) -> tuple[Place, ...]:
    """Return places whose name or ZIP code begins with what was typed so far."""
    query = parse(prefix)
    words = query.all_words if query.state else query.words
    if query.zip_code and not words:
        words = (query.zip_code,)
    key = short_key(words)
    if not key or query.point:
        return ()
    if key.isdigit():
        found = [zip_place(code) for code in gazetteer.zip_prefix(key[:5], limit)]
        return tuple(place for place in found if place)
    # "st" begins Stockton as well as Saint Paul: both the word as typed and spelled out.
    typed = key_of(words_of(query.text, spell_out=False))
    rows = [row for each in {key, typed} for row in gazetteer.name_prefix(each, (), limit)]
    if len(words) > 1:
        states = _states_from(words[-1])
        if states:  # "Portland, m" is on its way to Maine
            rows += gazetteer.name_prefix(short_key(words[:-1]), states, limit)
    whole = _whole_states(gazetteer, key)
    places = _named_apart({row.id: row for row in rows}.values())
    return (*places[: max(limit - len(whole), 0)], *whole)[:limit]


def _whole_states(gazetteer: Gazetteer, key: str) -> tuple[Place, ...]:
    """Return the states whose name begins so, after the towns: a town is what most look for."""
    if len(key) < SHORTEST_STATE:
        return ()
    names = [name for name in STATE_NAMES.values() if "".join(words_of(name)).startswith(key)]
    reader = PlaceReader(gazetteer)
    found = []
    for name in names[:MOST_STATES]:
        reading = reader.read(name)
        if reading.place is not None and reading.place.precision == "state":
            found.append(reading.place)
        # "New York" alone is the city; with the word behind it, it is read as the state.
        others = [place for place in reading.alternatives if place.precision == "state"]
        found += [replace(place, name=f"{name} State") for place in others]
    return tuple(found)


def _named_apart(rows: Iterable[NamedPlace]) -> tuple[Place, ...]:
    """Return the places in the rows' order of weight, with counties where names are the same."""
    ordered = sorted(rows, key=lambda row: (-_people(row), row.name))
    names = Counter(place_of(row).name for row in ordered)
    return tuple(place_of(row, county=names[place_of(row).name] > 1) for row in ordered)


def _people(row: NamedPlace) -> int:
    """Return the people a completion is ordered by; a wide region counts a tenth."""
    return row.weight // 10 if row.kind == "region" else row.weight


def _states_from(prefix: str) -> tuple[str, ...]:
    return tuple(
        code
        for code, name in STATE_NAMES.items()
        if code.lower().startswith(prefix) or "".join(words_of(name)).startswith(prefix)
    )
