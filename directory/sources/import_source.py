"""Open a file to import: a path, one member of a ZIP, or standard input.

Nothing is unpacked to the disk and nothing is held in memory but a buffer. What could hang, fill
or mislead an import is refused before the first byte is used: links, devices, bombs.
"""

import hashlib
import io
import os
import re
import stat
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import PurePath
from typing import IO, BinaryIO, Final, Protocol

from directory.domain.imports import FileRefused

STDIN: Final = "-"
BUFFER: Final = 1 << 20
# The registries' ZIPs unpack to about ten times their size; the largest file to 10 GB.
MOST_RATIO: Final = 200
MOST_BYTES: Final = 20 * 1000**3
# Below this a ratio says nothing: a short table of equal rows packs very well.
RATIO_FROM: Final = 1 << 20

_ZIP_STARTS: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OTHER_STARTS: Final = (
    (b"\x1f\x8b", "the file is packed with gzip: unpack it first"),
    (b"BZh", "the file is packed with bzip2: unpack it first"),
    (b"\xfd7zXZ\x00", "the file is packed with xz: unpack it first"),
    (b"7z\xbc\xaf", "the file is a 7-Zip archive: unpack it first"),
    (b"Rar!", "the file is a RAR archive: unpack it first"),
    (b"\xd0\xcf\x11\xe0", "the file is an old Excel workbook: save it as CSV"),
    (b"%PDF", "the file is a PDF, not a table"),
    (b"SQLite format 3", "the file is a database, not a table"),
)
_WEB_PAGE: Final = re.compile(rb"\s*<(!doctype|html|\?xml|head)", re.IGNORECASE)
_WORKBOOK: Final = "[Content_Types].xml"
_BOOK: Final = re.compile(r"\.xlsx$", re.IGNORECASE)
_DAMAGED: Final = "the ZIP is damaged or not whole: fetch it again"


class _Reader(Protocol):
    def read(self, size: int, /) -> bytes | None: ...


class _Counted(io.RawIOBase):
    """Counts and hashes what passes, and turns a failing disk or ZIP into a refusal."""

    def __init__(self, inner: _Reader) -> None:
        self._inner = inner
        self.digest = hashlib.sha256()
        self.count = 0
        self.last = b""
        self.watch: Callable[[int], None] | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]", /) -> int:  # type: ignore[override]
        try:
            data = self._inner.read(len(buffer)) or b""
        except (zipfile.BadZipFile, zlib.error, EOFError):
            raise FileRefused(_DAMAGED) from None
        except OSError as problem:
            raise FileRefused(f"the file could not be read: {problem.strerror}") from None
        buffer[: len(data)] = data
        if data:
            self.digest.update(data)
            self.count += len(data)
            self.last = data[-1:]
            if self.watch is not None:
                self.watch(len(data))
        return len(data)


class Source:
    """An opened file: its bytes, how many there are and were, and their fingerprint.

    `name` is the base name of the file or "-"; `member` the name inside a ZIP, where the bytes
    are the unpacked ones. `size` in bytes is None for standard input. `book` is the same file to
    move about in, when it is a workbook.
    """

    def __init__(
        self,
        inner: _Reader,
        *,
        name: str,
        size: int | None,
        member: str | None = None,
        book: IO[bytes] | None = None,
    ) -> None:
        """Wrap an open file; `open_source` does it."""
        self._counted = _Counted(inner)
        self.stream: BinaryIO = io.BufferedReader(self._counted, BUFFER)
        self.name, self.size, self.member, self.book = name, size, member, book

    def position(self) -> int:
        """Return how many bytes have been read, those waiting in the buffer included."""
        return self._counted.count

    def sha256(self) -> str:
        """Return the fingerprint of the bytes read so far, 64 hexadecimal digits."""
        return self._counted.digest.hexdigest()

    def ended_with_newline(self) -> bool:
        """Say whether the last byte read ends a line; a file cut off seldom does."""
        return self._counted.last == b"\n"

    def watch(self, told: Callable[[int], None] | None) -> None:
        """Call `told` with the number of bytes now and after every piece that is read."""
        self._counted.watch = told
        if told is not None:
            told(self.position())

    def start(self, size: int = 64) -> bytes:
        """Return the first bytes without taking them; fewer when the file is shorter."""
        return self.stream.peek(size)[:size]  # type: ignore[attr-defined, no-any-return]


@contextmanager
def open_source(
    file: str, *, member: re.Pattern[str] | None = None, books: bool = False
) -> Iterator[Source]:
    """Open a path, the member of a ZIP whose base name `member` finds, or "-" for standard input.

    Without `member` a ZIP must hold one file. With `books` a workbook (xlsx) is taken as it is,
    and out of a ZIP in which nothing else is found. Raises FileRefused for what is missing,
    empty, no ordinary file, encrypted, damaged, packed too tightly (200 times, or over 20 GB) or
    plainly no table.
    """
    with ExitStack() as open_files:
        if file == STDIN:
            source = Source(_stdin(), name=STDIN, size=None)
        else:
            source = _from_path(file, member, books, open_files)
        _refuse_other_kinds(source)
        yield source


