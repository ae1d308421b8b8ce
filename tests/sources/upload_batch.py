"""Send many broken files through the gate in one limited process, and print what came of it.

A process for each file, as in earnest, would take an hour for 10,000: so the limits are taken once.
"""

import io
import json
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TextIO

from PIL import Image, PngImagePlugin

from directory.sources.evidence import PDF, FileRefused, inspect
from directory.sources.evidence_images import ImageRefused, redraw, take_limits

SEED = 20260101
SCRIPT = b"<script>alert(1)</script>"
HEADS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7\n", b"GIF89a", b"<html>", b"PK\x03\x04")


def originals() -> list[bytes]:
    """Return good files to break: pictures of several kinds, and two PDFs."""
    found = []
    # A remark in each: without one, a whole picture drawn anew could come out byte for byte.
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", "taken at home")
    remark = {"PNG": {"pnginfo": texts}, "JPEG": {"comment": b"taken at home"}}
    for mode in ("RGB", "L", "RGBA", "P", "1"):
        for kind in ("PNG", "JPEG"):
            if kind == "JPEG" and mode in ("RGBA", "P", "1"):
                continue
            out = io.BytesIO()
            Image.effect_noise((40, 30), 50).convert(mode).save(out, kind, **remark[kind])
            found.append(out.getvalue())
    out = io.BytesIO()
    Image.effect_noise((40, 30), 50).save(out, "JPEG", progressive=True, **remark["JPEG"])
    found.append(out.getvalue())
    body = b"1 0 obj << /OpenAction << /S /JavaScript >> >> endobj\n" * 3
    found += [b"%PDF-1.4\n" + body + b"%%EOF\n", b"%PDF-2.0\n" + SCRIPT + b"\n%%EOF"]
    return found


def broken(luck: random.Random, files: list[bytes]) -> bytes:
    """Return one file with some harm done to it."""
    data = bytearray(luck.choice(files))
    match luck.randrange(8):
        case 0:
            for _ in range(luck.randint(1, 8)):
                data[luck.randrange(len(data))] = luck.randrange(256)
        case 1:
            del data[luck.randrange(len(data)) :]
        case 2:
            data += SCRIPT + luck.randbytes(luck.randrange(200))
        case 3:
            at = luck.randrange(len(data))
            data[at:at] = SCRIPT
        case 4:
            head = luck.choice(HEADS)
            data[: len(head)] = head
        case 5:
            at = luck.randrange(min(len(data), 40))
            data[at : at + 4] = luck.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff"))
        case 6:
            data += luck.choice(files)
        case 7:
            cut = luck.randrange(len(data))
            data = data[:cut] + bytearray(luck.choice(files))[cut:]
    return bytes(data)


def draw(data: bytes) -> bytes:
    """Draw a picture anew in this process, with the refusal the gate expects."""
    try:
        return redraw(data)
    except ImageRefused:
        raise FileRefused("broken") from None


def most_memory_mb(status: TextIO) -> int:
    """Return the most memory this program held; the kernel's other figure counts its parent's."""
    lines = status.read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024


def main(count: int) -> None:
    """Send `count` files and print the tally as JSON."""
    files = originals()
    status = Path("/proc/self/status").open()  # noqa: SIM115 - no file opens under the limits
    take_limits(cpu_seconds=100)
    luck = random.Random(SEED)
    told: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    unexpected: list[str] = []
    slowest = 0.0
    for number in range(count):
        sent = broken(luck, files)
        began = time.perf_counter()
        try:
            kept = inspect(sent, redraw=draw)
        except FileRefused:
            told["refused"] += 1
        except Exception as error:
            unexpected.append(f"{number}: {error!r}")
        else:
            told["kept"] += 1
            kinds[kept.media_type] += 1
            if kept.media_type != PDF:
                told["images_as_sent"] += kept.data == sent
                told["scripts_in_images"] += b"<script" in kept.data
        slowest = max(slowest, time.perf_counter() - began)
        try:
            careless = inspect(sent, redraw=bytes)
        except FileRefused:
            continue
        told["scripts_without_drawing"] += careless.media_type != PDF and SCRIPT in careless.data
    report = {
        "sent": count,
        "kinds": kinds,
        "unexpected": unexpected[:20],
        "most_memory_mb": most_memory_mb(status),
        "slowest_seconds": round(slowest, 3),
        "images_as_sent": 0,
        "scripts_in_images": 0,
    }
    sys.stdout.write(json.dumps(report | told))


if __name__ == "__main__":
    main(int(sys.argv[1]))
