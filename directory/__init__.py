"""Infusion Clinic Directory: what was really checked at each clinic, by whom, and until when."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from directory.settings import Settings


def create_app(settings: "Settings | None" = None) -> "Flask":
    """Return the application for `settings`, or for the process's environment.

    Raises SettingsError when an operator's choice is unknown or unsafe. What it needs is
    imported here, so that the pure rules can be used without any of it.
    """
    import os

    from flask import Flask

    from directory import cli, extensions, paths
    from directory.settings import Settings
    from directory.web import errors, language, public, security, state
    from directory.web.api import api

    settings = settings or Settings.from_env(os.environ)
    app = Flask(
        __name__,
        template_folder=str(paths.TEMPLATES),
        instance_path=str(settings.instance_dir.absolute()),
    )
    security.configure(app, settings)
    extensions.install(app, settings)
    language.install(app)
    state.install(app, settings)
    security.install(app, settings)
    errors.install(app)
    app.register_blueprint(public.pages)
    app.register_blueprint(api)
    cli.install(app)
    return app
