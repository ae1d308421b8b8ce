"""Take in what the registry says: new candidates for triage, and changes as work for staff.

What staff dismissed stays dismissed. A listing of ours is never edited here: that the registry
says something else is work for a person.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from directory.domain.imports import FileRefused
from directory.domain.nppes import Entry, Fact, Reason, Triage
from directory.domain.progress import Steps, Watch, nobody
from directory.models import Candidate, Clinic, Organization
from directory.operations.candidate_changes import Known, Pair, differences, keep_changes

_Item = TypeVar("_Item")

CHUNK = 500
FEWEST_GONE = 50
"""So many numbers may be gone from a full file before anybody wonders whether it is whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """What a file said of the numbers that matter here.

    `watched` were looked for and `present` found. A `full` file has every number there is, so
    that one which is missing is gone.
    """

    entries: Sequence[Entry]
    watched: frozenset[str]
    present: frozenset[str]
    full: bool


@dataclass(slots=True)
class Applied:
    """How many candidates are new, say something else, or are gone."""

    added: int = 0
    changed: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class _Ours:
    """Our own rows by their number."""

    clinics: Mapping[str, Clinic]
    organizations: Mapping[str, Organization]

    def __contains__(self, npi: str) -> bool:
        return npi in self.clinics or npi in self.organizations


def watched_numbers(session: Session) -> frozenset[str]:
    """Return every number that is a candidate or has a listing or an owner here."""
    found: set[str] = set(session.scalars(select(Candidate.npi)))
    found |= set(session.scalars(select(Clinic.npi).where(Clinic.npi.is_not(None))))
    found |= set(session.scalars(select(Organization.npi).where(Organization.npi.is_not(None))))
    return frozenset(found)


