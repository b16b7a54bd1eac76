"""The C library's allocator, told that the daemon's many threads do much the same.

glibc gives every thread an arena of its own, up to eight a core, and each keeps what the largest check on it ever took.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping

# In malloc.h; other C libraries have no such call, and no such arenas.
_M_ARENA_MAX = -8
ARENAS = 2
"""Python's lock lets one thread at a time allocate most of what they allocate; a second arena is for the rest."""
_SAID_OTHERWISE = ("MALLOC_ARENA_MAX", "GLIBC_TUNABLES")


def share_arenas(environ: Mapping[str, str], arenas: int = ARENAS) -> bool:
    """Let all threads that start from now on share a few arenas; whether that was done.

    Args:
        environ: Of the process; whoever has set the allocator there is left alone.
        arenas: How many.
    """
    if any(name in environ for name in _SAID_OTHERWISE):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(_M_ARENA_MAX, arenas) == 1
