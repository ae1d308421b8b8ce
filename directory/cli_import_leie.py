"""`flask import leie`: the federal exclusion list, whole or a month's supplement."""

import time
from dataclasses import replace
from datetime import date, datetime

import click

from directory.cli_imports import import_commands, json_option, progress, refusing, say
from directory.cli_progress import telling
from directory.domain.imports import FileRefused
from directory.domain.screening import HOLDS_DAYS, Result, too_old
from directory.extensions import db
from directory.models.engine import begin_writing
from directory.operations.exclusions import (
    Arrival,
    apply_supplement,
    day_on_record,
    replace_list,
)
from directory.operations.people import system_user
from directory.operations.screening import Finished, screen_all
from directory.sources.leie import MEMBER, ListDay, ListFile, day_of, read_list
from directory.sources.tables import open_source
from directory.web.state import catalogue, here

FAR_AFTER = 62
"""Days between the newest row of a list and its day, above which the day looks wrong."""

RESULTS = (
    (Result.NO_MATCH_NPI, "no match by NPI and name"),
    (Result.NO_MATCH_NAME, "no match by name"),
    (Result.POSSIBLE, "possible match"),
    (Result.COULD_NOT, "could not screen"),
)


@import_commands.command("leie", help="The federal exclusion list (OIG LEIE), as published.")
@click.argument("file")
@click.option("--supplement", is_flag=True, help="A month's exclusions or reinstatements.")
@click.option(
    "--date",
    "stated",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day the list was published; without it, the latest day the file itself proves.",
)
@click.option("--force", is_flag=True, help="Pass over a safety check; needs --reason.")
@click.option("--reason", default="", help="Why the check is passed over; it stands in the log.")
@click.option("--dry-run", is_flag=True, help="Say what would change and change nothing.")
@json_option
def import_leie(
    file: str,
    supplement: bool,
    stated: datetime | None,
    force: bool,
    reason: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Read the whole file first, then apply it in one transaction."""
    reason = " ".join(reason.split())
    if force and not reason:
        raise click.UsageError("--force needs --reason: it stands in the log")
    if reason and not force:
        raise click.UsageError("--reason belongs to --force")
    clock = here().clock
    started_at, began = clock(), time.monotonic()
    today = started_at.date()
    with refusing(file):
        if stated is not None and stated.date() > today:
            raise FileRefused(f"--date {stated.date()} is not yet: today is {today}")
        with open_source(file, member=MEMBER) as source, progress(source):
            found = read_list(source, today=today, supplement=supplement, whole=not force)
        sha256, name = source.sha256(), source.name
        session = db.session()
        begin_writing(session)
        day = _given(found, stated.date()) if stated else day_on_record(session, sha256)
        day = day or day_of(found, f"{name} {source.member or ''}", today)
        arrival = Arrival(
            name=name,
            sha256=sha256,
            dated=day.day,
            started_at=started_at,
            override=reason if force else None,
        )
        apply = apply_supplement if supplement else replace_list
        actor, now = system_user(session), clock()
        applied = apply(session, actor, now, found, arrival)
    del found  # a full list; comparing arranges it anew from the rows on record
    with telling("Comparing") as watch:
        screened = screen_all(
            session, actor, now, catalogue(), two_person=here().two_person, watch=watch
        )
    hint = "" if stated else "; if it came out later, give that day with --date"
    notes = [f"the list is taken as of {day.day}: {day.why}{hint}", *applied.notes]
    if dry_run:
        session.rollback()
        notes.append("dry run: nothing was changed")
    else:
        session.commit()
    for note in notes:
        click.echo(f"{name}: {note}", err=True)
    click.echo(_screened(screened, today), err=as_json)
    say(replace(applied.summary, seconds=round(time.monotonic() - began, 1)), as_json=as_json)


def _given(found: ListFile, day: date) -> ListDay:
    why = "the day given with --date"
    if (day - found.newest).days > FAR_AFTER:
        why += f", though the newest row of the file is of {found.newest}: is it the right file?"
    return ListDay(day, why)


def _screened(done: Finished | None, today: date) -> str:
    if done is None:
        return "Screening: nobody could be screened, there is no full list on record"
    parts = ", ".join(f"{words} {done.results.get(result, 0):,}" for result, words in RESULTS)
    told = (
        f"Screening in the list of {done.list_date}: compared {done.compared:,}, {parts}; "
        f"new possible matches {done.found:,}, clinics changed {done.clinics:,}"
    )
    if too_old(done.list_date, today):
        told += f". The list is more than {HOLDS_DAYS} days old: that is no screening any more"
    return told
