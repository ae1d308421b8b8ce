"""Two to four clinics side by side; which ones, the address alone says."""

from collections.abc import Sequence

from babel.lists import format_list
from flask import Blueprint, Response, g, make_response, render_template, request, url_for

from directory.domain.comparing import MOST, compare
from directory.domain.shown import shown
from directory.extensions import db
from directory.operations.comparing import Choice, Named, choose, side_by_side
from directory.web.choosing import PARAMETER, read_choice
from directory.web.forms.search import SearchForm
from directory.web.language import language
from directory.web.state import catalogue, now


def install(pages: Blueprint) -> None:
    """Add the comparison to the pages for patients, and what leads there to every template."""
    pages.add_url_rule("/compare", view_func=compare_clinics, endpoint="compare")
    for given in (shown, chosen, in_words, compare_url, choose_another_url):
        pages.add_app_template_global(given)


def compare_clinics() -> Response:
    """The clinics of the address side by side, or how to choose them."""
    asked = read_choice(request.args.getlist(PARAMETER))
    choice = choose(db.session(), asked.clinic_ids)
    columns = side_by_side(db.session(), choice.shown, now())
    page = render_template(
        "public/compare.html" if len(columns) > 1 else "public/compare_choose.html",
        asked=asked,
        choice=choice,
        columns=columns,
        names=[column.label for column in columns],
        compared=compare(catalogue(), [column.findings for column in columns]),
        catalogue=catalogue(),
        most=MOST,
        form=SearchForm(request.args, catalogue()),
    )
    response = make_response(page, 400 if asked.unreadable else 200)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def chosen() -> Choice:
    """Return the clinics that the address of this page says are chosen to compare."""
    if "chosen_to_compare" not in g:
        ids = read_choice(request.args.getlist(PARAMETER)).clinic_ids
        g.chosen_to_compare = choose(db.session(), ids) if ids else Choice(found=())
    found: Choice = g.chosen_to_compare
    return found


def in_words(names: Sequence[str], places: Sequence[int] | None = None) -> str:
    """Return names, or those at some places, as a list in this page's language: A, B, and C."""
    told = names if places is None else [names[place] for place in places]
    return str(format_list(list(told), locale=language()))


def compare_url(clinics: Sequence[Named], *, without: int = 0) -> str:
    """Return the address that compares these clinics, but for the one numbered `without`."""
    ids = [one.clinic_id for one in clinics if one.clinic_id != without]
    return url_for("public.compare", c=ids)


def choose_another_url(postal_code: str, clinic_ids: Sequence[int]) -> str:
    """Return a search near a ZIP code that keeps what is chosen: from there one adds another."""
    return url_for("public.search", near=postal_code, c=list(clinic_ids))
