"""Rendered pieces of answers that a process keeps, so that the same text is not made twice.

A fragment is text that follows from its key alone: the frame of a page in one language, a clinic's
card at one revision of its row. It is rendered once with marks where the live parts go, cut at the
marks, and filled anew for each answer. What the clock changes is kept with the minutes between
which it holds. So nothing that is kept can go stale: whatever changes, changes the key.
"""

import sys
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from threading import Lock
from typing import Any, NamedTuple

from flask import Flask, current_app, render_template, request
from markupsafe import Markup, escape

from directory.domain.findings import FOREVER
from directory.web.language import language

MOST_BYTES = 12 * 1024 * 1024
"""Room for what pages and API say of over two thousand clinics in two languages."""

_HERE = "directory.fragments"

_OVERHEAD = 650
"""Bytes that an entry takes beside its pieces: its key, its place in the order."""


class Fragments:
    """The fragments of one process: at most so many bytes of them, safe to share by threads.

    With `checking` set, as tests do, what was kept is rendered again at each use and must be the
    same: a fragment that depends on more than its key raises AssertionError.
    """

    checking = False

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Begin empty."""
        self._most = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[tuple[Any, ...], tuple[int, int, Any]] = OrderedDict()
        self._lock = Lock()

    @property
    def size(self) -> int:
        """The bytes that are kept, nearly."""
        return self._bytes

    def find(self, key: tuple[Any, ...], minute: int = 0) -> Any:
        """Return the pieces kept under `key`, or None; they hold at this UTC minute."""
        found = self._kept.get(key)
        if found is None or not found[0] <= minute < found[1]:
            return None
        try:  # noqa: SIM105 - a context manager would take longer than all the rest
            self._kept.move_to_end(key)
        except KeyError:
            pass  # another thread took it away just now; what was found is true all the same
        return found[2]

    def keep(
        self, key: tuple[Any, ...], pieces: tuple[Any, ...], since: int = 0, until: int = FOREVER
    ) -> None:
        """Keep pieces that hold from one UTC minute up to, not including, another."""
        with self._lock:
            self._forget(key)
            self._kept[key] = (since, until, pieces)
            self._bytes += size_of(pieces)
            while self._bytes > self._most:
                self._forget(next(iter(self._kept)))

    def _forget(self, key: tuple[Any, ...]) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self._bytes -= size_of(gone[2])


def size_of(pieces: tuple[Any, ...]) -> int:
    """Return how many bytes an entry takes; of pieces in a tuple of their own, only these count."""
    texts = pieces[0] if isinstance(pieces[0], tuple) else pieces
    return _OVERHEAD + sum(map(sys.getsizeof, texts))


def install(app: Flask) -> None:
    """Give `app` its fragments, and templates what keeps a block of theirs."""
    app.extensions["fragments"] = Fragments()
    app.jinja_env.globals["kept"] = kept


def fragments() -> Fragments:
    """Return the fragments of the application that answers now."""
    found: Fragments = current_app.extensions["fragments"]
    return found


def kept(name: str, *key: Any, live: Sequence[Any] = (), caller: Callable[..., str]) -> Markup:
    """Return what a template's block renders: `{% call(a, b) kept("name", key, live=(x, y)) %}`.

    The block may depend on its key, on the language and the root of the address, and on what
    never changes while the process runs. It only puts its live parts where they belong; what it
    decides by them is part of the key. A live part may be a dict of live parts.
    """
    here = _here()
    key = (name, *key)
    texts, order = _pieces(here, key, lambda *parts: cut(caller(*parts)), live)
    whole = Markup("".join(_woven(texts, [escape(part) for part in _flat(live)], order)))  # noqa: S704
    if here.store.checking and whole != caller(*live):
        raise AssertionError(f"the fragment {key} depends on more than its key")
    return whole


def kept_page(template: str, shape: Any, live: dict[str, Any], **rest: Any) -> bytes:
    """Return a page, kept by its shape; its live parts may be bytes of HTML, or to be escaped.

    The template may depend on `shape`, and on what follows from it, as a block on its key.
    """

    def render(parts: dict[str, Any]) -> bytes:
        return render_template(template, shape=shape, live=parts, **rest).encode()

    def pieces(parts: dict[str, Any]) -> tuple[tuple[bytes, ...], tuple[int, ...]]:
        split = render(parts).split(b"\0")
        return tuple(split[::2]), tuple(map(int, split[1::2]))

    here = _here()
    texts, order = _pieces(here, (template, shape), pieces, (live,))
    parts = [
        part if isinstance(part, bytes) else str(escape(part)).encode() for part in _flat((live,))
    ]
    whole = b"".join(_woven(texts, parts, order))
    if here.store.checking and whole != render(_as_text(live)):
        raise AssertionError(f"the page {template} {shape} depends on more than its shape")
    return whole


def packed(kind: tuple[Any, ...], texts: Sequence[bytes]) -> tuple[tuple[bytes], bytes]:
    """Return texts in a tenth of the room, to be kept as pieces.

    They are written as what differs from the first ones of their kind, which stand beside them.
    """
    whole = b"\0".join(texts)
    key = ("the first", kind)
    first = fragments().find(key)
    if first is None:
        first = (whole,)
        fragments().keep(key, first)
    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS, zdict=first[0])
    return (packer.compress(whole) + packer.flush(),), first[0]


def unpacked(pieces: tuple[tuple[bytes], bytes]) -> list[bytes]:
    """Return the texts that `packed` was given."""
    (said,), first = pieces
    return zlib.decompressobj(-zlib.MAX_WBITS, zdict=first).decompress(said).split(b"\0")


def _as_text(live: dict[str, Any]) -> dict[str, Any]:
    """Return live parts with the bytes of HTML among them as text."""
    return {
        name: Markup(part.decode()) if isinstance(part, bytes) else part  # noqa: S704 - rendered
        for name, part in live.items()
    }


class _Here(NamedTuple):
    """What each fragment of one answer needs: found once, since a page asks for hundreds."""

    store: Fragments
    under: tuple[str, str]
    debug: bool


def _here() -> _Here:
    environ = request.environ
    found: _Here | None = environ.get(_HERE)
    if found is None:
        under = (language(), request.script_root)
        found = environ[_HERE] = _Here(fragments(), under, current_app.debug)
    return found


def _pieces(here: _Here, key: tuple[Any, ...], render: Callable[..., Any], live: Any) -> Any:
    """Return the pieces kept under a key and the page's language and root, or render them."""
    if here.debug:  # who changes a template, or a style that it names, sees it at once
        return render(*slots(live))
    key = (*here.under, *key)
    found = here.store.find(key)
    if found is None:
        found = render(*slots(live))
        here.store.keep(key, found)
    return found


def _woven(texts: Sequence[Any], parts: Sequence[Any], order: Sequence[int]) -> list[Any]:
    """Return the texts with a live part after each but the last."""
    woven = [None] * (len(texts) + len(order))
    woven[::2] = texts
    woven[1::2] = [parts[at] for at in order]
    return woven


def slots(live: Iterable[Any]) -> list[Any]:
    """Return a mark for each live part, in the same shape; no text that is stored holds a NUL."""
    numbers = count()

    def marked(part: Any) -> Any:
        if isinstance(part, dict):
            return {name: marked(inner) for name, inner in part.items()}
        return Markup(f"\0{next(numbers)}\0")  # noqa: S704 - digits

    return [marked(part) for part in live]


def _flat(live: Iterable[Any]) -> Iterator[Any]:
    for part in live:
        if isinstance(part, dict):
            yield from _flat(part.values())
        else:
            yield part


def cut(rendered: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the texts around the marks, and which live part stands after each but the last."""
    split = str(rendered).split("\0")
    return tuple(split[::2]), tuple(map(int, split[1::2]))
