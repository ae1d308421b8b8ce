"""Complete what a searcher has typed so far, from the gazetteer alone."""

from collections import Counter
from collections.abc import Iterable

from directory.domain.placenames import Place, key_of, parse, short_key, words_of
from directory.domain.state_names import STATE_NAMES
from directory.sources.gazetteer import Gazetteer, NamedPlace
from directory.sources.place_choice import place_of, zip_place


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
    return _named_apart({row.id: row for row in rows}.values())[:limit]


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
