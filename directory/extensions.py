"""The Flask extensions, made once and bound to an application by create_app."""

from flask import Flask
from flask_compress import Compress
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect

from directory import paths
from directory.models import Base
from directory.models.engine import tune
from directory.settings import Settings
from directory.web.translations import FolderBabel

# What was committed is not read again to name it in the answer: were the database to fail just
# then, the answer would deny an act that was done, or lose a link that is shown once.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
migrate = Migrate()
babel = FolderBabel()
compress = Compress()
csrf = CSRFProtect()


def install(app: Flask, settings: Settings) -> None:
    """Bind the database, migrations, compression and form tokens to `app`."""
    settings.instance_dir.mkdir(parents=True, exist_ok=True)
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_pre_ping": True}
    db.init_app(app)
    migrate.init_app(app, db, directory=str(paths.MIGRATIONS), render_as_batch=True)
    compress.init_app(app)
    csrf.init_app(app)
    with app.app_context():
        tune(db.engine)
