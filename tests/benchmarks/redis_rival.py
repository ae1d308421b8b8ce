"""Redis GEOSEARCH: the nearest twenty on a sphere, without filters or counts; for information.

Its points are rounded to some yards and its order is that of a sphere, so it is not exact, and no
ratio leans on it.
"""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.contest import BackEnd
from tests.benchmarks.population import Population
from tests.benchmarks.questions import PER_PAGE, Question
from tests.benchmarks.truth import Found

PATIENCE = 10.0
PER_CALL = 5_000


class RedisRival:
    """A server of its own on a socket in a folder that goes away."""

    def __init__(self) -> None:
        """Start it and wait until it answers; raises RuntimeError when it does not."""
        from redis import Redis
        from redis.exceptions import ConnectionError as NotYet

        self._folder = tempfile.mkdtemp(prefix="directory-redis-")
        socket = Path(self._folder, "redis.sock")
        self._process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", str(socket), "--save", "",
             "--dir", self._folder],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        self.client = Redis(unix_socket_path=str(socket))
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self.client.ping()
                return
            except NotYet as error:
                if time.monotonic() > end or self._process.poll() is not None:
                    self.stop()
                    raise RuntimeError("redis-server did not start") from error
                time.sleep(0.02)

    @staticmethod
    def installed() -> bool:
        """Say whether the server and its client are there."""
        if shutil.which("redis-server") is None:
            return False
        try:
            import redis  # noqa: F401
        except ImportError:
            return False
        return True

    def back_end(self, people: Population) -> BackEnd:
        """Put all clinics in and return the page alone, without any filter."""
        key = f"clinics-{len(people)}"
        points = zip(people.lon.tolist(), people.lat.tolist(), range(1, len(people) + 1),
                     strict=True)  # fmt: skip
        flat: list[Any] = [value for point in points for value in point]
        for start in range(0, len(flat), 3 * PER_CALL):
            self.client.geoadd(key, flat[start : start + 3 * PER_CALL])

        def ask(question: Question) -> Any:
            return self.client.geosearch(
                key,
                longitude=question.lon,
                latitude=question.lat,
                radius=question.miles,
                unit="mi",
                sort="ASC",
                count=PER_PAGE,
            )

        def read(answer: Any) -> Found:
            return Found(tuple(int(member) for member in answer))

        return BackEnd("Redis GEOSEARCH, no filters, no cards", len(people), ask, read, exact=False)

    def stop(self) -> None:
        """End the server and remove its folder."""
        self.client.close()
        self._process.terminate()
        self._process.wait(PATIENCE)
        shutil.rmtree(self._folder, ignore_errors=True)
