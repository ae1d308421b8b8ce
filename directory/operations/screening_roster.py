"""Who is compared with the exclusion list: people with a post, owners, and the clinics' names."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.domain.exclusions import Kind, Subject
from directory.domain.findings import today_in
from directory.domain.screening import made_for
from directory.domain.standing import Listing
from directory.models import Clinic, Organization, Practitioner, PractitionerRole
from directory.models.clinic import Post

Key = tuple[str, int]
"""One of ours: practitioner, organization or clinic, and its number."""

AT_ONCE: Final = 500
IN_CHARGE: Final = (Post.MEDICAL_DIRECTOR, Post.PRESCRIBER)


@dataclass(frozen=True, slots=True, kw_only=True)
class One:
    """One of ours as it is compared; `made_for` names the names and the NPI it has now."""

    key: Key
    name: str
    npi: str | None
    made_for: str
    subject: Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A clinic that is not closed, and everyone who stands behind it.

    `posts` are those of its people today. The clinic itself and its owner are in `everyone`.
    """

    id: int
    name: str
    zone: ZoneInfo
    today: date
    owner: Key | None
    posts: Mapping[Key, tuple[Post, ...]]

    @property
    def everyone(self) -> tuple[Key, ...]:
        """All who are compared for this clinic."""
        owner = (self.owner,) if self.owner else ()
        return (*self.posts, *owner, ("clinic", self.id))

    @property
    def leaders(self) -> tuple[Key, ...]:
        """The people in charge: who leads it and who prescribes."""
        return tuple(
            key for key, posts in self.posts.items() if any(post in IN_CHARGE for post in posts)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Clinics, and everyone who stands behind any of them."""

    sites: Mapping[int, Site]
    everyone: Mapping[Key, One]


def roster(
    session: Session, now: datetime, clinic_ids: Collection[int] | None, also: Iterable[Key] = ()
) -> Roster:
    """Return who is to be compared; `clinic_ids` None means all that there is.

    For some clinics, all clinics of their people and owners come along: what is found of a
    person concerns each of them. `also` are owners and people to compare besides.
    """
    if clinic_ids is None:
        sites = _sites(session, now, None)
        keys = {key for site in sites.values() for key in site.everyone}
        keys |= {("organization", number) for number in session.scalars(select(Organization.id))}
        return Roster(sites=sites, everyone=_everyone(session, keys, sites))
    first = _sites(session, now, set(clinic_ids))
    shared = {key for site in first.values() for key in site.everyone} | set(also)
    around = _clinics_of(session, shared)
    sites = _sites(session, now, around | set(first))
    keys = {key for site in sites.values() for key in site.everyone} | set(also)
    places = _sites(session, now, _clinics_of(session, keys) | set(sites))
    return Roster(sites=sites, everyone=_everyone(session, keys, places))


def clinics_behind(session: Session, now: datetime, key: Key) -> list[Site]:
    """Return the clinics, closed ones left out, that one of ours stands behind today."""
    sites = _sites(session, now, _clinics_of(session, {key}))
    return [site for site in sites.values() if key in site.everyone]


def clinics_ever(session: Session, key: Key) -> list[int]:
    """Return the clinics, closed ones too, that one of ours has or had to do with."""
    return sorted(_clinics_of(session, [key]))


def _clinics_of(session: Session, keys: Iterable[Key]) -> set[int]:
    """Return the clinics that any of these have or had to do with."""
    of: dict[str, set[int]] = defaultdict(set)
    for kind, number in keys:
        of[kind].add(number)
    held = select(PractitionerRole.clinic_id)
    owned = select(Clinic.id)
    found = set(of["clinic"])
    found |= {
        row.clinic_id
        for row in _rows(session, held, PractitionerRole.practitioner_id, of["practitioner"])
    }
    found |= {row.id for row in _rows(session, owned, Clinic.organization_id, of["organization"])}
    return found


def _sites(session: Session, now: datetime, ids: Collection[int] | None) -> dict[int, Site]:
    clinics = select(Clinic.id, Clinic.name, Clinic.timezone, Clinic.organization_id).where(
        Clinic.listing != Listing.CLOSED
    )
    roles = select(
        PractitionerRole.clinic_id,
        PractitionerRole.practitioner_id,
        PractitionerRole.post,
        PractitionerRole.ended_on,
    ).order_by(PractitionerRole.id)
    by_clinic = defaultdict(list)
    for role in _rows(session, roles, PractitionerRole.clinic_id, ids):
        by_clinic[role.clinic_id].append(role)
    sites = {}
    for row in _rows(session, clinics.order_by(Clinic.id), Clinic.id, ids):
        zone = ZoneInfo(row.timezone)
        today = today_in(zone, now)
        posts: dict[Key, tuple[Post, ...]] = {}
        for role in by_clinic[row.id]:
            if role.ended_on is None or role.ended_on >= today:
                key = ("practitioner", role.practitioner_id)
                posts[key] = (*posts.get(key, ()), role.post)
        owner = ("organization", row.organization_id) if row.organization_id else None
        sites[row.id] = Site(
            id=row.id, name=row.name, zone=zone, today=today, owner=owner, posts=posts
        )
    return sites


def _everyone(session: Session, keys: Collection[Key], sites: Mapping[int, Site]) -> dict[Key, One]:
    """Return each of these with their names, and the places where they stand behind a clinic."""
    at: dict[Key, list[Any]] = defaultdict(list)
    places = select(Clinic.id, Clinic.state, Clinic.postal_code, Clinic.city)
    for place in _rows(session, places, Clinic.id, sites):
        for key in sites[place.id].everyone:
            at[key].append(place)
    found: dict[Key, One] = {}
    for kind, query, column in (
        (
            "practitioner",
            select(Practitioner.id, Practitioner.name, Practitioner.npi, Practitioner.former_names),
            Practitioner.id,
        ),
        (
            "organization",
            select(Organization.id, Organization.name, Organization.npi),
            Organization.id,
        ),
        ("clinic", select(Clinic.id, Clinic.name, Clinic.npi), Clinic.id),
    ):
        for row in _rows(session, query, column, [n for of, n in keys if of == kind]):
            person = kind == "practitioner"
            names = (row.name, *((row.former_names or ()) if person else ()))
            where = at[kind, row.id]
            found[kind, row.id] = One(
                key=(kind, row.id),
                name=row.name,
                npi=row.npi,
                made_for=made_for(names, row.npi),
                subject=Subject(
                    kind=Kind.PERSON if person else Kind.BUSINESS,
                    names=names,
                    npi=row.npi,
                    states=frozenset(place.state for place in where),
                    zips=frozenset(place.postal_code for place in where),
                    cities=frozenset(place.city for place in where),
                ),
            )
    return found


def _rows(
    session: Session, query: Any, column: Any, numbers: Collection[int] | None
) -> Iterator[Any]:
    """Yield the rows whose column is one of these numbers, or all of them."""
    if numbers is None:
        yield from session.execute(query)
        return
    for some in batches(sorted(numbers)):
        yield from session.execute(query.where(column.in_(some)))


def batches(numbers: Iterable[int]) -> Iterator[list[int]]:
    """Yield numbers in lists short enough for one statement."""
    ordered = list(numbers)
    for start in range(0, len(ordered), AT_ONCE):
        yield ordered[start : start + AT_ONCE]
