"""Rendered pieces of answers that a process keeps, so that the same text is not made twice.

A fragment is text that follows from its key alone: the frame of a page in one language, a clinic's
card at one revision of its row. It is rendered once with marks where the live parts go, cut at the
marks, and filled anew for each answer. What the clock changes is kept with the minutes between
which it holds. So nothing that is kept can go stale: whatever changes, changes the key.
"""

import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from threading import Lock
from typing import Any, NamedTuple

from flask import Flask, current_app, render_template, request
from markupsafe import Markup, escape

from directory.domain.findings import FOREVER
from directory.web.language import language

MOST_BYTES = 12 * 1024 * 1024
"""Room for what pages and API say of 1,500 clinics in two languages, or of 3,000 in one."""

_HERE = "directory.fragments"

_OVERHEAD = 650
"""Bytes that an entry takes beside its pieces: its key, its place in the order."""

_INTERNED = 50
"""Bytes that a text takes in Python's table of shared texts."""


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


class Shared(NamedTuple):
    """Rows of texts that entries share, and the bytes that this entry alone takes."""

    rows: tuple[tuple[str, ...], ...]
    size: int


def size_of(pieces: tuple[Any, ...]) -> int:
    """Return how many bytes an entry takes; of pieces in a tuple of their own, only these count."""
    if isinstance(pieces, Shared):
        return _OVERHEAD + pieces.size
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


def kept_macro(component: str, macro: str, *key: Any, live: Sequence[Any] = ()) -> Markup:
    """Return what a component's macro renders of its key and, behind it, its live parts."""

    def render(*parts: Any) -> str:
        return str(macro_of(component, macro)(*key, *parts))

    return kept(f"{component} {macro}", *key, live=live, caller=render)


def macro_of(component: str, macro: str) -> Any:
    """Return a macro of a file in templates/components."""
    module = current_app.jinja_env.get_template(f"components/{component}.html").module
    return getattr(module, macro)


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
    whole = b"".join(_woven(texts, [_in_html(part) for part in _flat((live,))], order))
    if here.store.checking and whole != render(_as_text(live)):
        raise AssertionError(f"the page {template} {shape} depends on more than its shape")
    return whole


def shared(rows: Sequence[Iterable[bytes]]) -> Shared:
    """Return rows of texts of which each is one object, however many entries hold it.

    Python shares equal text for as long as anything holds it, but not bytes, so each byte stands
    as one character (latin-1). Only a text that nothing held before counts for this entry.
    """
    size, found = 0, []
    for row in rows:
        texts = []
        for own in (text.decode("latin-1") for text in row):
            text = sys.intern(own)
            if text is own:
                size += sys.getsizeof(text) + _INTERNED
            texts.append(text)
        found.append(tuple(texts))
        size += sys.getsizeof(found[-1])
    return Shared(tuple(found), size)


def _in_html(part: Any) -> bytes:
    """Return a live part of a page as it stands there: numbers need no escaping, HTML is done."""
    kind = type(part)
    if kind is int:
        return b"%d" % part
    if kind is Markup:
        return str.encode(part)
    return part if kind is bytes else str.encode(escape(part))


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


def _flat(live: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    for part in live:
        if isinstance(part, dict):
            found += _flat(part.values())
        else:
            found.append(part)
    return found


def cut(rendered: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the texts around the marks, and which live part stands after each but the last."""
    split = str(rendered).split("\0")
    return tuple(split[::2]), tuple(map(int, split[1::2]))
