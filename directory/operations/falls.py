"""Let the checks fall that rested on a fact which was edited: each gets a line that says so."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Set
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from directory.domain.criteria import Catalogue, Level
from directory.domain.findings import FAVORABLE, Outcome, in_order, today_in
from directory.models import Clinic, User, Verification
from directory.operations import events
from directory.operations.listings import check_of, verifications_of
from directory.operations.vetting import move_on

SOURCE = "The clinic's entry in this directory"
Falls = dict[int, tuple[str, ...]]
"""Clinic -> the criteria whose checks fall there."""
NOTE = "A fact this check looked at was changed in the listing: {what}."


def standing_checks(
    session: Session, catalogue: Catalogue, clinic_id: int
) -> dict[str, tuple[Verification, ...]]:
    """Return the favorable checks of a clinic that no later change has ended, by criterion.

    A check that waits for its second person is among them: confirmed later, it would speak for
    a fact that is no more. An adverse finding ends what came before it and is never in here.
    """
    by_criterion: dict[str, list[Verification]] = defaultdict(list)
    for verification in verifications_of(session, [clinic_id]):
        if verification.criterion in catalogue.by_code:
            by_criterion[verification.criterion].append(verification)
    found: dict[str, tuple[Verification, ...]] = {}
    for code, verifications in by_criterion.items():
        rows = {verification.id: verification for verification in verifications}
        live: list[Verification] = []
        for check in in_order(check_of(row) for row in verifications if _may_speak(row, clinic_id)):
            adverse = check.outcome is Outcome.NOT_MET and check.confirmed
            if check.outcome is Outcome.CHANGED or adverse:
                live = []
            elif check.outcome in FAVORABLE and not check.refused:
                live.append(rows[check.id])
        if live:
            found[code] = tuple(live)
    return found


def _may_speak(row: Verification, clinic_id: int) -> bool:
    """Say whether a check speaks, or will again for its own listing once a merge is undone."""
    return not row.set_aside or row.clinic_id == clinic_id


def falling(
    session: Session, catalogue: Catalogue, clinic_id: int, criteria: Collection[str]
) -> tuple[str, ...]:
    """Return which of these criteria have a check at the clinic that would fall."""
    standing = standing_checks(session, catalogue, clinic_id)
    return _in_order(catalogue, standing.keys() & set(criteria))


def falling_in(session: Session, catalogue: Catalogue, found: Mapping[int, Set[str]]) -> Falls:
    """Return, clinic by clinic, which of the criteria named for it have a check that would fall."""
    fallen = {
        clinic_id: falling(session, catalogue, clinic_id, criteria)
        for clinic_id, criteria in sorted(found.items())
        if criteria
    }
    return {clinic_id: codes for clinic_id, codes in fallen.items() if codes}


def falling_with_credential(session: Session, catalogue: Catalogue, credential_id: int) -> Falls:
    """Return, clinic by clinic, the criteria whose standing checks rest on a credential."""
    clinics = session.scalars(
        select(Verification.clinic_id)
        .where(Verification.credential_id == credential_id)
        .distinct()
        .order_by(Verification.clinic_id)
    ).all()
    found: Falls = {}
    for clinic_id in clinics:
        standing = standing_checks(session, catalogue, clinic_id)
        resting = {
            code
            for code, checks in standing.items()
            if any(check.credential_id == credential_id for check in checks)
        }
        if resting:
            found[clinic_id] = _in_order(catalogue, resting)
    return found


def drop(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    clinic_id: int,
    criteria: Iterable[str],
    what: str,
) -> None:
    """End the checks of some criteria at a clinic, each by a line of its own with its event.

    `what` names the edited facts in words that the public reads. The caller derives the clinic.
    """
    clinic = session.get_one(Clinic, clinic_id)
    standing = standing_checks(session, catalogue, clinic_id)
    today = today_in(ZoneInfo(clinic.timezone), now)
    for code in _in_order(catalogue, set(criteria)):
        # Never before the newest of them: a clock that was set back must not keep a met alive.
        day = max([today, *(check.checked_on for check in standing.get(code, ()))])
        verification = Verification(
            clinic_id=clinic_id,
            edition=catalogue.edition,
            criterion=code,
            outcome=Outcome.CHANGED,
            level=Level.ATTESTED,
            checked_on=day,
            source_name=SOURCE,
            note=NOTE.format(what=what),
            recorded_by=actor.id,
            recorded_at=max([now, *(check.recorded_at for check in standing.get(code, ()))]),
        )
        session.add(verification)
        session.flush()
        # Who has the form of a new check open saw the fact before it was edited: they are told.
        move_on(session, verification, None)
        events.record(
            session,
            actor,
            now,
            "verification:changed",
            "verification",
            verification.id,
            None,
            {"clinic": clinic_id, "criterion": code, "facts": what},
        )


def drop_all(
    session: Session, actor: User, now: datetime, catalogue: Catalogue, fallen: Falls, what: str
) -> None:
    """End the checks of some criteria at several clinics."""
    for clinic_id, criteria in fallen.items():
        drop(session, actor, now, catalogue, clinic_id, criteria, what)


def checks_of_credential(session: Session, credential_id: int) -> list[Verification]:
    """Return every check that rests on a credential, newest first."""
    return list(
        session.scalars(
            select(Verification)
            .where(Verification.credential_id == credential_id)
            .options(joinedload(Verification.confirmation))
            .order_by(Verification.checked_on.desc(), Verification.id.desc())
        )
    )


def _in_order(catalogue: Catalogue, codes: Collection[str]) -> tuple[str, ...]:
    return tuple(c.code for c in catalogue.criteria if c.code in codes)
