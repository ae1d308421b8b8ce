"""Compare everyone in charge with the exclusion list, and keep up what follows from it.

A whole list is compared when it is imported, a few clinics whenever somebody at them changes. The
program notes possible matches and never decides on one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from directory.domain.criteria import Catalogue
from directory.domain.exclusions import Hit, coverage
from directory.domain.progress import Steps, Watch, nobody
from directory.domain.screening import (
    HOLDS_BACK,
    NO_MATCH,
    BirthDate,
    CouldNot,
    MatchState,
    Result,
    Said,
    said,
)
from directory.models import ExclusionRow, Match, Screening, User
from directory.models.screening import KINDS
from directory.operations import events
from directory.operations.exclusions import ListState, list_state, rows_of
from directory.operations.people import system_user
from directory.operations.screening_checks import Round, keep_up
from directory.operations.screening_roster import Key, One, Roster, batches, roster
from directory.operations.screening_sieve import Look, hits_in_all, hits_of
from directory.operations.vetting import publish


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What comparing everyone with a list found, counted by result and by open matches."""

    list_date: date
    compared: int
    results: Mapping[Result, int]
    found: int
    clinics: int


def screen_all(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    *,
    two_person: bool,
    watch: Watch = nobody,
) -> Finished | None:
    """Compare everyone with the list on record and make the consequences public.

    Returns None, and writes nothing, while no list is on record. With a part of a list matches
    are found all the same, but nobody is called clean. Writes one event of its own beside those
    of matches and checks.
    """
    state = list_state(session)
    if state.reaches is None:
        return None
    everyone = roster(session, now, None)
    steps = Steps(watch, STAGES)
    done = _screen(session, now, catalogue, state, everyone, two_person, hits_in_all, steps)
    for some in batches(sorted(done.touched)):
        publish(session, catalogue, now, some, two_person=two_person)
    steps.finish()
    finished = Finished(
        list_date=state.reaches,
        compared=len(done.results),
        results={result: list(done.results.values()).count(result) for result in Result},
        found=done.found,
        clinics=len(done.touched),
    )
    after: dict[str, Any] = {result.value: count for result, count in finished.results.items()}
    after |= {"list": state.reaches.isoformat(), "found": done.found, "clinics": finished.clinics}
    events.record(session, actor, now, "screening:finished", "directory", 1, None, after)
    return finished


def screen_clinics(
    session: Session,
    now: datetime,
    catalogue: Catalogue,
    clinic_ids: Collection[int],
    *,
    two_person: bool,
    also: Iterable[Key] = (),
) -> set[int]:
    """Compare those behind some clinics anew; returns the clinics to derive and publish.

    For an act that changed a person, a name, an NPI, a post or an owner, in its transaction and
    after the checks fell that rested on it. `also` are people and owners without a clinic.
    """
    state = list_state(session)
    if state.reaches is None:
        return set()
    who = roster(session, now, clinic_ids, also)
    alone = Steps(nobody, 0)
    return _screen(session, now, catalogue, state, who, two_person, hits_of, alone).touched


@dataclass(slots=True)
class _Done:
    results: dict[Key, Result]
    found: int
    touched: set[int]


def _screen(
    session: Session,
    now: datetime,
    catalogue: Catalogue,
    state: ListState,
    who: Roster,
    two_person: bool,
    look: Look,
    steps: Steps,
) -> _Done:
    session.flush()
    listed = cast(date, state.reaches)
    system = system_user(session)
    hits = look(session, {one.key: one.subject for one in who.everyone.values()})
    steps.took()
    matches, found = _note_hits(session, system, now, listed, who.everyone.values(), hits)
    results = {
        key: _said(one, matches[key], state.dated, now.date()) for key, one in who.everyone.items()
    }
    for site in who.sites.values():
        own = ("clinic", site.id)
        if not site.leaders and results[own].result in NO_MATCH:
            results[own] = Said(Result.COULD_NOT, CouldNot.NOBODY_IN_CHARGE)
    _keep_results(session, now, listed, results)
    steps.took()
    this_round = Round(
        session=session,
        system=system,
        now=now,
        catalogue=catalogue,
        listed=listed,
        two_person=two_person,
    )
    touched = keep_up(this_round, who, results, matches)
    steps.took()
    return _Done({key: told.result for key, told in results.items()}, found, touched)


def _keep_results(
    session: Session, now: datetime, listed: date, results: Mapping[Key, Said]
) -> None:
    """Write when each was compared last and with what result; one writer at a time gets here."""
    table = cast(Table, Screening.__table__)
    for kind in KINDS:
        column = f"{kind}_id"
        told = {number: said for (of, number), said in results.items() if of == kind}
        known: set[int] = set()
        for some in batches(told):
            query = select(table.c[column]).where(table.c[column].in_(some))
            known |= set(session.scalars(query))
        rows = {
            number: {
                "last_screened_at": now,
                "list_date": listed,
                "result": said.result,
                "reason": said.reason,
            }
            for number, said in told.items()
        }
        old = [row | {"number": number} for number, row in rows.items() if number in known]
        new = [row | {column: number} for number, row in rows.items() if number not in known]
        if old:
            changed = update(table).where(table.c[column] == bindparam("number"))
            session.connection().execute(changed, old)
        if new:
            session.connection().execute(insert(table), new)


