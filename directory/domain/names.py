"""Normal forms of the names of people and businesses, for comparing them with a list.

A normal form is lower case Latin letters only: accents, punctuation, titles, degrees and "Jr."
are gone. What cannot be brought into that form is never compared in a mutilated one: it is
`Unusable`, with the reason.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final


class Unusable(StrEnum):
    """Why a name cannot be compared with a list."""

    EMPTY = "empty"
    ONE_WORD = "one_word"
    INITIALS = "initials"  # no given name, or no last name, is written out
    OTHER_LETTERS = "other_letters"  # letters that are not Latin, look-alikes among them
    TOO_SHORT = "too_short"  # a business of one letter


@dataclass(frozen=True, slots=True)
class PersonName:
    """A person's name as it may stand in a list, in normal forms.

    `lasts` are the readings of the last name ("garcia", "lopezgarcia"); `parts` are pieces that
    may stand alone in a list (one half of a hyphen name, a maiden name in the middle). `firsts`
    are the readings of the given name ("mary", "maryann").
    """

    firsts: tuple[str, ...]
    lasts: tuple[str, ...]
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BusinessName:
    """A business name: `core` without "LLC" and the like, `full` with it; both in one word."""

    core: str
    full: str


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TITLES: Final = _words("dr doctor mr mrs ms miss mx prof professor rev sir")
SUFFIXES: Final = _words("jr sr ii iii iv 2nd 3rd 4th esq")
# Degrees and licenses that are no last names.
DEGREES: Final = _words(
    "md mds mph phd dphil psyd pharmd rph dds dmd dpm dvm edd dsc mbbs mbchb mbbch mba mha msc msw"
    " bsn msn dnp dnap rn lpn lvn np npc npbc fnp fnpc fnpbc anp anpbc anpc agnp agnpc agacnp acnp"
    " acnpbc agpcnp pnp whnp pmhnp pmhnpbc cnp crnp cnm cns crna aprn arnp aprncnp pac pacs emt"
    " emtp lcsw licsw lmsw lpc lpcc lmft lmhc facp faafp facep facog facs fapa fasa fccp faap"
    " faaem dabpn dabpm dabam abpn abim faan cpnp ccrn"
)
# Degrees that are last names too (Linh Do, Yan Ma): both readings are kept unless a comma or
# dots say that it is a degree.
DOUBTFUL: Final = _words("do ma ba pa od nd dc ms bs jd lac bc c")
PARTICLES: Final = _words(
    "de del dela la las los le du da das dos di della van von der den ter ten el al bin ibn abu"
    " san st mac mc o y e saint"
)
_FORMERLY: Final = _words("nee formerly fka aka")
# What businesses end in; taken off again and again from the end.
_BUSINESS_ENDS: Final = _words(
    "llc lllp llp lp ltd limited inc incorporated corp corporation co company pllc plc pc pa psc"
    " pl lc chartered apc apmc sc dba md do"
)
# Letters that do not come apart into a base letter and an accent.
_LETTERS: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "æ": "ae", "œ": "oe"}
    | {"ı": "i", "ħ": "h", "ŋ": "n", "ŧ": "t"}
)
_APOSTROPHES: Final = re.compile("['`´‘’ʻʼ′]")
_HYPHENS: Final = re.compile("[‐‑‒–—−/]")
_ASIDE: Final = re.compile(r"\(([^()]*)\)|\"([^\"]*)\"|“([^”]*)”")
_NOT_NAME: Final = re.compile(r"[^a-z0-9.,\- ]+")
_NOT_ALNUM: Final = re.compile(r"[^a-z0-9]+")
LONGEST: Final = 200


def fold(text: str) -> str | None:
    """Return the text in lower case without accents, or None when a letter is not Latin."""
    text = text[:LONGEST]
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    text = _HYPHENS.sub("-", _APOSTROPHES.sub("'", text))
    text = "".join(
        letter
        for letter in text
        if not unicodedata.combining(letter) and unicodedata.category(letter) != "Cf"
    )
    if any(letter.isalpha() and not letter.isascii() for letter in text):
        return None
    return text


def plain(text: str) -> str:
    """Return the letters and digits of one field of a list, in lower case, in one word."""
    return _NOT_ALNUM.sub("", fold(text) or "")


def pieces(text: str) -> tuple[str, ...]:
    """Return the words of one name field of a list, "Jr." and the like left out."""
    words = _NOT_ALNUM.sub(" ", _APOSTROPHES.sub("", fold(text) or "")).split()
    return tuple(word for word in words if word not in SUFFIXES) or tuple(words)


@lru_cache(maxsize=65_536)
def person_name(text: str) -> PersonName | Unusable:
    """Return the readings of a person's name as staff typed it, or why it cannot be compared."""
    folded = fold(text)
    if folded is None:
        return Unusable.OTHER_LETTERS
    asides: list[str] = []
    if "(" in folded or '"' in folded or "“" in folded:
        asides = [" ".join(filter(None, found)) for found in _ASIDE.findall(folded)]
        folded = _ASIDE.sub(" ", folded)
    folded = _NOT_NAME.sub(" ", _APOSTROPHES.sub("", folded))
    tokens, doubtful = _tokens(folded)
    extra = [word for aside in asides for word in _split(aside.split())]
    tokens, formerly = _before_formerly(tokens)
    extra += formerly
    if not tokens:
        return Unusable.EMPTY if not any(map(str.isalpha, folded)) else Unusable.ONE_WORD
    if len(tokens) == 1 and doubtful:
        tokens, doubtful = [*tokens, doubtful], ""
    if len(tokens) == 1:
        return Unusable.ONE_WORD
    return _readings(tokens, doubtful, extra)


