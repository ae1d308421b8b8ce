"""What searchers type, and where it leads: offline, honest about doubt, never an error."""

import json
import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from geopy.adapters import BaseSyncAdapter
from geopy.exc import GeocoderQueryError, GeocoderTimedOut, GeocoderUnavailable
from geopy.geocoders.base import Geocoder
from hypothesis import given
from hypothesis import strategies as st

from directory.domain.placenames import Place, Reading
from directory.sources.geocoder import EmbeddedGeocoder, geodesic_miles, open_geocoder
from tests.benchmarks import geocoder_bars as bars


@pytest.fixture(scope="module")
def path(instance: Path) -> Path:
    return instance / "gazetteer.sqlite"


@pytest.fixture(scope="module")
def geocoder(path: Path) -> Iterator[EmbeddedGeocoder]:
    opened = EmbeddedGeocoder(path)
    yield opened
    opened.gazetteer.close()


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
        ("10 Main St, Boise ID 83799", "Boise, ID", "address_to_city"),
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
        ("Colorado Springz CO", "Colorado Springs, CO"), ("Virginia Baech VA", "Virginia Beach, VA"),
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
     "Vancouver, BC", "Mexico City", "Tijuana", "M5V 2T6", "Berlin Germany", "Montreal"],
)  # fmt: skip
def test_a_place_abroad_is_said_to_be_abroad(geocoder: EmbeddedGeocoder, typed: str) -> None:
    reading = geocoder.read(typed)
    assert (reading.place, reading.alternatives, reading.note) == (None, (), "abroad")
    assert reading.tried


def test_a_country_that_is_a_small_town_too_is_a_choice(geocoder: EmbeddedGeocoder) -> None:
    reading = geocoder.read("Mexico")
    assert (reading.place, reading.note) == (None, "abroad")
    assert reading.alternatives[0].name == "Mexico, MO"


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
    assert geocoder.read("00000").tried == ("the ZIP code 00000",)


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


WORDS = st.sampled_from(
    ["10", "Main", "St", "Boise", "Portland", "97214", "12345", "ID", "OR", "New", "York", "Washington", "Mexico", ",", ";", "-", ".", "county", "area", "APO", "AE", "Springfield", "near", "zip", "code", "Port", "Saint", "45.5", "-122.6", "N", "E", "usa", "France", "'"]
)


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


def test_it_is_a_geopy_geocoder(geocoder: EmbeddedGeocoder) -> None:
    assert isinstance(geocoder, Geocoder)
    location = geocoder.geocode("Boise, ID", timeout=1)
    assert location.address == "Boise, ID"
    assert (location.latitude, location.longitude) == pytest.approx((43.61, -116.2), abs=0.05)
    assert location.raw["precision"] == "city"
    assert geocoder.geocode("Springfield") is None
    several = geocoder.geocode("Springfield", exactly_one=False)
    assert "Springfield, MO" in [each.address for each in several]
    assert geocoder.geocode("asdfgh") is None
    assert geocoder.geocode("asdfgh", exactly_one=False) is None
    with pytest.raises(GeocoderQueryError):
        geocoder.geocode(12)
    assert geocoder.reverse((45.5142, -122.6364)).address == "97214 (Portland, OR)"
    assert geocoder.reverse("45.5142, -122.6364", exactly_one=False)[0].raw["state"] == "OR"
    assert geocoder.reverse((0, 0)) is None
    with pytest.raises(GeocoderQueryError):
        geocoder.reverse("nowhere")
    for request in (geocoder.adapter.get_json, geocoder.adapter.get_text):
        with pytest.raises(GeocoderUnavailable):
            request("https://example.org", timeout=1, headers={})


def test_distance_is_the_geodesic() -> None:
    assert geodesic_miles((45.0, -122.0), (45.0, -122.0)) == 0
    assert geodesic_miles((40.7128, -74.006), (34.0522, -118.2437)) == pytest.approx(2450, abs=2)


def test_threads_read_alike(geocoder: EmbeddedGeocoder) -> None:
    typed = ["Portland", "Pheonix, AZ", "10 Main St, Boise ID", "Springfield", "97214"] * 60
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(geocoder.read, typed)) == [geocoder.read(each) for each in typed]


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


# An operator's own server.


