"""Slow down whoever sends too much, without keeping who they are."""

import hashlib
import secrets
import threading
from collections import OrderedDict, deque
from datetime import date, datetime, timedelta
from ipaddress import ip_address, ip_network

MOST_NETWORKS = 20_000
"""How many networks are remembered at most; the longest silent is forgotten first."""


def network_of(address: str) -> str:
    """Return the network an address is in, /24 or /48; anything that is no address is one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    mapped = getattr(parsed, "ipv4_mapped", None)
    parsed = mapped or parsed
    return str(ip_network(f"{parsed}/{24 if parsed.version == 4 else 48}", strict=False))


class Throttle:
    """At most `limit` times in `window` for each network; in memory only, safe under threads.

    A network is kept as a hash under a salt that is thrown away each day, so that nobody can
    tell later who wrote.
    """

    def __init__(self, limit: int, window: timedelta) -> None:
        """Begin with an empty memory."""
        self._limit = limit
        self._window = window
        self._seen: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._salt = b""
        self._salted_on: date | None = None
        self._lock = threading.Lock()

    def wait(self, address: str, now: datetime) -> timedelta | None:
        """Count one more try, or return how long to wait when there were too many."""
        with self._lock:
            times = self._times(address, now)
            while times and times[0] <= now - self._window:
                times.popleft()
            if len(times) >= self._limit:
                return times[0] + self._window - now
            times.append(now)
            return None

    def _times(self, address: str, now: datetime) -> deque[datetime]:
        if self._salted_on != now.date():
            self._salt = secrets.token_bytes(16)
            self._salted_on = now.date()
            self._seen.clear()
        key = hashlib.blake2b(network_of(address).encode(), key=self._salt).hexdigest()
        times = self._seen.setdefault(key, deque())
        self._seen.move_to_end(key)
        if len(self._seen) > MOST_NETWORKS:
            self._seen.popitem(last=False)
        return times