def _tokens(folded: str) -> tuple[list[str], str]:
    """Return the words in the order first to last, and a last word that may be a degree."""
    if "," not in folded:
        words = _split(_undegreed(folded.split()))
        return (words[:-1], words[-1]) if len(words) > 1 and words[-1] in DOUBTFUL else (words, "")
    sides = []
    for number, side in enumerate(folded.split(",")):
        words = _undegreed(side.split())
        if number and all(word.replace(".", "") in DOUBTFUL for word in words):
            continue  # ", DO": after a comma it is a degree
        if words := _split(words):
            sides.append(words)
    if len(sides) > 1:  # "Last, First Middle"
        return [*(word for side in sides[1:] for word in side), *sides[0]], ""
    return (sides[0] if sides else []), ""


def _undegreed(words: list[str]) -> list[str]:
    """Take titles off the front and degrees and suffixes off the end."""
    while words and words[0].strip(".-") in TITLES:
        words = words[1:]
    while words and _ending(words[-1]):
        words = words[:-1]
    return words


def _ending(word: str) -> bool:
    bare = word.replace(".", "").replace("-", "")
    if not bare:
        return True
    dotted = word.count(".") > 1
    return bare in DEGREES or bare in SUFFIXES or (dotted and bare in DOUBTFUL and len(bare) > 1)


def _split(words: list[str]) -> list[str]:
    """Part words at dots ("J.R." are two initials); keep hyphens, drop what has no letter."""
    out = []
    for word in words:
        for piece in word.replace(",", " ").replace(".", " ").split():
            piece = piece.strip("-")
            if piece.isalpha() or any(map(str.isalpha, piece)):
                out.append(piece)
    return out


def _before_formerly(tokens: list[str]) -> tuple[list[str], list[str]]:
    for place, token in enumerate(tokens[:-1]):
        if place > 1 and token in _FORMERLY:  # "Jane Nee" is a name
            return tokens[:place], tokens[place + 1 :]
    return tokens, []


def _readings(tokens: list[str], doubtful: str, extra: list[str]) -> PersonName | Unusable:
    start = 0
    while start < len(tokens) - 2 and len(tokens[start]) == 1:
        start += 1  # "J. Robert Roe" goes by the second name
    given = tokens[start]
    rest = tokens[start + 1 :]
    if len(given.replace("-", "")) < 2 or len(rest[-1].replace("-", "")) < 2:
        return Unusable.INITIALS
    firsts = [given.replace("-", "")]
    if "-" in given:
        firsts.append(given.split("-")[0])
    if len(rest) > 1 and len(rest[0]) > 1:
        firsts.append(firsts[0] + rest[0].replace("-", ""))
    if len(rest) == 1 and "-" not in rest[0] and not doubtful and not extra:
        return PersonName(tuple(firsts), (rest[0],))  # nearly all names
    lasts: list[str] = []
    parts: list[str] = []
    for words in (rest, [*rest, doubtful] if doubtful else []):
        written = [word for word in words if len(word) > 1 or word in PARTICLES]
        for size in range(1, min(len(written), 4) + 1):
            reading = "".join(written[-size:]).replace("-", "")
            if size == 1 or len(written[-size]) > 1 or written[-size] in PARTICLES:
                lasts.append(reading)
        for word in written:
            parts += [piece for piece in word.split("-") if _stands_alone(piece)]
            parts.append(word.replace("-", ""))
    parts += [piece for word in extra for piece in (word.replace("-", ""), *word.split("-"))]
    lasts = list(dict.fromkeys(lasts))
    parts = [part for part in dict.fromkeys(parts) if part not in lasts and _stands_alone(part)]
    return PersonName(tuple(dict.fromkeys(firsts)), tuple(lasts), tuple(parts))


def _stands_alone(piece: str) -> bool:
    return len(piece) > 1 and piece not in PARTICLES


@lru_cache(maxsize=16_384)
def business_name(text: str) -> BusinessName | Unusable:
    """Return the normal forms of a business name, or why it cannot be compared."""
    folded = fold(text)
    if folded is None:
        return Unusable.OTHER_LETTERS
    folded = _APOSTROPHES.sub("", folded).replace("&", " and ").replace(".", "")
    words = _NOT_ALNUM.sub(" ", folded).split()
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    full = "".join(words)
    while len(words) > 1 and words[-1] in _BUSINESS_ENDS:
        words = words[:-1]
    core = "".join(words)
    if not core:
        return Unusable.EMPTY
    if not any(map(str.isalpha, core)) or len(core) < 2:
        return Unusable.TOO_SHORT
    return BusinessName(core, full)
