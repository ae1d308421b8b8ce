"""The quick reader of the registry's file finds what a plain csv reader finds, row for row."""

import csv
import io
import os
import random
import zipfile

import pytest

from directory.domain.imports import FileRefused
from directory.domain.nppes import DEACTIVATED, REACTIVATED, entry_of, reasons_for
from directory.domain.nppes_layout import COLUMNS
from directory.sources import nppes, tables
from directory.sources.import_source import Source
from directory.sources.nppes_deactivated import deactivated, is_deactivation_list, open_registry
from tests.support.nppes_file import CANARY, MONTH, NASTY, blank, generate, line, npi, row, write

NONE = frozenset()
HEADER = line(list(COLUMNS))
SMALL = 3_000


def read(data, watched=NONE):
    """Return what the quick reader yields of a file's bytes, and its tally."""
    tally = nppes.Tally()
    source = Source(io.BytesIO(data), name="file.csv", size=len(data))
    return list(nppes.entries(source, frozenset(watched), tally)), tally


def plainly(data, watched=NONE):
    """Return what a plain csv reader finds: every row judged, none passed over."""
    found, count = [], -1
    for values in csv.reader(io.StringIO(data.decode("latin-1"), newline="")):
        count += 1
        if count:
            values = [nppes._text(value.encode("latin-1")) for value in values]
            if reasons_for(values) or values[0] in watched:
                found.append(entry_of(values))
    return found, count


@pytest.fixture(scope="module")
def month(tmp_path_factory):
    """A small month in which every tenth row trips up quick readers."""
    return generate(tmp_path_factory.mktemp("nppes") / MONTH, SMALL, nasty=0.1).read_bytes()


def test_a_month_is_read_as_the_csv_module_reads_it(month):
    found, tally = read(month)
    wanted, count = plainly(month)
    assert tally.read == count == SMALL
    assert found == wanted
    assert len(found) > 100
    assert tally.kept == len(found)
    assert CANARY not in str(found)


@pytest.mark.parametrize("block", [700, 1 << 12, 1 << 16])
def test_blocks_may_end_anywhere(month, monkeypatch, block):
    wanted = read(month)[0]
    monkeypatch.setattr(nppes, "BLOCK", block)
    assert read(month)[0] == wanted


def test_watched_numbers_come_whatever_they_are(month):
    watched = {npi(number) for number in range(0, SMALL, 7)}
    found, tally = read(month, watched)
    wanted, _count = plainly(month, watched)
    assert [entry for entry in wanted if entry.name or entry.deactivated_on] == found
    assert tally.present == watched


def test_a_control_that_counts_separators_alone_takes_a_value_for_columns(monkeypatch):
    """A column less and a separator inside a value: the count is right, the row is not."""
    values = row(npi(1), OTHER_ORGANIZATION='A","B')
    data = HEADER + line(values[:-1])
    with pytest.raises(FileRefused, match="329 values"):
        read(data)
    monkeypatch.setattr(nppes, "_NOT_FRAME", bytes(set(range(256)) - set(b"\n")))
    monkeypatch.setattr(nppes, "_FRAME", b"\n")
    assert read(data)[1].read == 1


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends(tmp_path, end, last):
    data = write(tmp_path / MONTH, [row(npi(1)), row(npi(2)), blank(npi(3))], end).read_bytes()
    found, tally = read(data if last else data.removesuffix(end.encode()))
    assert (len(found), tally.read) == (2, 3)


def _random_value(source):
    parts = ('"', ",", "\n", "\r\n", "\r", '","', '""', " ", "A", "KETAMINE", "INFUSION", "é", "")
    return "".join(source.choices(parts, k=source.randrange(5)))


@pytest.mark.parametrize("seed", range(40))
def test_values_of_any_kind(seed, monkeypatch):
    source = random.Random(seed)
    monkeypatch.setattr(nppes, "BLOCK", source.choice((2_000, 5_000, 1 << 18)))
    data = HEADER
    for number in range(40):
        values = row(npi(number), ENTITY=source.choice("12"))
        for _time in range(source.randrange(4)):
            place = source.randrange(2, 330)
            if place not in (DEACTIVATED, REACTIVATED):  # a day nobody can read is refused
                values[place] = _random_value(source)
        data += line(values, source.choice(("utf-8", "latin-1")))
    wanted = [entry for entry in plainly(data)[0] if entry.name]
    found, tally = read(data)
    assert found == wanted
    assert tally.read == 40


def test_values_of_every_awkward_kind_come_up():
    assert len(NASTY) == 9


def test_a_picked_row_with_a_wrong_check_digit_or_a_second_time_is_counted_as_refused():
    data = HEADER + line(row("2000000011")) + line(row(npi(1))) * 2
    found, tally = read(data)
    assert [entry.npi for entry in found] == [npi(1)]
    assert (tally.read, tally.kept, tally.refused) == (3, 1, 2)


def test_a_picked_row_with_a_day_nobody_can_read_is_counted_as_refused():
    data = HEADER + line(row(npi(1), DEACTIVATED="02/31/2026"))
    data += line(row(npi(2), DEACTIVATED="01/05/2026", REACTIVATED="soon")) + line(row(npi(3)))
    found, tally = read(data, frozenset({npi(2)}))
    assert [entry.npi for entry in found] == [npi(3)]
    assert (tally.read, tally.kept, tally.refused) == (3, 1, 2)
    assert tally.present == {npi(2)}, "it is in the file, so it is not gone"


