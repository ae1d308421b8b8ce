"""What a searcher may type for a place, taken apart: ZIP, coordinates, state, country and names.

Pure text work: nothing here knows where a place is. Every name is folded to one key, so that
"St. Louis", "Saint Louis" and "saint  louis" are the same place name.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from directory.domain.state_names import (
    COUNTRY_TAILS,
    FOREIGN,
    FOREIGN_ONLY_AFTER_COMMA,
    LONGEST_FOREIGN_WORDS,
    LONGEST_STATE_WORDS,
    MILITARY,
    STATE_NAMES,
    STATE_SPELLINGS,
)

MAX_QUERY: Final = 200  # characters read of a query; no address is longer
MAX_ALTERNATIVES: Final = 8
LONGEST_KEY: Final = 40  # letters; no place name has more


@dataclass(frozen=True, slots=True)
class Place:
    """One place on the map, as a search starts from it; `state` is the two-letter code."""

    name: str
    lat: float
    lon: float
    precision: str  # point, address, zip, neighborhood, city, region or state
    state: str | None = None
    population: int = 0


class Attempt(StrEnum):
    """The kinds of things that are looked for; the words for each stand with the pages."""

    NOTHING = "nothing"
    RANGE = "range"
    OWN_POSITION = "own_position"
    ZIP = "zip"
    ZIP_WITHOUT_POINT = "zip_without_point"
    FIVE_DIGITS = "five_digits"
    IN_COUNTRY = "in_country"
    NAME = "name"
    TYPO = "typo"


class Tried(NamedTuple):
    """One thing that was looked for; `named` is the code or the name of it, where it has one."""

    attempt: Attempt
    named: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a searcher's words were taken to mean, with the other things they could mean.

    `about`: the point stands for something larger or near (an address fell to its ZIP or city).
    `note`: military_zip, region, address_to_zip, address_to_city, zip_to_city, abroad or None.
    `tried`: what was looked for when nothing was found.
    """

    query: str
    place: Place | None = None
    alternatives: tuple[Place, ...] = ()
    corrected: bool = False
    about: bool = False
    note: str | None = None
    tried: tuple[Tried, ...] = ()

    @property
    def found(self) -> bool:
        """Say whether there is one likeliest place."""
        return self.place is not None

    @property
    def ambiguous(self) -> bool:
        """Say whether the searcher has to choose."""
        return self.place is None and bool(self.alternatives)


Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A searcher's text taken apart; `pieces` are the words between commas, tails taken off."""

    text: str
    pieces: tuple[Words, ...] = ()
    all_pieces: tuple[Words, ...] = ()  # with the state still on: "Port Washington" may be a name
    state: str | None = None
    zip_code: str | None = None
    leading_zip: str | None = None  # "97214 Portland": or a house number
    point: tuple[float, float] | None = None
    bad_point: bool = False
    abroad: bool = False
    maybe_abroad: bool = False  # a country's name at the end without a comma, or alone
    military: bool = False
    street: bool = False  # has a house number or a street word

    @property
    def words(self) -> Words:
        """Return all words before the state and the ZIP, commas ignored."""
        return tuple(word for piece in self.pieces for word in piece)

    @property
    def all_words(self) -> Words:
        """Return all words with the state still on, commas ignored."""
        return tuple(word for piece in self.all_pieces for word in piece)


