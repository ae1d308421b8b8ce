"""What is asked: seeded searches around places that are drawn by how many people live there."""

from dataclasses import dataclass, replace
from functools import cache
from random import Random

from directory.domain.places import WHOLE_EARTH_MILES
from directory.domain.services import CONDITIONS
from directory.operations.circle import Filters
from directory.operations.search import Search
from tests.benchmarks.population import chances, cities
from tests.checklist import CATALOGUE

RADII = (5, 10, 25, 50, 100)
SCATTER_DEGREES = 0.02
PER_PAGE = 20
ASKED_FOR = (0.45, 0.1, 0.15, 0.15, 0.1, 0.05)
"""How often each condition is asked for, in the order of their filter bits."""

WANTED = ("sup-director", "sup-acls", "mon-vitals", "mon-oximeter", "scr-medical", "emg-plan")
"""The criteria that a patient asks for, in this benchmark."""


@dataclass(frozen=True)
class Question:
    """One search: a point in degrees, a radius in miles, filters."""

    lat: float
    lon: float
    miles: float
    filters: Filters

    def search(self) -> Search:
        """Return it as our own operations take it."""
        return Search(
            lat=self.lat,
            lon=self.lon,
            within_miles=float(self.miles),
            filters=self.filters,
            per_page=PER_PAGE,
        )


@cache
def questions(number: int, seed: int = 1) -> tuple[Question, ...]:
    """Return so many questions: half without a filter, a quarter each with one and with three."""
    source = Random(seed)
    where = source.choices(range(len(cities())), weights=chances().tolist(), k=number)
    made = []
    for n, place in enumerate(where):
        spot = cities()[place]
        made.append(
            Question(
                lat=round(spot.lat + source.uniform(-SCATTER_DEGREES, SCATTER_DEGREES), 5),
                lon=round(spot.lon + source.uniform(-SCATTER_DEGREES, SCATTER_DEGREES), 5),
                miles=source.choice(RADII),
                filters=_filters(source, n % 4),
            )
        )
    return tuple(made)


def nearest_questions(number: int, seed: int = 1) -> tuple[Question, ...]:
    """Return questions without a radius, each with a filter."""
    source = Random(seed + 1)
    return tuple(
        replace(question, miles=WHOLE_EARTH_MILES, filters=_filters(source, 1 + 2 * (n % 2)))
        for n, question in enumerate(questions(number, seed))
    )


def _filters(source: Random, kind: int) -> Filters:
    if kind in (0, 2):
        return Filters()
    condition = 1 << source.choices(range(len(CONDITIONS)), weights=ASKED_FOR)[0]
    if kind == 1:
        return Filters(treats_mask=condition)
    has = 1 << CATALOGUE.bits[source.choice(WANTED)]
    return Filters(treats_mask=condition, has_mask=has, accepting=True)
