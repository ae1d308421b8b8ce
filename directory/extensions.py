"""The Flask extensions, made once and bound to an application by create_app."""

from typing import Any

from flask import Flask, Response, g, has_app_context, request
from flask_compress import Compress
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from flask_wtf import CSRFProtect

from directory import paths
from directory.models import Base
from directory.models.engine import tune
from directory.settings import Settings
from directory.web.translations import FolderBabel


class RequestSession(Session):
    """The session of a request; where one only reads, on the connection on which it does."""

    def get_bind(self, *args: Any, **named: Any) -> Any:
        """Return the engine, or the connection that `web.state.begin_reading` opened."""
        reading = g.get("reading") if has_app_context() else None
        return super().get_bind(*args, **named) if reading is None else reading


class QuickCompress(Compress):
    """Flask-Compress, which is not asked where the reader takes nothing compressed."""

    def after_request(self, response: Response | None) -> Response:
        """Compress the answer as its reader likes it best."""
        asked = "HTTP_ACCEPT_ENCODING" in request.environ
        if asked or response is None or "Vary" in response.headers:
            return super().after_request(response)
        response.headers["Vary"] = "Accept-Encoding"
        return response


# What was committed is not read again to name it in the answer: were the database to fail just
# then, the answer would deny an act that was done, or lose a link that is shown once.
db = SQLAlchemy(
    model_class=Base, session_options={"class_": RequestSession, "expire_on_commit": False}
)
babel = FolderBabel()
compress = QuickCompress()
csrf = CSRFProtect()


def install(app: Flask, settings: Settings) -> None:
    """Bind the database, migrations, compression and form tokens to `app`."""
    settings.instance_dir.mkdir(parents=True, exist_ok=True)
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    # A file is not gone as a server may be.
    remote = not settings.database_url.startswith("sqlite")
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_pre_ping": remote}
    db.init_app(app)
    app.extensions["migrate"] = _Migrations(app)
    compress.init_app(app)
    csrf.init_app(app)
    with app.app_context():
        tune(db.engine)


class _Migrations:
    """What Flask-Migrate looks for in an application: bound when it is first asked for anything.

    It brings Alembic along, nine megabytes that a process which answers patients never uses.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __getattr__(self, name: str) -> Any:
        from flask_migrate import Migrate

        Migrate(self._app, db, directory=str(paths.MIGRATIONS), render_as_batch=True)
        return getattr(self._app.extensions["migrate"], name)
