"""The two usual ways to get a frame, measured on the same addresses: OpenCV's open-read-close, an ffmpeg per frame."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from monitor.wiring.rate import Rate, repeat

_ONE_FRAME_S = 30.0
_START_S = 60.0
_OVER_TCP = {"OPENCV_FFMPEG_CAPTURE_OPTIONS": "rtsp_transport;tcp"}


def opencv(address: str, lanes: int, seconds: float) -> Rate:
    """`cv2.VideoCapture(address)`, `read`, `release`, in a process of its own."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "monitor.wiring.opencv_loop", address, str(lanes), str(seconds)],
            capture_output=True, text=True, timeout=seconds + _START_S, check=False, env={**os.environ, **_OVER_TCP},
        )  # fmt: skip
        said = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return Rate(0, 1, seconds, 0.0, "OpenCV's loop hung or crashed.")
    reason = "OpenCV reads nothing there." if said["failures"] else ""
    return Rate(said["frames"], said["failures"], said["seconds"], said["core_s"], reason)


def ffmpeg(address: str, lanes: int, seconds: float) -> Rate:
    """`ffmpeg -frames:v 1` a frame, thrown away; its processor time is what the kernel says when it ends."""
    program = shutil.which("ffmpeg")
    if program is None:
        return Rate(0, 0, 0.0, 0.0, "ffmpeg is not installed.")
    over_tcp = ["-rtsp_transport", "tcp"] if address.startswith("rtsp:") else []
    command = [
        program,
        "-nostdin",
        "-loglevel",
        "quiet",
        *over_tcp,
        "-i",
        address,
        "-frames:v",
        "1",
        "-f",
        "null",
        "-",
    ]
    spent_s: list[float] = []
    began_s = time.perf_counter()
    grabs, failures = repeat([_one_frame(command, spent_s)] * lanes, seconds)
    reason = "ffmpeg reads nothing there." if failures else ""
    return Rate(grabs, failures, time.perf_counter() - began_s, sum(spent_s), reason)


def _one_frame(command: list[str], spent_s: list[float]) -> Callable[[], bool]:
    def run() -> bool:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        killer = threading.Timer(_ONE_FRAME_S, process.kill)
        killer.start()
        _, status, used = os.wait4(process.pid, 0)
        killer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        spent_s.append(used.ru_utime + used.ru_stime)
        return process.returncode == 0

    return run
