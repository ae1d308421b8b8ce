"""Decide on possible matches with the exclusion list, and read them as staff see them.

What the program noted and one person decides are two: a confirmed match is public at once. A
dismissal is remembered for the row's content and the names it was made for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, joinedload

from directory.domain.criteria import Catalogue
from directory.domain.entries import EntryRefused
from directory.domain.exclusions import Sign, Tier
from directory.domain.findings import State
from directory.domain.screening import (
    LONGEST_REASON,
    STEPS,
    BirthDate,
    CouldNot,
    MatchState,
    Result,
    Said,
    said_today,
)
from directory.models import (
    Clinic,
    Confirmation,
    Match,
    MatchCheck,
    Organization,
    Practitioner,
    Refusal,
    Screening,
    User,
    Verification,
)
from directory.models.staff import StaffRole
from directory.operations import events
from directory.operations.conflicts import refuse_conflicted
from directory.operations.exclusions import list_state, rows_of
from directory.operations.families import home_of
from directory.operations.people import system_user
from directory.operations.screening import matches_of, screen_clinics
from directory.operations.screening_checks import Desk, Round, checks_at
from directory.operations.screening_roster import (
    Key,
    Site,
    clinics_behind,
    clinics_ever,
    roster,
)
from directory.operations.stale import at_version, flush_or_stale
from directory.operations.vetting import add_confirmation, add_refusal, publish

LEFT = "No longer at this clinic."
MOST_SHOWN = 200


def confirm(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    match: Match,
    reason: str,
    *,
    version: int,
    two_person: bool,
) -> None:
    """Say that a row of the list is this person or business; every clinic of theirs is warned of.

    A match that was confirmed before may be confirmed again when its subject stands behind
    another clinic since. Raises Stale, and EntryRefused for a missing reason, a step that is not
    open, or a conflict of interest.
    """
    again = match.state is MatchState.CONFIRMED and bool(open_checks(session, match))
    _begin(session, actor, match, reason, version, MatchState.CONFIRMED, again=again)
    _decide(match, actor, now, MatchState.CONFIRMED, reason)
    flush_or_stale(session)
    _record(session, actor, now, "match:confirmed", match, reason)
    key = match.subject
    sites = clinics_behind(session, now, key)
    this = Round(
        session=session,
        system=system_user(session),
        now=now,
        catalogue=catalogue,
        listed=list_state(session).dated or match.found_in,
        two_person=two_person,
    )
    waiting = {check.clinic_id: check for check in open_checks(session, match)}
    history = checks_at(session, [site.id for site in sites])
    for site in sites:
        desk = Desk(this, site, history[site.id])
        check = waiting.pop(site.id, None)
        if check is not None:
            add_confirmation(session, actor, now, check)
        if desk.finding.state is not State.NOT_MET or not _told(session, match, site):
            add_confirmation(session, actor, now, desk.accuse(match, match.about.name))
    here = {site.id for site in sites}
    for check in waiting.values():
        home = home_of(session, check.clinic_id)
        if home in here or (key[0] == "clinic" and home != check.clinic_id):
            add_confirmation(session, actor, now, check)  # its listing was merged, no more
        else:
            add_refusal(session, actor, now, check, LEFT)
    ids = sorted({*waiting, *(site.id for site in sites)})
    if ids:
        publish(session, catalogue, now, ids, two_person=two_person)


def dismiss(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    match: Match,
    reason: str,
    *,
    version: int,
    two_person: bool,
) -> None:
    """Say that a row of the list is somebody else; the checks that waited for it are refused.

    Raises as `confirm` does.
    """
    _begin(session, actor, match, reason, version, MatchState.DISMISSED)
    key = match.subject
    match.made_for = roster(session, now, (), [key]).everyone[key].made_for
    _decide(match, actor, now, MatchState.DISMISSED, reason)
    flush_or_stale(session)
    _record(session, actor, now, "match:dismissed", match, reason)
    refused = open_checks(session, match)
    for check in refused:
        add_refusal(session, actor, now, check, reason)
    _follow(session, now, catalogue, key, {c.clinic_id for c in refused}, two_person=two_person)


def reopen(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    match: Match,
    reason: str,
    *,
    version: int,
    two_person: bool,
) -> None:
    """Take a decision back, so that somebody decides anew; only an admin may.

    A finding that the public was told of stands until a new check says otherwise. Raises as
    `confirm` does.
    """
    if actor.role is not StaffRole.ADMIN:
        raise EntryRefused("admin_only", "reason")
    _begin(session, actor, match, reason, version, MatchState.POTENTIAL)
    match.state, match.reason = MatchState.POTENTIAL, ""
    match.decided_by = match.decided_at = None
    flush_or_stale(session)
    _record(session, actor, now, "match:reopened", match, reason)
    _follow(session, now, catalogue, match.subject, set(), two_person=two_person)


def compare_birth_date(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    match: Match,
    typed: date,
    *,
    version: int,
    two_person: bool,
) -> BirthDate:
    """Compare a birth date with the list's, keep the answer and forget the date.

    Where they are equal the match becomes one by name and birth date. Raises as `confirm` does.
    """
    refuse_conflicted(session, actor, clinics_ever(session, match.subject))
    at_version(match, version)
    if match.state is not MatchState.POTENTIAL or match.practitioner_id is None:
        raise EntryRefused("match_step", "born")
    row = rows_of(session, [match.row_digest]).get(match.row_digest)
    born = row.born_on if row else None
    answer = BirthDate.NOT_ON_LIST
    if born is not None:
        answer = BirthDate.EQUAL if typed == born else BirthDate.DIFFERS
    match.birth_date = answer
    if answer is BirthDate.EQUAL and match.tier > Tier.NAME_AND_BIRTH:
        match.tier = int(Tier.NAME_AND_BIRTH)
        match.why = [*match.why, Sign.BIRTH.value]
    flush_or_stale(session)
    after = {"answer": answer.value, "tier": match.tier}
    events.record(session, actor, now, "match:birth_date_compared", "match", match.id, None, after)
    if answer is BirthDate.EQUAL:
        _follow(session, now, catalogue, match.subject, set(), two_person=two_person)
    return answer


def open_checks(session: Session, match: Match) -> list[Verification]:
    """Return the adverse checks of a match on which nobody has decided."""
    session.flush()
    return list(
        session.scalars(
            select(Verification)
            .join(MatchCheck, MatchCheck.verification_id == Verification.id)
            .where(
                MatchCheck.match_id == match.id,
                ~Verification.confirmation.has(),
                ~Verification.refusal.has(),
            )
            .order_by(Verification.id)
        )
    )


def match_of(session: Session, check: Verification) -> Match | None:
    """Return the match on whose page this check is decided, or None for any other check."""
    row = session.get(MatchCheck, check.id)
    return session.get(Match, row.match_id) if row else None


def _told(session: Session, match: Match, site: Site) -> bool:
    """Say whether a confirmed check of this match is on record at the clinic."""
    told = (
        select(MatchCheck.match_id)
        .join(Verification, Verification.id == MatchCheck.verification_id)
        .where(
            MatchCheck.match_id == match.id,
            Verification.clinic_id == site.id,
            Verification.confirmation.has(),
        )
    )
    return session.scalar(told.limit(1)) is not None


def _begin(
    session: Session,
    actor: User,
    match: Match,
    reason: str,
    version: int,
    to: MatchState,
    *,
    again: bool = False,
) -> None:
    """Refuse what may not be decided, by this person or any more."""
    refuse_conflicted(session, actor, clinics_ever(session, match.subject))
    at_version(match, version)
    if to not in STEPS[match.state] and not again:
        raise EntryRefused("match_step", "reason")
    if not reason.strip():
        raise EntryRefused("match_reason", "reason")
    if len(reason) > LONGEST_REASON:
        raise EntryRefused("too_long", "reason", longest=LONGEST_REASON)


def _decide(match: Match, actor: User, now: datetime, to: MatchState, reason: str) -> None:
    match.state, match.reason = to, reason.strip()
    match.decided_by, match.decided_at = actor.id, now


def _record(
    session: Session, actor: User, now: datetime, act: str, match: Match, reason: str
) -> None:
    kind, number = match.subject
    after = {kind: number, "tier": match.tier, "row": match.row_digest[:16]}
    events.record(session, actor, now, act, "match", match.id, None, after, reason=reason.strip())


def _follow(
    session: Session,
    now: datetime,
    catalogue: Catalogue,
    key: Key,
    more: set[int],
    *,
    two_person: bool,
) -> None:
    """Compare everyone at the clinics of a subject anew, and make public what follows."""
    ids = {site.id for site in clinics_behind(session, now, key)}
    touched = screen_clinics(session, now, catalogue, ids, two_person=two_person, also=[key])
    if found := sorted(ids | touched | more):
        publish(session, catalogue, now, found, two_person=two_person)


_OPEN_CHECK = exists().where(
    MatchCheck.match_id == Match.id,
    ~exists().where(Confirmation.verification_id == MatchCheck.verification_id),
    ~exists().where(Refusal.verification_id == MatchCheck.verification_id),
)


def _to_decide() -> ColumnElement[bool]:
    """Return what makes a match work: undecided, gone from the list, or at one more clinic."""
    later = or_(Match.gone_on.is_not(None), _OPEN_CHECK)
    return or_(
        Match.state == MatchState.POTENTIAL, and_(Match.state == MatchState.CONFIRMED, later)
    )


def waiting(session: Session) -> int:
    """Count the matches that wait for a person."""
    return session.scalar(select(func.count()).select_from(Match).where(_to_decide())) or 0


def in_queue(session: Session) -> list[Match]:
    """Return the matches that wait for a person, the strongest and oldest first."""
    query = select(Match).where(_to_decide()).order_by(Match.tier, Match.found_at, Match.id)
    return _with_subjects(session, query.limit(MOST_SHOWN))


def decided(session: Session) -> list[Match]:
    """Return what was decided last."""
    query = select(Match).where(Match.state != MatchState.POTENTIAL)
    return _with_subjects(session, query.order_by(Match.decided_at.desc()).limit(MOST_SHOWN))


def _with_subjects(session: Session, query: object) -> list[Match]:
    options = (
        joinedload(Match.practitioner),
        joinedload(Match.organization),
        joinedload(Match.clinic),
        joinedload(Match.decider),
    )
    return list(session.scalars(query.options(*options)).unique())  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One of ours at a clinic, and what its screening says today."""

    key: Key
    name: str
    posts: tuple[str, ...]
    said: Said
    list_date: date | None
    matches: tuple[Match, ...]


