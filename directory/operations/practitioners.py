"""Practitioners, owners and posts: whoever changes, the checks that looked at them fall."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.domain.clinic_entry import PersonFacts
from directory.domain.clinics import RESTS_ON, resting_on
from directory.domain.criteria import Catalogue
from directory.domain.entries import EntryRefused, same_fact
from directory.models import (
    Clinic,
    Organization,
    Practitioner,
    PractitionerRole,
    User,
)
from directory.models.clinic import Post
from directory.operations import events, falls, screening
from directory.operations.conflicts import clinics_of, refuse_conflicted
from directory.operations.families import posts_at, refuse_merged
from directory.operations.stale import at_version, flush_or_stale
from directory.operations.vetting import publish

POST_WORDS = {
    Post.MEDICAL_DIRECTOR: "who leads the clinic",
    Post.PRESCRIBER: "who prescribes on site",
    Post.MONITORING_CLINICIAN: "who watches patients",
}
PERSON_WORDS = {
    "practitioner_name": "the name of a person who works there",
    "practitioner_npi": "the registry number of a person who works there",
    "former_names": "a former name of a person who works there",
    "profession": "the profession of a person who works there",
}


def person_falls(
    session: Session, catalogue: Catalogue, person: Practitioner, facts: PersonFacts
) -> falls.Falls:
    """Return which checks fall, clinic by clinic, when these facts are saved; writes nothing."""
    edited = _edited_person(person, facts)
    found: dict[int, set[str]] = {}
    for role in person.roles:
        resting = resting_on(edited) & set(RESTS_ON[role.post.value])
        for clinic_id in posts_at(session, role):
            found.setdefault(clinic_id, set()).update(resting)
    return falls.falling_in(session, catalogue, found)


def owner_falls(
    session: Session, catalogue: Catalogue, owner: Organization, facts: PersonFacts
) -> falls.Falls:
    """Return which checks fall, clinic by clinic, when an owner's facts are saved."""
    edited = set()
    if not same_fact(owner.name, facts.name):
        edited.add("organization_name")
    if owner.npi != facts.npi:
        edited.add("npi")
    found = {clinic_id: set(resting_on(edited)) for clinic_id in clinics_of(session, owner)}
    return falls.falling_in(session, catalogue, found)


def create_person(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    kind: type[Practitioner] | type[Organization],
    facts: PersonFacts,
    *,
    two_person: bool,
) -> Practitioner | Organization:
    """Write a new practitioner or organization and compare them with the exclusion list.

    They stand behind no clinic yet, so no clinic changes. Raises EntryRefused for an NPI already
    there.
    """
    row = write_person(session, actor, now, kind, facts)
    also = [(_noun(row), row.id)]
    screening.screen_clinics(session, now, catalogue, [], two_person=two_person, also=also)
    return row


def write_person(
    session: Session,
    actor: User,
    now: datetime,
    kind: type[Practitioner] | type[Organization],
    facts: PersonFacts,
) -> Practitioner | Organization:
    """Write a new practitioner or organization, whom the caller compares with their clinic.

    Raises EntryRefused for an NPI already there.
    """
    _refuse_taken(session, kind, facts.npi, 0)
    values = _values(kind, facts)
    row = kind(**values)
    session.add(row)
    session.flush()
    noun = _noun(row)
    events.record(session, actor, now, f"{noun}:created", noun, row.id, None, values)
    return row


def save_person(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    row: Practitioner | Organization,
    facts: PersonFacts,
    *,
    version: int,
    two_person: bool,
) -> None:
    """Write an edited practitioner or organization; checks that rested on it fall everywhere.

    Raises Stale, and EntryRefused for an NPI already there or a conflict of interest.
    """
    clinics = clinics_of(session, row)
    refuse_conflicted(session, actor, clinics)
    at_version(row, version)
    _refuse_taken(session, type(row), facts.npi, row.id)
    values = _values(type(row), facts)
    on_record = {name: getattr(row, name) for name in values}
    if "former_names" in values:
        on_record["former_names"] = list(on_record["former_names"] or ())
    before = {name: said for name, said in on_record.items() if said != values[name]}
    if not before:
        return
    if isinstance(row, Practitioner):
        fallen = person_falls(session, catalogue, row, facts)
        what = ", ".join(PERSON_WORDS[fact] for fact in _edited_person(row, facts))
    else:
        fallen, what = owner_falls(session, catalogue, row, facts), "the owner"
    for name, value in values.items():
        setattr(row, name, value)
    flush_or_stale(session)
    noun = _noun(row)
    after = {name: values[name] for name in before}
    events.record(session, actor, now, f"{noun}:edited", noun, row.id, before, after)
    falls.drop_all(session, actor, now, catalogue, fallen, what)
    touched = screening.screen_clinics(
        session, now, catalogue, clinics, two_person=two_person, also=[(noun, row.id)]
    )
    publish(session, catalogue, now, sorted({*clinics, *touched}), two_person=two_person)


