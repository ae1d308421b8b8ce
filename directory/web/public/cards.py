"""The cards of a list of results: each clinic's own part kept, what belongs to the search live."""

import re
from collections.abc import Sequence
from functools import lru_cache

from flask import request
from markupsafe import escape

from directory.operations.cards import standing_at, telling_findings
from directory.operations.search import Hit
from directory.web.forms.search import SearchForm
from directory.web.fragments import Shared, cut, kept_macro, macro_of, shared, slots
from directory.web.hits import pieces_of
from directory.web.language import language, phone, rounded_miles
from directory.web.public.addresses import clinic_url
from directory.web.public.compare import chosen
from directory.web.state import catalogue, state

LIVE = ("distance", "ticked", "away", "asked")
"""The parts of a card that belong to the search, in the order in which the template puts them."""

OWN = ("number", "name", "address", "where", "phone", "call")
"""The parts that hardly any other clinic has: what stands between them is shared by many cards."""

_BLOCK = re.compile(
    r"^(?=[ ]*(?:<(?:div|dl|p|span)\b|\w))|(?<=claim\">|-when\">)|(?=</span>(?:\n|</span></span>))",
    re.MULTILINE,
)
"""Where what other cards have too, such as a mark, meets what they have not, such as a day."""


def card_list(hits: Sequence[Hit], form: SearchForm, *, about: bool, level: int) -> bytes:
    """Return the cards as items of a list, in HTML; `level` is that of their headings."""
    rules = state().confirmation
    edition = catalogue()

    def render(hit: Hit) -> Shared:
        standing = standing_at(hit.card, hit.minute)
        findings = telling_findings(hit.card, hit.minute)
        parts = dict(zip(LIVE + OWN, slots(LIVE + OWN), strict=True))
        card = macro_of("clinic_card", "card_of")(
            hit.card, parts, standing, findings, edition, rules, level
        )
        return shared(_rows(f"  <li>{card}</li>\n", _own(hit)))

    code = language()
    key = ("card", level, code, request.script_root, edition.edition, rules)
    labels = "; ".join(one.label for one in form.chosen)
    asked = _bytes(
        kept_macro(
            "clinic_card", "asked", form.sort.data == "standing", bool(labels), live=[labels]
        )
    )
    ticked = {one.clinic_id for one in chosen().found}
    items: list[str] = []
    for hit, pieces in pieces_of(hits, key, render):
        head, place, tick, why, end = pieces.rows
        distance, away = _how_far(code, rounded_miles(hit.distance_miles), about)
        checked = " checked" if hit.clinic_id in ticked else ""
        items += (*head, distance, *place, checked, *tick, away, *why, asked, *end)
    return "".join(items).encode("latin-1")


def _own(hit: Hit) -> list[str]:
    """Return the parts of OWN of a clinic, as they stand in HTML."""
    card = hit.card
    number = card["phone"] or ""
    where = f"{card['street']}, {card['city']}, {card['state']}"
    address = clinic_url(hit.clinic_id, card["name"])
    return [
        str(escape(part))
        for part in (hit.clinic_id, card["name"], address, where, number, phone(number))
    ]


def _rows(card: str, own: Sequence[str]) -> list[list[bytes]]:
    """Return the texts between the live parts of a rendered card, each as the pieces it has."""
    texts, order = cut(card)
    rows: list[list[bytes]] = [[]]
    for text, at in zip(texts, (*order, None), strict=True):
        rows[-1] += [piece.encode() for piece in _BLOCK.split(text) if piece]
        if at is None:
            break
        if at < len(LIVE):
            rows.append([])
        elif own[at - len(LIVE)]:
            rows[-1].append(own[at - len(LIVE)].encode())
    return rows


@lru_cache(maxsize=4096)
def _how_far(_code: str, miles: float, about: bool) -> tuple[str, str]:
    """Return a distance at the head of a card, and in the sentence on why it is there.

    They follow from the language of this request, which is the first part of the key.
    """
    distance, away = macro_of("clinic_card", "distance"), macro_of("clinic_card", "away")
    return _bytes(distance(miles, about)), _bytes(away(miles, about))


def _bytes(text: str) -> str:
    """Return a text with each of its bytes as one character, as the pieces of cards are."""
    return text.encode().decode("latin-1")
