"""What is known about one criterion at one clinic: from dated checks and the clock to a finding.

The rule has two halves. `finding_of` looks at the checks alone and says which one decides and
until which minute it holds; `Finding.at` adds the clock, and can only take a "met" away.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Generic, NamedTuple, Protocol, TypeVar
from zoneinfo import ZoneInfo

from directory.domain.criteria import Criterion, Level

FOREVER = 2**31 - 1
"""The minute that never comes: the largest value both databases keep in four bytes."""


class Outcome(StrEnum):
    """What a verifier wrote down after looking."""

    MET = "met"
    NOT_MET = "not_met"
    DOES_NOT_APPLY = "does_not_apply"
    COULD_NOT_CHECK = "could_not_check"
    CHANGED = "changed"


FAVORABLE = (Outcome.MET, Outcome.DOES_NOT_APPLY)
"""The outcomes that speak for a clinic."""


class State(StrEnum):
    """What the public is told of one criterion today."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_CHECKED = "not_checked"
    EXPIRED = "expired"
    DOES_NOT_APPLY = "does_not_apply"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One verification as the rules see it.

    `valid_until` and `credential_until` are calendar days in the clinic's own zone, both
    inclusive; `credential_until` is the last day of the credential it rests on, if any. `note`
    is the verifier's public sentence. `refused` says that the second person did not agree: such a
    check stays on record and decides nothing. An outcome of `changed` says that a fact it rested
    on was edited: no person's look, so a met before it counts no more; an adverse finding stays.
    `set_aside` says that listings were merged and this check does not speak for what came of it.
    `unattended` says that the program itself looked; `renews` is the number of the agreed check
    that such a look found to hold still.
    """

    id: int
    outcome: Outcome
    level: Level
    checked_on: date
    recorded_at: datetime
    valid_until: date | None = None
    credential_until: date | None = None
    confirmed: bool = False
    refused: bool = False
    set_aside: bool = False
    note: str = ""
    unattended: bool = False
    renews: int | None = None

    @property
    def is_hit(self) -> bool:
        """Whether the program accuses: a person decides, with both records side by side."""
        return self.unattended and self.outcome is Outcome.NOT_MET


class Looked(Protocol):
    """What the rules read of a check, in whatever shape it comes."""

    @property
    def id(self) -> int:
        """The number of the check."""

    @property
    def outcome(self) -> Outcome:
        """What was found."""

    @property
    def level(self) -> Level:
        """How it is known."""

    @property
    def checked_on(self) -> date:
        """The day of the look at the clinic."""

    @property
    def valid_until(self) -> date | None:
        """The last day that the verifier gave."""

    @property
    def credential_until(self) -> date | None:
        """The last day of the paper it rests on."""

    @property
    def confirmed(self) -> bool:
        """Whether a second person agreed."""

    @property
    def refused(self) -> bool:
        """Whether a second person did not agree."""

    @property
    def set_aside(self) -> bool:
        """Whether it does not speak for what came of merged listings."""

    @property
    def renews(self) -> int | None:
        """The number of the agreed check that the program found to hold still."""

    @property
    def is_hit(self) -> bool:
        """Whether the program accuses: a person decides, with both records side by side."""


C = TypeVar("C", bound=Looked)


class Weighed(NamedTuple, Generic[C]):
    """Which of the checks of one criterion decides, and which others speak; see `Finding`."""

    decided: C | None
    claimed: C | None
    attempted: C | None
    waiting: C | None
    in_recheck: bool
    changed: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """What a clinic answered to a finding against it, and on which day."""

    answered_on: date
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is known of one criterion: its state, and the UTC minute at which that lapses.

    `holds_until` is the last day in the clinic's zone, inclusive. `claimed` is the newest check
    too weak to decide, `attempted` a newer one that could not be made. `in_recheck` says that
    an adverse check waits for its second person, `changed` that a fact was edited since the last
    check that decided. `waiting` is the newest check, of any outcome, that would decide if a
    second person agreed.
    """

    criterion: str
    state: State
    critical: bool
    lapses_at: int = FOREVER
    holds_until: date | None = None
    decided_by: Check | None = None
    claimed: Check | None = None
    attempted: Check | None = None
    in_recheck: bool = False
    changed: bool = False
    waiting: Check | None = None
    reply: Reply | None = None

    @property
    def disputed(self) -> bool:
        """Whether the clinic disagrees: it answered, and the finding still stands against it."""
        return self.reply is not None and self.state is State.NOT_MET

    def at(self, minute: int) -> "Finding":
        """Return the finding at a UTC minute: waiting can only turn it into an expired one."""
        if minute < self.lapses_at or self.state is State.EXPIRED:
            return self
        return replace(self, state=State.EXPIRED)


