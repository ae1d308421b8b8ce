"""Filter bits in one number, and many of them counted at once, against one by one."""

import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.domain import facets
from directory.domain.facets import Tally, facets_of
from directory.domain.services import CONDITIONS, MODALITIES
from directory.domain.standing import STANDINGS
from directory.domain.state_names import STATE_NAMES
from tests.checklist import CATALOGUE


def packed(codes):
    return struct.pack(f"<{len(codes)}q", *codes)


def test_there_is_room_for_everything():
    assert len(CONDITIONS) <= facets.TREATS_ROOM
    assert len(MODALITIES) <= facets.OFFERS_ROOM
    assert len(STANDINGS) <= facets.STANDING_ROOM
    assert len(CATALOGUE.criteria) <= facets.MET_ROOM
    largest = facets_of(
        met_mask=(1 << facets.MET_ROOM) - 1,
        treats_mask=(1 << facets.TREATS_ROOM) - 1,
        offers_mask=(1 << facets.OFFERS_ROOM) - 1,
        standing=facets.STANDING_ROOM - 1,
    )
    assert largest + (facets.RINGS - 1 << facets.RING_BIT) < 1 << 63


@pytest.mark.parametrize(
    "wrong",
    [
        {"met_mask": 1 << facets.MET_ROOM},
        {"treats_mask": 1 << facets.TREATS_ROOM},
        {"offers_mask": 1 << facets.OFFERS_ROOM},
        {"standing": facets.STANDING_ROOM},
        {"standing": -1},
    ],
)
def test_what_has_no_room_is_refused_not_counted_as_something_else(wrong):
    values = {"met_mask": 0, "treats_mask": 0, "offers_mask": 0, "standing": 0} | wrong
    with pytest.raises(ValueError, match=r"room|standing"):
        facets_of(**values)


@given(st.lists(st.integers(0, (1 << 62) - 1), max_size=40), st.integers(0, 63))
def test_counts_equal_counting_one_by_one(codes, mask):
    tally = Tally(packed(codes))
    assert tally.counts(tally.everyone, 0, 62) == [
        sum(code >> bit & 1 for code in codes) for bit in range(62)
    ]
    some, every = tally.having_any(mask, 20), tally.having_all(mask, 20)
    assert some.bit_count() == sum(bool(code >> 20 & mask) for code in codes)
    assert every.bit_count() == sum(code >> 20 & mask == mask for code in codes)
    assert tally.counts(every, 14, 6) == [
        sum(code >> 20 & mask == mask and code >> 14 + bit & 1 for code in codes)
        for bit in range(6)
    ]
    rings = [sum(code >> facets.RING_BIT >= ring for code in codes) for ring in range(4)]
    assert tally.rings(tally.everyone) == rings


def test_every_state_has_a_number_of_its_own_that_fits_two_bytes():
    numbers = {facets.state_number(state) for state in STATE_NAMES}
    assert len(numbers) == len(STATE_NAMES)
    assert all(0 < number < 1 << 15 for number in numbers)
    assert {facets.state_number(other) for other in ("", "A", "AZZ", "ÅÄ")} == {0}


def test_nobody_is_counted_where_there_is_nobody():
    tally = Tally(b"")
    assert tally.counts(tally.everyone, 0, 3) == [0, 0, 0]
    assert tally.rings(tally.everyone) == [0, 0, 0, 0]


def test_no_number_of_clinics_is_too_many():
    """Sums in lanes of a number, say of 21 bits, would run into each other here."""
    codes = [random.Random(4).getrandbits(62) for _ in range(10)]
    times = 250_000
    few, many = Tally(packed(codes)), Tally(packed(codes) * times)
    counts = few.counts(few.everyone, 0, 6)
    assert many.counts(many.everyone, 0, 6) == [number * times for number in counts]
    assert max(counts) * times > 1 << 21
