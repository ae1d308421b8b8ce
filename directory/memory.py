"""How the memory of a serving process behaves, where the C library lets us say so."""

import ctypes

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # malloc.h of the GNU C library
LARGE_BYTES = 128 * 1024


def give_back_large_pieces() -> bool:
    """Let pieces of LARGE_BYTES and more go back to the system when they are no longer needed.

    Else the GNU C library raises that bound with the largest piece it has seen, and a process that
    once counted a hundred thousand clinics keeps that room, in each thread. Says whether the C
    library took it: others have no such switch. Source: mallopt(3).
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES) and mallopt(_M_ARENA_MAX, 1))
