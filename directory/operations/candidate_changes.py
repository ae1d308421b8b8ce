"""What the registry says now against what it, or our listing, said before: work for staff."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.domain.entries import same_fact
from directory.domain.nppes import DISMISSED, Fact
from directory.models import Candidate, CandidateChange, Clinic, Organization

Pair = tuple[dict[str, Any], dict[str, Any]]

_ADDRESS = ("street", "city", "state", "postal_code")
_OPPOSITES = {
    Fact.REACTIVATED: Fact.DEACTIVATED,
    Fact.DEACTIVATED: Fact.REACTIVATED,
    Fact.RETURNED: Fact.GONE,
    Fact.GONE: Fact.RETURNED,
}


@dataclass(frozen=True, slots=True)
class Known:
    """The facts that are compared."""

    names: dict[str, str]
    address: dict[str, str]
    phone: str | None

    @classmethod
    def of(cls, candidate: Candidate) -> Self:
        """Take them from what the registry said."""
        names = {"name": candidate.name, "other_name": candidate.other_name}
        address = {part: getattr(candidate, part) for part in _ADDRESS}
        return cls(names, address, candidate.phone)

    @classmethod
    def of_clinic(cls, clinic: Clinic) -> Self:
        """Take them from a listing."""
        address = {part: getattr(clinic, part) for part in _ADDRESS}
        return cls({"name": clinic.name}, address, clinic.phone)

    @classmethod
    def of_owner(cls, owner: Organization, candidate: Candidate) -> Self:
        """Take them from an owner, of whom only the name is kept here."""
        return cls({"name": owner.name}, cls.of(candidate).address, candidate.phone)


def differences(before: Known, after: Known, *, loosely: bool = False) -> dict[Fact, Pair]:
    """Return what differs; `loosely` compares a listing, which people write in their own way.

    Then one of the registry's names is enough, and the house number with the ZIP code. Case,
    dots and spaces never count.
    """
    found: dict[Fact, Pair] = {}
    if not _same_names(before.names, after.names, loosely=loosely):
        found[Fact.NAME] = (before.names, after.names)
    if not _same_place(before.address, after.address, loosely=loosely):
        found[Fact.ADDRESS] = (before.address, after.address)
    if before.phone != after.phone and not (loosely and after.phone is None):
        found[Fact.PHONE] = ({"phone": before.phone}, {"phone": after.phone})
    return found


def keep_changes(
    session: Session, now: datetime, candidate: Candidate, found: dict[Fact, Pair]
) -> None:
    """Write changes as work: one for each fact, the older "before" with the newest "after".

    What was dismissed makes no work, unless a listing of ours has the number. What is undone
    before anybody saw it is no work any more.
    """
    ours = candidate.clinic_id is not None or candidate.organization_id is not None
    if not found or (candidate.triage in DISMISSED and not ours):
        return
    waiting = {
        change.fact: change
        for change in session.scalars(
            select(CandidateChange).where(
                CandidateChange.candidate_id == candidate.id, CandidateChange.seen_at.is_(None)
            )
        )
    }
    for fact, (before, after) in found.items():
        undone = waiting.get(_OPPOSITES[fact]) if fact in _OPPOSITES else None
        if undone is not None:
            session.delete(undone)
            continue
        older = waiting.get(fact)
        if older is None:
            session.add(
                CandidateChange(
                    candidate_id=candidate.id, fact=fact, before=before, after=after, found_at=now
                )
            )
        elif older.before == after:
            session.delete(older)
        else:
            older.after, older.found_at = after, now


def _same_names(before: dict[str, str], after: dict[str, str], *, loosely: bool) -> bool:
    if loosely:
        return any(same_fact(before["name"], name) for name in after.values() if name)
    return all(same_fact(before.get(part, ""), after[part]) for part in after)


def _same_place(before: dict[str, str], after: dict[str, str], *, loosely: bool) -> bool:
    if not loosely:
        return all(same_fact(before[part], after[part]) for part in _ADDRESS)
    numbers = [address["street"].split()[:1] for address in (before, after)]
    return numbers[0] == numbers[1] and before["postal_code"] == after["postal_code"]
