"""Two listings of one clinic put together: which facts differ, and which checks still speak.

The rule: putting them together never makes a clinic look better than its own checks do. A check
of a fact that only one of the two had does not speak for what comes of it, and an adverse finding
at either stays until somebody looks at the clinic again.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from directory.domain.criteria import Criterion
from directory.domain.duplicates import read_street
from directory.domain.entries import same_fact
from directory.domain.findings import (
    FAVORABLE,
    Check,
    Outcome,
    in_order,
    settled,
    strong_enough,
    waits,
)
from directory.domain.standing import Listing

RANKS: Final = {Listing.SUSPENDED: 2, Listing.LISTED: 1}
"""A listing of a higher rank is never merged into one of a lower: a suspension must not vanish,
and neither must a clinic that patients can find."""


def may_keep(kept: Listing, merged: Listing) -> bool:
    """Say whether a listing in the state `merged` may be merged into one in the state `kept`."""
    return RANKS.get(merged, 0) <= RANKS.get(kept, 0)


def differing(kept: Mapping[str, Any], merged: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the facts, of those both mappings name, that do not say the same.

    A street that is only written another way is the same street.
    """
    return tuple(
        fact for fact in kept if fact in merged and not _same(fact, kept[fact], merged[fact])
    )


def _same(fact: str, one: object, other: object) -> bool:
    if same_fact(one, other):
        return True
    if fact == "street" and isinstance(one, str) and isinstance(other, str):
        return read_street(one) == read_street(other)
    return False


def standing_against(
    criterion: Criterion, checks: Iterable[Check], *, two_person: bool
) -> list[Check]:
    """Return the adverse checks that stand, those that wait for a second person too, in order."""
    live: list[Check] = []
    for check in settled(checks):
        if check.refused or check.set_aside or not strong_enough(criterion, check):
            continue
        if check.outcome is Outcome.NOT_MET:
            live.append(check)
        elif not waits(criterion, check, two_person=two_person):
            live = [known for known in live if known.is_hit and not known.confirmed]
    return live


def to_set_aside(
    criterion: Criterion,
    kept: Iterable[Check],
    merged: Iterable[Check],
    *,
    differs: bool,
    gained: bool,
    two_person: bool,
) -> frozenset[int]:
    """Return the numbers of the checks that do not speak for what comes of a merge.

    `kept` and `merged` are the checks of one criterion at either listing. `differs` says that it
    rests on a fact in which the two are not the same, `gained` that it rests on one which the kept
    listing gets from the merged one.
    """
    kept, merged = list(kept), list(merged)
    against = {
        "kept": standing_against(criterion, kept, two_person=two_person),
        "merged": standing_against(criterion, merged, two_person=two_person),
    }
    stands = {check.id for checks in against.values() for check in checks}
    aside: set[int] = set()
    if differs or not _speaks(merged):
        aside |= {check.id for check in merged}
    if gained:
        aside |= {check.id for check in kept}
    if stands:
        # A look at the one listing does not clear the other: only a new look at what is now one
        # clinic does.
        first = in_order(check for checks in against.values() for check in checks)[0]
        after = in_order([*kept, *merged])
        later = after[[check.id for check in after].index(first.id) + 1 :]
        aside |= {check.id for check in later if check.outcome in (*FAVORABLE, Outcome.CHANGED)}
        aside |= {check.id for check in later if check.outcome is Outcome.NOT_MET}
    return frozenset(aside - stands)


def _speaks(checks: Iterable[Check]) -> bool:
    """Say whether a check in favor stands that no later change ended.

    Where none does, the changes of the one listing must not end the checks of the other.
    """
    live = False
    for check in in_order(checks):
        if check.refused or check.set_aside:
            continue
        if check.outcome is Outcome.CHANGED:
            live = False
        elif check.outcome in FAVORABLE:
            live = True
    return live
