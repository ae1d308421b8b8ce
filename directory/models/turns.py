"""Let the writers of one process take turns in the order they came.

SQLite has one writer at a time, and whoever waits only looks again now and then: under steady
writing by eight, luck left somebody waiting until the patience was over ("database is locked").
"""

from collections import deque
from threading import Event, Lock


class Turns:
    """A queue for the right to write to one database."""

    def __init__(self) -> None:
        """Begin with nobody writing."""
        self._lock = Lock()
        self._taken = False
        self._waiting: deque[Event] = deque()

    def take(self, seconds: float) -> bool:
        """Wait for one's turn; False when it did not come in time."""
        with self._lock:
            if not self._taken:
                self._taken = True
                return True
            mine = Event()
            self._waiting.append(mine)
        if mine.wait(seconds):
            return True
        with self._lock:
            if mine.is_set():
                return True  # it came while we gave up
            self._waiting.remove(mine)
        return False

    def give(self) -> None:
        """Pass the turn to whoever waits longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False


_lock = Lock()
_of_database: dict[str, Turns] = {}


def turns_of(database: str) -> Turns:
    """Return the queue of one database file, the same for all who write to it."""
    if database in ("", ":memory:"):
        return Turns()
    with _lock:
        return _of_database.setdefault(database, Turns())
