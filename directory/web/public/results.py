"""The page of clinics that were found: kept by its shape, and filled for each search."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from flask import request
from markupsafe import Markup

from directory.web.forms.search import RADII, SearchForm
from directory.web.fragments import kept_macro, kept_page, macro_of
from directory.web.language import editions, language
from directory.web.public.addresses import search_url
from directory.web.public.cards import card_list
from directory.web.public.compare import chosen
from directory.web.public.headings import results_heading, results_title
from directory.web.public.maps import map_of_search, tiles
from directory.web.searching import Answer
from directory.web.state import catalogue, state


class Shape(NamedTuple):
    """All that decides how such a page is built; two of one shape differ in their live parts."""

    edition: str
    confirmation: str
    demonstration: bool
    filters: tuple[tuple[str, str], ...]
    within_miles: float
    whole_state: bool
    by_standing: bool
    several: bool
    note: str | None
    precision: str
    closest: bool
    picked: bool
    comparing: bool
    tiles: str


def found_page(answer: Answer) -> bytes:
    """Return the page of an answer with clinics, in HTML."""
    form, reading, place, results = answer.form, answer.reading, answer.place, answer.results
    if reading is None or place is None or results is None:
        raise ValueError("nothing was found")
    row, edition, comparing = state(), catalogue(), bool(chosen().found)
    by_standing = form.sort.data == "standing"
    shape = Shape(
        edition=row.edition,
        confirmation=row.confirmation,
        demonstration=row.demonstration,
        filters=form.codes_chosen,
        within_miles=answer.within_miles,
        whole_state=answer.whole_state,
        by_standing=by_standing,
        several=results.total > 1,
        note=reading.note,
        precision=place.precision,
        closest=request.args.get("here") == "1",
        picked=form.picked,
        comparing=comparing,
        tiles=tiles(),
    )
    heading = results_heading(answer)
    unfiltered = search_url(**form.without_filters)
    told = reading.corrected or answer.clinics or reading.alternatives
    live: dict[str, Any] = {
        "heading": heading,
        "title": results_title(answer, heading),
        "languages": _other_languages(),
        "notices": macro_of("place_notes", "notices")(answer) if told else "",
        "place": place.name,
        "typed": form.near.data or place.name,
        "carried": _hidden(form.carried_but_miles),
        "lat": form.lat.data,
        "lon": form.lon.data,
        "facets": results.facets,
        "hidden": _hidden(form.kept_by_filters),
        "unfiltered": unfiltered,
        "chips": _chips(form, unfiltered) if form.chosen else "",
        "other_order": search_url(sort=None if by_standing else "standing"),
        "bar": (
            macro_of("compare_choice", "compare_bar")(results.hits, results.page)
            if comparing
            else ""
        ),
        "first": results.first,
        "cards": card_list(results.hits, form, about=answer.about, level=2),
        "pages": _links(results.page, results.pages) if results.pages > 1 else "",
        "map": map_of_search(),
    }
    return kept_page("public/found.html", shape, live, form=form, catalogue=edition, radii=RADII)


def _hidden(pairs: Iterable[tuple[str, str]]) -> Markup:
    """Return hidden fields of a form."""
    fields = [kept_macro("search_box", "hidden_field", live=pair) for pair in pairs]
    return _joined(fields)


def _other_languages() -> Markup:
    """Return links to this page in the other languages."""
    own = language()
    links = [
        kept_macro("language_switch", "language_link", each.code, each.name, live=[each.path])
        for each in editions()
        if each.code != own
    ]
    return _joined(links)


def _chips(form: SearchForm, clear: str) -> Markup:
    """Return the filters in use, each with the address of the search without it."""
    chips = [
        kept_macro("filters", "chip", live=[search_url(**one.taken_away), one.label])
        for one in form.chosen
    ]
    return kept_macro("filters", "all_chips", live=[_joined(chips), clear])


def _joined(rendered: Iterable[Markup]) -> Markup:
    return Markup("".join(rendered))  # noqa: S704 - rendered


def _links(page: int, pages: int) -> Markup:
    """Return the links to the page before and the page after."""
    earlier, later = page > 1, page < pages
    addresses = [
        search_url(page=page - 1) if earlier else "",
        search_url(page=page + 1) if later else "",
    ]
    return kept_macro("pagination", "links", earlier, later, live=[page, pages, *addresses])
