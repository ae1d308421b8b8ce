"""The right answer to every question, by brute force over all clinics, and the judge of others.

NumPy measures the straight line to every clinic from its own coordinates, without the columns or
the formulas of the search. Who stands near the edge of the circle, or on the page, is measured
along the ellipsoid. Two points closer than a foot may stand either way, as in the tests' oracle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from directory.domain.services import CONDITIONS, MODALITIES
from directory.domain.standing import STANDINGS
from directory.operations.circle import Filters
from tests.benchmarks import geodesic
from tests.benchmarks.population import Population, words_of
from tests.benchmarks.questions import PER_PAGE, Question
from tests.checklist import CATALOGUE
from tests.operations.oracle import TOO_CLOSE_MILES

EDGE_MILES = 0.05
"""Nearer to the edge than this, the ellipsoid decides; the straight line is good to a few yards."""

MORE_THAN_A_PAGE = 3 * PER_PAGE
GROUPS = (
    ("treats", len(CONDITIONS)),
    ("offers", len(MODALITIES)),
    ("has", len(CATALOGUE.criteria)),
    ("standing", len(STANDINGS)),
)
COUNTS = 1 + sum(size for _name, size in GROUPS)
"""The total, then each facet: conditions, modalities, criteria, standings."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Found:
    """What a back end answered: counts in the order of `COUNTS`, the page's numbers and cards."""

    ids: tuple[int, ...]
    counts: tuple[int, ...] | None = None
    cards: tuple[dict[str, Any], ...] | None = None


@dataclass(frozen=True)
class Right:
    """What is right: the least and most of each count, and who may stand on the page, by miles.

    `every` counts who passes all filters, with the `unsure` ones who stand on the edge itself.
    """

    least: Ints
    most: Ints
    near: dict[int, float]
    names: dict[int, str]
    every: int
    unsure: int

    def accepts(self, found: Found) -> bool:
        """Say whether an answer is right: counts, clinics, order, and each clinic's own card."""
        total = self.every
        if found.counts is not None:
            total = found.counts[0]
            counts = np.array(found.counts)
            if len(counts) != COUNTS or (counts < self.least).any() or (counts > self.most).any():
                return False
        shortest = min(total if found.counts is not None else self.every - self.unsure, PER_PAGE)
        longest = min(total, PER_PAGE)
        if len(set(found.ids)) != len(found.ids) or not shortest <= len(found.ids) <= longest:
            return False
        return self._in_order(found.ids) and self._named(found)

    def _in_order(self, ids: Sequence[int]) -> bool:
        true = sorted(self.near.values())[: len(ids)]
        return all(
            number in self.near and abs(self.near[number] - miles) <= TOO_CLOSE_MILES
            for number, miles in zip(ids, true, strict=True)
        )

    def _named(self, found: Found) -> bool:
        if found.cards is None:
            return True
        names = [card["name"] for card in found.cards]
        return names == [self.names[number] for number in found.ids]


class Truth:
    """All clinics of a population as numbers."""

    def __init__(self, people: Population) -> None:
        """Take the clinics' own coordinates."""
        self.people = people

    @cached_property
    def _xyz(self) -> tuple[Floats, Floats, Floats]:
        return _earth(self.people.lat, self.people.lon)

    def miles(self, lat: float, lon: float) -> Floats:
        """Return the miles to every clinic: a few yards off at 500 miles, in the right order."""
        x, y, z = self._xyz
        (qx,), (qy,), (qz,) = _earth(np.array([lat]), np.array([lon]))
        half = np.sqrt((x - qx) ** 2 + (y - qy) ** 2 + (z - qz) ** 2) / 2
        radius = _radius(lat)
        meters = 2 * radius * np.arcsin(np.minimum(half / radius, 1.0))
        miles: Floats = meters / geodesic.METERS_PER_MILE
        return miles

    def of(self, question: Question, *, counting: bool = True) -> Right:
        """Return what is right; without `counting` the counts of it are all nothing."""
        miles = self.miles(question.lat, question.lon)
        inside = np.flatnonzero(miles < question.miles - EDGE_MILES)
        edge = np.flatnonzero(np.abs(miles - question.miles) <= EDGE_MILES)
        exact = self._measured(question, edge)
        sure = np.concatenate([inside, edge[exact <= question.miles - TOO_CLOSE_MILES]])
        perhaps = edge[np.abs(exact - question.miles) < TOO_CLOSE_MILES]
        least = most = np.zeros(COUNTS, dtype=np.int64)
        if counting:
            least = self.counts(sure, question.filters)
            most = least + self.counts(perhaps, question.filters)
        listed = np.concatenate([sure, perhaps])
        listed = listed[self.passes(listed, question.filters)]
        if len(listed) > MORE_THAN_A_PAGE:
            nearest = np.argpartition(miles[listed], MORE_THAN_A_PAGE)[:MORE_THAN_A_PAGE]
            near = listed[nearest]
        else:
            near = listed
        measured = self._measured(question, near)
        numbers = (near + 1).tolist()
        return Right(
            least=least,
            most=most,
            near=dict(zip(numbers, measured.tolist(), strict=True)),
            names={number: words_of(self.people, number - 1)["name"] for number in numbers},
            every=len(listed),
            unsure=int(self.passes(perhaps, question.filters).sum()),
        )

    def _measured(self, question: Question, some: Ints) -> Floats:
        lats, lons = self.people.lat[some], self.people.lon[some]
        return geodesic.miles_to_each(question.lat, question.lon, lats, lons)

    def passes(self, some: Ints, filters: Filters, *, but: str = "") -> NDArray[np.bool_]:
        """Say of some clinics whether each passes the filters, but for one of them."""
        masks = {name: values[some] for name, values in self.people.masks.items()}
        passing = masks["accepting"] >= int(filters.accepting)
        for name, wanted in (
            ("treats", filters.treats_mask),
            ("offers", filters.offers_mask),
            ("met", filters.has_mask),
        ):
            if name != but:
                passing &= (masks[name] & wanted) == wanted
        if but != "standing":
            passing &= (filters.standings_mask >> masks["standing"]) & 1 == 1
        return passing

    def counts(self, some: Ints, filters: Filters) -> Ints:
        """Return the total and all facets of some clinics; each group without its own filter."""
        counts = [int(self.passes(some, filters).sum())]
        for name, size in GROUPS:
            mask = "met" if name == "has" else name
            passing = some[self.passes(some, filters, but=mask)]
            held = self.people.masks[mask][passing]
            for n in range(size):
                hits = held == n if name == "standing" else (held >> n) & 1 == 1
                counts.append(int(hits.sum()))
        return np.array(counts)


def _earth(lat: Floats, lon: Floats) -> tuple[Floats, Floats, Floats]:
    phi, lam = np.radians(lat), np.radians(lon)
    flat = geodesic.F * (2 - geodesic.F)
    normal = geodesic.A / np.sqrt(1 - flat * np.sin(phi) ** 2)
    across = normal * np.cos(phi)
    return across * np.cos(lam), across * np.sin(lam), normal * (1 - flat) * np.sin(phi)


def _radius(lat: float) -> float:
    """Return the radius in meters of the sphere that fits the ellipsoid best at a latitude."""
    flat = geodesic.F * (2 - geodesic.F)
    sine = float(np.sin(np.radians(lat)))
    return geodesic.A * float(np.sqrt(1 - flat)) / (1 - flat * sine**2)
