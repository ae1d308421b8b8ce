"""One gate for what comes in, one set of headers for what goes out, and a log that tells nobody."""

import logging
import time
import unicodedata

from flask import Flask, Response, g, request
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
HSTS = "max-age=31536000; includeSubDomains"

access = logging.getLogger("directory.access")


def configure(app: Flask, settings: Settings) -> None:
    """Set what Flask itself enforces: secrets, trusted hosts, sizes."""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        TRUSTED_HOSTS=list(settings.trusted_hosts) or LOCAL_HOSTS,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        PREFERRED_URL_SCHEME="https" if settings.https else "http",
        SESSION_COOKIE_SECURE=settings.https,
        SESSION_COOKIE_SAMESITE="Lax",
    )
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
        for source in (request.args, request.form):
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
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)  # an evidence file's are stricter
        if settings.https:
            response.headers["Strict-Transport-Security"] = HSTS
        response.headers.setdefault("Cache-Control", "no-cache, private")
        _log(response)
        return response


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
    return not any(
        char == "\ufffd" or (unicodedata.category(char) in ("Cc", "Cs") and char not in "\t\r\n")
        for char in text
    )


def _log(response: Response) -> None:
    """Write one access line: no query, no address of the person, no agent."""
    took = (time.perf_counter() - g.started) * 1000 if "started" in g else 0.0
    secret = (request.view_args or {}).get("token")
    path = request.path.replace(secret, "<token>") if secret else request.path
    access.info("%s %s %d %.1fms", request.method, path, response.status_code, took)
