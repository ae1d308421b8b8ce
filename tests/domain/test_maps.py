"""What a map shows by itself, and which addresses of tiles are allowed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.domain.maps import RINGS, TileAddressError, beside, read_tile_address, rings_of


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://tiles.example.org/{z}/{x}/{y}.png", "https://tiles.example.org"),
        ("https://Tiles.Example.org:8443/t/{z}/{y}/{x}?key=ab", "https://tiles.example.org:8443"),
        ("/tiles/{z}/{x}/{y}.png", ""),
    ],
)
def test_a_plain_address_is_allowed(text, origin):
    address = read_tile_address(text)
    assert (address.url, address.origin) == (text, origin)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("http://tiles.example.org/{z}/{x}/{y}.png", "must begin with https://"),
        ("//tiles.example.org/{z}/{x}/{y}.png", "must begin with https://"),
        ("tiles/{z}/{x}/{y}.png", "must begin with https://"),
        ("data:{z}{x}{y}", "must begin with https://"),
        ("https://tiles.example.org/{z}/{x}.png", r"needs \{y\}"),
        ("https://tiles.example.org/", r"needs \{z\} and \{x\} and \{y\}"),
        ("https://tiles.example.org/{z}/{x}/{y}/{y}.png", r"needs \{y\} once"),
        ("https://{s}.example.org/{z}/{x}/{y}.png", "only {z}, {x} and {y}"),
        ("https://tiles.example.org/{z}/{x}/{y}{r}.png", "only {z}, {x} and {y}"),
        ("https://{z}.example.org/{x}/{y}.png", "one plain name"),
        ("https://me:secret@tiles.example.org/{z}/{x}/{y}.png", "one plain name"),
        ("https://tiles.example.org:99999/{z}/{x}/{y}.png", "one plain name"),
        ("https:///{z}/{x}/{y}.png", "one plain name"),
        ("https://tiles.example.org/{z}/{x}/{y}.png; script-src *", "no place in an address"),
        ("https://tiles.example.org/{z}/{x}/{y},https://b.example", "no place in an address"),
        ("https://*.example.org/{z}/{x}/{y}.png", "no place in an address"),
        ("https://tiles.example.org/'{z}/{x}/{y}", "no place in an address"),
        ("https://tiles.example.org/{z}/{x}/{y}\n", "no place in an address"),
        ("", "no place in an address"),
    ],
)
def test_an_address_that_could_say_more_is_refused(text, words):
    with pytest.raises(TileAddressError, match=words):
        read_tile_address(text)


@given(st.text(max_size=60))
def test_nothing_that_passes_can_add_to_the_policy(text):
    try:
        origin = read_tile_address(f"https://tiles.example.org/{{z}}/{{x}}/{{y}}{text}").origin
    except TileAddressError:
        return
    assert origin == "https://tiles.example.org"


@pytest.mark.parametrize(
    ("reach", "within", "rings"),
    [
        (5.0, 25.0, (2.0, 5.0, 10.0)),
        (20.0, 25.0, (5.0, 10.0, 25.0)),
        (20.0, 30.0, (10.0, 25.0, 30.0)),
        (0.0, 25.0, (1.0, 2.0)),
        (0.3, 1.0, (1.0,)),
        (200.0, 250.0, (50.0, 100.0, 250.0)),
    ],
)
def test_circles_of_distance_fit_what_is_shown(reach, within, rings):
    assert rings_of(reach, within) == rings


@given(st.floats(0, 300), st.floats(1, 250))
def test_no_circle_lies_beyond_the_search(reach, within):
    rings = rings_of(reach, within)
    assert rings
    assert list(rings) == sorted(set(rings))
    assert all(ring <= within for ring in rings)
    assert set(rings) <= {*map(float, RINGS), within}


@pytest.mark.parametrize(
    ("lon", "middle", "same"),
    [(-112.0, -110.0, -112.0), (-179.0, 179.0, 181.0), (179.0, -179.0, -181.0), (0.0, 0.0, 0.0)],
)
def test_neighbors_across_the_antimeridian_stay_neighbors(lon, middle, same):
    assert beside(lon, middle) == same
