"""From addresses to points: which clinics to look up, what to keep, what a person must decide.

A pin that somebody placed by hand outranks: only clinics whose point is the middle of a ZIP code
or a city are looked up, and an answer is kept only when that is still so.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from directory.domain.clinics import LONGEST_REASON, check_point
from directory.domain.criteria import Catalogue
from directory.domain.entries import EntryRefused
from directory.domain.points import (
    AGAIN_AFTER,
    MOST_TRIES,
    Lookup,
    address_line,
    house_number,
    question,
    same_house,
)
from directory.domain.standing import Listing
from directory.models import Clinic, PointLookup, User
from directory.models.clinic import PointPrecision
from directory.operations import events
from directory.operations.conflicts import refuse_conflicted
from directory.operations.stale import Stale, at_version, flush_or_stale
from directory.operations.vetting import publish
from directory.sources.gazetteer import Gazetteer
from directory.sources.geocoder import House
from directory.sources.towns import miles_between

ROUGH: Final = (PointPrecision.ZIP, PointPrecision.CITY)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An address to look up, as it stood when it was read."""

    clinic_id: int
    street: str
    address: str
    question: str

    @property
    def askable(self) -> bool:
        """Whether there is a house number, without which no answer could be told apart."""
        return house_number(self.street) is not None


def to_look_up(session: Session, now: datetime, limit: int | None = None) -> list[int]:
    """Return the clinics whose door is not known and worth a look-up: those never tried first.

    What was tried waits its days (domain/points.AGAIN_AFTER), so that a run goes on behind what
    the one before it could not find.
    """
    again = [
        and_(PointLookup.outcome == outcome, PointLookup.looked_up_at <= now - wait)
        for outcome, wait in AGAIN_AFTER.items()
    ]
    given_up = and_(PointLookup.outcome == Lookup.UNKNOWN, PointLookup.tries >= MOST_TRIES)
    query = (
        select(Clinic.id)
        .outerjoin(PointLookup, PointLookup.clinic_id == Clinic.id)
        .where(
            *_rough(),
            or_(
                PointLookup.clinic_id.is_(None),
                PointLookup.address != _address(),
                and_(or_(*again), ~given_up),
            ),
        )
        .order_by(PointLookup.looked_up_at.is_not(None), PointLookup.looked_up_at, Clinic.id)
    )
    return list(session.scalars(query.limit(limit)))


def count_rough(session: Session) -> int:
    """Return how many clinics only have the middle of their ZIP code or city."""
    return session.scalar(select(func.count()).select_from(Clinic).where(*_rough())) or 0


def wanted(session: Session, clinic_id: int) -> Wanted | None:
    """Return what to look up for a clinic, None when its door is known by now."""
    clinic = session.get(Clinic, clinic_id, populate_existing=True)
    if clinic is None or not _is_rough(clinic):
        return None
    parts = (clinic.street, clinic.city, clinic.state, clinic.postal_code)
    return Wanted(clinic.id, clinic.street, address_line(*parts), question(*parts))


def keep(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    gazetteer: Gazetteer,
    asked: Wanted,
    answer: House | None,
    *,
    failed: bool = False,
    two_person: bool,
) -> Lookup | None:
    """Keep what a geocoder answered: place the clinic, or remember why not.

    None when the clinic was edited, placed or closed while the geocoder was asked: then nothing
    is written.
    """
    if wanted(session, asked.clinic_id) != asked:
        return None
    clinic = session.get_one(Clinic, asked.clinic_id)
    refused: EntryRefused | None = None
    if failed:
        outcome = Lookup.FAILED
    elif answer is None or not _is_it(asked, answer):
        outcome = Lookup.UNKNOWN
    else:
        refused = _refusal(gazetteer, clinic, answer)
        outcome = Lookup.REFUSED if refused else Lookup.FOUND
    row = _row(session, asked, outcome, now)
    row.said = answer.said if answer else None
    row.lat, row.lon = (answer.lat, answer.lon) if answer and _finite(answer) else (None, None)
    row.why, row.details = (refused.code, dict(refused.details)) if refused else (None, None)
    if outcome is Lookup.UNKNOWN and not asked.askable:
        row.tries = MOST_TRIES
    if outcome is Lookup.FOUND and answer is not None:
        _place(session, actor, now, clinic, answer)
        publish(session, catalogue, now, [clinic.id], two_person=two_person)
    session.flush()
    return outcome


