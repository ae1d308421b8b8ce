"""What the import commands share: the progress bar, which only a terminal sees."""

import io
import sys

import pytest

from directory.cli_imports import progress
from directory.sources.tables import open_source, rows

HEADER = ("NAME", "CITY")


class Terminal(io.StringIO):
    """A standard error that says it is a terminal."""

    def isatty(self):
        return True


def read(file):
    with open_source(file) as source, progress(source):
        return sum(1 for _ in rows(source, HEADER))


@pytest.fixture
def table(tmp_path):
    """A file of more than one buffer."""
    file = tmp_path / "some.csv"
    file.write_text("NAME,CITY\n" + "A name,A city\n" * 200_000, "utf-8")
    return file


def test_a_terminal_sees_how_far_it_is(table, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert read(str(table)) == 200_000
    drawn = sys.stderr.getvalue()
    assert "some.csv" in drawn
    assert "100%" in drawn
    assert "3 MB" in drawn


def test_standard_input_has_no_length(table, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(table.read_bytes())))
    assert read("-") == 200_000
    drawn = sys.stderr.getvalue()
    assert "3 MB" in drawn
    assert "%" not in drawn


def test_a_pipe_sees_nothing(table, monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert read(str(table)) == 200_000
    assert sys.stderr.getvalue() == ""
