"""A Redis server of the tests' own: on a free loopback port, keeping nothing on any disk."""

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

PATIENCE = 30
"""Seconds the server gets to answer."""

MISSING = (
    "Redis is missing, and these tests need it. Install it with:\n"
    "    sudo apt-get update && sudo apt-get install -y redis-server"
)


class RedisMissing(RuntimeError):
    """No Redis is installed; the message says how to install it."""


class Server:
    """A running server; `url` is its address as settings take it."""

    def __init__(self, folder: Path, port: int, process: subprocess.Popen[bytes]) -> None:
        """Hold what `start` made; use `start`."""
        self._folder = folder
        self._port = port
        self._process = process
        self.url = f"redis://127.0.0.1:{port}/0"

    @classmethod
    def start(cls) -> Self:
        """Serve in a new folder; raises RedisMissing, or RuntimeError with the log."""
        binary = shutil.which("redis-server")
        if binary is None:
            raise RedisMissing(MISSING)
        folder = Path(tempfile.mkdtemp(prefix="directory-redis-"))
        port = _free_port()
        options = {
            "bind": "127.0.0.1",
            "port": str(port),
            "dir": str(folder),
            "save": "",
            "appendonly": "no",
            "maxmemory": "32mb",
            "maxmemory-policy": "allkeys-lru",
        }
        given = [part for name, value in options.items() for part in (f"--{name}", value)]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([binary, *given], stdout=log, stderr=log, cwd=folder)
        server = cls(folder, port, process)
        server._wait()
        return server

    def _wait(self) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self._process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self._port), timeout=1) as probe:
                    probe.sendall(b"PING\r\n")
                    if probe.recv(16).startswith(b"+PONG"):
                        return
            except OSError:
                time.sleep(0.02)
        log = (self._folder / "log").read_text("utf-8", "replace")
        self.stop()
        raise RuntimeError(f"Redis did not start:\n{log}")

    def freeze(self) -> None:
        """Let it answer nothing, while connections to it still open."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End the server and remove its folder."""
        self.thaw()
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
