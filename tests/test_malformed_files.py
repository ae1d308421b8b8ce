"""Files that no import may take: one clear message with line and column, 2, nothing changed."""

import re

import pytest

from tests.support import apps, malformed_books, stock
from tests.support.malformed_files import cases, good

CASES = {case.name: case for case in (*cases(), *malformed_books.cases())}
FEWEST = 60
KINDS = {sheet.kind: sheet for sheet in good()}
LONGEST = 320
NOTHING = re.compile(r".*kept 0, added 0, changed 0, removed 0.*\n")


@pytest.fixture(scope="module")
def desk(instance, databases, tmp_path_factory):
    """A stocked directory for all cases, since none may change it, and how it looked at first."""
    folder = tmp_path_factory.mktemp("stock")
    url = databases.fresh("loaded")
    with apps.running(instance, url) as app:
        stock.stocked(app, folder)
        yield app, stock.everything(app)
    databases.drop(url)


def wrong(app, before, words, **asked):
    """Run an import that must be refused; return what is wrong with how it was."""
    result = app.test_cli_runner().invoke(args=words, **asked)
    found = []
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        found.append(f"a fault of the program: {result.exception!r}")
    if result.exit_code != 2:
        found.append(f"exit code {result.exit_code}")
    if changed := stock.different(stock.everything(app), before):
        found.append(f"changed: {changed}")
    if result.stdout and not re.fullmatch(
        r".*kept 0, added 0, changed 0, removed 0.*\n", result.stdout
    ):
        found.append(f"it speaks of success: {result.stdout}")
    return found, result.stderr


@pytest.mark.parametrize("name", CASES)
def test_a_malformed_file_gives_one_clear_message(desk, tmp_path, name):
    app, before = desk
    case = CASES[name]
    words = case.command(tmp_path)
    found, said = wrong(app, before, words, input=case.stdin)
    assert not found, (found, said)
    lines = said.splitlines()
    if case.row:
        assert lines.pop() == "Nothing was changed: some rows cannot be taken as they are."
    assert len(lines) == 1, said
    (line,) = lines
    assert case.row or line.startswith(f"{words[2]}: ")
    message = line.removeprefix(f"{words[2]}: ")
    assert case.says in message, message
    place = f"row {case.line}," if case.row else f"line {case.line}"
    assert case.line is None or re.match(rf"{place}\b", message) or place in message, message
    assert case.column is None or f"column {case.column}" in message, message
    assert message.isprintable()
    assert 10 < len(message) < LONGEST


def test_there_are_enough_cases():
    assert len(CASES) >= FEWEST
    for kind in KINDS:
        assert sum(name.startswith(f"{kind}: ") for name in CASES) >= 30


@pytest.mark.parametrize("kind", KINDS)
def test_the_control_a_good_file_is_noticed(instance, databases, desk, tmp_path, kind):
    sheet = KINDS[kind]
    file = tmp_path / sheet.name
    file.write_bytes(sheet.data())
    url = databases.fresh("loaded")
    with apps.running(instance, url) as app:
        stock.stocked(app, tmp_path)
        before = stock.everything(app)
        first, *rest = sheet.words
        found, said = wrong(app, before, ["import", first, str(file), *rest])
    databases.drop(url)
    assert [words.split(":")[0] for words in found] == [
        "exit code 0", "changed", "it speaks of success",
    ], said  # fmt: skip
