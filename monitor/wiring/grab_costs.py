"""What a grab from a stream costs here, beside what others would pay for it, in turns.

Processor time of this process and its children, all threads: it holds while the machine does other things as well.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2

from monitor.clock import SystemClock
from monitor.sources.rtsp import RtspOptions, RtspSource

GRAB_TIMEOUT_S = 20.0
Contender = Callable[[], None]


@dataclass(frozen=True, slots=True)
class GrabCost:
    """One way to get a frame.

    Attributes:
        grabs: How many were made.
        core_ms: Median milliseconds of processor time of one.
        wall_ms: Median of what one took by the clock, waiting for a key frame included.
    """

    grabs: int
    core_ms: float
    wall_ms: float


def compare_stream_grabs(url: str, rounds: int) -> Mapping[str, GrabCost]:
    """Get a frame out of an RTSP stream by our source, by OpenCV and by the `ffmpeg` program, in turns.

    Args:
        url: Of a stream that works.
        rounds: How often each; one more is made before, and not counted.

    Returns:
        By name; `ffmpeg` is left out where it is not installed.

    Raises:
        MonitorError: Our source gets no frame.
        RuntimeError: Another one gets none.
    """
    contenders: dict[str, Contender] = {
        "monitor": lambda: _by_source(url),
        "cv2.VideoCapture": lambda: _by_opencv(url),
        "ffmpeg": lambda: _by_program(url),
    }
    spent: dict[str, list[tuple[float, float]]] = {}
    for number in range(rounds + 1):
        for name, grab in contenders.items():
            core_s, wall_s = _core_s(), time.perf_counter()
            try:
                grab()
            except FileNotFoundError:
                continue
            if number:
                taken = ((_core_s() - core_s) * 1000, (time.perf_counter() - wall_s) * 1000)
                spent.setdefault(name, []).append(taken)
    return {
        name: GrabCost(
            len(taken),
            statistics.median(core_ms for core_ms, _ in taken),
            statistics.median(wall_ms for _, wall_ms in taken),
        )
        for name, taken in spent.items()
    }


def _core_s() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def _by_source(url: str) -> None:
    source = RtspSource(RtspOptions(url, transport="tcp"), SystemClock())
    source.grab(GRAB_TIMEOUT_S)
    source.close()


def _by_opencv(url: str) -> None:
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "rtsp_transport;tcp"
    capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG)
    got, _ = capture.read()
    capture.release()
    if not got:
        raise RuntimeError("OpenCV got no frame")


def _by_program(url: str) -> None:
    # Nothing is encoded or written, which is the cheapest way to end.
    asked = ("ffmpeg", "-nostdin", "-loglevel", "error", "-rtsp_transport", "tcp", "-i", url)
    done = subprocess.run(
        [*asked, "-frames:v", "1", "-f", "null", "-"],
        capture_output=True,
        timeout=GRAB_TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        raise RuntimeError("ffmpeg got no frame")
