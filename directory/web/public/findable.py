"""How others find the pages: what search engines may keep, and what social networks show of a link.

Only pages that are worth finding and that hold nobody's search are kept by search engines: any page
that is not named here tells them not to, a new one too.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from flask import Blueprint, Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from directory.extensions import db
from directory.models import Clinic, SearchRow
from directory.operations.clinics import successor
from directory.operations.findable import count_listed, edition_day, listed_pages
from directory.sources import share_card
from directory.web.language import alternates, language, path_in
from directory.web.public.addresses import clinic_url
from directory.web.state import now, state
from directory.web.translations import SOURCE_LANGUAGE, languages

PLAIN = (
    "public.home",
    "public.guide",
    "public.doctor",
    "public.checklist",
    "public.how_we_check",
)
"""The pages that every visitor sees alike."""

FINDABLE = frozenset((*PLAIN, "public.clinic"))
UNMARKED = frozenset(
    ("static", "public.robots", "public.sitemap", "public.sitemap_part", "public.card",
     "public.clinic_card")
)  # fmt: skip
"""What is no page: search engines read it, or never keep it by itself."""

_MEANT = FINDABLE | UNMARKED

CLINICS_A_PART = 1000
"""Clinics in one part of the site's map: far below the 50,000 addresses that a part may hold."""

KEPT_SECONDS = 86_400
"""How long a card may be kept without asking: a name may be corrected."""

COUNTRY = "US"
_SCHEMA = "http://www.sitemaps.org/schemas/sitemap/0.9"
_XHTML = "http://www.w3.org/1999/xhtml"


class Meta(NamedTuple):
    """What a page that may be found says of itself to search engines and social networks."""

    canonical: str
    alternates: list[tuple[str, str]]
    default: str
    image: str
    locale: str
    other_locales: list[str]


def install(pages: Blueprint) -> None:
    """Add the site's map, robots.txt and the cards to the pages for patients."""
    clinic = "<row:clinic_id>"
    pages.add_url_rule("/robots.txt", view_func=robots)
    pages.add_url_rule("/sitemap.xml", view_func=sitemap)
    pages.add_url_rule("/sitemap-<row:part>.xml", view_func=sitemap_part)
    pages.add_url_rule("/card.png", view_func=card)
    pages.add_url_rule(f"/clinics/{clinic}/card.png", view_func=clinic_card)
    pages.add_app_template_global(page_meta)
    pages.after_app_request(_unless_findable)


def page_meta() -> Meta | None:
    """Return what this page says of itself, or None for one that is not to be found."""
    if request.endpoint not in FINDABLE or request.method not in ("GET", "HEAD"):
        return None
    addresses = alternates()
    image = "public.clinic_card" if request.endpoint == "public.clinic" else "public.card"
    which = {"clinic_id": (request.view_args or {}).get("clinic_id")}
    return Meta(
        canonical=addresses[language()],
        alternates=[*addresses.items()],
        default=addresses[SOURCE_LANGUAGE],
        image=url_for(image, **which, _external=True),
        locale=f"{language()}_{COUNTRY}",
        other_locales=[f"{code}_{COUNTRY}" for code in addresses if code != language()],
    )


def robots() -> Response:
    """Search results are not for search engines: they hold what somebody typed."""
    lines = ["User-agent: *"]
    for code in languages():
        lines += [f"Disallow: {path_in(code, path)}" for path in ("/clinics?", "/api/")]
    lines += ["", f"Sitemap: {alternates('/sitemap.xml')[SOURCE_LANGUAGE]}"]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


def sitemap() -> Response:
    """Name the parts of the site's map; there is always at least one."""
    parts = _parts()
    entries = (
        f"<sitemap><loc>{escape(alternates(f'/sitemap-{part}.xml')[SOURCE_LANGUAGE])}</loc></sitemap>\n"
        for part in range(1, parts + 1)
    )
    return _xml("sitemapindex", f"xmlns={quoteattr(_SCHEMA)}", entries)


