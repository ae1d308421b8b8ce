"""The list of deactivated numbers as a workbook: the same rows as in a CSV, in bounded memory."""

import csv
import hashlib
import random
import tracemalloc
import warnings
from datetime import date, datetime

import pytest
from openpyxl import load_workbook
from openpyxl.xml import functions

from directory.domain.imports import FileRefused
from directory.domain.nppes_layout import DEACTIVATED_COLUMNS
from directory.sources import workbook
from directory.sources.nppes import Tally
from directory.sources.nppes_deactivated import deactivated, is_deactivation_list, open_registry
from tests.support.nppes_file import npi
from tests.support.workbook_file import NAME, TITLE, book, changed, parts, shared, zipped

ROWS = [[npi(1), "05/01/2026"], [npi(2), "05/02/2026"], [npi(3), "12/31/2025"]]
DAYS = {npi(1): "2026-05-01", npi(2): "2026-05-02", npi(3): "2025-12-31"}
LISTED = [list(DEACTIVATED_COLUMNS), *ROWS]


def read(path, data=None):
    """Return the days in a file by number, and how many rows it has."""
    if data is not None:
        path.write_bytes(data)
    tally = Tally()
    with open_registry(str(path)) as source:
        assert is_deactivation_list(source)
        found = deactivated(source, frozenset(map(npi, range(500))), tally)
    return {number: str(day) for number, day in found.items()}, tally.read


@pytest.mark.parametrize("above", [[], [[TITLE]], [[TITLE], []], [[], [None, TITLE]]])
@pytest.mark.parametrize("texts", ["in place", "shared"])
def test_the_list_with_and_without_its_title(tmp_path, above, texts):
    data = book([*above, *LISTED])
    assert read(tmp_path / NAME, shared(data) if texts == "shared" else data) == (DAYS, 3)


@pytest.mark.parametrize("name", [NAME, f"a folder/{NAME}", "march.XLSX"])
def test_the_list_in_its_zip(tmp_path, name):
    path = tmp_path / "list.zip"
    path.write_bytes(zipped(("Readme.pdf", b"%PDF"), (name, book([[TITLE], *LISTED]))))
    assert read(path) == (DAYS, 3)


def test_a_csv_beside_other_workbooks_is_the_one_that_is_meant(tmp_path):
    text = "NPI,NPPES Deactivation Date\n" + "".join(f"{n},{day}\n" for n, day in ROWS)
    path = tmp_path / "list.zip"
    path.write_bytes(zipped(("codes.xlsx", book([["A"]])), ("Deactivated.csv", text.encode())))
    assert read(path) == (DAYS, 3)


@pytest.mark.parametrize(
    ("number", "day"),
    [
        (int(npi(2)), "05/02/2026"),
        (float(npi(2)), "5/2/2026"),
        (f" {npi(2)} ", " 05/02/2026"),
        (npi(2), date(2026, 5, 2)),
        (int(npi(2)), datetime(2026, 5, 2)),  # noqa: DTZ001 - a cell has no zone
        (npi(2), "2026-05-02"),
    ],
)
def test_numbers_and_days_as_cells_of_any_kind(tmp_path, number, day):
    rows = [[TITLE], *LISTED[:2], [number, day], *LISTED[3:]]
    assert read(tmp_path / NAME, book(rows)) == (DAYS, 3)


def test_a_workbook_says_what_its_csv_says(tmp_path):
    chance = random.Random(5)
    rows = []
    for number in chance.sample(range(500), 300):
        day = date(2026, chance.randrange(1, 13), chance.randrange(1, 29))
        rows.append((npi(number), day))
    plain = tmp_path / "deactivated.csv"
    with plain.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(DEACTIVATED_COLUMNS)
        out.writerows((number, f"{day:%m/%d/%Y}") for number, day in rows)
    cells = [
        (chance.choice([number, int(number)]), chance.choice([day, f"{day:%m/%d/%Y}"]))
        for number, day in rows
    ]
    data = book([[TITLE], DEACTIVATED_COLUMNS, *cells])
    expected = read(plain)
    assert expected[1] == len(expected[0]) == 300
    assert read(tmp_path / NAME, data) == expected
    assert read(tmp_path / NAME, shared(data)) == expected


