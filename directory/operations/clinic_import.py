"""Clinics from a spreadsheet: each row is an edit or a new draft, judged as the staff form is.

A row names its clinic by our number, else by its NPI, else by the very same name and address. A
column that the file does not have leaves what is on record; an empty cell empties it.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from directory.domain.clinic_entry import ClinicFacts, EntriesRefused, PersonFacts, read_clinic
from directory.domain.clinic_table import (
    ADDRESS,
    NAMES,
    NEEDED,
    Header,
    column_of,
    garbled,
    read_header,
    same_cell,
    typed_of,
)
from directory.domain.criteria import Catalogue
from directory.domain.entries import EntryRefused
from directory.domain.imports import FileRefused
from directory.domain.progress import Steps, Watch, nobody
from directory.models import Clinic, Organization, User
from directory.operations.clinic_export import cells_of
from directory.operations.clinic_matching import KnownClinics, KnownOwners
from directory.operations.editing import Edit, plan_edit, write_clinic, write_edit
from directory.operations.practitioners import write_person
from directory.operations.screening import screen_clinics
from directory.operations.vetting import publish
from directory.sources.gazetteer import Gazetteer

PER_BATCH = 200
_READ_ONLY = ("id", "listing")
_WORDS = ("name", "organization", "street", "city", "access", "insurance")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the file: its number as a spreadsheet counts, its line, its cells as they stand."""

    number: int
    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A whole file."""

    header: Header
    cells: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row cannot be taken, and in which column."""

    row: Row
    column: str
    refused: EntryRefused


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody should know about a row that is taken."""

    row: Row
    code: str
    details: Mapping[str, Any]


@dataclass(slots=True)
class Report:
    """What an import did, row by row."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    owners: int = 0
    problems: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    @property
    def bad(self) -> dict[Row, list[Problem]]:
        """The rows that cannot be taken, each with its problems."""
        found: dict[Row, list[Problem]] = {}
        for problem in self.problems:
            found.setdefault(problem.row, []).append(problem)
        return found


def read_table(rows: Iterable[tuple[int, Sequence[str]]]) -> Table:
    """Return a file's header and rows; rows in which every cell is empty are left out.

    `rows` begin with the header, each with its line. Raises FileRefused.
    """
    header: Header | None = None
    names: tuple[str, ...] = ()
    found = []
    for number, (line, cells) in enumerate(rows, start=1):
        if header is None:
            header, names = read_header(cells, line=line), tuple(cells)
        elif any(cell.strip() for cell in cells):
            found.append(Row(number, line, tuple(cells)))
    if header is None or not found:
        raise FileRefused("the file names its columns and has no row below them")
    return Table(header, names, tuple(found))


def import_clinics(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    gazetteer: Gazetteer,
    table: Table,
    *,
    two_person: bool,
    watch: Watch = nobody,
) -> Report:
    """Write every row that can be taken and report on all; the caller decides what to keep.

    Raises FileRefused when new clinics are in it and a column that they need is not.
    """
    work = _Import(session, actor, now, catalogue, gazetteer, table)
    steps = Steps(watch, 2 * len(table.rows))  # each is written, and then published
    for row in table.rows:
        steps.took()
        try:
            work.take(row)
        except (EntriesRefused, EntryRefused) as refused:
            work.refuse(row, refused.problems)
    # All at once: one by one the writing would take twice as long, and others wait for it.
    touched = screen_clinics(session, now, catalogue, work.written, two_person=two_person)
    shown = sorted({*work.written, *touched})
    for start in range(0, len(shown), PER_BATCH):
        batch = shown[start : start + PER_BATCH]
        publish(session, catalogue, now, batch, two_person=two_person)
        steps.took(len(batch))
    steps.finish()
    return work.report


