"""Evidence files: the gate they come in by, and the store that keeps them by their hash.

The gate looks at content alone, never at a name or a stated type. The store is a folder outside
everything that is served; a file in it never changes and never goes away.
"""

import contextlib
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from directory.sources import evidence_images

LARGEST: Final = 5 * 1024 * 1024
SECONDS: Final = 10.0
JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
PDF: Final = "application/pdf"
ENDINGS: Final = {JPEG: "jpg", PNG: "png", PDF: "pdf"}


class FileRefused(ValueError):
    """A file that is not taken; `code` is empty, too_large, kind, pixels, broken or busy."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class EvidenceDamaged(RuntimeError):
    """A stored file is missing, or is no longer what its name says."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A file that passed the gate: the bytes to keep, their type by content, their SHA-256."""

    data: bytes
    media_type: str
    sha256: str


def kind_of(data: bytes) -> str | None:
    """Return the media type that the first bytes show, None for any we do not take."""
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if data.startswith(b"%PDF-") and b"%%EOF" in data[-2048:]:
        return PDF
    return None


def redraw_apart(data: bytes) -> bytes:
    """Return an image drawn anew by a limited process of its own; raises FileRefused.

    The process may use 640 MB of memory, 6 seconds of CPU and 10 seconds on the clock.
    """
    program = [sys.executable, "-I", evidence_images.__file__]
    try:
        done = subprocess.run(  # noqa: S603 - our own program, fixed arguments, bytes by a pipe
            program, input=data, capture_output=True, timeout=SECONDS, check=False, env={}
        )
    except subprocess.TimeoutExpired:
        raise FileRefused("broken") from None
    except OSError:
        raise FileRefused("busy") from None
    if done.returncode == evidence_images.TOO_MANY_PIXELS:
        raise FileRefused("pixels")
    if done.returncode != 0 or not done.stdout:
        raise FileRefused("broken")
    return done.stdout


def inspect(data: bytes, redraw: Callable[[bytes], bytes] = redraw_apart) -> Accepted:
    """Return what of an uploaded file may be kept; raises FileRefused.

    An image is kept as it was drawn anew, a PDF as it was sent. `redraw` is replaced only where a
    process for each file would be too slow.
    """
    if not data:
        raise FileRefused("empty")
    if len(data) > LARGEST:
        raise FileRefused("too_large")
    kind = kind_of(data)
    if kind is None:
        raise FileRefused("kind")
    if kind != PDF:
        data = redraw(data)
        if kind_of(data) != kind:
            raise FileRefused("broken")
        if len(data) > 4 * LARGEST:
            raise FileRefused("too_large")
    return Accepted(data, kind, hashlib.sha256(data).hexdigest())


class EvidenceStore:
    """The folder of evidence files; each is named by the SHA-256 of its bytes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    def _path(self, sha256: str) -> Path:
        if len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
            raise EvidenceDamaged("not a hash")
        return self._folder / sha256[:2] / sha256

    def keep(self, accepted: Accepted) -> None:
        """Write a file for good, whole or not at all; one that is there already is left alone.

        The bytes and their name are on the disk when this returns. Written before the commit, a
        file whose transaction fails stays behind without a row: harmless.
        """
        path = self._path(accepted.sha256)
        if path.is_file() and path.stat().st_size == len(accepted.data):
            return
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=".unfinished-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(accepted.data)
                file.flush()
                os.fchmod(file.fileno(), 0o400)
                os.fsync(file.fileno())
            os.replace(unfinished, path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(unfinished)
            raise
        for folder in (path.parent, self._folder):
            _sync(folder)

    def read(self, sha256: str) -> bytes:
        """Return a file's bytes; raises EvidenceDamaged when they are gone or not the same."""
        try:
            data = self._path(sha256).read_bytes()
        except OSError:
            raise EvidenceDamaged("missing") from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise EvidenceDamaged("changed")
        return data


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
