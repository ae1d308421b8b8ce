"""Find listed clinics by what somebody calls them, with or without the town."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz.distance import OSA
from sqlalchemy import and_, case, or_, select
from sqlalchemy.orm import Session

from directory.domain.placenames import Words, parse, words_of
from directory.domain.standing import PUBLIC_LISTINGS
from directory.models import Clinic

MOST = 5
SIEVED = 400
"""Clinics that are looked at letter by letter; the database has sieved them by parts of words."""

MOST_WORDS = 8
"""More than these are no name and town, and would only be work for the database."""

SHORTEST = 3
"""Letters of which at least one of the words must be made; fewer fit too many names."""

EVERYDAY = frozenset(
    {"ketamine", "infusion", "infusions", "iv", "clinic", "clinics", "center", "centers", "care"}
    | {"health", "wellness", "therapy", "treatment", "medical", "mood", "services", "doctor"}
    | {"the", "a", "of", "and", "for", "in", "at", "near", "called", "named", "llc", "inc", "pllc"}
)
"""Words that tell no clinic from another."""

ACCENTED = frozenset("aceinouyz")
"""Letters that a name may hold with an accent, which words are compared without."""

SHORTENED = frozenset({"saint", "mount", "mountain", "fort", "heights", "springs", "center"})
"""Words that often stand shortened in a name ("St. Mary"), so the sieve cannot look for them."""


@dataclass(frozen=True, slots=True)
class NamedClinic:
    """A clinic that has the name asked for, and where it is."""

    clinic_id: int
    name: str
    city: str
    state: str


def clinics_called(
    session: Session, typed: str, *, misspelled: bool = True, most: int = MOST
) -> tuple[NamedClinic, ...]:
    """Return the public clinics whose name, or name and town, holds every word that was typed.

    Best first. A state that was typed must be the clinic's. With `misspelled` a long word may be
    a letter or two off. Everyday words ("infusion", "clinic") count only where nothing else was
    typed. One statement that reads every public name inside the database, and few out of it.
    """
    query = parse(typed)
    if query.point or query.bad_point:
        return ()
    wanted = tuple(word for word in query.words if word not in EVERYDAY)
    state = query.state
    if not wanted:
        wanted, state, misspelled = query.all_words, None, False
    if len(wanted) > MOST_WORDS or not any(
        len(word) >= SHORTEST and not word.isdigit() for word in wanted
    ):
        return ()
    called = Clinic.name + " " + Clinic.city
    statement = select(Clinic.id, Clinic.name, Clinic.city, Clinic.state).where(
        Clinic.listing.in_(PUBLIC_LISTINGS)
    )
    if state:
        statement = statement.where(Clinic.state == state)
    plain = []
    for word in set(wanted) - SHORTENED:
        parts = sorted(_parts(word, _allowed(word, misspelled=misspelled)))
        plain.append(or_(*(called.icontains(part) for part in parts)))
        statement = statement.where(or_(plain[-1], called.ilike(_accented(word))))
    # Names without an accent first, should there be more than are looked at.
    ordered = statement.order_by(case((and_(True, *plain), 0), else_=1), Clinic.id)
    found = []
    for row in session.execute(ordered.limit(SIEVED)):
        clinic = NamedClinic(*row)
        edits = _edits(wanted, clinic, misspelled=misspelled)
        if edits is not None:
            found.append((edits, clinic.name, clinic.clinic_id, clinic))
    return tuple(clinic for *_, clinic in sorted(found)[:most])


def _allowed(word: str, *, misspelled: bool) -> int:
    """Return how many letters of a word may be off."""
    return (0 if len(word) < 5 else 1 if len(word) < 9 else 2) if misspelled else 0


def _accented(word: str) -> str:
    """Return a LIKE pattern of a word in which any letter that may carry an accent fits any."""
    return f"%{''.join('_' if letter in ACCENTED else letter for letter in word)}%"


def _parts(word: str, edits: int) -> set[str]:
    """Return parts of a word of which a name so few edits away still holds at least one.

    Cut twice, the second time a letter on: two letters swapped over a cut spoil both its sides.
    """
    cuts = [len(word) * n // (edits + 1) for n in range(edits + 2)]
    moved = [cuts[0], *(cut + 1 for cut in cuts[1:-1]), cuts[-1]]
    return {word[start:end] for ends in (cuts, moved) for start, end in pairwise(ends)}


def _edits(wanted: Words, clinic: NamedClinic, *, misspelled: bool) -> int | None:
    """Return how many letters are off in all, or None when a word is missing.

    One word at least must be of the name and more than a town's: "Portland" asks for no clinic.
    """
    name, city = words_of(clinic.name), words_of(clinic.city)
    total, of_name = 0, False
    for word in wanted:
        at_name = _nearest(word, name, misspelled=misspelled)
        at_city = _nearest(word, city, misspelled=misspelled)
        if at_name is None and at_city is None:
            return None
        of_name = of_name or (at_name is not None and at_city is None)
        total += min(each for each in (at_name, at_city) if each is not None)
    return total if of_name else None


def _nearest(word: str, words: Sequence[str], *, misspelled: bool) -> int | None:
    """Return how many letters a word is off one of the words, of which it may be the beginning."""
    allowed = _allowed(word, misspelled=misspelled)
    best: int | None = None
    for each in words:
        if each == word or (len(word) >= SHORTEST and each.startswith(word)):
            return 0
        off = OSA.distance(word, each, score_cutoff=allowed)
        if off <= allowed and (best is None or off < best):
            best = off
    return best
