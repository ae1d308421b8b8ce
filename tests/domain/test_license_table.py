"""A board's file of licenses: columns by any name, days as boards write them, names compared."""

from datetime import date
from pathlib import Path

import pytest

from directory.domain.imports import FileRefused
from directory.domain.license_table import (
    SYNONYMS,
    Says,
    license_key,
    read_day,
    read_license_header,
    same_holder,
)

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("", None),
        ("2027-01-31", date(2027, 1, 31)),
        ("2027-01-31 00:00:00", date(2027, 1, 31)),
        ("01/31/2027", date(2027, 1, 31)),
        ("1/3/2027", date(2027, 1, 3)),
        ("20270131", date(2027, 1, 31)),
        ("Jan 31, 2027", date(2027, 1, 31)),
        ("31-JAN-2027", date(2027, 1, 31)),
        ("September 5 2027", date(2027, 9, 5)),
    ],
)
def test_days_as_boards_write_them(text, day):
    assert read_day(text) == day


@pytest.mark.parametrize(
    "text", ["31/01/2027", "01/31/27", "soon", "2027-02-30", "00000000", "Foo 1, 2027", "1/1/1900"]
)
def test_a_day_nobody_can_read_is_no_day(text):
    with pytest.raises(ValueError, match=r".*"):
        read_day(text)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("MD-1001", "md 1001", True),
        ("0012345", "12345", True),
        ("MD1001", "1001", False),
        ("1001", "10010", False),
    ],
)
def test_numbers_are_compared_without_what_says_nothing(one, other, same):
    assert (license_key(one) == license_key(other)) is same


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ("Sam Example", "EXAMPLE, SAM", True),
        ("Dr. Ana María Núñez, MD", "Nunez, Ana M", True),
        ("Ana Núñez-Example", "NUNEZ EXAMPLE, ANA", True),
        ("Sam Example", "Example, Pat", False),
        ("Sam Example", "Other, Sam", False),
        ("Sam Example", "EXAMPLE", None),
        ("Сэм Пример", "Example, Sam", None),
    ],
)
def test_names_are_compared_in_their_normal_forms(ours, theirs, same):
    assert same_holder(ours, theirs, person=True) is same


def test_a_business_is_compared_without_its_form():
    assert same_holder("Example Infusion, LLC", "EXAMPLE INFUSION INC", person=False)
    assert not same_holder("Example Infusion", "Other Infusion", person=False)


HEADER = (
    "LIC NBR",
    "Last Name",
    "First Name",
    "License Status",
    "Expiration Date",
    "State",
    "City",
)


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("ACTIVE", Says.ACTIVE),
        ("Active - Probation", Says.OTHER),
        ("Suspended", Says.OTHER),
        ("Inactive", Says.OTHER),
        ("Not renewed", Says.LAPSED),
        (" ", Says.NOTHING),
    ],
)
def test_only_what_says_active_is_active(status, says):
    row = read_license_header(HEADER, state=None).row(
        2, ["7", "Example", "Sam", status, "1/1/2027", "Texas", "Austin"]
    )
    assert row.says is says
    assert (row.number, row.name, row.state) == ("7", "Example, Sam", "TX")


def test_a_state_that_is_given_goes_before_the_column():
    header = read_license_header(HEADER, state="TX")
    assert header.row(2, ["7", "E", "S", "Active", "", "OK", ""]).state == "TX"


@pytest.mark.parametrize(
    ("names", "column"),
    [
        (("Name", "Status", "State"), "number"),
        (("License No", "Last Name", "Status", "State"), "name"),
        (("License No", "Name", "State"), "status"),
        (("License No", "Name", "Status"), "state"),
        (("License No", "License Number", "Name", "Status", "State"), "License Number"),
    ],
)
def test_a_header_is_refused_by_its_column(names, column):
    with pytest.raises(FileRefused) as refused:
        read_license_header(names, state=None)
    assert refused.value.column == column


def test_the_readme_has_every_synonym():
    text = README.read_text("utf-8")
    for what, names in SYNONYMS.items():
        assert f"| `{what}` | {', '.join(names)} |" in text
