"""What a searcher types is taken apart the same way however it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.domain.placenames import (
    MAX_QUERY,
    Place,
    Reading,
    clean,
    key_of,
    name_key,
    parse,
    short_key,
    state_code,
    state_name,
    words_of,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("St. Louis", "Saint Louis"),
        ("ST LOUIS", "saint  louis"),
        ("St.Louis", "Saint Louis"),
        ("Sault Ste. Marie", "Sault Sainte Marie"),
        ("Ft. Lauderdale", "Fort Lauderdale"),
        ("Mt Pleasant", "Mount Pleasant"),
        ("Cañon City", "canon city"),
        ("Mayagüez", "MAYAGUEZ"),
        ("Coeur d'Alene", "Coeur d’Alene"),
        ("Coeur d'Alene", "coeur dalene"),
        ("O'Fallon", "OFallon"),
        ("Winston-Salem", "winston salem"),
        ("Winston-Salem", "winstonsalem"),
        ("N. Hollywood", "North Hollywood"),
        ("E St Louis", "East Saint Louis"),
        ("S San Francisco", "South San Francisco"),
        ("The Bronx", "Bronx"),
        ("City of Industry", "Industry"),
        ("Colorado Spgs", "Colorado Springs"),
        ("Virginia Bch", "Virginia Beach"),
        ("De Kalb", "DeKalb"),
        ("Pt. Pleasant", "Point Pleasant"),
        ("Ka‘ū", "Kau"),
        ("Ｂｏｉｓｅ", "Boise"),
        ("Hagåtña", "Hagatna"),
        ("Port Townsend & Co", "Port Townsend and Co"),
    ],
)
def test_one_place_has_one_key_however_it_is_spelled(one: str, other: str) -> None:
    assert name_key(clean(one)) == name_key(clean(other))


@pytest.mark.parametrize(
    ("one", "other"), [("Portland", "Port"), ("North Bend", "Bend"), ("Saint Paul", "Paul")]
)
def test_different_names_keep_different_keys(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("OR", "OR"), ("oregon", "OR"), ("Ore.", "OR"), ("Calif", "CA"), ("CALIF.", "CA"),
        ("Penna", "PA"), ("Penn.", "PA"), ("N.Y.", "NY"), ("n y", "NY"), ("N. Dak.", "ND"),
        ("W. Va.", "WV"), ("Wash.", "WA"), ("D.C.", "DC"), ("District of Columbia", "DC"),
        ("Puerto Rico", "PR"), ("P.R.", "PR"), ("guam", "GU"), ("USVI", "VI"),
        ("U.S. Virgin Islands", "VI"), ("Virgin Islands", "VI"), ("American Samoa", "AS"),
        ("Northern Mariana Islands", "MP"), ("CNMI", "MP"), ("Rhode Island", "RI"), ("R.I.", "RI"),
        ("MT", "MT"), ("Mont.", "MT"), ("North Carolina", "NC"), ("N. Carolina", "NC"),
        ("Marshall Islands", "MH"), ("Boise", None), ("", None), ("Ontario", None),
    ],
)  # fmt: skip
def test_states_and_territories_are_known_by_name_code_and_abbreviation(
    text: str, code: str | None
) -> None:
    assert state_code(text) == code


def test_a_code_has_a_name_and_an_unknown_one_stands_for_itself() -> None:
    assert state_name("OR") == "Oregon"
    assert state_name("AE").startswith("Armed Forces Europe")
    assert state_name("ZZ") == "ZZ"


@pytest.mark.parametrize(
    ("text", "zip_code", "state", "words"),
    [
        ("97214", "97214", None, ""),
        (" 97214 ", "97214", None, ""),
        ("97214-1234", "97214", None, ""),
        ("97214 1234", "97214", None, ""),
        ("972141234", "97214", None, ""),
        ("ZIP code 97214", "97214", None, ""),
        ("zip: 97214", "97214", None, ""),
        ("Portland, OR", None, "OR", "portland"),
        ("portland oregon", None, "OR", "portland"),
        ("Portland OR 97214", "97214", "OR", "portland"),
        ("Portland, OR, 97214, USA", "97214", "OR", "portland"),
        ("portland, 97214, or", "97214", "OR", "portland"),
        ("10 Main St, Boise ID 83702", "83702", "ID", "10 main saint boise"),
        ("10 Main St, Boise ID 83702-1111", "83702", "ID", "10 main saint boise"),
        ("12345 Main St, Boise, Idaho", None, "ID", "12345 main saint boise"),
        ("Bozeman MT 59715", "59715", "MT", "bozeman"),
        ("Bozeman MT USA", None, "MT", "bozeman"),
        ("Mt Vernon NY", None, "NY", "mount vernon"),
        ("Washington D.C.", None, "DC", "washington"),
        ("Winston-Salem N. C.", None, "NC", "winston salem"),
        ("Providence Rhode Island", None, "RI", "providence"),
        ("Boise Idaho United States", None, "ID", "boise"),
        ("Ontario, CA", None, "CA", "ontario"),
        ("new mexico", None, "NM", ""),
    ],
)
def test_a_query_is_taken_apart(
    text: str, zip_code: str | None, state: str | None, words: str
) -> None:
    query = parse(text)
    assert (query.zip_code, query.state, " ".join(query.words)) == (zip_code, state, words)
    assert not query.abroad


def test_a_number_that_may_be_a_zip_or_a_house_is_left_to_the_gazetteer() -> None:
    assert parse("97214 Portland OR").leading_zip == "97214"
    assert parse("12345 Main St, Boise ID").leading_zip == "12345"
    assert parse("1234 Main St, Boise ID").leading_zip is None


@pytest.mark.parametrize(
    "text",
    [
        "45.52,-122.68", "45.52, -122.68", "45.52 -122.68", "(45.52, -122.68)", "[45.52;-122.68]",
        "45.52N 122.68W", "45.52° N, 122.68° W", "45.52n, -122.68", "geo:45.52,-122.68",
        "+45.52,-122.68",
    ],
)  # fmt: skip
def test_coordinates_are_read_in_the_usual_spellings(text: str) -> None:
    assert parse(text).point == (45.52, -122.68)


@pytest.mark.parametrize("text", ["95, 200", "91.0 0.0", "-90.1,0", "45.5,180.01"])
def test_two_numbers_off_the_earth_are_said_to_be_so(text: str) -> None:
    query = parse(text)
    assert query.point is None
    assert query.bad_point


@pytest.mark.parametrize("text", ["97 214", "1 2", "45.52", "12,34,56", "1e5,2e5", "nan,nan"])
def test_other_numbers_are_no_point(text: str) -> None:
    query = parse(text)
    assert query.point is None
    assert not query.bad_point


@pytest.mark.parametrize(
    "text",
    ["Paris, France", "London, UK", "Toronto, ON", "Toronto, Ontario", "Vancouver, BC",
     "Ontario, Canada", "M5V 2T6", "Toronto M5V2T6", "SW1A 1AA", "Tijuana, Mexico"],
)  # fmt: skip
def test_a_country_or_province_after_a_comma_is_abroad(text: str) -> None:
    assert parse(text).abroad


@pytest.mark.parametrize("text", ["Paris France", "Mexico", "toronto ontario", "vancouver bc"])
def test_a_country_without_a_comma_may_be_abroad(text: str) -> None:
    query = parse(text)
    assert query.maybe_abroad
    assert not query.abroad


@pytest.mark.parametrize("text", ["Georgia", "Savannah, Georgia", "Ontario, CA", "New Mexico"])
def test_a_state_is_never_abroad(text: str) -> None:
    query = parse(text)
    assert query.state
    assert not query.abroad
    assert not query.maybe_abroad


@pytest.mark.parametrize("text", ["APO AE 09001", "AE", "FPO AP", "APO", "Armed Forces Europe"])
def test_military_addresses_are_recognized(text: str) -> None:
    assert parse(text).military


def test_the_text_is_cut_and_cleaned() -> None:
    assert clean("  Boise\x00\n\tID  ") == "Boise ID"
    assert clean("Bo\u200bise") == "Bo ise"
    assert len(parse("x" * 10_000).text) == MAX_QUERY
    assert short_key(("x" * 41,)) == ""


@pytest.mark.parametrize("text", ["", "   ", "\x00", "\u200b", ",,;", "!!!", "💊"])
def test_text_without_words_has_no_words(text: str) -> None:
    assert parse(text).words == ()


@given(st.text(max_size=300))
def test_any_text_at_all_is_taken_apart(text: str) -> None:
    query = parse(text)
    assert len(query.text) <= MAX_QUERY
    assert all(word.isascii() and word.isalnum() for word in query.all_words)
    if query.point:
        assert -90 <= query.point[0] <= 90
        assert -180 <= query.point[1] <= 180


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(text: str) -> None:
    words = words_of(text)
    assert words_of(" ".join(words)) == words
    assert " " not in key_of(words)


def test_a_reading_is_found_ambiguous_or_neither() -> None:
    boise = Place("Boise, ID", 43.6, -116.2, "city", "ID", 235_684)
    assert Reading("boise", boise).found
    assert Reading("springfield", None, (boise,)).ambiguous
    nothing = Reading("xyz", tried=("a city",))
    assert not nothing.found
    assert not nothing.ambiguous
