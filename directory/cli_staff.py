"""The commands for staff accounts: how the first admin gets in, and the way out of a lock-out."""

import click
from flask.cli import AppGroup

from directory.extensions import db
from directory.models.engine import begin_writing
from directory.models.staff import StaffRole
from directory.operations import accounts
from directory.operations.people import system_user
from directory.web.accounts.staff import join_link
from directory.web.state import here, utc_now

staff_commands = AppGroup("staff", help="Who may record checks and manage the directory.")

REFUSALS = {
    "mail": "this is not a mail address",
    "name": "the name is too long",
    "name_taken": "somebody on the staff has this name; give another with --name",
    "disabled": "this account is disabled already; an admin can enable it on the staff page",
    "other_role": "this person is on the staff in another role; an admin changes it there",
    "nobody": "there is no such member of staff",
}


@staff_commands.command("invite", help="Print a one-time link to set up an account.")
@click.argument("email")
@click.option("--role", type=click.Choice(["admin", "verifier"]), required=True)
@click.option("--name", default="", help="What colleagues see; otherwise from the mail address.")
def staff_invite(email: str, role: str, name: str) -> None:
    """Whoever is on the staff already gets a new start: password, second factor, codes."""
    session = db.session()
    begin_writing(session)
    try:
        user, token = accounts.invite(
            session,
            system_user(session),
            utc_now(),
            mail=email,
            role=StaffRole(role),
            name=name,
        )
    except accounts.AccountRefused as refused:
        raise click.ClickException(REFUSALS[refused.why]) from None
    session.commit()
    click.echo(f"For {user.name} ({user.email}), {user.role.value}. Works once, for 72 hours:")
    click.echo(join_link(token))
    if not here().settings.trusted_hosts:
        click.echo(
            "The link leads to this machine. DIRECTORY_TRUSTED_HOSTS sets its host, PORT its port."
        )


@staff_commands.command("list", help="List the staff with their role and state.")
def staff_list() -> None:
    """One line for each person: address, role, state, name."""
    for user in accounts.staff_list(db.session()):
        state = "disabled" if user.disabled_at else "joined" if user.joined_at else "invited"
        click.echo(f"{user.email}\t{user.role.value}\t{state}\t{user.name}")


@staff_commands.command("disable", help="Shut somebody out at once.")
@click.argument("email")
def staff_disable(email: str) -> None:
    """End the account's sessions and links; the checks it recorded stay."""
    session = db.session()
    begin_writing(session)
    user = accounts.find_by_mail(session, email)
    try:
        accounts.disable(session, system_user(session), utc_now(), user.id if user else 0)
    except accounts.AccountRefused as refused:
        raise click.ClickException(REFUSALS[refused.why]) from None
    session.commit()
    click.echo("Disabled. All sessions of this account have ended.")
