"""Read today's plan: every clinic's checks in a few statements, judged by the rules and the clock.

Nothing of the plan is stored. `read_facts` reads what the rules need and is the slow half;
`today` adds the clock, who asks and who holds what. A caller may keep facts for as long as
`fingerprint` says the same.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from directory.domain.capacity import keepable, minutes_needed, yearly_minutes
from directory.domain.credentials import last_valid_day
from directory.domain.criteria import Applies, Catalogue, Criterion, Level
from directory.domain.findings import minute_of, today_in
from directory.domain.looks import Channel, Known, Look, known_of
from directory.domain.plan import DayPlan, Item, due_item, plan_day
from directory.domain.services import Modality
from directory.domain.standing import Listing
from directory.models import (
    Clinic,
    Confirmation,
    Credential,
    Event,
    Merge,
    Refusal,
    Service,
    SetAside,
    User,
    Verification,
)
from directory.models.staff import ConflictOfInterest, StaffRole
from directory.operations import leases
from directory.operations.leases import Hold
from directory.operations.vetting import newest_check

WITH_WORK = (Listing.LISTED, Listing.SUSPENDED, Listing.DRAFT)
NOT_FACTS = ("lease:taken", "lease:renewed", "lease:released")
ENDLESS = 10**9
"""Minutes of a budget that holds everything."""

TRIES_TO_TAKE = 200
"""How many pieces of work are tried before saying that there is none to hand out."""


PAIR = itemgetter(0, 1)
NO_SOURCE = (0, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the plan needs of a clinic."""

    id: int
    name: str
    city: str
    state: str
    zone: ZoneInfo
    listing: Listing
    organization_id: int | None
    phone: str | None
    iv: bool


class Source(NamedTuple):
    """Where a thing was looked up."""

    name: str
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the rules need of all clinics; the clock is not in it."""

    sites: dict[int, Site]
    known: dict[tuple[int, str], Known]
    newest: dict[tuple[int, str], int]
    own_source: dict[tuple[int, str], Source]
    state_source: dict[tuple[str, str], Source]
    waiting: int

    def source(self, site: Site, criterion: Criterion) -> Source | None:
        """Return where this was looked up last: here, or else in the same state."""
        return self.own_source.get((site.id, criterion.code)) or self.state_source.get(
            (site.state, criterion.code)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """The plan of one person for one day, and how the whole stands."""

    day: DayPlan
    sites: dict[int, Site]
    held: tuple[Hold, ...]
    reasons: dict[str, int]
    listings: int
    keepable: int
    needed: int
    waiting: int


def fingerprint(session: Session) -> tuple[object, ...]:
    """Return what is different after any act that changes the facts.

    Call it before anything is written in the transaction.
    """
    newest = select(Event.id).where(Event.act.not_in(NOT_FACTS)).order_by(Event.id.desc()).limit(1)
    checks = select(func.max(Verification.id))
    row = session.execute(
        select(
            newest.scalar_subquery(),
            checks.scalar_subquery(),
            select(func.count()).select_from(Clinic).scalar_subquery(),
        )
    ).one()
    return tuple(row)


def read_facts(session: Session, catalogue: Catalogue, *, two_person: bool) -> Facts:
    """Read what the rules need of every clinic with work, in three statements."""
    sites = _sites(session)
    known: dict[tuple[int, str], Known] = {}
    newest: dict[tuple[int, str], int] = {}
    own: dict[tuple[int, str], Source] = {}
    by_state: dict[tuple[str, str], tuple[int, Source]] = {}
    places: dict[tuple[str, str | None], Source] = {}
    waiting = 0
    for pair, group in groupby(chain.from_iterable(_check_rows(session)), key=PAIR):
        site, criterion = sites.get(pair[0]), catalogue.by_code.get(pair[1])
        if site is None or criterion is None:
            continue
        looks = []
        last = 0
        for row in group:
            _clinic, _code, number, source, url, outcome, level, day, until, channel, *more = row
            expires, ended, second, against, renews, program, site_id, aside = more
            paper = last_valid_day(expires, ended) if expires or ended else None
            agreed, refused = second is not None, against is not None
            seen = (number, outcome, level, day, until, channel, paper, agreed, refused)
            looks.append(Look(*seen, aside, program, renews))
            if site_id == site.id:
                last = max(last, number)
            if level is Level.SOURCE:
                here = (site.state, pair[1])
                own[pair] = place = places.setdefault((source, url), Source(source, url))
                if number > by_state.get(here, NO_SOURCE)[0]:
                    by_state[here] = number, place
        known[pair] = known_of(criterion, looks, site.zone, two_person=two_person)
        newest[pair] = last
        waiting += known[pair].waits and not known[pair].accused
    return Facts(
        sites=sites,
        known=known,
        newest=newest,
        own_source=own,
        state_source={key: source for key, (_id, source) in by_state.items()},
        waiting=waiting,
    )


def _sites(session: Session) -> dict[int, Site]:
    with_iv = set(
        session.scalars(select(Service.clinic_id).where(Service.modality == Modality.IV).distinct())
    )
    rows = session.execute(
        select(
            Clinic.id,
            Clinic.name,
            Clinic.city,
            Clinic.state,
            Clinic.timezone,
            Clinic.listing,
            Clinic.organization_id,
            Clinic.phone,
        ).where(Clinic.listing.in_(WITH_WORK))
    )
    return {
        row.id: Site(
            id=row.id,
            name=row.name,
            city=row.city,
            state=row.state,
            zone=ZoneInfo(row.timezone),
            listing=row.listing,
            organization_id=row.organization_id,
            phone=row.phone,
            iv=row.id in with_iv,
        )
        for row in rows
    }


def _check_rows(session: Session) -> Iterable[Any]:
    """Yield every check of a clinic with work, as rows without the ORM.

    What belongs to one criterion comes together, in the order in which the checks speak. The
    first column is the clinic that speaks for the listing the check was made at.
    """
    check, clinic = Verification.__table__.c, Clinic.__table__.c
    merge = Merge.__table__.c
    home = func.coalesce(merge.home_id, check.clinic_id)
    aside = select(SetAside.merge_id).where(SetAside.verification_id == check.id)
    credential = Credential.__table__.c
    confirmation, refusal = Confirmation.__table__.c, Refusal.__table__.c
    recorder = User.__table__.c
    return (
        session.connection()
        .execute(
            select(
                home,
                check.criterion,
                check.id,
                check.source_name,
                check.source_url,
                check.outcome,
                check.level,
                check.checked_on,
                check.valid_until,
                check.channel,
                credential.expires_on,
                credential.ended_on,
                confirmation.confirmed_by,
                refusal.refused_by,
                check.renews_id,
                recorder.role == StaffRole.SYSTEM,
                check.clinic_id,
                aside.exists(),
            )
            .outerjoin(
                Merge.__table__, and_(merge.merged_id == check.clinic_id, merge.undone_at.is_(None))
            )
            .join(Clinic.__table__, clinic.id == home)
            .join(User.__table__, recorder.id == check.recorded_by)
            .outerjoin(Credential.__table__, credential.id == check.credential_id)
            .outerjoin(Confirmation.__table__, confirmation.verification_id == check.id)
            .outerjoin(Refusal.__table__, refusal.verification_id == check.id)
            .where(clinic.listing.in_(WITH_WORK))
            .order_by(home, check.criterion, check.checked_on, check.recorded_at, check.id)
        )
        .partitions(500)
    )


def due_items(facts: Facts, catalogue: Catalogue, now: datetime) -> list[Item]:
    """Return everything that is due at `now` at any clinic."""
    minute = minute_of(now)
    days: dict[str, date] = {}
    items = []
    for site in facts.sites.values():
        today = days.get(site.zone.key)
        if today is None:
            today = days[site.zone.key] = today_in(site.zone, now)
        for criterion in catalogue.criteria:
            if criterion.applies is Applies.IV and not site.iv:
                continue
            source = facts.source(site, criterion)
            item = due_item(
                criterion,
                facts.known.get((site.id, criterion.code)),
                clinic_id=site.id,
                listing=site.listing,
                source=source.name if source else f"{criterion.title} ({site.state})",
                today=today,
                minute=minute,
            )
            if item is not None:
                items.append(item)
    return items


def today(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    facts: Facts,
    *,
    two_person: bool,
    budget: int,
) -> Today:
    """Return the actor's plan: what is due, not held by others, and not at a conflicted clinic."""
    held = leases.holds(session, now)
    others = {hold.pair for hold in held if hold.holder_id != actor.id}
    conflicted = conflicted_clinics(session, actor)
    items = due_items(facts, catalogue, now)
    mine = [
        item
        for item in items
        if (item.clinic_id, item.criterion) not in others and item.clinic_id not in conflicted
    ]
    listings = sum(site.listing is not Listing.DRAFT for site in facts.sites.values())
    a_year = yearly_minutes(
        (criterion for criterion in catalogue.criteria if criterion.critical),
        two_person=two_person,
    )
    return Today(
        day=plan_day(mine, budget),
        sites=facts.sites,
        held=tuple(held),
        reasons=dict(Counter(item.why.value for item in items)),
        listings=listings,
        keepable=keepable(listings, budget, a_year),
        needed=minutes_needed(listings, a_year),
        waiting=facts.waiting if two_person else 0,
    )


