"""Answer one search request: the same steps for the page and the API."""

from dataclasses import dataclass, replace
from typing import Any

from directory.domain.placenames import Place, Reading
from directory.extensions import db
from directory.operations.clinic_names import NamedClinic, clinics_called
from directory.operations.search import PER_PAGE, Results, Search, find_clinics
from directory.sources.place_search import PlaceReader
from directory.web.forms.search import DEFAULT_MILES, SearchForm
from directory.web.state import catalogue, here, now, source
from directory.web.ways_out import WayOut, ways_out

PAST_THE_LAST_ZIP_MILES = 25.0
"""A clinic may lie further out than the middle of its state's last ZIP code."""

SURE_PLACE = 20_000
"""People of a town whose bare name is more likely a place than part of a clinic's name."""

SAME_POINT_DEGREES = 0.00002
"""Points in addresses are rounded to five places behind the point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a search: `status` is the HTTP status that page and API give.

    400 leaves `reading` empty; 300 and 404 leave `place` and `results` empty, and so does a
    page beyond the last one, which keeps its results. `clinics` have the name that was typed,
    `ways_out` lead from no result to some.
    """

    form: SearchForm
    status: int
    reading: Reading | None = None
    place: Place | None = None
    results: Results | None = None
    within_miles: float = DEFAULT_MILES
    whole_state: bool = False
    clinics: tuple[NamedClinic, ...] = ()
    ways_out: tuple[WayOut, ...] = ()

    @property
    def about(self) -> bool:
        """Whether distances start from the middle of something larger than a point."""
        reading, place = self.reading, self.place
        exact = place is not None and place.precision in ("point", "address")
        return bool(reading and reading.about) or not exact


def answer_search(parameters: Any, *, per_page: int | None = PER_PAGE) -> Answer:
    """Read the form, find the place, find the clinics; `parameters` is a request's MultiDict.

    `per_page` None takes as many clinics a page as the parameters say.
    """
    edition = catalogue()
    form = SearchForm.read(parameters, edition)
    if not form.validate():
        return Answer(form=form, status=400)
    if form.has_point:
        reading = Reading(query=form.near.data or "", place=_given_point(form))
    else:
        reading = _reading(form.near.data or "")
    place = reading.place
    if place is None:
        return Answer(
            form=form,
            status=300 if reading.alternatives else 404,
            reading=reading,
            within_miles=form.miles,
            clinics=clinics_called(db.session(), reading.query),
        )
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
        per_page=form.clinics_a_page if per_page is None else per_page,
    )
    results = find_clinics(source(), edition, search, now(), cards=False)
    return Answer(
        form=form,
        status=200 if search.page <= results.pages else 404,
        reading=reading,
        place=place,
        results=results,
        within_miles=miles,
        whole_state=extent is not None,
        clinics=_perhaps_meant(reading, place),
        ways_out=ways_out(form, search, results),
    )


def _reading(typed: str) -> Reading:
    """Read what was typed; a name as we write it ("Salem, OR (Marion County)") is that place."""
    reading = here().geocoder().read(typed)
    if reading.place is None:
        named = next((place for place in _readings(typed) if place.name == typed), None)
        if named is not None:
            return Reading(query=reading.query, place=named)
    return reading


def _readings(name: str) -> list[Place]:
    """Return what the place index makes of a name, without what stands in brackets behind it."""
    reading = PlaceReader(here().gazetteer()).read(name.split(" (")[0])
    return [place for place in (reading.place, *reading.alternatives) if place is not None]


def _perhaps_meant(reading: Reading, place: Place) -> tuple[NamedClinic, ...]:
    """Return the clinics whose name may have been meant with what was read as a place.

    Asked only where the text was not plainly a place: a typing mistake was mended, only its end
    is a place ("Cascade, Portland OR"), or the place is small and no state was typed.
    """
    typed = reading.query
    if any(sign.isdigit() for sign in typed) or place.precision in ("zip", "state", "point"):
        return ()
    if reading.corrected:
        return clinics_called(db.session(), typed)
    small = place.population < SURE_PLACE and "," not in typed
    if reading.note == "address_to_city" or (small and place.precision != "region"):
        return clinics_called(db.session(), typed, misspelled=False)
    return ()


def _given_point(form: SearchForm) -> Place:
    """Return the place that was picked by its name, or the bare point."""
    lat, lon = float(form.lat.data or 0), float(form.lon.data or 0)
    name = form.near.data or ""
    for place in _readings(name) if name else ():
        if max(abs(place.lat - lat), abs(place.lon - lon)) < SAME_POINT_DEGREES:
            return replace(place, name=name)
    return Place(
        name=form.near.data or f"{lat:.2f}, {lon:.2f}",
        lat=lat,
        lon=lon,
        precision="point",
        state=None,
        population=0,
    )
