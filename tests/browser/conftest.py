"""The fixtures of the browser's tests.

Pages are the same on both databases, so the browser reads them on SQLite; what a browser adds is
tried once on PostgreSQL (test_smoke.py), and whatever writes or searches has its tests on both.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.directory import Directory, filled
from tests.browser.visiting import Opener, Visit
from tests.support import apps
from tests.support.databases import Databases, SqliteDatabases
from tests.support.live import Site, served

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MISSING = (
    "Chromium is missing, and these tests look at the pages in it. Install it with:\n"
    "    sudo apt-get update && sudo apt-get install -y chromium fontconfig fonts-dejavu-core"
)


Launcher = Callable[..., Browser]


@pytest.fixture(scope="package")
def launch() -> Iterator[Launcher]:
    """Return what starts Debian's Chromium, with flags besides our own; ended with these tests."""
    program = shutil.which("chromium")
    assert program, MISSING
    with sync_playwright() as playwright, ExitStack() as stack:

        def start(*flags: str) -> Browser:
            started = playwright.chromium.launch(executable_path=program, args=[*FLAGS, *flags])
            stack.callback(started.close)
            return started

        yield start


@pytest.fixture(scope="package")
def browser(launch: Launcher) -> Browser:
    """The browser, started once."""
    return launch()


@pytest.fixture(scope="package")
def directory(
    instance: Path,
    bare_instance: Path,
    quick: Path,
    made_databases: dict[str, Databases],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Directory]:
    """The demonstration with a row in every table besides, being served; only read it."""
    if "sqlite" not in made_databases:
        made_databases["sqlite"] = SqliteDatabases(quick, apps.preparations(bare_instance))
    databases = made_databases["sqlite"]
    url = databases.fresh("demo")
    evidence = tmp_path_factory.mktemp("evidence")
    with apps.running(instance, url, evidence_dir=evidence) as app, served(app) as site:
        yield filled(site)
    databases.drop(url)


@pytest.fixture
def site(directory: Directory) -> Site:
    """The site that is being served: `site.url`, `site.app`."""
    return directory.site


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[Opener]:
    """Return what opens windows; what went wrong in any of them fails the test at its end."""
    visits: list[Visit] = []

    def opened(token: str = "", **options: object) -> Visit:
        visits.append(Visit(browser, site, token, **options))
        return visits[-1]

    with ExitStack() as stack:
        yield opened
        for visit in visits:
            stack.callback(visit.close)
        for visit in visits:
            visit.check()


@pytest.fixture
def page(open_page: Opener) -> Page:
    """A visitor's page in a strict window; `page.goto("/guide")` leads to the site."""
    return open_page().page


@pytest.fixture
def signed_in(open_page: Opener, directory: Directory) -> Page:
    """A page of a signed-in admin in a strict window."""
    return open_page(directory.token).page
