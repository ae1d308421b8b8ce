"""The commands for spreadsheets: clinics in and out, licenses from a board's own file."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date, datetime
from functools import partial
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from directory.cli_imports import import_commands, json_option, progress, refusing, say
from directory.cli_progress import telling
from directory.domain.clinic_table import PROBLEM, meant, value_of
from directory.domain.csvcells import table as csv_text
from directory.domain.imports import ImportKind, Summary
from directory.domain.progress import nobody
from directory.domain.state_names import STATE_NAMES
from directory.extensions import db
from directory.models import Credential
from directory.models.engine import begin_writing
from directory.operations import licenses
from directory.operations.clinic_export import export_rows
from directory.operations.clinic_import import (
    Note,
    Problem,
    Report,
    Table,
    import_clinics,
    read_table,
)
from directory.operations.imports import keep_run
from directory.operations.people import system_user
from directory.sources.new_file import written_whole
from directory.sources.sealing import Sealer
from directory.sources.tables import open_source, rows
from directory.web.forms.entries import words_of
from directory.web.state import catalogue, here

STDOUT = "-"
BOM = "\ufeff"
LONGEST_BOARD = 200
FEW = 10
DAY = click.DateTime(["%Y-%m-%d"])
export_commands = AppGroup("export", help="Write what the directory holds as spreadsheets.")

NOTES = {
    "by_address": "taken for clinic {number}, which has this name and address",
    "pin_passed": "column pin: passed over; for a pin at the door, write address in precision",
    "falls": "clinic {number}: {what} changed, so these checks fall: {titles}",
    "pin_voided": "clinic {number}: the address changed, so its pin is given up for the middle of "
    "the ZIP code",
    "looks_alike": "column name: it mixes letters of two alphabets that look alike",
    "garbled": "column {column}: the accents look damaged; was the file saved as UTF-8?",
    "owner_added": "the owner “{name}” was not known here and is added as number {number}",
}


MISSED = {
    "unknown": "not found: no license of this number and state is in the file",
    "name": "not taken: the file has this number under the name “{theirs}”",
    "name_unusable": "not taken: the name cannot be compared with “{theirs}”",
    "twice": "not taken: the file has it more than once with other facts, on lines {lines}",
    "day": "not taken: nobody can read its last day “{day}” on line {line}",
    "ended_here": "not taken: here it ended on {ended_on}, and the board calls it active",
    "older_file": "not taken: a newer file, of {dated}, was read before",
    "edited_later": "its last day stays: staff wrote it on {day}, after the file's day; the file "
    "says {expires_on}",
}


@import_commands.command("clinics", help="Bring in clinics from a spreadsheet, as drafts.")
@click.argument("file")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@click.option("--good-rows", is_flag=True, help="Take the good rows although others are bad.")
@click.option("--bad", type=click.Path(path_type=Path), help="Where the bad rows go, with why.")
@json_option
def clinics(file: str, dry_run: bool, good_rows: bool, bad: Path | None, as_json: bool) -> None:
    """Exit with 2 and change nothing when the file or, without --good-rows, any row is bad."""
    if good_rows != (bad is not None):
        raise click.UsageError("--good-rows and --bad FILE go together")
    begun, started_at = time.perf_counter(), here().clock()
    with refusing(file), open_source(file) as source, progress(source):
        table = read_table(rows(source, None, bom=True, exact=False))
        name, sha256 = source.name, source.sha256()
    session = db.session()
    begin_writing(session)
    actor = system_user(session)
    with refusing(file), telling("Clinics") as watch:
        report = import_clinics(
            session,
            actor,
            started_at,
            catalogue(),
            here().gazetteer(),
            table,
            two_person=here().two_person,
            watch=watch,
        )
    refused = bool(report.problems) and not good_rows
    summary = _summary(name, table, report, begun, nothing=refused and not dry_run)
    _tell(table, report)
    if not refused:
        keep_run(
            session,
            actor,
            here().clock(),
            ImportKind.CLINICS,
            summary,
            sha256=sha256,
            started_at=started_at,
        )
    if refused or dry_run:
        session.rollback()
        why = "some rows cannot be taken as they are" if refused else "this was a dry run"
        click.echo(f"Nothing was changed: {why}.", err=True)
    else:
        _commit(session, table, report, bad)
    say(summary, as_json=as_json)
    if refused:
        raise click.exceptions.Exit(2)


@import_commands.command("licences", help="Refresh licenses from a board's own file.")
@click.argument("file")
@click.option("--board", required=True, help="The board whose file it is.")
@click.option("--state", help="The state of all licenses in it; else a column says.")
@click.option("--dated", type=DAY, help="The day the file speaks of; today unless given.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@json_option
def licences(
    file: str,
    board: str,
    state: str | None,
    dated: datetime | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Exit with 2 when the file is refused; list every license of ours it says nothing about."""
    begun, started_at = time.perf_counter(), here().clock()
    whose = _board(board, state, dated.date() if dated else None, started_at.date())
    session = db.session()
    ours = licenses.keys_of(session)
    session.rollback()
    with refusing(file), open_source(file) as source, progress(source):
        lines = rows(source, None, bom=True, exact=False)
        found = licenses.read_board_file(lines, ours, state=whose.state)
        name, sha256 = source.name, source.sha256()
    begin_writing(session)
    actor = system_user(session)
    done = licenses.compare_licenses(
        session,
        actor,
        started_at,
        catalogue(),
        Sealer(here().settings.secret_key),
        whose,
        found,
        two_person=here().two_person,
    )
    summary = Summary(
        file=name,
        read=found.read,
        kept=done.matched,
        changed=len(done.changed),
        refused=found.unusable,
        seconds=round(time.perf_counter() - begun, 3),
    )
    _tell_licenses(whose, done)
    keep_run(
        session,
        actor,
        here().clock(),
        ImportKind.LICENSES,
        summary,
        sha256=sha256,
        started_at=started_at,
        dated=whose.dated,
    )
    if dry_run:
        session.rollback()
        click.echo("Nothing was changed: this was a dry run.", err=True)
    else:
        session.commit()
    say(summary, as_json=as_json)


