"""The command line: every command calls one operation and commits once."""

import logging
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from flask_migrate import upgrade

from directory import cli_import_leie, cli_import_nppes, paths  # noqa: F401 - it adds its command
from directory.cli_cases import case_commands, mail_commands
from directory.cli_import_clinics import export_commands
from directory.cli_imports import import_commands
from directory.cli_languages import language_commands
from directory.cli_log import log_commands
from directory.cli_points import point_commands
from directory.cli_progress import telling
from directory.cli_staff import staff_commands
from directory.domain.criteria import Catalogue, CatalogueError, parse_catalogue
from directory.extensions import db
from directory.models.engine import begin_writing
from directory.operations import catalogue as editions
from directory.operations.listings import derive_all
from directory.operations.people import system_user
from directory.operations.seeding import DemoRefused, seed_demo
from directory.sources import gazetteer
from directory.web.state import catalogue, here, utc_now

EDITION = "catalogue-2026.1.toml"
THREADS = 8

catalogue_commands = AppGroup("catalogue", help="The checklist and its editions.")
gazetteer_commands = AppGroup("gazetteer", help="The place index that search reads.")
listings_commands = AppGroup("listings", help="What the public search reads of clinics.")


def install(app: Flask) -> None:
    """Add the commands to `app`."""
    app.cli.add_command(setup)
    app.cli.add_command(serve)
    app.cli.add_command(catalogue_commands)
    app.cli.add_command(gazetteer_commands)
    app.cli.add_command(listings_commands)
    app.cli.add_command(import_commands)
    app.cli.add_command(export_commands)
    app.cli.add_command(point_commands)
    app.cli.add_command(log_commands)
    app.cli.add_command(language_commands)
    app.cli.add_command(staff_commands)
    app.cli.add_command(case_commands)
    app.cli.add_command(mail_commands)


@click.command("setup", help="Prepare everything: database, place index, checklist.")
@click.option("--demo", is_flag=True, help="Add about 120 invented clinics to look around.")
def setup(demo: bool) -> None:
    """Migrate the database, compile the gazetteer, load the checklist; safe to repeat."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    upgrade()
    click.echo("Database: up to date")
    _build_gazetteer()
    _load(paths.SEED_DATA / EDITION)
    if demo:
        _seed()


def _seed() -> None:
    session = db.session()
    begin_writing(session)
    text = (paths.SEED_DATA / "demo_clinics.toml").read_text("utf-8")
    try:
        with telling("Demonstration clinics") as watch:
            counts = seed_demo(
                session,
                utc_now(),
                catalogue(),
                text=text,
                two_person=here().two_person,
                watch=watch,
            )
    except DemoRefused as refused:
        raise click.ClickException(str(refused)) from None
    session.commit()
    click.echo(f"Demonstration clinics: {counts}")


@click.command("serve", help="Serve with waitress, one process, for the embedded set-up.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=5000, show_default=True, envvar="PORT", type=int)
def serve(host: str, port: int) -> None:
    """Serve until stopped."""
    import waitress

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    click.echo(f"Serving on http://{host}:{port} (stop with Ctrl+C)")
    waitress.serve(current_app._get_current_object(), host=host, port=port, threads=THREADS)  # type: ignore[attr-defined]


@catalogue_commands.command("check", help="Read an edition and name every problem in it.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def catalogue_check(file: Path) -> None:
    """Exit with 2 and one line for each problem when the edition is broken."""
    edition = _parsed(file)
    click.echo(f"Edition {edition.edition}: {len(edition.criteria)} criteria, no problem found")


@catalogue_commands.command("load", help="Put an edition of the checklist in force.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def catalogue_load(file: Path) -> None:
    """Refuse a broken or silently changed edition with exit code 2."""
    _load(file)


def _parsed(file: Path) -> Catalogue:
    try:
        return parse_catalogue(file.read_text("utf-8"))
    except UnicodeDecodeError as error:
        click.echo(f"{file.name}: byte {error.start} is not UTF-8 text", err=True)
    except CatalogueError as error:
        for line in str(error).splitlines():
            click.echo(f"{file.name}: {line}", err=True)
    raise click.exceptions.Exit(2)


def _load(file: Path) -> None:
    _parsed(file)
    session = db.session()
    begin_writing(session)
    try:
        with telling("Checklist") as watch:
            edition = editions.load_edition(
                session,
                system_user(session),
                utc_now(),
                text=file.read_text("utf-8"),
                confirmation=here().settings.confirmation,
                watch=watch,
            )
    except editions.EditionChanged as refused:
        click.echo(f"{file.name}: {refused}", err=True)
        raise click.exceptions.Exit(2) from None
    session.commit()
    click.echo(f"Checklist: edition {edition.edition}, {len(edition.criteria)} criteria, in force")


@gazetteer_commands.command("build", help="Compile the place index anew.")
def gazetteer_build() -> None:
    """Write the place index beside the old one and swap them."""
    _build_gazetteer()


def _build_gazetteer() -> None:
    with telling("Place index") as watch:
        target = here().settings.gazetteer_path
        counts = gazetteer.build(target, paths.SEED_DATA / "places.tsv", watch)
    click.echo(f"Place index: {counts}")


@listings_commands.command("derive", help="Derive what search reads of every clinic anew.")
def listings_derive() -> None:
    """Only needed after a repair by hand: every act derives the clinics it touches."""
    session = db.session()
    begin_writing(session)
    with telling("Clinics") as watch:
        public = derive_all(
            session, catalogue(), utc_now(), two_person=here().two_person, watch=watch
        )
    session.commit()
    click.echo(f"Derived: {public} public clinics")
