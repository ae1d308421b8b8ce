"""The command line: every command calls one operation and commits once."""

import logging
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from directory import cli_import_leie, cli_import_nppes, paths  # noqa: F401 - it adds its command
from directory.cli_cases import case_commands, mail_commands
from directory.cli_catalogue import catalogue_commands, listings_commands, load
from directory.cli_import_clinics import export_commands
from directory.cli_imports import import_commands
from directory.cli_languages import language_commands
from directory.cli_log import log_commands
from directory.cli_points import point_commands
from directory.cli_progress import telling
from directory.cli_staff import staff_commands
from directory.extensions import db
from directory.memory import give_back_large_pieces
from directory.models.engine import begin_writing
from directory.operations.seeding import DemoRefused, seed_demo
from directory.sources import gazetteer
from directory.web.state import catalogue, here, utc_now

EDITION = "catalogue-2026.1.toml"
THREADS = 4
"""As many as waitress itself would take: each costs two megabytes, and two cores serve no more."""


class MigrationCommands(click.Command):
    """`flask db`, the commands of Flask-Migrate: loaded when one is asked for, not to serve."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Return the context of the real group, which then does all else."""
        from flask_migrate.cli import db as commands  # type: ignore[import-not-found]

        context: click.Context = commands.make_context(*args, **extra)
        return context


gazetteer_commands = AppGroup("gazetteer", help="The place index that search reads.")


def install(app: Flask) -> None:
    """Add the commands to `app`."""
    app.cli.add_command(MigrationCommands("db", help="Perform database migrations."))
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
    from flask_migrate import upgrade  # not at the top: no other command of ours migrates

    logging.getLogger("alembic").setLevel(logging.WARNING)
    upgrade()
    click.echo("Database: up to date")
    _build_gazetteer()
    load(paths.SEED_DATA / EDITION)
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

    give_back_large_pieces()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    click.echo(f"Serving on http://{host}:{port} (stop with Ctrl+C)")
    waitress.serve(current_app._get_current_object(), host=host, port=port, threads=THREADS)  # type: ignore[attr-defined]


@gazetteer_commands.command("build", help="Compile the place index anew.")
def gazetteer_build() -> None:
    """Write the place index beside the old one and swap them."""
    _build_gazetteer()


def _build_gazetteer() -> None:
    with telling("Place index") as watch:
        target = here().settings.gazetteer_path
        counts = gazetteer.build(target, paths.SEED_DATA / "places.tsv", watch)
    click.echo(f"Place index: {counts}")
