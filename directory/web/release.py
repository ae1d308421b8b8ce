"""Which program answers: a fingerprint of all that shapes a page beside the database and the clock.

Two processes with the same fingerprint make the same page of the same data; after an upgrade, or
with another setting, none is taken for one of before.
"""

import os
import sys
from dataclasses import fields
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

from directory import paths
from directory.settings import Settings

SHOWS_NOT: Final = frozenset({"cache_mb", "redis_url", "instance_dir", "evidence_dir", "port"})
"""Settings that no page depends on: where files lie, and what is kept. Any new one counts."""


def fingerprint(settings: Settings) -> bytes:
    """Return 32 bytes that differ where the program, its settings or its place index differ."""
    shown = [
        (each.name, getattr(settings, each.name))
        for each in fields(settings)
        if each.name not in SHOWS_NOT
    ]
    parts = (repr(shown), sys.version, *_installed(), _program(), _place_index(settings))
    return blake2b(repr(parts).encode(), digest_size=32).digest()


def _installed() -> list[str]:
    """Return the packages that can be imported, each with its version in its folder's name."""
    folders = [folder for folder in sys.path if os.path.isdir(folder)]
    return sorted(
        name for folder in folders for name in os.listdir(folder) if name.endswith(".dist-info")
    )


@lru_cache(maxsize=1)
def _program() -> str:
    """Return the hash of the sources, texts, templates and styles that this process runs."""
    digest = blake2b()
    for root in (paths.PACKAGE, paths.TEMPLATES, paths.SEED_DATA):
        for file in sorted(root.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(repr((str(file.relative_to(root)), file.stat().st_size)).encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()


def _place_index(settings: Settings) -> str:
    """Return the hash of the compiled place index; empty while there is none."""
    file = settings.gazetteer_path
    return _hash_of(file, file.stat().st_mtime_ns) if file.exists() else ""


@lru_cache(maxsize=4)
def _hash_of(file: Path, changed: int) -> str:
    """Return the hash of a file; `changed` is its time in nanoseconds."""
    with file.open("rb") as opened:
        digest = blake2b()
        while block := opened.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
