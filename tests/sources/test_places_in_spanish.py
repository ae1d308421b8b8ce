"""Places as people write them in Spanish, and states told from cities of their name."""

import pytest


@pytest.mark.parametrize(
    ("typed", "name", "precision"),
    [
        ("Filadelfia", "Philadelphia, PA", "city"),
        ("Nueva York", "New York City, NY", "city"),
        ("Nueva York, NY", "New York City, NY", "city"),
        ("Los Ángeles", "Los Angeles, CA", "city"),
        ("Cayo Hueso", "Key West, FL", "city"),
        ("San Luis, Misuri", "St. Louis, MO", "city"),
        ("Nueva Orleans, Luisiana", "New Orleans, LA", "city"),
        ("Charlotte, Carolina del Norte", "Charlotte, NC", "city"),
        ("Nuevo México", "New Mexico", "state"),
        ("Pensilvania", "Pennsylvania", "state"),
        ("Dakota del Sur", "South Dakota", "state"),
        ("Islas Vírgenes", "US Virgin Islands", "state"),
        ("New York State", "New York", "state"),
        ("Louisiana state", "Louisiana", "state"),
    ],
)
def test_it_leads_where_it_says(geocoder, typed, name, precision):
    place = geocoder.read(typed).place
    assert (place.name, place.precision) == (name, precision)


def test_a_town_that_has_the_spanish_name_stays_itself(geocoder):
    reading = geocoder.read("San Luis")
    assert reading.place.name == "San Luis, AZ"
    assert "St. Louis, MO" in [place.name for place in reading.alternatives]
