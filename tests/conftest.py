"""The fixtures of all tests. What they are made of is in tests/support/."""

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import settings
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from directory.models.engine import tune
from tests.support import apps, made_once
from tests.support import statements as statement_counter
from tests.support.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.support.dying import Mortal
from tests.support.inspecting import InspectingClient
from tests.support.postgres import Server, quick_folder
from tests.support.together import common_folder, once

# The same examples on every run, and no time limit on a busy machine.
settings.register_profile("bench", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("bench")
made_once.install()

LONGEST = (
    "tests/browser/",
    "tests/operations/test_crash",
    "tests/operations/test_import_crash",
    "tests/test_malformed_files",
    "tests/test_packaging",
    "tests/web/test_events",
    "tests/web/test_faults",
    "tests/web/test_matrix",
    "tests/web/test_stored_xss",
)
"""What takes longer than the rest, whatever the number of its tests."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests on one engine together when several processes share the work."""
    for item in items:
        call = getattr(item, "callspec", None)
        engine = call.params.get("engine_name", "none") if call else "none"
        item.add_marker(pytest.mark.xdist_group(f"{item.location[0]} on {engine}"))
    if "PYTEST_XDIST_WORKER" in os.environ:
        # The longest come first, so that none of them is what all the others wait for at the end.
        items.sort(key=lambda item: not item.location[0].startswith(LONGEST))


def pytest_collection_finish() -> None:
    """Let the garbage collector forget what lives until the end: it looked at it for nothing."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """The engine: a test that asks for it, even through another fixture, runs on both."""
    return str(request.param)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server of our own, stopped at the end."""
    server = Server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def common(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run share."""
    return common_folder(tmp_path_factory)


@pytest.fixture(scope="session")
def bare_instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The instance folder all applications share, before it holds anything."""
    return tmp_path_factory.mktemp("instance")


@pytest.fixture(scope="session")
def instance(bare_instance: Path, common: Path) -> Path:
    """The instance folder with the place index, compiled once."""
    made = once(common / "gazetteer.sqlite", apps.build_gazetteer)
    shutil.copyfile(made, bare_instance / made.name)
    return bare_instance


@pytest.fixture(scope="session")
def quick() -> Iterator[Path]:
    """A folder for what need not last, in memory where there is room."""
    with tempfile.TemporaryDirectory(prefix="directory-tests-", dir=quick_folder()) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def made_databases() -> dict[str, Databases]:
    """The databases by engine, so that a run may go back to an engine that it used before."""
    return {}


@pytest.fixture(scope="session")
def mortal(instance: Path) -> Iterator[Mortal]:
    """A process that runs commands which die, or whose memory is measured."""
    with Mortal(instance) as process:
        yield process


@pytest.fixture(scope="session")
def databases(
    engine_name: str,
    made_databases: dict[str, Databases],
    bare_instance: Path,
    quick: Path,
    common: Path,
    request: pytest.FixtureRequest,
) -> Databases:
    """The databases of one engine."""
    if engine_name not in made_databases:
        steps = apps.preparations(bare_instance)
        made_databases[engine_name] = (
            PostgresDatabases(request.getfixturevalue("postgres"), steps)
            if engine_name == "postgresql"
            else SqliteDatabases(quick, steps, common)
        )
    return made_databases[engine_name]


@pytest.fixture
def app(instance: Path, databases: Databases) -> Iterator[Flask]:
    """An application of the test's own: place index and checklist are in, no clinic yet."""
    url = databases.fresh("loaded")
    with apps.running(instance, url) as app:
        yield app
    databases.drop(url)


@pytest.fixture
def client(app: Flask) -> InspectingClient:
    """A browser on `app` that inspects every page."""
    return app.test_client()  # type: ignore[return-value]


@pytest.fixture(scope="session")
def demo_app(instance: Path, databases: Databases) -> Iterator[Flask]:
    """An application with the demonstration clinics, shared by all tests: only read it."""
    with apps.running(instance, databases.shared("demo")) as app:
        yield app


@pytest.fixture
def demo_client(demo_app: Flask) -> InspectingClient:
    """A browser on `demo_app` that inspects every page."""
    return demo_app.test_client()  # type: ignore[return-value]


@pytest.fixture
def empty_database(databases: Databases) -> Iterator[str]:
    """The address of a migrated database of the test's own, without rows."""
    url = databases.fresh("migrated")
    yield url
    databases.drop(url)


@pytest.fixture
def session(empty_database: str) -> Iterator[Session]:
    """A plain session on a migrated database of the test's own, without rows and without Flask."""
    engine = create_engine(empty_database)
    tune(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture
def statements() -> Callable[[], AbstractContextManager[list[str]]]:
    """Count SQL: `with statements() as made: ...; assert len(made) <= 5`."""
    return statement_counter.recorded
