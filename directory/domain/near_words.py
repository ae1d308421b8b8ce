"""Words that are one typing mistake apart, found without comparing every word with every other.

Two words are near when one letter is missing, too many, another one, or swapped with its
neighbor (optimal string alignment of at most 1). Then dropping one letter or none from each of
them gives the same word (symmetric deletion): each word is filed under itself and under all
words with one letter less, and a look-up reads these places only.
"""

from collections.abc import Iterable

CUT = "~"
"""At the end of a word: the list cut it here, and it may go on."""

MEMORY = 100_000


def near(one: str, other: str) -> bool:
    """Say whether two words are the same or one typing mistake apart."""
    if one == other:
        return True
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1:
        return False
    place = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        place += 1
    if len(one) < len(other):
        return one[place:] == other[place + 1 :]
    rest_one, rest_other = one[place + 1 :], other[place + 1 :]
    if rest_one == rest_other:
        return True
    swapped = rest_one[:1] == other[place] and rest_other[:1] == one[place]
    return swapped and rest_one[1:] == rest_other[1:]


def shorter(word: str) -> set[str]:
    """Return the word, and the word without each of its letters in turn."""
    found = {word[:place] + word[place + 1 :] for place in range(len(word))}
    found.add(word)
    return found


def mistaken(word: str, letters: Iterable[str]) -> set[str]:
    """Return the word, and all words of these letters that are near to it.

    A word of nine letters gives some 700: far fewer than a list has, and a list that is asked for
    them needs no places beside its own words.
    """
    found = {word}
    for place in range(len(word) + 1):
        start, rest = word[:place], word[place:]
        found.add(start + rest[1:])
        found.add(start + rest[1:2] + rest[:1] + rest[2:])
        found.update([start + letter + rest for letter in letters])
        if rest:
            found.update([start + letter + rest[1:] for letter in letters])
    return found


class NearWords:
    """The words of a list; asked for a word, it gives those that are near."""

    def __init__(self, words: Iterable[str]) -> None:
        """File the words, each once; about 10 microseconds for each."""
        # Most places hold one word: a bare string needs a third of the memory of a list.
        self._filed: dict[str, str | list[str]] = {}
        self._known: dict[str, frozenset[str]] = {}
        filed = self._filed
        for word in dict.fromkeys(words):
            for place in shorter(word):
                there = filed.get(place)
                if there is None:
                    filed[place] = word
                elif isinstance(there, str):
                    filed[place] = [there, word]
                else:
                    there.append(word)

    def near(self, word: str) -> frozenset[str]:
        """Return the filed words that are near, the same word too; never cut against whole."""
        known = self._known.get(word)
        if known is None:
            known = self._look_up(word)
            if len(self._known) >= MEMORY:
                self._known.clear()
            self._known[word] = known
        return known

    def _look_up(self, word: str) -> frozenset[str]:
        filed = self._filed
        found: set[str] = set()
        for place in shorter(word):
            there = filed.get(place)
            if there is None:
                continue
            if isinstance(there, str):
                found.add(there)
            else:
                found.update(there)
        cut = word[-1:] == CUT
        return frozenset(
            other for other in found if (other[-1:] == CUT) is cut and near(word, other)
        )


def cut_forms(word: str, lengths: Iterable[int]) -> list[str]:
    """Return the word cut to each of these lengths that it reaches, marked as cut."""
    return [word[:length] + CUT for length in lengths if length <= len(word)]
