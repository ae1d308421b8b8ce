"""What else waits for a decision by staff, beside the checks of the plan."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from directory.operations import candidate_triage, duplicates, matches, points


@dataclass(frozen=True, slots=True)
class Queue:
    """One kind of waiting work: its code, the page it is done on, how many wait."""

    code: str
    endpoint: str
    waiting: int


COUNTERS: tuple[tuple[str, str, Callable[[Session], int]], ...] = (
    ("matches", "matches.index", matches.waiting),
    ("candidate_changes", "candidates.changes", candidate_triage.changes_count),
    ("candidates", "candidates.index", candidate_triage.waiting_count),
    ("duplicates", "duplicates.index", duplicates.waiting),
    ("points", "points.index", points.count_waiting),
)
"""Each queue's code, the endpoint of its page, and what counts the waiting rows.

In the order in which they should be worked: matches with the exclusion list come first. Each
counter is a statement or two, and each code has its words in templates/components/queues.html.
"""


def open_queues(session: Session) -> list[Queue]:
    """Return every queue, the empty ones too, in the order in which they should be worked."""
    return [Queue(code, endpoint, count(session)) for code, endpoint, count in COUNTERS]
