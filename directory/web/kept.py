"""Answers to the public, kept for the next who asks the same: a cache that cannot lie.

An answer is kept under a digest of all it depends on: the program and its settings, the version
of the data, the quarter of an hour, and the address as it was asked. Version and clock are read for
every request, so after a change, or when something lapses, every process looks under another digest
in the same second. The digest is the answer's ETag too: who has it already is told so without a
search. Only what is named here is kept, and nothing that is meant for one person.
"""

import time
from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Any, Final

from flask import Flask, request

from directory.domain.findings import minute_of
from directory.settings import Settings
from directory.sources.shared_store import SharedStore
from directory.web import security
from directory.web.language import parted
from directory.web.release import fingerprint
from directory.web.shelf import Answer, Headers, Shelf
from directory.web.versions import Versions

KEPT: Final = frozenset(
    {
        "public.home",
        "public.search",
        "public.clinic",
        "public.compare",
        "public.questions",
        "public.checklist",
        "public.guide",
        "public.doctor",
        "public.how_we_check",
        "api.search",
        "api.clinic",
        "api.checklist",
        "api.description",
    }
)
"""The only endpoints whose answers may be kept. Forms, cases and staff pages are none of them."""

SEARCHES: Final = frozenset({"public.search", "api.search"})
"""Not kept with another geocoder than the embedded one, which may answer otherwise at any time."""

SLICE_MINUTES: Final = 15
"""What the clock changes, it changes at a midnight: in each zone at a quarter of an hour in UTC."""

CACHE_CONTROL: Final = "public, no-cache"
"""Anybody may keep it and must ask each time: a proxy carries the bytes, we say if they hold."""

VARY: Final = "Accept-Encoding"
"""All that an answer depends on beside its address; one that read a cookie says so there too."""

STAFF_COOKIES: Final = ("staff=", "forms=")
"""Whoever has a cookie of ours is on the staff, and is answered by the application itself."""

SECONDS: Final = SLICE_MINUTES * 60
LONGEST_ENCODING: Final = 200
"""Characters of an Accept-Encoding that can be meant well."""

OK: Final = "200 OK"

Wsgi = Callable[..., Iterable[bytes]]


def install(app: Flask, settings: Settings) -> None:
    """Put the step before `app`: inside whatever reads a proxy's headers, outside all else."""
    step = Keeper(app, settings)
    app.wsgi_app = step  # type: ignore[method-assign, assignment]
    app.extensions["directory_kept"] = step


