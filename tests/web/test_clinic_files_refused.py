"""Spreadsheets of clinics that are refused: by row and column, in words, and nothing half."""

import csv
import io
import json

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.domain.imports import FileRefused
from directory.extensions import db
from directory.models import (
    Clinic,
    Event,
    Organization,
)
from directory.sources.new_file import written_whole
from tests.support.clinics_file import clinic_row, clinics_csv, good_clinics


@pytest.mark.parametrize(
    ("changes", "column", "words"),
    [
        ({"name": ""}, "name", "Fill this in"),
        ({"name": "a\u202eb"}, "name", "cannot be seen"),
        ({"street": "x" * 201}, "street", "at most 200"),
        ({"state": "Arizona"}, "state", "two letters"),
        ({"postal_code": "99999"}, "postal_code", "no such ZIP"),
        ({"postal_code": "78701"}, "postal_code", "is in TX, not in AZ"),
        ({"phone": "911"}, "phone", "US phone number"),
        ({"website": "javascript:alert(1)"}, "website", "web address"),
        ({"npi": "2000000011"}, "npi", "typing mistake"),
        ({"hours": "Mon 9-5"}, "hours", "mon 9-5"),
        ({"languages": "English"}, "languages", "language codes"),
        ({"accepting_new_patients": "maybe"}, "accepting_new_patients", "yes or no"),
        ({"pin": "0, 0"}, "pin", "in the sea"),
        ({"pin": "34.05, -118.24"}, "pin", "is in CA"),
        ({"services": "laser for pain"}, "services", "laser"),
        ({"services": "iv for pain, $0"}, "services", "from 1 to 100000"),
        ({"services": "iv for pain; iv for pain"}, "services", "there twice"),
        ({"id": "77"}, "id", "No clinic here has this number"),
        ({"organization_npi": "2000000044"}, "organization", "owner’s name too"),
        ({"organization": "New", "organization_npi": "1"}, "organization_npi", "typing mistake"),
    ],
)  # fmt: skip
def test_a_bad_row_is_named_by_row_and_column_and_nothing_comes_in(desk, changes, column, words):
    good = {"city": "Phoenix", "state": "AZ", "postal_code": "85004"}
    before = desk.everything()
    text = clinics_csv([clinic_row(1), clinic_row(2, **good | changes)])
    for options in ((), ("--dry-run",)):
        result = desk.bring(text, *options, ok=False)
        assert f"row 3, column {column}: " in result.stderr.lower()
        assert words.lower() in result.stderr.lower()
        assert "Nothing was changed" in result.stderr
        assert "refused 1" in result.stdout
        assert desk.everything() == before


def test_every_problem_of_a_row_is_told_at_once(desk):
    bad = clinic_row(2, phone="1", state="XX", services="iv", accepting_new_patients="so")
    result = desk.bring(clinics_csv([bad]), ok=False)
    for column in ("phone", "state", "services", "accepting_new_patients"):
        assert f"row 2, column {column}:" in result.stderr


def test_a_row_is_counted_as_a_spreadsheet_counts_and_its_line_is_told(desk):
    rows = [clinic_row(1, access="two\nlines"), clinic_row(2, phone="1")]
    assert (
        "row 3 (line 4 of the file), column phone:"
        in desk.bring(clinics_csv(rows), ok=False).stderr
    )


def test_good_rows_come_in_and_the_bad_ones_go_to_a_file_with_why(desk, tmp_path):
    rows = [
        clinic_row(1),
        clinic_row(2, phone="12", access="=1+1", notes="'kept"),
        clinic_row(3),
    ]
    bad = tmp_path / "bad.csv"
    text = clinics_csv(rows, columns=[*rows[1]])
    result = desk.bring(text, "--good-rows", "--bad", str(bad), "--json")
    summary = json.loads(result.stdout)
    assert (summary["read"], summary["kept"], summary["added"], summary["refused"]) == (3, 2, 2, 1)
    aside = [*csv.DictReader(io.StringIO(bad.read_bytes().decode(), newline=""))]
    assert len(aside) == 1
    assert aside[0]["problem"].startswith("column phone: Use a US phone number")
    assert aside[0]["access"] == "'=1+1"
    assert aside[0]["notes"] == "''kept"
    fixed = desk.bring(bad.read_text().replace('"12"', '"602-555-0112"'))
    assert "added 1" in fixed.stdout
    row = next(row for row in desk.rows() if row["notes"])
    assert (row["access"], row["notes"]) == ("'=1+1", "''kept")
    assert "problem" not in row, "the column that says why is no fact of a clinic"


