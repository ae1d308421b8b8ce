"""The load generator: it counts whole answers, looks at each, and a wrong one voids a ratio."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count

import pytest
from flask import Flask, Response

from tests.benchmarks import serving, web_bars
from tests.benchmarks.load import (
    CHUNK,
    CONNECTIONS,
    NoAnswer,
    Question,
    Tally,
    crc,
    drive,
    request_bytes,
)
from tests.benchmarks.serving import Served
from tests.benchmarks.web_bars import Contestant, Run, in_turns, ratio, ratio_bars
from tests.support.live import served

SECONDS, ENOUGH = 0.05, 40
"""A round lasts so long, and until there are so many answers, however slow the machine."""

BODIES = {"small": b"hello", "empty": b"", "large": bytes(range(256)) * (CHUNK // 128)}
RUN = Run(url="", clinics=2_000)
Address = tuple[str, int]


def asking(path, body=None):
    return Question(request_bytes("127.0.0.1", path), None if body is None else crc(body))


@contextmanager
def site(answer: Callable[[str], Response]) -> Iterator[tuple[Address, list[str]]]:
    """Serve an application for every path; gives its address and the paths it was asked for."""
    asked: list[str] = []
    app = Flask("site")

    @app.get("/<path:path>")
    def view(path: str) -> Response:
        asked.append(path)
        return answer(path)

    with served(app) as running:
        host, _colon, port = running.host.partition(":")
        yield (host, int(port)), asked


@contextmanager
def scripted(*pieces: bytes) -> Iterator[Address]:
    """Answer each request on each connection with the same pieces, one after the other."""
    listening = socket.create_server(("127.0.0.1", 0))

    def answer(connection: socket.socket) -> None:
        with connection, suppress(ConnectionError):
            while connection.recv(65536):
                for piece in pieces:
                    connection.sendall(piece)
                if not pieces:
                    return

    def accept() -> None:
        while True:
            try:
                connection, _from = listening.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threads.append(threading.Thread(target=answer, args=[connection]))
            threads[-1].start()

    threads = [threading.Thread(target=accept)]
    threads[0].start()
    try:
        yield listening.getsockname()
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for thread in threads:
            thread.join()


def test_every_answer_is_counted_once_and_found_right():
    questions = [asking(f"/{name}", body) for name, body in BODIES.items()]
    with site(lambda path: Response(BODIES[path])) as (address, asked):
        tally = drive(address, questions, seconds=SECONDS, at_least=ENOUGH)
    assert tally.answers >= ENOUGH
    assert tally.wrong == 0
    # What was under way when the time was over is not counted.
    assert tally.answers <= len(asked) <= tally.answers + CONNECTIONS
    assert set(asked) == set(BODIES)
    assert tally.seen == {number: crc(body) for number, body in enumerate(BODIES.values())}
    assert tally.seconds >= SECONDS
    assert tally.rate == tally.answers / tally.seconds


def test_an_answer_in_pieces_is_one_answer():
    head = b"HTTP/1.1 200 OK\r\nX: 1\r\ncontent-length: 6\r\n\r\n"
    with scripted(head[:20], head[20:], b"abc", b"def") as address:
        tally = drive(address, [asking("/", b"abcdef")], seconds=SECONDS, at_least=ENOUGH)
    assert tally.answers >= ENOUGH
    assert tally.wrong == 0
    assert tally.size == 6 * tally.answers


@pytest.mark.parametrize(
    ("pieces", "why"),
    [
        ((b"HTTP/1.1 200 OK\r\n\r\nabc",), "how long"),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc",), "more than"),
        ((), "closed"),
    ],
)
def test_what_cannot_be_counted_is_refused(pieces, why):
    with scripted(*pieces) as address, pytest.raises(NoAnswer, match=why):
        drive(address, [asking("/")], seconds=5, connections=1)


def test_a_round_goes_on_where_the_last_one_ended():
    one = Contestant("one", ("127.0.0.1", 1), [asking(f"/{n}") for n in range(100_000)])
    with site(lambda path: Response(path)) as (address, asked):
        one.address = address
        in_turns([one], rounds=2, seconds=SECONDS, at_least=ENOUGH)
    assert len(set(asked)) == len(asked)
    assert one.wrong == 0


def test_every_contestant_begins_a_round(monkeypatch):
    asked = []

    def note(address, _questions, **_more):
        asked.append(address)
        return Tally(1, 1.0)

    monkeypatch.setattr(web_bars, "drive", note)
    in_turns([Contestant(name, name, [asking("/")]) for name in "abc"], rounds=4, seconds=1)
    assert "".join(asked) == "abcbcacababc"


def test_a_ratio_compares_answers_of_the_same_round():
    slow, quick = (Contestant(name, ("", 0), []) for name in ("slow", "quick"))
    slow.rounds = [Tally(n, 1.0) for n in (10, 50, 30)]
    quick.rounds = [Tally(n, 1.0) for n in (40, 100, 40)]
    assert ratio(slow, quick) == 0.5


def voided(answer: Callable[[str], Response], expected: bytes | None = b"right") -> bool:
    """Race an application against one that does well; say whether its ratio was voided."""
    with site(lambda _path: Response(b"right")) as (good, _), site(answer) as (address, asked):
        hello = Contestant("hello", good, [asking("/clinics", b"right")])
        other = Contestant("JSON uncached", address, [asking("/clinics", expected)])
        in_turns([hello, other], rounds=2, seconds=SECONDS, at_least=ENOUGH)
    assert len(asked) >= 2 * ENOUGH
    assert hello.wrong == 0
    (bar,) = ratio_bars(RUN, [hello, other])
    assert (bar.verdict == "VOID") == bool(bar.wrong) == (bar.document()["value"] is None)
    return bool(bar.wrong)


def test_a_server_that_answers_rightly_keeps_its_ratio():
    assert not voided(lambda _path: Response(b"right"))
    assert not voided(lambda _path: Response(b"the same each time"), expected=None)


@pytest.mark.parametrize(
    "broken",
    [
        lambda n: Response(b"wrong" if n % 10 == 9 else b"right"),
        lambda n: Response(b"right", 500 if n % 10 == 9 else 200),
        lambda n: Response(b"right" if n % 10 else b""),
    ],
)
def test_a_server_that_now_and_then_answers_wrongly_loses_its_ratio(broken):
    numbers = count()
    assert voided(lambda _path: broken(next(numbers)))


def test_a_server_that_answers_a_question_differently_each_time_loses_its_ratio():
    numbers = count()
    assert voided(lambda _path: Response(f"{next(numbers)}"), expected=None)


def test_two_rounds_that_contradict_each_other_void_the_ratio():
    one = Contestant("JSON uncached", ("", 0), [])
    one.rounds = [Tally(1, 1.0, seen={0: crc(b"a")}), Tally(1, 1.0, seen={0: crc(b"b")})]
    assert one.wrong == 1


def test_the_server_runs_alone_in_a_process_of_its_own():
    with serving.serving(Served(kind="hello")) as server:
        tally = drive(server.address, [asking("/hello")], seconds=SECONDS, at_least=ENOUGH)
        assert server.process != os.getpid()
        assert 5 < server.megabytes < 500
    assert tally.answers >= ENOUGH
    assert tally.wrong == 0
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(server.address)


def test_a_server_that_cannot_begin_is_told_of():
    with pytest.raises(RuntimeError, match="did not begin"), serving.serving(Served(kind="none")):
        pytest.fail("it began")


def test_the_server_and_the_load_generator_have_a_core_each_where_there_are_two():
    before = os.sched_getaffinity(0)
    split = web_bars.cores()
    assert len(split.server) == len(split.client) == 1
    assert (split.server != split.client) == (len(before) > 1)
    with web_bars.on(split.server):
        assert os.sched_getaffinity(0) == split.server
    assert os.sched_getaffinity(0) == before
