"""The house keeps its walls: import contracts, small rooms, one place where things are saved."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINTER = Path(sys.executable).parent / "lint-imports"
LONGEST_FILE = 400
LONGEST_CONFTEST = 200
FOLDERS = ("directory", "tests", "seed_data")
PYTHON = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
TIMELESS = ("domain", "models", "operations")
NOT_THE_SESSION = {
    "directory/models/engine.py": "settings of a new driver connection",
    "directory/sources/gazetteer_build.py": "the place index is a file of its own",
}
CLOCKS = {"now", "utcnow", "today", "time", "monotonic"}


def names(paths):
    return [str(path.relative_to(ROOT)) for path in paths]


def lint(folder):
    """Run the import contracts of setup.cfg on the package in `folder`."""
    return subprocess.run(
        [LINTER, "--no-cache", "--no-logo", "--config", "setup.cfg"],
        cwd=folder,
        capture_output=True,
        text=True,
    )


def test_imports_keep_the_contracts():
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("domain/bad.py", "import directory.models.base", "Imports point inward"),
        ("models/bad.py", "import directory.sources.geocoder", "Imports point inward"),
        ("operations/bad.py", "import directory.web.wording", "Imports point inward"),
        ("web/bad.py", "import directory.cli", "Imports point inward"),
        ("domain/bad.py", "import sqlalchemy", "The domain is pure"),
        ("models/bad.py", "import flask", "know no Flask"),
        ("operations/bad.py", "import directory.extensions", "know no Flask"),
        ("web/bad.py", "import wtforms", "imports WTForms"),
        ("operations/bad.py", "import geopy", "imports geopy"),
    ],
)
def test_each_contract_breaks_when_it_should(tmp_path, file, line, contract):
    shutil.copy(ROOT / "setup.cfg", tmp_path)
    shutil.copytree(ROOT / "directory", tmp_path / "directory")
    (tmp_path / "directory" / file).write_text(f"{line}\n")
    result = lint(tmp_path)
    broken = [row for row in result.stdout.splitlines() if " BROKEN" in row]
    assert result.returncode == 1
    assert any(contract in row for row in broken), result.stdout


def test_rooms_stay_small():
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in PYTHON}
    too_long = [path for path, n in lengths.items() if n > LONGEST_FILE]
    assert names(too_long) == []
    assert lengths[ROOT / "tests" / "conftest.py"] < LONGEST_CONFTEST


def test_no_drawer_for_everything():
    drawers = [path for path in PYTHON if path.stem in ("utils", "util", "helpers", "misc")]
    assert names(drawers) == []


def test_every_module_says_what_it_is_for():
    sources = {path: path.read_text("utf-8") for path in PYTHON}
    silent = [p for p, text in sources.items() if text and not ast.get_docstring(ast.parse(text))]
    assert names(silent) == []


def calls(tree, called):
    """Return the calls of methods with one of these names."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in called
    ]


def is_post_view(function):
    return any(
        isinstance(d, ast.Call) and isinstance(d.func, ast.Attribute) and d.func.attr == "post"
        for d in function.decorator_list
    )


def stray_commits(source, *, web):
    """Return the lines that commit outside a POST view."""
    tree = ast.parse(source)
    allowed = set()
    if web:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and is_post_view(node):
                allowed.update(calls(node, {"commit"}))
    return [call.lineno for call in calls(tree, {"commit"}) if call not in allowed]


def test_only_post_views_and_commands_commit():
    stray = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / "directory").rglob("*.py")
        if not (path.parent == ROOT / "directory" and path.stem.startswith("cli"))
        and (lines := stray_commits(path.read_text("utf-8"), web="web" in path.parts))
    }
    assert stray == {path: lines for path, lines in stray.items() if path in NOT_THE_SESSION}


def test_the_control_of_commits_is_caught():
    view = "@pages.{}('/x')\ndef x():\n    db.session.commit()\n"
    assert stray_commits(view.format("get"), web=True) == [3]
    assert stray_commits(view.format("post"), web=True) == []
    assert stray_commits(view.format("post"), web=False) == [3]


def test_time_is_always_an_argument_inside():
    asked = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for room in TIMELESS
        for path in (ROOT / "directory" / room).rglob("*.py")
        for call in calls(ast.parse(path.read_text("utf-8")), CLOCKS)
    ]
    assert asked == []


def test_text_for_people_is_translated_only_in_web():
    importers = [
        path
        for path in (ROOT / "directory").rglob("*.py")
        if "flask_babel" in path.read_text("utf-8")
    ]
    outside = [p for p in importers if "web" not in p.parts and p.name != "extensions.py"]
    assert names(outside) == []


def test_a_process_that_serves_loads_nothing_that_only_others_need():
    """Tens of megabytes: what migrates, speaks to PostgreSQL, seals, or draws for staff."""
    program = """
import sys
from directory import create_app
from directory.settings import Settings
app = create_app(Settings(database_url="sqlite://"))
print([name for name in ("alembic", "mako", "psycopg", "cryptography", "qrcode", "openpyxl")
       if name in sys.modules])
with app.app_context():
    print(app.extensions["migrate"].migrate.get_config().get_main_option("script_location"))
print("alembic" in sys.modules)
"""
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded, migrations, later = result.stdout.splitlines()
    assert loaded == "[]"
    assert Path(migrations) == ROOT / "directory" / "migrations"
    assert later == "True"