def test_a_file_of_bad_rows_is_never_written_over_and_then_nothing_comes_in(desk, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("mine")
    before = desk.everything()
    text = clinics_csv([clinic_row(1), clinic_row(2, phone="12")])
    result = desk.bring(text, "--good-rows", "--bad", str(bad), ok=False)
    assert "a file of this name already" in result.stderr
    missing = tmp_path / "no" / "bad.csv"
    assert "written" in desk.bring(text, "--good-rows", "--bad", str(missing), ok=False).stderr
    assert desk.everything() == before
    assert bad.read_text() == "mine"
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".csv"] * 3


def test_when_the_database_fails_neither_rows_nor_their_file_stay(desk, tmp_path, monkeypatch):
    before = desk.everything()
    text = clinics_csv([clinic_row(1), clinic_row(2, phone="12")])
    (tmp_path / "in.csv").write_text(text, newline="")

    def full(_session):
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(Session, "commit", full)
        words = ("--good-rows", "--bad", str(tmp_path / "bad.csv"))
        result = desk.run("import", "clinics", str(tmp_path / "in.csv"), *words)
    assert "the disk is full" in str(result.exception)
    assert desk.everything() == before
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_good_rows_need_a_place_for_the_bad_ones(desk):
    result = desk.bring(good_clinics(1), "--good-rows", ok=False)
    assert "go together" in result.stderr


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("old")

    def half():
        with written_whole(file, replace=True) as out:
            out.write("half")
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        half()
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    assert file.read_text() == "old"
    with pytest.raises(FileRefused), written_whole(tmp_path, replace=True):
        pass


def test_two_rows_about_one_clinic_are_refused(desk, clinic):
    rows = [{"id": str(clinic), "phone": "602-555-0111"}] * 2
    result = desk.bring(clinics_csv(rows), ok=False)
    assert "row 3, column id: Row 2 is about the same clinic." in result.stderr
    rows = [clinic_row(1, npi="2000000010"), clinic_row(2, npi="2000000010")]
    assert "row 3, column id: Row 2" in desk.bring(clinics_csv(rows), ok=False).stderr
    rows = [clinic_row(1), clinic_row(1)]
    assert "row 3, column id: Row 2" in desk.bring(clinics_csv(rows), ok=False).stderr


def test_a_new_owner_goes_with_its_refused_row(desk, tmp_path):
    bad = clinic_row(1, organization="Brand New LLC", postal_code="99999")
    good = clinic_row(2, organization="Brand New LLC")
    text = clinics_csv([bad, good])
    desk.bring(text, "--good-rows", "--bad", str(tmp_path / "bad.csv"))
    with desk.app.app_context():
        assert db.session.scalars(select(Organization.name)).all() == ["Brand New LLC"]
        made = db.session.scalars(select(Clinic)).one()
        assert made.organization.name == "Brand New LLC"
        assert db.session.scalars(select(Event.act).order_by(Event.id)).all()[-3:] == [
            "organization:created",
            "clinic:created",
            "import:finished",
        ]


def header_of(**changes):
    return clinics_csv([clinic_row(1, **changes)])


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        (b"", "", "empty"),
        (header_of().encode("utf-16"), "line 1", "utf-16"),
        (clinics_csv([clinic_row(1)], delimiter=";").encode(), "line 1", "semicolons"),
        (clinics_csv([clinic_row(1)], delimiter="\t").encode(), "line 1", "tabs"),
        (header_of().encode().replace(b"Example Inf", b"Ex\0mple Inf"), "line 2, column name", ""),
        (header_of(name="Ünique").encode("latin-1"), "line 2, column name", "encoding"),
        (header_of().replace("phone", "fax").replace("website", "fax").encode(), "line 1", "two"),
        (header_of().replace("phone", "Name").encode(), "line 1, column name", "two"),
        (header_of().replace("street", "road").replace("id,", "no,").replace("npi", "x")
            .replace("organization_x", "y").encode(), "line 1, column street", "missing"),
        (header_of().splitlines()[0].encode(), "", "no row"),
        (header_of().encode() + b"1,2\r\n", "line 3", "2 values"),
        (header_of().encode() + b'"never closed\r\n', "line 3", "quotation mark"),
        (b"PK\x03\x04 not a ZIP", "", "zip"),
        (header_of(name="x" * 30_000).encode(), "line 2, column name", "20,000"),
    ],
)  # fmt: skip
def test_a_bad_file_gets_one_clear_line_and_changes_nothing(desk, content, place, words):
    before = desk.everything()
    result = desk.bring(content, ok=False)
    assert result.stdout == ""
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, lines
    assert place in lines[0]
    assert words in lines[0].lower()
    assert desk.everything() == before
