"""Back ends answer the same questions in turn; the clock runs only while they answer.

Within a question every back end has its turn before the next question comes, in an order that
changes with the question, so that what else the machine does hits all of them alike. All questions
are asked twice, one whole round after the other, and the quicker answer of a back end counts: the
slower one had to wait for somebody else. Every answer is judged. A few questions before the first
round warm everything up.
"""

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.benchmarks.questions import Question
from tests.benchmarks.report import Timing
from tests.benchmarks.truth import Found, Right, Truth

WARM_UP = 20
ROUNDS = 2


@dataclass(frozen=True)
class BackEnd:
    """One way to answer: `ask` is timed, `read` turns what it returned into an answer to judge.

    Without `read` the answers are not judged. `prepare` makes of each question what `ask` takes,
    before any clock runs.
    """

    name: str
    clinics: int
    ask: Callable[[Any], Any]
    read: Callable[[Any], Found] | None = None
    exact: bool = True
    prepare: Callable[[Question], Any] | None = None


@dataclass
class Score:
    """What a back end did so far: its quickest answer to each question, and which were wrong."""

    milliseconds: dict[int, float] = field(default_factory=dict)
    wrong: set[int] = field(default_factory=set)


Key = tuple[str, int]
Truths = Mapping[int, Truth]


def rights_of(
    truths: Truths, questions: Sequence[Question], *, counting: bool
) -> dict[int, list[Right]]:
    """Return the right answers for each number of clinics, before any clock runs."""
    return {
        clinics: [truth.of(question, counting=counting) for question in questions]
        for clinics, truth in truths.items()
    }


def hold(
    what: str,
    questions: Sequence[Question],
    back_ends: Sequence[BackEnd],
    truths: Truths,
    *,
    counting: bool = True,
    warm_up: int = WARM_UP,
) -> dict[Key, Timing]:
    """Return each back end's timing by its name and its number of clinics."""
    rights = rights_of(truths, questions, counting=counting)
    scores = {(one.name, one.clinics): Score() for one in back_ends}
    source = Random(len(questions))
    asked = {
        (one.name, one.clinics): [one.prepare(q) if one.prepare else q for q in questions]
        for one in back_ends
    }
    for at in range(min(warm_up, len(questions))):
        for one in back_ends:
            one.ask(asked[one.name, one.clinics][at])
    gc.collect()
    frozen = gc.get_freeze_count()
    gc.freeze()
    for at in [*range(len(questions))] * ROUNDS:
        for one in source.sample(back_ends, len(back_ends)):
            given = asked[one.name, one.clinics][at]
            began = time.perf_counter()
            answer = one.ask(given)
            taken = (time.perf_counter() - began) * 1000
            score = scores[one.name, one.clinics]
            score.milliseconds[at] = min(taken, score.milliseconds.get(at, taken))
            if one.read and not rights[one.clinics][at].accepts(one.read(answer)):
                score.wrong.add(at)
    if not frozen:
        gc.unfreeze()
    hits = {
        clinics: sum(right.every for right in some) / len(some) for clinics, some in rights.items()
    }
    return {
        (one.name, one.clinics): Timing(
            question=what,
            back_end=one.name,
            clinics=one.clinics,
            milliseconds=tuple(scores[one.name, one.clinics].milliseconds.values()),
            mean_hits=hits[one.clinics],
            wrong=len(scores[one.name, one.clinics].wrong) if one.read else None,
            exact=one.exact,
        )
        for one in back_ends
    }
