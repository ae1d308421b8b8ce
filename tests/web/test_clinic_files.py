"""Clinics as spreadsheets: in, out and in again; all rows or none, and words for every bad one."""

import csv
import io
import json

from sqlalchemy import func, select

from directory.domain.csvcells import dangerous, table
from directory.domain.entries import EntryRefused, tidy
from directory.domain.standing import Listing
from directory.extensions import db
from directory.models import (
    Clinic,
    Event,
    ImportRun,
    Merge,
    Organization,
    SearchRow,
)
from directory.models.clinic import PointPrecision
from directory.operations.people import system_user
from tests.factories import NOW, make_clinic, make_user
from tests.support import apps
from tests.support.clinics_file import HOSTILE, clinic_row, clinics_csv, good_clinics
from tests.support.desk import Desk
from tests.support.staff import sign_in


def loaded(desk, number):
    with desk.app.app_context():
        clinic = db.session.get_one(Clinic, number)
        _ = clinic.services, clinic.organization
        db.session.expunge_all()
        return clinic


def test_export_and_import_of_all_demonstration_clinics_change_nothing(
    databases, instance, tmp_path
):
    url = databases.fresh("demo")
    with apps.running(instance, url) as app:
        desk = Desk(app, tmp_path)
        first, start = desk.out(), desk.last()
        summary = json.loads(desk.bring(first, "--json").stdout)
        assert {k: v for k, v in summary.items() if k not in ("file", "seconds")} == {
            "read": 123,
            "kept": 123,
            "added": 0,
            "changed": 0,
            "removed": 0,
            "refused": 0,
        }
        assert desk.acts(start) == ["import:finished"]
        assert desk.out() == first
        printed = desk.run("export", "clinics", "-")
        assert printed.stdout_bytes == first
        assert desk.bring(b"\xef\xbb\xbf" + first).exit_code == 0, "Excel's mark at the start"
        assert desk.out() == first
    databases.drop(url)


def test_the_demonstration_clinics_go_over_into_another_directory(demo_app, desk, tmp_path):
    rows = Desk(demo_app, tmp_path).rows()
    result = desk.bring(clinics_csv([row | {"id": ""} for row in rows]))
    assert "added 123" in result.stdout
    again = desk.rows()
    # The middle of a town is no point that a file can set: the ZIP code's is taken.
    assert len(again) == len(rows)
    for new, old in zip(again, rows, strict=True):
        at_door = old["precision"] == "address"
        left = ("id", "listing") if at_door else ("id", "listing", "pin", "precision")
        assert {k: v for k, v in new.items() if k not in left} == {
            k: v for k, v in old.items() if k not in left
        }
    assert {row["listing"] for row in again} == {"draft"}
    with desk.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(SearchRow)) == 0
    before = desk.last()
    assert "changed 0" in desk.bring(clinics_csv([row | {"id": ""} for row in rows])).stdout
    assert desk.acts(before) == ["import:finished"], "a second time changes nothing"


def hidden(text):
    try:
        return tidy(text) != text
    except EntryRefused:
        return True


def test_hostile_texts_come_back_and_are_harmless_meanwhile(desk):
    rows = []
    for number, text in enumerate(HOSTILE):
        names = {} if hidden(text) else {"name": text, "street": text}
        others = {"Partner's notes": text, "=column": text}
        rows.append(clinic_row(number, access=text, insurance=text, **names, **others))
    columns = list(dict.fromkeys(name for row in rows for name in row))
    desk.bring(table([columns, *([row.get(name, "") for name in columns] for row in rows)]))
    first = desk.out()
    cells = [cell for row in csv.reader(io.StringIO(first.decode(), newline="")) for cell in row]
    assert not [cell for cell in cells if cell and dangerous(cell)]
    start = desk.last()
    assert "changed 0" in desk.bring(first).stdout
    assert desk.acts(start) == ["import:finished"]
    assert desk.out() == first
    with desk.app.app_context():
        made = db.session.scalars(select(Clinic).order_by(Clinic.id)).all()
        assert [c.access for c in made] == [tidy(text, lines=True) for text in HOSTILE]
        assert [c.name for c in made if c.name in HOSTILE] == [t for t in HOSTILE if not hidden(t)]
        assert [c.imported_extra["Partner's notes"] for c in made] == [*HOSTILE]
        assert [c.imported_extra["=column"] for c in made] == [*HOSTILE]


def test_line_breaks_in_a_cell_come_back(desk):
    desk.bring(clinics_csv([clinic_row(1, access="Ring.\nThen wait.", notes="a\r\nb\n\n c ")]))
    first = desk.out()
    assert "changed 0" in desk.bring(first).stdout
    assert desk.out() == first
    assert desk.rows()[0]["access"] == "Ring.\nThen wait."
    assert desk.rows()[0]["notes"] == "a\r\nb\n\n c "


