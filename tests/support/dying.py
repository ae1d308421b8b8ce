"""Commands that die on the way: killed at a landmark, or out of room on the disk.

python -m tests.support.dying INSTANCE reads one order a line (JSON) and forks for each, so that
an order costs no start. The landmarks of a command are what it does to the outside: each reading
of the file, each statement before and after, the commit before and after. `Mortal` is the client.
"""

import json
import os
import resource
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from flask import Flask
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from directory.sources import import_source, nppes
from tests.support import apps

ROOT = Path(__file__).parents[2]
SMALL = 1 << 12
"""Bytes read at once here, so that reading a small file has many landmarks."""
FULL = (
    "DO $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' "
    "USING ERRCODE = 'disk_full'; END $$"
)
WRITES = ("INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True, slots=True)
class End:
    """How a command ended: by which signal (0: by itself), or with which code and words.

    `landmarks` are what it passed, in order; `megabytes` the most memory it held.
    """

    signal: int
    code: int | None = None
    stdout: str = ""
    stderr: str = ""
    landmarks: tuple[str, ...] = ()
    megabytes: float = 0.0


class Mortal:
    """A process that runs the application's commands in children of its own."""

    def __init__(self, instance: Path) -> None:
        """Start it; `close` ends it."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.dying", str(instance)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()

    def run(self, url: str, *words: str, **order: Any) -> End:
        """Run a command on the database at `url`; the process itself runs it when it is to `warm`.

        A process that was warmed with a database has compiled its statements, and its children
        need not.

        `kill` is the number of the landmark, from 1, at which it dies by SIGKILL. `pages` is how
        many pages SQLite's file may have, `file_bytes` how long any file may grow, `full_at` the
        statement at which PostgreSQL finds its disk full. `halves` makes it the known-broken one:
        it commits once it has made so many changes; `hoards`, one that holds all it reads. `whole`
        reads as much at once as usual.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"url": url, "words": words, **order}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        answer["landmarks"] = tuple(answer.get("landmarks", ()))
        return End(**answer)


def serve(instance: Path) -> None:
    """Obey until there are no more orders."""
    # The answers have this channel alone: what else writes to standard output cannot spoil it.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warm: dict[str, Flask] = {}
    for line in sys.stdin:
        order = json.loads(line)
        if order.get("warm"):
            print(json.dumps(_warmed(instance, order, warm)), file=answers, flush=True)
            continue
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            app = warm.get(order["url"]) or apps.make_app(instance, order["url"])
            _die_or_tell(app, order, writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as told:
            words = told.read()
        _, status = os.waitpid(child, 0)
        answer = json.loads(words) if words else {}
        answer["signal"] = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        print(json.dumps(answer), file=answers, flush=True)


def _warmed(instance: Path, order: dict[str, Any], warm: dict[str, Flask]) -> dict[str, Any]:
    app = warm.setdefault(order["url"], apps.make_app(instance, order["url"]))
    result = _run(app, order["words"])
    apps.close(app)  # no connection may be shared with a child
    said = {"stdout": result.stdout, "stderr": result.stderr}
    return {"signal": 0, "code": result.exit_code, **said}


def _die_or_tell(app: Flask, order: dict[str, Any], writing: int) -> None:
    try:
        told = json.dumps(_obey(app, order)).encode()
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(told)
    finally:
        os._exit(0)


def _obey(app: Flask, order: dict[str, Any]) -> dict[str, Any]:
    landmarks: list[str] = []

    def passed(landmark: str) -> None:
        landmarks.append(landmark)
        if len(landmarks) == order.get("kill"):
            os.kill(os.getpid(), signal.SIGKILL)

    _watch(passed)
    if not order.get("whole"):
        import_source.BUFFER = nppes.BLOCK = SMALL  # type: ignore[misc]
    if order.get("hoards"):
        _hoard()
    if "halves" in order:
        _halve(order["halves"])
    _limit(order)
    result = _run(app, order["words"])
    return {
        "code": result.exit_code,
        "stdout": result.stdout,
        "stderr": result.stderr,
        "landmarks": landmarks,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _run(app: Flask, words: list[str]) -> Any:
    result = app.test_cli_runner().invoke(args=words)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        result.stderr_bytes += f"Traceback: {result.exception!r}\n".encode()
    return result


def _watch(passed: Any) -> None:
    """Tell of every landmark."""
    read = import_source._Counted.readinto

    def readinto(self: Any, buffer: Any, /) -> int:
        passed("read")
        return read(self, buffer)

    import_source._Counted.readinto = readinto  # type: ignore[method-assign]
    event.listen(Engine, "before_cursor_execute", lambda *_: passed("statement"))
    event.listen(Engine, "after_cursor_execute", lambda *_: passed("stated"))
    event.listen(Engine, "commit", lambda *_: passed("commit"))
    event.listen(Session, "after_commit", lambda *_: passed("committed"))


def _hoard() -> None:
    """Hold whatever is read."""
    held = []
    read = import_source._Counted.readinto

    def readinto(self: Any, buffer: Any, /) -> int:
        count = read(self, buffer)
        held.append(bytes(buffer[:count]))
        return count

    import_source._Counted.readinto = readinto  # type: ignore[method-assign]


def _halve(count: int) -> None:
    """Commit after so many changes, as no import may."""
    made = 0

    def half(_connection: Any, cursor: Any, statement: str, *_rest: Any) -> None:
        nonlocal made
        made += statement.lstrip().upper().startswith(WRITES)
        if made == count:
            made += 1
            cursor.execute("COMMIT")
            cursor.execute("BEGIN")

    event.listen(Engine, "after_cursor_execute", half)


def _limit(order: dict[str, Any]) -> None:
    """Take away the room on the disk."""

    @event.listens_for(Engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        if order["url"].startswith("sqlite"):
            # Changes go to the disk before the commit, as those of a big import do.
            connection.execute("PRAGMA cache_size = 8")
            if "pages" in order:
                connection.execute(f"PRAGMA max_page_count = {order['pages']}")

    if "file_bytes" in order:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["file_bytes"],) * 2)
    if "full_at" in order:
        left = order["full_at"]

        def execute(cursor: Any, statement: str, *_rest: Any) -> None:
            nonlocal left
            left -= statement.lstrip().upper().startswith(WRITES)
            if left == 0:
                cursor.execute(FULL)

        event.listen(Engine, "do_execute", execute)
        event.listen(Engine, "do_executemany", execute)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
