"""Commands for cases and mail: what a clock, not a person, asks for."""

import click
from flask import current_app
from flask.cli import AppGroup

from directory.cli_progress import telling
from directory.extensions import db
from directory.models.engine import begin_writing
from directory.operations.cases import erase_due_contacts
from directory.web.mailing import send_waiting
from directory.web.state import here

case_commands = AppGroup("cases", help="What the outside world wrote in.")
mail_commands = AppGroup("mail", help="Mail to those who wrote in.")


@case_commands.command("erase", help="Erase contact details 90 days after a case was closed.")
def erase() -> None:
    """Erase what is due; safe to repeat."""
    session = db.session()
    begin_writing(session)
    count = erase_due_contacts(session, here().clock())
    session.commit()
    click.echo(f"Contact details erased: {count}")


@mail_commands.command("send", help="Send the mail that waits or has to be tried again.")
def send() -> None:
    """Try every mail that is due; exit with 1 when one did not go out."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    with telling("Mail") as watch:
        sent, failed = send_waiting(app, watch)
    click.echo(f"Mail sent: {sent}, not sent: {failed}")
    if failed:
        raise click.exceptions.Exit(1)