def minute_of(moment: datetime) -> int:
    """Return whole minutes since 1970 UTC, rounded down; `moment` is timezone-aware."""
    return int(moment.timestamp() // 60)


@lru_cache(maxsize=8192)
def minute_after(day: date, zone: ZoneInfo) -> int:
    """Return the UTC minute at which `day` is over in `zone`: expiry dates are inclusive."""
    if day >= date.max - timedelta(days=2):
        return FOREVER
    return minute_of(datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC))


def today_in(zone: ZoneInfo, now: datetime) -> date:
    """Return the calendar day it is in `zone` at the aware moment `now`."""
    return now.astimezone(zone).date()


def needs_second_person(criterion: Criterion, outcome: Outcome) -> bool:
    """Say whether a second, different person must confirm before this outcome counts.

    A critical criterion becomes met (or is set aside) and an adverse finding becomes public
    only when two people agree.
    """
    if outcome is Outcome.NOT_MET:
        return True
    return criterion.critical and outcome in (Outcome.MET, Outcome.DOES_NOT_APPLY)


def needs_proof(criterion: Criterion, outcome: Outcome, level: Level) -> bool:
    """Say whether something must stand behind this check besides the name of the source.

    It must where a key criterion becomes met or is set aside: what the clinic says of itself
    decides nothing, so it needs no more than its words.
    """
    counts = outcome in (Outcome.MET, Outcome.DOES_NOT_APPLY)
    return criterion.critical and counts and level >= Level.DOCUMENT


def waits(criterion: Criterion, check: Looked, *, two_person: bool) -> bool:
    """Say whether a check does not count yet, since a person has still to agree.

    Whatever the rule of the house, the program alone never makes an adverse finding public.
    """
    if check.confirmed:
        return False
    return check.is_hit or (two_person and needs_second_person(criterion, check.outcome))


def strong_enough(criterion: Criterion, check: Looked) -> bool:
    """Say whether the check was made at a level that can decide this criterion.

    Met and "does not apply" take the criterion's minimum level. An adverse outcome takes a
    paper or better: what a clinic admits about itself is shown as its own words.
    """
    match check.outcome:
        case Outcome.MET:
            return check.level >= criterion.minimum_level
        case Outcome.DOES_NOT_APPLY:
            return criterion.conditional and check.level >= criterion.minimum_level
        case Outcome.NOT_MET:
            return check.level >= Level.DOCUMENT
        case Outcome.COULD_NOT_CHECK | Outcome.CHANGED:
            return False


def last_day(criterion: Criterion, check: Looked) -> date:
    """Return the last day on which the check holds: the earliest of all its limits."""
    last = check.checked_on + timedelta(days=criterion.valid_days)
    if check.valid_until is not None and check.valid_until < last:
        last = check.valid_until
    if check.credential_until is not None and check.credential_until < last:
        last = check.credential_until
    return last


def in_order(checks: Iterable[Check]) -> list[Check]:
    """Return checks in the order in which they speak: by the day of the look, then as recorded."""
    found = list(checks)
    if len(found) > 1:
        found.sort(key=lambda check: (check.checked_on, check.recorded_at, check.id))
    return found


def renewing(ordered: Iterable[Looked]) -> frozenset[int]:
    """Return the numbers of the checks that count as agreed since they renew an agreed one.

    What two people agreed on may be renewed by the program, at the same level, as long as nothing
    fell since: no fact was changed, nobody recorded an adverse check that was not refused, and no
    second person refused a later met. Where one of these came, the look waits for a person.
    """
    found = set()
    live: dict[int, Level] = {}
    for check in ordered:
        renewed = live.get(check.renews) if check.renews is not None else None
        void = check.refused or check.set_aside
        if renewed is check.level and check.outcome is Outcome.MET and not void:
            found.add(check.id)
        else:
            _take_in(live, check)
    return frozenset(found)


