"""The server under load, in a process of its own: python -m tests.benchmarks.serving

What it serves is in the environment, since gunicorn asks `application` for it too.
"""

import json
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

VARIABLE = "BENCHMARK_SERVES"
HELLO = {"hello": "world"}
SERVERS = ("waitress", "gunicorn")
PATIENCE = 60.0
"""Seconds a server gets to begin, and to end."""


@dataclass(frozen=True, kw_only=True)
class Served:
    """What is served: `bare` WSGI, `hello` of Flask, or the `directory` on a database.

    `cache_mb` is what DIRECTORY_CACHE_MB says; `moment` is where the directory's clock stands.
    """

    kind: str
    instance: str = ""
    url: str = ""
    cache_mb: int = 0
    moment: str = ""


def bare(_environ: Any, start: Callable[..., Any]) -> list[bytes]:
    """Answer as little as can be: the ceiling of server and load generator."""
    body = json.dumps(HELLO).encode()
    start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def hello() -> Any:
    """Return a bare Flask application that answers JSON."""
    from flask import Flask, jsonify

    app = Flask("hello")

    @app.get("/hello")
    def say_hello() -> Any:
        return jsonify(HELLO)

    return app


def directory(served: Served) -> Any:
    """Return the real application on a loaded database, its clock stopped."""
    from directory import create_app
    from directory.settings import Settings

    settings = Settings(
        instance_dir=Path(served.instance),
        database_url=served.url,
        cache_mb=served.cache_mb,
    )
    app = create_app(settings)
    moment = datetime.fromisoformat(served.moment)
    app.extensions["directory"].clock = lambda: moment
    return app


def application() -> Any:
    """Return what the environment says is to be served, as a WSGI application."""
    served = Served(**json.loads(os.environ[VARIABLE]))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    makers: dict[str, Callable[[], Any]] = {
        "bare": lambda: bare,
        "hello": hello,
        "directory": lambda: directory(served),
    }
    return makers[served.kind]()


def main(descriptor: int, threads: int) -> None:
    """Serve with waitress as `flask serve` does, on a socket that is open already."""
    import waitress

    from directory.memory import give_back_large_pieces

    give_back_large_pieces()
    waitress.serve(application(), sockets=[socket.socket(fileno=descriptor)], threads=threads)


@dataclass(frozen=True)
class Server:
    """A server that runs: where it listens, and the process that answers."""

    address: tuple[str, int]
    process: int

    @property
    def host(self) -> str:
        """The host and port, as a request names them."""
        return f"{self.address[0]}:{self.address[1]}"

    @property
    def megabytes(self) -> float:
        """How much memory of the answering process is resident (VmRSS)."""
        for line in Path(f"/proc/{self.process}/status").read_text("utf-8").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("this system does not say how much memory a process takes")


def processor_seconds(process: int) -> float:
    """Return for how long a process was computing since it began."""
    fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(served: Served, server: str = "waitress") -> Iterator[Server]:
    """Serve in a process of its own on a free port of the loopback, until the block ends.

    The process runs on the cores that the caller is allowed at this moment.
    """
    listening = socket.create_server(("127.0.0.1", 0), backlog=128)
    command = _command(server, listening.fileno())
    process = subprocess.Popen(
        command,
        env=os.environ | {VARIABLE: json.dumps(asdict(served))},
        pass_fds=[listening.fileno()],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        address = listening.getsockname()
        listening.close()
        _wait_for(address, process)
        yield Server(address, _answering(process.pid))
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _command(server: str, descriptor: int) -> Sequence[str]:
    from directory.cli import THREADS

    if server == "waitress":
        return [
            *(sys.executable, "-m", "tests.benchmarks.serving"),
            *(str(descriptor), str(THREADS)),
        ]
    return [
        *(sys.executable, "-m", "gunicorn", "--bind", f"fd://{descriptor}", "--workers", "1"),
        *("--worker-class", "gthread", "--threads", str(THREADS), "--keep-alive", "75"),
        *("--log-level", "error", "tests.benchmarks.serving:application()"),
    ]


def _wait_for(address: tuple[str, int], process: subprocess.Popen[bytes]) -> None:
    """Return once something answers, whatever it answers; raises RuntimeError."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(address, timeout=PATIENCE) as probe:
                host = f"{address[0]}:{address[1]}"
                probe.sendall(f"GET /healthz HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
                if probe.recv(1):
                    return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"the server did not begin; it ended with {process.poll()}")


def _answering(process: int) -> int:
    """Return the process that answers: gunicorn's worker, a child of the one that was started."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text("ascii").split()
    return int(children[0]) if children else process


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
