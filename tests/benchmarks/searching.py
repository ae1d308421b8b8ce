"""Searches without a pause, in a process of its own, while others write.

python -m tests.benchmarks.searching URL takes what to search for as a line of JSON, searches until
its standard input ends, and says when it has begun and how many searches it made.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import cycle

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from directory.models.engine import tune
from directory.operations.circle import Filters
from directory.operations.search import Search, find_clinics
from tests.checklist import CATALOGUE
from tests.factories import NOW

BEGUN = "begun"


class Searcher:
    """The process that searches; `made` is known once it has ended."""

    def __init__(self) -> None:
        """Begin with no search."""
        self.made = 0


@contextmanager
def searching(url: str, searches: Sequence[Search]) -> Iterator[Searcher]:
    """Let another process make these searches on the database at `url` until the block ends.

    Raises RuntimeError when it cannot.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.searching", url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    searcher = Searcher()
    try:
        told = json.dumps([asdict(search) for search in searches])
        print(told, file=process.stdin, flush=True)
        if process.stdout is None or process.stdout.readline().strip() != BEGUN:
            raise RuntimeError(f"nothing searches {url}")
        yield searcher
        searcher.made = int(process.communicate()[0])
    finally:
        process.kill()
        process.communicate()


def search_on(url: str, searches: Sequence[Search], stop: threading.Event) -> int:
    """Search until told to stop; returns how many searches were made."""
    engine = create_engine(url)
    tune(engine)
    made = 0
    for search in cycle(searches):
        # As a request does: a session, and with it a transaction, of its own.
        with Session(engine) as session:
            find_clinics(session, CATALOGUE, search, NOW)
        made += 1
        if made == 1:
            print(BEGUN, flush=True)
        if stop.is_set():
            break
    engine.dispose()
    return made


def main() -> None:
    """Search until the standard input ends."""
    told = json.loads(sys.stdin.readline())
    searches = [Search(**one | {"filters": Filters(**one["filters"])}) for one in told]
    stop = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        stop.set()

    threading.Thread(target=wait, daemon=True).start()
    print(search_on(sys.argv[1], searches, stop))


if __name__ == "__main__":
    main()
