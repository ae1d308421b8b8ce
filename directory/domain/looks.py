"""The looks at one criterion of one clinic, as the plan of the day reads them."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from directory.domain.criteria import Criterion, Level
from directory.domain.findings import Outcome, State, holding, renewing, weigh


class Channel(StrEnum):
    """How somebody looks, or tries to."""

    LOOKUP = "lookup"
    PHONE = "phone"
    EMAIL = "email"
    LETTER = "letter"
    VISIT = "visit"


class AttemptReason(StrEnum):
    """Why a look gave no answer: neither a pass nor a fail."""

    SOURCE_DOWN = "source_down"
    NO_ANSWER = "no_answer"
    UNCLEAR = "unclear"
    NOT_FOUND = "not_found"
    WOULD_NOT_SAY = "would_not_say"


class Look(NamedTuple):
    """One check as the plan reads it: a tuple, since tens of thousands are read for one page.

    The fields are those of `findings.Check`.
    """

    id: int
    outcome: Outcome
    level: Level
    checked_on: date
    valid_until: date | None
    channel: Channel | None
    credential_until: date | None
    confirmed: bool
    refused: bool
    set_aside: bool = False
    unattended: bool = False
    renews: int | None = None

    @property
    def is_hit(self) -> bool:
        """Whether the program accuses: a person decides, with both records side by side."""
        return self.unattended and self.outcome is Outcome.NOT_MET


class Known(NamedTuple):
    """What the plan takes from the checks of one criterion at one clinic.

    `confirmed_on` is the day of the check that decides, `looked_on` the newest day anybody
    looked, with whatever outcome. `tries` are the channels that failed since the last check that
    decided, oldest first. `waits` says that a check waits for its second person, `refused` that
    the newest check was refused by its own. `accused` says that what waits is a row of an
    exclusion list, which has a room of its own. `paper_until` is the last day of the credential
    that the deciding check rests on.
    """

    state: State
    holds_until: date | None
    lapses_at: int
    confirmed_on: date | None
    waits: bool
    changed: bool
    looked_on: date | None
    tries: tuple[Channel, ...]
    tried_on: date | None
    refused: bool
    accused: bool
    paper_until: date | None


def known_of(
    criterion: Criterion, ordered: Sequence[Look], zone: ZoneInfo, *, two_person: bool
) -> Known:
    """Return what the plan needs of all checks of one criterion, which come in their order."""
    if agreed := renewing(ordered):
        ordered = [look._replace(confirmed=True) if look.id in agreed else look for look in ordered]
    decided, _claimed, _attempted, waiting, _in_recheck, changed = weigh(
        criterion, ordered, two_person=two_person
    )
    looked_on: date | None = None
    tries: tuple[Channel, ...] = ()
    tried_on: date | None = None
    refused = False
    for look in ordered:
        if look.outcome is not Outcome.CHANGED:
            looked_on = look.checked_on
            refused = look.refused
        if look.refused or look.set_aside:
            continue
        if look.outcome is Outcome.COULD_NOT_CHECK:
            tries = (*tries, look.channel or Channel.LOOKUP)
            tried_on = look.checked_on
        elif look.outcome is Outcome.CHANGED or look is decided:
            tries, tried_on = (), None
    state, holds_until, lapses_at = holding(criterion, decided, zone)
    return Known(
        state,
        holds_until,
        lapses_at,
        decided.checked_on if decided else None,
        waiting is not None,
        changed,
        looked_on,
        tries,
        tried_on,
        refused,
        waiting is not None and waiting.is_hit,
        decided.credential_until if decided else None,
    )
