"""Merge one listing of a clinic into another, and take them apart again exactly as they were.

No check, file or line of the log is rewritten: the listing that is kept speaks for the merged one
(operations/families.py). What may change goes over, and the merge notes what went.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import flag_modified

from directory.domain.clinics import resting_on
from directory.domain.criteria import Catalogue
from directory.domain.entries import EntryRefused
from directory.domain.findings import Check, Finding, State, finding_of, minute_of
from directory.domain.merges import differing, may_keep, to_set_aside
from directory.domain.standing import Listing, Standing, standing
from directory.models import Clinic, Merge, SetAside, User
from directory.models.clinic import Post
from directory.operations import events, falls
from directory.operations.conflicts import refuse_conflicted
from directory.operations.duplicates import check_pair, check_reason
from directory.operations.editing import WORDS, facts_apart, facts_of
from directory.operations.listings import check_of, verifications_of
from directory.operations.merge_moves import (
    KINDS,
    end_leases,
    give_npi_back,
    move,
    move_homes,
    move_where,
    resume_leases,
    rows_to_move,
    take_npi,
)
from directory.operations.screening import screen_clinics
from directory.operations.stale import Stale, at_version, flush_or_stale
from directory.operations.vetting import publish

CLOSED_WORDS = "Merged into #{number}"
"""Why a merged listing is closed, as the public would read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePlan:
    """What merging would do. `lost` are the criteria met at either listing that will not be met.

    `differing` are the facts in which the two are not the same; `moved` are the rows that go
    over, by kind.
    """

    kept: Clinic
    merged: Clinic
    differing: tuple[str, ...]
    aside: frozenset[int]
    lost: tuple[str, ...]
    moved: Mapping[str, Sequence[int]]
    takes_npi: bool
    before: Standing
    after: Standing

    @property
    def digest(self) -> str:
        """A short name for all of this: a person who saw it confirms just this."""
        seen = [
            [self.kept.id, self.kept.version, self.merged.id, self.merged.version],
            [self.differing, sorted(self.aside), self.lost, self.takes_npi],
            sorted((kind, list(ids)) for kind, ids in self.moved.items()),
            [self.after.code.value, self.after.critical_met],
        ]
        return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:16]


def findings_at(
    session: Session, catalogue: Catalogue, clinic: Clinic, now: datetime, *, two_person: bool
) -> list[Finding]:
    """Return what is known of a clinic now, criterion by criterion."""
    checks = _checks(session, catalogue, clinic)
    return _findings(catalogue, checks, clinic, now, two_person=two_person)


def facts_that_differ(kept: Clinic, merged: Clinic) -> tuple[str, ...]:
    """Return the facts and posts that checks rest on in which two clinics are not the same."""
    return differing(_resting_facts(kept), _resting_facts(merged))


def plan_merge(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    kept: Clinic,
    merged: Clinic,
    *,
    two_person: bool,
) -> MergePlan:
    """Work out what merging one listing into another would do; writes nothing.

    Raises EntryRefused for one clinic twice, a listing that is merged already, a conflict of
    interest with either, and a merged listing that patients find when the kept one they do not.
    """
    check_pair(session, actor, kept, merged)
    if not may_keep(kept.listing, merged.listing):
        raise EntryRefused("merge_listing", "keep")
    facts = facts_that_differ(kept, merged)
    moved = rows_to_move(session, kept, merged)
    takes_npi = bool(merged.npi and not kept.npi)
    gained = {
        role.post.value
        for role in merged.roles
        if role.id in moved["role"] and role.ended_on is None
    } | ({"npi"} if takes_npi else set())
    ours, theirs = _checks(session, catalogue, kept), _checks(session, catalogue, merged)
    at_differing, at_gained = resting_on(facts), resting_on(gained)
    aside: set[int] = set()
    for criterion in catalogue.criteria:
        aside |= to_set_aside(
            criterion,
            ours[criterion.code],
            theirs[criterion.code],
            differs=criterion.code in at_differing,
            gained=criterion.code in at_gained,
            two_person=two_person,
        )
    both = {
        code: [
            replace(c, set_aside=c.set_aside or c.id in aside) for c in ours[code] + theirs[code]
        ]
        for code in catalogue.by_code
    }
    mine = _findings(catalogue, ours, kept, now, two_person=two_person)
    other = _findings(catalogue, theirs, merged, now, two_person=two_person)
    after = _findings(catalogue, both, kept, now, two_person=two_person)
    return MergePlan(
        kept=kept,
        merged=merged,
        differing=facts,
        aside=frozenset(aside),
        lost=tuple(
            new.criterion
            for new, one, two in zip(after, mine, other, strict=True)
            if State.MET in (one.state, two.state) and new.state is not State.MET
        ),
        moved=moved,
        takes_npi=takes_npi,
        before=standing(mine, kept.listing),
        after=standing(after, kept.listing),
    )


