"""One gate for what comes in, one set of headers for what goes out, and a log that tells nobody."""

import logging
import time
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Request, Response, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_babel import gettext as _
from werkzeug.exceptions import BadRequest
from werkzeug.middleware.proxy_fix import ProxyFix

from directory.settings import Settings

LARGEST_REQUEST = 64 * 1024
LONGEST_QUERY = 16 * 1024
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(self), microphone=(), payment=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
POLICY = "Content-Security-Policy"
CACHE_CONTROL = "no-cache, private"
"""What holds unless an answer says otherwise: browsers ask each time, nobody else keeps it."""

HSTS = "max-age=31536000; includeSubDomains"

Wsgi = Callable[..., Iterable[bytes]]

access = logging.getLogger("directory.access")


class Sessions(SecureCookieSessionInterface):
    """Flask's own, which make ready to check a signature also where no cookie came."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session of the cookie, or an empty one."""
        if "HTTP_COOKIE" not in request.environ or (
            self.get_cookie_name(app) not in request.cookies
        ):
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the session's cookie where that is to be done: not where nobody asked for it."""
        if session.accessed or session.modified:
            super().save_session(app, session, response)


def configure(app: Flask, settings: Settings) -> None:
    """Set what Flask itself enforces: secrets, trusted hosts, sizes."""
    app.session_interface = Sessions()
    app.config.update(
        SECRET_KEY=settings.secret_key,
        TRUSTED_HOSTS=list(settings.trusted_hosts) or LOCAL_HOSTS,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        PREFERRED_URL_SCHEME="https" if settings.https else "http",
        SESSION_COOKIE_SECURE=settings.https,
        SESSION_COOKIE_SAMESITE="Lax",
    )


def trust_proxies(app: Flask, settings: Settings) -> None:
    """Believe what the operator's own proxies say, before anything else looks at a request."""
    if settings.proxies:
        n = settings.proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=n, x_proto=n, x_host=n
        )


def install(app: Flask, settings: Settings) -> None:
    """Check every request's text, and set every answer's headers."""

    @app.before_request
    def _gate() -> None:
        g.started = time.perf_counter()
        if len(request.query_string) > LONGEST_QUERY:
            raise BadRequest(_("The address of this page is too long. Start again from a search."))
        if not decodable(request.query_string):
            raise BadRequest(_("The address of this page cannot be read."))
        reads = request.method in ("GET", "HEAD")
        for source in (request.args,) if reads else (request.args, request.form):
            for name, value in source.items(multi=True):
                if not (readable(name) and readable(value)):
                    raise BadRequest(
                        _("What was sent holds characters that cannot be read. Type it again.")
                    )
        if not readable(request.path):
            raise BadRequest(_("The address of this page cannot be read."))

    tiles = settings.tiles
    with_tiles = policy_with_images(tiles.origin if tiles else "")

    @app.after_request
    def _answer(response: Response) -> Response:
        if g.get("shows_map"):
            response.headers.setdefault(POLICY, with_tiles)
        _log(response)
        return response

    always = {**HEADERS, "Cache-Control": CACHE_CONTROL}
    if settings.https:
        always["Strict-Transport-Security"] = HSTS
    app.wsgi_app = _with_headers(app.wsgi_app, always)  # type: ignore[method-assign]


def _with_headers(application: Wsgi, always: dict[str, str]) -> Wsgi:
    """Return the WSGI application that sends these headers where an answer has none of that name.

    They are added where the answer leaves: Werkzeug looks at each header of its own again and
    again. An evidence file brings a stricter policy, a staff page a stricter Cache-Control.
    """

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        def begin(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            there = {name for name, _value in headers}
            more = [header for header in always.items() if header[0] not in there]
            return start(status, headers + more, *error)

        return application(environ, begin)

    return answer


def policy_with_images(origin: str) -> str:
    """Return the policy of a page with a map: pictures from one more origin, if there is one."""
    return HEADERS[POLICY].replace("img-src 'self'", f"img-src 'self' {origin}".rstrip())


def decodable(raw: bytes) -> bool:
    """Say whether a query that was not percent-encoded is UTF-8; Werkzeug assumes it is."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def readable(text: str) -> bool:
    """Say whether text holds no control character, lone surrogate or undecodable byte.

    Line breaks and tabs are allowed. SQLite keeps a NUL that PostgreSQL refuses, so neither
    ever sees one.
    """
    if text.isprintable():
        return "\ufffd" not in text  # nearly always, and many times quicker
    return not any(
        char == "\ufffd" or (unicodedata.category(char) in ("Cc", "Cs") and char not in "\t\r\n")
        for char in text
    )


def _log(response: Response) -> None:
    secret = (request.view_args or {}).get("token")
    path = request.path.replace(secret, "<token>") if secret else request.path
    write_line(request.method, path, response.status_code, g.get("started"))


def write_line(method: str, path: str, status: int, started: float | None) -> None:
    """Write one access line: no query, no address of the person, no agent.

    `started` is when the request came, by `time.perf_counter`.
    """
    took = (time.perf_counter() - started) * 1000 if started is not None else 0.0
    access.info("%s %s %d %.1fms", method, path, status, took)
