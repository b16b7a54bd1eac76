"""What the pool has done so far, as numbers for status lines and metrics."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GrabberCounters:
    """A snapshot of the pool.

    Attributes:
        alive: Grabbers there are now, dedicated ones included.
        dedicated: Of these, grabbers that belong to one camera.
        leaving: Processes that were told to end, or killed, and are still there.
        grabs: Grabs that were made, the failed ones included.
        core_s: Seconds of processor time that these took, as the grabbers say; nothing may be decided by it.
        kills: Grabbers that were killed because they hung.
        crashes: Grabbers that died on their own.
        garbled: Grabbers that were killed because they answered nonsense.
        started: Grabbers that were forked.
        recycled: Grabbers that were replaced after their share of grabs, or as they held too much memory.
        server_starts: How often the server that forks them was started; more than once, it was killed or failed.
        busy_waits: Grabs that had to wait for a grabber.
        busy_timeouts: Of these, grabs that got none in time.
    """

    alive: int = 0
    dedicated: int = 0
    leaving: int = 0
    grabs: int = 0
    core_s: float = 0.0
    kills: int = 0
    crashes: int = 0
    garbled: int = 0
    started: int = 0
    recycled: int = 0
    server_starts: int = 0
    busy_waits: int = 0
    busy_timeouts: int = 0
