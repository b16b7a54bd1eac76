"""Cameras: read all the time, opened again when lost, with every wait bounded."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import cv2
import numpy as np
import requests
from numpy.typing import NDArray
from requests.auth import HTTPBasicAuth, HTTPDigestAuth

from train.preparation.pictures import Pixels
from train.preparation.problems import PreparationError

OPEN_TIMEOUT_MS, READ_TIMEOUT_MS = 10_000, 5_000
_LARGEST_SNAPSHOT_BYTES = 64_000_000
_LONGEST_PAUSE_S = 30.0
_WAIT_S = 0.05


class CameraLost(PreparationError):
    """A camera does not answer, or answers no more."""


@dataclass(frozen=True, slots=True, eq=False)
class Captured:
    """One picture.

    Attributes:
        pixels: (H, W, 3) uint8 RGB.
        origin: File it was read from, which is kept as it is; None where there is no file.
    """

    pixels: Pixels
    origin: Path | None = None


class VideoSource:
    """A USB camera or a stream; opened again when it is lost."""

    live = True

    def __init__(self, address: int | str, again: Retries) -> None:
        self._address = address
        self._again = again
        self._capture = open_video(address)
        if not self._capture.isOpened():
            self._reopen("does not answer")

    def read(self, after_s: float) -> Captured | None:
        """The newest frame once `after_s` have passed; earlier ones are dropped on the way."""
        due = time.monotonic() + after_s
        while not self._again.stopped():
            if not self._capture.grab():
                self._reopen("sends no more pictures")
                continue
            if time.monotonic() >= due:
                found, pixels = self._capture.retrieve()
                if found and pixels is not None and pixels.size:
                    self._again.succeeded()
                    return Captured(to_rgb(pixels))
                if time.monotonic() > due + READ_TIMEOUT_MS / 1000:
                    self._reopen("sends pictures that cannot be decoded")
        return None

    def _reopen(self, problem: str) -> None:
        while not self._again.stopped():
            self._capture.release()
            self._again.wait(problem)
            self._capture = open_video(self._address)
            if self._capture.isOpened():
                return

    def close(self) -> None:
        """Let go of the camera."""
        self._capture.release()


class SnapshotSource:
    """An address that answers with one picture at a time."""

    live = True

    def __init__(self, url: str, again: Retries, stopped: Callable[[], bool]) -> None:
        self._url = url
        self._again = again
        self._stopped = stopped

    def read(self, after_s: float) -> Captured | None:
        """Wait, then ask for one."""
        due = time.monotonic() + after_s
        while time.monotonic() < due and not self._stopped():
            time.sleep(min(_WAIT_S, max(due - time.monotonic(), 0)))
        while not self._stopped():
            pixels, problem = _snapshot(self._url)
            if pixels is not None:
                self._again.succeeded()
                return Captured(pixels)
            self._again.wait(problem)
        return None

    def close(self) -> None:
        """Nothing stays open."""


class Retries:
    """Counts failures in a row, waits longer after each, and gives up after so many."""

    def __init__(self, name: str, most: int, stopped: Callable[[], bool], pause_s: float) -> None:
        self.stopped = stopped
        self._name = name
        self._most = most
        self._pause_s = pause_s
        self._failed = 0

    def succeeded(self) -> None:
        """The row of failures is over."""
        self._failed = 0

    def wait(self, problem: str) -> None:
        """Count a failure, and wait before the next try.

        Raises:
            CameraLost: That was one too many.
        """
        self._failed += 1
        if self._failed > self._most:
            raise CameraLost(
                f"The camera {self._name} {problem}; tried {self._most + 1} times.",
                "Check its address, its power, its password and that nothing else uses it.",
            )
        until = time.monotonic() + min(self._pause_s * 2 ** (self._failed - 1), _LONGEST_PAUSE_S)
        while time.monotonic() < until and not self.stopped():
            time.sleep(_WAIT_S)


def open_video(address: int | str) -> cv2.VideoCapture:
    """A capture with bounds on its time.

    What OpenCV and FFmpeg have to say stays unsaid: they repeat addresses with the passwords in them.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    if isinstance(address, int):
        return cv2.VideoCapture(address)
    bounds = [
        cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
        OPEN_TIMEOUT_MS,
        cv2.CAP_PROP_READ_TIMEOUT_MSEC,
        READ_TIMEOUT_MS,
    ]
    return cv2.VideoCapture(address, cv2.CAP_FFMPEG, bounds)


def to_rgb(pixels: NDArray[Any]) -> Pixels:
    """(H, W, 3) from OpenCV's order of colours."""
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


def is_snapshot(url: str) -> bool:
    """Whether an address answers with one picture; False where it is a stream or does not answer."""
    try:
        with _get(url) as answer:
            return answer.headers.get("Content-Type", "").lower().startswith("image/")
    except requests.exceptions.RequestException:
        return False


def _snapshot(url: str) -> tuple[Pixels | None, str]:
    """A picture, or what is wrong."""
    try:
        with _get(url) as answer:
            if answer.status_code != 200:
                return None, f"answers {answer.status_code}"
            content = bytearray()
            for chunk in answer.iter_content(1 << 16):
                content += chunk
                if len(content) > _LARGEST_SNAPSHOT_BYTES:
                    return None, f"sends more than {_LARGEST_SNAPSHOT_BYTES} bytes"
    except requests.exceptions.RequestException as error:
        return None, f"cannot be reached ({type(error).__name__})"
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if content else None
    return (None, "sends no picture") if decoded is None else (to_rgb(decoded), "")


def _get(url: str) -> requests.Response:
    """Ask with the address's user and password, by Digest where the camera wants that."""
    parts = urlsplit(url)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    timeout = (OPEN_TIMEOUT_MS / 1000, READ_TIMEOUT_MS / 1000)
    answer = requests.get(
        bare, auth=HTTPBasicAuth(user, password) if user else None, stream=True, timeout=timeout
    )
    if answer.status_code == 401 and "digest" in answer.headers.get("WWW-Authenticate", "").lower() and user:
        answer.close()
        answer = requests.get(bare, auth=HTTPDigestAuth(user, password), stream=True, timeout=timeout)
    return answer
