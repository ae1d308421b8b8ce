"""Files to import: what is opened, how rows are read, and what each refusal names."""

import csv
import io
import os
import re
import sys
import tracemalloc
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from directory.domain.imports import FileRefused
from directory.sources.import_source import shown_name
from directory.sources.tables import LONGEST_FIELD, open_source, rows

HEADER = ("NAME", "CITY", "STATE")
GOOD = b"NAME,CITY,STATE\r\nInvented One,Austin,TX\r\nInvented Two,Reno,NV\r\n"


def read(path: Path, **options):
    with open_source(str(path)) as source:
        return list(rows(source, options.pop("header", HEADER), **options))


def refusal(path: Path, **options) -> FileRefused:
    with pytest.raises(FileRefused) as refused:
        read(path, **options)
    return refused.value


def test_rows_come_with_their_first_line(tmp_path):
    file = tmp_path / "some.csv"
    file.write_bytes(
        b'NAME,CITY,STATE\r\n"In ""quotes"", with a comma","two\nlines",TX\r\n\r\nB,,NV\n'
    )

    assert read(file) == [
        (2, ['In "quotes", with a comma', "two\nlines", "TX"]),
        (5, ["B", "", "NV"]),
    ]


def test_source_knows_its_bytes(tmp_path):
    file = tmp_path / "some.csv"
    file.write_bytes(GOOD)

    with open_source(str(file)) as source:
        pieces = []
        source.watch(pieces.append)
        assert (source.name, source.size, source.member) == ("some.csv", len(GOOD), None)
        assert source.stream.read() == GOOD
        assert source.position() == sum(pieces) == len(GOOD)
        assert source.ended_with_newline()
        assert source.sha256() == sha256(GOOD).hexdigest()


def test_zip_and_standard_input_give_the_same_bytes(tmp_path, monkeypatch):
    packed = tmp_path / "month.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("readme.txt", "about")
        archive.writestr("folder/data_1.csv", GOOD)
        archive.writestr("__MACOSX/data_1.csv", "rubbish")
    with open_source(str(packed), member=re.compile(r"^data_\d\.csv$")) as source:
        assert (source.name, source.member) == ("month.zip", "data_1.csv")
        from_zip = list(rows(source, HEADER)), source.sha256()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(GOOD)))
    with open_source("-") as source:
        assert (source.name, source.size) == ("-", None)
        assert (list(rows(source, HEADER)), source.sha256()) == from_zip
    assert [line for line, _ in from_zip[0]] == [2, 3]


def test_header_of_a_hand_made_file_comes_first(tmp_path):
    file = tmp_path / "some.csv"
    file.write_bytes(b"\xef\xbb\xbfSTATE,mine,NAME\nTX,x,A\n")

    found = read(file, header=("NAME", "STATE"), exact=False, bom=True)

    assert found == [(1, ["STATE", "mine", "NAME"]), (2, ["TX", "x", "A"])]
    assert read(file, header=None, bom=True) == found


def test_latin_text_when_asked(tmp_path):
    file = tmp_path / "some.csv"
    file.write_bytes("NAME,CITY,STATE\nIñaki,Austin,TX\n".encode("latin-1"))

    assert read(file, encoding="latin-1")[0][1][0] == "Iñaki"


