"""What a search finds: clinics in order, each with its distance and, when asked for, its card."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any, Self
from zoneinfo import ZoneInfo

import orjson

from directory.domain.findings import Finding, minute_of, today_in
from directory.domain.places import miles_of_chords
from directory.domain.standing import Standing
from directory.models.reading import Source, connection_of
from directory.operations.cards import findings_of, standing_of
from directory.operations.circle import Circle, Filters, read_page, run

PER_PAGE = 20
NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search as asked: a point in WGS-84 degrees, a radius in miles, filters, a page."""

    lat: float
    lon: float
    within_miles: float
    filters: Filters = NO_FILTERS
    sort: str = "distance"
    page: int = 1
    per_page: int = PER_PAGE

    def circle(self, miles: float | None = None) -> Circle:
        """Return the circle that is searched, or one of another radius around the same point."""
        miles = self.within_miles if miles is None else miles
        return Circle(lat=self.lat, lon=self.lon, miles=miles)


@dataclass  # not frozen: making one would take three times as long
class Hit:
    """One clinic found, its distance in miles, and its card as text.

    `minute` is the UTC minute of the search. `revision` changes with the card, 0 means unknown.
    What the card says is read when first asked for, so that nobody pays for what is kept already.
    """

    clinic_id: int
    distance_miles: float
    minute: int
    revision: int = 0
    card_text: str | None = None

    @classmethod
    def of(
        cls,
        clinic_id: int,
        miles: float,
        card: dict[str, Any],
        findings: tuple[Finding, ...],
        now: datetime,
    ) -> Self:
        """Return a hit that was made up: it has this card and these findings."""
        hit = cls(clinic_id=clinic_id, distance_miles=miles, minute=minute_of(now))
        vars(hit).update(card=card, findings=findings)
        return hit

    @cached_property
    def card(self) -> dict[str, Any]:
        """The card; raises ValueError where the search was asked to leave it out."""
        if self.card_text is None:
            raise ValueError("this hit was found without its card")
        card: dict[str, Any] = orjson.loads(self.card_text)
        return card

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What is known of each criterion at the minute of the search."""
        return findings_of(self.card, self.minute)

    @cached_property
    def standing(self) -> Standing:
        """What the public is told of the clinic at the minute of the search."""
        return standing_of(self.card, self.findings)

    @cached_property
    def today(self) -> date:
        """The day it is at the clinic."""
        moment = datetime.fromtimestamp(self.minute * 60, UTC)
        return today_in(ZoneInfo(self.card["timezone"]), moment)


def find_hits(
    source: Source,
    circle: Circle,
    search: Search,
    now: datetime,
    *,
    limit: int,
    offset: int = 0,
    cards: bool = True,
) -> tuple[Hit, ...]:
    """Return a stretch of the clinics in a circle that pass a search's filters, in one statement.

    The circle lies around the point of the search. They stand in the search's order; distance
    goes by the chord, ties go to the lower clinic number.
    """
    minute = minute_of(now)
    rows = read_page(
        source,
        circle,
        search.filters,
        minute,
        sort=search.sort,
        limit=limit,
        offset=offset,
        cards=cards,
    )
    return hits_of(rows, search, minute)


def hits_of(rows: Sequence[Any], search: Search, minute: int) -> tuple[Hit, ...]:
    """Return the hits that rows of `circle.read_page` are."""
    miles = miles_of_chords([row[1] for row in rows], search.lat)
    return tuple(
        [
            Hit(row[0], far, minute, row[2], row[3] if len(row) > 3 else None)
            for row, far in zip(rows, miles, strict=True)
        ]
    )


def with_cards(source: Source, hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Return the same hits with their cards, in at most one statement.

    A clinic that left the public since it was found is left out.
    """
    missing = [hit.clinic_id for hit in hits if hit.card_text is None]
    if not missing:
        return tuple(hits)
    found = {number: (revision, card) for number, revision, card in _cards(source, missing)}
    return tuple(
        hit
        if hit.card_text is not None
        else replace(hit, revision=found[hit.clinic_id][0], card_text=found[hit.clinic_id][1])
        for hit in hits
        if hit.card_text is not None or hit.clinic_id in found
    )


_CARD_OF = {
    "sqlite": "SELECT clinic_id, revision, CAST(card AS text) FROM search_row"
    " WHERE clinic_id IN (SELECT value FROM json_each(:clinics))",
    "postgresql": "SELECT clinic_id, revision, CAST(card AS text) FROM search_row"
    " WHERE clinic_id = ANY(CAST(%(clinics)s AS bigint[]))",
}


def _cards(source: Source, clinic_ids: Iterable[int]) -> Sequence[Any]:
    """Return clinic, revision and card of the clinics that the public may see, in any order."""
    connection = connection_of(source)
    dialect = connection.dialect.name
    listed = ",".join(map(str, clinic_ids))
    clinics = f"[{listed}]" if dialect == "sqlite" else f"{{{listed}}}"
    return run(connection, _CARD_OF[dialect], {"clinics": clinics})
