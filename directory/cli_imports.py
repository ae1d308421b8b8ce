"""What the import commands share: one summary line or JSON object at the end, 2 for a bad file."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import repeat
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError

from directory.domain.imports import FileRefused, Summary
from directory.sources.import_source import Source


class _Imports(AppGroup):
    """The imports: where the database cannot go on, each ends with one line and 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a full disk, a lost server or a lock is no fault of the program."""
        try:
            return super().invoke(ctx)
        except OperationalError as problem:
            why = (str(problem.orig).strip() or "it stopped").splitlines()[0]
            click.echo(
                f"The import did not finish: the database says “{why}”. Nothing is half done: "
                "run it again when that is put right.",
                err=True,
            )
            raise click.exceptions.Exit(1) from None


import_commands = _Imports("import", help="Bring in registries and spreadsheets.")

Command = Callable[..., Any]


def json_option(command: Command) -> Command:
    """Add `--json`: the summary as one JSON object."""
    return click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")(
        command
    )


@contextmanager
def refusing(file: str) -> Iterator[None]:
    """Say in one line why a file is refused, and exit with 2."""
    try:
        yield
    except FileRefused as refused:
        click.echo(f"{file}: {refused}", err=True)
        raise click.exceptions.Exit(2) from None


def say(summary: Summary, *, as_json: bool) -> None:
    """Print an import's summary: the last line of every import command."""
    click.echo(json.dumps(summary.as_dict()) if as_json else summary.line())


@contextmanager
def progress(source: Source) -> Iterator[None]:
    """Draw how many bytes of a file have been read, on a terminal's standard error only."""
    if not sys.stderr.isatty():
        yield
        return
    # A bar without a length needs something to count; it shows the megabytes alone.
    endless = repeat(None) if source.size is None else None
    with click.progressbar(
        endless,
        length=source.size,
        label=source.name,
        file=sys.stderr,
        item_show_func=lambda _: f"{source.position() / 1e6:,.0f} MB",
        show_percent=source.size is not None,
    ) as bar:
        source.watch(bar.update)
        try:
            yield
        finally:
            source.watch(None)
