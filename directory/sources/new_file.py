"""Write a file whole or not at all: beside its place first, then moved there."""

import contextlib
import filecmp
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from directory.domain.imports import FileRefused


@contextmanager
def written_whole(path: Path, *, replace: bool, bom: bool = False) -> Iterator[TextIO]:
    """Give a text file in UTF-8 that stands at `path` once the block ends without an error.

    Line ends are written as they come. Raises FileRefused when it cannot be written, or when
    there is another file already and `replace` is not set; the very same one may be there, left
    by a run that was killed.
    """
    if path.is_dir():
        raise FileRefused("this is a folder, not a file")
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        encoding = "utf-8-sig" if bom else "utf-8"
        with beside.open("x", encoding=encoding, newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if replace:
            beside.replace(path)
        else:
            os.link(beside, path)
    except FileExistsError:
        if beside.exists() and path.is_file() and filecmp.cmp(beside, path, shallow=False):
            return
        raise FileRefused("there is a file of this name already") from None
    except OSError as problem:
        raise FileRefused(f"the file cannot be written: {problem.strerror}") from None
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()