@export_commands.command("clinics", help="Write all clinics as a spreadsheet.")
@click.argument("file")
@click.option("--excel", is_flag=True, help="Mark the file as UTF-8 for Excel.")
def export_clinics(file: str, excel: bool) -> None:
    """Write CSV to FILE, or to standard output for -; a file is replaced whole or not at all."""
    count = -1
    with refusing(file), ExitStack() as stack:
        if file == STDOUT:
            click.echo(BOM if excel else "", nl=False)
            write: Callable[[str], object] = partial(click.echo, nl=False)
        else:
            write = stack.enter_context(written_whole(Path(file), replace=True, bom=excel)).write
        # With the rows themselves on the same terminal a bar would only stand between them.
        quiet = file == STDOUT and sys.stdout.isatty()
        watch = nobody if quiet else stack.enter_context(telling("Clinics"))
        for row in export_rows(db.session(), watch):
            write(csv_text([row]))
            count += 1
    click.echo(f"Clinics: {count}", err=True)


def _board(name: str, state: str | None, dated: date | None, today: date) -> licenses.Board:
    name, state = " ".join(name.split()), state.strip().upper() if state else None
    if not name or len(name) > LONGEST_BOARD:
        raise click.UsageError(f"--board takes a name of 1 to {LONGEST_BOARD} characters")
    if state is not None and state not in STATE_NAMES:
        raise click.UsageError("--state takes a state's two letters, like TX")
    if dated is not None and dated > today:
        raise click.UsageError("--dated is in the future")
    return licenses.Board(name=name, state=state, dated=dated or today)


def _tell_licenses(board: licenses.Board, done: licenses.Compared) -> None:
    """Print each license that needs somebody's eye, and each that was not found."""
    for license, row in done.adverse:
        words = f"the board's status is “{row.status}”; the checks that rest on it fall"
        click.echo(f"{_license(license)}: {words}", err=True)
    for missed in done.missed:
        words = MISSED[missed.why].format(**missed.details)
        click.echo(f"{_license(missed.credential)}: {words}", err=True)
    for issuer, count in sorted(done.other_boards.items()):
        words = f"not in this file, and from another board than {board.name}"
        click.echo(f"{issuer}: {count} licenses {words}", err=True)


def _license(license: Credential) -> str:
    holder = licenses.holder_of(license)
    return f"license {license.number} ({license.state}) of {holder.name}, paper {license.id}"


def _commit(session: Session, table: Table, report: Report, bad: Path | None) -> None:
    """Keep what was written once the bad rows are safe in their file; without it nothing."""
    if bad is not None and report.problems:
        with refusing(str(bad)), written_whole(bad, replace=False) as out:
            for line in _bad_rows(table, report):
                out.write(csv_text([line]))
    try:
        session.commit()
    except BaseException:
        if bad is not None and report.problems:
            bad.unlink(missing_ok=True)
        raise
    if report.added:
        click.echo("New clinics are drafts: patients see them once staff publish them.", err=True)


def _bad_rows(table: Table, report: Report) -> Iterator[list[str]]:
    """Yield the header and the bad rows as they stood, with one more column that says why."""
    kept = [place for place, name in enumerate(table.header.names) if name != PROBLEM]
    yield [*(value_of(table.cells[place]) for place in kept), PROBLEM]
    for row, problems in report.bad.items():
        why = " ".join(_worded(problem) for problem in problems)
        yield [*(value_of(row.cells[place]) for place in kept), why]


def _summary(name: str, table: Table, report: Report, begun: float, *, nothing: bool) -> Summary:
    read, refused = len(table.rows), len(report.bad)
    return Summary(
        file=name,
        read=read,
        kept=0 if nothing else read - refused,
        added=0 if nothing else report.added,
        changed=0 if nothing else report.changed,
        refused=refused,
        seconds=round(time.perf_counter() - begun, 3),
    )


def _tell(table: Table, report: Report) -> None:
    """Print what somebody should look at: columns, then row by row."""
    for name in table.header.unknown:
        hint = meant(name)
        words = f" Is it meant to be {hint}?" if hint and hint not in table.header.names else ""
        click.echo(f"column {name}: not one of ours; it is kept as it is.{words}", err=True)
    lines = [(problem.row.number, 0, _placed(problem)) for problem in report.problems]
    lines += [(n.row.number, 1, _noted(n)) for n in report.notes if n.code in NOTES]
    for _number, _order, words in sorted(lines, key=lambda line: line[:2]):
        click.echo(words, err=True)
    if said := [str(note.row.number) for note in report.notes if note.code == "listing"]:
        more = f" and {len(said) - FEW} more" if len(said) > FEW else ""
        where = f"rows {', '.join(said[:FEW])}{more}"
        click.echo(f"column listing: an import changes no listing ({where})", err=True)


def _placed(problem: Problem) -> str:
    row = problem.row
    line = f" (line {row.line} of the file)" if row.line != row.number else ""
    return f"row {row.number}{line}, {_worded(problem)}"


def _worded(problem: Problem) -> str:
    return f"column {problem.column}: {words_of(problem.refused)}"


def _noted(note: Note) -> str:
    return f"row {note.row.number}, {NOTES[note.code].format(**note.details)}"
