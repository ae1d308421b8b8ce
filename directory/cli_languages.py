"""The commands for translators: bring a language in step with the texts, say what is missing."""

import re

import click
from flask.cli import AppGroup

from directory.web import strings
from directory.web.translations import SOURCE_LANGUAGE, languages

language_commands = AppGroup("languages", help="The site's languages, for translators.")

CODE = re.compile(r"[a-z]{2,3}")


@language_commands.command("update", help="Bring CODE's files in step; makes a new language.")
@click.argument("code")
def update(code: str) -> None:
    """Write a language's files anew with every text there is, and say how many are translated."""
    if not CODE.fullmatch(code) or code == SOURCE_LANGUAGE:
        raise click.UsageError(f"{code!r} is no language to translate into; give a code like es")
    for name, (done, total) in strings.update(code).items():
        click.echo(f"{strings.path(code, name)}: {done} of {total} texts are translated")


@language_commands.command("check", help="Say what is missing in each language; exit 1 if any.")
def check() -> None:
    """Exit with 0 when every language is whole, with 1 after a line for each gap."""
    found = {code: strings.gaps(code) for code in languages()}
    for code, lines in found.items():
        for line in lines:
            click.echo(f"{code}/{line}", err=True)
        click.echo(f"{code}: {len(lines)} gaps" if lines else f"{code}: whole")
    if any(found.values()):
        raise click.exceptions.Exit(1)
