"""Read what a searcher typed as a place, from the gazetteer alone."""

from dataclasses import replace
from typing import Final

from directory.domain.placenames import (
    Attempt,
    Place,
    Query,
    Reading,
    Tried,
    Words,
    key_of,
    parse,
    short_key,
    state_name,
    words_of,
)
from directory.domain.state_names import MILITARY, STATE_NAMES
from directory.sources.gazetteer import Gazetteer, NamedPlace, ZipPlace
from directory.sources.gazetteer_build import TWO_EDITS_LENGTH
from directory.sources.place_choice import (
    county_place,
    likeliest,
    near,
    offer,
    place_of,
    preferred,
    zip_place,
)
from directory.sources.spelling import edit_distance

SAME_AREA_MILES: Final = 30.0  # a ZIP and a city, or a neighborhood and its city, agree
# Words around a city's name that mean about there.
_LOOSE: Final = frozenset(
    {"downtown", "greater", "metro", "metropolitan", "area", "region", "suburbs", "outside"}
    | {"central", "inner", "city", "of", "vicinity"}
)
_FILLER: Final = frozenset(
    {"near", "nearby", "around", "in", "close", "to", "clinic", "clinics", "ketamine", "the"}
)
STATE_ABOVE: Final = 1_000_000  # "New York": a city this large is likelier than its state
CHOICE_ABOVE: Final = 100_000  # "Washington": ask


