"""All filter bits of a clinic in one whole number, and counting them for many clinics at once.

From the lowest bit: conditions, ways of giving, one bit for the standing, criteria met. The two
bits above say how near the searcher the clinic is. That is all a search needs of a clinic to count
it everywhere, so the database hands over these numbers and nothing else.
"""

from functools import cached_property

TREATS_BIT, TREATS_ROOM = 0, 8
OFFERS_BIT, OFFERS_ROOM = 8, 6
STANDING_BIT, STANDING_ROOM = 14, 6
MET_BIT, MET_ROOM = 20, 40
"""So many criteria an edition can have at most; its reader refuses more."""
RING_BIT = 60
RINGS = 4
"""Circles in which a search counts its hits: the whole one, then each a quarter as wide."""

STANDING_BITS = ((1 << STANDING_ROOM) - 1) << STANDING_BIT
BYTES = 8


def facets_of(*, met_mask: int, treats_mask: int, offers_mask: int, standing: int) -> int:
    """Return a clinic's filter bits as one number; raises ValueError where one has no room."""
    if met_mask >> MET_ROOM or treats_mask >> TREATS_ROOM or offers_mask >> OFFERS_ROOM:
        raise ValueError("more criteria, conditions or ways of giving than the search has room for")
    if not 0 <= standing < STANDING_ROOM:
        raise ValueError(f"no such standing: {standing}")
    return (
        treats_mask << TREATS_BIT
        | offers_mask << OFFERS_BIT
        | 1 << (STANDING_BIT + standing)
        | met_mask << MET_BIT
    )


def state_number(state: str) -> int:
    """Return a state's two letters as a number of two bytes; 0 for anything else.

    In the search's index a number takes the room that is left beside the others.
    """
    letters = state.encode()
    return int.from_bytes(letters, "big") if len(letters) == 2 and state.isascii() else 0


class Tally:
    """The numbers of many clinics, to be counted bit by bit.

    A set of clinics is a whole number with one bit in every byte, a byte for each clinic; sets are
    joined by `&` and `|` and counted by `bit_count`, all clinics at once.
    """

    def __init__(self, codes: bytes) -> None:
        """Take the numbers, each as eight bytes, the lowest first, in any order of clinics."""
        self._codes = codes
        self.everyone = int.from_bytes(b"\1" * (len(codes) // BYTES), "little")
        self._among, self._moved = 0, [0] * 8

    @cached_property
    def _planes(self) -> list[int]:
        return [int.from_bytes(self._codes[place::BYTES], "little") for place in range(BYTES)]

    def having(self, bit: int) -> int:
        """Return the set of the clinics that have this bit."""
        return self._planes[bit >> 3] >> (bit & 7) & self.everyone

    def having_all(self, mask: int, first: int) -> int:
        """Return the set of the clinics that have every bit of `mask`, counted from `first`."""
        found = self.everyone
        for bit in range(mask.bit_length()):
            if mask >> bit & 1:
                found &= self.having(first + bit)
        return found

    def having_any(self, mask: int, first: int) -> int:
        """Return the set of the clinics that have some bit of `mask`, counted from `first`."""
        found = 0
        for bit in range(mask.bit_length()):
            if mask >> bit & 1:
                found |= self.having(first + bit)
        return found

    def counts(self, among: int, first: int, number: int) -> list[int]:
        """Return how many of the set `among` have each of `number` bits from `first` on."""
        planes = self._planes
        if among != self._among:  # moved once for each place in a byte, and for groups alike
            self._among, self._moved = among, [among << place for place in range(8)]
        return [
            (planes[bit >> 3] & self._moved[bit & 7]).bit_count()
            for bit in range(first, first + number)
        ]

    def rings(self, among: int) -> list[int]:
        """Return how many of the set `among` lie in each circle at least, the whole one first."""
        low, high = self.having(RING_BIT) & among, self.having(RING_BIT + 1) & among
        return [n.bit_count() for n in (among, low | high, high, low & high)]
