"""What is kept of the single clinics of results: rendered when first seen, then only filled."""

from collections.abc import Callable, Sequence
from typing import Any

from directory.domain.findings import minute_of
from directory.operations.cards import steady_until
from directory.operations.search import Hit, with_cards
from directory.web.fragments import fragments
from directory.web.state import now, source


def pieces_of(
    hits: Sequence[Hit], key: tuple[Any, ...], render: Callable[[Hit], Any]
) -> list[tuple[Hit, Any]]:
    """Return each hit with the pieces that `render` makes of it, kept under `key` and its row.

    They may depend on the clinic's card, the minute and `key`. Cards are read only for clinics of
    which nothing is kept, in one statement; a clinic that was taken off the list just then is
    left out.
    """
    store, minute = fragments(), minute_of(now())
    find = store.find
    found = {hit.clinic_id: find((key, hit.clinic_id, hit.revision), minute) for hit in hits}
    missing = [hit for hit in hits if found[hit.clinic_id] is None]
    for hit in with_cards(source(), missing) if missing else ():
        pieces = found[hit.clinic_id] = render(hit)
        if hit.revision:
            until = steady_until(hit.card, minute)
            store.keep((key, hit.clinic_id, hit.revision), pieces, minute, until)
    return [(hit, found[hit.clinic_id]) for hit in hits if found[hit.clinic_id] is not None]
