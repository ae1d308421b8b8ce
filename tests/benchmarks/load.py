"""A load generator: asks a server as fast as it answers, over kept connections, and looks at
every answer.

A closed loop: each connection sends its next request when the answer to the last one is whole.
"""

import selectors
import socket
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import cycle

CONNECTIONS = 8
CHUNK = 1 << 18
PATIENCE = 30.0
"""Seconds without any answer after which a server is given up."""

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"


class NoAnswer(RuntimeError):
    """A server that does not answer, or not in a way that can be counted."""


@dataclass(frozen=True)
class Question:
    """A request as it goes over the wire; `expected` is the CRC of the body that is right.

    Where that is not known, the first answer to it stands for the rest.
    """

    raw: bytes
    expected: int | None = None


@dataclass
class Tally:
    """What came of one round: only answers that were whole within its seconds are counted."""

    answers: int = 0
    seconds: float = 0.0
    wrong: int = 0
    size: int = 0
    busy: float = 0.0
    """The share of the time in which the load generator itself was computing, 0 to 1."""
    processor: float = 0.0
    """Seconds for which the server was computing, where its process is known."""
    seen: dict[int, int] = field(default_factory=dict)
    """The CRC of the first body of each question, by its number."""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds


def request_bytes(host: str, path: str, headers: dict[str, str] | None = None) -> bytes:
    """Return a GET request as bytes; `path` is percent-encoded."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def crc(body: bytes | bytearray | memoryview) -> int:
    """Return the sum by which bodies are compared."""
    return zlib.crc32(body)


class _Connection:
    """One kept connection and the request that is under way on it."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        self.number = 0
        self._needed = 0
        self._body_at = 0

    def ask(self, number: int, raw: bytes) -> None:
        """Send a request: it is small enough to go in one piece."""
        self.number = number
        self.buffer.clear()
        self._needed = self._body_at = 0
        self.socket.sendall(raw)

    def read(self) -> bool:
        """Take in what has come; says whether the answer is whole. Raises NoAnswer."""
        piece = self.socket.recv(CHUNK)
        if not piece:
            raise NoAnswer("the server closed a connection that should be kept")
        self.buffer += piece
        if not self._needed:
            end = self.buffer.find(HEAD_END)
            if end < 0:
                return False
            self._body_at = end + len(HEAD_END)
            self._needed = self._body_at + _length(bytes(self.buffer[:end]))
        if len(self.buffer) > self._needed:
            raise NoAnswer("the server sent more than it said")
        return len(self.buffer) == self._needed

    @property
    def body(self) -> memoryview:
        """The body of a whole answer."""
        return memoryview(self.buffer)[self._body_at :]

    @property
    def found(self) -> bool:
        """Whether the status is 200."""
        return self.buffer[9:12] == b"200"


def _length(head: bytes) -> int:
    at = head.lower().find(LENGTH)
    if at < 0:
        raise NoAnswer("the server does not say how long its answer is")
    return int(head[at + len(LENGTH) :].split(b"\r\n", 1)[0])


def drive(
    address: tuple[str, int],
    questions: Sequence[Question],
    *,
    seconds: float,
    at_least: int = 1,
    order: Iterator[int] | None = None,
    connections: int = CONNECTIONS,
) -> Tally:
    """Ask for so many seconds, the questions in turn or in `order`, and count the answers.

    It goes on until there are `at_least` so many. Raises NoAnswer when the server closes a
    connection, sends no length, or stays silent.
    """
    order = order or cycle(range(len(questions)))
    tally = Tally()
    selector = selectors.DefaultSelector()
    open_ones = [_Connection(address) for _ in range(connections)]
    with closing(selector):
        try:
            for connection in open_ones:
                selector.register(connection.socket, selectors.EVENT_READ, connection)
            began, computed = time.perf_counter(), time.process_time()
            for connection in open_ones:
                number = next(order)
                connection.ask(number, questions[number].raw)
            ends = began + seconds
            while (now := time.perf_counter()) < ends or tally.answers < at_least:
                ready = selector.select(PATIENCE)
                if not ready:
                    raise NoAnswer(f"no answer for {PATIENCE:.0f} seconds")
                for key, _events in ready:
                    connection = key.data
                    if connection.read():
                        _count(tally, connection, questions)
                        number = next(order)
                        connection.ask(number, questions[number].raw)
            tally.seconds = now - began
            tally.busy = (time.process_time() - computed) / tally.seconds
        finally:
            for connection in open_ones:
                connection.socket.close()
    return tally


def _count(tally: Tally, connection: _Connection, questions: Sequence[Question]) -> None:
    number = connection.number
    found = crc(connection.body)
    first = tally.seen.setdefault(number, found)
    expected = questions[number].expected
    tally.answers += 1
    tally.size += len(connection.body)
    tally.wrong += not (connection.found and found == (first if expected is None else expected))
