"""What the API says, built from the same findings the pages show."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import orjson
from flask import request

from directory.domain.criteria import Catalogue
from directory.domain.placenames import Place
from directory.domain.standing import Standing
from directory.operations.cards import disputed, standing_at
from directory.operations.clinic_names import NamedClinic
from directory.operations.clinics import ClinicPage
from directory.operations.search import Hit
from directory.web import wording
from directory.web.hits import pieces_of
from directory.web.language import language
from directory.web.public import clinic_url
from directory.web.searching import Answer


def place_document(place: Place) -> dict[str, Any]:
    """Return a place: its name, point in WGS-84 degrees, and what the point stands for."""
    return {
        "name": place.name,
        "lat": round(place.lat, 5),
        "lon": round(place.lon, 5),
        "precision": place.precision,
    }


def named_document(clinic: NamedClinic) -> dict[str, Any]:
    """Return a clinic that has the name that was typed."""
    return {
        "id": clinic.clinic_id,
        "name": clinic.name,
        "url": clinic_url(clinic.clinic_id, clinic.name, external=True),
        "city": clinic.city,
        "state": clinic.state,
    }


def standing_document(standing: Standing, as_of: date) -> dict[str, Any]:
    """Return a standing with the counts behind it."""
    return {
        "code": standing.code.value,
        "label": str(wording.STANDINGS[standing.code.value]),
        "as_of": as_of.isoformat(),
        "critical_met": standing.critical_met,
        "critical_total": standing.critical_total,
        "met": standing.met,
        "expired": standing.expired,
        "not_met": standing.not_met,
        "oldest_check": _day(standing.oldest_check),
    }


def clinic_document(
    clinic_id: int, card: dict[str, Any], standing: Standing, as_of: date
) -> dict[str, Any]:
    """Return a clinic without its findings."""
    return {
        "id": clinic_id,
        "name": card["name"],
        "url": clinic_url(clinic_id, card["name"], external=True),
        "address": {
            "street": card["street"],
            "city": card["city"],
            "state": card["state"],
            "postal_code": card["postal_code"],
        },
        "lat": card["lat"],
        "lon": card["lon"],
        "point_precision": card["precision"],
        "phone": card["phone"],
        "website": card["website"],
        "accepting_new_patients": card["accepting"],
        "treats": card["treats"],
        "offers": card["offers"],
        "standing": standing_document(standing, as_of),
    }


def hit_documents(hits: Sequence[Hit]) -> orjson.Fragment:
    """Return the clinics found by a search, each with its distance in miles, as one JSON text."""
    if not hits:
        return orjson.Fragment(b"[]")
    key = ("document", language(), request.scheme, request.host, request.script_root)
    pieces = pieces_of(hits, key, _hit_pieces)
    miles = orjson.dumps([round(hit.distance_miles, 3) for hit, _ in pieces])[1:-1].split(b",")
    texts = [clinic + far + end for (_, (clinic, end)), far in zip(pieces, miles, strict=False)]
    return orjson.Fragment(b"[%s]" % b",".join(texts))


def _hit_pieces(hit: Hit) -> tuple[bytes, bytes]:
    """Return a clinic's JSON up to its distance, and what follows the distance."""
    standing = standing_at(hit.card, hit.minute)
    document = orjson.dumps(clinic_document(hit.clinic_id, hit.card, standing, hit.today))
    end = orjson.dumps({"disputed": disputed(hit.card)})
    return document[:-1] + b',"distance_miles":', b"," + end[1:]


def search_document(answer: Answer) -> dict[str, Any]:
    """Return the answer to a search; call it when there are results."""
    form, reading, place, results = answer.form, answer.reading, answer.place, answer.results
    if reading is None or place is None or results is None:
        raise ValueError("a search without results has no document")
    return {
        "query": {
            "near": reading.query or None,
            "place": place_document(place),
            "alternatives": [place_document(other) for other in reading.alternatives],
            "corrected": reading.corrected,
            "about": reading.about,
            "note": reading.note,
            "within_miles": round(answer.within_miles, 3),
            "whole_state": answer.whole_state,
            "treats": form.treats.data or [],
            "offers": form.offers.data or [],
            "has": form.has.data or [],
            "standing": form.standing.data or [],
            "accepting": form.accepting.data == "1",
            "sort": form.sort.data,
        },
        "total": results.total,
        "page": results.page,
        "per_page": results.per_page,
        "clinics": hit_documents(results.hits),
        "nearest_beyond": hit_documents(results.beyond),
        "facets": results.facets,
    }


def findings_document(page: ClinicPage, catalogue: Catalogue) -> list[dict[str, Any]]:
    """Return every criterion at a clinic today, in the catalogue's order."""
    documents = []
    for finding in page.findings:
        shown = page.deciding(finding) or page.claiming(finding) or page.attempting(finding)
        documents.append(
            {
                "criterion": finding.criterion,
                "title": catalogue.criterion(finding.criterion).title,
                "state": finding.state.value,
                "level": shown.level.value if shown else None,
                "checked_on": _day(shown.checked_on if shown else None),
                "valid_until": _day(finding.holds_until),
                "source": ({"name": shown.source_name, "url": shown.source_url} if shown else None),
                "critical": finding.critical,
                "disputed": finding.disputed,
                "reply": (
                    {
                        "answered_on": _day(finding.reply.answered_on),
                        "words": finding.reply.words,
                    }
                    if finding.reply and finding.disputed
                    else None
                ),
            }
        )
    return documents


def catalogue_document(catalogue: Catalogue) -> dict[str, Any]:
    """Return the checklist with its groups and sources."""
    return {
        "edition": catalogue.edition,
        "published": catalogue.published.isoformat(),
        "title": catalogue.title,
        "groups": [{"code": g.code, "title": g.title} for g in catalogue.groups],
        "criteria": [
            {
                "code": c.code,
                "group": c.group,
                "title": c.title,
                "plain": c.plain,
                "why": c.why,
                "ask": c.ask,
                "evidence": c.evidence,
                "how_checked": c.how_checked,
                "minimum_level": c.minimum_level.value,
                "lasts": c.lasts,
                "valid_days": c.valid_days,
                "until_credential": c.until_credential,
                "critical": c.critical,
                "applies": c.applies.value,
                "disagreement": c.disagreement,
                "references": list(c.references),
            }
            for c in catalogue.criteria
        ],
        "references": [
            {
                "code": r.code,
                "title": r.title,
                "publisher": r.publisher,
                "year": r.year,
                "link": r.link,
                "citation": r.citation,
                "read": r.read,
            }
            for r in catalogue.references
        ],
    }


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None
