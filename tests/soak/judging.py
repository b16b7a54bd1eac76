"""Whether something leaks, and whether every fault was told as what it was."""

from __future__ import annotations

import itertools
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.soak.faults import EXPECTED, OFFLINE, STREAM_FAULT, Fault

WARM_UP = 0.15
"""Of the run is not looked at: caches fill, grabbers start."""
GROWTH = 0.02
"""So much more in the last third than in the one before is no plateau, where it is more than the allowance."""


@dataclass(frozen=True)
class Course:
    """How one resource went.

    Attributes:
        name: Which.
        first: Median of the first third after warming up.
        second: Of the second.
        last: Of the last.
        most: The largest sample.
        growth_an_hour: Slope over the last two thirds (Theil–Sen, so that single peaks do not count).
        leaks: Whether it grows: the last third is above the second by more than 2 % and the allowance, the slope over
            both agrees, and it still grows within the last third (what levels off late does not).
    """

    name: str
    first: float
    second: float
    last: float
    most: float
    growth_an_hour: float
    leaks: bool


def course(name: str, at_s: Sequence[float], values: Sequence[float], allowance: float) -> Course:
    """Judge one resource.

    Args:
        name: Of the resource.
        at_s: When each sample was taken.
        values: The samples.
        allowance: What it may wander, in its own unit.
    """
    begin = int(len(values) * WARM_UP)
    at_s, values = at_s[begin:], values[begin:]
    third = max(1, len(values) // 3)
    first, second, last = (
        statistics.median(part)
        for part in (values[:third], values[third : 2 * third] or values, values[-third:])
    )
    per_s = _slope(at_s[third:], values[third:])
    span_s = at_s[-1] - at_s[third] if len(at_s) > third else 0.0
    limit = max(second * GROWTH, allowance)
    half = third // 2 or 1
    still = statistics.median(values[-half:]) - statistics.median(
        values[-third : -half or None] or values[-1:]
    )
    leaks = last - second > limit and per_s * span_s > limit and still > limit / 2
    return Course(name, first, second, last, max(values), per_s * 3600, leaks)


def _slope(at_s: Sequence[float], values: Sequence[float]) -> float:
    slopes = [
        (later - earlier) / (end - begin)
        for (begin, earlier), (end, later) in itertools.combinations(zip(at_s, values, strict=True), 2)
        if end > begin
    ]
    return statistics.median(slopes) if slopes else 0.0


@dataclass(frozen=True)
class Seen:
    """One check: when, from the start of the run, and what it said."""

    at_s: float
    verdict: str


@dataclass
class Telling:
    """How faults were told.

    Attributes:
        told: Faults that got a verdict of those expected, by kind and fault.
        untold: Faults that got none, although their camera was looked at meanwhile.
        not_looked_at: Faults during which nobody looked.
        unexplained: Cameras without a frame, and nothing was wrong with them.
        not_well: Cameras that have no frame at the end.
    """

    told: Counter[str] = field(default_factory=Counter)
    untold: list[str] = field(default_factory=list)
    not_looked_at: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)
    not_well: list[str] = field(default_factory=list)


def how_told(
    faults: Sequence[Fault], kinds: Mapping[str, str], checks: Mapping[str, Sequence[Seen]], grace_s: float
) -> Telling:
    """Compare what was wrong with what was said.

    Args:
        faults: What was done.
        kinds: Of all cameras, by name.
        checks: Of each camera, in order.
        grace_s: How much later than a fault its verdict may come.
    """
    telling = Telling()
    for fault in faults:
        if not fault.camera:
            continue
        kind = kinds[fault.camera]
        during = [
            seen for seen in checks[fault.camera] if fault.begins_s <= seen.at_s <= fault.ends_s + grace_s
        ]
        label = f"{kind} {fault.what}"
        if any(seen.verdict in EXPECTED[kind][fault.what] for seen in during):
            telling.told[label] += 1
        elif any(fault.begins_s + grace_s <= seen.at_s <= fault.ends_s for seen in during):
            said = ", ".join(sorted({seen.verdict for seen in during}))
            telling.untold.append(f"{label} at {fault.begins_s:.0f} s: {said}")
        else:
            telling.not_looked_at.append(label)
    for name, kind in kinds.items():
        spans = [(fault.begins_s, fault.ends_s + grace_s) for fault in faults if _concerns(fault, name, kind)]
        for seen in checks[name]:
            if seen.verdict in (OFFLINE, STREAM_FAULT) and not _within(seen.at_s, spans):
                telling.unexplained.append(f"{name} at {seen.at_s:.0f} s: {seen.verdict}")
        if not checks[name] or checks[name][-1].verdict in (OFFLINE, STREAM_FAULT):
            telling.not_well.append(
                f"{name}: {checks[name][-1].verdict if checks[name] else 'never looked at'}"
            )
    return telling


def _concerns(fault: Fault, name: str, kind: str) -> bool:
    if fault.camera:
        return fault.camera == name
    return {
        "restart web": kind in ("http", "mjpeg"),
        "restart rtsp": kind == "rtsp",
        "kill a grabber": True,
        "stop a grabber": True,
        "kill the server": True,
    }.get(fault.what, False)


def _within(at_s: float, spans: Iterable[tuple[float, float]]) -> bool:
    return any(begin <= at_s <= end for begin, end in spans)