# Short forms (the Postal Service's Publication 28 and everyday ones) are spelled out, so that a
# typo in the long word stays a typo of one letter.
_LONG: Final[dict[str, str]] = {
    "st": "saint", "ste": "saint", "sainte": "saint", "ft": "fort", "mt": "mount",
    "mtn": "mountain", "ctr": "center", "cntr": "center", "centre": "center", "hts": "heights",
    "hgts": "heights", "spgs": "springs", "spg": "springs", "sprgs": "springs", "spngs": "springs",
    "bch": "beach", "vlg": "village", "vil": "village", "jct": "junction", "jctn": "junction",
    "twp": "township", "hbr": "harbor", "harbour": "harbor", "gdns": "gardens", "is": "island",
    "isl": "island", "lk": "lake", "pt": "point", "grv": "grove", "fls": "falls", "vly": "valley",
    "lndg": "landing", "xing": "crossing", "cors": "corners", "blfs": "bluffs", "mls": "mills",
    "hls": "hills", "natl": "national", "rvr": "river", "brg": "bridge",
}  # fmt: skip
_DIRECTIONS: Final = {
    "n": "north", "no": "north", "nth": "north", "s": "south", "so": "south", "sth": "south",
    "e": "east", "w": "west",
}  # fmt: skip
_LEADING: Final = frozenset({"the"})
_CIVIC: Final = frozenset({"city", "town", "village", "borough", "township"})
_STREET_WORDS: Final = frozenset(
    [
        "avenue",
        "ave",
        "street",
        "blvd",
        "boulevard",
        "road",
        "rd",
        "drive",
        "dr",
        "lane",
        "ln",
        "highway",
        "hwy",
        "suite",
        "apt",
        "unit",
        "parkway",
        "pkwy",
        "court",
        "ct",
        "route",
        "rte",
        "broadway",
        "box",
    ]
)
# Letters that do not come apart into a base letter and an accent.
_LETTERS: Final = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe"})
_APOSTROPHES: Final = re.compile("['`´‘’ʻʼ′]")
_INITIALS: Final = re.compile(r"(?<![^\W_]{2})(?<=[^\W_])\.\s?(?=[^\W_](?:[^\w]|$))")
_NOT_WORD: Final = re.compile(r"[^a-z0-9]+")
_CONTROL: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_NUMBER: Final = r"([+-]?\d{1,3}(?:\.\d{1,12})?)\s*°?\s*"
_POINT: Final = re.compile(
    rf"^(?:geo:)?[(\[]?\s*{_NUMBER}([NS]?)\s*([,; ])\s*{_NUMBER}([EW]?)\s*[)\]]?$", re.IGNORECASE
)
_POSTAL_ABROAD: Final = re.compile(
    r"\b(?:[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] ?\d[ABCEGHJ-NPRSTV-Z]\d"  # Canada
    r"|[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2})$",  # United Kingdom
    re.IGNORECASE,
)


def clean(text: str) -> str:
    """Return one line of at most 200 characters without control or invisible characters."""
    text = _CONTROL.sub(" ", text[: MAX_QUERY * 2])
    return " ".join(unicodedata.normalize("NFKC", text).split())[:MAX_QUERY].strip()


def words_of(text: str, *, spell_out: bool = True) -> Words:
    """Return the folded words of a name: no accents, case or punctuation, short forms long."""
    text = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    if not text.isascii():
        text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = _INITIALS.sub("", _APOSTROPHES.sub("", text)).replace("&", " and ")
    words = _NOT_WORD.sub(" ", text).split()
    if not spell_out:
        return tuple(words)
    return tuple(
        word if word == "mt" and not _names_mount(after) else _LONG.get(word, word)
        for word, after in zip(words, [*words[1:], ""], strict=False)
    )


def _names_mount(after: str) -> bool:
    """Say whether "mt" before this word is a mount; at the end and before a ZIP it is Montana."""
    return after.isalpha() and after not in COUNTRY_TAILS


def key_of(words: Words) -> str:
    """Return the look-up key of folded words: directions spelled out, spaces gone.

    "N. Hollywood", "North Hollywood" and "NorthHollywood" have the same key, as have "The Bronx"
    and "Bronx".
    """
    while len(words) > 1 and words[0] in _LEADING:
        words = words[1:]
    if len(words) > 2 and words[0] in _CIVIC and words[1] == "of":
        words = words[2:]
    if len(words) > 1 and words[0] in _DIRECTIONS:
        words = (_DIRECTIONS[words[0]], *words[1:])
    return "".join(words)


def name_key(name: str) -> str:
    """Return the look-up key of a place's name."""
    return key_of(words_of(name))


def short_key(words: Words) -> str:
    """Return the look-up key of folded words, or nothing when no name is that long."""
    key = key_of(words)
    return key if len(key) <= LONGEST_KEY else ""


def state_code(text: str) -> str | None:
    """Return the two-letter code of a state or territory however it is written, else None."""
    return _STATE_KEYS.get("".join(words_of(text)))


def state_name(code: str) -> str:
    """Return the full name of a two-letter state, territory or military code."""
    return STATE_NAMES.get(code) or MILITARY.get(code) or code


# The same spellings, folded as the words of a query are.
_STATE_KEYS: Final[dict[str, str]] = {
    **STATE_SPELLINGS,
    **{"".join(words_of(name)): code for code, name in STATE_NAMES.items()},
}


