"""Sheets to take along: the questions for one clinic, and the talk with one's own doctor."""

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from directory.domain.questions import ends_soon, sheet_of
from directory.domain.standing import Listing
from directory.extensions import db
from directory.operations.clinics import public_clinic, successor
from directory.web.state import catalogue, here, now

SIZES = ("large",)


def install(pages: Blueprint) -> None:
    """Add the sheets to the pages for patients."""
    pages.add_url_rule("/clinics/<row:clinic_id>/questions", view_func=questions)
    pages.add_url_rule("/guide/doctor", view_func=doctor)


def questions(clinic_id: int) -> ResponseReturnValue:
    """What to ask one clinic: made from what is not verified there today."""
    size = request.args.get("size", "")
    size = size if size in SIZES else ""
    page = public_clinic(db.session(), catalogue(), clinic_id, now(), two_person=here().two_person)
    if page is None:
        heir = successor(db.session(), clinic_id) or abort(404)
        moved = url_for("public.questions", clinic_id=heir.clinic_id, size=size or None)
        return redirect(moved, 301)
    sheet = sheet_of(catalogue(), page.findings, Listing(page.card["listing"]))
    response = make_response(
        render_template(
            "public/questions.html",
            page=page,
            clinic=page.clinic,
            catalogue=catalogue(),
            sheet=sheet,
            ending=[f.criterion for f in sheet.known if ends_soon(f, page.today)],
            size=size,
        )
    )
    response.headers["X-Robots-Tag"] = "noindex, follow"
    return response


def doctor() -> str:
    """What to raise with one's own doctor, and what to arrange."""
    return render_template("public/doctor.html", catalogue=catalogue())