def merge(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    kept: Clinic,
    merged: Clinic,
    reason: str,
    *,
    versions: tuple[int, int],
    previewed: str,
    two_person: bool,
) -> Merge:
    """Merge a listing into the one that is kept, with an event for each.

    `versions` are those of the kept and the merged clinic as they were shown, `previewed` the
    digest of the plan that was shown. Raises Stale when either is no longer so, and EntryRefused
    as plan_merge does and for a missing reason.
    """
    check_reason(reason)
    check_pair(session, actor, kept, merged)
    at_version(kept, versions[0])
    at_version(merged, versions[1])
    plan = plan_merge(session, actor, now, catalogue, kept, merged, two_person=two_person)
    if plan.digest != previewed:
        raise Stale
    before = {"listing": merged.listing.value, "reason": merged.listing_reason}
    row = Merge(
        survivor_id=kept.id,
        merged_id=merged.id,
        home_id=kept.id,
        merged_by=actor.id,
        merged_at=now,
        reason=reason,
        moved={},
    )
    session.add(row)
    session.flush()
    session.add_all(SetAside(merge_id=row.id, verification_id=n) for n in sorted(plan.aside))
    row.moved = {
        **{kind: list(ids) for kind, ids in plan.moved.items()},
        "homes": move_homes(session, merged.id, kept.id),
        "leases": end_leases(session, merged.id, now),
        "listing": before,
        "npi": take_npi(session, kept, merged) if plan.takes_npi else None,
    }
    for kind, ids in plan.moved.items():
        move(session, kind, ids, merged.id, kept.id)
    merged.listing = Listing.CLOSED
    merged.listing_reason = CLOSED_WORDS.format(number=kept.id)
    # Whoever has a form of either open saw another clinic: their save is told.
    flag_modified(kept, "name")
    flush_or_stale(session)
    counts = {kind: len(ids) for kind, ids in plan.moved.items() if ids}
    went = {"merged": merged.id, "set_aside": len(plan.aside), "version": kept.version} | counts
    after = {
        "listing": merged.listing.value,
        "reason": merged.listing_reason,
        "merged_into": kept.id,
        "version": merged.version,
    }
    _tell(session, actor, now, "clinic:merged", kept.id, None, went, reason)
    _tell(session, actor, now, "clinic:merged", merged.id, before, after, reason)
    _publish(session, catalogue, now, row, two_person=two_person)
    return row


def refuse_undo(session: Session, actor: User, row: Merge) -> None:
    """Refuse to undo a merge out of turn.

    Raises EntryRefused when it is undone already, when the listing that was kept took part in a
    newer merge that stands, and for a conflict of interest with either.
    """
    refuse_conflicted(session, actor, [row.survivor_id, row.merged_id])
    if row.undone_at is not None:
        raise EntryRefused("merge_undone", "reason")
    newer = session.scalar(
        select(Merge.id)
        .where(
            Merge.id > row.id,
            Merge.undone_at.is_(None),
            or_(Merge.merged_id == row.survivor_id, Merge.survivor_id == row.survivor_id),
        )
        .order_by(Merge.id.desc())
        .limit(1)
    )
    if newer is not None:
        raise EntryRefused("merge_newer", "reason", number=newer)


