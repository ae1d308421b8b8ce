"""Clinics found by what somebody calls them, on both engines."""

import pytest

from directory.domain.standing import Listing
from directory.operations.clinic_names import MOST, clinics_called
from tests.factories import make_clinic

HERE = {"city": "Portland", "state": "OR", "postal_code": "97214"}


@pytest.fixture
def listed(session):
    """Six clinics that patients may find, and one that they may not."""
    make_clinic(session, name="Cascade Lanternfield Ketamine Clinic", **HERE)
    make_clinic(session, name="Cascade Meadowquill Infusion Center", **HERE | {"city": "Salem"})
    make_clinic(session, name="St. Brindle's Infusión Care", city="Austin", state="TX")
    make_clinic(session, name="Portland Ketamine", **HERE)
    make_clinic(session, name="Clínica PEÑA y Núñez", city="Laredo", state="TX")
    make_clinic(session, name="Infusion Center of Indiana", city="Gary", state="IN")
    make_clinic(
        session,
        name="Thistlewick Infusion",
        **HERE,
        listing=Listing.SUSPENDED,
        listing_reason="A case is open.",
    )
    make_clinic(session, name="Cascade Hidden Clinic", **HERE, listing=Listing.DRAFT)
    return session


def names(session, typed, **more):
    return [clinic.name.split()[1] for clinic in clinics_called(session, typed, **more)]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Cascade", ["Lanternfield", "Meadowquill"]),
        ("cascade infusion", ["Lanternfield", "Meadowquill"]),
        ("CASCADE, Portland OR", ["Lanternfield"]),
        ("Cascade Portland", ["Lanternfield"]),
        ("Portland Cascade clinic", ["Lanternfield"]),
        ("cascade meadow", ["Meadowquill"]),
        ("Cascaed", ["Lanternfield", "Meadowquill"]),
        ("Lantrenfeild", ["Lanternfield"]),
        ("Cascade, WA", []),
        ("saint brindle", ["Brindle's"]),
        ("st brindles austin tx", ["Brindle's"]),
        ("Infusion Center of Indiana", ["Center"]),
        ("thistlewick", ["Infusion"]),
        ("hidden", []),
        ("Peña", ["PEÑA"]),
        ("pena laredo", ["PEÑA"]),
        ("nunez", ["PEÑA"]),
        ("Portland", []),
        ("Portland, OR", []),
        ("infusion", ["Brindle's", "Center", "Infusion", "Meadowquill"]),
        ("97214", []),
        ("45.5, -122.6", []),
        ("c", []),
        ("", []),
        ("'; DROP TABLE clinic; --", []),
        ("%", []),
        ("_" * 200, []),
        ("Cacsade", ["Lanternfield", "Meadowquill"]),
        ("Lanternfeild Protland", ["Lanternfield"]),
        ("Cascade and eight more words that nobody would ever type here", []),
    ],
)
def test_every_word_is_in_the_name_or_the_town(listed, typed, found):
    assert sorted(names(listed, typed)) == sorted(found)


def test_without_mending_only_whole_beginnings_count(listed):
    assert names(listed, "Cascaed", misspelled=False) == []
    assert len(names(listed, "Casca", misspelled=False)) == 2


def test_the_better_name_comes_first_and_few_are_given(session):
    make_clinic(session, name="Cascada Clinic", **HERE)
    for number in range(MOST + 2):
        make_clinic(session, name=f"Cascade Number {number}", **HERE)
    found = clinics_called(session, "Cascade")
    assert len(found) == MOST
    assert "Cascada Clinic" not in [clinic.name for clinic in found]


def test_it_is_one_statement(listed, statements):
    with statements() as made:
        clinics_called(listed, "Cascade Portland")
    assert len(made) == 1