LINE = b"A,B,TX\n"
START = b"NAME,CITY,STATE\n"
REFUSED: dict[str, tuple[bytes, int | None, str | None, str]] = {
    "blank": (b"\n\n", None, None, "no line that names"),
    "other first line": (LINE, 1, "NAME", "must name the columns"),
    "semicolons": (START.replace(b",", b";"), 1, None, "semicolons"),
    "tabs": (START.replace(b",", b"\t"), 1, None, "tabs"),
    "bars": (START.replace(b",", b"|"), 1, None, "bars"),
    "missing column": (b"NAME,STATE\n", 1, "CITY", "missing"),
    "extra column": (b"NAME,CITY,STATE,ZIP\n", 1, "ZIP", "not part"),
    "renamed column": (b"NAME,TOWN,STATE\n", 1, "CITY", "missing"),
    "swapped columns": (b"NAME,STATE,CITY\n", 1, "STATE", "number 2 must be CITY"),
    "same column twice": (b"NAME,CITY,STATE,CITY\n", 1, "CITY", "two columns"),
    "column without name": (b"NAME,CITY,STATE,\n", 1, "4", "no name"),
    "header in other case": (b"NAME,CITY,State\n", 1, "STATE", "missing"),
    "too few values": (START + LINE + b"A,B\n", 3, "STATE", "2 values"),
    "too many values": (START + LINE + b"A,B,TX,extra\n", 3, "4", "4 values"),
    "cut in a row": (START + LINE * 3 + b"A,", 5, "STATE", "2 values"),
    "mark": (b"\xef\xbb\xbf" + START, 1, None, "byte-order mark"),
    "utf-16": ("NAME,CITY,STATE\n".encode("utf-16"), 1, None, "UTF-16"),
    "utf-16 without mark": ("NAME,CITY,STATE\n".encode("utf-16-le"), 1, "1", "UTF-16"),
    "utf-32": ("NAME,CITY,STATE\n".encode("utf-32-be"), 1, "1", "UTF-16"),
    "latin-1": (START + LINE + "A,Cañon,TX\n".encode("latin-1"), 3, "CITY", "0xF1"),
    "half a letter at the end": (START + "A,Cañ".encode()[:-1], 2, "CITY", "0xC3"),
    "NUL": (START + LINE + b"A,B\0,TX\n", 3, "CITY", "NUL"),
    "NUL in a second line": (START + b'A,"B\nC\0",TX\n', 3, "CITY", "NUL"),
    "binary": (bytes(range(1, 256)) * 9, 1, "1", "binary"),
    "long value": (START + b"A," + b"x" * (LONGEST_FIELD + 1) + b",TX\n", 2, "CITY", "20,001"),
    "endless value": (START + b"A," + b"x" * (1 << 21), 2, "CITY", "longer than"),
    "huge value": (START + b"A,B," + b"x" * 200_000 + b"\n", 2, "STATE", "longer than"),
    "quote never closed": (START + LINE + b'A,"B,TX\n' + LINE * 9, 3, "CITY", "never closes"),
    "quote never closed, long": (START + b'A,"B,TX\n' + LINE * 90_000, 2, "CITY", "never closes"),
    "row of endless lines": (START + b'"\n",' * 900_000, 262_146, None, "longer than"),
    "stray quote": (START + b'A,"B "b" b",TX\n', 2, "CITY", "doubled"),
    "stray quote after a doubled one": (START + b'"A ""a""",B,"T"X\n', 2, "STATE", "doubled"),
    "old line ends": (START + b"A,B,TX\rA,B,TX\r", 2, "STATE", "neither LF"),
    "old line ends everywhere": ((START + LINE).replace(b"\n", b"\r"), 1, "3", "neither LF"),
    "web page": (b" <!DOCTYPE html><html>", None, None, "web page"),
    "gzip": (b"\x1f\x8b\x08\0\0", None, None, "gzip"),
    "old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", None, None, "Excel"),
    "pdf": (b"%PDF-1.7", None, None, "PDF"),
    "empty": (b"", None, None, "empty"),
    "no zip inside": (b"PK\x03\x04" + bytes(60), None, None, "damaged"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusal_names_the_place(tmp_path, case):
    content, line, column, words = REFUSED[case]
    file = tmp_path / "some.csv"
    file.write_bytes(content)

    refused = refusal(file)

    assert words in refused.why
    assert refused.line == line
    if column is not None:
        assert refused.column == column
    assert len(str(refused)) < 250


def test_the_good_file_is_not_refused(tmp_path):
    """The control of the cases above."""
    file = tmp_path / "some.csv"
    file.write_bytes(START + LINE * 2)
    assert len(read(file, ended=True)) == 2


def test_a_cut_line_end_is_refused_when_asked(tmp_path):
    file = tmp_path / "some.csv"
    file.write_bytes((START + LINE).rstrip())

    assert len(read(file)) == 1
    assert refusal(file, ended=True).line == 2


def test_places_that_are_no_files(tmp_path):
    (tmp_path / "real.csv").write_bytes(GOOD)
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    expected = {
        tmp_path / "none.csv": "no such file",
        tmp_path / "link.csv": "a link",
        tmp_path / "loop": "a link",
        tmp_path: "a folder",
        tmp_path / "pipe": "no ordinary file",
        Path("/dev/zero"): "no ordinary file",
        tmp_path / ("x" * 300): "cannot be opened",
        tmp_path / "real.csv" / "below": "cannot be opened",
        tmp_path / "a\0b": "cannot be opened",
    }
    for path, words in expected.items():
        assert words in refusal(path).why, path


def zipped(path: Path, *files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return path


def test_zips_that_are_refused(tmp_path):
    pair = zipped(tmp_path / "pair.zip", ("a.csv", GOOD), ("b.csv", GOOD))
    bomb = zipped(tmp_path / "bomb.zip", ("a.csv", b"x" * 30_000_000))
    whole = zipped(tmp_path / "whole.zip", ("a.csv", os.urandom(100_000))).read_bytes()
    plain = tmp_path / "plain.zip"
    plain.write_bytes(GOOD)
    cut, flipped, locked, strange = (tmp_path / f"{n}.zip" for n in ("cut", "flip", "lock", "odd"))
    cut.write_bytes(whole[:-300])
    flipped.write_bytes(whole[:5_000] + bytes([whole[5_000] ^ 255]) + whole[5_001:])
    at = whole.index(b"PK\x01\x02")
    locked.write_bytes(whole[: at + 8] + b"\x01\x00" + whole[at + 10 :])
    strange.write_bytes(whole[: at + 10] + b"\x09\x00" + whole[at + 12 :])
    link = zipfile.ZipInfo("a.csv")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    expected = {
        pair: "more than one",
        bomb: "30,000,000 bytes",
        cut: "damaged",
        locked: "password",
        strange: "unpack it first",
        plain: "is no ZIP",
        tmp_path / "link.zip": "a link",
        zipped(tmp_path / "empty.zip"): "not in this ZIP",
        zipped(tmp_path / "hollow.zip", ("a.csv", b"")): "is empty",
        zipped(tmp_path / "book.zip", ("[Content_Types].xml", b"<x/>")): "workbook",
        zipped(tmp_path / "zip.zip", ("a.zip", whole), method=zipfile.ZIP_STORED): "inside a ZIP",
    }
    for path, words in expected.items():
        assert words in refusal(path).why, path
    with pytest.raises(FileRefused, match="not in this ZIP"):
        open_source(str(pair), member=re.compile("^c$")).__enter__()
    assert "damaged" in refusal(flipped).why


def test_standard_input_that_is_refused(monkeypatch, tmp_path):
    packed = zipped(tmp_path / "a.zip", ("a.csv", GOOD)).read_bytes()
    for content, words in ((b"", "empty"), (packed, "a ZIP or a workbook on standard input")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        assert words in refusal(Path("-")).why


def test_a_failing_disk_is_a_refusal(tmp_path, monkeypatch):
    class Failing(io.RawIOBase):
        done = False

        def readable(self):
            return True

        def readinto(self, buffer):
            if self.done:
                raise OSError(5, "Input/output error")
            self.done = True
            buffer[: len(GOOD)] = GOOD
            return len(GOOD)

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Failing())))
    assert "Input/output error" in refusal(Path("-")).why


