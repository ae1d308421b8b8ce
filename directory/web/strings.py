"""What there is to translate: each text of code and templates, and each text of the checklist.

Written with Babel's own readers, so that translators can use any program for PO files.
"""

from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from directory import paths
from directory.domain.criteria import parse_catalogue
from directory.web.translations import FOLDER, SOURCE_LANGUAGE

KEYWORDS = {
    "_": None,
    "_l": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
READERS = {
    paths.PACKAGE: ([("**.py", "python")], {}),
    paths.TEMPLATES: ([("**.html", "jinja2"), ("**.txt", "jinja2")], {"trimmed": "true"}),
}
PROJECT = "Infusion Clinic Directory"
HEADER = "# The texts of the site in one language; `flask languages update` keeps them in step."
FILES = ("messages", "catalogue")
LONGEST_LINE = 100


def template(name: str) -> Catalog:
    """Return every text of one file of a language, untranslated: "messages" or "catalogue"."""
    found = Catalog(charset="utf-8")
    for text, context in _catalogue_texts() if name == "catalogue" else _messages():
        found.add(text, context=context)
    return found


def _messages() -> Iterator[tuple[str | tuple[str, ...], str | None]]:
    for folder, (method_map, options) in READERS.items():
        rows = extract_from_dir(
            folder, method_map, {"**": options}, keywords=KEYWORDS, comment_tags=("translators:",)
        )
        for _file, _line, text, _comments, context in rows:
            yield text, context


def _catalogue_texts() -> Iterator[tuple[str, None]]:
    for file in sorted(paths.SEED_DATA.glob("catalogue-*.toml")):
        for text in parse_catalogue(file.read_text(encoding="utf-8")).texts():
            yield text, None


def update(code: str) -> dict[str, tuple[int, int]]:
    """Bring a language's files in step with the texts; makes them when they are missing.

    Returns for each file how many texts are translated, and how many there are. A translation of
    a text that is gone is dropped; a new text stands empty, and nothing is guessed.
    """
    (FOLDER / code).mkdir(parents=True, exist_ok=True)
    counts = {}
    for name in FILES:
        kept = read(code, name)
        kept.update(template(name), no_fuzzy_matching=True, update_creation_date=False)
        kept.obsolete.clear()
        kept.fuzzy = False
        with path(code, name).open("wb") as opened:
            write_po(opened, kept, width=LONGEST_LINE, no_location=True)
        counts[name] = (sum(is_translated(m) for m in texts(kept)), len(texts(kept)))
    return counts


def path(code: str, name: str) -> Path:
    """Return where a language's file is."""
    return FOLDER / code / f"{name}.po"


def read(code: str, name: str) -> Catalog:
    """Return a language's file as it is stored; an empty one when it is not there yet."""
    file = path(code, name)
    if not file.exists():
        return Catalog(
            locale=code,
            project=PROJECT,
            version="1",
            header_comment=HEADER,
            msgid_bugs_address="-",
            last_translator="-",
            language_team="-",
        )
    with file.open("rb") as opened:
        return read_po(opened, locale=code)


def texts(catalog: Catalog) -> list[Message]:
    """Return the texts of a file without its header."""
    return [message for message in catalog if message.id]


def is_translated(message: Message) -> bool:
    """Say whether each form of a text is there, and none of it is a guess."""
    forms = message.string if isinstance(message.string, (list, tuple)) else (message.string,)
    return all(forms) and not message.fuzzy


def gaps(code: str) -> list[str]:
    """Return what is missing, unknown or broken in a language, one line each; none when whole."""
    if code == SOURCE_LANGUAGE:
        return []
    lines = []
    for name in FILES:
        wanted, stored = template(name), read(code, name)
        for message in texts(wanted):
            given = stored.get(message.id, message.context)
            if given is None:
                lines.append(f"{name}.po: missing: {message.id!r}")
            elif not is_translated(given):
                lines.append(f"{name}.po: not translated: {message.id!r}")
        for message in texts(stored):
            if wanted.get(message.id, message.context) is None:
                lines.append(f"{name}.po: no longer used: {message.id!r}")
            lines += [f"{name}.po: {problem}: {message.id!r}" for problem in message.check(stored)]
    return lines
