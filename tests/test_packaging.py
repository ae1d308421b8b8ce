"""What is installed works: from a wheel and editable, started from a folder of its own."""

import configparser
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOT_SOURCE = (
    *(".git", ".venv*", "instance", "build", "dist", "*.egg-info", "__pycache__", "*.pyc"),
    *(
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".hypothesis",
        ".import_linter_cache",
        ".coverage",
        "htmlcov",
    ),
)
TRAVELS = {
    "directory/static": "directory/static",
    "directory/migrations": "directory/migrations",
    "templates": "directory/templates",
    "seed_data": "directory/seed_data",
}
PATIENCE = 60


def files_in(folder):
    """Return the source files under a folder, relative to it."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def run(*command, cwd, **environment):
    """Run a command without this process's settings; fail with what it said."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DIRECTORY_", "PYTHON"))}
    result = subprocess.run(
        command, cwd=cwd, env=kept | environment, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, f"{command}:\n{result.stdout[-3000:]}\n{result.stderr[-3000:]}"
    return result.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """A clean copy of the project, so that building leaves nothing behind in ours."""
    target = tmp_path_factory.mktemp("source") / "project"
    shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns(*NOT_SOURCE))
    return target


@pytest.fixture(scope="module")
def built(source, tmp_path_factory) -> Path:
    """The folder with the sdist and the wheel that was built from it."""
    target = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", target, ".", cwd=source)
    return target


@pytest.fixture(scope="module")
def python(built, tmp_path_factory) -> Path:
    """The Python of a fresh virtual environment with the wheel and its locked requirements."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=built)
    python = folder / "bin" / "python"
    wheel = next(built.glob("*.whl"))
    pip(python, "install", "-c", ROOT / "constraints.txt", wheel, cwd=built)
    return python


def pip(python, *arguments, cwd):
    """Run this environment's pip on another one."""
    quiet = ("--quiet", "--disable-pip-version-check")
    return run(sys.executable, "-m", "pip", *quiet, "--python", python, *arguments, cwd=cwd)


def test_setup_cfg_lists_every_package_there_is():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    listed = set(config["options"]["packages"].split())
    on_disk = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in (ROOT / "directory").rglob("__init__.py")
    }
    assert listed == on_disk | {"directory.templates", "directory.seed_data"}
    forgotten = {
        path.parent
        for path in (ROOT / "directory").rglob("*.py")
        if not (path.parent / "__init__.py").exists() and "migrations" not in path.parts
    }
    assert forgotten == set()


def test_the_wheel_holds_everything_that_runs_and_nothing_else(built):
    names = set(zipfile.ZipFile(next(built.glob("*.whl"))).namelist())
    for here, there in TRAVELS.items():
        found = {n.removeprefix(f"{there}/") for n in names if n.startswith(f"{there}/")}
        assert found == files_in(ROOT / here), here
    code = {n for n in files_in(ROOT / "directory") if n.endswith((".py", ".json"))}
    assert {f"directory/{name}" for name in code} <= names
    assert [n for n in names if re.search(r"\.py[co]$|^tests/|^wsgi", n)] == []
    assert any(n.endswith("licenses/NOTICE") for n in names)
    assert any(n.endswith("licenses/LICENSE") for n in names)


def test_the_sdist_holds_the_whole_project(built, source):
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {name for name in files_in(source) if ".egg-info" not in name}
    assert wanted - names - {".gitignore"} == set()


def test_every_requirement_is_locked_to_one_version():
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    asked = settings["options"]["install_requires"]
    asked += "".join(settings["options.extras_require"].values())
    locked = (ROOT / "constraints.txt").read_text("utf-8")
    names = {line.split("==")[0].lower() for line in locked.splitlines() if "==" in line}
    wanted = {re.match(r"[\w.-]+", line)[0].lower() for line in asked.split("\n") if line.strip()}
    assert len(wanted) > 30
    assert wanted <= names


def test_the_requirements_are_complete_and_agree(python, built):
    pip(python, "check", cwd=built)
    asked = "import directory.cli, directory.web.api; print(directory.__file__)"
    assert "site-packages" in run(python, "-c", asked, cwd=built)


class Served:
    """A running `flask serve` of an installation."""

    def __init__(self, python, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.base = f"http://127.0.0.1:{probe.getsockname()[1]}"
        port = self.base.rpartition(":")[2]
        self.log = (folder / "serve.log").open("w")
        self.process = subprocess.Popen(
            [python, "-m", "flask", "--app", "directory", "serve", "--port", port],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "DIRECTORY_INSTANCE_DIR": str(folder / "data")},
            stdout=self.log,
            stderr=self.log,
        )

    def get(self, path):
        """Return status and text of an address, waiting for the server to come up."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                with urllib.request.urlopen(self.base + path, timeout=10) as answer:  # noqa: S310
                    return answer.status, answer.read().decode()
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, error.read().decode()
            except urllib.error.URLError:
                assert self.process.poll() is None, Path(self.log.name).read_text()
                assert time.monotonic() < end, "the server did not come up"
                time.sleep(0.1)

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.log.close()


def test_an_installed_wheel_sets_itself_up_and_serves(python, tmp_path):
    made = run(
        *(python, "-m", "flask", "--app", "directory", "setup", "--demo"),
        cwd=tmp_path,
        DIRECTORY_INSTANCE_DIR=str(tmp_path / "data"),
    )
    assert made.count("\n") >= 4
    served = Served(python, tmp_path)
    try:
        status, page = served.get("/clinics?near=85004&within=250")
        assert status == 200
        assert "Phoenix, AZ" in page
        status, answer = served.get("/api/v1/clinics?near=Phoenix,+AZ&within=250")
        assert json.loads(answer)["total"] > 0
        for path in ("/", "/checklist", "/guide", "/readyz", "/static/0/css/base.css"):
            assert served.get(path)[0] == 200, path
        assert served.get("/nothing")[0] == 404
    finally:
        served.stop()
    log = (tmp_path / "serve.log").read_text()
    assert "GET /clinics 200" in log
    assert "85004" not in log


PROBE = """
from pathlib import Path
from directory import create_app, paths
from directory.settings import Settings
app = create_app(Settings(instance_dir=Path("data")))
print(paths.TEMPLATES)
print(app.jinja_env.get_template("public/added_later.html").render())
print(app.test_client().get("/static/0/css/base.css").status_code)
print(app.test_client().get("/healthz").status_code)
print(len(list((paths.MIGRATIONS / "versions").glob("*.py"))), paths.SEED_DATA.is_dir())
"""


def test_an_editable_installation_works_and_sees_new_templates(python, source, tmp_path):
    pip(python, "install", "-c", ROOT / "constraints.txt", "setuptools", cwd=tmp_path)
    # pip builds with the interpreter it installs for, which is why that one needs setuptools.
    pip(
        *(python, "install", "--no-deps", "--no-build-isolation", "--force-reinstall"),
        *("-e", source),
        cwd=tmp_path,
    )
    later = source / "templates" / "public" / "added_later.html"
    later.write_text("seen at once")
    told = run(python, "-c", PROBE, cwd=tmp_path).splitlines()
    assert told[0] == str(source / "templates")
    assert told[1:4] == ["seen at once", "200", "200"]
    migrations, seeds = told[4].split()
    assert int(migrations) >= 2
    assert seeds == "True"
