"""Read a few public clinics side by side, and say what became of each number that was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.domain.comparing import MOST, labels
from directory.domain.findings import Finding, minute_of, today_in
from directory.domain.standing import Standing
from directory.models import Clinic, SearchRow
from directory.operations.cards import findings_of, standing_of
from directory.operations.families import homes_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A public clinic by its number and name, with the card that search shows."""

    clinic_id: int
    name: str
    card: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One clinic of a comparison; `label` is its name, made longer where two have the same."""

    clinic_id: int
    label: str
    card: dict[str, Any]
    findings: tuple[Finding, ...]
    standing: Standing
    hours: list[dict[str, str]]
    today: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What became of the numbers: public clinics, those that moved, those that are not there.

    `moved` are the clinics of `found` that speak for a merged listing that was asked for.
    """

    found: tuple[Named, ...]
    moved: tuple[Named, ...] = ()
    unknown: tuple[int, ...] = ()

    @property
    def shown(self) -> tuple[Named, ...]:
        """Those that fit side by side."""
        return self.found[:MOST]

    @property
    def left_out(self) -> tuple[Named, ...]:
        """Those that do not fit."""
        return self.found[MOST:]


def choose(session: Session, clinic_ids: Sequence[int]) -> Choice:
    """Return what became of these numbers, in their order and each clinic once.

    A merged listing's number means the clinic that speaks for it. Takes two statements.
    """
    if not clinic_ids:
        return Choice(found=())
    homes = homes_of(session, clinic_ids)
    rows = session.scalars(
        select(SearchRow).where(SearchRow.clinic_id.in_({homes[one] for one in clinic_ids}))
    )
    public = {
        row.clinic_id: Named(clinic_id=row.clinic_id, name=row.card["name"], card=row.card)
        for row in rows
    }
    found: dict[int, Named] = {}
    moved: dict[int, Named] = {}
    unknown = []
    for clinic_id in clinic_ids:
        home = homes[clinic_id]
        if home not in public:
            unknown.append(clinic_id)
            continue
        found[home] = public[home]
        if home != clinic_id:
            moved[home] = public[home]
    return Choice(found=tuple(found.values()), moved=tuple(moved.values()), unknown=tuple(unknown))


def side_by_side(session: Session, chosen: Sequence[Named], now: datetime) -> tuple[Column, ...]:
    """Return these clinics as they are at the moment `now`, by the findings of their own pages."""
    ids = [one.clinic_id for one in chosen]
    rows = session.execute(select(Clinic.id, Clinic.hours).where(Clinic.id.in_(ids)))
    hours = {row.id: row.hours for row in rows}
    names = labels([(one.name, one.card["city"], one.card["street"]) for one in chosen])
    return tuple(
        _column(one, label, hours.get(one.clinic_id, []), now)
        for one, label in zip(chosen, names, strict=True)
    )


def _column(one: Named, label: str, hours: list[dict[str, str]], now: datetime) -> Column:
    findings = findings_of(one.card, minute_of(now))
    return Column(
        clinic_id=one.clinic_id,
        label=label,
        card=one.card,
        findings=findings,
        standing=standing_of(one.card, findings),
        hours=hours,
        today=today_in(ZoneInfo(one.card["timezone"]), now),
    )
