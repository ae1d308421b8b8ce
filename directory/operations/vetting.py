"""Record checks and second persons' confirmations, each with its event and the derived rows."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from directory.domain.criteria import Catalogue, Level
from directory.domain.findings import FAVORABLE, Outcome, needs_proof, today_in
from directory.domain.looks import AttemptReason, Channel
from directory.domain.screening import CRITERION, MatchState
from directory.models import (
    CheckCounter,
    Clinic,
    Confirmation,
    Credential,
    Evidence,
    Match,
    MatchCheck,
    Refusal,
    User,
    Verification,
)
from directory.models.vetting import EvidenceKind
from directory.operations import accounts, events, leases
from directory.operations.families import home_of
from directory.operations.listings import derive
from directory.operations.upserts import put


class CheckRefused(ValueError):
    """A check that cannot be true as written; the message says why in the verifier's words."""


class Unproven(CheckRefused):
    """A key check with nothing behind it that another person could look at."""


class Conflicted(CheckRefused):
    """Somebody who declared a conflict of interest acts on nothing of that clinic."""


class Overtaken(Exception):
    """Another check of the same criterion was recorded since this one was begun."""

    def __init__(self, newest_id: int) -> None:
        """Keep which check came between."""
        super().__init__(f"check {newest_id} was recorded meanwhile")
        self.newest_id = newest_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What a verifier saw: everything of a verification but who recorded it and when.

    `renews` is the agreed check that the program found to hold still; no person sets it.
    """

    criterion: str
    outcome: Outcome
    level: Level
    checked_on: date
    valid_until: date | None
    source_name: str
    source_url: str | None = None
    note: str = ""
    credential: Credential | None = None
    private_note: str = ""
    channel: Channel | None = None
    attempt_reason: AttemptReason | None = None
    renews: int | None = None

    @property
    def behind(self) -> str:
        """What of it stands behind the check, beside evidence.

        Notes say which paper was seen or what the look-up said. The address of a look-up does
        too; for a paper it only says where one would have looked.
        """
        address = self.source_url if self.level is Level.SOURCE else None
        return (address or self.note or self.private_note).strip()


def add_verification(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    clinic: Clinic,
    seen: Observation,
    evidence: Sequence[Evidence] = (),
    *,
    based_on: int | None = None,
) -> Verification:
    """Write one verification and its event; the caller derives the clinic afterwards.

    `based_on` is the newest check that the recorder had seen, 0 for none; without it the check
    is written whatever came before. Raises Overtaken when it was not the newest any more, and
    CheckRefused for an unknown criterion, a day in the future, an end before the check, a
    missing end, "does not apply" where the criterion always applies, or (as Unproven) a key
    check without evidence, address or note. After Overtaken the caller rolls back.
    """
    criterion = catalogue.by_code.get(seen.criterion)
    if criterion is None:
        raise CheckRefused(f"there is no criterion {seen.criterion!r} in {catalogue.edition}")
    if seen.checked_on > today_in(ZoneInfo(clinic.timezone), now):
        raise CheckRefused("the day of the check is in the future")
    if seen.outcome in (Outcome.MET, Outcome.DOES_NOT_APPLY) and seen.valid_until is None:
        raise CheckRefused("say until which day this holds")
    if seen.valid_until is not None and seen.valid_until < seen.checked_on:
        raise CheckRefused("the check would end before the day it was made")
    if seen.outcome is Outcome.DOES_NOT_APPLY and not criterion.conditional:
        raise CheckRefused(f"{criterion.code} applies to every clinic")
    if seen.attempt_reason is not None and seen.outcome is not Outcome.COULD_NOT_CHECK:
        raise CheckRefused("only a look that gave no answer has a reason for that")
    proof = needs_proof(criterion, seen.outcome, seen.level)
    if proof and not evidence and not seen.behind:
        raise Unproven("a key check needs a link, a file, or a note that says what was seen")
    verification = Verification(
        clinic_id=clinic.id,
        edition=catalogue.edition,
        criterion=criterion.code,
        outcome=seen.outcome,
        level=seen.level,
        checked_on=seen.checked_on,
        valid_until=seen.valid_until,
        source_name=seen.source_name,
        source_url=seen.source_url,
        credential=seen.credential,
        note=seen.note,
        private_note=seen.private_note,
        channel=seen.channel,
        attempt_reason=seen.attempt_reason,
        renews_id=seen.renews,
        recorded_by=actor.id,
        recorded_at=now,
        evidence=list(evidence),
    )
    session.add(verification)
    session.flush()
    move_on(session, verification, based_on)
    after = {"clinic": clinic.id, "criterion": criterion.code, "outcome": seen.outcome.value}
    events.record(
        session, actor, now, "verification:recorded", "verification", verification.id, None, after
    )
    return verification


def add_confirmation(
    session: Session, actor: User, now: datetime, verification: Verification
) -> Confirmation:
    """Write a second person's agreement and its event; the caller derives the clinic afterwards.

    Raises CheckRefused when the second person is the first, or when it is confirmed already.
    """
    if verification.recorded_by == actor.id:
        raise CheckRefused("a second, different person must confirm this check")
    if verification.confirmation is not None:
        raise CheckRefused("this check is confirmed already")
    if verification.refusal is not None:
        raise CheckRefused("a second person refused this check; make a new one")
    confirmation = Confirmation(
        verification=verification,
        recorded_by=verification.recorded_by,
        confirmed_by=actor.id,
        confirmed_at=now,
    )
    session.add(confirmation)
    session.flush()
    events.record(
        session, actor, now, "verification:confirmed", "verification", verification.id, None, None
    )
    return confirmation


def add_refusal(
    session: Session, actor: User, now: datetime, verification: Verification, reason: str
) -> Refusal:
    """Write a second person's "no" and its event; the caller derives the clinic afterwards.

    Raises CheckRefused without a reason, when the second person is the first, or when the check
    was confirmed or refused before.
    """
    if verification.recorded_by == actor.id:
        raise CheckRefused("a second, different person must decide on this check")
    if verification.confirmation is not None:
        raise CheckRefused("this check is confirmed already")
    if verification.refusal is not None:
        raise CheckRefused("this check is refused already")
    if not reason.strip():
        raise CheckRefused("say why")
    refusal = Refusal(
        verification=verification,
        recorded_by=verification.recorded_by,
        refused_by=actor.id,
        refused_at=now,
        reason=reason.strip(),
    )
    session.add(refusal)
    session.flush()
    events.record(
        session, actor, now, "verification:refused", "verification", verification.id, None, None,
        reason=refusal.reason,
    )  # fmt: skip
    return refusal


def record_verification(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    clinic: Clinic,
    seen: Observation,
    *,
    two_person: bool,
    evidence: Sequence[Evidence] = (),
    based_on: int | None = None,
) -> Verification:
    """Record one check and make its consequences public in the same transaction.

    The recorder's hold on the work ends with it. Raises as add_verification does, and Conflicted.
    """
    refuse_conflicted(session, actor, clinic.id)
    leases.end(session, actor, now, clinic.id, seen.criterion)
    verification = add_verification(
        session, actor, now, catalogue, clinic, seen, evidence, based_on=based_on
    )
    if not two_person:
        _refuse_excluded(session, now, verification)
    publish(session, catalogue, now, [clinic.id], two_person=two_person)
    return verification


def confirm_verification(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    verification: Verification,
    *,
    two_person: bool,
) -> Confirmation:
    """Confirm one check and make its consequences public in the same transaction."""
    _take_decision(session, actor, verification)
    _refuse_excluded(session, now, verification)
    confirmation = add_confirmation(session, actor, now, verification)
    publish(session, catalogue, now, [verification.clinic_id], two_person=two_person)
    return confirmation


def refuse_verification(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    verification: Verification,
    reason: str,
    *,
    two_person: bool,
) -> Refusal:
    """Refuse one check, with a reason for its recorder; it waits no more and decides nothing."""
    _take_decision(session, actor, verification)
    refusal = add_refusal(session, actor, now, verification, reason)
    publish(session, catalogue, now, [verification.clinic_id], two_person=two_person)
    return refusal


def newest_check(session: Session, clinic_id: int, criterion: str) -> int:
    """Return the number of the newest check of a criterion at a clinic, 0 for none."""
    key = {"clinic_id": clinic_id, "criterion": criterion}
    counter = session.get(CheckCounter, key, populate_existing=True)
    return counter.newest_id if counter else 0


def refuse_conflicted(session: Session, actor: User, clinic_id: int) -> None:
    """Raise Conflicted when the actor declared a conflict of interest with the clinic."""
    if accounts.conflicted(session, actor.id, clinic_id):
        raise Conflicted("you declared a conflict of interest with this clinic")


def move_on(session: Session, verification: Verification, based_on: int | None) -> None:
    """Make a check the newest of its criterion, in one statement that only one of two wins.

    Raises Overtaken when another check than `based_on` is the newest.
    """
    key = {"clinic_id": verification.clinic_id, "criterion": verification.criterion}
    where = None if based_on is None else CheckCounter.newest_id == based_on
    if not put(session, CheckCounter, key, {"newest_id": verification.id}, where=where):
        raise Overtaken(newest_check(session, verification.clinic_id, verification.criterion))


def _take_decision(session: Session, actor: User, verification: Verification) -> None:
    """Let one person at a time decide on a check, and see what others decided; may refuse."""
    refuse_conflicted(session, actor, verification.clinic_id)
    if session.get(MatchCheck, verification.id) is not None:
        raise CheckRefused("this is decided on the page of the match, with both records")
    session.execute(
        select(Verification.id).where(Verification.id == verification.id).with_for_update()
    )
    session.refresh(verification, ["confirmation", "refusal"])


def _refuse_excluded(session: Session, now: datetime, check: Verification) -> None:
    """Refuse a check in favor while somebody there is confirmed to be on the exclusion list."""
    if check.criterion != CRITERION or check.outcome not in FAVORABLE:
        return
    clinic = session.get_one(Clinic, home_of(session, check.clinic_id))
    today = today_in(ZoneInfo(clinic.timezone), now)
    people = [r.practitioner_id for r in clinic.roles if not r.ended_on or r.ended_on >= today]
    behind = or_(
        Match.practitioner_id.in_(people),
        Match.organization_id.in_([clinic.organization_id] if clinic.organization_id else ()),
        Match.clinic_id == clinic.id,
    )
    standing = Match.state == MatchState.CONFIRMED, Match.gone_on.is_(None)
    if session.scalar(select(Match.id).where(behind, *standing).limit(1)) is not None:
        raise CheckRefused("somebody here is confirmed to be on the exclusion list; see the match")


def publish(
    session: Session,
    catalogue: Catalogue,
    now: datetime,
    clinic_ids: Sequence[int],
    *,
    two_person: bool,
) -> None:
    """Derive some clinics anew, so that search reads what was changed."""
    derive(session, catalogue, now, clinic_ids, two_person=two_person)


def link_evidence(actor: User, now: datetime, *, title: str, url: str) -> Evidence:
    """Return a link as evidence, named by the hash of what it says."""
    return Evidence(
        kind=EvidenceKind.LINK,
        title=title,
        url=url,
        record="",
        sha256=hashlib.sha256(f"{title}\n{url}".encode()).hexdigest(),
        taken_at=now,
        taken_by=actor.id,
    )