def sitemap_part(part: int) -> Response:
    """Name some pages in all languages, each with the day on which it last said something new."""
    if not 1 <= part <= _parts():
        abort(404)
    entries: list[str] = []
    if part == 1:
        edition = edition_day(db.session())
        for endpoint in PLAIN:
            changed = edition if endpoint == "public.checklist" else None
            entries += _entries(url_for(endpoint), changed)
    first = (part - 1) * CLINICS_A_PART
    for page in listed_pages(db.session(), now(), first=first, most=CLINICS_A_PART):
        entries += _entries(clinic_url(page.clinic_id, page.name), page.changed_on)
    spaces = f"xmlns={quoteattr(_SCHEMA)} xmlns:xhtml={quoteattr(_XHTML)}"
    return _xml("urlset", spaces, entries)


def card() -> Response:
    """The picture beside a link to any page but a clinic's."""
    words = _("Find ketamine infusion clinics near you.")
    return _picture(words, "", _("See what was really checked at each: by whom, and until when."))


def clinic_card(clinic_id: int) -> ResponseReturnValue:
    """The picture beside a link to a clinic: what can be looked up there, never what was found."""
    clinic = db.session.get(Clinic, clinic_id)
    if clinic is None or db.session.get(SearchRow, clinic_id) is None:
        heir = successor(db.session(), clinic_id) or abort(404)
        return redirect(url_for("public.clinic_card", clinic_id=heir.clinic_id), 301)
    town = f"{clinic.city}, {clinic.state}"
    words = _("See what was really checked at this clinic: by whom, and until when it holds.")
    return _picture(clinic.name, town, words)


def _picture(name: str, town: str, words: str) -> Response:
    """Return a card, drawn only for who does not have it yet."""
    note = _("Demonstration data: no clinic here is real.") if state().demonstration else ""
    parts = (_("Infusion Clinic Directory"), name, town, words, note)
    known = hashlib.sha256("\0".join((share_card.VERSION, *parts)).encode()).hexdigest()
    response = Response(mimetype="image/png")
    response.set_etag(known[:24])
    response.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # it is made for others
    if request.if_none_match.contains_weak(known[:24]):
        response.status_code = 304
    else:
        response.data = _drawn(*parts)
    return response


@lru_cache(maxsize=128)
def _drawn(site: str, name: str, town: str, words: str, note: str) -> bytes:
    return share_card.draw(site, name, town, words, note)


def _parts() -> int:
    return max(1, -(-count_listed(db.session()) // CLINICS_A_PART))


def _entries(path: str, changed: date | None) -> Iterator[str]:
    """Yield a page's entry in each language, every one with the addresses of all."""
    addresses = alternates(path.removeprefix(request.script_root))
    named = [*addresses.items(), ("x-default", addresses[SOURCE_LANGUAGE])]
    links = "".join(
        f'<xhtml:link rel="alternate" hreflang={quoteattr(code)} href={quoteattr(address)}/>'
        for code, address in named
    )
    day = f"<lastmod>{changed.isoformat()}</lastmod>" if changed else ""
    for address in addresses.values():
        yield f"<url><loc>{escape(address)}</loc>{day}{links}</url>\n"


def _xml(root: str, spaces: str, entries: Iterable[str]) -> Response:
    body = "".join(entries)
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} {spaces}>\n{body}</{root}>\n'
    response = Response(text, mimetype="application/xml")
    response.add_etag()
    response.make_conditional(request)
    return response


def _unless_findable(response: Response) -> Response:
    """Tell search engines not to keep what is no page of `FINDABLE`, or not as it should be."""
    status = response.status_code
    meant = status == 200 and request.endpoint in _MEANT
    if not (meant or 300 < status < 400):
        response.headers.setdefault("X-Robots-Tag", "noindex")
    return response
