"""What a verifier should look at today: what is due, why, by which channel, and what fits a day.

Pure rules over findings and the clock. Nothing here is stored: the same checks, read a day later,
make another plan. The weights and minutes are our own; they only set the order of the work.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from directory.domain.credentials import days_ahead
from directory.domain.criteria import Criterion, Level
from directory.domain.findings import State
from directory.domain.looks import Channel, Known
from directory.domain.standing import Listing

DEFAULT_MINUTES = 120
BATCHES_OF = 10
"""How many look-ups share one opened source in a usual sitting."""


class Why(StrEnum):
    """Why something is due."""

    CHANGED = "changed"
    REFUSED = "refused"
    EXPIRED = "expired"
    NEVER = "never"
    ENDING = "ending"
    OLD = "old"


TRIES_PER_CHANNEL = 3
"""After so many failed tries by one channel the next try goes by another one."""

WAIT_DAYS = (1, 3, 7)
"""Days to wait after the first, second and third failed try by a channel."""

REST_DAYS = 90
"""Days to wait between tries once every channel has failed."""

LADDERS = {
    Level.SOURCE: (Channel.LOOKUP, Channel.PHONE, Channel.EMAIL, Channel.LETTER),
    Level.DOCUMENT: (Channel.PHONE, Channel.EMAIL, Channel.LETTER),
}
"""In which order channels are tried, by the level that a criterion takes."""

MINUTES = {
    Channel.LOOKUP: 3.0,
    Channel.PHONE: 2.0,
    Channel.EMAIL: 2.0,
    Channel.LETTER: 3.0,
    Channel.VISIT: 10.0,
}
"""Expected minutes for one criterion, once the source is open or the clinic on the phone."""

SETUP_MINUTES = {
    Channel.LOOKUP: 2.0,
    Channel.PHONE: 5.0,
    Channel.EMAIL: 3.0,
    Channel.LETTER: 5.0,
    Channel.VISIT: 60.0,
}
"""Expected minutes to open a source, or to reach one clinic."""

KEY_WEIGHT = 5.0
WHY_WEIGHT = {
    Why.CHANGED: 1.6,
    Why.REFUSED: 1.5,
    Why.EXPIRED: 1.4,
    Why.NEVER: 1.0,
    Why.ENDING: 1.2,
    Why.OLD: 0.7,
}
CREDENTIAL_NEARNESS = {60: 0.4, 30: 0.6, 7: 0.9}
"""How near the end of a credential is taken to be, by the days ahead."""

LISTING_WEIGHT = {Listing.LISTED: 1.0, Listing.SUSPENDED: 0.8, Listing.DRAFT: 0.6}
"""How much a check is worth by who can see it; closed and unlisted clinics have no work."""

FRUITLESS = 0.5
"""Each failed try halves what the next one is worth."""

LONGEST_LEAD = 30


class Item(NamedTuple):
    """One criterion at one clinic that is worth looking at now."""

    clinic_id: int
    criterion: str
    position: int
    critical: bool
    why: Why
    since: date | None
    channel: Channel
    source: str
    tries: int
    looked_on: date | None
    confirmed_on: date | None
    value: float

    @property
    def group(self) -> tuple[str, str]:
        """What shares its set-up with this: one source, or one clinic to reach."""
        if self.channel is Channel.LOOKUP:
            return (self.channel.value, self.source)
        return (self.channel.value, str(self.clinic_id))

    @property
    def batch(self) -> str:
        """What is worked on in one sitting: one source, or one channel to several clinics."""
        lookup = self.channel is Channel.LOOKUP
        return f"{self.channel.value}:{self.source}" if lookup else self.channel.value

    @property
    def per_minute(self) -> float:
        """The value of a minute spent on it, its set-up shared as in a usual batch."""
        return self.value / (MINUTES[self.channel] + SETUP_MINUTES[self.channel] / BATCHES_OF)

    @property
    def exhausted(self) -> bool:
        """Whether the first channel failed so often that it could not be confirmed that way."""
        return self.tries >= TRIES_PER_CHANNEL


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Work of one kind: a source to open once, or clinics to reach by one channel."""

    key: str
    channel: Channel
    source: str
    items: tuple[Item, ...]
    minutes: float

    @property
    def clinics(self) -> int:
        """How many clinics it concerns."""
        return len({item.clinic_id for item in self.items})


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlan:
    """What fits into a day's minutes, and how much is due beside it."""

    batches: tuple[Batch, ...]
    minutes: float
    budget: int
    due: int
    due_minutes: float

    @property
    def items(self) -> tuple[Item, ...]:
        """Everything that fits, in the order of work."""
        return tuple(item for batch in self.batches for item in batch.items)


