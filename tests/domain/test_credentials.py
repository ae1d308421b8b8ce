"""Check digits and last days."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.domain.credentials import dea_valid, expired, last_valid_day, npi_valid


@pytest.mark.parametrize("number", ["1234567893", "2000000010", "2000000028", "2000000127"])
def test_good_npis(number):
    assert npi_valid(number)


@pytest.mark.parametrize(
    "number",
    [
        "1234567890",
        "0000000000",
        "3000000018",
        "123456789",
        "12345678930",
        "１２３４５６７８９３",
        "",
    ],
)
def test_bad_npis(number):
    assert not npi_valid(number)


@given(st.integers(10**8, 2 * 10**8 - 1), st.integers(0, 9), st.integers(1, 9))
def test_any_one_wrong_digit_of_an_npi_is_caught(stem, place, change):
    (good,) = [f"{stem}{d}" for d in range(10) if npi_valid(f"{stem}{d}")]
    digit = str((int(good[place]) + change) % 10)
    assert not npi_valid(good[:place] + digit + good[place + 1 :])


@pytest.mark.parametrize("number", ["AP5836727", "F91234563", "BB1388568"])
def test_good_dea_numbers(number):
    assert dea_valid(number)


@pytest.mark.parametrize(
    "number", ["AP5836728", "ZP5836727", "AP583672", "ap5836727", "A15836727", ""]
)
def test_bad_dea_numbers(number):
    assert not dea_valid(number)


def test_the_last_day_is_the_expiry_or_the_day_before_it_was_ended():
    assert last_valid_day(date(2027, 6, 30), None) == date(2027, 6, 30)
    assert last_valid_day(date(2027, 6, 30), date(2026, 10, 2)) == date(2026, 10, 1)
    assert last_valid_day(None, date(2026, 10, 2)) == date(2026, 10, 1)
    assert last_valid_day(None, None) is None


def test_a_license_is_still_good_on_the_day_printed_on_it():
    zone = ZoneInfo("Pacific/Honolulu")
    evening = datetime(2026, 7, 1, 9, 59, tzinfo=UTC)
    assert not expired(date(2026, 6, 30), zone, evening)
    assert expired(date(2026, 6, 30), zone, evening.replace(hour=10))