def test_an_edit_comes_with_its_falls_and_one_event(desk, clinic):
    row = desk.rows()[0]
    changed = clinics_csv([row | {"phone": "602-555-0199"}])
    before, start = desk.everything(), desk.last()
    dry = desk.bring(changed, "--dry-run")
    assert f"row 2, clinic {clinic}: the phone number changed" in dry.stderr
    assert "phone and hours are right" in dry.stderr
    assert "changed 1" in dry.stdout
    assert desk.everything() == before
    desk.bring(changed)
    assert desk.acts(start) == ["clinic:edited", "verification:changed", "import:finished"]
    made = loaded(desk, clinic)
    assert (made.phone, made.listing, made.version) == ("+16025550199", Listing.LISTED, 2)
    assert made.point_precision is PointPrecision.ADDRESS


def test_a_column_that_is_not_there_keeps_and_an_empty_cell_empties(desk, clinic):
    desk.bring(clinics_csv([{"id": str(clinic), "website": "https://example.org/"}]))
    made = loaded(desk, clinic)
    assert (made.phone, made.website) == ("+16025550100", "https://example.org/")
    assert len(made.services) == 1
    desk.bring(clinics_csv([{"id": f"#{clinic}", "website": "", "phone": ""}]))
    made = loaded(desk, clinic)
    assert (made.phone, made.website) == (None, None)


def test_other_columns_are_kept_reported_and_come_back(desk, clinic):
    start = desk.last()
    rows = [clinic_row(1, Fax="602 555 0177", Zone="North"), clinic_row(2, Fax="")]
    result = desk.bring(clinics_csv(rows, columns=[*rows[0]]))
    assert "column Fax: not one of ours; it is kept as it is." in result.stderr
    assert [(r["Fax"], r["Zone"]) for r in desk.rows()] == [
        ("", ""),
        ("602 555 0177", "North"),
        ("", ""),
    ]
    out = desk.rows()
    out[0]["Fax"] = "602 555 0178"
    desk.bring(clinics_csv(out))
    assert desk.acts(start) == [
        "clinic:created",
        "clinic:created",
        "import:finished",
        "clinic:edited",
        "import:finished",
    ]
    assert loaded(desk, clinic).imported_extra == {"Fax": "602 555 0178", "Zone": ""}
    with desk.app.app_context():
        said = db.session.scalars(select(Event).where(Event.id > start)).all()
        assert "Fax" in str([event.after for event in said])
        assert "0178" not in str([(e.before, e.after) for e in said]), "no outsider's words"
    desk.bring(clinics_csv([{"id": str(clinic), "phone": "602-555-0111"}]))
    assert loaded(desk, clinic).imported_extra == {"Fax": "602 555 0178", "Zone": ""}


def test_staff_read_the_other_columns_and_patients_do_not(desk, clinic):
    desk.bring(clinics_csv([{"id": str(clinic), "Fax <b>": "602 555 0177"}]))
    page = sign_in(desk.app).get(f"/admin/clinics/{clinic}").get_data(as_text=True)
    assert "Fax &lt;b&gt;" in page
    assert "602 555 0177" in page
    public = desk.app.test_client()
    for address in (f"/clinics/{clinic}", f"/api/v1/clinics/{clinic}"):
        answer = public.get(address, follow_redirects=True)
        assert answer.status_code == 200
        assert "0177" not in answer.get_data(as_text=True)


def test_a_near_miss_of_a_column_is_asked_about(desk):
    row = clinic_row(1)
    row["Web site"] = row.pop("website")
    assert "Is it meant to be website?" in desk.bring(clinics_csv([row])).stderr


def test_an_import_lists_nothing_whatever_the_file_says(desk, clinic):
    row = desk.rows()[0]
    new = clinic_row(1, listing="listed")
    result = desk.bring(clinics_csv([row | {"listing": "closed"}, new], columns=[*new]))
    assert "column listing: an import changes no listing (rows 2)" in result.stderr
    assert "New clinics are drafts" in result.stderr
    with desk.app.app_context():
        assert db.session.scalars(select(Clinic.listing).order_by(Clinic.id)).all() == [
            Listing.LISTED,
            Listing.DRAFT,
        ]
        assert db.session.scalars(select(SearchRow.clinic_id)).all() == [clinic]


def test_a_clinic_is_found_by_number_by_npi_and_by_name_and_address(desk):
    desk.bring(clinics_csv([clinic_row(1, npi="2000000010"), clinic_row(2)]))
    moved = clinic_row(5, npi="2000000010")
    assert "added 0, changed 1" in desk.bring(clinics_csv([moved])).stdout
    again = clinic_row(2, name="EXAMPLE  infusion 2", phone="602-555-0188")
    result = desk.bring(clinics_csv([again]))
    assert "added 0, changed 1" in result.stdout
    assert "taken for clinic 2, which has this name and address" in result.stderr
    assert "added 1" in desk.bring(clinics_csv([clinic_row(2, street="1 Other Road")])).stdout
    with_npi = clinic_row(2, name="EXAMPLE  infusion 2", npi="2000000028")
    assert "added 0, changed 1" in desk.bring(clinics_csv([with_npi])).stdout
    without = clinic_row(2, name="EXAMPLE  infusion 2", phone="602-555-0189")
    desk.bring(clinics_csv([without]))
    assert loaded(desk, 2).npi == "2000000028", "who has no number of ours empties no NPI"
    other = clinic_row(2, name="EXAMPLE  infusion 2", npi="2000000036")
    assert "added 1" in desk.bring(clinics_csv([other])).stdout


