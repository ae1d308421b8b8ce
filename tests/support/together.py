"""What all processes of a run share: made by the first that asks, while the others wait for it."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest


def common_folder(factory: pytest.TempPathFactory) -> Path:
    """Return a folder of this run, the same for each process that takes part in it."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "common"
    folder.mkdir(exist_ok=True)
    return folder


def once(file: Path, make: Callable[[Path], object]) -> Path:
    """Return a file that `make` wrote, in this process or in another one of the run."""
    with file.with_name(f"{file.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            unfinished = file.with_name(f"{file.name}.unfinished")
            make(unfinished)
            unfinished.rename(file)
    return file
