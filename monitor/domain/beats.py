"""Spreading checks in time, by names instead of dice: the same views keep the same distances after every start."""

from __future__ import annotations

import hashlib
from datetime import datetime

JITTER = 0.1
"""By how much of itself a wait is lengthened or shortened."""


def share_of(name: str) -> float:
    """A number from 0 up to 1, always the same for a name, and evenly spread over many names."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) / 2**32


def jittered(wait_s: float, name: str, slot: datetime) -> float:
    """A wait made up to a tenth longer or shorter, so that what failed together does not come back together.

    Args:
        wait_s: The wait.
        name: Of what waits.
        slot: The check after which it waits: another one, another jitter.
    """
    return wait_s * (1.0 + JITTER * (2.0 * share_of(f"{name} {slot.timestamp():.3f}") - 1.0))