def apply_month(
    session: Session,
    now: datetime,
    month: Month,
    *,
    forced: bool = False,
    watch: Watch = nobody,
) -> Applied:
    """Write what is new and note what changed; the same file again changes nothing.

    Raises FileRefused when more than half of the numbers seen before are missing in a full file,
    unless that is `forced`.
    """
    applied = Applied()
    known = {
        npi: (number, fingerprint, gone)
        for number, npi, fingerprint, gone in session.execute(
            select(Candidate.id, Candidate.npi, Candidate.fingerprint, Candidate.gone_at)
        )
    }
    missing = _missing(month, known)
    if len(missing) > max(FEWEST_GONE, len(known) // 2) and not forced:
        raise FileRefused(
            f"{len(missing):,} of {len(known):,} numbers seen before are missing. Use --weekly "
            "for a part of the registry; if the file is whole, --force says so"
        )
    ours = _ours(session)
    fresh = [entry for entry in month.entries if entry.npi not in known]
    steps = Steps(watch, len(fresh) + len(month.entries))
    for chunk in _chunks(fresh):
        session.execute(insert(Candidate), [_values(entry, ours, now) for entry in chunk])
        steps.took(len(chunk))
    applied.added = len(fresh)
    met = [entry.npi for entry in fresh if entry.npi in ours]
    moved = {
        entry.npi: entry
        for entry in month.entries
        if entry.npi in known
        and (known[entry.npi][1:] != (entry.fingerprint, None) or entry.npi in ours)
    }
    for candidate in _load(session, met):
        _compare_first(session, now, candidate, ours)
    for candidate in _load(session, moved):
        applied.changed += _update(session, now, candidate, moved[candidate.npi], ours)
        steps.took()
    for candidate in _load(session, missing):
        candidate.gone_at = now
        keep_changes(session, now, candidate, {Fact.GONE: ({}, {})})
        applied.removed += 1
    steps.finish()
    session.flush()
    return applied


def apply_deactivations(session: Session, now: datetime, days: Mapping[str, date]) -> Applied:
    """Note which of our numbers the list of deactivated ones names; others do not matter."""
    applied = Applied()
    ours = _ours(session)
    seen = set(session.scalars(select(Candidate.npi)))
    unseen = [npi for npi in days if npi in ours and npi not in seen]
    for chunk in _chunks(unseen):
        rows = [_values(_own_entry(npi, ours), ours, now) for npi in chunk]
        session.execute(insert(Candidate), rows)
    for candidate in _load(session, [npi for npi in days if npi in seen or npi in ours]):
        if candidate.deactivated_on is None:
            day = days[candidate.npi]
            candidate.deactivated_on, candidate.changed_at = day, now
            noted: dict[Fact, Pair] = {Fact.DEACTIVATED: ({}, {"day": day.isoformat()})}
            keep_changes(session, now, candidate, noted)
            applied.changed += 1
    applied.added = len(unseen)
    session.flush()
    return applied


def _missing(month: Month, known: Mapping[str, tuple[int, str, datetime | None]]) -> list[str]:
    if not month.full:
        return []
    absent = month.watched - month.present
    return sorted(npi for npi in absent if npi in known and known[npi][2] is None)


def _ours(session: Session) -> _Ours:
    clinics = session.scalars(select(Clinic).where(Clinic.npi.is_not(None)))
    owners = session.scalars(select(Organization).where(Organization.npi.is_not(None)))
    return _Ours({c.npi: c for c in clinics if c.npi}, {o.npi: o for o in owners if o.npi})


def _load(session: Session, numbers: Iterable[str]) -> Iterable[Candidate]:
    for chunk in _chunks(sorted(numbers)):
        yield from session.scalars(
            select(Candidate).where(Candidate.npi.in_(chunk)).order_by(Candidate.npi)
        ).all()


def _chunks(items: Sequence[_Item]) -> Iterable[Sequence[_Item]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]


def _values(entry: Entry, ours: _Ours, now: datetime) -> dict[str, Any]:
    clinic, owner = ours.clinics.get(entry.npi), ours.organizations.get(entry.npi)
    return {
        "npi": entry.npi,
        **_facts(entry),
        "deactivated_on": entry.deactivated_on,
        "fingerprint": entry.fingerprint,
        "triage": Triage.KNOWN if clinic or owner else Triage.WAITING,
        "clinic_id": clinic.id if clinic else None,
        "organization_id": owner.id if owner else None,
        "added_at": now,
        "changed_at": now,
        "version": 1,
    }


def _facts(entry: Entry) -> dict[str, Any]:
    return {
        "person": entry.person,
        "name": entry.name,
        "other_name": entry.other_name,
        "street": entry.street,
        "city": entry.city,
        "state": entry.state,
        "postal_code": entry.postal_code,
        "phone": entry.phone,
        "taxonomies": list(entry.taxonomies),
        "reasons": [reason.value for reason in entry.reasons],
        "strength": _strength(entry.reasons),
        "address_flag": entry.address_flag,
    }


def _strength(reasons: Sequence[Reason]) -> int:
    """Return how much speaks for a clinic, so that the likeliest are looked at first."""
    worth = {
        Reason.KETAMINE_NAME: 8,
        Reason.KETAMINE_PERSON: 4,
        Reason.INFUSION_CODE: 2,
        Reason.INFUSION_NAME: 1,
    }
    return sum(worth[reason] for reason in reasons)


def _own_entry(npi: str, ours: _Ours) -> Entry:
    """Return our own facts as an entry, for a number the main file never showed us."""
    clinic = ours.clinics.get(npi)
    return Entry(
        npi=npi,
        person=False,
        name=clinic.name if clinic else ours.organizations[npi].name,
        other_name="",
        street=clinic.street if clinic else "",
        city=clinic.city if clinic else "",
        state=clinic.state if clinic else "",
        postal_code=clinic.postal_code if clinic else "",
        phone=clinic.phone if clinic else None,
        taxonomies=(),
        reasons=(),
        address_flag=None,
        deactivated_on=None,
    )


def _compare_first(session: Session, now: datetime, candidate: Candidate, ours: _Ours) -> None:
    """Note where the registry differs from a listing that it meets for the first time."""
    clinic = ours.clinics.get(candidate.npi)
    owner = ours.organizations.get(candidate.npi)
    found: dict[Fact, Pair] = {}
    if candidate.deactivated_on is not None:
        found[Fact.DEACTIVATED] = ({}, {"day": candidate.deactivated_on.isoformat()})
    if candidate.name and clinic is not None:
        found |= differences(Known.of_clinic(clinic), Known.of(candidate), loosely=True)
    elif candidate.name and owner is not None:
        found |= differences(Known.of_owner(owner, candidate), Known.of(candidate), loosely=True)
    keep_changes(session, now, candidate, found)


def _update(
    session: Session, now: datetime, candidate: Candidate, entry: Entry, ours: _Ours
) -> bool:
    """Take over what the registry says now; returns whether anything is different."""
    met = _link(candidate, ours)
    if candidate.fingerprint == entry.fingerprint and candidate.gone_at is None:
        if met:
            _compare_first(session, now, candidate, ours)
        return False
    before = Known.of(candidate)
    found: dict[Fact, Pair] = {}
    if candidate.gone_at is not None:
        found[Fact.RETURNED] = ({}, {})
        candidate.gone_at = None
    was, is_now = candidate.deactivated_on, entry.deactivated_on
    if is_now is not None and was is None:
        found[Fact.DEACTIVATED] = ({}, {"day": is_now.isoformat()})
    elif was is not None and is_now is None:
        found[Fact.REACTIVATED] = ({"day": was.isoformat()}, {})
    candidate.deactivated_on = is_now
    if entry.name:  # the row of a deactivated number is empty: what it said before stays
        for name, value in _facts(entry).items():
            setattr(candidate, name, value)
        clinic = ours.clinics.get(candidate.npi)
        after = Known.of(candidate)
        agreed = set() if clinic is None else _agreed(Known.of_clinic(clinic), after)
        changes = differences(before, after)
        found |= {fact: pair for fact, pair in changes.items() if fact not in agreed}
    candidate.fingerprint, candidate.changed_at = entry.fingerprint, now
    keep_changes(session, now, candidate, found)
    if met:
        _compare_first(session, now, candidate, ours)
    return True


def _agreed(ours: Known, registry: Known) -> set[Fact]:
    """Return the facts in which the registry now says what our listing says: no work."""
    return {Fact.NAME, Fact.ADDRESS, Fact.PHONE} - set(differences(ours, registry, loosely=True))


def _link(candidate: Candidate, ours: _Ours) -> bool:
    """Tie a candidate to our own rows with its number; returns whether one is new to it."""
    clinic, owner = ours.clinics.get(candidate.npi), ours.organizations.get(candidate.npi)
    met = False
    if clinic is not None and candidate.clinic_id != clinic.id:
        candidate.clinic_id, met = clinic.id, True
    if owner is not None and candidate.organization_id != owner.id:
        candidate.organization_id, met = owner.id, True
    if met and candidate.triage is Triage.WAITING:
        candidate.triage = Triage.KNOWN
    return met