def _said(one: One, matches: Sequence[Match], listed: date | None, today: date) -> Said:
    covered = coverage(one.subject)
    return said(
        hit=any(holds_back(match) for match in matches),
        usable=covered.by_name and not covered.unusable,
        has_npi=covered.by_npi,
        listed=listed,
        today=today,
    )


def holds_back(match: Match) -> bool:
    """Say whether a match keeps a clean screening from being written."""
    if match.state is MatchState.CONFIRMED:
        return True
    return match.state is MatchState.POTENTIAL and match.tier in HOLDS_BACK


def matches_of(session: Session, keys: Iterable[Key]) -> dict[Key, list[Match]]:
    """Return every match of these, decided or not, the strongest first."""
    of: dict[str, list[int]] = defaultdict(list)
    for kind, number in keys:
        of[kind].append(number)
    found: dict[Key, list[Match]] = defaultdict(list)
    for kind in KINDS:
        for some in batches(sorted(of[kind])):
            query = select(Match).where(getattr(Match, f"{kind}_id").in_(some))
            for match in session.scalars(query.order_by(Match.tier, Match.id)):
                found[match.subject].append(match)
    return found


def _note_hits(
    session: Session,
    system: User,
    now: datetime,
    listed: date,
    everyone: Collection[One],
    hits: Mapping[Key, Sequence[Hit]],
) -> tuple[dict[Key, list[Match]], int]:
    """Write the matches that are new, and those that are no longer settled; count both."""
    matches = matches_of(session, hits)
    digests = {hit.row_digest for found in hits.values() for hit in found}
    digests |= {match.row_digest for found in matches.values() for match in found}
    rows = rows_of(session, digests)
    new = 0
    for one in everyone:
        by_row = {match.row_digest: match for match in matches[one.key]}
        for known in by_row.values():
            _note_row(session, system, now, known, listed, there=known.row_digest in rows)
        for hit in hits[one.key]:
            match = by_row.get(hit.row_digest)
            if match is None:
                match = _new_match(one, hit, rows[hit.row_digest], now, listed)
                session.add(match)
                matches[one.key].append(match)
            elif match.state is MatchState.DISMISSED and _asks_again(match, one, hit):
                _forget(match, one, hit)
            else:
                if match.state is MatchState.POTENTIAL and hit.tier < match.tier:
                    match.tier, match.why = int(hit.tier), [sign.value for sign in hit.why]
                continue
            session.flush()
            new += 1
            _event(session, system, now, "match:found", match)
    session.flush()
    return matches, new


def _note_row(
    session: Session, system: User, now: datetime, match: Match, listed: date, *, there: bool
) -> None:
    """Note that the row of an open or confirmed match left the list, or came back."""
    if there:
        match.gone_on = None
    elif match.gone_on is None and match.state is not MatchState.DISMISSED:
        match.gone_on = listed
        session.flush()
        _event(session, system, now, "match:gone", match)


def _new_match(one: One, hit: Hit, row: ExclusionRow, now: datetime, listed: date) -> Match:
    kind, number = one.key
    return Match(
        **{f"{kind}_id": number},
        row_digest=hit.row_digest,
        row=shown(row),
        tier=int(hit.tier),
        why=[sign.value for sign in hit.why],
        made_for=one.made_for,
        found_at=now,
        found_in=listed,
        state=MatchState.POTENTIAL,
    )


def _asks_again(match: Match, one: One, hit: Hit) -> bool:
    """Say whether a dismissal was of another name or number, or of less than agrees now."""
    stronger = hit.tier < match.tier and match.birth_date is not BirthDate.DIFFERS
    return stronger or match.made_for != one.made_for


def _forget(match: Match, one: One, hit: Hit) -> None:
    """Ask again about a match that was dismissed for another name or number."""
    match.state = MatchState.POTENTIAL
    match.decided_by = match.decided_at = match.birth_date = None
    match.made_for = one.made_for
    match.tier, match.why = int(hit.tier), [sign.value for sign in hit.why]


def _event(session: Session, actor: User, now: datetime, act: str, match: Match) -> None:
    kind, number = match.subject
    after: dict[str, Any] = {kind: number, "tier": match.tier, "row": match.row_digest[:16]}
    events.record(session, actor, now, act, "match", match.id, None, after)


STAGES = 4
"""The whole comparison in stages, for who watches: looking, keeping, following up, publishing."""

SHOWN = (
    "last_name",
    "first_name",
    "middle_name",
    "business_name",
    "general",
    "specialty",
    "npi",
    "street",
    "city",
    "state",
    "postal_code",
    "exclusion_type",
    "excluded_on",
    "waived_on",
    "waiver_state",
)
"""What is kept of a row beside a match: all but the birth date."""


def shown(row: ExclusionRow) -> dict[str, str]:
    """Return what staff are shown of a row, as plain text; never the birth date."""
    return {name: str(value) for name in SHOWN if (value := getattr(row, name))}