def test_older_windows_letters_are_read(tmp_path):
    data = HEADER + line(row(npi(1), ORGANIZATION="JOSÉ KETAMINE ’"), "cp1252")
    assert read(data)[0][0].name == "JOSÉ KETAMINE ’"


def test_the_older_name_of_a_column_is_taken():
    data = HEADER.replace(b"Provider Sex Code", b"Provider Gender Code") + line(row(npi(1)))
    assert len(read(data)[0]) == 1


GOOD = line(row(npi(1)))
BROKEN = {
    "a value less": (GOOD.replace(b'"AZ",', b"", 1), "values where", 3),
    "a value more": (GOOD.replace(b'"AZ"', b'"AZ","AZ"', 1), "values where", 3),
    "unclosed": (GOOD.replace(b'"AZ"', b'"AZ', 1), "", 3),
    "text after a quote": (GOOD.replace(b'"AZ"', b'"A"Z', 1), "closing quotation mark", 3),
    "short number": (GOOD.replace(npi(1).encode(), b"200000001", 1), "ten digits", 3),
    "letters as number": (GOOD.replace(npi(1).encode(), b"ABCDEFGHIJ", 1), "ten digits", 3),
    "unknown kind": (GOOD.replace(b'","2","', b'","3","', 1), "person", 3),
    "a NUL byte": (GOOD.replace(b"PHOENIX", b"PHO\0NIX", 1), "NUL", 3),
    "a huge value": (GOOD.replace(b"PHOENIX", b"P" * 30_000, 1), "30,000", 3),
    "a line of noise": (b"\x89\x12\xff noise\n", "values where", 3),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_row_is_refused_with_its_line_and_column(name):
    broken, why, at = BROKEN[name]
    with pytest.raises(FileRefused) as refused:
        read(HEADER + line(row(npi(2))) + broken + line(row(npi(3))))
    assert refused.value.line == at
    assert refused.value.column
    assert why in refused.value.why


def test_a_row_without_an_end_is_refused_before_memory_fills(monkeypatch):
    monkeypatch.setattr(nppes, "LONGEST_ROW", 50_000)
    endless = b'"2000000010","1","' + b"A\n" * 60_000
    with pytest.raises(FileRefused) as refused:
        read(HEADER + GOOD + endless)
    assert refused.value.line == 3


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (b"\xef\xbb\xbf" + HEADER, "byte-order mark"),
        (HEADER.decode().encode("utf-16"), "UTF-16"),
        (HEADER.replace(b'","', b'";"'), "semicolons"),
        (HEADER.replace(b'","', b'"|"'), "bars"),
        (HEADER.replace(b'"', b"").replace(b",", b"\t"), "tabs"),
        (HEADER.replace(b'"NPI",', b""), "missing"),
        (HEADER.replace(b'"NPI","Entity Type Code"', b'"Entity Type Code","NPI"'), "another order"),
        (HEADER.replace(b"Certification Date", b"Certified"), "missing"),
        (b"\x00\x01\x02\x03", "NUL"),
        (GOOD, "must name the columns"),
    ],
)
def test_another_header_is_refused(header, why):
    with pytest.raises(FileRefused, match=why):
        read(header + GOOD)


def test_the_member_of_a_zip_is_found_beside_its_neighbors(tmp_path):
    path = tmp_path / "month.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"data/{MONTH}", HEADER + GOOD)
        archive.writestr(MONTH.replace(".csv", "_fileheader.csv"), HEADER)
        archive.writestr("pl_pfile_20050523-20260510.csv", "NPI\n")
    with open_registry(str(path)) as source:
        assert source.member == MONTH
        assert len(list(nppes.entries(source, NONE, nppes.Tally()))) == 1


LISTED = "NPI,NPPES Deactivation Date\n{npi},05/01/2026\n{other},2026-05-02\n"


@pytest.mark.parametrize(
    "above", ["", "CMS Deactivated NPI Report as of May 10 2026,\n", "\N{BOM}"], ids=str
)
def test_the_list_of_deactivated_numbers(tmp_path, above):
    path = tmp_path / "deactivated.csv"
    path.write_text(above + LISTED.format(npi=npi(1), other=npi(2)), "utf-8")
    tally = nppes.Tally()
    with open_registry(str(path)) as source:
        assert is_deactivation_list(source)
        found = deactivated(source, frozenset({npi(2)}), tally)
    assert {number: str(day) for number, day in found.items()} == {npi(2): "2026-05-02"}
    assert (tally.read, tally.kept) == (2, 1)


def test_a_broken_row_of_the_list_is_refused(tmp_path):
    path = tmp_path / "deactivated.csv"
    path.write_text("NPPES Deactivated NPI Report,\nNPI,NPPES Deactivation Date\n12,05/01/2026\n")
    with open_registry(str(path)) as source, pytest.raises(FileRefused) as refused:
        deactivated(source, NONE, nppes.Tally())
    assert (refused.value.line, refused.value.column) == (3, "NPI")


def test_a_file_without_rows_is_refused():
    with pytest.raises(FileRefused, match="holds no rows"):
        read(HEADER)


def test_what_could_keep_us_waiting_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "waits.csv")
    with (
        pytest.raises(FileRefused, match="no ordinary file"),
        open_registry(str(tmp_path / "waits.csv")),
    ):
        pass


def test_the_plain_reader_is_the_one_that_tables_has():
    source = Source(io.BytesIO(HEADER + GOOD), name="file.csv", size=None)
    assert len(list(tables.rows(source, COLUMNS))) == 1
