"""How the work stands: what is listed, what is known, how old it is, how well it held."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Text, cast, func, or_, select
from sqlalchemy.orm import Session

from directory.domain.accuracy import Accuracy, accuracy
from directory.domain.cases import CaseState
from directory.domain.criteria import Catalogue
from directory.domain.findings import FOREVER, Check, Outcome, State, minute_of
from directory.domain.standing import STANDINGS, Listing
from directory.models import Clinic, Confirmation, SearchRow, User, Verification
from directory.models.case import Case
from directory.models.staff import StaffRole
from directory.operations.cards import Glance, glances_of, standing_glanced
from directory.operations.workspace import waiting

AGES = (30, 90, 180, 365)
"""Days: a deciding check is counted under the first that it is not older than."""

HORIZONS = (7, 30, 60)
"""Days ahead for what expires."""

WINDOW_DAYS = 365
"""Days back for re-checks and response times."""

MINUTES_A_DAY = 1440
_BY_PROGRAM = Verification.recorded_by.in_(select(User.id).where(User.role == StaffRole.SYSTEM))
"""What the program compared by itself is nobody's work, and no look a second time."""

TABLE, ROW, COLUMN, VALUE = "table", "row", "column", "value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How long something took, in hours; `open` counts what still waits, since `oldest`."""

    done: int = 0
    median: float | None = None
    slowest_tenth: float | None = None
    open: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Oldest:
    """The oldest check that still counts somewhere."""

    clinic_id: int
    clinic: str
    criterion: str
    checked_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """All figures at one moment. Findings and standings are of public clinics only."""

    listings: dict[Listing, int]
    standings: dict[str, int]
    findings: dict[State, dict[str, int]]
    expiring: dict[int, dict[str, int]]
    oldest: Oldest | None
    made: dict[int, dict[str, int]]
    confirmations: Waits
    cases: dict[CaseState, int]
    first_replies: Waits
    closings: Waits
    accuracy: Accuracy


def ages() -> tuple[str, ...]:
    """Return the codes of the columns of findings by age."""
    return (*(f"up_to_{days}" for days in AGES), "older", "undated")


def numbers(
    session: Session, catalogue: Catalogue, now: datetime, actor: User, *, two_person: bool
) -> Numbers:
    """Count everything, in a number of statements that does not grow with the data."""
    since = now - timedelta(days=WINDOW_DAYS)
    public = _Public(now)
    cards = select(SearchRow.clinic_id, cast(SearchRow.card, Text)).order_by(SearchRow.clinic_id)
    for clinic_id, card in session.execute(cards.execution_options(yield_per=500)):
        public.add(clinic_id, orjson.loads(card))
    by_listing = select(Clinic.listing, func.count()).group_by(Clinic.listing)
    listings = {row[0]: row[1] for row in session.execute(by_listing)}
    received = session.execute(
        select(Case.state, Case.received_at, Case.first_reply_at, Case.closed_at)
    ).all()
    second = waiting(session, actor, catalogue) if two_person else None
    return Numbers(
        listings={listing: listings.get(listing, 0) for listing in Listing},
        standings={code.value: public.standings[code.value] for code in STANDINGS},
        findings={state: {age: public.findings[state, age] for age in ages()} for state in State},
        expiring=public.expiring(),
        oldest=public.oldest,
        made=_made(session, now, actor),
        confirmations=replace(
            _confirmations(session, since),
            open=second.total if second else 0,
            oldest=second.oldest if second else None,
        ),
        cases={state: sum(row.state is state for row in received) for state in CaseState},
        first_replies=_waits(
            (row.received_at, row.first_reply_at)
            for row in received
            if row.received_at >= since and (row.first_reply_at or row.closed_at is None)
        ),
        closings=_waits(
            (row.received_at, row.closed_at) for row in received if row.received_at >= since
        ),
        accuracy=accuracy(catalogue, _checks(session, since), since.date(), two_person=two_person),
    )


class _Public:
    """Adds up the cards of public clinics at one moment."""

    def __init__(self, now: datetime) -> None:
        self.minute = minute_of(now)
        self.today = now.date()
        self.standings: Counter[str] = Counter()
        self.findings: Counter[tuple[State, str]] = Counter()
        self.ends: list[tuple[int, bool]] = []
        self.oldest: Oldest | None = None

    def add(self, clinic_id: int, card: dict[str, Any]) -> None:
        """Count one clinic."""
        findings = glances_of(card, self.minute)
        self.standings[standing_glanced(card, findings).code.value] += 1
        for finding in findings:
            self.findings[finding.state, self._age(finding)] += 1
            checked_on = finding.checked_on
            if finding.state is State.MET and checked_on:
                if finding.lapses_at < FOREVER:
                    self.ends.append((finding.lapses_at, finding.critical))
                if self.oldest is None or checked_on < self.oldest.checked_on:
                    self.oldest = Oldest(
                        clinic_id=clinic_id,
                        clinic=card["name"],
                        criterion=finding.criterion,
                        checked_on=checked_on,
                    )

    def expiring(self) -> dict[int, dict[str, int]]:
        """Count what is met now and lapses within each horizon."""
        return {
            days: {
                "all": sum(end <= self.minute + days * MINUTES_A_DAY for end, _ in self.ends),
                "critical": sum(
                    critical and end <= self.minute + days * MINUTES_A_DAY
                    for end, critical in self.ends
                ),
            }
            for days in HORIZONS
        }

    def _age(self, finding: Glance) -> str:
        if finding.checked_on is None:
            return "undated"
        days = (self.today - finding.checked_on).days
        return next((f"up_to_{most}" for most in AGES if days <= most), "older")