class Server:
    """Stands for an online geocoder: answers with `reply`, remembers what it was asked."""

    def __init__(self, reply: Any) -> None:
        self.reply = reply
        self.asked: list[str] = []

    def __call__(self, *, proxies: Any, ssl_context: Any) -> BaseSyncAdapter:
        server = self

        class Adapter(BaseSyncAdapter):  # type: ignore[misc]
            def get_json(self, url: str, *, timeout: float, headers: dict[str, str]) -> Any:
                assert timeout == 2.0
                assert headers["User-Agent"] == "directory-tests"
                server.asked.append(url)
                if isinstance(server.reply, Exception):
                    raise server.reply
                return json.loads(json.dumps(server.reply))

            def get_text(self, url: str, *, timeout: float, headers: dict[str, str]) -> str:
                raise AssertionError("only JSON is asked for")

        return Adapter(proxies=proxies, ssl_context=ssl_context)


HOUSE = (43.6187, -116.2146)
NOMINATIM = [{"lat": str(HOUSE[0]), "lon": str(HOUSE[1]), "display_name": "10, Main Street, Boise"}]
FEATURES = {
    "features": [
        {
            "geometry": {"coordinates": [HOUSE[1], HOUSE[0]]},
            "properties": {"label": "10 Main Street, Boise", "name": "10 Main Street, Boise"},
        }
    ]
}


def online(path: Path, server: Server, kind: str = "nominatim") -> Any:
    return open_geocoder(
        kind,
        path,
        domain="http://geo.example.org:8080/",
        timeout=2.0,
        user_agent="directory-tests",
        adapter_factory=server,
    )


@pytest.mark.parametrize(
    ("kind", "reply"), [("nominatim", NOMINATIM), ("pelias", FEATURES), ("photon", FEATURES)]
)
def test_an_address_is_found_to_the_house(path: Path, kind: str, reply: Any) -> None:
    server = Server(reply)
    reading = online(path, server, kind).read("10 Main St, Boise ID 83702")
    assert reading.place is not None
    assert (reading.place.lat, reading.place.lon) == HOUSE
    assert (reading.place.precision, reading.place.state) == ("address", "ID")
    assert (reading.about, reading.note) == (False, None)
    assert server.asked[0].startswith("http://geo.example.org:8080/")


@pytest.mark.parametrize(
    "typed", ["97214", "Boise, ID", "Portland", "Springfield", "Pheonix, AZ", "Texas", "09001", ""]
)
def test_what_the_gazetteer_knows_is_never_sent_anywhere(
    path: Path, geocoder: EmbeddedGeocoder, typed: str
) -> None:
    server = Server(NOMINATIM)
    assert online(path, server).read(typed) == geocoder.read(typed)
    assert online(path, server).complete(typed) == geocoder.complete(typed)
    assert server.asked == []


def test_what_the_gazetteer_does_not_know_is_asked_for(path: Path) -> None:
    reading = online(path, Server(NOMINATIM)).read("Zyzzyx Rooftop Garden")
    assert reading.place is not None
    assert (reading.place.precision, reading.place.state) == ("point", "ID")
    assert reading.tried == ()


@pytest.mark.parametrize(
    "reply",
    [
        [],
        [{"lat": "51.5", "lon": "-0.12", "display_name": "London"}],
        [{"lat": "40.7", "lon": "-74.0", "display_name": "10 Main Street, New York"}],
        [{"lat": "nonsense", "lon": "1", "display_name": "x"}],
        {"error": "overloaded"},
        "not what was asked",
        GeocoderTimedOut("slow"),
        OSError("no route"),
    ],
    ids=lambda reply: type(reply).__name__,
)
def test_a_wrong_or_failing_server_leaves_the_embedded_answer(
    path: Path, geocoder: EmbeddedGeocoder, reply: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        reading = online(path, Server(reply)).read("10 Main St, Boise ID 83702")
    assert reading == geocoder.read("10 Main St, Boise ID 83702")
    assert "Main" not in caplog.text


def test_a_failed_server_is_left_alone_for_a_minute(path: Path) -> None:
    server = Server(GeocoderTimedOut("slow"))
    opened = online(path, server)
    now = 1000.0
    opened._clock = lambda: now
    for _ in range(3):
        opened.read("10 Main St, Boise ID 83702")
    assert len(server.asked) == 1
    server.reply = NOMINATIM
    now += 61
    assert opened.read("10 Main St, Boise ID 83702").place.precision == "address"


def test_settings_that_cannot_work_are_refused(path: Path, tmp_path: Path) -> None:
    def opened(kind: str, where: Path, domain: str | None) -> object:
        return open_geocoder(kind, where, domain=domain, timeout=1, user_agent="x-tests")

    assert isinstance(opened("embedded", path, None), EmbeddedGeocoder)
    with pytest.raises(ValueError, match="one of embedded"):
        opened("google", path, None)
    with pytest.raises(ValueError, match="domain"):
        opened("nominatim", path, None)
    with pytest.raises(FileNotFoundError):
        opened("embedded", tmp_path / "none.sqlite", None)
