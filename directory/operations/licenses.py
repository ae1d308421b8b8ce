"""Compare the licenses on record with a board's own file, and refresh those that are found.

Nothing is guessed: a license is found by number, state and name together. A status that is not
plainly active ends no license by itself; the checks that rest on it fall, and come back as work.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from directory.domain.clinic_entry import CredentialFacts
from directory.domain.credentials import CredentialKind
from directory.domain.criteria import Catalogue
from directory.domain.entries import comparable
from directory.domain.imports import FileRefused
from directory.domain.license_table import (
    LicenseHeader,
    LicenseRow,
    Says,
    license_key,
    read_day,
    read_license_header,
    same_holder,
)
from directory.models import Clinic, Credential, Event, Evidence, Practitioner, User
from directory.models.vetting import EvidenceKind
from directory.operations import events, falls
from directory.operations.conflicts import clinics_of
from directory.operations.credentials import CREDENTIAL_WORDS, save_credential
from directory.operations.vetting import publish
from directory.sources.sealing import Sealer

LOOKED_UP = "credential:looked_up"
FEW = 500
"""How many numbers a statement may name."""

Key = tuple[str, str]
"""State and number of a license, in the form in which they are compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Whose file it is, for which state (None: a column says), and of which day."""

    name: str
    state: str | None
    dated: date


@dataclass(slots=True)
class BoardFile:
    """What of a file concerns us."""

    read: int = 0
    unusable: int = 0
    states: set[str] = field(default_factory=set)
    rows: dict[Key, list[LicenseRow]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A license of ours that the file says nothing usable about, and why."""

    credential: Credential
    why: str
    details: Mapping[str, Any]


@dataclass(slots=True)
class Compared:
    """What comparing came to."""

    matched: int = 0
    changed: set[int] = field(default_factory=set)
    adverse: list[tuple[Credential, LicenseRow]] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)
    other_boards: dict[str, int] = field(default_factory=dict)


class _Missed(Exception):
    """A license cannot be compared; `args` say why."""


def keys_of(session: Session) -> set[Key]:
    """Return the states and numbers of all licenses on record."""
    return {_key(license) for license in _licenses(session, None)}


def read_board_file(
    rows: Iterable[tuple[int, Sequence[str]]], ours: set[Key], *, state: str | None
) -> BoardFile:
    """Return the rows that may be about licenses of ours; memory holds no others.

    `rows` begin with the header, each with its line. Raises FileRefused.
    """
    header: LicenseHeader | None = None
    found = BoardFile()
    for line, cells in rows:
        if header is None:
            header = read_license_header(cells, state=state, line=line)
            continue
        row = header.row(line, cells)
        found.read += 1
        key = (row.state, license_key(row.number))
        found.unusable += not key[1]
        found.states.add(row.state)
        if key in ours:
            found.rows[key].append(row)
    if not found.read:
        raise FileRefused("the file names its columns and has no row below them")
    return found


def compare_licenses(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    sealer: Sealer,
    board: Board,
    file: BoardFile,
    *,
    two_person: bool,
) -> Compared:
    """Refresh every license that the file names, and say of each other one why not.

    Checks that rest on a license whose facts changed, or whose status is not plainly active,
    fall. One look-up record says which file of which day was looked at.
    """
    done = Compared()
    ours = _licenses(session, board.state)
    looks = newest_looks(session, [license.id for license in ours])
    found: list[tuple[Credential, LicenseRow, date | None]] = []
    for license in ours:
        try:
            row = _row_of(license, file.rows.get(_key(license), []))
            if (last := looks.get(license.id)) and last["dated"] > board.dated.isoformat():
                raise _Missed("older_file", {"dated": last["dated"]})
            found.append((license, row, _expires(license, row)))
        except _Missed as missed:
            why, details = missed.args
            if why != "unknown" or comparable(license.issuer) == comparable(board.name):
                done.missed.append(Missed(credential=license, why=why, details=details))
            elif license.state in file.states:
                issuer = license.issuer
                done.other_boards[issuer] = done.other_boards.get(issuer, 0) + 1
    evidence = _look_up_record(session, actor, now, board, found, done.missed)
    edited = _edited_on(session)
    for license, row, expires_on in found:
        adverse = row.says is Says.OTHER or _lapsed_early(
            row, expires_on or license.expires_on, board
        )
        if adverse:
            done.adverse.append((license, row))
        said = _said(board, row, expires_on, evidence.id)
        if {**looks.get(license.id, {}), "evidence": evidence.id} == said:
            continue  # this was read before: what staff did since then stays
        reason = f"{board.name}, file of {board.dated}: {row.status or 'no status'}"
        events.record(
            session, actor, now, LOOKED_UP, "credential", license.id, None, said, reason=reason
        )
        if expires_on not in (None, license.expires_on):
            later = edited.get(license.id)
            if later is not None and later > board.dated:
                details = {"day": str(later), "expires_on": str(expires_on)}
                done.missed.append(Missed(credential=license, why="edited_later", details=details))
            else:
                save_credential(
                    session, actor, now, catalogue, license, _with_expiry(license, expires_on),
                    sealer, version=license.version, two_person=two_person,
                )  # fmt: skip
                done.changed.add(license.id)
        if adverse and _drop(session, actor, now, catalogue, license, two_person=two_person):
            done.changed.add(license.id)
    done.matched = len(found)
    return done


