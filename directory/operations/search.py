"""Find the public clinics near a point: in true order, with counts for every filter."""

from dataclasses import dataclass, replace
from datetime import datetime

from directory.domain.criteria import Catalogue
from directory.domain.facets import MET_BIT, OFFERS_BIT, RINGS, STANDING_BIT, TREATS_BIT, Tally
from directory.domain.findings import minute_of
from directory.domain.places import WHOLE_EARTH_MILES
from directory.domain.services import CONDITIONS, MODALITIES
from directory.domain.standing import STANDINGS
from directory.models.reading import Source
from directory.operations.circle import Filters, read_codes, read_total
from directory.operations.hits import NO_FILTERS, PER_PAGE, Hit, Search, find_hits, with_cards
from directory.operations.nearest import find_nearest

__all__ = [
    "NO_FILTERS",
    "PER_PAGE",
    "Hit",
    "Results",
    "Search",
    "count_clinics",
    "find_clinics",
    "find_nearest",
    "with_cards",
]

BEYOND = 3
_CONDITIONS, _MODALITIES, _STANDINGS = (
    tuple(map(str, codes)) for codes in (CONDITIONS, MODALITIES, STANDINGS)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One page of hits, the total, the facets, and the nearest beyond where there are none."""

    total: int
    page: int
    hits: tuple[Hit, ...]
    facets: dict[str, dict[str, int]]
    beyond: tuple[Hit, ...] = ()
    per_page: int = PER_PAGE

    @property
    def pages(self) -> int:
        """How many pages there are; at least one, also when only counts were asked for."""
        return max(1, -(-self.total // self.per_page)) if self.per_page else 1

    @property
    def first(self) -> int:
        """The place of this page's first hit among all."""
        return (self.page - 1) * self.per_page + 1


def find_clinics(
    source: Source, catalogue: Catalogue, search: Search, now: datetime, *, cards: bool = True
) -> Results:
    """Answer a search at the moment `now`, in a constant number of statements.

    Distance orders by the chord, which orders as the WGS-84 geodesic does; ties go to the lower
    clinic number. With no clinic a page (`per_page` 0) it only counts. Without `cards` the hits
    come without theirs (`with_cards` gets them). Nothing is written and nothing about the
    searcher is kept.
    """
    circle = search.circle()
    codes = read_codes(source, circle, search.filters, minute_of(now))
    rings, facets = _count(catalogue, search.filters, Tally(codes))
    total = rings[0]
    offset = (search.page - 1) * search.per_page
    hits: tuple[Hit, ...] = ()
    beyond: tuple[Hit, ...] = ()
    if not search.per_page:
        pass
    elif offset < total:
        # The page is read from the smallest circle that is known to hold all of it.
        wanted = min(offset + search.per_page, total)
        ring = max(n for n in range(RINGS) if rings[n] >= wanted)
        if ring and search.sort == "distance":
            circle = search.circle(search.within_miles / 4**ring)
        limit = search.per_page
        hits = find_hits(source, circle, search, now, limit=limit, offset=offset, cards=cards)
    elif not total:
        # A state in which there is none ends at its border no more.
        filters = replace(search.filters, state="")
        anywhere = replace(search, filters=filters, within_miles=WHOLE_EARTH_MILES)
        first = max(2 * search.within_miles, 25.0)
        beyond = find_nearest(source, anywhere, now, BEYOND, cards=cards, first_miles=first)
    return Results(
        total=total,
        page=search.page,
        hits=hits,
        facets=facets,
        beyond=beyond,
        per_page=search.per_page,
    )


def count_clinics(source: Source, search: Search, now: datetime) -> int:
    """Return how many clinics a search finds at the moment `now`, in one statement."""
    circle = search.circle()
    return read_total(source, circle, search.filters, minute_of(now))


def _count(
    catalogue: Catalogue, filters: Filters, tally: Tally
) -> tuple[list[int], dict[str, dict[str, int]]]:
    """Return the hits in each ring, and each facet; a group is counted without its own filter."""
    everyone = tally.everyone
    groups = {
        "treats": (TREATS_BIT, _CONDITIONS, tally.having_all(filters.treats_mask, TREATS_BIT)),
        "offers": (OFFERS_BIT, _MODALITIES, tally.having_all(filters.offers_mask, OFFERS_BIT)),
        "has": (
            MET_BIT,
            tuple(catalogue.bits),
            tally.having_all(filters.has_mask, MET_BIT),
        ),
        "standing": (
            STANDING_BIT,
            _STANDINGS,
            everyone
            if filters.any_standing
            else tally.having_any(filters.standings_mask, STANDING_BIT),
        ),
    }
    facets = {}
    hits = everyone
    for name, (first, codes, passing) in groups.items():
        among = everyone
        for other, (_first, _codes, others_passing) in groups.items():
            if other != name:
                among &= others_passing
        counts = tally.counts(among, first, len(codes))
        facets[name] = dict(zip(codes, counts, strict=True))
        hits &= passing
    return tally.rings(hits), facets
