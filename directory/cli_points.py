"""The command that looks up the clinics' addresses with the operator's own geocoder."""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable

import click
from flask.cli import AppGroup

from directory.domain.points import Lookup
from directory.extensions import db
from directory.models.engine import begin_writing
from directory.operations import points
from directory.operations.people import system_user
from directory.sources.geocoder import House, LookupFailed, open_house_finder
from directory.web.state import USER_AGENT, catalogue, forget_state, here

point_commands = AppGroup("points", help="Where on the map the clinics are.")

FAILURES_IN_A_ROW = 5
"""After so many the geocoder is taken to be down, and the run ends."""

COUNTED = ("asked", "found", "unknown", "refused", "failed", "skipped", "rough", "waiting")


@point_commands.command("fill", help="Look up the clinics whose door is not known.")
@click.option("--limit", type=click.IntRange(min=1), help="Look up at most so many clinics.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="Seconds from one question to the geocoder to the next.",
)
@click.option("--dry-run", is_flag=True, help="Ask the geocoder, but keep nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def fill(limit: int | None, seconds: float, dry_run: bool, as_json: bool) -> None:
    """Keep each answer on its own, so that a run that is stopped goes on where it was.

    Exit with 1 when the geocoder does not answer.
    """
    begun = time.monotonic()
    counts: Counter[str] = Counter()
    settings = here().settings
    find = open_house_finder(
        settings.geocoder,
        domain=settings.geocoder_domain or None,
        timeout=settings.geocoder_timeout,
        user_agent=USER_AGENT,
        seconds=seconds,
    )
    down = False
    if find is not None:
        down = _look_up(
            find, points.to_look_up(db.session(), here().clock(), limit), counts, dry_run
        )
    session = db.session()
    counts["rough"], counts["waiting"] = points.count_rough(session), points.count_waiting(session)
    spent = time.monotonic() - begun
    if as_json:
        said = {name: counts[name] for name in COUNTED}
        click.echo(json.dumps({"geocoder": settings.geocoder, **said, "seconds": round(spent, 1)}))
    else:
        _say(counts, embedded=find is None, spent=spent, dry_run=dry_run)
    if down:
        click.echo("The geocoder does not answer. Try again later.", err=True)
        raise click.exceptions.Exit(1)


def _look_up(
    find: Callable[[str], House | None], clinics: list[int], counts: Counter[str], dry_run: bool
) -> bool:
    """Look up each clinic and keep what came of it; say whether the geocoder seems to be down."""
    db.session.rollback()
    in_a_row = 0
    with click.progressbar(
        clinics, label="Addresses", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:
        for clinic_id in bar:
            outcome = _one(find, clinic_id, dry_run)
            counts["asked"] += 1
            counts[outcome.value if outcome else "skipped"] += 1
            in_a_row = in_a_row + 1 if outcome is Lookup.FAILED else 0
            if in_a_row == FAILURES_IN_A_ROW:
                return True
    return False


def _one(find: Callable[[str], House | None], clinic_id: int, dry_run: bool) -> Lookup | None:
    """Ask while no transaction is open, then write in one of its own."""
    session = db.session()
    asked = points.wanted(session, clinic_id)
    session.rollback()
    if asked is None:
        return None
    answer, failed = None, False
    try:
        answer = find(asked.question) if asked.askable else None
    except LookupFailed:
        failed = True
    begin_writing(session)
    forget_state()  # another edition may have come into force while somebody was asked
    outcome = points.keep(
        session,
        system_user(session),
        here().clock(),
        catalogue(),
        here().gazetteer(),
        asked,
        answer,
        failed=failed,
        two_person=here().two_person,
    )
    if dry_run:
        session.rollback()
    else:
        session.commit()
    return outcome


def _say(counts: Counter[str], *, embedded: bool, spent: float, dry_run: bool) -> None:
    if embedded:
        click.echo(
            "The built-in geocoder knows no houses, so nothing was looked up. "
            "Name your own server with DIRECTORY_GEOCODER and DIRECTORY_GEOCODER_DOMAIN."
        )
    else:
        outcomes = ", ".join(f"{name} {counts[name]}" for name in COUNTED[:6])
        kept = ", nothing kept" if dry_run else ""
        click.echo(f"Addresses: {outcomes} in {spent:.1f} seconds{kept}")
    click.echo(
        f"At the middle of their ZIP code or city: {counts['rough']}; "
        f"to place by hand: {counts['waiting']}"
    )
