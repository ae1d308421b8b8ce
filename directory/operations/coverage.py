"""What staff see as pictures: what is known, how old it is, and what lapses in the year ahead."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.domain.coverage import Mark, month_after, whole_months
from directory.domain.criteria import Catalogue
from directory.domain.findings import minute_of
from directory.models import SearchRow
from directory.operations.cards import outlines_of

OLDEST_MONTHS = 12
"""Whole months: what is as old as this or older is counted together."""

WEEKS = 13
MONTHS = 12
"""How far ahead is looked: so many stretches of 7 days, so many calendar months."""

HOLDS = (Mark.SOURCE, Mark.DOCUMENT)
DATED = (*HOLDS, Mark.NOT_MET, Mark.DOES_NOT_APPLY, Mark.EXPIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """One stretch of the time ahead from `first` on: how much in place has its last day there.

    `first` is None for all that lies beyond the last stretch.
    """

    first: date | None
    critical: int
    other: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """Checks that decide, `months` whole months old: those that count now, and those out of date.

    The last of a row counts all that are as old or older.
    """

    months: int
    counts: int
    lapsed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """All figures at one moment, of public clinics. Each criterion's marks add up to `clinics`."""

    clinics: int
    criteria: dict[str, dict[Mark, int]]
    ages: tuple[Age, ...]
    weeks: tuple[Ahead, ...]
    months: tuple[Ahead, ...]

    def together(self, codes: Iterable[str]) -> dict[Mark, int]:
        """Return the marks of some criteria taken together."""
        wanted = [self.criteria[code] for code in codes]
        return {mark: sum(marks[mark] for marks in wanted) for mark in Mark}


def coverage(session: Session, catalogue: Catalogue, now: datetime) -> Coverage:
    """Count the findings of every public clinic as they stand at `now`, in one statement.

    Days count in UTC.
    """
    tally = _Tally(now)
    cards = select(SearchRow.card).execution_options(yield_per=500)
    for card in session.scalars(cards):
        tally.add(card)
    return Coverage(
        clinics=tally.clinics,
        criteria={
            code: {mark: tally.marks[code, mark] for mark in Mark} for code in catalogue.by_code
        },
        ages=tally.ages(),
        weeks=tally.weeks(),
        months=tally.months(),
    )


class _Tally:
    """Adds up the cards of public clinics at one moment: first equal days, then what they mean."""

    def __init__(self, now: datetime) -> None:
        self.minute = minute_of(now)
        self.today = now.date()
        self.clinics = 0
        self.marks: Counter[tuple[str, Mark]] = Counter()
        self.looks: Counter[tuple[str, bool]] = Counter()
        self.ends: Counter[tuple[str, bool]] = Counter()

    def add(self, card: dict[str, Any]) -> None:
        """Count one clinic."""
        self.clinics += 1
        for code, mark, critical, checked_on, until in outlines_of(card, self.minute):
            self.marks[code, mark] += 1
            if checked_on is not None and mark in DATED:
                self.looks[checked_on, mark is not Mark.EXPIRED] += 1
            if until is not None and mark in HOLDS:
                self.ends[until, critical] += 1

    def ages(self) -> tuple[Age, ...]:
        """Count the looks that decide by their age in months."""
        found: Counter[tuple[int, bool]] = Counter()
        for (day, counts), number in self.looks.items():
            months = whole_months(date.fromisoformat(day), self.today)
            found[min(months, OLDEST_MONTHS), counts] += number
        return tuple(
            Age(months=months, counts=found[months, True], lapsed=found[months, False])
            for months in range(OLDEST_MONTHS + 1)
        )

    def weeks(self) -> tuple[Ahead, ...]:
        """Count the last days of what is in place by stretches of 7 days."""
        starts = [self.today + timedelta(days=7 * week) for week in range(WEEKS)]
        return self._ahead(starts, lambda last: (last - self.today).days // 7)

    def months(self) -> tuple[Ahead, ...]:
        """Count the last days of what is in place by calendar months."""
        first = self.today.year * 12 + self.today.month
        starts = [month_after(self.today, month) for month in range(MONTHS)]
        return self._ahead(starts, lambda last: last.year * 12 + last.month - first)

    def _ahead(self, starts: list[date], place: Callable[[date], int]) -> tuple[Ahead, ...]:
        found: Counter[tuple[int, bool]] = Counter()
        for (day, critical), number in self.ends.items():
            # In the evening of a clinic's last day it is the next day in UTC: still the first.
            at = max(0, place(date.fromisoformat(day)))
            found[min(at, len(starts)), critical] += number
        return tuple(
            Ahead(first=first, critical=found[at, True], other=found[at, False])
            for at, first in enumerate([*starts, None])
        )


def rows(found: Coverage) -> Iterator[tuple[object, ...]]:
    """Yield all figures as rows of the long table of numbers: table, row, column, value."""
    for code, marks in found.criteria.items():
        for mark, count in marks.items():
            yield "coverage", code, mark.value, count
    for age in found.ages:
        yield "age_in_months", age.months, "counts", age.counts
        yield "age_in_months", age.months, "out_of_date", age.lapsed
    for name, stretches in (("last_day_in_week", found.weeks), ("last_day_in_month", found.months)):
        for stretch in stretches:
            row = stretch.first.isoformat() if stretch.first else "later"
            yield name, row, "critical", stretch.critical
            yield name, row, "other", stretch.other
