"""The application object that Flask's command line and WSGI servers look for in a checkout."""

from directory import create_app

app = create_app()
