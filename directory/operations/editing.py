"""Create and edit clinics, and change their listing; an edit takes down what rested on it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from directory.domain.clinic_entry import ClinicFacts, EntriesRefused, ServiceFacts
from directory.domain.clinic_table import changed_columns
from directory.domain.clinics import ADDRESS, check_point, check_step, resting_on
from directory.domain.criteria import Catalogue
from directory.domain.entries import EntryRefused, looks_alike, same_fact
from directory.domain.findings import today_in
from directory.domain.standing import Listing
from directory.models import Clinic, Organization, Service, User
from directory.models.clinic import PointPrecision
from directory.operations import events, falls
from directory.operations.conflicts import refuse_conflicted
from directory.operations.families import refuse_merged
from directory.operations.screening import screen_clinics
from directory.operations.stale import at_version, flush_or_stale
from directory.operations.vetting import publish
from directory.sources.gazetteer import Gazetteer
from directory.sources.towns import miles_between

WORDS = {
    "name": "the name",
    "organization": "the owner",
    "npi": "the registry number",
    "street": "the address",
    "city": "the address",
    "state": "the address",
    "postal_code": "the address",
    "phone": "the phone number",
    "hours": "the opening hours",
    "website": "the website",
    "modalities": "what is offered",
    "conditions": "what it is offered for",
    "prices": "the prices",
}
"""Facts as the public reads of them, in the note of a check that fell."""

LISTING_ACTS = {
    Listing.LISTED: "clinic:listed",
    Listing.UNLISTED: "clinic:unlisted",
    Listing.SUSPENDED: "clinic:suspended",
    Listing.CLOSED: "clinic:closed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where a clinic is, and how well that is known."""

    lat: float
    lon: float
    precision: PointPrecision
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What saving would do: the facts before and after, the point, and the checks that fall."""

    facts: ClinicFacts
    point: Point
    before: dict[str, Any]
    after: dict[str, Any]
    falls: tuple[str, ...]
    what: str
    pin_voided: bool
    looks_alike: bool

    @property
    def digest(self) -> str:
        """A short name for these consequences: a person who saw them confirms just these."""
        seen = json.dumps([self.falls, self.pin_voided, self.looks_alike, self.after])
        return hashlib.sha256(seen.encode()).hexdigest()[:16]

    @property
    def grave(self) -> bool:
        """Whether saving does more than it says on the form, so that it is shown first."""
        return bool(self.falls or self.pin_voided or self.looks_alike)


def facts_of(clinic: Clinic) -> dict[str, Any]:
    """Return a clinic's facts as the log keeps them, one plain value for each."""
    return {
        "name": clinic.name,
        "organization": clinic.organization_id,
        "npi": clinic.npi,
        "street": clinic.street,
        "city": clinic.city,
        "state": clinic.state,
        "postal_code": clinic.postal_code,
        "phone": clinic.phone,
        "website": clinic.website,
        "accepting": clinic.accepting_new_patients,
        "hours": list(clinic.hours or []),
        "languages": list(clinic.languages or []),
        "access": clinic.access,
        "insurance": clinic.insurance,
        "services": sorted(_service(s) for s in clinic.services),
        "lat": clinic.lat,
        "lon": clinic.lon,
        "precision": clinic.point_precision.value,
        "timezone": clinic.timezone,
    }


def pin_of(clinic: Clinic) -> tuple[float, float]:
    """Return a clinic's point as forms show it: millionths of a degree."""
    return round(clinic.lat, 6), round(clinic.lon, 6)


def plan_edit(
    session: Session,
    catalogue: Catalogue,
    gazetteer: Gazetteer,
    clinic: Clinic | None,
    facts: ClinicFacts,
) -> Edit:
    """Work out what saving these facts would do; writes nothing. `clinic` None means a new one.

    Raises EntriesRefused for an NPI that another clinic has, an owner that is not there, a ZIP
    code unknown or of another state, and a pin that cannot be right.
    """
    problems: list[EntryRefused] = []
    owner = facts.organization_id
    if owner is not None and session.get(Organization, owner) is None:
        problems.append(EntryRefused("organization", "organization"))
    if facts.npi and session.scalar(
        select(Clinic.id).where(Clinic.npi == facts.npi, Clinic.id != (clinic.id if clinic else 0))
    ):
        problems.append(EntryRefused("npi_taken", "npi"))
    before = facts_of(clinic) if clinic else {}
    point, voided = None, False
    try:
        point, voided = _point(gazetteer, clinic, facts)
    except EntryRefused as refused:
        problems.append(refused)
    if problems or point is None:
        raise EntriesRefused(problems)
    after = _after(facts, point)
    facts_edited = _edited(before, after) if clinic else ()
    kept = clinic.imported_extra if clinic else None
    if others := changed_columns(kept or {}, facts.extra):
        after["extra"] = others
    return Edit(
        facts=facts,
        point=point,
        before={k: before.get(k) for k in after if before.get(k) != after[k]} if clinic else {},
        after={k: v for k, v in after.items() if not clinic or before.get(k) != v},
        falls=(
            falls.falling(session, catalogue, clinic.id, resting_on(facts_edited)) if clinic else ()
        ),
        what=", ".join(dict.fromkeys(WORDS[fact] for fact in facts_edited)),
        pin_voided=voided,
        looks_alike=looks_alike(facts.name) and (not clinic or clinic.name != facts.name),
    )


