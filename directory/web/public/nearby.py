"""Start a search from where the browser says somebody is, and keep that position to nobody.

The position comes rounded in the body of one POST and is turned at once into the ZIP code whose
middle is nearest. Only the ZIP code goes into an address, so no address, log or cache holds it.
"""

from typing import Any

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from directory.sources.gazetteer import Gazetteer, ZipPlace
from directory.web.choosing import PARAMETER, read_choice
from directory.web.forms.search import SearchForm
from directory.web.state import catalogue, here

DECIMALS = 2
"""A hundredth of a degree of latitude is 1.1 km. The browser rounds before it sends; so do we."""

ORDINARY_WITHIN = 10.0
"""Miles within which an ordinary ZIP code stands for a place before any other kind does."""

ABROAD_FROM = 60.0
"""Miles from the nearest ZIP code from which a position is taken to be in another country."""

HERE = "here"
"""Marks the results of such a search, so that they say why they start from this ZIP code."""


def install(pages: Blueprint) -> None:
    """Add the search from a position to the pages for patients."""
    pages.add_url_rule("/near-me", view_func=near_me, methods=["POST"])


def near_me() -> ResponseReturnValue:
    """Lead from a position to the results for the ZIP code nearest to it; writes nothing."""
    if not _from_our_own_page():
        abort(403, _("This can only be sent from a page of this site."))
    form = SearchForm(request.form, catalogue())
    if not form.validate() or not form.has_point:
        return _unusable(form, "unreadable", 400)
    lat, lon = (round(float(field.data or 0), DECIMALS) for field in (form.lat, form.lon))
    found = nearest_typed(here().gazetteer(), lat, lon)
    if found is None or found[0] > ABROAD_FROM:
        return _unusable(form, "abroad", 404)
    target: dict[str, Any] = {
        name: values for name in SearchForm.CARRIED if (values := request.form.getlist(name))
    }
    if ids := read_choice(request.form.getlist(PARAMETER)).clinic_ids:
        target[PARAMETER] = ids
    target |= {"near": found[1].code, HERE: 1}
    return redirect(url_for("public.search", **target, _anchor="results"), 303)


def nearest_typed(gazetteer: Gazetteer, lat: float, lon: float) -> tuple[float, ZipPlace] | None:
    """Return the nearest ZIP code that people near a point would type, with the miles to it."""
    found = gazetteer.nearest_zip(lat, lon, ordinary=True)
    if found is None or found[0] > ORDINARY_WITHIN:
        found = gazetteer.nearest_zip(lat, lon)
    return found


def _from_our_own_page() -> bool:
    """Say whether the request comes from this site, as far as the browser tells.

    Our pages send no referrer, so an Origin may rightly be "null".
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin", "null")
    return origin == "null" or origin.partition("://")[2] == request.host


def _unusable(form: SearchForm, reason: str, status: int) -> ResponseReturnValue:
    page = render_template("public/position_unusable.html", form=form, reason=reason)
    response = make_response(page, status)
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cache-Control"] = "no-store"
    return response