def test_empty_rows_other_sheets_and_macros_are_passed_over(tmp_path):
    rows = [*LISTED[:2], [], *LISTED[2:], [None, " "], []]
    made = parts(book(rows, [["Notes"], ["1", "2", "3"]]))
    data = zipped(*made.items(), ("xl/vbaProject.bin", b"no code"))
    assert read(tmp_path / NAME, data) == (DAYS, 3)


def test_what_a_workbook_says_of_its_own_size_is_not_believed(tmp_path):
    for said in ('ref="A1:A1"', 'ref="A1:XFD1048576"'):
        data = changed(book(LISTED), lambda text, said=said: text.replace('ref="A1:B4"', said))
        assert read(tmp_path / NAME, data) == (DAYS, 3)


def test_what_openpyxl_thinks_of_a_file_is_not_said(tmp_path):
    data = changed(
        book(LISTED), lambda text: text.replace("</worksheet>", '<extLst><ext uri="x"/></extLst>'
                                                "</worksheet>")
    )  # fmt: skip
    with warnings.catch_warnings(record=True, action="always") as said:
        assert read(tmp_path / NAME, data) == (DAYS, 3)
    assert said == []


@pytest.mark.parametrize("packed", [True, False])
def test_the_fingerprint_is_that_of_the_whole_workbook(tmp_path, packed):
    data = book(LISTED)
    path = tmp_path / ("list.zip" if packed else NAME)
    path.write_bytes(zipped((NAME, data)) if packed else data)
    with open_registry(str(path)) as source:
        deactivated(source, frozenset(), Tally())
        assert source.sha256() == hashlib.sha256(data).hexdigest()
        assert (source.name, source.member) == (path.name, NAME if packed else None)
        assert source.size == len(data)


def test_a_line_is_the_row_that_a_person_sees(tmp_path):
    rows = [[TITLE], [], *LISTED[:2], [], ["12", "05/01/2026"]]
    with pytest.raises(FileRefused, match="line 6, column NPI: an NPI has ten digits"):
        read(tmp_path / NAME, book(rows))


def test_all_parts_together_are_bounded(tmp_path, monkeypatch):
    data = book(LISTED)
    whole = sum(map(len, parts(data).values()))
    monkeypatch.setattr(workbook, "MOST_UNPACKED", whole)
    assert read(tmp_path / NAME, data)[1] == 3
    monkeypatch.setattr(workbook, "MOST_UNPACKED", whole - 1)
    with pytest.raises(FileRefused, match="would unpack to"):
        read(tmp_path / NAME, data)


def test_xml_from_outside_goes_through_defusedxml():
    assert functions.iterparse.__module__.startswith("defusedxml")
    assert functions.fromstring.__module__.startswith("defusedxml")


def held(reads, path):
    """Return the most memory that reading a file took, in bytes."""
    tracemalloc.start()
    try:
        reads(path)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def each(tmp_path, form, reads):
    """Return how much memory a row takes, in bytes, once the buffers have theirs."""
    files = []
    for count in (100, 3100, 6100):
        files.append(tmp_path / f"{count}.xlsx")
        rows = ([npi(n), f"{n % 12 + 1:02}/01/2026"] for n in range(count))
        files[-1].write_bytes(form(book([DEACTIVATED_COLUMNS, *rows])))
    reads(files[0])
    some, many = (held(reads, file) for file in files[1:])
    return (many - some) / 3000


@pytest.mark.parametrize(("form", "most"), [(bytes, 200), (shared, 500)])
def test_a_row_takes_a_little_memory_and_no_more(tmp_path, form, most):
    assert each(tmp_path, form, read) < most, "300,000 rows must fit"


def test_the_control_that_holds_every_cell_is_caught(tmp_path):
    assert each(tmp_path, bytes, load_workbook) > 500