def undo(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    row: Merge,
    reason: str,
    *,
    two_person: bool,
) -> None:
    """Take two listings apart: all that went over goes back if it is still there.

    What was added to the kept listing since stays with it. Raises as refuse_undo does, and
    EntryRefused for a missing reason.
    """
    session.refresh(row, with_for_update=True)
    refuse_undo(session, actor, row)
    check_reason(reason)
    kept, merged = session.get_one(Clinic, row.survivor_id), session.get_one(Clinic, row.merged_id)
    moved = row.moved
    late = _resting_on_what_goes(session, catalogue, row, kept)
    session.execute(delete(SetAside).where(SetAside.merge_id == row.id))
    for kind in KINDS:
        move(session, kind, moved.get(kind, ()), kept.id, merged.id)
    move_where(session, Merge, moved["homes"], Merge.home_id, kept.id, merged.id)
    resume_leases(session, merged.id, moved["leases"])
    if moved["npi"]:
        give_npi_back(session, kept, merged, moved["npi"])
    before = {"listing": merged.listing.value, "reason": merged.listing_reason}
    merged.listing = Listing(moved["listing"]["listing"])
    merged.listing_reason = moved["listing"]["reason"]
    row.undone_by, row.undone_at = actor.id, now
    flag_modified(kept, "name")
    flush_or_stale(session)
    back = {"merged": merged.id, "version": kept.version}
    after = {**moved["listing"], "merged_into": kept.id, "version": merged.version}
    _tell(session, actor, now, "clinic:unmerged", kept.id, None, back, reason)
    _tell(session, actor, now, "clinic:unmerged", merged.id, before, after, reason)
    falls.drop(session, actor, now, catalogue, kept.id, late, "who works here")
    _publish(session, catalogue, now, row, two_person=two_person)


def _resting_on_what_goes(
    session: Session, catalogue: Catalogue, row: Merge, kept: Clinic
) -> list[str]:
    """Return the criteria checked since the merge that rest on a post or number that goes back."""
    before = set(
        session.scalars(select(SetAside.verification_id).where(SetAside.merge_id == row.id))
    )
    moved = row.moved.get("role", ())
    going = {r.post.value for r in kept.roles if r.id in moved and r.ended_on is None}
    going |= {"npi"} if row.moved["npi"] and kept.npi == row.moved["npi"] else set()
    standing = falls.standing_checks(session, catalogue, kept.id)
    return [
        code
        for code in resting_on(going)
        if any(c.clinic_id == kept.id and c.id not in before for c in standing.get(code, ()))
    ]


def merges_of(session: Session, clinic_id: int) -> list[Merge]:
    """Return the merges that stand at a clinic, newest first, with both listings and who did it."""
    return list(
        session.scalars(
            select(Merge)
            .where(
                or_(Merge.home_id == clinic_id, Merge.merged_id == clinic_id),
                Merge.undone_at.is_(None),
            )
            .options(joinedload(Merge.survivor), joinedload(Merge.merged), joinedload(Merge.merger))
            .order_by(Merge.id.desc())
        )
    )


def _resting_facts(clinic: Clinic) -> dict[str, Any]:
    facts = facts_apart(facts_of(clinic))
    posts: dict[str, list[int]] = {
        post.value: sorted(
            {r.practitioner_id for r in clinic.roles if r.post is post and r.ended_on is None}
        )
        for post in Post
    }
    return {fact: facts[fact] for fact in WORDS} | posts


def _checks(session: Session, catalogue: Catalogue, clinic: Clinic) -> dict[str, list[Check]]:
    checks: dict[str, list[Check]] = defaultdict(list)
    for verification in verifications_of(session, [clinic.id]):
        checks[verification.criterion].append(check_of(verification))
    return checks


def _findings(
    catalogue: Catalogue,
    checks: Mapping[str, Sequence[Check]],
    clinic: Clinic,
    now: datetime,
    *,
    two_person: bool,
) -> list[Finding]:
    zone, minute = ZoneInfo(clinic.timezone), minute_of(now)
    return [
        finding_of(c, checks.get(c.code, ()), zone, two_person=two_person).at(minute)
        for c in catalogue.criteria
    ]


def _tell(
    session: Session,
    actor: User,
    now: datetime,
    act: str,
    clinic_id: int,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
    reason: str,
) -> None:
    events.record(session, actor, now, act, "clinic", clinic_id, before, after, reason=reason)


def _publish(
    session: Session, catalogue: Catalogue, now: datetime, row: Merge, *, two_person: bool
) -> None:
    """Derive both; what the session remembers of moved rows and set-aside checks is old."""
    clinics = [row.survivor_id, row.merged_id]
    session.flush()
    session.expire_all()
    touched = screen_clinics(session, now, catalogue, clinics, two_person=two_person)
    publish(session, catalogue, now, sorted({*clinics, *touched}), two_person=two_person)