class Keeper:
    """The WSGI step: answers from what is kept, else lets the application answer and keeps that."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        """Keep answers in memory and in Redis, as far as the settings say so."""
        self._app = app
        self._application: Wsgi = app.wsgi_app
        self._settings = settings
        self._versions = Versions(app)
        self._secret = blake2b(settings.secret_key.encode(), person=b"kept answers").digest()
        shared = SharedStore(settings.redis_url, self._secret) if settings.redis_url else None
        self.shelf = Shelf(settings.cache_mb, shared, SECONDS)
        self._endpoints = KEPT if settings.geocoder == "embedded" else KEPT - SEARCHES
        self._first_parts: frozenset[str] = frozenset()
        self._program = blake2b()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        began = time.perf_counter()
        asked = self._asked(environ)
        key = self._key(asked) if asked else None
        if asked is None or key is None:
            return self._application(environ, start)
        if _tag(key) in environ.get("HTTP_IF_NONE_MATCH", ""):
            # Nobody can guess a tag: whoever has this one was given it with this very answer.
            self._log(environ, 304, began)
            start("304 NOT MODIFIED", self._unchanged(key))
            return []
        found = self.shelf.get(key)
        if found is None:
            return self._make(environ, start, asked, key)
        self._log(environ, 200, began)
        start(OK, [*found.headers])
        return [found.body] if environ["REQUEST_METHOD"] == "GET" else []

    def _asked(self, environ: dict[str, Any]) -> bytes | None:
        """Return all of a request that an answer depends on; None for one that is left alone."""
        get = environ.get
        path, encoding = get("PATH_INFO", ""), get("HTTP_ACCEPT_ENCODING", "")
        if (
            environ["REQUEST_METHOD"] not in ("GET", "HEAD")
            or parted(path)[1][1:].partition("/")[0] not in (self._first_parts or self._prepare())
            or get("CONTENT_LENGTH") not in (None, "", "0")
            or "HTTP_TRANSFER_ENCODING" in environ
            or "HTTP_AUTHORIZATION" in environ
            or any(name in get("HTTP_COOKIE", "") for name in STAFF_COOKIES)
            or len(encoding) > LONGEST_ENCODING
            or self._app.debug
        ):
            return None
        return repr(
            (
                environ["wsgi.url_scheme"],
                get("HTTP_HOST") or f"{get('SERVER_NAME')}:{get('SERVER_PORT')}",
                get("SCRIPT_NAME", ""),
                path,
                get("QUERY_STRING", ""),
                "".join(encoding.lower().split()),
            )
        ).encode()

    def _prepare(self) -> frozenset[str]:
        """Look at the program once, at the first request, and return how paths of kept pages begin.

        For a path that begins otherwise no database is asked: `/healthz` must do without.
        """
        self._program = blake2b(fingerprint(self._settings), key=self._secret, digest_size=32)
        self._first_parts = frozenset(
            rule.rule.split("/")[1]
            for rule in self._app.url_map.iter_rules()
            if rule.endpoint in self._endpoints
        )
        return self._first_parts

    def _key(self, asked: bytes) -> bytes | None:
        """Return the digest of the answer that is right now; None when there is no version."""
        version = self._versions.read()
        if version is None:
            return None
        minute = minute_of(self._app.extensions["directory"].clock())
        digest = self._program.copy()
        digest.update(repr((version, minute // SLICE_MINUTES)).encode())
        digest.update(asked)
        return digest.digest()

    def _make(
        self, environ: dict[str, Any], start: Callable[..., Any], asked: bytes, key: bytes
    ) -> Iterable[bytes]:
        """Let the application answer, and keep what it says if it is still right when it is made.

        The version was read before and is read again now. While it is the same no transaction
        that counts came between, so all that was read for the answer belongs to that version.
        """
        signed: Headers | None = None

        def begin(status: str, headers: Headers, *error: Any) -> Any:
            nonlocal signed
            if (
                status == OK
                and request.endpoint in self._endpoints
                and _is_for_all(headers)
                and self._key(asked) == key
            ):
                headers = signed = _signed(headers, key)
            return start(status, headers, *error)

        made = self._application(environ, begin)
        if signed is None or environ["REQUEST_METHOD"] == "HEAD":
            return made
        try:
            body = b"".join(made)
        finally:
            getattr(made, "close", lambda: None)()
        self.shelf.put(key, Answer(signed, body))
        return [body]

    def _unchanged(self, key: bytes) -> Headers:
        """Return the headers of a 304: no more than holds for every answer, whatever page it is."""
        headers = [("Vary", VARY), ("Cache-Control", CACHE_CONTROL), ("ETag", f'W/"{_tag(key)}"')]
        if self._settings.https:
            headers.append(("Strict-Transport-Security", security.HSTS))
        return headers

    def _log(self, environ: dict[str, Any], status: int, began: float) -> None:
        path = parted(environ.get("PATH_INFO", ""))[1].encode("latin-1").decode(errors="replace")
        security.write_line(environ["REQUEST_METHOD"], path, status, began)


def _tag(key: bytes) -> str:
    """Return half of a digest, in hexadecimal: the other half stays in this house."""
    return key[:16].hex()


def _signed(headers: Headers, key: bytes) -> Headers:
    """Return the headers of an answer that anybody may keep under its tag; servers add the date."""
    kept = [header for header in headers if header[0] not in ("Cache-Control", "Date", "ETag")]
    return [*kept, ("Cache-Control", CACHE_CONTROL), ("ETag", f'W/"{_tag(key)}"')]


def _is_for_all(headers: Headers) -> bool:
    """Say whether nothing in the headers speaks of one person, or forbids to keep the answer."""
    told = dict(headers)
    return (
        "Set-Cookie" not in told
        and told.get("Vary") == VARY
        and told.get("Cache-Control") == security.CACHE_CONTROL
    )
