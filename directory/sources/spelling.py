"""How far two spellings are apart, and an index that finds the near ones at once."""

import zlib
from itertools import combinations


def edits(word: str, depth: int) -> set[int]:
    """Return the hashes of a word and of what is left of it without one (or two) letters.

    Two words one edit apart (a letter added, dropped, changed or swapped) share at least one.
    """
    left = {word}
    for count in range(1, depth + 1):
        left.update("".join(kept) for kept in combinations(word, len(word) - count))
    return {zlib.crc32(each.encode()) for each in left}


def edit_distance(one: str, two: str) -> int:
    """Return how many letters to add, drop, change or swap with the next (each letter once)."""
    before: list[int] = []
    row = list(range(len(two) + 1))
    for at, letter in enumerate(one, 1):
        earlier, before, row = before, row, [at] + [0] * len(two)
        for to, other in enumerate(two, 1):
            cost = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (letter != other))
            if at > 1 and to > 1 and letter == two[to - 2] and one[at - 2] == other:
                cost = min(cost, earlier[to - 2] + 1)
            row[to] = cost
    return row[-1]
