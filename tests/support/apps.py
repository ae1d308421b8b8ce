"""Applications for tests: on any database, with the clock stopped at the tests' moment."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from click.testing import Result
from flask import Flask
from flask_migrate import upgrade

from directory import create_app, paths
from directory.domain.criteria import parse_catalogue
from directory.extensions import db
from directory.models.engine import begin_writing
from directory.operations.catalogue import current_text, load_edition
from directory.operations.people import system_user
from directory.operations.seeding import seed_demo
from directory.settings import Settings
from directory.sources import gazetteer
from tests.factories import NOW
from tests.support.inspecting import InspectingClient
from tests.support.made_once import TEMPLATES

EDITION = "catalogue-2026.1.toml"
CONFIRMATION = "two-person"


def build_gazetteer(file: Path) -> None:
    """Compile the place index into a file, which all applications then share."""
    gazetteer.build(file, paths.SEED_DATA / "places.tsv")


def make_app(instance: Path, url: str, now: datetime = NOW, **changes: Any) -> Flask:
    """Return an application on the database at `url` whose clock stands at `now`.

    `changes` are settings. Set `app.extensions["directory"].clock` to move the clock. Whoever makes
    one closes it (`running` does): a connection that is left open fails a later test.
    """
    app = create_app(
        Settings(
            instance_dir=instance,
            database_url=url,
            confirmation=changes.pop("confirmation", CONFIRMATION),
            **changes,
        )
    )
    app.testing = True
    app.jinja_env.bytecode_cache = TEMPLATES
    app.test_client_class = InspectingClient
    app.extensions["fragments"].checking = True
    app.extensions["directory"].clock = lambda: now
    return app


def close(app: Flask) -> None:
    """Let go of the database, so that it can be copied or removed."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@contextmanager
def running(instance: Path, url: str, **changes: Any) -> Iterator[Flask]:
    """Make an application for a while, and close it."""
    app = make_app(instance, url, **changes)
    try:
        yield app
    finally:
        close(app)


def load_checklist(app: Flask, file: Path = paths.SEED_DATA / EDITION) -> Result:
    """Put an edition in force, with the confirmation rule of the application's settings."""
    result = app.test_cli_runner().invoke(args=["catalogue", "load", str(file)])
    assert result.exit_code == 0, result.output
    return result


def preparations(instance: Path) -> dict[str, Callable[[str], None]]:
    """Return what fills each template: `migrated`, `loaded` with the checklist, `demo`."""

    def migrated(url: str) -> None:
        with running(instance, url) as app, app.app_context():
            upgrade()

    def loaded(url: str) -> None:
        migrated(url)
        with running(instance, url) as app, app.app_context():
            session = db.session()
            begin_writing(session)
            text = (paths.SEED_DATA / EDITION).read_text("utf-8")
            load_edition(session, system_user(session), NOW, text=text, confirmation=CONFIRMATION)
            session.commit()

    def demo(url: str) -> None:
        loaded(url)
        with running(instance, url) as app, app.app_context():
            session = db.session()
            begin_writing(session)
            seed_demo(
                session,
                NOW,
                parse_catalogue(current_text(session) or ""),
                text=(paths.SEED_DATA / "demo_clinics.toml").read_text("utf-8"),
                two_person=CONFIRMATION == "two-person",
            )
            session.commit()

    return {"migrated": migrated, "loaded": loaded, "demo": demo}