def create_clinic(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    edit: Edit,
    *,
    two_person: bool,
) -> Clinic:
    """Write a new clinic as a draft and compare it, with its owner, with the exclusion list."""
    clinic = write_clinic(session, actor, now, edit)
    show(session, now, catalogue, [clinic.id], two_person=two_person)
    return clinic


def write_clinic(session: Session, actor: User, now: datetime, edit: Edit) -> Clinic:
    """Write a new clinic as a draft, which nobody but staff sees; the caller shows it."""
    clinic = Clinic(listing=Listing.DRAFT, created_at=now)
    _apply(clinic, edit)
    session.add(clinic)
    session.flush()
    after = edit.after | {"version": clinic.version}
    events.record(session, actor, now, "clinic:created", "clinic", clinic.id, None, after)
    return clinic


def save_edit(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    clinic: Clinic,
    edit: Edit,
    *,
    version: int,
    two_person: bool,
) -> None:
    """Write an edit and make it public; raises as write_edit does."""
    if write_edit(session, actor, now, catalogue, clinic, edit, version=version):
        show(session, now, catalogue, [clinic.id], two_person=two_person)


def write_edit(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    clinic: Clinic,
    edit: Edit,
    *,
    version: int,
) -> bool:
    """Write an edit and drop the checks that rested on what changed; the caller shows it.

    Raises Stale when the clinic is no longer at `version`, EntryRefused("conflicted") when the
    actor declared a conflict of interest. An edit that changes nothing writes nothing: False.
    """
    refuse_conflicted(session, actor, [clinic.id])
    refuse_merged(session, clinic)
    at_version(clinic, version)
    if not edit.after:
        return False
    # Under the lock no check is recorded: those that came since the preview fall too.
    resting = resting_on(_edited(facts_of(clinic), _after(edit.facts, edit.point)))
    fallen = falls.falling(session, catalogue, clinic.id, resting)
    _apply(clinic, edit)
    # What is offered stands in rows of its own; the clinic's version counts them too.
    flag_modified(clinic, "name")
    flush_or_stale(session)
    events.record(
        session, actor, now, "clinic:edited", "clinic", clinic.id, edit.before,
        edit.after | {"version": clinic.version},
    )  # fmt: skip
    falls.drop(session, actor, now, catalogue, clinic.id, fallen, edit.what)
    return True


def show(
    session: Session, now: datetime, catalogue: Catalogue, ids: Sequence[int], *, two_person: bool
) -> None:
    """Compare those behind some clinics with the exclusion list, and make the clinics public."""
    touched = screen_clinics(session, now, catalogue, ids, two_person=two_person)
    publish(session, catalogue, now, sorted({*ids, *touched}), two_person=two_person)


def set_listing(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    clinic: Clinic,
    to: Listing,
    reason: str,
    *,
    version: int,
    two_person: bool,
) -> None:
    """Publish, unlist, suspend or close a clinic, with the reason the public may read.

    Raises EntryRefused for a step that does not exist, a missing reason, a clinic without what a
    listing needs or a conflicted actor, and Stale when somebody else saved it meanwhile.
    """
    refuse_conflicted(session, actor, [clinic.id])
    refuse_merged(session, clinic)
    at_version(clinic, version)
    check_step(clinic.listing, to, reason)
    if to is Listing.LISTED and not (clinic.name and clinic.street and clinic.city):
        raise EntryRefused("incomplete", "listing")
    before = {"listing": clinic.listing.value, "reason": clinic.listing_reason}
    if to is Listing.LISTED:
        clinic.listed_on = today_in(ZoneInfo(clinic.timezone), now)
    clinic.listing = to
    clinic.listing_reason = None if to is Listing.LISTED else reason
    flush_or_stale(session)
    after = {"listing": to.value, "reason": clinic.listing_reason, "version": clinic.version}
    events.record(
        session, actor, now, LISTING_ACTS[to], "clinic", clinic.id, before, after, reason=reason
    )
    show(session, now, catalogue, [clinic.id], two_person=two_person)