def next_try(
    ladder: Sequence[Channel], tries: Sequence[Channel], tried_on: date | None
) -> tuple[Channel, date | None]:
    """Return the channel of the next try and the first day for it; no day means at once.

    Three failed tries by a channel end it: the next one goes by the next channel of the ladder.
    When the last has failed too, each channel in turn gets one try after a long rest.
    """
    if not tries or tried_on is None:
        return ladder[0], None
    beyond = len(tries) - TRIES_PER_CHANNEL * len(ladder)
    if beyond >= 0:
        return ladder[beyond % len(ladder)], tried_on + timedelta(days=REST_DAYS)
    wait = WAIT_DAYS[(len(tries) - 1) % TRIES_PER_CHANNEL]
    return ladder[len(tries) // TRIES_PER_CHANNEL], tried_on + timedelta(days=wait)


def lead_days(criterion: Criterion) -> int:
    """Return how many days before its end a check is worth making again."""
    return max(3, min(LONGEST_LEAD, criterion.valid_days // 4))


def reason_to_look(
    criterion: Criterion, known: Known | None, today: date, minute: int
) -> tuple[Why, date | None, float] | None:
    """Say why a criterion is due, since or until which day, and how urgent that makes it.

    None while it holds, and while a check waits for its second person. `minute` is the UTC
    minute it is, `today` the day at the clinic.
    """
    if known is None:
        return Why.NEVER, None, WHY_WEIGHT[Why.NEVER]
    if known.waits:
        return None
    if known.refused and known.state is not State.MET:
        return Why.REFUSED, known.looked_on, WHY_WEIGHT[Why.REFUSED]
    if known.changed:
        return Why.CHANGED, known.looked_on, WHY_WEIGHT[Why.CHANGED]
    if known.confirmed_on is None:
        return Why.NEVER, None, WHY_WEIGHT[Why.NEVER]
    if known.state is State.NOT_MET:
        again = known.confirmed_on + timedelta(days=criterion.valid_days)
        return (Why.OLD, again, WHY_WEIGHT[Why.OLD]) if today > again else None
    ends = known.holds_until
    if ends is None:
        return None
    if minute >= known.lapses_at:
        late = min((today - ends).days, 60)
        return Why.EXPIRED, ends, WHY_WEIGHT[Why.EXPIRED] * (1 + late / 120)
    near = _nearness(criterion, known, known.confirmed_on, ends, today)
    return (Why.ENDING, ends, WHY_WEIGHT[Why.ENDING] * near) if near else None


def _nearness(
    criterion: Criterion, known: Known, checked_on: date, ends: date, today: date
) -> float:
    """Return how near the end of what holds is, from 0 for far to 1.

    What a credential rests on comes up three times, 60, 30 and 7 days before the credential ends,
    and rests once somebody has looked: before the renewal there is nothing else to see.
    """
    left, lead = (ends - today).days, lead_days(criterion)
    until = known.paper_until
    own = 1 - left / (2 * lead) if left < lead and ends != until else 0.0
    stage = days_ahead(until, today)
    if until is None or stage is None or checked_on >= until - timedelta(days=stage):
        return own
    return max(own, CREDENTIAL_NEARNESS[stage])


def due_item(
    criterion: Criterion,
    known: Known | None,
    *,
    clinic_id: int,
    listing: Listing,
    source: str,
    today: date,
    minute: int,
) -> Item | None:
    """Return the work on one criterion at one clinic, or None when there is none today."""
    weight = LISTING_WEIGHT.get(listing)
    reason = reason_to_look(criterion, known, today, minute) if weight else None
    if weight is None or reason is None:
        return None
    why, since, urgency = reason
    tries = known.tries if known else ()
    channel, from_day = next_try(
        LADDERS[criterion.minimum_level], tries, known.tried_on if known else None
    )
    if from_day is not None and today < from_day:
        return None
    value = (KEY_WEIGHT if criterion.critical else 1.0) * urgency * weight
    return Item(
        clinic_id=clinic_id,
        criterion=criterion.code,
        position=criterion.position,
        critical=criterion.critical,
        why=why,
        since=since,
        channel=channel,
        source=source if channel is Channel.LOOKUP else "",
        tries=len(tries),
        looked_on=known.looked_on if known else None,
        confirmed_on=known.confirmed_on if known else None,
        value=value * FRUITLESS ** len(tries),
    )


def ordered(items: Iterable[Item]) -> list[Item]:
    """Return items by value per minute, what shares a set-up side by side where values tie."""
    return sorted(
        items, key=lambda i: (-i.per_minute, i.channel, i.source, i.clinic_id, i.position)
    )


def plan_day(items: Iterable[Item], budget: int, *, first: str = "") -> DayPlan:
    """Choose what fits `budget` minutes, best value per minute first, grouped into batches.

    A batch begun goes on before the next one: batches stand in the order of their best item,
    and the batch called `first`, in which somebody is at work, before all others.
    """
    items = ordered(items)
    chosen: dict[str, list[Item]] = {}
    if first:
        items.sort(key=lambda item: item.batch != first)
        chosen[first] = []
    groups: set[tuple[str, str]] = set()
    every_group: set[tuple[str, str]] = set()
    spent = due_minutes = 0.0
    minutes: dict[str, float] = {}
    for item in items:
        each, setup = MINUTES[item.channel], SETUP_MINUTES[item.channel]
        group = item.group
        due_minutes += each if group in every_group else each + setup
        every_group.add(group)
        cost = each if group in groups else each + setup
        if spent + cost > budget:
            continue
        spent += cost
        groups.add(group)
        chosen.setdefault(item.batch, []).append(item)
        minutes[item.batch] = minutes.get(item.batch, 0.0) + cost
    batches = tuple(
        Batch(
            key=key,
            channel=members[0].channel,
            source=members[0].source,
            items=_together(members),
            minutes=minutes[key],
        )
        for key, members in chosen.items()
        if members
    )
    return DayPlan(
        batches=batches, minutes=spent, budget=budget, due=len(items), due_minutes=due_minutes
    )


def _together(members: Sequence[Item]) -> tuple[Item, ...]:
    """One clinic's questions stay together, at the place of the first of them."""
    place: dict[tuple[str, str], int] = {}
    for item in members:
        place.setdefault(item.group, len(place))
    return tuple(sorted(members, key=lambda item: place[item.group]))
