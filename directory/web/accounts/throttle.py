"""Slow down whoever guesses at the door, without shutting out the person they guess at.

Tries count for a mail address together with where they come from, so somebody else's tries stay
somebody else's. Wrong codes after a right password also count for the account, wherever they
come from: only who knows the password can use them up.
"""

import hashlib
import math
import time
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

HERE = RateLimitItemPerMinute(10, 5, namespace="account+address")
ADDRESS = RateLimitItemPerMinute(100, 5, namespace="address")
CODES = RateLimitItemPerDay(50, namespace="codes")


def network(address: str | None) -> str:
    """Return what counts as one place: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return "unknown"
    return str(ip_network(f"{parsed}/{32 if parsed.version == 4 else 64}", strict=False))


@dataclass
class Throttle:
    """The tries of the last minutes, in memory only; what is remembered are hashes."""

    _storage: MemoryStorage = field(default_factory=MemoryStorage)

    def __post_init__(self) -> None:
        """Count in a moving window."""
        self._limiter = MovingWindowRateLimiter(self._storage)

    def wait(self, account: str, address: str | None) -> int:
        """Count a try before it is looked at; returns 0, or the seconds to wait."""
        place = network(address)
        for item, key in ((HERE, (_hash(account), _hash(place))), (ADDRESS, (_hash(place),))):
            if not self._limiter.hit(item, *key):
                return self._seconds(item, *key)
        return 0

    def forget(self, account: str, address: str | None) -> None:
        """Let a right try wipe out the wrong ones before it."""
        self._limiter.clear(HERE, _hash(account), _hash(network(address)))

    def codes_used_up(self, account: str) -> bool:
        """Say whether too many wrong codes followed this account's right password."""
        return not self._limiter.test(CODES, _hash(account))

    def wrong_code(self, account: str) -> None:
        """Count a wrong code after a right password."""
        self._limiter.hit(CODES, _hash(account))

    def _seconds(self, item: RateLimitItem, *key: str) -> int:
        until = self._limiter.get_window_stats(item, *key).reset_time
        return max(1, math.ceil(until - time.time()))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
