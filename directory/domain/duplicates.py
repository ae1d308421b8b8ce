"""Which clinics may be one clinic listed twice: found by blocks, never by comparing all with all.

How like two names are is asked of a function that the caller passes in, 0 to 100.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from directory.domain.entries import has_hidden, looks_alike

Similarity = Callable[[str, str], float]
Pair = tuple[int, int]
"""Two clinics' numbers, the lower first."""

BLOCK = 24
"""The largest block whose clinics are all compared with each other; a larger one is sorted, and
each clinic is compared with its neighbors alone: a hotline that a thousand clinics share must not
cost half a million comparisons."""
NEIGHBORS = 8
SAME_NAME = 85.0
SAME_STREET = 84.0
NAME_AT_ADDRESS = 80.0


class Reason(StrEnum):
    """Why two clinics may be one, strongest first."""

    NPI = "npi"
    PHONE = "phone"
    ADDRESS = "address"
    LOOKS_ALIKE = "looks_alike"
    NAME = "name"
    OWNER = "owner"
    BUILDING = "building"


WEIGHTS = {
    Reason.NPI: 16,
    Reason.PHONE: 12,
    Reason.ADDRESS: 8,
    Reason.LOOKS_ALIKE: 6,
    Reason.NAME: 4,
    Reason.OWNER: 2,
    Reason.BUILDING: 1,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is compared of a clinic; `owner` is its organization's number, if it is known."""

    id: int
    name: str
    street: str
    city: str
    state: str
    postal_code: str
    phone: str | None = None
    npi: str | None = None
    owner: int | None = None
    owner_npi: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Two clinics that may be one, with the reasons, strongest first."""

    low: int
    high: int
    reasons: tuple[Reason, ...]

    @property
    def pair(self) -> Pair:
        """The two numbers."""
        return (self.low, self.high)

    @property
    def weight(self) -> int:
        """How much speaks for it; only for the order in which pairs are shown."""
        return sum(WEIGHTS[reason] for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class Found:
    """The pairs, the likeliest first, and how many comparisons it took."""

    pairs: tuple[Likeness, ...]
    compared: int


# Letters of other alphabets that look like Latin ones, from Unicode's list of confusables.
_TWINS = str.maketrans(
    "аеорсухіјѕԁһӏкмнтвгԛԝ" + "αεορυχικνντβητ" + "օոսց",
    "aeopcyxijsdhlkmhtbrqw" + "aeopuxikvvtbnt" + "onug",
)
_GENERIC = frozenset({
    "a", "and", "at", "by", "center", "centers", "centre", "clinic", "clinics", "for", "group",
    "health", "healing", "infusion", "infusions", "institute", "iv", "ketamine", "medical",
    "medicine", "mental", "of", "pain", "pllc", "pc", "llc", "inc", "pa", "corp", "co", "ltd",
    "lp", "psychiatry", "spa", "the", "therapies", "therapy", "treatment", "treatments",
    "wellness", "care", "services",
})  # fmt: skip
_WORDS = {
    "street": "st", "str": "st", "avenue": "ave", "av": "ave", "boulevard": "blvd", "road": "rd",
    "drive": "dr", "lane": "ln", "court": "ct", "place": "pl", "parkway": "pkwy", "pky": "pkwy",
    "highway": "hwy", "square": "sq", "terrace": "ter", "circle": "cir", "trail": "trl",
    "expressway": "expy", "freeway": "fwy", "turnpike": "tpke", "plaza": "plz", "saint": "st",
    "mount": "mt", "fort": "ft", "north": "n", "south": "s", "east": "e", "west": "w",
    "northeast": "ne", "northwest": "nw", "southeast": "se", "southwest": "sw", "first": "1st",
    "second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th", "sixth": "6th",
    "seventh": "7th", "eighth": "8th", "ninth": "9th", "tenth": "10th", "route": "rte",
}  # fmt: skip
"""The postal service's short forms, so that both ways of writing are one."""
_DIRECTIONS = frozenset({"n", "s", "e", "w", "ne", "nw", "se", "sw"})
_UNIT = re.compile(
    r"(?:\b(?:suite|ste|unit|apt|apartment|room|rm|building|bldg|floor|fl|office|ofc)\b|#)"
    r"[\s.#]*([a-z0-9][a-z0-9-]*)|\b(\d+)(?:st|nd|rd|th)\s+(?:floor|fl)\b"
)
_BOX = re.compile(r"\b(?:p\.?\s*o\.?\s*box|post office box)\s*([a-z0-9-]+)")


@dataclass(frozen=True, slots=True)
class Street:
    """A street address taken apart: house number, the street in short forms, suite or floor."""

    number: str
    street: str
    unit: str


def plain(text: str) -> str:
    """Return text as an eye that is easily fooled reads it.

    Full-width and accented letters and Greek, Cyrillic and Armenian twins become plain Latin
    ones, and what nobody sees is gone.
    """
    if text.isascii() and text.isprintable():
        return text.lower()
    text = unicodedata.normalize("NFKD", text).casefold().translate(_TWINS)
    return "".join(
        char
        for char in text
        if unicodedata.category(char) not in ("Mn", "Cf", "Cc") or char.isspace()
    )


def is_disguised(name: str) -> bool:
    """Say whether a name holds letters that pass for others: twins, full-width ones, hidden ones.

    An accent is no disguise.
    """
    if name.isascii() and name.isprintable():
        return False
    wide = any("FULLWIDTH" in unicodedata.name(c, "") or _is_styled(c) for c in name)
    return looks_alike(name) or has_hidden(name) or wide


def _is_styled(char: str) -> bool:
    return unicodedata.decomposition(char).startswith("<font>")


def read_street(text: str) -> Street:
    """Take a street line apart; what cannot be read is left in `street`."""
    text = plain(text).replace("’", "").replace("'", "")
    box = _BOX.search(text)
    if box:
        return Street(f"po box {box[1]}", "", "")
    unit = " ".join(found[1] or found[2] for found in _UNIT.finditer(text))
    words = re.findall(r"[a-z0-9-]+", _UNIT.sub(" ", text))
    number = words.pop(0) if words and words[0][0].isdigit() else ""
    return Street(number, " ".join(_WORDS.get(word, word) for word in words), unit)


def read_name(text: str) -> str:
    """Return the words of a name that tell it from others, in order; all of them if none do."""
    words = re.findall(r"[^\W_]+", plain(text).replace("’", "").replace("'", ""))
    telling = [word for word in words if word not in _GENERIC]
    return " ".join(sorted(set(telling or words)))


@dataclass(frozen=True, slots=True)
class _Read:
    """An entry with its parts in one form."""

    entry: Entry
    name: str
    street: Street
    city: tuple[str, str]
    disguised: bool


def find_pairs(
    entries: Iterable[Entry], similar: Similarity, told_apart: Container[Pair] = frozenset()
) -> Found:
    """Return the pairs that may be one clinic, but those that a person told apart."""
    rows = sorted(map(_read, entries), key=lambda row: row.entry.id)
    by_id = {row.entry.id: row for row in rows}
    seen: set[Pair] = set()
    found = []
    for block in _blocks(rows):
        for pair in _in_block(block):
            if pair in seen:
                continue
            seen.add(pair)
            if pair in told_apart:
                continue
            reasons = _reasons(by_id[pair[0]], by_id[pair[1]], similar)
            if reasons:
                found.append(Likeness(low=pair[0], high=pair[1], reasons=reasons))
    found.sort(key=lambda likeness: (-likeness.weight, likeness.pair))
    return Found(tuple(found), len(seen))


def _read(entry: Entry) -> _Read:
    return _Read(
        entry=entry,
        name=read_name(entry.name),
        street=read_street(entry.street),
        city=(entry.state, plain(entry.city).strip()),
        disguised=is_disguised(entry.name),
    )


def _blocks(rows: Sequence[_Read]) -> Iterator[list[_Read]]:
    blocks: dict[Hashable, list[_Read]] = defaultdict(list)
    for row in rows:
        for key in _keys(row):
            blocks[key].append(row)
    return (block for block in blocks.values() if len(block) > 1)


def _keys(row: _Read) -> set[Hashable]:
    """Return the blocks in which a clinic meets others.

    Names meet by the first letters of each telling word, so that one typing mistake in one word
    hides nobody whose other words are right, nor one after its third letter.
    """
    entry = row.entry
    keys: set[Hashable] = {("npi", npi) for npi in (entry.npi, entry.owner_npi) if npi}
    if entry.phone:
        keys.add(("phone", entry.phone))
    if row.street.number:
        keys.add(("street", entry.postal_code, row.street.number))
        keys.add(("street", row.city, row.street.number, row.street.street))
    for word in row.name.split():
        keys.add(("name", row.city, word[:3]))
        keys.add(("name", entry.postal_code, word[:3]))
    return keys


def _in_block(block: Sequence[_Read]) -> Iterator[Pair]:
    if len(block) <= BLOCK:
        near = list(combinations((row.entry.id for row in block), 2))
    else:
        near = []
        for order in (_by_name, _by_street):
            ids = [row.entry.id for row in sorted(block, key=order)]
            near += [
                (ids[n], ids[m])
                for n in range(len(ids))
                for m in range(n + 1, min(n + 1 + NEIGHBORS, len(ids)))
            ]
    return ((min(pair), max(pair)) for pair in near)


def _by_name(row: _Read) -> tuple[str, str, str, int]:
    return (row.name, row.street.street, row.street.number, row.entry.id)


def _by_street(row: _Read) -> tuple[str, str, str, str, int]:
    return (row.street.street, row.street.number, row.street.unit, row.name, row.entry.id)


def _reasons(one: _Read, other: _Read, similar: Similarity) -> tuple[Reason, ...]:
    a, b = one.entry, other.entry
    near = a.postal_code == b.postal_code or one.city == other.city
    names = _names_alike(one, other, similar) if near else 0.0
    reasons = set()
    shared = (a.npi and a.npi in (b.npi, b.owner_npi)) or (b.npi and b.npi == a.owner_npi)
    if shared and not _two_sites(one, other):
        reasons.add(Reason.NPI)
    if a.phone and a.phone == b.phone:
        reasons.add(Reason.PHONE)
    if near and _same_street(one.street, other.street, similar):
        one_suite = one.street.unit == other.street.unit
        if one_suite or not (one.street.unit and other.street.unit):
            reasons.add(Reason.ADDRESS)
        elif names >= NAME_AT_ADDRESS:
            reasons.add(Reason.BUILDING)
    if near and names >= SAME_NAME:
        # Two disguises of the same kind are one spelling; one beside a plain name is a copy.
        disguised = (one.disguised or other.disguised) and a.name != b.name
        reasons.add(Reason.LOOKS_ALIKE if disguised and names == 100 else Reason.NAME)
    if not reasons or (reasons == {Reason.NAME} and _two_sites(one, other)):
        return ()
    if a.owner is not None and a.owner == b.owner:
        reasons.add(Reason.OWNER)
    return tuple(reason for reason in Reason if reason in reasons)


def _names_alike(one: _Read, other: _Read, similar: Similarity) -> float:
    if one.name == other.name:
        return 100.0 if one.name else 0.0
    alike = similar(one.name, other.name)
    return alike if alike < 100 else 99.9


def _same_street(one: Street, other: Street, similar: Similarity) -> bool:
    if not one.number or one.number != other.number:
        return False
    return one.street == other.street or (
        # "12 1st St" is not "12 2nd St", nor "12 N Main" "12 S Main", however alike they look.
        _digits(one.street) == _digits(other.street)
        and not _opposed(one.street, other.street)
        and similar(one.street, other.street) >= SAME_STREET
    )


def _digits(text: str) -> list[str]:
    return re.findall(r"\d+", text)


def _opposed(one: str, other: str) -> bool:
    here, there = (_DIRECTIONS.intersection(street.split()) for street in (one, other))
    return bool(here and there and here != there)


def _two_sites(one: _Read, other: _Read) -> bool:
    """Say whether these are two sites of one owner: each with a phone and a street of its own."""
    a, b = one.entry, other.entry
    return (
        a.owner is not None
        and a.owner == b.owner
        and bool(a.phone and b.phone and one.street.number and other.street.number)
        and a.phone != b.phone
        and (one.street.number, one.street.street) != (other.street.number, other.street.street)
    )
