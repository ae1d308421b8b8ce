"""Send mail: to the console by default, to a mail server when one is named.

The standard library's `email` and `smtplib` do the work. A problem is told as a code without the
reader's address, since it is stored and shown.
"""

import smtplib
import ssl
import sys
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Protocol, TextIO
from urllib.parse import unquote, urlsplit

SECONDS = 15.0
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
LOCAL = ("localhost", "127.0.0.1", "::1")


class MailAddressError(ValueError):
    """The mail server's address in the settings cannot be used; the message says why."""


class NotSent(Exception):
    """A mail that did not go out; the message is a code that names nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail in plain text. `key` is the same at every try, so that readers see a double."""

    to: str
    subject: str
    body: str
    key: str
    at: datetime


class Mailer(Protocol):
    """Where mail goes."""

    def send(self, letter: Letter) -> None:
        """Hand a letter over; raises NotSent."""


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A mail server: its host, port, how the line is protected, and how to sign in."""

    scheme: str
    host: str
    port: int
    user: str
    password: str


def read_address(address: str) -> ServerAddress:
    """Read `smtp+starttls://user:password@host:587` and its like; raises MailAddressError."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise MailAddressError("it is not an address") from None
    if parts.scheme not in PORTS:
        raise MailAddressError(f"it must begin with one of {', '.join(PORTS)}, then ://")
    if not parts.hostname or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise MailAddressError("it must be scheme://user:password@host:port")
    if parts.password and parts.scheme == "smtp" and parts.hostname not in LOCAL:
        raise MailAddressError("a password needs smtps or smtp+starttls")
    return ServerAddress(
        scheme=parts.scheme,
        host=parts.hostname,
        port=port or PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def message_of(letter: Letter, sender: str) -> EmailMessage:
    """Return a letter as a message; raises NotSent for an address that cannot be written."""
    message = EmailMessage()
    try:
        message["From"] = sender
        message["To"] = letter.to
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(letter.at)
        message["Message-ID"] = f"<{letter.key}@{sender.rpartition('@')[2].rstrip('>')}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.body)
    except (ValueError, IndexError):
        raise NotSent("bad address") from None
    return message


class ConsoleMailer:
    """Prints mail instead of sending it: for trying things out."""

    def __init__(self, sender: str, stream: TextIO | None = None) -> None:
        """Print to `stream`, or to standard error as it is at that moment."""
        self._sender = sender
        self._stream = stream

    def send(self, letter: Letter) -> None:
        """Print a letter between two lines."""
        message = message_of(letter, self._sender)
        stream = self._stream or sys.stderr
        header = "\n".join(f"{name}: {value}" for name, value in message.items() if name != "Date")
        stream.write(f"--- mail\n{header}\n\n{message.get_content().strip()}\n--- end of mail\n")
        stream.flush()


class SmtpMailer:
    """Hands mail to a mail server, a connection for each letter."""

    def __init__(self, server: ServerAddress, sender: str) -> None:
        """Send through `server` in the name of `sender`."""
        self._server = server
        self._sender = sender

    def send(self, letter: Letter) -> None:
        """Send a letter, or raise NotSent with the kind of failure and the server's code."""
        message = message_of(letter, self._sender)
        try:
            with self._connected() as connection:
                connection.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = sorted({str(code) for code, _text in error.recipients.values()})
            raise NotSent(f"recipient refused {' '.join(codes)}") from None
        except smtplib.SMTPResponseException as error:
            raise NotSent(f"{type(error).__name__} {error.smtp_code}") from None
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            raise NotSent(type(error).__name__) from None

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        if server.scheme == "smtps":
            context = ssl.create_default_context()
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=SECONDS, context=context
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
        try:
            if server.scheme == "smtp+starttls":
                connection.starttls(context=ssl.create_default_context())
            if server.user:
                connection.login(server.user, server.password)
        except BaseException:
            connection.close()
            raise
        return connection


def open_mailer(address: str, sender: str) -> Mailer:
    """Return the mailer for the settings: the console when no server is named."""
    return SmtpMailer(read_address(address), sender) if address else ConsoleMailer(sender)