def compared_at(session: Session, now: datetime, clinic_id: int) -> list[Compared]:
    """Return everyone who is compared for a clinic: its people, its owner, its own name."""
    site = next((s for s in clinics_behind(session, now, ("clinic", clinic_id))), None)
    if site is None:
        return []
    posts = {key: tuple(post.value for post in held) for key, held in site.posts.items()}
    return compared(session, now, site.everyone, posts)


def compared(
    session: Session,
    now: datetime,
    keys: Sequence[Key],
    posts: dict[Key, tuple[str, ...]] | None = None,
) -> list[Compared]:
    """Return what the screenings of these say today, in the same order."""
    listed = list_state(session).dated
    matches = matches_of(session, keys)
    found = []
    for key in keys:
        kind, number = key
        query = select(Screening).where(getattr(Screening, f"{kind}_id") == number)
        row = session.scalar(query.execution_options(populate_existing=True))
        told = (
            said_today(Said(row.result, row.reason), row.list_date if listed else None, now.date())
            if row
            else Said(Result.COULD_NOT, CouldNot.NOT_YET if listed else CouldNot.NO_LIST)
        )
        found.append(
            Compared(
                key=key,
                name=_name(session, key),
                posts=(posts or {}).get(key, ()),
                said=told,
                list_date=row.list_date if row else None,
                matches=tuple(matches[key]),
            )
        )
    return found


def _name(session: Session, key: Key) -> str:
    kind, number = key
    models: dict[str, type[Practitioner] | type[Organization] | type[Clinic]] = {
        "practitioner": Practitioner,
        "organization": Organization,
        "clinic": Clinic,
    }
    row: Any = session.get_one(models[kind], number)
    return str(row.name)
