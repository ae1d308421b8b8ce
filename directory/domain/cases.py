"""What the outside world writes in: the kinds of case, their states, and who may take which step.

A case is one conversation between a sender and the staff. Each step leads from one state to the
next; the same rules stand again as CHECK constraints on the table.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from directory.domain.state_names import STATE_NAMES


class CaseKind(StrEnum):
    """Why somebody wrote."""

    SUGGESTION = "suggestion"
    CORRECTION = "correction"
    CONCERN = "concern"


class Category(StrEnum):
    """What a concern is about, the gravest first."""

    UNSAFE_CARE = "unsafe_care"
    CREDENTIALS = "credentials"
    FALSE_CLAIMS = "false_claims"
    BILLING = "billing"
    DETAILS = "details"
    PRIVACY = "privacy"
    OTHER = "other"


class CaseState(StrEnum):
    """Where a case stands; the last three are final."""

    RECEIVED = "received"
    IN_REVIEW = "in_review"
    INFORMATION_REQUESTED = "information_requested"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


OPEN = (CaseState.RECEIVED, CaseState.IN_REVIEW, CaseState.INFORMATION_REQUESTED)
CLOSED = (CaseState.ACCEPTED, CaseState.DECLINED, CaseState.WITHDRAWN)


class Side(StrEnum):
    """Who takes a step."""

    SENDER = "sender"
    STAFF = "staff"


class Step(StrEnum):
    """What can be done with a case that is there."""

    TAKE = "take"
    RELEASE = "release"
    ASK = "ask"
    TELL = "tell"
    NOTE = "note"
    ACCEPT = "accept"
    DECLINE = "decline"
    ANSWER = "answer"
    WITHDRAW = "withdraw"


class MessageKind(StrEnum):
    """What a message of the conversation is; the sender never sees a note."""

    OPENING = "opening"
    ANSWER = "answer"
    QUESTION = "question"
    MESSAGE = "message"
    NOTE = "note"
    DECISION = "decision"


FROM_SENDER = (MessageKind.OPENING, MessageKind.ANSWER)


class Refusal(StrEnum):
    """Why a step was refused."""

    NOT_NOW = "not_now"
    NOT_YOURS = "not_yours"
    CHANGED = "changed"
    NO_WORDS = "no_words"
    TOO_LONG = "too_long"
    CONFLICT = "conflict"
    NOT_HERE = "not_here"
    FUTURE = "future"
    HAS_CLINIC = "has_clinic"


class CaseRefused(ValueError):
    """A step that cannot be taken; `refusal` says why."""

    def __init__(self, refusal: Refusal) -> None:
        """Keep the reason as a code: the words for it stand in web/."""
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Rule:
    """Who takes a step, from which state it leads to which, what it writes, what it is called."""

    by: Side
    leads: dict[CaseState, CaseState]
    event: str
    writes: MessageKind | None = None
    needs_words: bool = False


_RECEIVED, _REVIEW, _ASKED = OPEN
_ACCEPTED, _DECLINED, _WITHDRAWN = CLOSED
_SAME = {state: state for state in CaseState}

RULES: dict[Step, Rule] = {
    Step.TAKE: Rule(
        Side.STAFF, {_RECEIVED: _REVIEW, _REVIEW: _REVIEW, _ASKED: _ASKED}, "case:assigned"
    ),
    Step.RELEASE: Rule(Side.STAFF, {_REVIEW: _RECEIVED}, "case:released"),
    Step.ASK: Rule(
        Side.STAFF,
        {_REVIEW: _ASKED, _ASKED: _ASKED},
        "case:information_requested",
        MessageKind.QUESTION,
        True,
    ),
    Step.TELL: Rule(
        Side.STAFF, {_REVIEW: _REVIEW, _ASKED: _ASKED}, "case:replied", MessageKind.MESSAGE, True
    ),
    Step.NOTE: Rule(Side.STAFF, _SAME, "case:noted", MessageKind.NOTE, True),
    Step.ACCEPT: Rule(
        Side.STAFF,
        {_REVIEW: _ACCEPTED, _ASKED: _ACCEPTED},
        "case:accepted",
        MessageKind.DECISION,
        True,
    ),
    Step.DECLINE: Rule(
        Side.STAFF,
        {_REVIEW: _DECLINED, _ASKED: _DECLINED},
        "case:declined",
        MessageKind.DECISION,
        True,
    ),
    Step.ANSWER: Rule(
        Side.SENDER,
        {_RECEIVED: _RECEIVED, _REVIEW: _REVIEW, _ASKED: _REVIEW},
        "case:answered",
        MessageKind.ANSWER,
        True,
    ),
    Step.WITHDRAW: Rule(Side.SENDER, dict.fromkeys(OPEN, _WITHDRAWN), "case:withdrawn"),
}

STAFF_STEPS = tuple(step for step, rule in RULES.items() if rule.by is Side.STAFF)
LONGEST_WORDS = 5000
CONTACT_DAYS = 90
"""How long a sender's name and address are kept after the case is closed."""
ANSWER_WITHIN = 2
"""Business days within which a sender should hear from a person."""


