"""The bar that a command draws while it works: on a terminal, and never anywhere else."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from directory.domain.progress import Watch, nobody


@contextmanager
def telling(label: str) -> Iterator[Watch]:
    """Draw how far the work is on standard error, when that is a terminal.

    Standard output stays as it is, so what a command says can be read by another one.
    """
    if not sys.stderr.isatty():
        yield nobody
        return
    with click.progressbar(length=1, label=label, file=sys.stderr) as bar:

        def tell(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield tell