def _edited_on(session: Session) -> dict[int, date]:
    """Return on which day staff last wrote each credential, as far as the log says."""
    acts = ("credential:created", "credential:edited", "credential:ended")
    written = session.execute(
        select(Event.subject_id, func.max(Event.at))
        .where(Event.subject_type == "credential", Event.act.in_(acts))
        .group_by(Event.subject_id)
    )
    return {number: moment.date() for number, moment in written}


def newest_looks(session: Session, credential_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return what the newest board file said of some credentials, as the log keeps it."""
    wanted = set(credential_ids)
    looked = select(Event.subject_id, Event.after).where(
        Event.subject_type == "credential", Event.act == LOOKED_UP
    )
    if len(wanted) <= FEW:
        looked = looked.where(Event.subject_id.in_(wanted))
    rows = session.execute(looked.order_by(Event.id))
    return {number: after for number, after in rows if number in wanted and after}


def holder_of(license: Credential) -> Practitioner | Clinic:
    """Return whose license it is."""
    holder = license.practitioner or license.clinic
    if holder is None:
        raise LookupError(f"credential {license.id} is nobody's")
    return holder


def _licenses(session: Session, state: str | None) -> Sequence[Credential]:
    query = select(Credential).where(Credential.kind == CredentialKind.STATE_LICENSE)
    if state:
        query = query.where(Credential.state == state)
    holders = joinedload(Credential.practitioner), joinedload(Credential.clinic)
    return session.scalars(query.options(*holders).order_by(Credential.id)).all()


def _key(license: Credential) -> Key:
    return license.state or "", license_key(license.number)


def _row_of(license: Credential, rows: Sequence[LicenseRow]) -> LicenseRow:
    """Return the one row that is this license's; raises _Missed."""
    if not rows:
        raise _Missed("unknown", {})
    person = license.practitioner_id is not None
    ours = holder_of(license).name
    same = [row for row in rows if same_holder(ours, row.name, person=person)]
    if not same:
        unsure = all(same_holder(ours, row.name, person=person) is None for row in rows)
        raise _Missed("name_unusable" if unsure else "name", {"theirs": rows[0].name})
    if len({(row.status, row.expires) for row in same}) > 1:
        raise _Missed("twice", {"lines": ", ".join(str(row.line) for row in same)})
    return same[0]


def _expires(license: Credential, row: LicenseRow) -> date | None:
    """Return the day the board gives; raises _Missed for one nobody can read, and for a
    license that ended here and is active there."""
    try:
        expires_on = read_day(row.expires)
    except ValueError:
        raise _Missed("day", {"line": row.line, "day": row.expires[:40]}) from None
    if license.ended_on is not None and row.says is Says.ACTIVE:
        raise _Missed("ended_here", {"ended_on": license.ended_on.isoformat()})
    return expires_on


def _lapsed_early(row: LicenseRow, expires_on: date | None, board: Board) -> bool:
    """Say whether the board calls a license over that by its day still holds."""
    return row.says is Says.LAPSED and (expires_on is None or expires_on >= board.dated)


def _said(
    board: Board, row: LicenseRow, expires_on: date | None, evidence_id: int
) -> dict[str, Any]:
    return {
        "board": board.name,
        "dated": board.dated.isoformat(),
        "status": row.status,
        "says": row.says.value,
        "expires_on": expires_on.isoformat() if expires_on else None,
        "evidence": evidence_id,
    }


def _with_expiry(license: Credential, expires_on: date | None) -> CredentialFacts:
    return CredentialFacts(
        kind=license.kind,
        number=None,
        state=license.state,
        issuer=license.issuer,
        issuer_url=license.issuer_url,
        expires_on=expires_on,
        ended_on=license.ended_on,
    )


def _drop(
    session: Session,
    actor: User,
    now: datetime,
    catalogue: Catalogue,
    license: Credential,
    *,
    two_person: bool,
) -> bool:
    """End the checks that rest on a license, in words that accuse nobody; say if any did."""
    fallen = falls.falling_with_credential(session, catalogue, license.id)
    falls.drop_all(session, actor, now, catalogue, fallen, CREDENTIAL_WORDS)
    if fallen:
        affected = sorted({*clinics_of(session, license), *fallen})
        publish(session, catalogue, now, affected, two_person=two_person)
    return bool(fallen)


def _look_up_record(
    session: Session,
    actor: User,
    now: datetime,
    board: Board,
    found: Sequence[tuple[Credential, LicenseRow, date | None]],
    missed: Sequence[Missed],
) -> Evidence:
    """Return the record that this file was looked at; the same look twice is one record."""
    title = f"{board.name[:160]}: licenses on {board.dated}"
    lines = [
        f"{row.state} {row.number}: {row.status or 'no status'}, expires {row.expires or 'unsaid'}"
        for _license, row, _day in found
    ]
    lines += [f"{m.credential.state} {m.credential.number}: not found ({m.why})" for m in missed]
    text = "\n".join([title, *lines])
    digest = hashlib.sha256(text.encode()).hexdigest()
    known = session.scalar(
        select(Evidence).where(Evidence.kind == EvidenceKind.LOOKUP, Evidence.sha256 == digest)
    )
    if known is not None:
        return known
    evidence = Evidence(
        kind=EvidenceKind.LOOKUP,
        title=title,
        record=text,
        sha256=digest,
        taken_at=now,
        taken_by=actor.id,
    )
    session.add(evidence)
    session.flush()
    after = {"title": title, "sha256": digest}
    events.record(session, actor, now, "evidence:stored", "evidence", evidence.id, None, after)
    return evidence
