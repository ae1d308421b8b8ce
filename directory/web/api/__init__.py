"""The same answers for machines: JSON under /api/v1, problems as RFC 9457 documents."""

import json
from typing import Any

import orjson
from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _

from directory import paths
from directory.extensions import db
from directory.operations.clinics import public_clinic, successor
from directory.web import wording
from directory.web.api.documents import (
    catalogue_document,
    clinic_document,
    findings_document,
    named_document,
    place_document,
    search_document,
)
from directory.web.errors import problem
from directory.web.searching import Answer, answer_search
from directory.web.state import begin_reading, catalogue, here, now

api = Blueprint("api", __name__, url_prefix="/api/v1")

SHORTEST_PREFIX = 2
LONGEST_PREFIX = 100
DESCRIPTION = paths.PACKAGE / "web" / "api" / "openapi.json"


def answer(document: Any, status: int = 200) -> Response:
    """Return JSON; who has it already is told so by web/kept.py, before all this."""
    return Response(orjson.dumps(document), status, mimetype="application/json")


@api.before_request
def _read_state() -> None:
    begin_reading()


@api.get("/clinics")
def search() -> Response:
    """The clinics near a place, with facets."""
    found = answer_search(request.args, per_page=None)
    if found.results is None:
        return _no_results(found)
    if found.status == 404:
        last = found.results.pages
        return problem(
            404, _("No such page"), _("The last page is %(last)d.", last=last), last_page=last
        )
    return answer(search_document(found))


def _no_results(found: Answer) -> Response:
    if found.reading is None:
        errors = {
            name: [str(message) for message in messages]
            for name, messages in found.form.errors.items()
            if name
        }
        detail = " ".join(messages[0] for messages in errors.values())
        return problem(400, _("That search cannot be read"), detail, errors=errors)
    clinics = [named_document(clinic) for clinic in found.clinics]
    if found.status == 300:
        candidates = [place_document(place) for place in found.reading.alternatives]
        choice = {"query": {"near": found.reading.query}, "candidates": candidates}
        return answer(choice | {"clinics": clinics}, 300)
    return problem(
        404,
        _("We do not know that place"),
        _("Try a five-digit ZIP code, or a city with its state, such as “Boise, ID”."),
        near=found.reading.query,
        note=found.reading.note,
        tried=[wording.tried(one) for one in found.reading.tried],
        clinics=clinics,
    )


@api.get("/clinics/<row:clinic_id>")
def clinic(clinic_id: int) -> Response:
    """One clinic with its findings."""
    page = public_clinic(db.session(), catalogue(), clinic_id, now(), two_person=here().two_person)
    if page is None:
        heir = successor(db.session(), clinic_id)
        if heir is not None:
            moved = answer({"id": clinic_id, "merged_into": heir.clinic_id}, 301)
            moved.location = url_for("api.clinic", clinic_id=heir.clinic_id)
            return moved
        return problem(
            404, _("No such clinic"), _("No clinic with this number is listed."), id=clinic_id
        )
    document = clinic_document(page.clinic.id, page.card, page.standing, page.today)
    return answer(document | {"findings": findings_document(page, catalogue())})


@api.get("/catalogue")
def checklist() -> Response:
    """The checklist in force."""
    return answer(catalogue_document(catalogue()))


@api.get("/places")
def places() -> Response:
    """Places that begin with what was typed so far."""
    typed = request.args.get("q", "").strip()
    if not SHORTEST_PREFIX <= len(typed) <= LONGEST_PREFIX:
        return problem(
            400,
            _("That cannot be completed"),
            _("Send 2 to 100 characters as “q”."),
        )
    found = here().geocoder().complete(typed)
    response = answer({"places": [place_document(place) for place in found]})
    response.headers["Cache-Control"] = "no-store"  # what was typed stays in no cache
    return response


@api.get("/openapi.json")
def description() -> Response:
    """This API, described in OpenAPI 3.1."""
    return answer(json.loads(DESCRIPTION.read_text("utf-8")))