class PlaceReader:
    """Reads places; holds no state but the gazetteer, so threads may share it."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.gazetteer = gazetteer

    def read(self, text: str) -> Reading:
        """Return what the text means; never raises, whatever the text."""
        query = parse(text)
        if not query.text:
            return Reading("", tried=(Tried(Attempt.NOTHING),))
        if query.bad_point:
            return _unknown(query, Attempt.RANGE)
        if query.point:
            return self._point(query, *query.point)
        if query.zip_code:
            return self._zip(query, query.zip_code)
        if query.leading_zip and (reading := self._leading_zip(query, query.leading_zip)):
            return reading
        if query.military:
            return Reading(query.text, note="military_zip")
        if query.abroad:
            return self._abroad(query)
        if query.state == "ME" and query.words and _FILLER.issuperset(query.words):
            return _unknown(query, Attempt.OWN_POSITION)
        return self._names(query)

    # Points and ZIP codes

    def _point(self, query: Query, lat: float, lon: float) -> Reading:
        nearest = self.gazetteer.nearest_zip(lat, lon)
        state = nearest[1].state if nearest and nearest[0] <= 60 else None
        place = Place(f"{lat:.4f}, {lon:.4f}", lat, lon, "point", state)
        return Reading(query.text, place, note=None if nearest else "abroad")

    def _zip(self, query: Query, code: str) -> Reading:
        found = self.gazetteer.zip_code(code)
        if found is None:
            if query.words:
                reading = self._names(query)
                if reading.found or reading.ambiguous:
                    note = "address_to_city" if query.street else "zip_to_city"
                    return replace(
                        reading, about=True, note=note, tried=(Tried(Attempt.ZIP, code),)
                    )
            return _unknown(query, Attempt.ZIP, code)
        if found.state in MILITARY:
            return Reading(query.text, note="military_zip")
        place = zip_place(found)
        if place is None:
            return self._zip_city(query, found)
        beyond = self._other_than(query, found)
        address = query.street and bool(query.words)
        return Reading(
            query.text,
            place,
            alternatives=beyond,
            about=address,
            note="address_to_zip" if address else None,
        )

    def _zip_city(self, query: Query, found: ZipPlace) -> Reading:
        """A ZIP code with no known point falls to its city."""
        rows = preferred(self.gazetteer.named(key_of(words_of(found.city)), found.state))
        if rows:
            return Reading(query.text, place_of(rows[0]), about=True, note="zip_to_city")
        return _unknown(query, Attempt.ZIP_WITHOUT_POINT, found.code)

    def _other_than(self, query: Query, found: ZipPlace) -> tuple[Place, ...]:
        """Return the city or state that was typed with a ZIP code when they do not agree."""
        rows = self._last_place(query) if query.words else []
        if rows and found.lat is not None and found.lon is not None:
            if not near(rows, found.lat, found.lon, SAME_AREA_MILES):
                return offer(rows[:3])
        elif query.state and query.state != found.state:
            state = self._state_place(query.state)
            return (state,) if state else ()
        return ()

    def _leading_zip(self, query: Query, code: str) -> Reading | None:
        """Read "97214 Portland OR" as a ZIP code, and leave "12345 Main St, Boise" alone."""
        found = self.gazetteer.zip_code(code)
        rest = (query.pieces[0][1:], *query.pieces[1:])
        pieces = tuple(piece for piece in rest if piece)
        words = tuple(word for piece in pieces for word in piece)
        if found is None or found.lat is None or found.lon is None:
            return None
        rows = self.gazetteer.named(key_of(words), query.state) if words else []
        if words and not near(rows, found.lat, found.lon, SAME_AREA_MILES):
            return None
        return self._zip(replace(query, pieces=pieces, street=False), code)

    # Names

    def _names(self, query: Query) -> Reading:
        if query.state and not query.words:
            return self._state(query, query.state)
        steps = (self._exact, self._within, self._foreign, self._typo, self._loose, self._address)
        for step in steps:
            reading = step(query)
            if reading is not None:
                return reading
        return self._nothing(query)

    def _exact(self, query: Query) -> Reading | None:
        rows = preferred(self._named(query.words, query.state), query.state)
        if rows and rows[0].weight < CHOICE_ABOVE and self._maybe_abroad(query):
            # "Mexico" is hardly the town in Missouri; "Jamaica" may well be the one in New York.
            return Reading(query.text, None, offer(rows), note="abroad")
        if query.state and len(query.all_pieces) == 1:
            # "Port Washington" and "Mount Washington KY" end in a state's name, or do not.
            whole = preferred(self._named(query.all_words, None))
            if whole and whole[0].rank > (rows[0].rank if rows else -1):
                return self._chosen(query, whole)
        if rows and rows[0].rank > 0:
            return self._chosen(query, rows)
        return self._county(query) or (self._chosen(query, rows) if rows else None)

    def _chosen(
        self,
        query: Query,
        rows: list[NamedPlace],
        *,
        about: bool = False,
        note: str | None = None,
        corrected: bool = False,
    ) -> Reading:
        top = likeliest(rows) or _spelled_so(query.words, rows)
        if top is None:
            choices = offer(rows)
            if len(choices) > 1:
                return Reading(query.text, None, choices, corrected=corrected, about=about)
            top = rows[0]  # one town entered twice: the same name in the same county
        place = place_of(top)
        others = [row for row in rows if row is not top]
        if not corrected and not query.street:
            others += self._much_larger(query, top)
        region = top.kind == "region"
        return Reading(
            query.text,
            place,
            offer(others, beside=place),
            corrected=corrected,
            about=about or region,
            note=note or ("region" if region else None),
        )

    def _much_larger(self, query: Query, top: NamedPlace) -> list[NamedPlace]:
        """Return a far larger city one letter away: "Pittsburg" may be a typo after all."""
        if len(top.key) < 5:
            return []
        least = max(20_000, 4 * top.weight)
        return self.gazetteer.larger_nearly(top, query.state, least)[:1]

    def _county(self, query: Query) -> Reading | None:
        """Read "King County WA", "Orleans Parish" and a bare "Miami-Dade"."""
        key = short_key(query.words)
        for name in (key, f"{key}county", f"{key}parish") if key else ():
            places = [county_place(*row) for row in self.gazetteer.counties(name, query.state)]
            if not places:
                continue
            first, others = places[0], tuple(places[1:9])
            likely = first.population >= sum(each.population for each in others)
            if likely:
                return Reading(query.text, first, others[:8], about=True, note="region")
            return Reading(query.text, None, tuple(places[:8]), about=True, note="region")
        return None

    def _within(self, query: Query) -> Reading | None:
        """Read "Capitol Hill, Seattle" or "10 Main St, Boise": pieces, each inside the next."""
        if len(query.pieces) < 2:
            return None
        rows = preferred(self._named(query.pieces[-1], query.state), query.state)
        if not rows:
            return None
        for piece in reversed(query.pieces[:-1]):
            inside = self._named(piece, query.state)
            for city in rows if not query.street else ():
                close = near(preferred(inside), city.lat, city.lon, SAME_AREA_MILES)
                if close:
                    return self._chosen(query, close[:1])
        return self._chosen(query, rows, about=True, note="address_to_city")

    def _foreign(self, query: Query) -> Reading | None:
        return self._abroad(query) if self._maybe_abroad(query) else None

    def _maybe_abroad(self, query: Query) -> bool:
        """Say whether a country ends the text, or it is a city known the world over."""
        if query.state:
            return False
        return query.maybe_abroad or self.gazetteer.is_abroad(short_key(query.words))

    def _abroad(self, query: Query) -> Reading:
        return Reading(query.text, note="abroad", tried=(Tried(Attempt.IN_COUNTRY),))

    def _typo(self, query: Query) -> Reading | None:
        if query.street and len(query.pieces) < 2:
            return None
        words = query.pieces[-1] if query.street else query.words
        about = query.street
        note = "address_to_city" if about else None
        rows = self._misspelled(words, query.state)
        if rows:
            return self._chosen(query, rows, about=about, note=note, corrected=True)
        return None if query.state else self._state_typo(query)

    def _misspelled(self, words: Words, state: str | None) -> list[NamedPlace]:
        """Return the towns a typo away. Short words and long ways would make it a guess."""
        key = short_key(words)
        if len(key) < (4 if state else 5) or not key.isalpha():
            return []
        misses = self.gazetteer.near_misses(key, state, 2 if len(key) >= TWO_EDITS_LENGTH else 1)
        if not misses:
            return []
        nearest = misses[0].distance
        rows = [
            miss.place
            for miss in misses
            if miss.distance == nearest
            and (nearest == 1 or miss.place.key[0] == key[0])
            and (state or len(key) > 7 or miss.place.weight >= 5_000)
        ]
        if state and rows:
            # One state has few names this alike; the largest is meant, the rest are offered.
            return rows[:1] + [row for row in rows[1:] if row.weight * 2 <= rows[0].weight]
        return rows

    def _state_typo(self, query: Query) -> Reading | None:
        """Read "Phoenix, Arizna": the place is known, its state has a letter wrong."""
        last = query.pieces[-1] if query.pieces else ()
        for size in (2, 1):
            tail = "".join(last[-size:])
            if len(last) < size or len(tail) < 5:
                continue
            for code, name in STATE_NAMES.items():
                whole = "".join(words_of(name))
                if abs(len(whole) - len(tail)) > 1 or edit_distance(tail, whole) != 1:
                    continue
                rest = last[:-size]
                pieces = query.pieces[:-1] + ((rest,) if rest else ())
                retry = replace(query, pieces=pieces, all_pieces=pieces, state=code)
                if not pieces:
                    return replace(self._state(retry, code), corrected=True)
                found = self._exact(retry) or self._within(retry)
                if found:
                    return replace(found, corrected=True)
        return None

    def _address(self, query: Query) -> Reading | None:
        """Read the longest place name before the state or the end: "10 Main St Boise ID"."""
        if not query.street and not query.state:
            return None
        rows = preferred(self._last_place(query), query.state)
        if not rows:
            return None
        return self._chosen(query, rows, about=True, note="address_to_city")

    def _last_place(self, query: Query) -> list[NamedPlace]:
        words = query.pieces[-1]
        for start in range(max(0, len(words) - 5), len(words)):
            rows = self._named(words[start:], query.state)
            if any(row.rank > 0 for row in rows) or (rows and start == 0):
                return rows
        return []

    def _loose(self, query: Query) -> Reading | None:
        """Read "downtown Boise" and "Denver metro area" as about there."""
        named = tuple(word for word in query.words if word not in _FILLER)
        words = tuple(word for word in named if word not in _LOOSE)
        if not words or words == query.words or query.street:
            return None
        pieces = (words,)
        retry = replace(query, pieces=pieces, all_pieces=pieces, street=False)
        found = self._exact(retry) or self._typo(retry)
        return replace(found, about=found.about or words != named) if found else None

    # States

    def _state_place(self, code: str) -> Place | None:
        extent = self.gazetteer.state_extent(code)
        if extent is None:
            return None
        population = self.gazetteer.state_population(code)
        return Place(state_name(code), extent[0], extent[1], "state", code, population)

    def _state(self, query: Query, code: str) -> Reading:
        """Read a state's name alone; a city of that name may be likelier, or as likely."""
        rows = [row for row in preferred(self._named(query.all_words, None)) if row.rank >= 2]
        if code == "DC":
            rows = preferred(self._named(("washington",), "DC"))
            return Reading(query.text, place_of(rows[0]))
        state = self._state_place(code)
        if state is None:
            return (
                self._chosen(query, rows)
                if rows
                else _unknown(query, Attempt.NAME, state_name(code))
            )
        named_state = replace(state, name=f"{state.name} (the state)")
        largest = rows[0].population if rows else 0
        if rows and largest >= STATE_ABOVE:
            city = place_of(rows[0])
            return Reading(query.text, city, offer(rows[1:], named_state, beside=city))
        if largest >= CHOICE_ABOVE:
            return Reading(query.text, None, offer(rows, named_state))
        towns = offer(row for row in rows if row.population >= 1000)
        return Reading(query.text, state, towns, about=True)

    def _nothing(self, query: Query) -> Reading:
        wanted = " ".join(query.text.split())[:60]
        tried = [Tried(Attempt.NAME, wanted)]
        digits = [word for word in query.words if word.isdigit()]
        if digits and len(query.words) == 1:
            tried = [Tried(Attempt.FIVE_DIGITS)]
        elif query.words:
            tried.append(Tried(Attempt.TYPO))
        state = self._state_place(query.state) if query.state else None
        return Reading(query.text, None, (state,) if state else (), tried=tuple(tried))

    def _named(self, words: Words, state: str | None) -> list[NamedPlace]:
        key = short_key(words)
        return self.gazetteer.named(key, state) if key else []


def _spelled_so(words: Words, rows: list[NamedPlace]) -> NamedPlace | None:
    """Return the one place spelled as typed: "Oldtown" is not "Old Town" where both exist."""
    same = [row for row in rows if words_of(row.name.split(" (")[0]) == words]
    return same[0] if len(same) == 1 else None


def _unknown(query: Query, attempt: Attempt, named: str = "") -> Reading:
    return Reading(query.text, tried=(Tried(attempt, named),))
