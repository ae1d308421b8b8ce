"""A person with a spreadsheet of clinics at a command line."""

import csv
import io

from sqlalchemy import func, select

from directory.extensions import db
from directory.models import Clinic, Event, ImportRun, Organization, Verification


class Desk:
    """A person with a spreadsheet at a command line."""

    def __init__(self, app, folder):
        self.app, self.folder = app, folder
        self.count = 0

    def run(self, *words):
        return self.app.test_cli_runner().invoke(args=[*words])

    def bring(self, text, *options, ok=True):
        """Import a text; returns the result."""
        self.count += 1
        file = self.folder / f"in-{self.count}.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        result = self.run("import", "clinics", str(file), *options)
        assert result.exit_code == (0 if ok else 2), result.output
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return result

    def out(self):
        """Export to a file; returns its bytes."""
        file = self.folder / "out.csv"
        result = self.run("export", "clinics", str(file))
        assert result.exit_code == 0, result.output
        return file.read_bytes()

    def rows(self):
        """Return the export as dictionaries, as they stand in the file."""
        return [*csv.DictReader(io.StringIO(self.out().decode(), newline=""))]

    def last(self):
        with self.app.app_context():
            return db.session.scalar(select(func.max(Event.id))) or 0

    def acts(self, start):
        with self.app.app_context():
            events = db.session.scalars(select(Event).where(Event.id > start).order_by(Event.id))
            return [event.act for event in events]

    def everything(self):
        """Return what a refused import must leave as it was."""
        with self.app.app_context():
            tables = (Clinic, Organization, Event, ImportRun, Verification)
            counts = [db.session.scalar(select(func.count()).select_from(t)) for t in tables]
            versions = db.session.execute(select(Clinic.id, Clinic.version).order_by(Clinic.id))
            return counts, [tuple(row) for row in versions]
