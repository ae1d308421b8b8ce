"""Databases on both engines: prepared once as templates, then copied for each test."""

import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Protocol

from tests.support.postgres import Server
from tests.support.together import once

Prepare = Callable[[str], None]
"""Fills the empty database at an address."""


class Databases(Protocol):
    """One engine's databases."""

    def fresh(self, template: str) -> str:
        """Return the address of a new copy of a template."""

    def shared(self, template: str) -> str:
        """Return the address of one copy for all who only read."""

    def teach(self, template: str, prepare: Prepare) -> None:
        """Learn how to fill one more template, unless it is known."""

    def renew(self, url: str, template: str) -> None:
        """Put a new copy of a template in the place of a copy."""

    def drop(self, url: str) -> None:
        """Remove a copy that nobody uses any more."""


class SqliteDatabases:
    """Templates are files, copies are files."""

    def __init__(self, folder: Path, steps: dict[str, Prepare], common: Path | None = None) -> None:
        """Keep all files in `folder`; `steps` fill the templates by name, in `common` if given."""
        self._folder = folder
        self._common = common or folder
        self._ours = frozenset(steps)
        self._steps = dict(steps)
        self._numbers = count(1)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.sqlite"

    def fresh(self, template: str) -> str:
        """Return the address of a new copy of a template."""
        return self._copy(template, f"copy-{next(self._numbers)}")

    def teach(self, template: str, prepare: Prepare) -> None:
        """Learn how to fill one more template, unless it is known."""
        self._steps.setdefault(template, prepare)

    def shared(self, template: str) -> str:
        """Return the address of one copy for all who only read."""
        name = f"shared-{template}"
        if self._path(name).exists():
            return f"sqlite:///{self._path(name)}"
        return self._copy(template, name)

    def _copy(self, template: str, name: str) -> str:
        # What a test taught holds paths of its own process.
        folder = self._common if template in self._ours else self._folder
        source = once(
            folder / f"{template}.sqlite", lambda file: self._steps[template](f"sqlite:///{file}")
        )
        shutil.copyfile(source, self._path(name))
        return f"sqlite:///{self._path(name)}"

    def renew(self, url: str, template: str) -> None:
        """Put a new copy of a template in the place of a copy."""
        self.drop(url)
        self._copy(template, Path(url.removeprefix("sqlite:///")).stem)

    def drop(self, url: str) -> None:
        """Remove a copy with its log."""
        for suffix in ("", "-wal", "-shm"):
            Path(url.removeprefix("sqlite:///") + suffix).unlink(missing_ok=True)


class PostgresDatabases:
    """Templates are databases, copied by the server itself."""

    def __init__(self, server: Server, steps: dict[str, Prepare]) -> None:
        """Keep all databases on `server`; `steps` fill the templates by name."""
        self._server = server
        self._steps = steps
        self._numbers = count(1)
        self._made: set[str] = set()

    def fresh(self, template: str) -> str:
        """Return the address of a new copy of a template."""
        return self._copy(template, f"copy_{next(self._numbers)}")

    def teach(self, template: str, prepare: Prepare) -> None:
        """Learn how to fill one more template, unless it is known."""
        self._steps.setdefault(template, prepare)

    def shared(self, template: str) -> str:
        """Return the address of one copy for all who only read."""
        name = f"shared_{template}"
        if name in self._made:
            return self._server.url(name)
        self._made.add(name)
        return self._copy(template, name)

    def _copy(self, template: str, name: str) -> str:
        if template not in self._made:
            self._steps[template](self._server.create(template))
            self._made.add(template)
        return self._server.create(name, template)

    def renew(self, url: str, template: str) -> None:
        """Put a new copy of a template in the place of a copy."""
        self.drop(url)
        self._copy(template, url.rpartition("/")[2])

    def drop(self, url: str) -> None:
        """Remove a copy."""
        self._server.drop(url.rpartition("/")[2])
