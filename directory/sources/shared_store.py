"""Answers that several processes share through Redis, which may be slow, flushed, foreign or gone.

Whatever is wrong with it, whoever asks is told that there is nothing. What comes back is believed
only under the seal of this directory's secret, made for the very name it was asked by.
"""

import hmac
import logging
import threading
import time
from collections.abc import Callable
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from redis import Redis

log = logging.getLogger(__name__)

PATIENCE: Final = 0.05
"""Seconds for one connection or one answer: making an answer anew takes less."""

PAUSE: Final = 5.0
"""Seconds without a question after a failure, so that few requests wait for what is gone."""

WARN_EVERY: Final = 60.0
SEAL: Final = 16
"""Bytes of the seal before each value."""


class StoreAddressError(ValueError):
    """An address that cannot be used; the message says why."""


def open_client(address: str) -> "Redis":
    """Return a client for `redis://`, `rediss://` or `unix://`; it connects when first asked.

    Raises StoreAddressError when the address cannot be read or the redis package is missing.
    """
    try:
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ImportError:
        raise StoreAddressError(
            "the package redis is not installed; install infusion-clinic-directory[redis]"
        ) from None
    try:
        return Redis.from_url(
            address,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 0),
        )
    except (ValueError, TypeError, AttributeError):
        # Its own message would repeat the address, password and all.
        raise StoreAddressError(
            "it is not an address such as redis://127.0.0.1:6379/0 or unix:///run/redis.sock"
        ) from None


class SharedStore:
    """Values by name in Redis, sealed with a secret; no method ever raises for what Redis does."""

    def __init__(
        self, address: str, secret: bytes, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Connect to nothing yet; raises StoreAddressError. `monotonic` counts seconds."""
        self._client = open_client(address)
        self._secret = secret
        self._monotonic = monotonic
        self._quiet_until = self._warn_from = float("-inf")
        self._lock = threading.Lock()

    def get(self, name: bytes) -> bytes | None:
        """Return the value of a name, None when there is none that we wrote under it."""
        sealed = self._ask(lambda: self._client.get(_place(name)))
        if not isinstance(sealed, bytes):
            return None
        seal, value = sealed[:SEAL], sealed[SEAL:]
        return value if hmac.compare_digest(seal, self._seal(name, value)) else None

    def put(self, name: bytes, value: bytes, seconds: int) -> None:
        """Keep a value for some seconds, if Redis will have it."""
        sealed = self._seal(name, value) + value
        self._ask(lambda: self._client.set(_place(name), sealed, ex=seconds))

    def close(self) -> None:
        """Let go of all connections."""
        self._client.close()

    def _seal(self, name: bytes, value: bytes) -> bytes:
        digest = blake2b(name, key=self._secret, digest_size=SEAL, person=b"shared answer")
        digest.update(value)
        return digest.digest()

    def _ask(self, question: Callable[[], object]) -> object:
        from redis.exceptions import RedisError

        if self._monotonic() < self._quiet_until:
            return None
        try:
            return question()
        except (RedisError, OSError, ValueError) as error:
            self._failed(error)
            return None

    def _failed(self, error: Exception) -> None:
        """Ask nothing for a while, and say so once a minute."""
        moment = self._monotonic()
        with self._lock:
            self._quiet_until = moment + PAUSE
            due = moment >= self._warn_from
            if due:
                self._warn_from = moment + WARN_EVERY
        if due:
            log.warning(
                "Redis did not answer (%s): answers are made without it", type(error).__name__
            )


def _place(name: bytes) -> str:
    return f"clinics:{name.hex()}"
