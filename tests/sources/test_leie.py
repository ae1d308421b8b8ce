"""The exclusion list is read as published; what is not its layout is refused by line and column."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from directory.domain.imports import FileRefused
from directory.sources.leie import COLUMNS, WIDTHS, ListFile, day_of, read_list
from directory.sources.tables import open_source
from tests.support import leie_file
from tests.support.leie_file import Row, as_bytes, business, invented_rows, person

TODAY = date(2026, 11, 23)
GOOD = person("ROE", "ANA")


def read(path: Path, *, supplement: bool = False, whole: bool = True) -> ListFile:
    with open_source(str(path)) as source:
        return read_list(source, today=TODAY, supplement=supplement, whole=whole)


@pytest.fixture
def parsed(tmp_path: Path) -> Callable[..., ListFile]:
    """Write rows as published and read them again."""

    def reading(*rows: Row, **asked: bool) -> ListFile:
        return read(leie_file.write(tmp_path / "list.csv", rows), **asked)

    return reading


@pytest.fixture
def refused(tmp_path: Path) -> Callable[..., FileRefused]:
    """Write bytes, read them and return why they are refused."""

    def reading(data: bytes, **asked: bool) -> FileRefused:
        path = tmp_path / "list.csv"
        path.write_bytes(data)
        with pytest.raises(FileRefused) as found:
            read(path, **asked)
        return found.value

    return reading


Parsed = Callable[..., ListFile]
Refused = Callable[..., FileRefused]


def test_the_layout_has_eighteen_columns() -> None:
    assert list(WIDTHS.values()) == [
        20, 15, 15, 30, 20, 20, 6, 10, 8, 30, 20, 2, 5, 9, 8, 8, 8, 2,
    ]  # fmt: skip


def test_padding_and_missing_values(parsed: Parsed) -> None:
    padded = {column: f" {GOOD[column]:<{WIDTHS[column]}} " for column in COLUMNS}
    padded["EXCLTYPE"] = "1128b4   "
    rows = list(parsed(GOOD | {"DOB": "00000000"}, padded | {"NPI": ""}).excluded.values())
    assert [row.born_on for row in rows] == [None, date(1970, 1, 1)]
    for row in rows:
        assert (row.last_name, row.exclusion_type, row.npi) == ("ROE", "1128b4", None)
        assert (row.excluded_on, row.waived_on) == (date(2019, 6, 20), None)


def test_the_same_content_is_the_same_row_however_it_is_padded(parsed: Parsed) -> None:
    bare = parsed(GOOD)
    padded = parsed(GOOD | {"MIDNAME": " " * 15, "NPI": "", "WAIVERDATE": "", "REINDATE": ""})
    assert bare.excluded == padded.excluded
    assert bare.excluded.keys() != parsed(GOOD | {"CITY": "SALEM"}).excluded.keys()
    back = parsed(GOOD | {"REINDATE": "20200101"}, supplement=True)
    assert back.reinstated.keys() == bare.excluded.keys()


def test_two_equal_rows_are_one(parsed: Parsed) -> None:
    found = parsed(GOOD, GOOD)
    assert (found.read, len(found.excluded)) == (2, 1)


def test_values_as_wide_as_the_layout(parsed: Parsed) -> None:
    wide = {c: "A" * w for c, w in WIDTHS.items() if not c.endswith(("DATE", "DOB", "NPI"))}
    row = next(iter(parsed(GOOD | wide | {"NPI": "2000000010"}).excluded.values()))
    assert (row.last_name, row.npi) == ("A" * 20, "2000000010")


@pytest.mark.parametrize("column", COLUMNS)
def test_a_value_wider_than_the_layout(refused: Refused, column: str) -> None:
    data = as_bytes([GOOD, GOOD | {column: "1" * (WIDTHS[column] + 1)}])
    why = refused(data)
    assert (why.line, why.column) == (3, column)
    assert str(WIDTHS[column]) in str(why)


@pytest.mark.parametrize("column", ["DOB", "EXCLDATE", "REINDATE", "WAIVERDATE"])
@pytest.mark.parametrize(
    "value",
    [
        "20190230",
        "20191301",
        "2019-1-1",
        "0",
        "18491231",
        "20990101",
        "abcdefgh",
        "２０１９０１０１",
    ],
)
def test_an_impossible_day(refused: Refused, column: str, value: str) -> None:
    why = refused(as_bytes([GOOD, GOOD | {column: value}]), supplement=True)
    assert (why.line, why.column) == (3, column)


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"EXCLDATE": "00000000"}, "EXCLDATE"),
        ({"DOB": "20261124"}, "DOB"),  # tomorrow
        ({"NPI": "200000001"}, "NPI"),
        ({"NPI": "20000000X0"}, "NPI"),
        ({"LASTNAME": "", "FIRSTNAME": ""}, "LASTNAME"),
        ({"LASTNAME": ""}, "LASTNAME"),
        ({"CITY": "PORT\tLAND"}, "CITY"),
        ({"REINDATE": "20200101"}, "REINDATE"),  # the full list holds no reinstatement
    ],
)
def test_a_row_that_cannot_be(refused: Refused, change: Row, column: str) -> None:
    why = refused(as_bytes([GOOD, business("EXAMPLE LLC", DOB="") | GOOD | change]))
    assert (why.line, why.column) == (3, column)


def test_another_order_of_columns(refused: Refused) -> None:
    swapped = [*COLUMNS]
    swapped[0], swapped[1] = swapped[1], swapped[0]
    why = refused(as_bytes([GOOD], swapped))
    assert (why.line, why.column) == (1, "FIRSTNAME")
    assert "order" in str(why)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (as_bytes([GOOD], COLUMNS[:-1]), 1),
        (as_bytes([GOOD]).replace(b'"UPIN"', b'"UPEN"'), 1),
        (as_bytes([GOOD]).replace(b",", b";"), 1),
        (b"\xef\xbb\xbf" + as_bytes([GOOD]), 1),
        (as_bytes([GOOD]).decode().encode("utf-16"), 1),
        (as_bytes([GOOD | {"CITY": "SAN JOS*"}]).replace(b"*", b"\xc9"), 2),
        (as_bytes([GOOD, GOOD])[:-60], 3),
        (as_bytes([GOOD, GOOD])[:-1], 3),
        (as_bytes([GOOD]) + b'"ROE","EVE"\n', 3),
        (b"nothing of the kind\n", 1),
        (as_bytes([]), None),
    ],
)
def test_another_layout_or_a_file_cut_off(refused: Refused, data: bytes, line: int | None) -> None:
    assert refused(data).line == line


def test_every_cut_of_a_file_is_refused(refused: Refused) -> None:
    """Wherever a download stops, it is not taken for the list."""
    data = as_bytes([GOOD, person("DOE", "EVE")])
    header_and_one = len(as_bytes([GOOD]))
    for size in range(1, len(data)):
        if size != header_and_one:
            refused(data[:size])


def test_an_override_takes_a_last_line_without_its_end(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(as_bytes([GOOD])[:-1])
    assert read(path, whole=False).read == 1


def test_invented_lists_are_read_whole(parsed: Parsed) -> None:
    rows = invented_rows(3, 500)
    found = parsed(*rows)
    assert found.read == 500
    npis = sum(row.npi is not None for row in found.excluded.values())
    assert 50 < npis < 150
    assert any(row.business_name for row in found.excluded.values())


@pytest.mark.parametrize(
    ("name", "rows", "day"),
    [
        # A notice goes out 20 days before an exclusion begins.
        ("UPDATED.csv", [GOOD | {"EXCLDATE": "20161020"}], date(2016, 9, 30)),
        ("UPDATED.csv", [GOOD | {"EXCLDATE": "20261220"}], TODAY),
        ("1609REIN.csv", [GOOD | {"REINDATE": "20260922"}], date(2026, 9, 22)),
        ("1609REIN.csv", [GOOD | {"REINDATE": "20261201"}], TODAY),
        ("leie-2026-11-10.csv", [GOOD | {"EXCLDATE": "20261119"}], date(2026, 11, 10)),
        ("20261110.csv", [GOOD | {"EXCLDATE": "20261119"}], date(2026, 11, 10)),
        # The name says a later day than any row does: rather too early.
        ("leie-2026-11-10.csv", [GOOD | {"EXCLDATE": "20261020"}], date(2026, 10, 20)),
        # A day to come, and none at all, say nothing.
        ("leie-2027-01-10.csv", [GOOD | {"EXCLDATE": "20261020"}], date(2026, 9, 30)),
        ("leie-2026-13-45.csv", [GOOD | {"EXCLDATE": "20261020"}], date(2026, 9, 30)),
    ],
)
def test_the_day_of_a_file(parsed: Parsed, name: str, rows: list[Row], day: date) -> None:
    found = parsed(*rows, supplement=True)
    taken = day_of(found, name, TODAY)
    assert taken.day == day
    assert taken.day <= min(TODAY, found.newest)
    assert taken.why