def settled(checks: Iterable[Check]) -> list[Check]:
    """Return checks in order, with those marked as agreed that renew an agreed one."""
    found = in_order(checks)
    agreed = renewing(found)
    return [replace(check, confirmed=True) if check.id in agreed else check for check in found]


def renewable(checks: Iterable[Check], level: Level) -> int | None:
    """Return the number of the newest agreed met of this level that nothing has ended."""
    live: dict[int, Level] = {}
    for check in in_order(checks):
        _take_in(live, check)
    return next((number for number in reversed(live) if live[number] is level), None)


def _take_in(live: dict[int, Level], check: Looked) -> None:
    """Let one check join the live ones, end them all, or do nothing."""
    if check.set_aside:
        return
    met = check.outcome is Outcome.MET
    adverse = check.outcome is Outcome.NOT_MET and not check.refused
    if adverse or check.outcome is Outcome.CHANGED or (met and check.refused):
        live.clear()
    elif met and check.confirmed:
        live[check.id] = check.level


def weigh(criterion: Criterion, ordered: Iterable[C], *, two_person: bool) -> Weighed[C]:
    """Weigh the checks of one criterion, settled and in the order in which they speak.

    The newest check that is strong enough and, where needed, confirmed decides; an older one
    never comes back when it lapses. A newer adverse check that waits for its second person is
    not shown, but it stops the clinic from being called met.
    """
    decided: C | None = None
    claimed: C | None = None
    attempted: C | None = None
    waiting: C | None = None
    accused: C | None = None
    in_recheck = changed = False
    for check in ordered:
        if check.refused or check.set_aside:
            continue
        if check.outcome is Outcome.COULD_NOT_CHECK:
            attempted = check
        elif check.outcome is Outcome.CHANGED:
            if decided is None or decided.outcome is not Outcome.NOT_MET:
                decided, claimed, attempted, changed = None, None, None, True
            if waiting and waiting.outcome is not Outcome.NOT_MET:
                waiting = None
        elif not strong_enough(criterion, check):
            claimed = check
        elif not waits(criterion, check, two_person=two_person):
            decided, attempted, changed = check, None, False
            # Only a decision on the match ends what the program accuses of.
            in_recheck, waiting = accused is not None, accused
        else:
            waiting = check
            accused = check if check.is_hit else accused
            in_recheck = in_recheck or check.outcome is Outcome.NOT_MET
    if decided and in_recheck and decided.outcome is not Outcome.NOT_MET:
        decided = None
    return Weighed(decided, claimed, attempted, waiting, in_recheck, changed)


def holding(
    criterion: Criterion, decided: Looked | None, zone: ZoneInfo
) -> tuple[State, date | None, int]:
    """Return the state that the deciding check makes, its last day and the minute it lapses."""
    if decided is None:
        return State.NOT_CHECKED, None, FOREVER
    if decided.outcome is Outcome.NOT_MET:
        return State.NOT_MET, None, FOREVER
    until = last_day(criterion, decided)
    return State(decided.outcome.value), until, minute_after(until, zone)


def finding_of(
    criterion: Criterion, checks: Iterable[Check], zone: ZoneInfo, *, two_person: bool
) -> Finding:
    """Say which check decides the criterion and when it lapses, whatever the time is now."""
    weighed = weigh(criterion, settled(checks), two_person=two_person)
    state, holds_until, lapses_at = holding(criterion, weighed.decided, zone)
    return Finding(
        criterion=criterion.code,
        state=state,
        critical=criterion.critical,
        lapses_at=lapses_at,
        holds_until=holds_until,
        decided_by=weighed.decided,
        claimed=weighed.claimed,
        attempted=weighed.attempted,
        in_recheck=weighed.in_recheck,
        changed=weighed.changed,
        waiting=weighed.waiting,
    )
