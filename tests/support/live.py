"""The application behind a real server, on a loopback port of its own, for browsers and sockets."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import waitress
from flask import Flask
from waitress import wasyncore

THREADS = 4
PATIENCE = 10
"""Seconds the server gets to end."""


@dataclass(frozen=True)
class Site:
    """An application that is being served; `url` has no slash at its end."""

    app: Flask
    url: str

    @property
    def host(self) -> str:
        """The host and the port."""
        return urlsplit(self.url).netloc


@contextmanager
def served(app: Flask) -> Iterator[Site]:
    """Serve an application from a thread, as `flask serve` does, until the block ends."""
    sockets: dict[int, object] = {}
    server = waitress.create_server(app, map=sockets, host="127.0.0.1", port=0, threads=THREADS)
    thread = threading.Thread(target=server.run, name="site", daemon=True)
    thread.start()
    try:
        yield Site(app, f"http://127.0.0.1:{server.effective_port}")
    finally:
        # In its own thread, so that nothing is closed under its hands; it ends when all is closed.
        server.trigger.pull_trigger(lambda: wasyncore.close_all(sockets, ignore_all=True))
        thread.join(PATIENCE)
        server.task_dispatcher.shutdown()