def leave(
    session: Session,
    actor: User,
    now: datetime,
    clinic_id: int,
    *,
    version: int,
    reason: str = "",
) -> PointLookup:
    """Leave a clinic at the middle of its ZIP code until its address changes.

    Raises EntryRefused("conflicted"), EntryRefused("too_long") and Stale when the clinic no
    longer waits or somebody else decided.
    """
    refuse_conflicted(session, actor, [clinic_id])
    if len(reason) > LONGEST_REASON:
        raise EntryRefused("too_long", "reason", longest=LONGEST_REASON)
    row = session.scalar(_waiting().where(PointLookup.clinic_id == clinic_id))
    if row is None:
        raise Stale
    at_version(row, version)
    before = {"point": row.outcome.value}
    row.outcome, row.why, row.details = Lookup.LEFT, None, None
    row.decided_by, row.decided_at = actor.id, now
    flush_or_stale(session)
    after = {"point": row.outcome.value, "precision": row.clinic.point_precision.value}
    events.record(
        session, actor, now, "clinic:point_left", "clinic", clinic_id, before, after, reason=reason
    )
    return row


def waiting(session: Session, limit: int) -> list[PointLookup]:
    """Return the clinics that a person has to place, the longest known first."""
    query = _waiting().options(joinedload(PointLookup.clinic))
    return list(session.scalars(query.order_by(PointLookup.looked_up_at).limit(limit)))


def count_waiting(session: Session) -> int:
    """Return how many clinics a person has to place."""
    return session.scalar(select(func.count()).select_from(_waiting().subquery())) or 0


def decided_by(session: Session, clinic_id: int) -> tuple[str, datetime | None] | None:
    """Return who left a clinic's point as it is and when, None when nobody did."""
    row = session.execute(
        select(User.name, PointLookup.decided_at)
        .join(User, User.id == PointLookup.decided_by)
        .where(PointLookup.clinic_id == clinic_id)
    ).first()
    return (row[0], row[1]) if row else None


def _rough() -> tuple[ColumnElement[bool], ...]:
    return Clinic.point_precision.in_(ROUGH), Clinic.listing != Listing.CLOSED


def _is_rough(clinic: Clinic) -> bool:
    return clinic.point_precision in ROUGH and clinic.listing is not Listing.CLOSED


def _address() -> ColumnElement[str]:
    """Return domain/points.address_line in SQL."""
    return Clinic.street + ", " + Clinic.city + ", " + Clinic.state + " " + Clinic.postal_code


def _waiting() -> Select[PointLookup]:
    unknown = and_(PointLookup.outcome == Lookup.UNKNOWN, PointLookup.tries >= MOST_TRIES)
    return (
        select(PointLookup)
        .join(Clinic, Clinic.id == PointLookup.clinic_id)
        .where(
            *_rough(),
            PointLookup.address == _address(),
            or_(PointLookup.outcome == Lookup.REFUSED, unknown),
        )
    )


def _finite(answer: House) -> bool:
    return math.isfinite(answer.lat) and math.isfinite(answer.lon)


def _is_it(asked: Wanted, answer: House) -> bool:
    return _finite(answer) and same_house(asked.street, answer.number)


def _refusal(gazetteer: Gazetteer, clinic: Clinic, answer: House) -> EntryRefused | None:
    """Return why an answer cannot be this clinic's point: the rule that pins by hand obey."""
    point = answer.lat, answer.lon
    middle = gazetteer.centroid(clinic.postal_code)
    nearest = gazetteer.nearest_zip(*point) if -90 <= answer.lat <= 90 else None
    try:
        check_point(
            *point,
            state=clinic.state,
            nearest=(nearest[0], nearest[1].state) if nearest else None,
            zip_miles=miles_between(*point, *middle) if middle else None,
        )
    except EntryRefused as refused:
        return refused
    return None


def _row(session: Session, asked: Wanted, outcome: Lookup, now: datetime) -> PointLookup:
    """Return the clinic's row for this look-up, counted on when the address is the same."""
    row = session.get(PointLookup, asked.clinic_id)
    if row is None:
        row = PointLookup(clinic_id=asked.clinic_id, tries=1)
        session.add(row)
    else:
        row.tries = row.tries + 1 if row.address == asked.address else 1
    row.address, row.outcome, row.looked_up_at = asked.address, outcome, now
    row.decided_by = row.decided_at = None
    return row


def _place(session: Session, actor: User, now: datetime, clinic: Clinic, answer: House) -> None:
    before = {"lat": clinic.lat, "lon": clinic.lon, "precision": clinic.point_precision.value}
    clinic.lat, clinic.lon = answer.lat, answer.lon
    clinic.point_precision = PointPrecision.ADDRESS
    flush_or_stale(session)
    after = {"lat": clinic.lat, "lon": clinic.lon, "precision": clinic.point_precision.value}
    after["version"] = clinic.version
    events.record(session, actor, now, "clinic:placed", "clinic", clinic.id, before, after)
