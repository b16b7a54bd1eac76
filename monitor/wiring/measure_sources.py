"""Measuring what grabs cost, kind by kind, as the daemon makes them: through grabbers, several cameras at a time.

The servers are other processes, whose work is not counted. Whatever else the machine does slows everything here alike:
the rates are then too low, and processor time and the ratios hold.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from monitor.domain.errors import SourceError
from monitor.grabbers.pool import GrabberPool, PoolOptions
from monitor.grabbers.source import PooledSource
from monitor.sources.kinds import source_kind
from monitor.wiring import rivals
from monitor.wiring.options import build_options
from monitor.wiring.processor_time import descendants, family_core_s
from monitor.wiring.rate import Rate, repeat

LANES = 4
"""Cameras at a time, where there can be several."""
GRAB_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Rig:
    """A camera to be measured.

    Attributes:
        label: What to call it.
        size: Of its picture, in words.
        kind: Of the source.
        options: Of the source, by the names of the settings.
        address: What the rivals read; None where they have nothing to read.
        reason: Why it cannot be measured here; empty where it can.
        lanes: So many at a time.
    """

    label: str
    size: str
    kind: str = ""
    options: Mapping[str, Any] | None = None
    address: str | None = None
    reason: str = ""
    lanes: int = LANES


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of one rig.

    Attributes:
        rig: Which.
        ours: Through a grabber.
        held_core_ms: Processor time that a stream takes each second, only because it is kept open; 0 for all others.
        opencv: OpenCV's loop on the same address; None where there is none.
        ffmpeg: A process per frame on the same address; None where there is none.
    """

    rig: Rig
    ours: Rate
    held_core_ms: float = 0.0
    opencv: Rate | None = None
    ffmpeg: Rate | None = None

    def core_ms_a_minute(self) -> float | None:
        """What one camera of this kind takes at one grab a minute; None where nothing was measured."""
        grab_ms = self.ours.core_ms
        return None if grab_ms is None else grab_ms + 60 * self.held_core_ms


def turns(rigs: Sequence[Rig]) -> int:
    """How many measurements of equal length these rigs take."""
    return sum(
        1 + (_is_held(rig) if not rig.reason else 0) + 2 * (rig.address is not None)
        for rig in rigs
        if not rig.reason
    )


def measure_sources(rigs: Sequence[Rig], seconds: float) -> Iterator[Figures]:
    """Measure one rig after another, each beside its rivals.

    Args:
        rigs: Their servers run already.
        seconds: For each turn, as `turns` counts them.
    """
    # What this process has started until now serves pictures.
    bystanders = descendants(os.getpid())
    with closing(GrabberPool(PoolOptions(size=LANES))) as pool:
        for rig in rigs:
            if rig.reason:
                yield Figures(rig, Rate(0, 0, 0.0, 0.0, rig.reason))
                continue
            ours, held_ms = _measure(pool, rig, seconds, bystanders)
            if rig.address is None:
                yield Figures(rig, ours, held_ms)
            else:
                yield Figures(
                    rig,
                    ours,
                    held_ms,
                    rivals.opencv(rig.address, rig.lanes, seconds),
                    rivals.ffmpeg(rig.address, rig.lanes, seconds),
                )


def _measure(pool: GrabberPool, rig: Rig, seconds: float, bystanders: Collection[int]) -> tuple[Rate, float]:
    sources = [_open(pool, rig) for _ in range(rig.lanes)]
    reasons: list[str] = []
    try:
        # What happens only once (a process forked, a library loaded, a stream opened) is not what a grab costs.
        repeat([_grab(source, reasons) for source in sources], 0.01)
        reasons.clear()
        held_ms = _held_core_ms(seconds, rig.lanes, bystanders) if _is_held(rig) else 0.0
        began_s, core_s = time.perf_counter(), family_core_s(bystanders)
        grabs, failures = repeat([_grab(source, reasons) for source in sources], seconds)
        spent_s, core_s = time.perf_counter() - began_s, family_core_s(bystanders) - core_s
    finally:
        for source in sources:
            source.close()
    # While it grabs, a stream is held open as well: that part is not what the grab costs.
    core_s = max(0.0, core_s - held_ms / 1000 * rig.lanes * spent_s)
    return Rate(grabs, failures, spent_s, core_s, reasons[0] if reasons else ""), held_ms


def _held_core_ms(seconds: float, lanes: int, bystanders: Collection[int]) -> float:
    began_s, core_s = time.perf_counter(), family_core_s(bystanders)
    time.sleep(seconds)
    return (family_core_s(bystanders) - core_s) * 1000 / (time.perf_counter() - began_s) / lanes


def _is_held(rig: Rig) -> bool:
    kind = source_kind(rig.kind)
    return kind.dedicated(build_options(kind.options, rig.options or {}))


def _open(pool: GrabberPool, rig: Rig) -> PooledSource:
    kind = source_kind(rig.kind)
    options = build_options(kind.options, rig.options or {})
    return PooledSource(pool, kind.open, options, dedicated=kind.dedicated(options))


def _grab(source: PooledSource, reasons: list[str]) -> Callable[[], bool]:
    def grab() -> bool:
        try:
            source.grab(GRAB_TIMEOUT_S)
        except SourceError as error:
            reasons.append(str(error))
            return False
        return True

    return grab
