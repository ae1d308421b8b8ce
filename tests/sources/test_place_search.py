"""What searchers type, and where it leads: offline, honest about doubt, never an error."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.domain.placenames import Attempt, Place, Reading, Tried
from directory.sources.geocoder import EmbeddedGeocoder
from tests.benchmarks import geocoder_bars as bars

# What is typed; the place it leads to; its precision.
FOUND = """
94110                                   | 94110 (San Francisco, CA)  | zip
97214-1234                              | 97214 (Portland, OR)       | zip
zip code 97214                          | 97214 (Portland, OR)       | zip
97214 Portland OR                       | 97214 (Portland, OR)       | zip
Portland, OR 97214                      | 97214 (Portland, OR)       | zip
90210 Beverly Hills                     | 90210 (Beverly Hills, CA)  | zip
00901                                   | 00901 (San Juan, PR)       | zip
96799                                   | 96799 (Pago Pago, AS)      | zip
20500                                   | 20500 (Washington, DC)     | zip
Bozeman MT 59715                        | 59715 (Bozeman, MT)        | zip
Portland, OR                            | Portland, OR               | city
PORTLAND OREGON                         | Portland, OR               | city
portland me                             | Portland, ME               | city
Portland, Maine, USA                    | Portland, ME               | city
Bozeman MT                              | Bozeman, MT                | city
Saint Louis MO                          | St. Louis, MO              | city
st louis mo                             | St. Louis, MO              | city
St. Louis                               | St. Louis, MO              | city
E St Louis IL                           | East Saint Louis, IL       | city
Cañon City CO                           | Cañon City, CO             | city
canon city, colo.                       | Cañon City, CO             | city
Mayaguez                                | Mayagüez, PR               | city
Mayagüez, Puerto Rico                   | Mayagüez, PR               | city
Coeur d'Alene                           | Coeur d'Alene, ID          | city
coeur d alene id                        | Coeur d'Alene, ID          | city
coeur dalene id                         | Coeur d'Alene, ID          | city
O'Fallon MO                             | O'Fallon, MO               | city
Ft Lauderdale                           | Fort Lauderdale, FL        | city
Mt Pleasant SC                          | Mount Pleasant, SC         | city
Mt. Washington KY                       | Mount Washington, KY       | city
Winston Salem                           | Winston-Salem, NC          | city
N Las Vegas NV                          | North Las Vegas, NV        | city
De Kalb Illinois                        | DeKalb, IL                 | city
Sault Ste Marie                         | Sault Ste. Marie, MI       | city
Truth or Consequences                   | Truth or Consequences, NM  | city
Hagatna                                 | Hagåtña, GU                | city
Charlotte Amalie                        | Charlotte Amalie, VI       | city
Pago Pago                               | Pago Pago, AS              | city
San Juan, PR                            | San Juan, PR               | city
Boise City                              | Boise, ID                  | city
Boise City OK                           | Boise City, OK             | city
Indiana PA                              | Indiana, PA                | city
Nevada MO                               | Nevada, MO                 | city
Wyoming, Michigan                       | Wyoming, MI                | city
Kansas City Kansas                      | Kansas City, KS            | city
Oldtown, MD                             | Oldtown, MD                | city
SF                                      | San Francisco, CA          | city
S.F.                                    | San Francisco, CA          | city
San Fran                                | San Francisco, CA          | city
NYC                                     | New York City, NY          | city
New York, NY                            | New York City, NY          | city
The Big Apple                           | New York City, NY          | city
LA                                      | Los Angeles, CA            | city
DC                                      | Washington, DC             | city
Washington D.C.                         | Washington, DC             | city
Philly                                  | Philadelphia, PA           | city
Vegas                                   | Las Vegas, NV              | city
NOLA                                    | New Orleans, LA            | city
ATL                                     | Atlanta, GA                | city
Chi-town                                | Chicago, IL                | city
KC                                      | Kansas City, MO            | city
SLC                                     | Salt Lake City, UT         | city
PDX                                     | Portland, OR               | city
Indy                                    | Indianapolis, IN           | city
Mpls                                    | Minneapolis, MN            | city
Barrow AK                               | Utqiagvik, AK              | city
brooklyn                                | Brooklyn, NY               | neighborhood
Brooklyn, New York                      | Brooklyn, NY               | neighborhood
the bronx                               | The Bronx, NY              | neighborhood
Queens                                  | Queens, NY                 | neighborhood
Staten Island                           | Staten Island, NY          | neighborhood
Harlem                                  | Harlem, NY                 | neighborhood
Mission District                        | Mission District, CA       | neighborhood
Mission District, San Francisco, CA     | Mission District, CA       | neighborhood
Capitol Hill, Seattle                   | Capitol Hill (Seattle), WA | neighborhood
Capitol Hill, Washington DC             | Capitol Hill, DC           | neighborhood
Capitol Hill Denver CO                  | Denver, CO                 | city
French Quarter, New Orleans             | French Quarter, LA         | neighborhood
Texas                                   | Texas                      | state
Calif                                   | California                 | state
Penna                                   | Pennsylvania               | state
Puerto Rico                             | Puerto Rico                | state
Guam                                    | Guam                       | state
Virgin Islands                          | US Virgin Islands          | state
Georgia                                 | Georgia                    | state
MT                                      | Montana                    | state
King County WA                          | King County, WA            | region
Orleans Parish LA                       | Orleans Parish, LA         | region
Orange County                           | Orange County, CA          | region
Miami-Dade                              | Miami-Dade County, FL      | region
Bay Area                                | San Francisco Bay Area, CA | region
Twin Cities                             | Twin Cities, MN            | region
Marthas Vineyard                        | Martha's Vineyard, MA      | region
Martha’s Vineyard, MA                   | Martha's Vineyard, MA      | region
Cape Cod                                | Cape Cod, MA               | region
Long Island                             | Long Island, NY            | region
DFW                                     | Dallas-Fort Worth, TX      | region
Dallas/Fort Worth                       | Dallas-Fort Worth, TX      | region
Tri-Cities WA                           | Tri-Cities (Washington)    | region
OBX                                     | Outer Banks, NC            | region
The Keys                                | Florida Keys, FL           | region
Oahu                                    | Oahu, HI                   | region
downtown Boise                          | Boise, ID                  | city
near Boise                              | Boise, ID                  | city
clinics near Austin, TX                 | Austin, TX                 | city
45.52,-122.68                           | 45.5200, -122.6800         | point
""".strip()


@pytest.mark.parametrize("line", FOUND.splitlines(), ids=lambda line: line.split(" |")[0].strip())
def test_what_people_type_is_found(geocoder: EmbeddedGeocoder, line: str) -> None:
    typed, name, precision = (part.strip() for part in line.split("|"))
    reading = geocoder.read(typed)
    assert reading.place is not None
    assert (reading.place.name, reading.place.precision) == (name, precision)
    assert not reading.corrected
    assert len(reading.alternatives) <= 8
    assert reading.place not in reading.alternatives
    if precision in {"region", "state"}:
        assert reading.about


@pytest.mark.parametrize(
    ("typed", "name", "note"),
    [
        ("10 Main St, Boise ID 83702", "83702 (Boise, ID)", "address_to_zip"),
        ("10 Main St, Boise ID", "Boise, ID", "address_to_city"),
        ("10 main st boise", "Boise, ID", "address_to_city"),
        ("12345 Main St, Boise ID", "Boise, ID", "address_to_city"),
        ("Main St Boise ID", "Boise, ID", "address_to_city"),
        ("10 Main St, Biose ID", "Boise, ID", "address_to_city"),
        ("1600 Pennsylvania Ave NW Washington DC", "Washington, DC", "address_to_city"),
        ("1 Infinite Loop Cupertino", "Cupertino, CA", "address_to_city"),
        ("P.O. Box 12, Juneau AK", "Juneau, AK", "address_to_city"),
        ("10 Main St, Boise ID 83700", "Boise, ID", "address_to_city"),
        ("77352", "Livingston, TX", "zip_to_city"),
    ],
)
def test_an_address_falls_to_its_zip_or_city_and_says_about(
    geocoder: EmbeddedGeocoder, typed: str, name: str, note: str
) -> None:
    reading = geocoder.read(typed)
    assert reading.place is not None
    assert (reading.place.name, reading.about, reading.note) == (name, True, note)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Pheonix, AZ", "Phoenix, AZ"), ("Pheonix", "Phoenix, AZ"), ("Tuscon", "Tucson, AZ"),
        ("San Fransisco", "San Francisco, CA"), ("Albequerque", "Albuquerque, NM"),
        ("Cincinatti", "Cincinnati, OH"), ("Pitsburgh PA", "Pittsburgh, PA"),
        ("Minneapolus", "Minneapolis, MN"), ("Seatle", "Seattle, WA"), ("Huston TX", "Houston, TX"),
        ("Los Angelas", "Los Angeles, CA"), ("Jersy City", "Jersey City, NJ"),
        ("Nashvile", "Nashville, TN"), ("Phoenix, Arizna", "Phoenix, AZ"),
        ("Colorado Springz CO", "Colorado Springs, CO"),
        ("Virginia Baech VA", "Virginia Beach, VA"),
        ("Saint Luois MO", "St. Louis, MO"), ("Massachusets", "Massachusetts"),
        ("Nroth Bend OR", "North Bend, OR"), ("Kalamzoo", "Kalamazoo, MI"),
    ],
)  # fmt: skip
def test_a_typo_is_repaired_and_says_so(geocoder: EmbeddedGeocoder, typed: str, name: str) -> None:
    reading = geocoder.read(typed)
    assert reading.place is not None
    assert (reading.place.name, reading.corrected) == (name, True)


@pytest.mark.parametrize(
    "typed",
    ["Springfield", "Franklin", "Arlington", "Aurora", "Washington", "Tri-Cities", "Hollywood",
     "Capitol Hill", "Sprngfield", "Washington County", "10 Main St, Springfield", "London"],
)  # fmt: skip
def test_nobody_chooses_silently_among_several(geocoder: EmbeddedGeocoder, typed: str) -> None:
    reading = geocoder.read(typed)
    assert reading.place is None
    assert 2 <= len(reading.alternatives) <= 8
    populations = [place.population for place in reading.alternatives]
    assert populations == sorted(populations, reverse=True)
    names = [place.name for place in reading.alternatives]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("typed", "first", "offered"),
    [
        ("Portland", "Portland, OR", "Portland, ME"),
        ("Columbus", "Columbus, OH", "Columbus, GA"),
        ("Kansas City", "Kansas City, MO", "Kansas City, KS"),
        ("New York", "New York City, NY", "New York (the state)"),
        ("LA", "Los Angeles, CA", "Louisiana (the state)"),
        ("Las Vegas", "Las Vegas, NV", "Las Vegas, NM"),
        ("Frisco", "Frisco, TX", "San Francisco, CA"),
        ("Pittsburg", "Pittsburg, CA", "Pittsburgh, PA"),
        ("Huston", "Huston, ID", "Houston, TX"),
        ("California", "California", "California, MD"),
        ("Toronto", "Toronto, OH", "Toronto, KS"),
        ("Boise ID 10001", "10001 (New York, NY)", "Boise, ID"),
        ("NY 90210", "90210 (Beverly Hills, CA)", "New York"),
    ],
)
def test_the_likeliest_comes_with_the_others(
    geocoder: EmbeddedGeocoder, typed: str, first: str, offered: str
) -> None:
    reading = geocoder.read(typed)
    assert reading.place is not None
    assert reading.place.name == first
    assert offered in [place.name for place in reading.alternatives]


def test_paris_is_asked_about_texas_first_and_france_not_claimed(
    geocoder: EmbeddedGeocoder,
) -> None:
    reading = geocoder.read("Paris")
    assert reading.place is None
    assert reading.alternatives[0].name == "Paris, TX"
    assert all(place.state for place in reading.alternatives)


@pytest.mark.parametrize(
    "typed",
    ["London, UK", "Paris, France", "Paris France", "Toronto, ON", "Toronto, Ontario",
     "Vancouver, BC", "Mexico City", "Tijuana", "M5V 2T6", "Berlin Germany"],
)  # fmt: skip
def test_a_place_abroad_is_said_to_be_abroad(geocoder: EmbeddedGeocoder, typed: str) -> None:
    reading = geocoder.read(typed)
    assert (reading.place, reading.alternatives, reading.note) == (None, (), "abroad")
    assert reading.tried


def test_a_country_that_is_a_small_town_too_is_a_choice(geocoder: EmbeddedGeocoder) -> None:
    for typed, first in (("Mexico", "Mexico, MO"), ("Montreal", "Montreal, WI")):
        reading = geocoder.read(typed)
        assert (reading.place, reading.note) == (None, "abroad")
        assert reading.alternatives[0].name == first


def test_a_point_far_from_the_country_is_kept_and_said_to_be_abroad(
    geocoder: EmbeddedGeocoder,
) -> None:
    reading = geocoder.read("51.5, -0.12")
    assert reading.place == Place("51.5000, -0.1200", 51.5, -0.12, "point")
    assert reading.note == "abroad"


@pytest.mark.parametrize("typed", ["09001", "APO AE 09001", "AE", "34011", "FPO AP 96349", "APO"])
def test_military_mail_has_its_own_answer(geocoder: EmbeddedGeocoder, typed: str) -> None:
    reading = geocoder.read(typed)
    assert (reading.place, reading.alternatives, reading.note) == (None, (), "military_zip")


@pytest.mark.parametrize(
    "typed",
    ["", "   ", "asdfgh", "qwerty", "!!!", "💊", "9721", "972145", "00000", "99999", "x" * 10_000,
     "9" * 10_000, "\x00", "' OR 1=1 --", "'; DROP TABLE zip; --", "%", "_", "95, 200", "usa",
     "\ud800", "<script>alert(1)</script>", "../../etc/passwd", "NaN", "-", "near me"],
)  # fmt: skip
def test_junk_is_unknown_with_what_was_tried(geocoder: EmbeddedGeocoder, typed: str) -> None:
    start = time.perf_counter()
    reading = geocoder.read(typed)
    assert time.perf_counter() - start < 0.5
    assert reading.place is None
    assert reading.alternatives == ()
    assert reading.tried
    assert len(reading.query) <= 200


def test_an_unknown_town_in_a_known_state_offers_the_state(geocoder: EmbeddedGeocoder) -> None:
    reading = geocoder.read("Nowhereville TX")
    assert reading.place is None
    assert [place.name for place in reading.alternatives] == ["Texas"]
    assert reading.tried


def test_an_unknown_zip_code_is_not_guessed(geocoder: EmbeddedGeocoder) -> None:
    assert geocoder.read("00000").tried == (Tried(Attempt.ZIP, "00000"),)


def test_an_unknown_zip_code_with_a_name_falls_to_the_name(geocoder: EmbeddedGeocoder) -> None:
    reading = geocoder.read("Boise 00000")
    assert reading.place is not None
    assert (reading.place.name, reading.about, reading.note) == ("Boise, ID", True, "zip_to_city")
    assert reading.tried == (Tried(Attempt.ZIP, "00000"),)
    assert geocoder.read("10 Main St, Springfield 00000").ambiguous
    assert geocoder.read("Qwrtzx 00000").tried == (Tried(Attempt.ZIP, "00000"),)
    assert geocoder.read("00000 Main St, Boise ID").place is not None


@pytest.mark.parametrize("typed", ["56935", "Micronesia", "96941", "Qwrtzx Oregn"])
def test_what_has_no_point_on_the_map_is_unknown(geocoder: EmbeddedGeocoder, typed: str) -> None:
    reading = geocoder.read(typed)
    assert reading.place is None
    assert reading.tried


def test_a_piece_that_is_elsewhere_does_not_move_the_city(geocoder: EmbeddedGeocoder) -> None:
    reading = geocoder.read("Astoria, Boise, ID")
    assert reading.place is not None
    assert (reading.place.name, reading.about) == ("Boise, ID", True)
    reading = geocoder.read("Harlem, Boise")
    assert reading.place is not None
    assert (reading.place.name, reading.about) == ("Boise, ID", True)


def sane(reading: Reading) -> None:
    """Check what holds for every reading."""
    for place in (*reading.alternatives, *([reading.place] if reading.place else [])):
        assert -90 <= place.lat <= 90
        assert -180 <= place.lon <= 180
        assert place.name
    assert len(reading.alternatives) <= 8
    assert len(reading.query) <= 200


@given(st.text(max_size=250))
def test_any_text_is_read_and_completed(geocoder: EmbeddedGeocoder, text: str) -> None:
    sane(geocoder.read(text))
    assert len(geocoder.complete(text)) <= 8


ADDRESS_WORDS = """
10 Main St Boise Portland 97214 12345 ID OR New York Washington Mexico , ; - . county area
APO AE Springfield near zip code Port Saint 45.5 -122.6 N E usa France '
"""
WORDS = st.sampled_from(ADDRESS_WORDS.split())


@given(st.lists(WORDS, max_size=9).map(" ".join))
def test_any_words_of_addresses_are_read(geocoder: EmbeddedGeocoder, text: str) -> None:
    sane(geocoder.read(text))
    assert len(geocoder.complete(text, 3)) <= 3


@pytest.mark.parametrize(
    ("prefix", "first"),
    [("phoen", "Phoenix, AZ"), ("san fr", "San Francisco, CA"), ("nyc", "New York City, NY"),
     ("portland, m", "Portland, ME"), ("972", "97201 (Portland, OR)"), ("st lou", "St. Louis, MO"),
     ("97214", "97214 (Portland, OR)"), ("coeur d", "Coeur d'Alene, ID")],
)  # fmt: skip
def test_a_beginning_is_completed(geocoder: EmbeddedGeocoder, prefix: str, first: str) -> None:
    names = [place.name for place in geocoder.complete(prefix)]
    assert first in names[:2]
    assert len(set(names)) == len(names) <= 8


def test_a_short_form_may_be_the_beginning_of_a_word(geocoder: EmbeddedGeocoder) -> None:
    names = [place.name for place in geocoder.complete("st")]
    assert "Stockton, CA" in names
    assert "Saint Paul, MN" in names


@pytest.mark.parametrize("prefix", ["", " ", "!!!", "45.5,-122.6", "x" * 500, "zzzzzz"])
def test_nothing_completes_nonsense(geocoder: EmbeddedGeocoder, prefix: str) -> None:
    assert geocoder.complete(prefix) == ()


# The bars; times only loosely, on a machine that may be busy.


def test_city_and_state_pairs_are_found_where_their_zip_codes_are(
    geocoder: EmbeddedGeocoder,
) -> None:
    assert bars.right_at_first(geocoder, bars.city_pairs(4000, seed=1)) >= 98.5


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_one_letter_typos_with_state_are_repaired(geocoder: EmbeddedGeocoder, seed: int) -> None:
    assert bars.right_at_first(geocoder, bars.typos(600, seed)) >= 98.0


def test_regions_get_an_honest_answer(geocoder: EmbeddedGeocoder) -> None:
    assert bars.regions_right(geocoder) == 100


def test_it_is_quick(geocoder: EmbeddedGeocoder) -> None:
    typed = [text for text, _ in bars.city_pairs(400, seed=4)]
    wrong = [text for text, _ in bars.typos(200, seed=4, with_state=False)]
    times = bars.milliseconds(geocoder.read, typed)
    assert times[len(times) // 2] < 3
    assert bars.milliseconds(geocoder.read, wrong)[190] < 75
    assert bars.milliseconds(geocoder.complete, [text[:3] for text in typed])[380] < 15