def test_a_merged_listing_takes_no_row_and_is_in_none(desk, clinic):
    with desk.app.app_context():
        session = db.session()
        merged = make_clinic(session)
        actor = make_user(session)
        session.add(
            Merge(
                survivor_id=clinic, merged_id=merged.id, home_id=clinic,
                merged_by=actor.id, merged_at=NOW, reason="the same",
            )
        )  # fmt: skip
        number = merged.id
        session.commit()
    assert [row["id"] for row in desk.rows()] == [str(clinic)]
    result = desk.bring(clinics_csv([{"id": str(number), "phone": ""}]), ok=False)
    assert f"was merged into clinic {clinic}. Use that number" in result.stderr


def test_owners_are_found_or_added_and_never_guessed(desk):
    text = clinics_csv(
        [
            clinic_row(1, organization="Example Health LLC", organization_npi="2000000028"),
            clinic_row(2, organization="Example Health LLC", organization_npi="2000000028"),
            clinic_row(3, organization="Second Example"),
            clinic_row(4, organization="second  example."),
            clinic_row(5, organization_npi="2000000028"),
        ]
    )
    result = desk.bring(text)
    assert result.stderr.count("was not known here and is added") == 2
    assert [row["organization"] for row in desk.rows()] == [
        "Example Health LLC",
        "Example Health LLC",
        "Second Example",
        "Second Example",
        "Example Health LLC",
    ]
    for changes, words in (
        ({"organization": "Other", "organization_npi": "2000000028"}, "“Example Health LLC” here"),
        ({"organization": "Second Example", "organization_npi": "2000000036"}, "but no NPI here"),
    ):
        result = desk.bring(clinics_csv([clinic_row(6, **changes)]), ok=False)
        assert words in result.stderr
    with desk.app.app_context():
        db.session.add(Organization(name="Second Example"))
        db.session.commit()
    twice = clinics_csv([clinic_row(6, organization="Second Example")])
    assert "More than one owner" in desk.bring(twice, ok=False).stderr
    assert "changed 0" in desk.bring(desk.out()).stdout, "what is not changed is not asked about"


def test_pins_are_judged_and_given_up_as_on_the_form(desk, clinic):
    row = desk.rows()[0]
    assert row["pin"] == "33.448400, -112.074000"
    moved = row | {"street": "9 Other Road", "postal_code": "85006"}
    result = desk.bring(clinics_csv([moved]))
    assert "its pin is given up" in result.stderr
    assert loaded(desk, clinic).point_precision is PointPrecision.ZIP
    row = desk.rows()[0]
    assert row["precision"] == "zip"
    elsewhere = clinics_csv([row | {"pin": "33.465000, -112.050000"}])
    result = desk.bring(elsewhere)
    assert "row 2, column pin: passed over" in result.stderr
    assert "changed 0" in result.stdout
    desk.bring(clinics_csv([row | {"pin": "33.465000, -112.050000", "precision": "address"}]))
    made = loaded(desk, clinic)
    assert (made.lat, made.lon) == (33.465, -112.05)
    assert made.point_precision is PointPrecision.ADDRESS


def test_what_looks_damaged_or_alike_is_told(desk):
    row = clinic_row(1, name="Núñez".encode().decode("cp1252"), street="1 Раypal Street")
    result = desk.bring(clinics_csv([row, clinic_row(2, name="Clіnic")]), "--dry-run")
    assert "row 2, column name: the accents look damaged" in result.stderr
    assert "row 3, column name: it mixes letters of two alphabets" in result.stderr


def test_rows_without_a_value_are_passed_over(desk):
    text = good_clinics(1) + "," * (len(clinic_row(1)) - 1) + "\r\n"
    assert "read 1, kept 1, added 1" in desk.bring(text).stdout


def test_a_run_is_kept_and_excel_can_be_told(desk, tmp_path):
    desk.bring(good_clinics(2))
    with desk.app.app_context():
        run = db.session.scalars(select(ImportRun)).one()
        assert (run.kind.value, run.read, run.added) == ("clinics", 2, 2)
        assert run.imported_by == system_user(db.session()).id
    file = tmp_path / "excel.csv"
    assert desk.run("export", "clinics", str(file), "--excel").exit_code == 0
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    assert "changed 0" in desk.bring(file.read_bytes()).stdout
    assert desk.run("export", "clinics", "-", "--excel").stdout_bytes == file.read_bytes()
    assert desk.run("export", "clinics", str(tmp_path / "no" / "x.csv")).exit_code == 2
