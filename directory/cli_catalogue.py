"""The command line of the checklist, and of what search reads under it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from directory.cli_progress import telling
from directory.domain.criteria import Catalogue, CatalogueError, parse_catalogue
from directory.domain.progress import Steps
from directory.extensions import db
from directory.models import DirectoryState
from directory.models.engine import begin_writing
from directory.operations import catalogue as editions
from directory.operations import preparing
from directory.operations.changing_places import TablesInUse, make_ready
from directory.operations.people import system_user
from directory.operations.preparing import Aim, Batch
from directory.web.state import NOT_SET_UP, here

TRIES = 20
PAUSE = 3.0
"""Seconds between two tries to change places with rows that somebody reads for long."""

OVERTAKEN = "Stopped: another command loaded another edition meanwhile."
IN_USE = (
    "All is prepared, but somebody has been reading for long, as a backup does. "
    "Run the same command again later: it takes a moment."
)

catalogue_commands = AppGroup("catalogue", help="The checklist and its editions.")
listings_commands = AppGroup("listings", help="What the public search reads of clinics.")


@catalogue_commands.command("check", help="Read an edition and name every problem in it.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def catalogue_check(file: Path) -> None:
    """Exit with 2 and one line for each problem when the edition is broken."""
    edition = _parsed(file)
    click.echo(f"Edition {edition.edition}: {len(edition.criteria)} criteria, no problem found")


@catalogue_commands.command("load", help="Put an edition of the checklist in force.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def catalogue_load(file: Path) -> None:
    """Refuse a broken or silently changed edition with exit code 2.

    Goes on where it was stopped.
    """
    load(file)


@listings_commands.command("derive", help="Derive what search reads of every clinic anew.")
def listings_derive() -> None:
    """Only needed after a repair by hand: every act derives the clinics it touches.

    Goes on where it was stopped. An edition that is being prepared is prepared to its end instead,
    which derives every clinic too.
    """
    session = db.session()
    with _writing(session):
        coming = preparing.unfinished(session) or session.get(DirectoryState, DirectoryState.ONLY)
        if coming is None:
            raise click.ClickException(NOT_SET_UP)
        edition = here().edition(session, coming.edition)
        aim = Aim(catalogue=edition, confirmation=coming.confirmation)
        preparing.begin(session, here().clock(), aim)
    public = _prepare(session, aim)
    click.echo(f"Derived: {public} public clinics")


def load(file: Path) -> None:
    """Load an edition and put it in force, with the confirmation rule of the settings."""
    _parsed(file)
    session, confirmation = db.session(), here().settings.confirmation
    try:
        with _writing(session):
            edition = editions.load_edition(
                session,
                system_user(session),
                here().clock(),
                text=file.read_text("utf-8"),
                confirmation=confirmation,
            )
    except editions.EditionChanged as refused:
        click.echo(f"{file.name}: {refused}", err=True)
        raise click.exceptions.Exit(2) from None
    _prepare(session, Aim(catalogue=edition, confirmation=confirmation))
    click.echo(f"Checklist: edition {edition.edition}, {len(edition.criteria)} criteria, in force")


def _parsed(file: Path) -> Catalogue:
    try:
        return parse_catalogue(file.read_text("utf-8"))
    except UnicodeDecodeError as error:
        click.echo(f"{file.name}: byte {error.start} is not UTF-8 text", err=True)
    except CatalogueError as error:
        for line in str(error).splitlines():
            click.echo(f"{file.name}: {line}", err=True)
    raise click.exceptions.Exit(2)


@contextmanager
def _writing(session: Session) -> Iterator[None]:
    """Write in one short transaction."""
    begin_writing(session)
    try:
        yield
    except BaseException:
        session.rollback()
        raise
    session.commit()


def _prepare(session: Session, aim: Aim) -> int:
    """Finish what is being prepared, if anything; returns how many clinics are public.

    Each step is a transaction of its own, so it can be stopped anywhere and started again.
    """
    _clear(session)
    prepared, public = preparing.counts(session)
    going = preparing.unfinished(session) is not None
    session.rollback()
    if not going:
        return public
    with telling("Clinics") as watch:
        steps = Steps(watch, public)
        steps.took(prepared)
        try:
            while True:
                _prepare_all(session, aim, steps.took)
                if _put_in_force(session, aim):
                    break
        except preparing.Overtaken:
            session.rollback()
            if not preparing.in_force(session, aim):
                raise click.ClickException(OVERTAKEN) from None
        steps.finish()
    _clear(session)
    return public


def _prepare_all(session: Session, aim: Aim, took: Callable[[int], None]) -> None:
    """Prepare batch after batch, until less than one is left."""
    made: Batch | None = None
    while True:
        with _writing(session):
            ids = preparing.go_on(session, here().clock(), aim, made)
        if not ids:
            return
        made = preparing.work_out(session, here().clock(), aim, ids)
        session.rollback()
        took(len(ids))


def _put_in_force(session: Session, aim: Aim) -> bool:
    """Put in force what is prepared; returns whether it was, or more is left to prepare."""
    for left in reversed(range(TRIES)):
        make_ready(db.engine)
        try:
            with _writing(session):
                return preparing.put_in_force(session, system_user(session), here().clock(), aim)
        except TablesInUse:
            if left:
                time.sleep(PAUSE)
    raise click.ClickException(IN_USE)


def _clear(session: Session) -> None:
    """Delete rows that belong to nothing that is being prepared, some at a time."""
    more = True
    while more:
        began = time.monotonic()
        with _writing(session):
            more = preparing.clear_some(session)
        if more:
            # On SQLite others only look now and then whether it is their turn.
            time.sleep(time.monotonic() - began)
