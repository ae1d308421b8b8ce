"""The addresses of clinics, a number that decides and a name for people; and those of searches."""

import re
import unicodedata
from urllib.parse import urlencode

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
    if "search_parts" not in g:
        g.search_path = url_for("public.search")
        g.search_parts = {name: _written(name, value) for name, value in asked_for().items()}
    changed = {name: _written(name, value) for name, value in changes.items()}
    query = "&".join(filter(None, (g.search_parts | changed).values()))
    return f"{g.search_path}{query and '?'}{query}#results"


def _written(name: str, value: object) -> str:
    """Return a parameter with its value, or each of its values, as it stands in an address."""
    if value is None:
        return ""
    values = value if isinstance(value, list | tuple) else (value,)
    return urlencode([(name, one) for one in values if one is not None], safe=_SAFE)


def asked_for() -> dict[str, object]:
    """Return what this search asked for, but its page: other addresses of it start from that."""
    if "search_asked" not in g:
        values: dict[str, object] = {
            name: request.args.getlist(name) for name in SearchForm.NAMES if name in request.args
        }
        values.pop("page", None)
        if ids := read_choice(request.args.getlist(PARAMETER)).clinic_ids:
            values[PARAMETER] = ids
        g.search_asked = values
    asked: dict[str, object] = g.search_asked
    return asked
