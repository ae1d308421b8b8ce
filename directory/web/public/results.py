"""The page of clinics that were found: kept by its shape, and filled for each search."""

from typing import Any, NamedTuple

from flask import current_app, request

from directory.web.forms.search import RADII
from directory.web.fragments import kept_page
from directory.web.public.addresses import search_url
from directory.web.public.cards import card_list
from directory.web.public.compare import chosen
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
    notes, box = _macros("place_notes"), _macros("search_box")
    heading = notes.results_heading(answer)
    told = reading.corrected or answer.clinics or reading.alternatives
    live: dict[str, Any] = {
        "heading": heading,
        "title": notes.results_title(answer, heading) if results.page > 1 else heading,
        "languages": _macros("language_switch").language_switch(),
        "notices": notes.notices(answer) if told else "",
        "place": place.name,
        "typed": form.near.data or place.name,
        "carried": box.hidden(form.carried_but_miles) if form.carried_but_miles else "",
        "lat": form.lat.data,
        "lon": form.lon.data,
        "facets": results.facets,
        "hidden": box.hidden(form.kept_by_filters),
        "unfiltered": search_url(**form.without_filters),
        "chips": _macros("filters").chips(form) if form.chosen else "",
        "other_order": search_url(sort=None if by_standing else "standing"),
        "bar": (
            _macros("compare_choice").compare_bar(results.hits, results.page) if comparing else ""
        ),
        "first": results.first,
        "cards": card_list(results.hits, form, about=answer.about, level=2),
        "pages": (
            _macros("pagination").pagination(results.page, results.pages)
            if results.pages > 1
            else ""
        ),
        "map": map_of_search(),
    }
    return kept_page("public/found.html", shape, live, form=form, catalogue=edition, radii=RADII)


def _macros(name: str) -> Any:
    return current_app.jinja_env.get_template(f"components/{name}.html").module
