"""What a geocoder is asked, and which of its answers is about the house."""

import pytest

from directory.domain.points import house_number, question, same_house


@pytest.mark.parametrize(
    ("street", "asked"),
    [
        ("100 Example Avenue", "100 Example Avenue"),
        ("100 Example Avenue, Suite 200", "100 Example Avenue"),
        ("100 Example Avenue Ste. 4B", "100 Example Avenue"),
        ("100 Example Avenue #12", "100 Example Avenue"),
        ("100 Example Avenue, 3rd Hall, Floor 2", "100 Example Avenue, 3rd Hall"),
        ("12 Unity Road", "12 Unity Road"),
        ("12 Floral Street", "12 Floral Street"),
    ],
)
def test_suites_are_not_asked_for(street, asked):
    assert question(street, "Phoenix", "AZ", "85004") == f"{asked}, Phoenix, AZ 85004"


@pytest.mark.parametrize(
    ("street", "number"),
    [
        ("100 Example Avenue", "100"),
        (" 12B Example Road", "12b"),
        ("1-3 Example Road", "1"),
        ("Highway 9 at Main", None),
        ("PO Box 12", None),
        ("100", None),
        ("3rd Street Hall", None),
        ("", None),
    ],
)
def test_house_numbers(street, number):
    assert house_number(street) == number


@pytest.mark.parametrize(
    ("answered", "same"),
    [
        ("100", True),
        ("100-104", True),
        ("98;100", True),
        ("1000", False),
        ("", False),
        (None, False),
    ],
)
def test_only_the_house_itself_counts(answered, same):
    assert same_house("100 Example Avenue", answered) is same
    assert not same_house("Example Avenue", answered)
