"""The addresses of clinics, a number that decides and a name for people; and those of searches."""

import re
import unicodedata
from functools import lru_cache
from urllib.parse import quote_plus

from flask import g, request, url_for

from directory.web.choosing import PARAMETER, read_choice
from directory.web.forms.search import SearchForm

_SAFE = "!$'()*,/:;?@"
"""Signs that stand for themselves in a query: those that Werkzeug leaves alone."""


def clinic_url(clinic_id: int, name: str, *, external: bool = False) -> str:
    """Return a clinic's address: its number decides, its name is for people."""
    return url_for(
        "public.clinic", clinic_id=clinic_id, slug=slug_of(name) or None, _external=external
    )


def slug_of(name: str) -> str:
    """Return a clinic's name as it stands in its address: plain letters, digits, hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80]


def search_url(**changes: object) -> str:
    """Return this search's address with some parameters changed; None takes one away.

    Any change but one of the page goes back to the first page. A parameter that the form does
    not know is left behind; the clinics chosen to compare come along. It leads to the heading of
    the results, where a keyboard or a screen reader goes on.
    """
    return f"{address_of_search('public.search', **changes)}#results"


def address_of_search(endpoint: str, **changes: object) -> str:
    """Return the address of an endpoint that answers this search, with some parameters changed."""
    parts: dict[str, str] | None = g.get("search_parts")
    if parts is None:
        parts = {name: _written(name, value) for name, value in asked_for().items()}
        g.search_parts = parts
    changed = {name: _written(name, value) for name, value in changes.items()}
    query = "&".join(filter(None, (parts | changed).values()))
    return f"{_path(request.script_root, endpoint)}{query and '?'}{query}"


@lru_cache(maxsize=64)
def _path(_root: str, endpoint: str) -> str:
    """Return the path of an endpoint below the root of this request's address."""
    return url_for(endpoint)


def _written(name: str, value: object) -> str:
    """Return a parameter with its value, or each of its values, as it stands in an address."""
    if value is None:
        return ""
    values = value if isinstance(value, list | tuple) else (value,)
    return "&".join([f"{name}={_quoted(str(one))}" for one in values if one is not None])


def _quoted(value: str) -> str:
    if value.isascii() and value.isalnum():
        return value
    return quote_plus(value, safe=_SAFE)


def asked_for() -> dict[str, object]:
    """Return what this search asked for, but its page: other addresses of it start from that."""
    args = request.args
    values: dict[str, object] = {
        name: args.getlist(name) for name in SearchForm.NAMES if name in args
    }
    values.pop("page", None)
    if ids := read_choice(args.getlist(PARAMETER)).clinic_ids:
        values[PARAMETER] = ids
    return values
