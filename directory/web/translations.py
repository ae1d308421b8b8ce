"""The languages of the site: English, and one folder for each other one.

`directory/translations/<code>/*.po` is all there is to a language. The files are read as they are,
once a process, so that nothing has to be compiled, shipped or kept in step.
"""

from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask_babel import Babel, Domain, get_locale

from directory import paths

SOURCE_LANGUAGE = "en"
FOLDER = paths.PACKAGE / "translations"


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """Return the codes of the languages, the one the code is written in first."""
    folders = (file.parent.name for file in FOLDER.glob("*/messages.po"))
    return (SOURCE_LANGUAGE, *sorted(folders))


@cache
def translations_of(code: str) -> NullTranslations:
    """Return what a language's folder says; for the source language, nothing.

    A text marked fuzzy is a guess, and is left out.
    """
    found = NullTranslations()
    for file in (FOLDER / code).glob("*.po"):
        found.add_fallback(_compiled(file, code))
    return found


def _compiled(file: Path, code: str) -> Translations:
    compiled = BytesIO()
    with file.open("rb") as opened:
        write_mo(compiled, read_po(opened, locale=code))
    compiled.seek(0)
    return Translations(compiled)


class FolderDomain(Domain):  # type: ignore[misc]  # Flask-Babel ships no types
    """Flask-Babel's domain over the folders of languages."""

    def get_translations(self) -> NullTranslations:
        """Return the translations for the language of this request."""
        return translations_of(str(get_locale() or SOURCE_LANGUAGE))


class FolderBabel(Babel):  # type: ignore[misc]
    """Flask-Babel with that domain."""

    domain_instance = FolderDomain()
