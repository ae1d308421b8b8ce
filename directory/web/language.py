"""How pages speak: the language of a request, and days, distances and phones in its words.

A language stands first in the address (`/es/guide`); the source language has no such part. It is
moved to the address's root before anything else reads it, so that every link, form and redirect
stays in its language by itself.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date
from functools import cache, lru_cache
from typing import NamedTuple
from urllib.parse import quote

from babel import Locale
from babel.dates import format_date
from babel.localedata import locale_identifiers
from babel.numbers import format_decimal
from babel.support import NullTranslations
from flask import Flask, g, request

from directory.extensions import babel
from directory.web import wording
from directory.web.translations import SOURCE_LANGUAGE, languages, translations_of

_Wsgi = Callable[..., Iterable[bytes]]

CHOSEN = "directory.language"
"""The key in a WSGI environment under which the language of the address is kept."""

_PATH = "/:@!$&'()*+,;=-._~"
"""Characters that stand for themselves in a path (RFC 3986, section 3.3)."""


class Edition(NamedTuple):
    """This page in one language: the code, its name in itself, its address on this host."""

    code: str
    name: str
    path: str


def install(app: Flask) -> None:
    """Set up translations, strict templates and the filters they use."""
    from jinja2 import StrictUndefined

    app.wsgi_app = _from_the_address(app.wsgi_app)  # type: ignore[method-assign]
    babel.init_app(
        app,
        default_locale=SOURCE_LANGUAGE,
        default_timezone="UTC",
        locale_selector=language,
    )
    # Flask-Babel looks the language up anew for each text: a quarter of the time of a page of text.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext,
        ngettext,
        newstyle=True,
    )
    # Jinja compares all names at each import of a macro; those of its usual ChainMap take ten times
    # as long as a dict's. No template here is given globals of its own.
    app.jinja_env.make_globals = lambda _own: app.jinja_env.globals  # type: ignore[assignment,method-assign]
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.filters.update(
        day=day, miles=miles, phone=phone, dollars=dollars, language_name=language_name
    )
    app.jinja_env.globals.update(wording=wording, language=language, editions=editions)


def gettext(text: str) -> str:
    """Return a text in the language of this page; names in it are for the caller to fill."""
    return _texts().gettext(text)


def ngettext(one: str, many: str, count: int) -> str:
    """Return the form of a text that goes with a number, in the language of this page."""
    return _texts().ngettext(one, many, count)


def _texts() -> NullTranslations:
    """Return the translations for this page, found once a request."""
    found: NullTranslations | None = g.get("texts")
    if found is None:
        found = g.texts = translations_of(language())
    return found


def _from_the_address(application: _Wsgi) -> _Wsgi:
    """Return the WSGI application that takes a language off the front of an address."""

    def answer(environ: dict[str, str], start: Callable[..., object]) -> Iterable[bytes]:
        code, path = parted(environ.get("PATH_INFO", ""))
        if code != SOURCE_LANGUAGE:
            environ = environ | in_language(code, environ.get("SCRIPT_NAME", ""))
            environ["PATH_INFO"] = path
        return application(environ, start)

    return answer


def parted(path: str) -> tuple[str, str]:
    """Return the language that stands first in a path of the site, and the path below it."""
    first, _slash, rest = path.removeprefix("/").partition("/")
    return (first, f"/{rest}") if first in languages()[1:] else (SOURCE_LANGUAGE, path)


def in_language(code: str, root: str = "") -> dict[str, str]:
    """Return what a WSGI environment holds for a page in that language below `root`."""
    if code == SOURCE_LANGUAGE:
        return {"SCRIPT_NAME": root, CHOSEN: code}
    return {"SCRIPT_NAME": f"{root}/{code}", CHOSEN: code}


def language() -> str:
    """Return the language code of this request; a command answers no request and has none."""
    try:
        environ = request.environ
    except RuntimeError:
        return SOURCE_LANGUAGE
    found: str = environ.get(CHOSEN, SOURCE_LANGUAGE)
    return found


@cache
def _conventions(code: str) -> Locale:
    """Return how days and numbers are written in a language in the United States."""
    return Locale.negotiate([f"{code}_US", code], locale_identifiers()) or Locale.parse(code)


def site_root() -> str:
    """Return the path below which the whole site lies, whatever the language of this page."""
    chosen = language()
    return request.script_root.removesuffix(f"/{chosen}" if chosen != SOURCE_LANGUAGE else "")


def editions() -> list[Edition]:
    """Return this page, its query included, in each language of the site.

    A page that answers a sent form has none: following a link would lose what was typed.
    """
    if request.method not in ("GET", "HEAD"):
        return []
    query = request.query_string
    path = _own_path() + ("?" + quote(query, safe=_PATH + "?%") if query else "")
    root = site_root()
    return [
        Edition(code, _own_name(code), in_language(code, root)["SCRIPT_NAME"] + path)
        for code in languages()
    ]


@cache
def _own_name(code: str) -> str:
    return language_name(code, code).capitalize()


def alternates(path: str = "") -> dict[str, str]:
    """Return the whole address of a page in each language; of this one, unless `path` names it."""
    host = request.host_url.rstrip("/")
    return {code: host + path_in(code, path or _own_path()) for code in languages()}


def path_in(code: str, path: str) -> str:
    """Return a path of the site, which begins with a slash, as it stands in a language."""
    return in_language(code, site_root())["SCRIPT_NAME"] + path


def _own_path() -> str:
    return quote(request.path, safe=_PATH)


def day(value: date) -> str:
    """Return a day as patients read it: 12 Oct 2026."""
    return _day(value, language())


@lru_cache(maxsize=4096)
def _day(value: date, code: str) -> str:
    return str(format_date(value, "d MMM yyyy", locale=_conventions(code)))


def miles(value: float) -> str:
    """Return a distance in miles: tenths below ten, whole miles from there."""
    rounded = rounded_miles(value)
    if not rounded:
        return gettext("less than 0.1 miles")
    shown = format_decimal(
        rounded, "0.0" if rounded < 10 else "#,##0", locale=_conventions(language())
    )
    said = ngettext("%(shown)s mile", "%(shown)s miles", 1 if rounded == 1 else 2)
    return said % {"shown": shown}


def rounded_miles(value: float) -> float:
    """Return a distance as exactly as it is said; 0 stands for less than a tenth."""
    if value < 0.05:
        return 0.0
    return max(round(value, 1), 0.1) if value < 9.95 else float(round(value))


def phone(value: str) -> str:
    """Return a US number in E.164 as people write it, any other as it is."""
    found = re.fullmatch(r"\+1(\d{3})(\d{3})(\d{4})", value)
    return "({}) {}-{}".format(*found.groups()) if found else value


def language_name(code: str, within: str = "") -> str:
    """Return the name of a language from its ISO 639 code, or the code itself.

    It is named in the language `within`, which is this page's unless another is given.
    """
    return _language_name(code, within or language())


@cache
def _language_name(code: str, within: str) -> str:
    return str(Locale.parse(within).languages.get(code, code))


def dollars(value: int) -> str:
    """Return whole US dollars: $1,250."""
    return f"${value:,}"
