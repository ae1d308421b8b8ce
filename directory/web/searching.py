"""Answer one search request: the same steps for the page and the API."""

from dataclasses import dataclass
from typing import Any

from directory.domain.placenames import Place, Reading
from directory.extensions import db
from directory.operations.search import Results, Search, find_clinics
from directory.web.forms.search import DEFAULT_MILES, SearchForm
from directory.web.state import catalogue, here, now

PAST_THE_LAST_ZIP_MILES = 25.0
"""A clinic may lie further out than the middle of its state's last ZIP code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a search: `status` is the HTTP status that page and API give.

    400 leaves `reading` empty; 300 and 404 leave `place` and `results` empty, and so does a
    page beyond the last one, which keeps its results.
    """

    form: SearchForm
    status: int
    reading: Reading | None = None
    place: Place | None = None
    results: Results | None = None
    within_miles: float = DEFAULT_MILES
    whole_state: bool = False


def answer_search(parameters: Any) -> Answer:
    """Read the form, find the place, find the clinics; `parameters` is a request's MultiDict."""
    form = SearchForm(parameters, catalogue())
    if not form.validate():
        return Answer(form=form, status=400)
    if form.has_point:
        reading = Reading(query=form.near.data or "", place=_given_point(form))
    else:
        reading = here().geocoder().read(form.near.data or "")
    place = reading.place
    if place is None:
        status = 300 if reading.alternatives else 404
        return Answer(form=form, status=status, reading=reading, within_miles=form.miles)
    lat, lon, miles, state = place.lat, place.lon, form.miles, ""
    extent = None
    if place.precision == "state" and form.within.data is None and place.state:
        extent = here().gazetteer().state_extent(place.state)
    if extent is not None:
        lat, lon, reach = extent
        miles = reach + PAST_THE_LAST_ZIP_MILES
        state = place.state or ""
    search = Search(
        lat=lat,
        lon=lon,
        within_miles=miles,
        filters=form.filters(state),
        sort=form.sort.data,
        page=form.page.data or 1,
    )
    results = find_clinics(db.session(), catalogue(), search, now())
    return Answer(
        form=form,
        status=200 if search.page <= results.pages else 404,
        reading=reading,
        place=place,
        results=results,
        within_miles=miles,
        whole_state=extent is not None,
    )


def _given_point(form: SearchForm) -> Place:
    lat, lon = float(form.lat.data or 0), float(form.lon.data or 0)
    return Place(
        name=form.near.data or f"{lat:.2f}, {lon:.2f}",
        lat=lat,
        lon=lon,
        precision="point",
        state=None,
        population=0,
    )
