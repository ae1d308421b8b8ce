"""Pages for patients: no account, no cookie, nothing kept of a search."""

from flask import (
    Blueprint,
    Response,
    abort,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import text

from directory.domain.placenames import Place, state_name
from directory.extensions import db
from directory.operations.case_list import contacts_due
from directory.operations.clinics import public_clinic, successor
from directory.web.choosing import PARAMETER, read_choice
from directory.web.forms.search import RADII, SearchForm
from directory.web.public import compare, findable, maps, nearby, sheets
from directory.web.public.addresses import clinic_url as clinic_url
from directory.web.public.addresses import slug_of
from directory.web.public.jsonld import clinic_document
from directory.web.searching import answer_search
from directory.web.state import catalogue, here, now, state

pages = Blueprint("public", __name__)

compare.install(pages)
findable.install(pages)
pages.add_app_template_global(clinic_url)
maps.install(pages)
nearby.install(pages)
sheets.install(pages)


@pages.before_request
def _read_state() -> None:
    """Read the directory's state first, so that even an error page knows the demonstration."""
    if request.endpoint not in ("public.healthz", "public.robots"):
        state()


@pages.app_template_global()
def search_url(**changes: object) -> str:
    """Return this search's address with some parameters changed; None takes one away.

    Any change but one of the page goes back to the first page. A parameter that the form does
    not know is left behind; the clinics chosen to compare come along. It leads to the heading of
    the results, where a keyboard or a screen reader goes on.
    """
    values: dict[str, object] = {
        name: request.args.getlist(name) for name in SearchForm.NAMES if name in request.args
    }
    values.pop("page", None)
    if ids := read_choice(request.args.getlist(PARAMETER)).clinic_ids:
        values[PARAMETER] = ids
    values.update(changes)
    kept = {name: value for name, value in values.items() if value is not None}
    return url_for("public.search", **kept, _anchor="results")  # type: ignore[arg-type]


@pages.app_template_global()
def place_url(place: Place) -> str:
    """Return this search's address for another place; a state is searched whole, by its name."""
    if place.precision == "state" and place.state:
        return search_url(near=f"{state_name(place.state)} State", lat=None, lon=None, within=None)
    return search_url(near=place.name, lat=f"{place.lat:.5f}", lon=f"{place.lon:.5f}")


@pages.app_template_global()
def place_label(place: Place) -> str:
    """Return how a place is offered: a state is told from a city of its name."""
    if place.precision == "state" and place.state:
        return str(_("%(state)s (the state)", state=state_name(place.state)))
    return place.name


@pages.get("/")
def home() -> str:
    """The one search box."""
    return render_template(
        "public/home.html", form=SearchForm(None, catalogue()), catalogue=catalogue(), radii=RADII
    )


@pages.get("/clinics")
def search() -> ResponseReturnValue:
    """The clinics near a place, or what to try instead."""
    answer = answer_search(request.args)
    template = {300: "public/choose_place.html", 400: "public/search_again.html"}.get(
        answer.status, "public/results.html" if answer.results else "public/place_unknown.html"
    )
    page = render_template(
        template, answer=answer, form=answer.form, catalogue=catalogue(), radii=RADII
    )
    response = make_response(page, answer.status)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@pages.get("/clinics/<row:clinic_id>")
@pages.get("/clinics/<row:clinic_id>-<slug>")
def clinic(clinic_id: int, slug: str = "") -> ResponseReturnValue:
    """One clinic: what was checked, by whom, where, when, and until when it holds."""
    page = public_clinic(db.session(), catalogue(), clinic_id, now(), two_person=here().two_person)
    if page is None:
        heir = successor(db.session(), clinic_id) or abort(404)
        return redirect(clinic_url(heir.clinic_id, heir.card["name"]), 301)
    if slug != slug_of(page.clinic.name):
        return redirect(clinic_url(clinic_id, page.clinic.name), 301)
    document = clinic_document(page, clinic_url(clinic_id, page.clinic.name, external=True))
    return render_template(
        "public/clinic.html", page=page, clinic=page.clinic, catalogue=catalogue(), jsonld=document
    )


@pages.get("/checklist")
def checklist() -> str:
    """The catalogue with its sources."""
    return render_template("public/checklist.html", catalogue=catalogue())


@pages.get("/guide")
def guide() -> str:
    """What to expect and how to choose."""
    return render_template("public/guide.html", catalogue=catalogue())


@pages.get("/how-we-check")
def how_we_check() -> str:
    """How a check is made, how long it lasts, and what is not checked."""
    return render_template("public/how_we_check.html", catalogue=catalogue())


@pages.get("/healthz")
def healthz() -> Response:
    """Say that the process answers; touches nothing else."""
    return Response("ok\n", mimetype="text/plain")


@pages.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Say whether patients can be served: database, edition, derived rows, place index."""
    db.session.execute(text("SELECT 1"))
    problems = []
    if state().confirmation != here().settings.confirmation:
        problems.append("the confirmation rule changed: run flask setup")
    here().geocoder()
    body = "\n".join(problems) or "ready"
    if due := contacts_due(db.session(), now()):
        body += f"\nnote: {due} contacts are past their 90 days: run flask cases erase"
    return Response(body + "\n", 503 if problems else 200, mimetype="text/plain")
