"""Pages for patients: no account, no cookie, nothing kept about who searches."""

from flask import (
    Blueprint,
    Response,
    abort,
    make_response,
    redirect,
    render_template,
    request,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import text

from directory.domain.placenames import Place, state_name
from directory.extensions import db
from directory.operations.case_list import contacts_due
from directory.operations.clinics import public_clinic, successor
from directory.operations.preparing import unfinished
from directory.web.forms.search import RADII, SearchForm
from directory.web.public import compare, findable, headings, maps, nearby, sheets
from directory.web.public.addresses import clinic_url as clinic_url
from directory.web.public.addresses import search_url, slug_of
from directory.web.public.cards import card_list
from directory.web.public.jsonld import clinic_document
from directory.web.public.results import found_page
from directory.web.searching import Answer, answer_search
from directory.web.state import begin_reading, catalogue, here, now, state

pages = Blueprint("public", __name__)

compare.install(pages)
findable.install(pages)
headings.install(pages)
pages.add_app_template_global(clinic_url)
pages.add_app_template_global(search_url)
maps.install(pages)
nearby.install(pages)
sheets.install(pages)


@pages.before_request
def _read_state() -> None:
    """Read the directory's state first, so that even an error page knows the demonstration."""
    if request.endpoint == "public.search":
        begin_reading()
    elif request.endpoint not in ("public.healthz", "public.robots"):
        state()


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
    found = answer.results
    page = found_page(answer) if found and found.hits else _instead(answer)
    response = make_response(page, answer.status)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _instead(answer: Answer) -> str:
    """Return the page of an answer without clinics: what was meant, or what to try."""
    template = {300: "public/choose_place.html", 400: "public/search_again.html"}.get(
        answer.status, "public/results.html" if answer.results else "public/place_unknown.html"
    )
    beyond = answer.results.beyond if answer.results else ()
    return render_template(
        template,
        answer=answer,
        form=answer.form,
        catalogue=catalogue(),
        radii=RADII,
        cards=Markup(card_list(beyond, answer.form, about=answer.about, level=3).decode()),  # noqa: S704 - rendered
    )


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
    coming, wanted = unfinished(db.session()), here().settings.confirmation
    if state().confirmation != wanted and not (coming and coming.confirmation == wanted):
        problems.append("the confirmation rule changed: run flask setup")
    here().geocoder()
    body = "\n".join(problems) or "ready"
    if coming:
        body += f"\nnote: edition {coming.edition} ({coming.confirmation}) is being prepared"
        body += "; if that was stopped, run the same command again"
    if due := contacts_due(db.session(), now()):
        body += f"\nnote: {due} contacts are past their 90 days: run flask cases erase"
    return Response(body + "\n", 503 if problems else 200, mimetype="text/plain")
