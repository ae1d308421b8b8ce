"""The documents name everything there is, and nothing there is not."""

import re
from pathlib import Path

import click
import pytest

from directory.settings import PREFIX, READERS
from tests.support.apps import running

ROOT = Path(__file__).parents[1]
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/api.md",
    "docs/languages.md",
    "docs/looks.md",
    "docs/operations.md",
    "docs/performance.md",
    "docs/registries.md",
)
FLASKS_OWN = {"db", "routes", "run", "shell"}


def read(*names):
    return "\n".join((ROOT / name).read_text("utf-8") for name in names)


EVERYTHING = read(*DOCUMENTS)


@pytest.fixture
def bare_app(bare_instance):
    """An application that no database stands behind."""
    with running(bare_instance, "sqlite://") as app:
        yield app


def commands_of(group, before=()):
    """Yield each command as it is typed after `flask`."""
    for name, command in group.commands.items():
        if not before and name in FLASKS_OWN:
            continue
        if isinstance(command, click.Group):
            yield from commands_of(command, (*before, name))
        else:
            yield " ".join((*before, name)), command


def test_the_readme_names_every_command_and_option(bare_app):
    readme = read("README.md")
    commands = dict(commands_of(bare_app.cli))
    assert len(commands) >= 6
    for typed, command in commands.items():
        assert f"`flask {typed}" in readme, f"README does not name: flask {typed}"
        assert command.help, f"flask {typed} has no help"
        for option in command.params:
            if isinstance(option, click.Option):
                assert option.opts[0] in readme, f"README does not name {option.opts[0]}"


def test_no_document_names_a_command_that_is_gone(bare_app):
    known = {typed.split()[0] for typed, _command in commands_of(bare_app.cli)} | FLASKS_OWN
    named = set(re.findall(r"(?:`|^    (?:\S*bin/)?)flask (?:--app \S+ )?(\w+)", EVERYTHING, re.M))
    assert named - known == set()


def test_the_readme_names_every_setting_and_no_other():
    settings = {PREFIX + name.upper() for name in READERS}
    rows = set(re.findall(rf"^\| `({PREFIX}\w+)` \|", read("README.md"), re.M))
    assert rows == settings
    assert set(re.findall(rf"{PREFIX}[A-Z_]+", EVERYTHING)) == settings


def test_the_readme_names_every_make_target():
    makefile = read("Makefile")
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.M))
    assert {"help", "venv", "demo", "test", "check", "clean"} <= targets
    named = set(re.findall(r"\bmake ([a-z-]+)\b", re.sub(r"`make` alone", "", EVERYTHING)))
    assert targets <= named
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.M)[1].split()
    assert targets <= set(phony)


def test_the_api_document_names_every_address(bare_app):
    document = read("docs/api.md")
    for rule in bare_app.url_map.iter_rules():
        if rule.endpoint.startswith("api."):
            assert re.sub(r"<[^>]*>", "<id>", rule.rule) in document, rule.rule


def test_the_map_names_every_module():
    mapped = set(re.findall(r"^\| `(directory/\S+\.py)` \|", read("CONTRIBUTING.md"), re.M))
    modules = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "directory").rglob("*.py")
        if "migrations" not in path.parts
        and (path.name != "__init__.py" or "\ndef " in path.read_text("utf-8"))
    }
    assert mapped == modules


def test_links_between_documents_lead_somewhere():
    for name in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#:]+)\)", read(name)):
            assert ((ROOT / name).parent / target).exists(), f"{name} links to {target}"


def test_every_locked_version_is_exact_and_from_nowhere_in_particular():
    lines = read("constraints.txt").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert len(pins) > 40
    assert [pin for pin in pins if not re.fullmatch(r"[\w.-]+==[\w.!+]+", pin)] == []
