"""What staff type about a clinic, a person or a paper: one clean form, or a reason to refuse it.

Nothing here knows a form or a language: a refusal is a code, and the screens have the words.
"""

import re
import unicodedata
from itertools import pairwise
from urllib.parse import urlsplit

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_SPAN = re.compile(
    r"(?P<first>[a-z]+)(?:\s*(?:-|–|to)\s*(?P<last>[a-z]+))?\s*:?\s*"
    r"(?P<opens>\d{1,2}:\d{2})\s*(?:-|–|to)\s*(?P<closes>\d{1,2}:\d{2})"
)
_HOST = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
_EXTENSION = re.compile(r"\s*(?:x|ext\.?|extension)\s*\d+\s*$", re.IGNORECASE)


class EntryRefused(ValueError):
    """Something typed that cannot be stored; `code` says why and `field` where."""

    def __init__(self, code: str, field: str = "", **details: object) -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self.details = details

    @property
    def problems(self) -> tuple["EntryRefused"]:
        """Itself, as what refuses several things lists them."""
        return (self,)


def has_hidden(text: str, *, lines: bool = False) -> bool:
    """Say whether text holds characters that nobody sees: controls, bidi marks, zero widths.

    `lines` allows line breaks and tabs.
    """
    return any(
        unicodedata.category(char) in _HIDDEN and not (lines and char in "\r\n\t") for char in text
    )


def tidy(text: str, *, lines: bool = False) -> str:
    """Return text in Unicode's normal form C, spaces trimmed; raises EntryRefused("hidden").

    In one line, runs of spaces become one; with `lines`, line ends become plain ones.
    """
    text = unicodedata.normalize("NFC", text).strip()
    if has_hidden(text, lines=lines):
        raise EntryRefused("hidden")
    if lines:
        return "\n".join(line.rstrip() for line in re.split(r"\r\n|\r|\n", text))
    return " ".join(text.split())


def looks_alike(text: str) -> bool:
    """Say whether one word mixes Latin letters with Greek or Cyrillic ones that look the same.

    A name that does is flagged for a person to look at, never refused.
    """
    for word in re.findall(r"\w+", text):
        scripts = {unicodedata.name(char, "").partition(" ")[0] for char in word if char.isalpha()}
        if len(scripts & {"LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE"}) > 1:
            return True
    scripts = {unicodedata.name(c, "").partition(" ")[0] for c in text if c.isalpha()}
    return "LATIN" in scripts and bool(scripts & {"CYRILLIC", "CHEROKEE"})


def phone_number(text: str) -> str | None:
    """Return a US number in E.164 (+1 and ten digits), None for an empty text.

    Raises EntryRefused("phone"): the North American plan lets neither the area code nor the
    exchange begin with 0 or 1, and both "911" style codes and extensions are no line of a clinic.
    """
    if not text:
        return None
    digits = re.sub(r"[\s().\-–/]", "", text)
    found = re.fullmatch(r"(?:\+?1)?([2-9]\d{2})([2-9]\d{2})(\d{4})", digits, re.ASCII)
    if not found or _EXTENSION.search(text) or found[1].endswith("11") or found[2].endswith("11"):
        raise EntryRefused("phone")
    return "+1" + "".join(found.groups())


def web_address(text: str, longest: int = 300) -> str | None:
    """Return an http or https address with a named host, None for an empty text.

    Raises EntryRefused("website") on another scheme, a user name or password, a bare number as
    host, a backslash or a space: each is a way to lead a reader elsewhere than it seems.
    """
    if not text:
        return None
    if "://" not in text and not re.match(r"[a-z][a-z0-9+.-]*:", text, re.IGNORECASE):
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").encode("idna").decode()
        port = parts.port
    except (ValueError, UnicodeError):
        raise EntryRefused("website") from None
    odd = re.search(r"[\s\\<>\"'`{}|^]", text) or parts.username is not None or "@" in parts.netloc
    if parts.scheme not in ("http", "https") or odd or not _HOST.fullmatch(host):
        raise EntryRefused("website")
    shown = f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path}"
    shown += f"?{parts.query}" if parts.query else ""
    if len(shown) > longest:
        raise EntryRefused("website")
    return shown


def same_fact(before: object, after: object) -> bool:
    """Say whether two values say the same: case, dots and spaces aside in text."""
    if isinstance(before, str) and isinstance(after, str):
        return comparable(before) == comparable(after)
    return before == after or (not before and not after and before is not False is not after)


def comparable(text: str) -> str:
    """Return text without what says nothing: case, spaces in a row, dots and commas."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\s.,;]+", " ", plain).strip()


def read_hours(text: str) -> list[dict[str, str]]:
    """Read opening hours, one line for a day or a run of days: "Mon-Fri 08:30-17:00".

    Raises EntryRefused("hours") with the line; days come out in the order of the week.
    """
    hours = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        found = _SPAN.fullmatch(line.casefold())
        if not found:
            raise EntryRefused("hours", line=line[:60])
        first, last = _day(found["first"]), _day(found["last"] or found["first"])
        opens, closes = _clock(found["opens"]), _clock(found["closes"])
        if first is None or last is None or last < first or not opens or not closes:
            raise EntryRefused("hours", line=line[:60])
        if closes <= opens:
            raise EntryRefused("hours", line=line[:60])
        hours += [{"day": day, "opens": opens, "closes": closes} for day in DAYS[first : last + 1]]
    hours.sort(key=lambda span: (DAYS.index(span["day"]), span["opens"]))
    for one, other in pairwise(hours):
        if one["day"] == other["day"] and other["opens"] < one["closes"]:
            raise EntryRefused("hours", line=one["day"])
    return hours


def write_hours(hours: list[dict[str, str]]) -> str:
    """Return opening hours as they are typed, equal days in a row put together."""
    lines: list[tuple[int, int, str]] = []
    for span in hours:
        day, times = DAYS.index(span["day"]), f"{span['opens']}-{span['closes']}"
        if lines and lines[-1][1] == day - 1 and lines[-1][2] == times:
            lines[-1] = (lines[-1][0], day, times)
        else:
            lines.append((day, day, times))
    return "\n".join(
        f"{DAYS[first].title()}{f'-{DAYS[last].title()}' if last > first else ''} {times}"
        for first, last, times in lines
    )


def _day(word: str) -> int | None:
    found = [n for n, day in enumerate(DAYS) if len(word) >= 3 and day.startswith(word)]
    return found[0] if found else {"tues": 1, "thurs": 3}.get(word)


def _clock(text: str) -> str | None:
    hour, minute = (int(part) for part in text.split(":"))
    return f"{hour:02}:{minute:02}" if hour < 24 and minute < 60 else None