def shown_name(file: str) -> str:
    """Return the base name of a path as text that can be printed and stored."""
    text = os.fsencode(PurePath(file).name).decode("utf-8", "replace")
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def _stdin() -> BinaryIO:
    if sys.stdin is None or sys.stdin.closed:
        raise FileRefused("there is no standard input to read")
    return sys.stdin.buffer


def _from_path(
    file: str, member: re.Pattern[str] | None, books: bool, open_files: ExitStack
) -> Source:
    opened = open_files.enter_context(_ordinary(file))
    size = os.fstat(opened.fileno()).st_size
    if size == 0:
        raise FileRefused("the file is empty")
    start = opened.read(4)
    opened.seek(0)
    if start not in _ZIP_STARTS:
        if file.lower().endswith(".zip"):
            raise FileRefused("the name ends with .zip, but the file is no ZIP")
        return Source(opened, name=shown_name(file), size=size)
    try:
        archive = open_files.enter_context(zipfile.ZipFile(opened))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError):
        raise FileRefused(_DAMAGED) from None
    if books and _WORKBOOK in archive.namelist():
        opened.seek(0)
        return Source(opened, name=shown_name(file), size=size, book=opened)
    found = _member(archive, member, books)
    refuse_member(found, size)
    try:
        unpacked = open_files.enter_context(archive.open(found))
    except NotImplementedError:
        raise FileRefused(
            f"{shown_name(found.filename)} is packed in a way that cannot be read: unpack it first"
        ) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError):
        raise FileRefused(_DAMAGED) from None
    return Source(
        unpacked,
        name=shown_name(file),
        size=found.file_size,
        member=shown_name(found.filename),
        book=unpacked if books and _BOOK.search(found.filename) else None,
    )


def _ordinary(file: str) -> BinaryIO:
    """Open a regular file; a link that takes its place in between is refused as well."""
    try:
        _refuse_kind(os.lstat(file).st_mode)
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        descriptor = os.open(file, flags | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise FileRefused("there is no such file") from None
    except PermissionError:
        raise FileRefused("the file may not be read by you") from None
    except FileRefused:
        raise
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or str(problem)
        raise FileRefused(f"the file cannot be opened: {why}") from None
    opened = os.fdopen(descriptor, "rb", buffering=0)
    try:
        _refuse_kind(os.fstat(descriptor).st_mode)
    except FileRefused:
        opened.close()
        raise
    return opened


def _refuse_kind(mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    if stat.S_ISLNK(mode):
        raise FileRefused("this is a link: name the file itself")
    if stat.S_ISDIR(mode):
        raise FileRefused("this is a folder, not a file")
    raise FileRefused("this is no ordinary file: pass it on standard input, as -")


def _member(
    archive: zipfile.ZipFile, wanted: re.Pattern[str] | None, books: bool
) -> zipfile.ZipInfo:
    files = [
        info
        for info in archive.infolist()
        if not info.is_dir() and not info.filename.startswith("__MACOSX/")
    ]
    if any(info.filename == _WORKBOOK for info in files):
        raise FileRefused("the file is a spreadsheet workbook: save it as CSV")
    if wanted is None:
        found = files
    else:
        found = [info for info in files if wanted.search(PurePath(info.filename).name)]
    if not found and books:
        found = [info for info in files if _BOOK.search(info.filename)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise FileRefused("the file that belongs here is not in this ZIP")
    names = ", ".join(shown_name(info.filename) for info in found[:3])
    raise FileRefused(f"more than one file in this ZIP could be meant: {names}")


def refuse_member(info: zipfile.ZipInfo, archive_bytes: int) -> None:
    """Refuse a file in a ZIP that is locked, a link, empty, or packed too tightly."""
    name = shown_name(info.filename)
    if info.flag_bits & 0x1:
        raise FileRefused(f"{name} in this ZIP is locked with a password: unpack it first")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise FileRefused(f"{name} in this ZIP is a link, not a file")
    if info.file_size == 0:
        raise FileRefused(f"{name} in this ZIP is empty")
    # What is declared bounds what zipfile hands out, and a lie ends as a wrong checksum.
    packed = min(info.compress_size, archive_bytes)
    tight = info.file_size > RATIO_FROM and info.file_size > MOST_RATIO * packed
    if tight or info.file_size > MOST_BYTES:
        raise FileRefused(
            f"{name} in this ZIP would unpack to {info.file_size:,} bytes: that is no table"
        )


def _refuse_other_kinds(source: Source) -> None:
    """Say of a file that is plainly something else what it is."""
    start = source.start()
    if not start:
        raise FileRefused("the file is empty")
    if start[:4] in _ZIP_STARTS and source.book is None:
        if source.name != STDIN:
            raise FileRefused("a ZIP inside a ZIP cannot be read: unpack it first")
        raise FileRefused(
            "a ZIP or a workbook on standard input cannot be read: name the file itself"
        )
    for beginning, why in _OTHER_STARTS:
        if start.startswith(beginning):
            raise FileRefused(why)
    if _WEB_PAGE.match(start):
        raise FileRefused("the file is a web page, not a table: fetch the file itself")