def take_next(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    facts: Facts,
    *,
    batch: str = "",
    channel: Channel | None = None,
    done: tuple[int, str] | None = None,
) -> Item | None:
    """Hand the actor the next piece of work under a lease, or None when there is none.

    Work that the actor holds already comes first; then the batch they are in; what they put
    back lately comes not at all. The database decides who gets it; a piece that was looked at
    since the facts were read is left out. `done` is what the actor has just recorded.
    """
    others: set[tuple[int, str]] = set()
    own: set[tuple[int, str]] = set()
    for hold in leases.holds(session, now):
        (own if hold.holder_id == actor.id else others).add(hold.pair)
    skipped = leases.put_back_by(session, actor, now) | others
    conflicted = conflicted_clinics(session, actor)
    items = [
        item
        for item in due_items(facts, catalogue, now)
        if item.clinic_id not in conflicted
        and (item.clinic_id, item.criterion) not in skipped
        and (item.clinic_id, item.criterion) != done
        and (channel is None or item.channel is channel)
    ]
    plan = plan_day(items, ENDLESS, first=batch)
    found = sorted(plan.items, key=lambda item: (item.clinic_id, item.criterion) not in own)
    for item in found[:TRIES_TO_TAKE]:
        pair = (item.clinic_id, item.criterion)
        if newest_check(session, *pair) == facts.newest.get(pair, 0) and leases.take(
            session, actor, now, *pair
        ):
            return item
    return None


def conflicted_clinics(session: Session, actor: User) -> frozenset[int]:
    """Return the clinics on which the actor may not act: their owners' ones, and merged ones."""
    tie = ConflictOfInterest
    tied = (
        select(Clinic.id)
        .join(
            tie,
            (tie.clinic_id == Clinic.id) | (tie.organization_id == Clinic.organization_id),
        )
        .where(tie.user_id == actor.id, tie.withdrawn_at.is_(None))
    )
    merged = select(Merge.merged_id).where(Merge.undone_at.is_(None), Merge.home_id.in_(tied))
    return frozenset(session.scalars(tied.union(merged)))
