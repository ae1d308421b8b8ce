"""How a finding is shown: one mark and one heading for each thing a patient may read of a check."""

from enum import StrEnum

from directory.domain.criteria import Level
from directory.domain.findings import Check, Finding, Outcome, State


class Shown(StrEnum):
    """What a patient reads of one criterion: more than the state, since it says how we know."""

    SOURCE = "source"
    DOCUMENT = "document"
    PAPER = "paper"
    ATTESTED = "attested"
    ATTESTED_NOT = "attested-not"
    ATTESTED_NONE = "attested-none"
    TRIED = "tried"
    RECHECK = "recheck"
    EXPIRED = "expired"
    NOT_MET = "not-met"
    NONE = "none"
    NOT_CHECKED = "not-checked"


_DECIDED = {
    State.NOT_MET: Shown.NOT_MET,
    State.EXPIRED: Shown.EXPIRED,
    State.DOES_NOT_APPLY: Shown.NONE,
}
_CLAIMED = {Outcome.NOT_MET: Shown.ATTESTED_NOT, Outcome.DOES_NOT_APPLY: Shown.ATTESTED_NONE}


def shown(finding: Finding) -> Shown:
    """Return how a finding is shown; a claim too weak to count never looks like a check.

    Where nothing decides, the newer of a try and a claim speaks; of one day, the try.
    """
    if finding.state is State.MET:
        decided = finding.decided_by
        at_source = decided is not None and decided.level is Level.SOURCE
        return Shown.SOURCE if at_source else Shown.DOCUMENT
    if finding.state in _DECIDED:
        return _DECIDED[finding.state]
    if finding.in_recheck:
        return Shown.RECHECK
    claimed, attempted = finding.claimed, finding.attempted
    if attempted and not (claimed and claimed.checked_on > attempted.checked_on):
        return Shown.TRIED
    return _claim(claimed) if claimed else Shown.NOT_CHECKED


def _claim(claimed: Check) -> Shown:
    if claimed.level is not Level.ATTESTED:
        return Shown.PAPER
    return _CLAIMED.get(claimed.outcome, Shown.ATTESTED)
