"""Styles, scripts, icons and the map's outlines: each under an address that names its content.

The address changes with the content, so a browser may keep what it has for a year and still never
shows an old style on a new page. Patients' pages load nothing from anywhere else.
"""

import hashlib
import os
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

from flask import Flask, Response, abort, current_app, request
from werkzeug.security import safe_join

from directory import paths
from directory.web.language import site_root

FINGERPRINT = 12
"""Characters of the SHA-256 in an address: enough to tell two versions of one file apart."""

KEPT = "public, max-age=31536000, immutable"
TYPES = {
    ".css": "text/css",
    ".geojson": "application/json",  # application/geo+json would not be compressed
    ".js": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}


def install(app: Flask) -> None:
    """Serve the assets, and give templates `asset`."""
    app.add_url_rule("/static/<fingerprint>/<path:name>", "static", _answer)
    app.jinja_env.globals["asset"] = asset


def asset(name: str) -> str:
    """Return the address of an asset: the same in every language. KeyError when there is none.

    It stays as it first was while the program runs: a file that is changed meanwhile is answered
    under its old address, and kept by nobody. Only in debugging each page looks at the file anew.
    """
    if current_app.debug:
        _fingerprint.cache_clear()
    return f"{site_root()}/static/{_fingerprint(name)}/{name}"


@cache
def _fingerprint(name: str) -> str:
    file = _file(name)
    if file is None:
        raise KeyError(name)
    return _read(file, file.stat().st_mtime_ns)[0]


def _answer(fingerprint: str, name: str) -> Response:
    """Return an asset; under an old fingerprint the file as it is now, kept by nobody."""
    file = _file(name)
    if file is None:
        abort(404)
    current, content = _read(file, file.stat().st_mtime_ns)
    response = Response(content, content_type=_content_type(file))
    response.set_etag(current)
    response.headers["Cache-Control"] = KEPT if fingerprint == current else "no-cache"
    response.make_conditional(request)
    return response


def _content_type(file: Path) -> str:
    kind = TYPES[file.suffix]
    return kind if kind.startswith("image/png") else f"{kind}; charset=utf-8"


def _file(name: str) -> Path | None:
    """Return the file behind a name: of this package, of Leaflet's, or the map's outlines."""
    if name == "map/us-states.geojson":
        return paths.SEED_DATA / "us-states.geojson"
    folder, inner = paths.PACKAGE / "static", name
    if name.startswith("leaflet/"):
        folder, inner = _leaflet(), name.removeprefix("leaflet/")
    joined = safe_join(str(folder), inner)
    if joined is None or not os.path.isfile(joined):  # Path.is_file fails on a name too long
        return None
    file = Path(joined)
    return file if file.suffix in TYPES else None


@lru_cache(maxsize=1)
def _leaflet() -> Path:
    """Return the folder of Leaflet in its Python package, which is never imported."""
    spec = find_spec("js_lib_leaflet")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("the package django-js-lib-leaflet is not installed")
    return Path(spec.submodule_search_locations[0], "static", "js_lib_leaflet")


@lru_cache(maxsize=64)
def _read(file: Path, changed: int) -> tuple[str, bytes]:
    """Return a file's fingerprint and content; `changed` is its time in nanoseconds."""
    content = file.read_bytes()
    return hashlib.sha256(content).hexdigest()[:FINGERPRINT], content
