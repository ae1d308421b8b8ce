"""A PostgreSQL server of the tests' own: on a free loopback port, in a folder that goes away."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

import psycopg

OWNER = "directory"
PATIENCE = 30
"""Seconds the server gets to answer."""
QUICK = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "64MB",
    "autovacuum": "off",
    "log_min_messages": "fatal",
}
"""Nothing here has to survive a crash."""
FIRST_WITH_STRATEGIES = 150000
MISSING = (
    "PostgreSQL is missing, and these tests run on it too. Install it with:\n"
    "    sudo apt-get update && sudo apt-get install -y postgresql"
)


MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
ROOMY = 4 << 30
"""Bytes that must be free there: each copy of a database takes some ten million."""


def quick_folder() -> str | None:
    """Return a folder in memory for files that need not last, None where there is not enough."""
    if not MEMORY.is_dir() or not os.access(MEMORY, os.W_OK):
        return None
    return str(MEMORY) if shutil.disk_usage(MEMORY).free > ROOMY else None


class PostgresMissing(RuntimeError):
    """No PostgreSQL is installed; the message says how to install it."""


def binary(name: str) -> str:
    """Return the path of a PostgreSQL program, the newest version first.

    Raises PostgresMissing.
    """
    versions = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"),
        key=lambda path: float(path.parts[-3]),
        reverse=True,
    )
    found = str(versions[0]) if versions else shutil.which(name)
    if found is None:
        raise PostgresMissing(MISSING)
    return found


class Server:
    """A running server; `url(name)` is one of its databases for SQLAlchemy."""

    def __init__(self, folder: Path, port: int, process: subprocess.Popen[bytes]) -> None:
        """Hold what `start` made; use `start`."""
        self._folder = folder
        self._port = port
        self._process = process
        self._connection: psycopg.Connection | None = None

    @classmethod
    def start(cls, inside: str | None = None, **settings: str) -> Self:
        """Make a cluster and serve it; raises PostgresMissing, or RuntimeError with the log.

        `inside` is the folder for its own one, in memory by default where there is room;
        `settings` are the server's.
        """
        folder = Path(tempfile.mkdtemp(prefix="directory-postgres-", dir=inside or quick_folder()))
        identity = _server_identity()
        if identity:
            os.chown(folder, identity["user"], identity["group"])
        data = folder / "data"
        subprocess.run(
            [
                binary("initdb"),
                f"--pgdata={data}",
                f"--username={OWNER}",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            **identity,
        )
        port = _free_port()
        options = {
            **QUICK,
            **settings,
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": str(folder),
        }
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [
                    binary("postgres"),
                    "-D",
                    str(data),
                    *(f"--{name}={value}" for name, value in options.items()),
                ],
                stdout=log,
                stderr=log,
                cwd=folder,
                **identity,
            )
        server = cls(folder, port, process)
        server._wait()
        return server

    def _wait(self) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self._process.poll() is None:
            try:
                self.run("SELECT 1")
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        log = (self._folder / "log").read_text("utf-8", "replace")
        self.stop()
        raise RuntimeError(f"PostgreSQL did not start:\n{log}")

    def url(self, name: str) -> str:
        """Return the address of the database `name` as settings take it."""
        return f"postgresql+psycopg://{OWNER}@127.0.0.1:{self._port}/{name}"

    def run(self, statement: str) -> None:
        """Run one statement as the owner of the server, outside any transaction."""
        if self._connection is None:
            self._connection = psycopg.connect(
                host="127.0.0.1",
                port=self._port,
                user=OWNER,
                dbname="postgres",
                autocommit=True,
                connect_timeout=5,
            )
        self._connection.execute(statement)

    @property
    def _strategy(self) -> str:
        """How to copy, said to servers that would do otherwise."""
        version = self._connection.info.server_version if self._connection else 0
        return " STRATEGY FILE_COPY" if version >= FIRST_WITH_STRATEGIES else ""

    def create(self, name: str, template: str = "template1") -> str:
        """Copy a database that nobody is connected to; return the copy's address.

        The files are copied as they are, which takes a third of writing them to the log first.
        """
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}{self._strategy}")
        return self.url(name)

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def stop(self) -> None:
        """End the server and remove its folder."""
        if self._connection is not None:
            self._connection.close()
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def _server_identity() -> dict[str, Any]:
    """Return whom to serve as, in subprocess's words: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise RuntimeError("no user to run PostgreSQL as: make one called postgres")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
