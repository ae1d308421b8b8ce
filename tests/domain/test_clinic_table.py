"""The spreadsheet of clinics: a cell says what the staff form says, and says it again."""

import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from directory.domain.clinic_entry import read_clinic
from directory.domain.clinic_table import (
    COLUMNS,
    NAMES,
    PRECISIONS,
    cells_of,
    column_of,
    garbled,
    meant,
    read_header,
    typed_of,
    value_of,
    zip_code,
)
from directory.domain.csvcells import recovered, safe
from directory.domain.entries import DAYS, write_hours
from directory.domain.imports import FileRefused
from directory.domain.services import CONDITIONS, MODALITIES
from directory.models.clinic import PointPrecision
from tests.support.clinics_file import HOSTILE, clinic_row

README = Path(__file__).parents[2] / "README.md"
WORDS = st.text(alphabet=st.characters(exclude_categories=["Cs"]))


@settings(max_examples=1000)
@given(WORDS | st.builds("{}{}".format, st.sampled_from(["'", "''", "=", "+", "-", "@"]), WORDS))
@example("'=1")
@example("'Aina")
def test_the_apostrophe_is_taken_away_just_once(value):
    assert value_of(safe(value)) == value


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_texts_come_back(value):
    assert value_of(safe(value)) == value


def test_in_a_strangers_file_an_apostrophe_is_part_of_a_name():
    assert value_of("'Aina Clinic") == "'Aina Clinic"
    assert value_of("'=1") == "=1"
    assert recovered("'Aina Clinic") != "'Aina Clinic", "the plain rule would lose it"


@st.composite
def facts(draw):
    """Typed fields of the staff form, as it would show them."""
    services = draw(
        st.lists(
            st.tuples(st.sampled_from(MODALITIES), st.sampled_from(CONDITIONS)),
            unique=True,
            max_size=6,
        )
    )
    typed = {"accepting": draw(st.sampled_from(["", "0", "1"]))}
    for n, (modality, condition) in enumerate(services):
        typed[f"service-{n}-modality"] = modality.value
        typed[f"service-{n}-condition"] = condition.value
        price = draw(st.none() | st.integers(1, 100_000))
        minutes = draw(st.none() | st.integers(1, 1440))
        typed[f"service-{n}-price_usd"] = str(price or "")
        typed[f"service-{n}-minutes"] = str(minutes or "")
    open_days = sorted(draw(st.sets(st.integers(0, 6))))
    spans = draw(st.sampled_from([[("08:30", "17:00")], [("09:00", "12:00"), ("13:00", "18:30")]]))
    hours = [{"day": DAYS[day], "opens": o, "closes": c} for day in open_days for o, c in spans]
    typed["hours"] = write_hours(hours)
    if draw(st.booleans()):
        lat, lon = draw(st.floats(-90, 90)), draw(st.floats(-180, 180))
        typed |= {"lat": f"{lat:.6f}", "lon": f"{lon:.6f}", "precision": "address"}
        typed["pin"] = f"{typed['lat']}, {typed['lon']}"
    phone = draw(st.sampled_from(["", "+16025550100", "+17875550199"]))
    return typed | {"phone": phone, "languages": draw(st.sampled_from(["", "en", "en, es"]))}


@settings(max_examples=150)
@given(facts())
def test_a_row_says_what_the_form_says(typed):
    known = {"name": "A", "street": "B", "city": "C", "state": "AZ", "postal_code": "85004"} | typed
    cells = cells_of(known)
    assert set(cells) == set(NAMES)
    again, problems = typed_of(cells)
    assert problems == []
    assert read_clinic(again) == read_clinic(known)


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"accepting_new_patients": "perhaps"}, "accepting_new_patients", "yes_no"),
        ({"pin": "33.4 -112.1"}, "pin", "pin"),
        ({"pin": "33.4"}, "pin", "pin"),
        ({"precision": "exact", "pin": "33.4, -112.1"}, "precision", "precision"),
        ({"precision": "address"}, "pin", "pin_missing"),
        ({"services": "iv depression"}, "services", "services"),
        ({"services": "iv for depression, 45 min, $450"}, "services", "services"),
        ({"services": "laser for depression"}, "services", "service_word"),
        ({"services": "iv for fun"}, "services", "service_word"),
        ({"services": "; ".join(["iv for pain"] * 41)}, "services", "services_many"),
    ],
)
def test_what_a_cell_cannot_mean_is_named(cells, column, code):
    _typed, problems = typed_of(clinic_row(1) | cells)
    assert [(p.field, p.code) for p in problems] == [(column, code)]