def _made(session: Session, now: datetime, actor: User) -> dict[int, dict[str, int]]:
    """Count checks and confirmations of the last 7 and 30 days, by all and by `actor`."""
    made: dict[int, dict[str, int]] = {}
    for days in (7, 30):
        since = now - timedelta(days=days)
        checks = select(
            func.count(), func.count().filter(Verification.recorded_by == actor.id)
        ).where(
            Verification.recorded_at >= since,
            Verification.outcome != Outcome.CHANGED,
            ~_BY_PROGRAM,
        )
        seconds = select(
            func.count(), func.count().filter(Confirmation.confirmed_by == actor.id)
        ).where(Confirmation.confirmed_at >= since)
        all_checks, own_checks = session.execute(checks).one()
        all_seconds, own_seconds = session.execute(seconds).one()
        made[days] = {
            "checks": all_checks,
            "own_checks": own_checks,
            "confirmations": all_seconds,
            "own_confirmations": own_seconds,
        }
    return made


def _confirmations(session: Session, since: datetime) -> Waits:
    """Say how long checks waited for the second person who confirmed them."""
    rows = session.execute(
        select(Verification.recorded_at, Confirmation.confirmed_at)
        .join(Confirmation, Confirmation.verification_id == Verification.id)
        .where(Confirmation.confirmed_at >= since)
    )
    return _waits((row.recorded_at, row.confirmed_at) for row in rows)


def _waits(pairs: Iterable[tuple[datetime, datetime | None]]) -> Waits:
    hours: list[float] = []
    waiting: list[datetime] = []
    for begun, ended in pairs:
        if ended is None:
            waiting.append(begun)
        else:
            hours.append(max(0.0, (ended - begun).total_seconds() / 3600))
    hours.sort()
    return Waits(
        done=len(hours),
        median=_at(hours, 0.5),
        slowest_tenth=_at(hours, 0.9),
        open=len(waiting),
        oldest=min(waiting, default=None),
    )


def _at(ordered: Sequence[float], share: float) -> float | None:
    """Return the smallest value that this share of all does not exceed."""
    if not ordered:
        return None
    return ordered[max(0, -(-len(ordered) * int(share * 100) // 100) - 1)]


def _checks(session: Session, since: datetime) -> Iterator[tuple[int, str, Check]]:
    """Yield the checks that can be a re-check of the window, or what such a one looked at."""
    rows = session.execute(
        select(
            Verification.clinic_id,
            Verification.criterion,
            Verification.id,
            Verification.outcome,
            Verification.level,
            Verification.checked_on,
            Verification.recorded_at,
            Confirmation.verification_id.label("confirmed"),
        )
        .outerjoin(Confirmation, Confirmation.verification_id == Verification.id)
        .where(
            Verification.checked_on >= (since - timedelta(days=WINDOW_DAYS)).date(),
            or_(~_BY_PROGRAM, Confirmation.verification_id.is_not(None)),
        )
        .order_by(
            Verification.clinic_id,
            Verification.criterion,
            Verification.checked_on,
            Verification.recorded_at,
            Verification.id,
        )
        .execution_options(yield_per=1000)
    )
    for row in rows:
        check = Check(
            id=row.id,
            outcome=row.outcome,
            level=row.level,
            checked_on=row.checked_on,
            recorded_at=row.recorded_at,
            confirmed=row.confirmed is not None,
        )
        yield row.clinic_id, row.criterion, check


def rows(found: Numbers) -> Iterator[tuple[object, ...]]:
    """Yield all figures as one long table: table, row, column, value; the first row is its head."""
    yield TABLE, ROW, COLUMN, VALUE
    for listing, count in found.listings.items():
        yield "clinics", listing.value, "listing", count
    for code, count in found.standings.items():
        yield "clinics", code, "standing", count
    for state, by_age in found.findings.items():
        for age, count in by_age.items():
            yield "findings", state.value, age, count
    for days, kinds in found.expiring.items():
        for kind, count in kinds.items():
            yield "expiring", f"within_{days}", kind, count
    if found.oldest:
        yield "oldest_check", found.oldest.criterion, "checked_on", found.oldest.checked_on
        yield "oldest_check", found.oldest.criterion, "clinic_id", found.oldest.clinic_id
        yield "oldest_check", found.oldest.criterion, "clinic", found.oldest.clinic
    for days, kinds in found.made.items():
        for kind, count in kinds.items():
            yield "made", f"last_{days}", kind, count
    for case_state, count in found.cases.items():
        yield "cases", case_state.value, "state", count
    for name, waits in (
        ("second_person", found.confirmations),
        ("first_reply", found.first_replies),
        ("closing", found.closings),
    ):
        yield "response_hours", name, "done", waits.done
        yield "response_hours", name, "median", _rounded(waits.median)
        yield "response_hours", name, "slowest_tenth", _rounded(waits.slowest_tenth)
        yield "response_hours", name, "open", waits.open
    yield from _accuracy_rows(found.accuracy)


def _accuracy_rows(found: Accuracy) -> Iterator[tuple[object, ...]]:
    shares = [("exact", found.exact), ("functional", found.functional)]
    shares += [(code, share) for code, share in found.by_criterion]
    for name, share in shares:
        yield "accuracy", name, "held", share.part
        yield "accuracy", name, "checked_again", share.whole
        yield "accuracy", name, "percent", _rounded(share.percent)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
