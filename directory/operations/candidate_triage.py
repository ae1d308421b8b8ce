"""What staff make of the registry's candidates: a decision each, a listing, a look at a change."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session, contains_eager, joinedload

from directory.domain.entries import EntryRefused
from directory.domain.nppes import DECISIONS, TRIAGE_STEPS, Triage
from directory.models import Candidate, CandidateChange, CandidateLookup, Clinic, Evidence, User
from directory.models.vetting import EvidenceKind
from directory.operations import events
from directory.operations.conflicts import clinics_of, refuse_conflicted
from directory.operations.stale import Stale, at_version, flush_or_stale

PER_PAGE = 25
SHOWN = (Triage.WAITING, Triage.LIKELY, Triage.UNLIKELY, Triage.NOT_A_CLINIC)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the rows asked for, and whether more follow."""

    rows: Sequence[Any]
    more: bool


def counts(session: Session) -> dict[Triage, int]:
    """Return how many candidates each list of the triage shows."""
    found = session.execute(
        select(Candidate.triage, func.count().label("number"))
        .where(Candidate.triage.in_(SHOWN), _listed_here())
        .group_by(Candidate.triage)
    )
    counted = {row.triage: row.number for row in found}
    return {triage: counted.get(triage, 0) for triage in SHOWN}


