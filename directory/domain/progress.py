"""How work tells how far it is: to whoever watches, and to nobody unless somebody does."""

from collections.abc import Callable

Watch = Callable[[int, int], None]
"""Is told how much is done, and how much there is."""


def nobody(done: int, total: int) -> None:
    """Hear how far the work is, and do nothing."""


class Steps:
    """Counts the steps of one piece of work and tells of each; never more than there are."""

    def __init__(self, watch: Watch, total: int) -> None:
        """Begin with nothing done of `total`."""
        self._watch, self._total, self._done = watch, total, 0
        if total:
            watch(0, total)

    def took(self, steps: int = 1) -> None:
        """Tell of steps just taken."""
        self._done = min(self._total, self._done + steps)
        if self._total:
            self._watch(self._done, self._total)

    def finish(self) -> None:
        """Tell that all is done."""
        self.took(self._total - self._done)
