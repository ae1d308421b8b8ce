"""Two searches that are known to be wrong: the judge must find them so, or it judges nothing.

One takes the earth for a sphere, the other orders by degrees apart, as a directory on this very
stack once did.
"""

from collections.abc import Callable, Sequence

import numpy as np

from tests.benchmarks.questions import PER_PAGE, Question
from tests.benchmarks.sqlite_rivals import RADIUS_MILES
from tests.benchmarks.truth import Floats, Found, Ints, Truth


def _haversine(truth: Truth, question: Question) -> Floats:
    lat, lon = np.radians(truth.people.lat), np.radians(truth.people.lon)
    here_lat, here_lon = np.radians(question.lat), np.radians(question.lon)
    half = (
        np.sin((lat - here_lat) / 2) ** 2
        + np.cos(lat) * np.cos(here_lat) * np.sin((lon - here_lon) / 2) ** 2
    )
    return np.asarray(2 * RADIUS_MILES * np.arcsin(np.sqrt(np.minimum(half, 1.0))))


def on_a_sphere(truth: Truth, question: Question) -> Found:
    """Answer with the circle and the order of a sphere."""
    miles = _haversine(truth, question)
    return _answer(truth, question, np.flatnonzero(miles <= question.miles), miles)


def by_degrees(truth: Truth, question: Question) -> Found:
    """Answer with the right circle, but the page in the order of degrees apart."""
    inside = np.flatnonzero(truth.miles(question.lat, question.lon) <= question.miles)
    apart = np.abs(truth.people.lat - question.lat) + np.abs(truth.people.lon - question.lon)
    return _answer(truth, question, inside, apart)


def _answer(truth: Truth, question: Question, inside: Ints, order: Floats) -> Found:
    listed = inside[truth.passes(inside, question.filters)]
    page = listed[np.argsort(order[listed], kind="stable")][:PER_PAGE]
    counts = truth.counts(inside, question.filters)
    return Found(tuple((page + 1).tolist()), tuple(counts.tolist()))


Control = Callable[[Truth, Question], Found]
CONTROLS: dict[str, Control] = {
    "the circle of a sphere": on_a_sphere,
    "order by degrees apart": by_degrees,
}


def found_wrong(control: Control, truth: Truth, questions: Sequence[Question]) -> int:
    """Return how many of a control's answers the judge finds wrong."""
    return sum(not truth.of(question).accepts(control(truth, question)) for question in questions)
