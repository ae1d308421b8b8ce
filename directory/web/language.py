"""How pages speak: the language of a request, and days, distances and phones in its words."""

import re
from datetime import date

from babel import Locale
from babel.dates import format_date
from flask import Flask
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from directory.extensions import babel
from directory.web import wording

LANGUAGES = ("en",)


def install(app: Flask) -> None:
    """Set up translations, strict templates and the filters they use."""
    from jinja2 import StrictUndefined

    babel.init_app(app, default_locale=LANGUAGES[0], default_timezone="UTC")
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.filters.update(
        day=day, miles=miles, phone=phone, dollars=dollars, language_name=language_name
    )
    app.jinja_env.globals.update(wording=wording, language=language)


def language() -> str:
    """Return the language code of this request, for `lang` attributes."""
    return str(get_locale() or LANGUAGES[0])


def day(value: date) -> str:
    """Return a day as patients read it: 12 Oct 2026."""
    return str(format_date(value, "d MMM yyyy", locale=language()))


def miles(value: float) -> str:
    """Return a distance in miles: tenths below ten, whole miles from there."""
    if value < 0.05:
        return str(_("less than 0.1 miles"))
    shown = f"{value:.1f}" if value < 9.95 else f"{value:,.0f}"
    return str(
        ngettext("%(shown)s mile", "%(shown)s miles", 1 if shown == "1.0" else 2, shown=shown)
    )


def phone(value: str) -> str:
    """Return a US number in E.164 as people write it, any other as it is."""
    found = re.fullmatch(r"\+1(\d{3})(\d{3})(\d{4})", value)
    return "({}) {}-{}".format(*found.groups()) if found else value


def language_name(code: str) -> str:
    """Return the name of a spoken language from its ISO 639 code, or the code itself."""
    return str(Locale.parse(language()).languages.get(code, code))


def dollars(value: int) -> str:
    """Return whole US dollars: $1,250."""
    return f"${value:,}"