def waiting_count(session: Session) -> int:
    """Return how many candidates nobody has judged yet."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Candidate)
            .where(Candidate.triage == Triage.WAITING, _listed_here())
        )
        or 0
    )


def changes_count(session: Session) -> int:
    """Return how many changes nobody has seen yet."""
    return (
        session.scalar(
            select(func.count())
            .select_from(CandidateChange)
            .where(CandidateChange.seen_at.is_(None))
        )
        or 0
    )


def candidates_in(session: Session, triage: Triage, page: int) -> Page:
    """Return a page of one list of the triage, the strongest reasons first."""
    rows = session.scalars(
        select(Candidate)
        .where(Candidate.triage == triage, _listed_here())
        .options(joinedload(Candidate.decider))
        .order_by(Candidate.strength.desc(), Candidate.state, Candidate.city, Candidate.id)
        .offset((page - 1) * PER_PAGE)
        .limit(PER_PAGE + 1)
    ).all()
    return Page(rows[:PER_PAGE], len(rows) > PER_PAGE)


def changes_waiting(session: Session, page: int) -> Page:
    """Return a page of the changes that nobody has seen; what touches a listing comes first."""
    rows = session.scalars(
        select(CandidateChange)
        .join(CandidateChange.candidate)
        .where(CandidateChange.seen_at.is_(None))
        .options(
            contains_eager(CandidateChange.candidate).joinedload(Candidate.clinic),
            contains_eager(CandidateChange.candidate).joinedload(Candidate.organization),
        )
        .order_by(
            Candidate.clinic_id.is_(None) & Candidate.organization_id.is_(None),
            CandidateChange.found_at,
            CandidateChange.id,
        )
        .offset((page - 1) * PER_PAGE)
        .limit(PER_PAGE + 1)
    ).all()
    return Page(rows[:PER_PAGE], len(rows) > PER_PAGE)


def decide(
    session: Session, actor: User, now: datetime, candidate: Candidate, to: Triage, *, version: int
) -> None:
    """Say what a candidate is; no import changes that.

    Raises Stale when somebody else decided meanwhile, EntryRefused("triage_step") for a decision
    that cannot follow, or EntryRefused("conflicted").
    """
    refuse_interested(session, actor, candidate)
    at_version(candidate, version)
    if to not in TRIAGE_STEPS[candidate.triage] or candidate.clinic_id is not None:
        raise EntryRefused("triage_step")
    before = {"triage": candidate.triage.value}
    candidate.triage, candidate.decided_by, candidate.decided_at = to, actor.id, now
    flush_or_stale(session)
    after = {"triage": to.value, "npi": candidate.npi}
    events.record(session, actor, now, "candidate:judged", "candidate", candidate.id, before, after)


def undo(
    session: Session, actor: User, now: datetime, candidate: Candidate, *, version: int
) -> None:
    """Take one's own decision back; the candidate waits again.

    Raises Stale when somebody else decided meanwhile, and EntryRefused("triage_undo") for
    somebody else's decision or a candidate that has a listing by now.
    """
    refuse_interested(session, actor, candidate)
    at_version(candidate, version)
    if not may_undo(candidate, actor):
        raise EntryRefused("triage_undo")
    before = {"triage": candidate.triage.value}
    candidate.triage, candidate.decided_by, candidate.decided_at = Triage.WAITING, None, None
    flush_or_stale(session)
    after = {"triage": Triage.WAITING.value, "npi": candidate.npi}
    events.record(session, actor, now, "candidate:undone", "candidate", candidate.id, before, after)


def may_undo(candidate: Candidate, actor: User) -> bool:
    """Say whether a person may take the decision on a candidate back."""
    own = candidate.triage in DECISIONS and candidate.decided_by == actor.id
    return own and candidate.clinic_id is None


def see(session: Session, actor: User, now: datetime, change: CandidateChange) -> None:
    """Say that a change was seen and dealt with.

    Raises Stale when somebody else did so meanwhile, EntryRefused("conflicted") for a listing in
    which the actor has an interest.
    """
    candidate = change.candidate
    refuse_interested(session, actor, candidate)
    seen = session.execute(
        update(CandidateChange)
        .where(CandidateChange.id == change.id, CandidateChange.seen_at.is_(None))
        .values(seen_by=actor.id, seen_at=now)
        .returning(CandidateChange.id)
        .execution_options(synchronize_session=False)
    ).first()
    if seen is None:
        raise Stale
    after = {"change": change.id, "fact": change.fact.value, "npi": candidate.npi}
    events.record(session, actor, now, "candidate:seen", "candidate", candidate.id, None, after)


def startable(candidate: Candidate | None) -> bool:
    """Say whether a listing can be started from a candidate: it has none, nobody said no."""
    return (
        candidate is not None
        and candidate.clinic_id is None
        and candidate.triage in (Triage.WAITING, Triage.LIKELY)
    )


def start_listing(
    session: Session, actor: User, now: datetime, candidate_id: int, clinic: Clinic
) -> None:
    """Tie a new listing to the candidate it began with, which is thereby a likely clinic.

    Raises EntryRefused("candidate_taken") when somebody started one, or said no, meanwhile.
    """
    candidate = session.get(Candidate, candidate_id, populate_existing=True)
    if candidate is None or not startable(candidate):
        raise EntryRefused("candidate_taken", "name")
    before = {"triage": candidate.triage.value, "clinic": None}
    candidate.clinic_id = clinic.id
    if candidate.triage is Triage.WAITING:
        candidate.triage = Triage.LIKELY
        candidate.decided_by, candidate.decided_at = actor.id, now
    flush_or_stale(session)
    after = {"triage": candidate.triage.value, "clinic": clinic.id}
    events.record(session, actor, now, "candidate:listed", "candidate", candidate.id, before, after)


def keep_lookup(
    session: Session, actor: User, now: datetime, candidate: Candidate, *, url: str, record: str
) -> Evidence:
    """Keep what the live registry answered as evidence, named by the hash of its text."""
    refuse_interested(session, actor, candidate)
    evidence = Evidence(
        kind=EvidenceKind.LOOKUP,
        title=f"National registry, NPI {candidate.npi}",
        url=url,
        record=record,
        sha256=hashlib.sha256(record.encode()).hexdigest(),
        clinic_id=candidate.clinic_id,
        taken_at=now,
        taken_by=actor.id,
    )
    session.add(evidence)
    session.flush()
    session.add(CandidateLookup(candidate_id=candidate.id, evidence_id=evidence.id))
    after = {"npi": candidate.npi, "evidence": evidence.id, "sha256": evidence.sha256}
    events.record(
        session, actor, now, "candidate:looked_up", "candidate", candidate.id, None, after
    )
    return evidence


@dataclass(frozen=True, slots=True)
class Told:
    """What the live registry said of one number, for people: a status code, lines of places."""

    name: str
    status: str
    places: tuple[str, ...]
    kinds: tuple[str, ...]


def lookups_of(candidate: Candidate) -> list[tuple[Evidence, list[Told]]]:
    """Return what the live registry answered, newest first; no words for an unknown number."""
    return [
        (kept, [_told(result) for result in json.loads(kept.record)["results"]])
        for kept in reversed(candidate.lookups)
    ]


def _told(result: dict[str, Any]) -> Told:
    basic = result["basic"]
    person = f"{basic.get('first_name', '')} {basic.get('last_name', '')}".strip()
    parts = ("address_1", "address_2", "city", "state", "postal_code", "telephone_number")
    return Told(
        name=basic.get("organization_name") or person,
        status=basic.get("status", ""),
        places=tuple(
            ", ".join(address[part] for part in parts if part in address)
            for address in result["addresses"]
        ),
        kinds=tuple(kind["desc"] for kind in result["taxonomies"] if "desc" in kind),
    )


def refuse_interested(session: Session, actor: User, candidate: Candidate) -> None:
    """Keep those away who have an interest in the listing; raises EntryRefused("conflicted")."""
    clinics = [candidate.clinic_id] if candidate.clinic_id is not None else []
    if candidate.organization is not None:
        clinics += clinics_of(session, candidate.organization)
    refuse_conflicted(session, actor, clinics)


def _listed_here() -> ColumnElement[bool]:
    """Leave out what the registry took back, and what has a listing by now."""
    return and_(
        Candidate.deactivated_on.is_(None),
        Candidate.gone_at.is_(None),
        Candidate.clinic_id.is_(None),
    )
