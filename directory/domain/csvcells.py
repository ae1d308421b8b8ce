"""Tables as CSV that a spreadsheet shows and never runs.

A cell that begins like a formula gets an apostrophe in front, as people write it themselves. So
does one that begins with an apostrophe, which is what makes the value recoverable. Every cell is
quoted: a spreadsheet that cuts at semicolons or tabs then finds no second cell inside one.
"""

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence

MARK = "'"
_STARTERS = frozenset("=+-@")


def safe(value: object) -> str:
    """Return `value` as the text of a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return MARK + text if text and (text[0] == MARK or dangerous(text)) else text


def recovered(cell: str) -> str:
    """Return the value that `safe` made `cell` of."""
    return cell.removeprefix(MARK)


def dangerous(text: str) -> bool:
    """Say whether a spreadsheet may take `text` for a formula.

    It may strip what cannot be seen in front, and read a full-width sign as the plain one.
    """
    first = text[0]
    if first.isspace() or unicodedata.category(first) in ("Cc", "Cf", "Zl", "Zp"):
        return True
    return not _STARTERS.isdisjoint(unicodedata.normalize("NFKC", first)[:1])


def table(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as CSV (RFC 4180), every cell safe and quoted."""
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([safe(value) for value in row] for row in rows)
    return written.getvalue()
