"""`flask import nppes`: the national registry's files, and its list of deactivated numbers."""

import time
from dataclasses import dataclass
from datetime import date

import click

from directory.cli_imports import import_commands, json_option, progress, refusing, say
from directory.cli_progress import telling
from directory.domain.imports import ImportKind, Summary
from directory.domain.nppes import Entry
from directory.domain.nppes_layout import read_name
from directory.extensions import db
from directory.models.engine import begin_writing
from directory.operations.candidates import (
    Applied,
    Month,
    apply_deactivations,
    apply_month,
    watched_numbers,
)
from directory.operations.imports import keep_run
from directory.operations.people import system_user
from directory.sources.nppes import Tally, entries
from directory.sources.nppes_deactivated import (
    deactivated,
    is_deactivation_list,
    open_registry,
)
from directory.web.state import here


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What a file held, read to its end before anything is written."""

    file: str
    sha256: str
    tally: Tally
    month: Month | None
    days: dict[str, date]
    dated: date | None


@import_commands.command("nppes", help="Likely clinics from the national registry (NPPES).")
@click.argument("file")
@click.option("--weekly", is_flag=True, help="The file is a part: what is missing is not gone.")
@click.option("--force", is_flag=True, help="Pass over a safety check; needs --reason.")
@click.option("--reason", default="", help="Why the check is passed over; it stands in the log.")
@click.option("--dry-run", is_flag=True, help="Say what would change and change nothing.")
@json_option
def import_nppes(
    file: str, weekly: bool, force: bool, reason: str, dry_run: bool, as_json: bool
) -> None:
    """Read the whole file first, then apply it in one transaction."""
    reason = " ".join(reason.split())
    if force != bool(reason):
        raise click.UsageError("--force and --reason belong together: the reason is logged")
    clock = here().clock
    started_at, began = clock(), time.monotonic()
    session = db.session()
    watched = watched_numbers(session)
    session.rollback()
    with refusing(file):
        found = _read(file, watched, weekly=weekly)
        begin_writing(session)
        actor, now = system_user(session), clock()
        with telling("Candidates") as watch:
            applied = (
                apply_deactivations(session, now, found.days)
                if found.month is None
                else apply_month(session, now, found.month, forced=force, watch=watch)
            )
    summary = _summary(found, applied, time.monotonic() - began)
    if dry_run:
        session.rollback()
        click.echo(f"{found.file}: dry run: nothing was changed", err=True)
    else:
        keep_run(
            session,
            actor,
            now,
            ImportKind.NPPES if found.month else ImportKind.NPPES_DEACTIVATED,
            summary,
            sha256=found.sha256,
            started_at=started_at,
            dated=found.dated,
            forced=force,
            reason=reason,
        )
        session.commit()
    say(summary, as_json=as_json)


def _read(file: str, watched: frozenset[str], *, weekly: bool) -> _Read:
    tally = Tally()
    kept: list[Entry] = []
    with open_registry(file) as source, progress(source):
        named = read_name(source.name, source.member)
        listed = is_deactivation_list(source)
        days = deactivated(source, watched, tally) if listed else {}
        if not listed:
            kept = list(entries(source, watched, tally))
        sha256, name = source.sha256(), source.name
    month = Month(
        entries=kept,
        watched=watched,
        present=frozenset(tally.present),
        full=not (weekly or named.weekly),
    )
    return _Read(
        file=name,
        sha256=sha256,
        tally=tally,
        month=None if listed else month,
        days=days,
        dated=named.dated,
    )


def _summary(found: _Read, applied: Applied, seconds: float) -> Summary:
    return Summary(
        file=found.file,
        read=found.tally.read,
        kept=found.tally.kept,
        added=applied.added,
        changed=applied.changed,
        removed=applied.removed,
        refused=found.tally.refused,
        seconds=round(seconds, 1),
    )
