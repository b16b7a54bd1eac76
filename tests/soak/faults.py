"""What goes wrong when: a schedule drawn from a seed, and what each fault should be told as."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from types import MappingProxyType

OFFLINE, STREAM_FAULT = "offline", "stream_fault"
_WEB = MappingProxyType(
    {
        "refuse": {OFFLINE}, "silent": {OFFLINE}, "drip": {OFFLINE}, "error": {OFFLINE}, "echo": {OFFLINE},
        "html": {STREAM_FAULT}, "empty": {STREAM_FAULT}, "cut": {STREAM_FAULT}, "garbage": {STREAM_FAULT},
        "flood": {STREAM_FAULT},
    }
)  # fmt: skip
EXPECTED: Mapping[str, Mapping[str, set[str]]] = MappingProxyType(
    {
        "http": _WEB,
        # A stream that drips garbage may end by its time or by its bytes.
        "mjpeg": {**_WEB, "drip": {OFFLINE, STREAM_FAULT}},
        "folder": {"gone": {OFFLINE}, "stale": {OFFLINE}, "partial": {OFFLINE, STREAM_FAULT}, "junk": {STREAM_FAULT}},
        "video": {"gone": {OFFLINE}, "junk": {STREAM_FAULT}},
        "exec": {
            "hang": {OFFLINE}, "crash": {OFFLINE, STREAM_FAULT}, "fail": {OFFLINE, STREAM_FAULT},
            "garbage": {STREAM_FAULT}, "flood": {STREAM_FAULT},
        },
        "rtsp": {},
    }
)  # fmt: skip
"""By kind of source, what may be wrong with one camera, and the verdicts that it may be given for it."""
EVENTS = ("kill a grabber", "stop a grabber", "kill the server", "reload", "restart web", "restart rtsp")
"""What happens to everybody."""
RARE: Mapping[str, float] = MappingProxyType({"kill the server": 0.3})
"""Less often than the others by so much: no grabber outlives it, and only those that grow old show what they keep."""


@dataclass(frozen=True, order=True)
class Fault:
    """Something that goes wrong for a while.

    Attributes:
        begins_s: From the start of the run.
        ends_s: The same.
        camera: Whose; empty for what happens to everybody.
        what: A state of the camera, or one of `EVENTS`.
    """

    begins_s: float
    ends_s: float
    camera: str
    what: str


def schedule(
    cameras: Mapping[str, str], events: Sequence[str], seconds: float, interval_s: float, seed: int
) -> Iterator[Fault]:
    """Faults until shortly before the end, so that all can be over by then, and be seen to be.

    About one camera in ten is troubled at a time; something happens to everybody about once in half a minute.

    Args:
        cameras: Kind by name.
        events: Those that can happen here.
        seconds: Of the run.
        interval_s: Between two checks of a camera; a fault lasts for four to nine of them.
        seed: The same gives the same.
    """
    random = Random(seed)
    last_s = seconds - max(8 * interval_s, 60.0)
    faulty = [name for name, kind in cameras.items() if EXPECTED[kind]]
    free_at = dict.fromkeys(faulty, 3 * interval_s)
    mean_s = 6.5 * interval_s
    at_s = 3 * interval_s
    while at_s < last_s - 3 * interval_s:
        at_s += random.expovariate(max(1, len(faulty)) / 10 / mean_s)
        name = random.choice(faulty)
        if free_at[name] > at_s:
            continue
        what = random.choice(sorted(EXPECTED[cameras[name]]))
        ends_s = min(last_s, at_s + random.uniform(4, 9) * interval_s)
        # A camera has some rest, so that it is seen to be well again.
        free_at[name] = ends_s + 8 * interval_s
        if ends_s - at_s >= 3.5 * interval_s:
            yield Fault(at_s, ends_s, name, what)
    at_s = 3 * interval_s
    weights = [RARE.get(event, 1.0) for event in events]
    while events and (at_s := at_s + random.expovariate(1 / 30)) < last_s - 20.0:
        yield Fault(at_s, at_s + random.uniform(3, 15), "", random.choices(events, weights)[0])