def test_names_can_be_printed_and_stored():
    assert shown_name("/some/a\x1b[31m\udcff.csv") == "a\ufffd[31m\ufffd.csv"


def test_any_rows_come_back_as_they_were_written(tmp_path):
    """The reader agrees with the csv module on what its writer wrote."""
    values = [
        "",
        " ",
        '"',
        '""',
        ",",
        "\n",
        "\r\n",
        "\r",
        "a\nb",
        "ü",
        "'",
        "日本",
        '","',
        "x" * 99,
    ]
    table = [[one, two, "end"] for one in values for two in values]
    file = tmp_path / "some.csv"
    for quoting in (csv.QUOTE_ALL, csv.QUOTE_MINIMAL):
        with file.open("w", newline="", encoding="utf-8") as written:
            csv.writer(written, quoting=quoting).writerows([HEADER, *table])
        assert [found for _, found in read(file)] == table


def test_memory_stays_flat(tmp_path):
    """A big file takes no more than a small one; holding its rows would take 15 MB."""
    file = tmp_path / "some.csv"
    file.write_bytes(START + b"Some name,Some city,TX\n" * 60_000)
    tracemalloc.start()
    with open_source(str(file)) as source:
        count = sum(1 for _ in rows(source, HEADER))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 60_000
    assert peak < 4_000_000
