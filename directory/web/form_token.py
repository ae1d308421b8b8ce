"""A signed slip in each public form: it proves that the form came from us, when, and only once.

Public pages set no cookie, so this slip stands in for the usual anti-forgery token, and it is the
time trap too: a form sent back at once was filled in by a machine.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

SALT = "public form"
QUICKEST = timedelta(seconds=3)
OLDEST = timedelta(hours=24)


class SlipProblem(StrEnum):
    """What is wrong with a slip."""

    FORGED = "forged"
    TOO_QUICK = "too_quick"
    TOO_OLD = "too_old"


class BadSlip(ValueError):
    """A slip that does not count; `problem` says why."""

    def __init__(self, problem: SlipProblem) -> None:
        """Keep the reason as a code."""
        super().__init__(problem.value)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Slip:
    """A slip that counts: `nonce` is different in each form that was ever opened."""

    nonce: str
    opened_at: datetime


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt=SALT)


def issue(purpose: str, now: datetime) -> str:
    """Return a new slip for one form; `purpose` says which, and for what."""
    value = [purpose, int(now.timestamp()), secrets.token_urlsafe(18)]
    return str(_signer().dumps(value))


def read(text: str, purpose: str, now: datetime, *, quickest: timedelta = QUICKEST) -> Slip:
    """Return the slip in `text`; raises BadSlip when it is forged, for another form, or mistimed.

    A slip from the future counts as forged: only a clock that was set back makes one.
    """
    try:
        value = _signer().loads(text)
        signed_for, seconds, nonce = value
        opened_at = datetime.fromtimestamp(seconds, now.tzinfo)
    except (BadData, ValueError, TypeError):
        raise BadSlip(SlipProblem.FORGED) from None
    if signed_for != purpose or opened_at > now:
        raise BadSlip(SlipProblem.FORGED)
    if now - opened_at > OLDEST:
        raise BadSlip(SlipProblem.TOO_OLD)
    if now - opened_at < quickest:
        raise BadSlip(SlipProblem.TOO_QUICK)
    return Slip(nonce, opened_at)
