"""Draw an image anew, so that nothing but its pixels is left; also a program of its own.

Run as a program (see evidence.py) it first takes limits on memory, time and files from the system,
so that a picture made to harm can only harm this one short-lived process.
"""

import io
import os
import resource
import sys
import warnings
from typing import Final

from PIL import Image, ImageOps

MEMORY: Final = 640 * 1024 * 1024
CPU_SECONDS: Final = 6
LARGEST_PIXELS: Final = 20_000_000
LONGEST_SIDE: Final = 20_000
FORMATS: Final = ("JPEG", "PNG")
REFUSED: Final = 3
TOO_MANY_PIXELS: Final = 4


class ImageRefused(ValueError):
    """These bytes are no picture we can draw."""


class TooManyPixels(ImageRefused):
    """The picture is larger than the limit; said from its header, before any pixel is decoded."""


def redraw(data: bytes) -> bytes:
    """Return the picture drawn anew in its own format: turned upright, no metadata, one frame.

    Raises ImageRefused, and TooManyPixels above 20 megapixels. Whatever else a decoder raises on
    broken bytes counts as refused too.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _redraw(data)
    except ImageRefused:
        raise
    except Image.DecompressionBombError:
        raise TooManyPixels from None
    except (Exception, RecursionError, MemoryError) as error:
        raise ImageRefused(type(error).__name__) from None


def _redraw(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        width, height = image.size
        if width * height > LARGEST_PIXELS or max(width, height) > LONGEST_SIDE:
            raise TooManyPixels
        if min(width, height) < 1:
            raise ImageRefused("empty")
        kind = image.format or ""
        image.load()
        upright = ImageOps.exif_transpose(image) or image
        alpha = kind == "PNG" and (
            upright.mode in ("LA", "PA", "RGBA") or "transparency" in upright.info
        )
        gray = upright.mode in ("1", "L")
        pixels = upright.convert("RGBA" if alpha else "L" if gray else "RGB")
    # A new image has no `info`: savers would write comments, profiles and texts from there.
    clean = Image.frombytes(pixels.mode, pixels.size, pixels.tobytes())
    out = io.BytesIO()
    if kind == "JPEG":
        clean.save(out, "JPEG", quality=88)
    else:
        clean.save(out, "PNG")
    return out.getvalue()


def take_limits(cpu_seconds: int = CPU_SECONDS) -> None:
    """Bound this process's memory, CPU seconds and files, for good."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    Image.init()
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


def main() -> int:
    """Read a picture from standard input, write it anew to standard output; say how it went."""
    take_limits()
    data = sys.stdin.buffer.read()
    try:
        drawn = redraw(data)
    except TooManyPixels:
        return TOO_MANY_PIXELS
    except ImageRefused:
        return REFUSED
    sys.stdout.buffer.write(drawn)
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # nothing of a hostile picture is worth an orderly end