@pytest.mark.parametrize(
    ("said", "price", "minutes"),
    [
        ("iv for depression, $450, 45 min", "450", "45"),
        ("IV for Depression: $1,450 45 minutes", "1450", "45"),
        ("iv for depression, $450", "450", ""),
        ("iv for depression, 45 min", "", "45"),
        ("iv for depression", "", ""),
    ],
)
def test_services_are_read_as_people_write_them(said, price, minutes):
    typed, problems = typed_of({"services": said})
    assert problems == []
    assert typed["service-0-modality"] == "iv"
    assert typed["service-0-condition"] == "depression"
    assert (typed["service-0-price_usd"], typed["service-0-minutes"]) == (price, minutes)


def test_a_pin_that_is_not_the_doors_is_not_taken():
    assert "lat" in typed_of({"pin": "33.4, -112.1"})[0]
    assert "lat" in typed_of({"pin": "33.4, -112.1", "precision": "Address"})[0]
    assert "lat" not in typed_of({"pin": "33.4, -112.1", "precision": "zip"})[0]


def test_zeros_that_a_spreadsheet_took_come_back():
    assert zip_code(" 2134") == "02134"
    assert zip_code("901") == "00901"
    assert zip_code("85004") == "85004"
    assert zip_code("12") == "12", "no ZIP code is that short"


def test_damaged_accents_are_seen():
    assert garbled("Núñez".encode().decode("cp1252"))
    assert not garbled("Núñez")
    assert not garbled("Nunez")
    assert not garbled("クリニック")


def test_columns_are_found_in_any_order_and_spelling():
    header = read_header(["Postal Code", "NAME", "street", "City", "state", "Fax number", "ID"])
    assert header.names == ("postal_code", "name", "street", "city", "state", "Fax number", "id")
    assert header.unknown == ("Fax number",)
    cells = ["85004", "'=A", "S", "C", "AZ", "'+1", "7"]
    assert header.known(cells)["name"] == "=A"
    assert header.others(cells) == {"Fax number": "+1"}


@pytest.mark.parametrize(
    ("names", "column"),
    [
        (["id", "name", "Name"], "name"),
        (["id", "fax", "fax"], "fax"),
        (["name", "street", "city", "postal_code"], "state"),
        (["phone", "fax"], "name"),
        (["id", "a\u202eb"], "2"),
        (["id", "x" * 101], "2"),
    ],
)
def test_a_header_is_refused_by_its_column(names, column):
    with pytest.raises(FileRefused) as refused:
        read_header(names)
    assert (refused.value.line, refused.value.column) == (1, column)


def test_too_many_columns_are_refused():
    with pytest.raises(FileRefused, match="more than 200"):
        read_header(["id", *(f"c{n}" for n in range(200))])


def test_a_name_near_one_of_ours_gets_a_hint():
    assert meant("Zip Code") == "postal_code"
    assert meant("web site") == "website"
    assert meant("fax") is None


def test_the_words_are_those_of_the_models():
    assert list(PRECISIONS) == [precision.value for precision in PointPrecision]
    assert column_of("service-3-minutes") == "services"
    assert {column_of(name) for name in ("accepting", "lat", "hours", "organization")} <= set(NAMES)


def test_the_readme_has_every_column_and_no_other():
    text = README.read_text("utf-8")
    part = text[text.index("## Clinics as a spreadsheet") :]
    part = part[: part.index("\n## ", 5)]
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \|$", part, re.M)
    assert rows == [
        (c.name, c.about + (" (needed)" if c.needed else ""), f"`{c.example}`" if c.example else "")
        for c in COLUMNS
    ]
