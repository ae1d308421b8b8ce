"""The commands of the log: print its head, check all of it."""

from pathlib import Path

import click
from flask.cli import AppGroup

from directory.cli_progress import telling
from directory.domain.chain import BadLine, Fault, HeadUnreadable, read_heads
from directory.extensions import db
from directory.operations import log
from directory.operations.events import head_of

log_commands = AppGroup("log", help="The append-only log of every act.")

WORDS = {
    Fault.MISSING: "is missing",
    Fault.UNREADABLE: "cannot be read",
    Fault.FORKED: "follows the same line as the one before it: the log forks",
    Fault.MOVED: "does not follow the line before it: a line was moved, replaced or put in",
    Fault.CHANGED: "is not what was written",
    Fault.CLOCK_BACK: "is dated before the line above it",
    Fault.REWRITTEN: "is not the one of the saved head: the log was written anew",
    Fault.TAIL_MISSING: "is missing: a saved head is of a later line",
}


@log_commands.command("head", help="Print the newest line's number, hash and time.")
def log_head() -> None:
    """Print one line to keep elsewhere; `flask log verify --head` compares the log with it."""
    click.echo(str(head_of(db.session())))


@log_commands.command("verify", help="Check every line; exit 1 and name the first bad one.")
@click.option(
    "--head",
    "heads",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with what `flask log head` printed, once or many times.",
)
def log_verify(heads: Path | None) -> None:
    """Exit with 0 when all is well, with 1 at the first bad line, with 2 for a bad head file."""
    try:
        saved = read_heads(heads.read_text("utf-8")) if heads else {}
    except (HeadUnreadable, UnicodeDecodeError) as error:
        reason = error if isinstance(error, HeadUnreadable) else "it is not UTF-8 text"
        raise click.UsageError(f"{heads}: {reason}") from None
    with telling("Log") as watch:
        verdict = log.verify(db.session(), saved, watch=watch)
    if verdict.bad is not None:
        click.echo(worded(verdict.bad), err=True)
        raise click.exceptions.Exit(1)
    compared = f"compared with {len(saved)} saved" if saved else "not compared with a saved head"
    click.echo(f"Log: {verdict.head.number} lines, all as written; {compared}")
    click.echo(f"Head: {verdict.head}")


def worded(bad: BadLine) -> str:
    """Return what is wrong with a log, on one line."""
    return f"Log: line {bad.number} {WORDS[bad.fault]}"
