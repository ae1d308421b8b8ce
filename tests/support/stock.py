"""A directory with a month of every registry, and the next month's files; all of it invented.

`stocked` fills a database so that each next file adds, changes and removes something.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flask import Flask

from directory.domain.credentials import CredentialKind
from directory.extensions import db
from directory.models import Base, Credential, Practitioner, PractitionerRole
from directory.models.clinic import Post
from tests.factories import make_check, make_clinic, make_user
from tests.operations.edits import CATALOGUE
from tests.support import clinics_file, leie_file, nppes_file

BOARD = "Texas Medical Board"
PEOPLE = 12
LIST = [row | {"EXCLDATE": "20260420"} for row in leie_file.invented_rows(11, 300)]
Tables = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Import:
    """A command with the file it reads."""

    kind: str
    words: tuple[str, ...]
    file: Path

    def command(self, file: Path | str | None = None) -> tuple[str, ...]:
        """Return the words of the command, with another file if one is given."""
        return ("import", self.words[0], str(file or self.file), *self.words[1:])


def first_month(folder: Path) -> list[Import]:
    """Write the files that a directory has taken in already."""
    registry = [nppes_file.row(nppes_file.npi(n)) for n in range(1, 61)]
    return [
        Import("nppes", ("nppes",), nppes_file.write(folder / nppes_file.MONTH, registry)),
        Import("leie", ("leie",), leie_file.write(folder / "UPDATED-20260501.csv", LIST)),
        _text("clinics", ("clinics",), folder / "clinics.csv", clinics_file.good_clinics(12)),
    ]


def next_month(folder: Path) -> list[Import]:
    """Write the next file of every kind that changes something."""
    registry = [nppes_file.row(nppes_file.npi(n)) for n in range(1, 41)]
    registry += [nppes_file.blank(nppes_file.npi(n)) for n in range(41, 51)]
    for values in registry[:10]:
        values[nppes_file.PLACE_OF["STREET"]] = "9 OTHER ROAD"
    registry += [nppes_file.row(nppes_file.npi(n)) for n in range(1000, 1060)]
    gone = [LIST[n] | {"REINDATE": "20260520"} for n in range(20)]
    new = [row | {"EXCLDATE": "20260515"} for row in leie_file.invented_rows(12, 120)]
    # Two who have a post here, so that taking the list in changes what patients read.
    new += [leie_file.person("EXAMPLE", first, STATE="TX", EXCLDATE="20260515", NPI=number)
            for first, number in (("PAT3", _npi(3)), ("PAT4", "0000000000"))]  # fmt: skip
    edited = [clinics_file.clinic_row(n, phone="602-555-0199") for n in range(1, 9)]
    edited += [clinics_file.clinic_row(n) for n in range(100, 112)]
    papers = [
        (f"M{1000 + n}", "Example", f"Pat{n}", status, "2029-03-31", "TX")
        for n, status in enumerate(["Active", "Active", "Suspended"] * (PEOPLE // 3))
    ]
    listed = leie_file.write(folder / "UPDATED-20260601.csv", [*LIST[20:], *new])
    month = leie_file.write(folder / "2605EXCL.csv", [*gone, *new])
    whole = nppes_file.write(folder / f"next-{nppes_file.MONTH}", registry)
    return [
        Import("nppes", ("nppes",), whole),
        Import("leie", ("leie", "--date", "2026-06-01"), listed),
        Import("supplement", ("leie", "--supplement"), month),
        _text("clinics", ("clinics",), folder / "edited.csv", clinics_file.clinics_csv(edited)),
        _text("licences", ("licences", "--board", BOARD), folder / "board.csv",
              clinics_file.good_licenses(200, *papers)),
    ]  # fmt: skip


def stocked(app: Flask, folder: Path) -> None:
    """Fill a database that has the checklist: clinics, people with licenses, a month of files."""
    with app.app_context():
        session = db.session()
        first, second = make_user(session), make_user(session)
        clinics = [make_clinic(session, state="TX", city="Austin", postal_code="78701")
                   for _ in range(3)]  # fmt: skip
        for n in range(PEOPLE):
            person = Practitioner(name=f"Pat{n} Example", profession="MD", npi=_npi(n))
            session.add(person)
            session.flush()
            paper = Credential(
                kind=CredentialKind.STATE_LICENSE,
                number=f"M-{1000 + n}",
                state="TX",
                issuer=BOARD,
                expires_on=date(2027, 3, 31),
                practitioner_id=person.id,
            )
            begun = PractitionerRole(
                practitioner=person,
                clinic=clinics[n % 3],
                post=Post.MEDICAL_DIRECTOR,
                started_on=date(2024, 1, 1),
            )
            session.add_all([paper, begun])
            session.flush()
            make_check(session, CATALOGUE, clinics[n % 3], "sup-director", by=first, second=second,
                       credential=paper)  # fmt: skip
        session.commit()
    for one in first_month(folder):
        result = app.test_cli_runner().invoke(args=one.command())
        assert result.exit_code == 0, result.output
    with app.app_context():
        db.session.remove()


def everything(app: Flask) -> Tables:
    """Return every row of every table as text, but for the stamp, which is another each time."""
    with app.app_context():
        connection = db.session.connection()
        found = {}
        for table in Base.metadata.sorted_tables:
            columns = ", ".join(f'"{column.name}"' for column in table.c if column.name != "stamp")
            rows = connection.exec_driver_sql(f'SELECT {columns} FROM "{table.name}"').all()
            found[table.name] = sorted(map(repr, rows))
        db.session.remove()
    return found


def different(one: Tables, other: Tables) -> list[str]:
    """Return the names of the tables in which two states differ."""
    return [name for name in one if one[name] != other[name]]


def _npi(number: int) -> str:
    return nppes_file.npi(500_000 + number)


def _text(kind: str, words: tuple[str, ...], file: Path, text: str) -> Import:
    file.write_text(text, "utf-8", newline="")
    return Import(kind, words, file)
