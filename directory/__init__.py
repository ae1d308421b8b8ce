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
    from directory.web import (
        access,
        accounts,
        admin,
        assets,
        errors,
        fragments,
        kept,
        language,
        mailing,
        public,
        routing,
        security,
        state,
    )
    from directory.web.api import api
    from directory.web.public import styleguide
    from directory.web.public.cases import outside

    settings = settings or Settings.from_env(os.environ)
    app = Flask(
        __name__,
        static_folder=None,
        template_folder=str(paths.TEMPLATES),
        instance_path=str(settings.instance_dir.absolute()),
    )
    routing.install(app)
    security.configure(app, settings)
    access.configure(app, settings)
    extensions.install(app, settings)
    language.install(app)
    fragments.install(app)
    assets.install(app)
    state.install(app, settings)
    security.install(app, settings)
    access.install(app)
    errors.install(app)
    mailing.install(app, settings)
    app.register_blueprint(public.pages)
    app.register_blueprint(outside)
    app.register_blueprint(api)
    app.register_blueprint(accounts.pages)
    styleguide.install(app, settings)
    admin.install(app)
    cli.install(app)
    kept.install(app, settings)
    security.trust_proxies(app, settings)
    return app
