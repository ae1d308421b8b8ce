"""Mail: what a letter looks like, how a server is named, and what a failure tells."""

import io
import socketserver
import threading
from datetime import UTC, datetime

import pytest

from directory.sources.mail import (
    ConsoleMailer,
    Letter,
    MailAddressError,
    NotSent,
    SmtpMailer,
    message_of,
    open_mailer,
    read_address,
)

SENDER = "clinics@example.org"
LETTER = Letter(
    to="pat@example.org",
    subject="A question about case 7",
    body="Which street?\nAn é.\n",
    key="case-mail-7",
    at=datetime(2026, 6, 1, 18, tzinfo=UTC),
)


class Server(socketserver.ThreadingTCPServer):
    """A mail server that keeps what it is handed, or refuses with `code`."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, code=250):
        super().__init__(("127.0.0.1", 0), Session)
        self.code = code
        self.lines = []


class Session(socketserver.StreamRequestHandler):
    """As much of SMTP as one letter needs."""

    def handle(self):
        self.say(220)
        data = False
        for raw in self.rfile:
            line = raw.decode().rstrip("\r\n")
            self.server.lines.append(line)
            if data:
                if line == ".":
                    data = False
                    self.say(250)
            elif line.upper().startswith("RCPT"):
                self.say(self.server.code)
            elif line.upper() == "DATA":
                data = True
                self.say(354)
            elif line.upper() == "QUIT":
                self.say(221)
                return
            else:
                self.say(250)

    def say(self, code):
        self.wfile.write(f"{code} pat@example.org said so\r\n".encode())


@pytest.fixture
def server():
    """A mail server on this machine."""
    with Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def mailer(server):
    return SmtpMailer(read_address(f"smtp://127.0.0.1:{server.server_address[1]}"), SENDER)


def test_a_letter_arrives(server):
    mailer(server).send(LETTER)
    lines = server.lines
    assert "Subject: A question about case 7" in lines
    assert "Message-ID: <case-mail-7@example.org>" in lines
    assert "Auto-Submitted: auto-generated" in lines
    assert any(line.upper().startswith("RCPT TO:<PAT@EXAMPLE.ORG>") for line in lines)


@pytest.mark.parametrize("code", [550, 451])
def test_a_refusal_tells_the_code_and_no_address(server, code):
    server.code = code
    with pytest.raises(NotSent) as failed:
        mailer(server).send(LETTER)
    assert str(failed.value) == f"recipient refused {code}"


def test_a_server_that_is_not_there(server):
    sender = mailer(server)
    server.shutdown()
    server.server_close()
    with pytest.raises(NotSent, match="ConnectionRefusedError"):
        sender.send(LETTER)


@pytest.mark.parametrize("to", ["pat@example.org\nBcc: x@y.example", "a\r\nb@example.org"])
def test_a_letter_cannot_grow_a_header(to):
    values = {name: getattr(LETTER, name) for name in ("subject", "body", "key", "at")}
    with pytest.raises(NotSent):
        message_of(Letter(to=to, **values), SENDER)


def test_the_console_prints_it():
    stream = io.StringIO()
    ConsoleMailer(SENDER, stream).send(LETTER)
    assert "To: pat@example.org" in stream.getvalue()
    assert "Which street?\nAn é." in stream.getvalue()
    assert isinstance(open_mailer("", SENDER), ConsoleMailer)


def test_a_server_is_named_by_an_address():
    server = read_address("smtp+starttls://us%40er:p%3Aw@mail.example.org")
    assert (server.host, server.port) == ("mail.example.org", 587)
    assert (server.user, server.password) == ("us@er", "p:w")
    assert read_address("smtps://mail.example.org").port == 465
    assert isinstance(open_mailer("smtp://localhost:2525", SENDER), SmtpMailer)


@pytest.mark.parametrize(
    "address",
    [
        "mail.example.org",
        "http://mail.example.org",
        "smtp://",
        "smtp://mail.example.org:x",
        "smtp://user:password@mail.example.org",
        "smtps://mail.example.org/inbox",
        "smtps://mail.example.org?x=1",
    ],
)
def test_a_bad_address_is_refused(address):
    with pytest.raises(MailAddressError):
        read_address(address)
