"""Find clinics that may be listed twice, computed when read; only what a person decided is kept."""

from collections.abc import Iterable
from datetime import datetime

from rapidfuzz.fuzz import token_set_ratio
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from directory.domain.clinics import LONGEST_REASON
from directory.domain.duplicates import Entry, Found, Likeness, Pair, find_pairs
from directory.domain.entries import EntryRefused
from directory.domain.standing import Listing
from directory.models import Clinic, ClinicDistinct, Organization, User
from directory.operations import events
from directory.operations.conflicts import refuse_conflicted
from directory.operations.families import refuse_merged
from directory.operations.stale import at_version

COMPARED = (Listing.DRAFT, Listing.LISTED, Listing.UNLISTED, Listing.SUSPENDED)
"""A closed clinic is nobody's duplicate: another may have moved into its rooms."""


def likely_pairs(session: Session) -> Found:
    """Return every pair that may be one clinic and was not told apart, in two statements."""
    return find_pairs(_entries(session), token_set_ratio, _told_apart(session))


def waiting(session: Session) -> int:
    """Count the pairs that wait for a person."""
    return len(likely_pairs(session).pairs)


def twins_of(session: Session, clinic: Clinic) -> list[tuple[Likeness, Clinic]]:
    """Return the clinics that one clinic may be the same as, the likeliest first."""
    alike: list[ColumnElement[bool]] = [
        Clinic.postal_code == clinic.postal_code,
        (Clinic.state == clinic.state) & (Clinic.city == clinic.city),
    ]
    if clinic.phone:
        alike.append(Clinic.phone == clinic.phone)
    npis = {clinic.npi, clinic.organization.npi if clinic.organization else None} - {None}
    if npis:
        alike += [Clinic.npi.in_(npis), Organization.npi.in_(npis)]
    entries = _entries(session, or_(Clinic.id == clinic.id, *alike))
    found = find_pairs(entries, token_set_ratio, _told_apart(session))
    mine = [likeness for likeness in found.pairs if clinic.id in likeness.pair]
    others = {sum(likeness.pair) - clinic.id: likeness for likeness in mine}
    rows = session.scalars(select(Clinic).where(Clinic.id.in_(others)))
    by_id = {row.id: row for row in rows}
    return [(likeness, by_id[number]) for number, likeness in others.items()]


def likeness_of(session: Session, one: Clinic, other: Clinic) -> Likeness | None:
    """Return why two clinics may be one, told apart or not; None when nothing says so."""
    entries = _entries(session, Clinic.id.in_([one.id, other.id]))
    return next(iter(find_pairs(entries, token_set_ratio).pairs), None)


def told_apart(session: Session, one: int, other: int) -> ClinicDistinct | None:
    """Return who said that two clinics are not the same, if somebody did."""
    low, high = sorted((one, other))
    return session.scalar(
        select(ClinicDistinct).where(ClinicDistinct.low_id == low, ClinicDistinct.high_id == high)
    )


def tell_apart(
    session: Session,
    actor: User,
    now: datetime,
    one: Clinic,
    other: Clinic,
    reason: str,
    *,
    versions: tuple[int, int],
) -> ClinicDistinct:
    """Keep for ever that two clinics are not the same.

    Raises EntryRefused for one clinic twice, a merged one, a missing reason, a pair that was told
    apart before and a conflict of interest with either; Stale when either was saved meanwhile.
    """
    check_pair(session, actor, one, other)
    if told_apart(session, one.id, other.id) is not None:
        raise EntryRefused("told_apart", "reason")
    check_reason(reason)
    at_version(one, versions[0])
    at_version(other, versions[1])
    low, high = sorted((one.id, other.id))
    row = ClinicDistinct(low_id=low, high_id=high, told_by=actor.id, told_at=now, reason=reason)
    session.add(row)
    session.flush()
    events.record(
        session, actor, now, "clinic:told_apart", "clinic", low, None, {"other": high},
        reason=reason,
    )  # fmt: skip
    return row


def check_pair(session: Session, actor: User, one: Clinic, other: Clinic) -> None:
    """Refuse to decide on one clinic twice, a merged one, or one the actor has a tie to."""
    if one.id == other.id:
        raise EntryRefused("merge_same", "left")
    refuse_conflicted(session, actor, [one.id, other.id])
    refuse_merged(session, one)
    refuse_merged(session, other)


def check_reason(reason: str) -> None:
    """Refuse a decision without its reason, or with a very long one."""
    if not reason:
        raise EntryRefused("needed", "reason")
    if len(reason) > LONGEST_REASON:
        raise EntryRefused("too_long", "reason", longest=LONGEST_REASON)


def _told_apart(session: Session) -> frozenset[Pair]:
    rows = session.execute(select(ClinicDistinct.low_id, ClinicDistinct.high_id))
    return frozenset((low, high) for low, high in rows)


def _entries(session: Session, where: ColumnElement[bool] | None = None) -> Iterable[Entry]:
    query = (
        select(
            Clinic.id,
            Clinic.name,
            Clinic.street,
            Clinic.city,
            Clinic.state,
            Clinic.postal_code,
            Clinic.phone,
            Clinic.npi,
            Clinic.organization_id.label("owner"),
            Organization.npi.label("owner_npi"),
        )
        .outerjoin(Organization, Organization.id == Clinic.organization_id)
        .where(Clinic.listing.in_(COMPARED))
    )
    if where is not None:
        query = query.where(where)
    return [Entry(**row) for row in session.execute(query).mappings()]