class _Import:
    """One import: what it has seen so far, and the report it writes."""

    def __init__(
        self,
        session: Session,
        actor: User,
        now: datetime,
        catalogue: Catalogue,
        gazetteer: Gazetteer,
        table: Table,
    ) -> None:
        self.session, self.actor, self.now = session, actor, now
        self.catalogue, self.gazetteer = catalogue, gazetteer
        self.header = table.header
        self.report = Report()
        self.taken: dict[int, Row] = {}
        self.written: list[int] = []
        self.owners = KnownOwners(session)
        self.known = KnownClinics(session, [table.header.known(row.cells) for row in table.rows])

    def refuse(self, row: Row, problems: Sequence[EntryRefused]) -> None:
        """Report why a row is not taken, each reason once."""
        for problem in problems:
            self.report.problems.append(Problem(row, column_of(problem.field), problem))

    def note(self, row: Row, code: str, **details: object) -> None:
        """Report something about a row that is taken."""
        self.report.notes.append(Note(row, code, details))

    def take(self, row: Row) -> None:
        """Write one row; raises EntriesRefused or EntryRefused and then has written nothing."""
        known = self.header.known(row.cells)
        clinic, by_address = self.known.find(known)
        if clinic is not None and clinic.id in self.taken:
            raise EntryRefused("row_twice", "id", row=self.taken[clinic.id].number)
        if by_address and not known.get("npi"):
            known.pop("npi", None)
        base = cells_of(clinic) if clinic else dict.fromkeys(NAMES, "")
        edited = {
            name
            for name, cell in known.items()
            if name not in _READ_ONLY and not same_cell(cell, base[name])
        }
        extra = self._extra(clinic, row)
        if clinic is not None and not edited and extra is None:
            self.report.unchanged += 1
        else:
            clinic = self._write(row, clinic, base, known, edited, extra)
        self.taken[clinic.id] = row
        if by_address:
            self.note(row, "by_address", number=clinic.id)
        listing = known.get("listing", "").strip().casefold()
        if base["listing"] and listing not in ("", clinic.listing.value):
            self.note(row, "listing")

    def _write(
        self,
        row: Row,
        clinic: Clinic | None,
        base: Mapping[str, str],
        known: Mapping[str, str],
        edited: set[str],
        extra: dict[str, str] | None,
    ) -> Clinic:
        if clinic is None:
            self._refuse_columns(row)
        cells = {**base, **known}
        typed, problems = typed_of(cells)
        owner: Organization | PersonFacts | None = clinic.organization if clinic else None
        try:
            if not clinic or edited & {"organization", "organization_npi"}:
                owner = self.owners.find(cells["organization"], cells["organization_npi"])
        except (EntriesRefused, EntryRefused) as refused:
            problems += refused.problems
        try:
            facts = read_clinic(typed)
        except EntriesRefused as refused:
            raise EntriesRefused([*problems, *refused.problems]) from None
        if problems:
            raise EntriesRefused(problems)
        # An owner that is new goes again with a row that is refused later.
        with self.session.begin_nested() if isinstance(owner, PersonFacts) else _same():
            created = None
            if isinstance(owner, PersonFacts):
                created = write_person(self.session, self.actor, self.now, Organization, owner)
            owner_id = (
                created.id if created else owner.id if isinstance(owner, Organization) else None
            )
            facts = replace(facts, organization_id=owner_id, extra=extra)
            edit, clinic = self._save(clinic, facts)
        if isinstance(created, Organization):
            self.owners.add(created)
            self.report.owners += 1
            self.note(row, "owner_added", name=created.name, number=created.id)
        self._tell(row, clinic, edit, cells, edited)
        self.known.add(clinic)
        return clinic

    def _refuse_columns(self, row: Row) -> None:
        """Refuse the whole file when it has no column for what a new clinic needs."""
        for name in NEEDED:
            if name not in self.header.names:
                why = f"this column is missing, and row {row.number} is a new clinic that needs it"
                raise FileRefused(why, line=1, column=name)

    def _save(self, clinic: Clinic | None, facts: ClinicFacts) -> tuple[Edit, Clinic]:
        edit = plan_edit(self.session, self.catalogue, self.gazetteer, clinic, facts)
        if clinic is None:
            self.report.added += 1
            clinic = write_clinic(self.session, self.actor, self.now, edit)
            self.written.append(clinic.id)
            return edit, clinic
        if not edit.after:
            self.report.unchanged += 1
            return edit, clinic
        write_edit(
            self.session,
            self.actor,
            self.now,
            self.catalogue,
            clinic,
            edit,
            version=clinic.version,
        )
        self.written.append(clinic.id)
        self.report.changed += 1
        return edit, clinic

    def _extra(self, clinic: Clinic | None, row: Row) -> dict[str, str] | None:
        """Return all other columns of a clinic after this row, None when they stay as they are."""
        said = self.header.others(row.cells)
        if clinic is None:
            return said or None
        kept = clinic.imported_extra or {}
        new = {**kept, **said}
        return new if any(kept.get(name, "") != value for name, value in said.items()) else None

    def _tell(
        self, row: Row, clinic: Clinic, edit: Edit, cells: Mapping[str, str], edited: set[str]
    ) -> None:
        if edit.falls:
            titles = [self.catalogue.criterion(code).title for code in edit.falls]
            self.note(row, "falls", number=clinic.id, what=edit.what, titles="; ".join(titles))
        if edit.pin_voided:
            self.note(row, "pin_voided", number=clinic.id)
        if edit.looks_alike:
            self.note(row, "looks_alike")
        if "pin" in edited and cells["precision"].strip().casefold() not in ("", ADDRESS):
            self.note(row, "pin_passed")
        for name in _WORDS:
            if name in edited and garbled(cells[name]):
                self.note(row, "garbled", column=name)


def _same() -> AbstractContextManager[Any]:
    return nullcontext()
