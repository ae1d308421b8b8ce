"""Where kept answers lie: in the memory of this process, and in Redis for all, if there is one."""

import json
import threading
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from cachetools import TTLCache

from directory.sources.shared_store import SharedStore

LARGEST: Final = 512 * 1024
"""Bytes of one kept answer."""

BESIDES: Final = 512
"""Bytes that an answer takes in memory beside its body and headers, about."""

Headers = list[tuple[str, str]]


class Answer(NamedTuple):
    """One kept answer, as it was sent; its status is 200."""

    headers: Headers
    body: bytes

    def packed(self) -> bytes:
        """Return it as bytes."""
        headers = json.dumps(self.headers).encode()
        return len(headers).to_bytes(4, "big") + headers + self.body

    @classmethod
    def unpacked(cls, packed: bytes) -> "Answer":
        """Return what was packed by this very program: a seal stands before it."""
        end = 4 + int.from_bytes(packed[:4], "big")
        return cls([(name, value) for name, value in json.loads(packed[4:end])], packed[end:])


class Shelf:
    """Answers by their digest, each for some seconds at most.

    Where memory is short, those go first that nobody asked for longest.
    """

    def __init__(
        self,
        megabytes: int,
        shared: SharedStore | None,
        seconds: int,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep up to some megabytes in memory, and all in `shared`, for some seconds."""
        self._memory: TTLCache[bytes, Answer] = TTLCache(megabytes << 20, seconds, timer, _size)
        self._lock = threading.Lock()
        self._shared = shared
        self._seconds = seconds

    def get(self, key: bytes) -> Answer | None:
        """Return the answer under a digest: first from memory, then from all processes."""
        with self._lock:
            self._memory.expire()
            found = self._memory.get(key)
        if found is None and self._shared is not None:
            packed = self._shared.get(key)
            if packed is not None:
                found = Answer.unpacked(packed)
                self._remember(key, found)
        return found

    def put(self, key: bytes, answer: Answer) -> None:
        """Keep an answer, unless it is too large."""
        if len(answer.body) <= LARGEST:
            self._remember(key, answer)
            if self._shared is not None:
                self._shared.put(key, answer.packed(), self._seconds)

    def _remember(self, key: bytes, answer: Answer) -> None:
        if _size(answer) <= self._memory.maxsize:
            with self._lock:
                self._memory[key] = answer


def _size(answer: Answer) -> int:
    return len(answer.body) + sum(len(n) + len(v) for n, v in answer.headers) + BESIDES
