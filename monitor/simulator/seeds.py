"""Randomness that depends on names and numbers only, never on the process or the order of calls."""

from __future__ import annotations

import hashlib

import numpy as np


def stable_seed(*parts: object) -> int:
    """A 64-bit integer that is the same in every process for the same parts."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def generator(*parts: object) -> np.random.Generator:
    """A random generator seeded with `stable_seed` of the parts."""
    return np.random.default_rng(stable_seed(*parts))


def unit_hash(*numbers: int) -> float:
    """A number in [0, 1) from a few integers; far cheaper than a generator, for per-object choices."""
    value = 0x9E3779B97F4A7C15
    for number in numbers:
        value = ((value ^ (number & 0xFFFFFFFFFFFFFFFF)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        value ^= value >> 29
    value = (value * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return ((value ^ (value >> 31)) >> 11) / float(1 << 53)


def stable_token(*numbers: int) -> int:
    """A 48-bit integer from a few integers, for `unit_hash`."""
    return int(unit_hash(*numbers) * (1 << 48))
