"""A serving process gives back what one large search needed."""

import ctypes
import os
import subprocess
import sys

import pytest

from directory.memory import LARGE_BYTES, give_back_large_pieces

PIECE = 24 << 20
LEFT = f"""
import sys
from directory.memory import give_back_large_pieces

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1])

if sys.argv[1] == "asked":
    assert give_back_large_pieces()
bytearray({PIECE})  # the C library takes it from the system, and learns that such pieces come
before = resident()
pieces = [bytearray(b"x" * {PIECE // 8}) for _ in range(8)]
held = bytearray(b"x" * 1024)
pieces.clear()
print(resident() - before)
"""


def left(how: str) -> int:
    """Return how many bytes a process keeps of pieces that it needs no more."""
    pages = subprocess.check_output([sys.executable, "-c", LEFT, how], text=True)
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="other systems have no such switch"
)
def test_large_pieces_go_back_and_would_not_by_themselves():
    assert left("asked") < 4 * LARGE_BYTES
    assert left("not asked") > PIECE // 2


def test_a_c_library_without_the_switch_is_left_alone(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())
    assert give_back_large_pieces() is False