def role_falls(session: Session, catalogue: Catalogue, clinic_id: int, post: Post) -> falls.Falls:
    """Return which checks fall when somebody takes up or leaves this post at a clinic."""
    return falls.falling_in(session, catalogue, {clinic_id: set(RESTS_ON[post.value])})


def start_role(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    person: Practitioner,
    clinic: Clinic,
    post: Post,
    started_on: date,
    *,
    two_person: bool,
) -> PractitionerRole:
    """Write that somebody took up a post; checks of who does that work fall.

    Raises EntryRefused when they hold that post there already, or for a conflict of interest.
    """
    refuse_conflicted(session, actor, [clinic.id])
    refuse_merged(session, clinic)
    for role in person.roles:
        same = role.clinic_id == clinic.id and role.post is post
        if same and (role.ended_on is None or role.ended_on >= started_on):
            raise EntryRefused("twice", "post")
    fallen = role_falls(session, catalogue, clinic.id, post)
    role = PractitionerRole(practitioner=person, clinic=clinic, post=post, started_on=started_on)
    session.add(role)
    session.flush()
    after = _role_line(role) | {"started_on": started_on.isoformat()}
    events.record(session, actor, now, "role:created", "role", role.id, None, after)
    falls.drop_all(session, actor, now, catalogue, fallen, POST_WORDS[post])
    _screen_and_publish(session, now, catalogue, clinic.id, two_person=two_person)
    return role


def end_role(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    role: PractitionerRole,
    ended_on: date,
    *,
    version: int,
    two_person: bool,
) -> None:
    """Write the last day of a role; it stays on record, and checks of that work fall.

    Raises Stale, and EntryRefused for a day before its first or a conflict of interest.
    """
    refuse_conflicted(session, actor, [role.clinic_id])
    at_version(role, version)
    if ended_on < role.started_on:
        raise EntryRefused("day_order", "ended_on")
    fallen: falls.Falls = {}
    for clinic_id in posts_at(session, role):
        fallen |= role_falls(session, catalogue, clinic_id, role.post)
    before = {"ended_on": role.ended_on.isoformat() if role.ended_on else None}
    role.ended_on = ended_on
    flush_or_stale(session)
    after = _role_line(role) | {"ended_on": ended_on.isoformat()}
    events.record(session, actor, now, "role:ended", "role", role.id, before, after)
    falls.drop_all(session, actor, now, catalogue, fallen, POST_WORDS[role.post])
    _screen_and_publish(session, now, catalogue, role.clinic_id, two_person=two_person)


def _screen_and_publish(
    session: Session, now: datetime, catalogue: Catalogue, clinic_id: int, *, two_person: bool
) -> None:
    touched = screening.screen_clinics(session, now, catalogue, [clinic_id], two_person=two_person)
    publish(session, catalogue, now, sorted({clinic_id, *touched}), two_person=two_person)


def _edited_person(person: Practitioner, facts: PersonFacts) -> list[str]:
    pairs = {
        "practitioner_name": (person.name, facts.name),
        "practitioner_npi": (person.npi, facts.npi),
        "former_names": (list(person.former_names or ()), list(facts.former_names)),
        "profession": (person.profession, facts.profession),
    }
    return [fact for fact, (before, after) in pairs.items() if not same_fact(before, after)]


def _refuse_taken(
    session: Session, kind: type[Practitioner] | type[Organization], npi: str | None, own: int
) -> None:
    if npi and session.scalar(select(kind.id).where(kind.npi == npi, kind.id != own)):
        raise EntryRefused("npi_taken", "npi")


def _values(kind: type[Practitioner] | type[Organization], facts: PersonFacts) -> dict[str, Any]:
    values = asdict(facts)
    if kind is Organization:
        values.pop("profession")
        values.pop("former_names")
    else:
        values["former_names"] = list(facts.former_names)
    return values


def _noun(row: Practitioner | Organization) -> str:
    return "practitioner" if isinstance(row, Practitioner) else "organization"


def _role_line(role: PractitionerRole) -> dict[str, Any]:
    return {
        "practitioner": role.practitioner_id,
        "clinic": role.clinic_id,
        "post": role.post.value,
    }