def next_state(state: CaseState, step: Step, by: Side) -> CaseState:
    """Return the state that a step leads to; raises CaseRefused when it may not be taken."""
    rule = RULES[step]
    if rule.by is not by:
        raise CaseRefused(Refusal.NOT_YOURS)
    if state not in rule.leads:
        raise CaseRefused(Refusal.NOT_NOW)
    return rule.leads[state]


def steps_from(state: CaseState, by: Side, *, own: bool = True) -> tuple[Step, ...]:
    """Return the steps open to one side; who does not hold the case can only take or note it."""
    return tuple(
        step
        for step, rule in RULES.items()
        if rule.by is by
        and state in rule.leads
        and (by is Side.SENDER or step is Step.NOTE or own is (step is not Step.TAKE))
    )


_PLACE = re.compile(
    r"(?:(?P<street>.+?),\s*)?(?P<city>[^,\d]+?),?\s+(?P<state>[A-Z]{2})(?:,?\s+(?P<zip>\d{5}))?"
)


def suggested_facts(details: Mapping[str, str]) -> dict[str, str]:
    """Return what a suggestion says of a clinic, under the names of the clinic's own facts.

    An address that ends like "Boise, ID" or "1 Example Way, Boise, ID 83702" is taken apart; any
    other stands as the street, for a person to put in order.
    """
    where = " ".join(details.get("where", "").split())
    place = _PLACE.fullmatch(where)
    known = place if place and place["state"] in STATE_NAMES else None
    return {
        "name": details.get("clinic_name", ""),
        "street": (known["street"] or "") if known else where,
        "city": known["city"] if known else "",
        "state": known["state"] if known else "",
        "postal_code": (known["zip"] or "") if known else "",
        "phone": details.get("phone", ""),
        "website": details.get("website", ""),
    }


def checked_words(words: str, *, needed: bool) -> str:
    """Return somebody's words without space around them; raises CaseRefused."""
    words = words.strip()
    if needed and not words:
        raise CaseRefused(Refusal.NO_WORDS)
    if len(words) > LONGEST_WORDS:
        raise CaseRefused(Refusal.TOO_LONG)
    return words


def erase_contact_at(closed_at: datetime) -> datetime:
    """Return the moment from which a closed case's contact details are no longer kept."""
    return closed_at + timedelta(days=CONTACT_DAYS)


def closed_before(now: datetime) -> datetime:
    """Return the moment before which a case must have closed for its contact to be erased."""
    return now - timedelta(days=CONTACT_DAYS)


def answer_by(received_at: datetime) -> date:
    """Return the last UTC day of the target: two days on, Saturdays and Sundays not counted."""
    day = received_at.astimezone(UTC).date()
    left = ANSWER_WITHIN
    while left:
        day += timedelta(days=1)
        if day.weekday() < 5:
            left -= 1
    return day


def is_late(received_at: datetime, first_reply_at: datetime | None, now: datetime) -> bool:
    """Say whether the sender heard, or still waits to hear, later than the target."""
    return (first_reply_at or now).astimezone(UTC).date() > answer_by(received_at)
