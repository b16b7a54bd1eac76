"""Measuring what it costs that frames are grabbed by other processes: direct and through the pool, in turns.

Processor time of both processes is counted, which a machine that does other things as well hardly changes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from monitor.clock import SystemClock
from monitor.grabbers.pool import GrabberPool, PoolOptions
from monitor.grabbers.source import PooledSource
from monitor.sources.folder import FolderOptions, FolderSource

GRABBERS = 8
GRABS = 200
TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class GrabberCost:
    """What one size of pictures costs.

    Attributes:
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        direct_core_ms: Processor time of a grab made by this process.
        asking_core_ms: Of a grab through the pool, the part of this process …
        grabber_core_ms: … and that of the grabber.
        grabber_pss_mb: Memory of a grabber after its grabs, with its share of what it has in common with
            others (PSS); None where the system does not tell us.
    """

    width: int
    height: int
    direct_core_ms: float
    asking_core_ms: float
    grabber_core_ms: float
    grabber_pss_mb: float | None

    @property
    def extra_core_ms(self) -> float:
        """What the pool costs a grab."""
        return self.asking_core_ms + self.grabber_core_ms - self.direct_core_ms

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "extra_core_ms": self.extra_core_ms}


def measure_grabbers(directory: Path, pictures: Sequence[tuple[tuple[int, int], bytes]]) -> list[GrabberCost]:
    """The cost for each of the pictures, given with its width and height.

    Args:
        directory: An empty folder.
        pictures: JPEGs.

    Raises:
        GrabbersUnavailable: No grabber can be started here.
    """
    return [_measure(directory, size, picture) for size, picture in pictures]


def _measure(directory: Path, size: tuple[int, int], picture: bytes) -> GrabberCost:
    folder = directory / f"{size[0]}x{size[1]}"
    folder.mkdir()
    (folder / "picture.jpg").write_bytes(picture)
    options = FolderOptions(folder)
    with closing(GrabberPool(PoolOptions(GRABBERS))) as pool:
        all_sources = [PooledSource(pool, FolderSource, options) for _ in range(GRABBERS)]
        with ThreadPoolExecutor(GRABBERS) as together:
            # All at once, so that there are as many grabbers, and each has worked.
            for _ in range(3):
                list(together.map(lambda source: source.grab(TIMEOUT_S), all_sources))
        pooled, direct = all_sources[0], FolderSource(options, SystemClock())
        direct.grab(TIMEOUT_S)
        before_s, asking_s, direct_s = pool.counters().core_s, 0.0, 0.0
        for _ in range(GRABS):
            asking_s -= time.process_time()
            pooled.grab(TIMEOUT_S)
            turn_s = time.process_time()
            asking_s += turn_s
            direct.grab(TIMEOUT_S)
            direct_s += time.process_time() - turn_s
        grabbing_s = pool.counters().core_s - before_s
        memory = [_pss_mb(pid) for pid in pool.pids()]
    known = [value for value in memory if value is not None]
    return GrabberCost(
        *size,
        direct_core_ms=direct_s * 1000 / GRABS,
        asking_core_ms=asking_s * 1000 / GRABS,
        grabber_core_ms=grabbing_s * 1000 / GRABS,
        grabber_pss_mb=fmean(known) if known else None,
    )


def _pss_mb(pid: int) -> float | None:
    """Needs root: grabbers hide their memory from others of their account."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return None
    return int(text.split("\nPss:")[1].split()[0]) * 1024 / 1e6
