"""What of our environment the grabbers get to see.

The daemon's environment holds every secret that its configuration names: the database's password, the webhooks' keys.
A decoder that was taken over by a picture must not find them, so the list says what is let through, and not what is
held back.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

_NAMES = frozenset(
    {
        "HOME",
        "LANG",
        "LANGUAGE",
        "LOGNAME",
        "PATH",
        "SHELL",
        "TMPDIR",
        "TZ",
        "TZDIR",
        "USER",
        "XDG_RUNTIME_DIR",
    }
)
# Locales, the dynamic linker, Python itself, TLS trust, video acceleration.
_PREFIXES = ("LC_", "LD_", "PYTHON", "SSL_CERT_", "OPENSSL_", "LIBVA_")
# Threads in the server would make forking unsafe; each further arena costs a grabber address space. Memory for one
# picture is kept for the next: given back and taken again, its pages cost more time than decoding it.
_FIXED = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": str(4 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(8 << 20),
    "PYTHONUNBUFFERED": "1",
}


def grabber_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of the grabbers, made of ours; they import from where we do."""
    kept = {name: value for name, value in environ.items() if name in _NAMES or name.startswith(_PREFIXES)}
    search = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # noqa: PTH109 - text is what is needed
    return {**kept, **_FIXED, "PYTHONPATH": search}
