"""The heading of a page of results: how many clinics, how far around which place."""

from flask import Blueprint
from markupsafe import Markup

from directory.web.language import gettext, ngettext
from directory.web.searching import Answer


def install(pages: Blueprint) -> None:
    """Give templates the heading."""
    pages.add_app_template_global(results_heading)


def results_heading(answer: Answer) -> Markup:
    """Return the heading of an answer that has results, also of one without clinics."""
    results, place = answer.results, answer.place
    if results is None or place is None:
        raise ValueError("nothing was searched")
    count = results.total
    said = {"count": count, "place": place.name}
    if results.page > results.pages:
        text = gettext("There is no page %(page)s of these results")
        said["page"] = results.page
    elif answer.whole_state and count:
        text = ngettext("%(count)s clinic in %(place)s", "%(count)s clinics in %(place)s", count)
    elif answer.whole_state:
        text = gettext("No clinics in %(place)s")
    else:
        said["miles"] = miles_exactly(answer.within_miles)
        text = (
            ngettext(
                "%(count)s clinic within %(miles)s of %(place)s",
                "%(count)s clinics within %(miles)s of %(place)s",
                count,
            )
            if count
            else gettext("No clinics within %(miles)s of %(place)s")
        )
    return Markup(text) % said  # noqa: S704 - our own words; what is put in is escaped


def results_title(answer: Answer, heading: Markup) -> Markup:
    """Return the same for the title, where the number of a page belongs to it."""
    results = answer.results
    if results is None or not 1 < results.page <= results.pages:
        return heading
    page = {"page": results.page, "pages": results.pages}
    return heading + Markup(gettext(", page %(page)s of %(pages)s")) % page  # noqa: S704 - as above


def miles_exactly(miles: float) -> str:
    """Return a number of miles with all its digits, in words."""
    said = ngettext("%(shown)s mile", "%(shown)s miles", 1 if miles == 1 else 2)
    return said % {"shown": f"{miles:g}"}