def _point(gazetteer: Gazetteer, clinic: Clinic | None, facts: ClinicFacts) -> tuple[Point, bool]:
    """Return the point after the edit, and whether an older pin was given up for it."""
    place = gazetteer.zip_code(facts.postal_code)
    if place is None:
        raise EntryRefused("zip_unknown", "postal_code")
    if place.state != facts.state:
        raise EntryRefused("zip_state", "postal_code", state=facts.state, found=place.state)
    middle = gazetteer.centroid(facts.postal_code)
    zone = place.timezone or (clinic.timezone if clinic else "")
    moved = clinic is None or any(
        not same_fact(getattr(clinic, fact), getattr(facts, fact)) for fact in ADDRESS
    )
    pin = facts.pin
    pinned = clinic is not None and clinic.point_precision is PointPrecision.ADDRESS
    if clinic and pin == (pin_of(clinic) if pinned else None):
        if not moved:
            precision = clinic.point_precision
            return Point(lat=clinic.lat, lon=clinic.lon, precision=precision, timezone=zone), False
        pin = None  # the old address's pin says nothing about the new one
    if pin is not None:
        nearest = gazetteer.nearest_zip(*pin) if -90 <= pin[0] <= 90 else None
        check_point(
            *pin,
            state=facts.state,
            nearest=(nearest[0], nearest[1].state) if nearest else None,
            zip_miles=miles_between(*pin, *middle) if middle else None,
        )
        point = Point(lat=pin[0], lon=pin[1], precision=PointPrecision.ADDRESS, timezone=zone)
        return point, False
    if middle is None:
        raise EntryRefused("zip_no_point", "lat")
    point = Point(lat=middle[0], lon=middle[1], precision=PointPrecision.ZIP, timezone=zone)
    return point, pinned


def _after(facts: ClinicFacts, point: Point) -> dict[str, Any]:
    return {
        "name": facts.name,
        "organization": facts.organization_id,
        "npi": facts.npi,
        "street": facts.street,
        "city": facts.city,
        "state": facts.state,
        "postal_code": facts.postal_code,
        "phone": facts.phone,
        "website": facts.website,
        "accepting": facts.accepting_new_patients,
        "hours": list(facts.hours),
        "languages": list(facts.languages),
        "access": facts.access,
        "insurance": facts.insurance,
        "services": sorted(_service(s) for s in facts.services),
        "lat": point.lat,
        "lon": point.lon,
        "precision": point.precision.value,
        "timezone": point.timezone,
    }


def _service(service: Service | ServiceFacts) -> list[Any]:
    return [
        service.modality.value,
        service.condition.value,
        service.price_usd or 0,
        service.minutes or 0,
    ]


def _edited(before: dict[str, Any], after: dict[str, Any]) -> tuple[str, ...]:
    """Return the facts that say something else now, in the order of WORDS."""
    old, new = facts_apart(before), facts_apart(after)
    return tuple(fact for fact in WORDS if not same_fact(old[fact], new[fact]))


def facts_apart(facts: dict[str, Any]) -> dict[str, Any]:
    """Return facts with what is offered taken apart: each part carries other checks."""
    services: Sequence[list[Any]] = facts["services"]
    return facts | {
        "modalities": sorted({service[0] for service in services}),
        "conditions": sorted({service[1] for service in services}),
        "prices": sorted((s[0], s[1], s[2]) for s in services if s[2]),
    }


def _apply(clinic: Clinic, edit: Edit) -> None:
    facts, point = edit.facts, edit.point
    for name in ("name", "organization_id", "npi", "phone", "website", "access", "insurance"):
        setattr(clinic, name, getattr(facts, name))
    for name in ADDRESS:
        setattr(clinic, name, getattr(facts, name))
    clinic.accepting_new_patients = facts.accepting_new_patients
    clinic.hours, clinic.languages = list(facts.hours), list(facts.languages)
    clinic.lat, clinic.lon, clinic.point_precision = point.lat, point.lon, point.precision
    clinic.timezone = point.timezone
    if facts.extra is not None:
        clinic.imported_extra = dict(facts.extra) or None
    known = {(s.modality, s.condition): s for s in clinic.services}
    wanted = {(s.modality, s.condition): s for s in facts.services}
    for key in known.keys() - wanted.keys():
        clinic.services.remove(known[key])
    for key, service in wanted.items():
        row = known.get(key)
        if row is None:
            row = Service(modality=service.modality, condition=service.condition)
            clinic.services.append(row)
        row.price_usd, row.minutes = service.price_usd, service.minutes