def parse(text: str) -> Query:
    """Take a searcher's text apart; never raises, whatever the text."""
    line = clean(text)
    if not line:
        return Query("")
    point, bad_point = _point(line)
    if point or bad_point:
        return Query(line, point=point, bad_point=bad_point)
    if _POSTAL_ABROAD.search(line):
        return Query(line, abroad=True)
    pieces = [words for part in re.split("[,;]", line) if (words := words_of(part))]
    pieces = _without_filler(pieces)
    _drop_country(pieces)
    zip_code = _take_zip(pieces)
    abroad, maybe_abroad = _abroad(pieces)
    before = tuple(pieces)
    state, military = _take_state(pieces)
    military = military or _is_military(before)
    if not zip_code:
        zip_code = _take_zip(pieces)
        if zip_code:
            before = tuple(pieces)
    leading = None
    if not zip_code and pieces and re.fullmatch(r"\d{5}", pieces[0][0]):
        leading = pieces[0][0]
    all_words = [word for piece in pieces for word in piece]
    return Query(
        line,
        pieces=tuple(pieces),
        all_pieces=before,
        state=state,
        zip_code=zip_code,
        leading_zip=leading,
        abroad=abroad and state is None,
        maybe_abroad=maybe_abroad and state is None,
        military=military,
        street=any(word[0].isdigit() or word in _STREET_WORDS for word in all_words),
    )


def _point(line: str) -> tuple[tuple[float, float] | None, bool]:
    """Return a point on Earth, or whether the text was two numbers that are none."""
    match = _POINT.match(line)
    if match is None:
        return None, False
    lat_text, south, comma, lon_text, west = match.groups()
    if comma == " " and "." not in lat_text + lon_text:
        return None, False  # "97 214": two bare whole numbers are more likely a slip than a point
    lat, lon = float(lat_text), float(lon_text)
    lat = -abs(lat) if south.upper() == "S" else lat
    lon = -abs(lon) if west.upper() == "W" else lon
    if abs(lat) <= 90 and abs(lon) <= 180:
        return (lat, lon), False
    return None, True


def _without_filler(pieces: list[Words]) -> list[Words]:
    """Drop "zip code", which carries no place."""
    kept = []
    for piece in pieces:
        words = [word for word in piece if word not in {"zip", "zipcode"}] or list(piece)
        if len(words) > 1 and words[0] == "code" and words[1].isdigit():
            words.pop(0)
        kept.append(tuple(words))
    return kept


def _drop_country(pieces: list[Words]) -> None:
    """Take "USA" or "United States" off the end, unless nothing else was typed."""
    if not pieces:
        return
    last = pieces[-1]
    for size in (4, 3, 2, 1):
        if len(last) >= size and "".join(last[-size:]) in COUNTRY_TAILS:
            rest = last[:-size]
            if rest:
                pieces[-1] = rest
            elif len(pieces) > 1:
                pieces.pop()
            return


def _take_zip(pieces: list[Words]) -> str | None:
    """Take a ZIP code or ZIP+4 off the end and return its five digits."""
    if not pieces:
        return None
    last = pieces[-1]
    for size, pattern in ((2, r"(\d{5}) \d{4}"), (1, r"(\d{5})(?:\d{4})?")):
        match = re.fullmatch(pattern, " ".join(last[-size:])) if len(last) >= size else None
        if match:
            _shorten(pieces, size)
            return match[1]
    return None


def _take_state(pieces: list[Words]) -> tuple[str | None, bool]:
    """Take a state or a military region off the end: its code, and whether it is military."""
    if not pieces:
        return None, False
    last = pieces[-1]
    for size in range(min(LONGEST_STATE_WORDS, len(last)), 0, -1):
        tail = "".join(last[-size:])
        if tail in _STATE_KEYS:
            _shorten(pieces, size)
            return _STATE_KEYS[tail], False
        if size == 1 and tail.upper() in MILITARY:
            _shorten(pieces, size)
            return tail.upper(), True
    return None, False


def _is_military(pieces: tuple[Words, ...]) -> bool:
    first = pieces[0] if pieces else ()
    return first[:1] in {("apo",), ("fpo",), ("dpo",)} or first[:2] == ("armed", "forces")


def _shorten(pieces: list[Words], size: int) -> None:
    rest = pieces[-1][:-size]
    if rest:
        pieces[-1] = rest
    else:
        pieces.pop()


def _abroad(pieces: list[Words]) -> tuple[bool, bool]:
    """Say whether the text names another country for sure (after a comma), or perhaps."""
    if not pieces:
        return False, False
    last = pieces[-1]
    whole = "".join(last)
    if len(pieces) > 1 and whole in FOREIGN:
        return True, False
    for size in range(min(LONGEST_FOREIGN_WORDS, len(last)), 0, -1):
        tail = "".join(last[-size:])
        if tail in FOREIGN and tail not in FOREIGN_ONLY_AFTER_COMMA:
            return False, True
    return False, False
