"""The cards of a list of results: each clinic's own part kept, what belongs to the search live."""

from collections.abc import Sequence
from typing import Any

from flask import current_app, request

from directory.operations.cards import standing_at, telling_findings
from directory.operations.search import Hit
from directory.web.forms.search import SearchForm
from directory.web.fragments import cut, fragments, packed, slots, unpacked
from directory.web.hits import pieces_of
from directory.web.language import language, rounded_miles
from directory.web.public.compare import chosen
from directory.web.state import catalogue, state

LIVE = ("distance", "ticked", "away", "asked")
"""The parts of a card that belong to the search, in the order in which the template puts them."""


def card_list(hits: Sequence[Hit], form: SearchForm, *, about: bool, level: int) -> bytes:
    """Return the cards as items of a list, in HTML; `level` is that of their headings."""
    macros: Any = current_app.jinja_env.get_template("components/clinic_card.html").module
    rules = state().confirmation
    edition = catalogue()

    def render(hit: Hit) -> tuple[tuple[bytes], bytes]:
        standing = standing_at(hit.card, hit.minute)
        findings = telling_findings(hit.card, hit.minute)
        card = macros.card_of(hit, standing, findings, edition, rules, level, *slots(LIVE))
        texts, _order = cut(card)
        return packed(key, [text.encode() for text in texts])

    key = ("card", level, language(), request.script_root, edition.edition, rules)
    asked = str(macros.asked(form)).encode()
    ticked = {one.clinic_id for one in chosen().found}
    items: list[bytes] = []
    for hit, pieces in pieces_of(hits, key, render):
        head, place, tick, why, end = unpacked(pieces)
        distance, away = _how_far(macros, hit.distance_miles, about=about)
        checked = b" checked" if hit.clinic_id in ticked else b""
        card = (head, distance, place, checked, tick, away, why, asked, end)
        items += (b"  <li>", *card, b"</li>\n")
    return b"".join(items)


def _how_far(macros: Any, miles: float, *, about: bool) -> tuple[bytes, bytes]:
    """Return a distance at the head of a card, and in the sentence on why it is there."""
    miles = rounded_miles(miles)
    key = ("how far", language(), miles, about)
    said: tuple[bytes, bytes] | None = fragments().find(key)
    if said is None:
        said = (macros.distance(miles, about).encode(), macros.away(miles, about).encode())
        fragments().keep(key, said)
    return said
