"""Searches as patients send them: a town or ZIP code that is typed, a radius, now and then filters.

Places are drawn by their population, so most of them are where most clinics are.
"""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

from directory import paths
from directory.domain.services import Condition, Modality
from directory.sources import gazetteer
from directory.sources.place_search import PlaceReader
from tests.benchmarks.population import chances, cities

RADII = (25, 50, 100)
BY_ZIP = 0.5
FILTERS: tuple[tuple[tuple[str, str], ...], ...] = (
    (("offers", Modality.IV.value),),
    (("treats", Condition.DEPRESSION.value),),
    (("treats", Condition.PTSD.value), ("offers", Modality.IV.value)),
    (("treats", Condition.DEPRESSION.value), ("accepting", "1")),
    (("offers", Modality.IV.value), ("standing", "partial"), ("standing", "complete")),
)
PAGE, API = "/clinics", "/api/v1/clinics"


@dataclass(frozen=True)
class Asked:
    """What is asked of the page or the API; no two are the same."""

    query: tuple[tuple[str, str], ...]

    def path(self, root: str) -> str:
        """Return the address of the page (PAGE) or of the API (API) that answers."""
        return f"{root}?{urlencode(self.query)}"


def searches(number: int, reader: PlaceReader, seed: int = 1) -> tuple[Asked, ...]:
    """Return so many different searches, each for a place that `reader` knows; half have filters.

    Their radius is 25, 50 or 100 miles.
    """
    source = np.random.default_rng([seed, number, 6])
    found: dict[Asked, None] = {}
    while len(found) < number:
        spot = cities()[source.choice(len(cities()), p=chances())]
        by_zip = source.random() < BY_ZIP and spot.postal_code != "00000"
        near = spot.postal_code if by_zip else f"{spot.city}, {spot.state}"
        within = RADII[source.integers(len(RADII))]
        filters = FILTERS[source.integers(len(FILTERS))] if len(found) % 2 else ()
        if reader.read(near).place is not None:
            found[Asked((("near", near), ("within", str(within)), *filters))] = None
    return tuple(found)


def instance_of(folder: Path) -> Path:
    """Return a folder with a place index, made in `folder` at its first use."""
    instance = folder / "web"
    instance.mkdir(exist_ok=True)
    if not (instance / "gazetteer.sqlite").exists():
        gazetteer.build(instance / "gazetteer.sqlite", paths.SEED_DATA / "places.tsv")
    return instance
