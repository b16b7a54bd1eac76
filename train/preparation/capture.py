"""Where collected pictures come from: a camera, a film, a snapshot address, or a folder.

A live source is read all the time, so that the picture kept is the newest and not one that waited in a buffer. A film
or a folder is never in a hurry: `every_s` then means time within the film, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import cv2

from train.preparation.addresses import shown
from train.preparation.cameras import (
    Captured,
    Retries,
    SnapshotSource,
    VideoSource,
    is_snapshot,
    open_video,
    to_rgb,
)
from train.preparation.pictures import find_pictures, read_pixels
from train.preparation.problems import PreparationError, Problems

_STREAMS = frozenset({"rtsp", "rtsps", "rtmp", "udp", "http", "https"})


class Source(Protocol):
    """What pictures are taken from.

    Attributes:
        live: Whether pictures pass by while nobody asks for one.
    """

    live: bool

    def read(self, after_s: float) -> Captured | None:
        """The picture about `after_s` after the one before; None at the end.

        Raises:
            CameraLost: There is none, after all retries.
        """
        ...

    def close(self) -> None:
        """Let go of the camera."""
        ...


@contextmanager
def open_source(
    source: str, retries: int, stopped: Callable[[], bool], problems: Problems, pause_s: float = 1.0
) -> Iterator[Source]:
    """Open what `--source` names: a folder, a film, a USB camera's number, an RTSP or HTTP address.

    An HTTP address that answers with one picture is asked again for each; others are played as a stream.

    Args:
        source: As above.
        retries: Times that a lost camera is opened again in a row.
        stopped: Whether to give up waiting.
        problems: Gets files of a folder that cannot be read.
        pause_s: Before the first retry; doubled for each next one.

    Raises:
        PreparationError: There is no such source.
        CameraLost: It does not answer.
    """
    opened = _open(source, retries, stopped, problems, pause_s)
    try:
        yield opened
    finally:
        opened.close()


def _open(
    source: str, retries: int, stopped: Callable[[], bool], problems: Problems, pause_s: float
) -> Source:
    again = Retries(shown(source), retries, stopped, pause_s)
    if source.isascii() and source.isdigit():
        return VideoSource(int(source), again)
    scheme = urlsplit(source).scheme
    if scheme in ("http", "https") and is_snapshot(source):
        return SnapshotSource(source, again, stopped)
    if scheme in _STREAMS:
        return VideoSource(source, again)
    path = Path(source)
    if path.is_dir():
        return FolderSource(path, problems)
    if path.is_file():
        return FilmSource(path)
    raise PreparationError(
        f"There is no source {shown(source)}.",
        "Give a folder, a video file, a camera's number, or an rtsp or http address.",
    )


class FolderSource:
    """The pictures of a folder, one after the other."""

    live = False

    def __init__(self, directory: Path, problems: Problems) -> None:
        self._files = iter(find_pictures(directory))
        self._problems = problems

    def read(self, after_s: float) -> Captured | None:
        """The next one that can be read."""
        for file in self._files:
            pixels = read_pixels(file, self._problems)
            if pixels is not None:
                return Captured(pixels, file)
        return None

    def close(self) -> None:
        """Nothing is open."""


class FilmSource:
    """A video file, played by its own clock.

    Raises:
        PreparationError: It is no video.
    """

    live = False

    def __init__(self, path: Path) -> None:
        self._capture = open_video(str(path))
        if not self._capture.isOpened():
            raise PreparationError(f"{path} is no video that can be read.", "Convert it to MP4 or AVI.")
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self._frame_s = 1 / rate if 0 < rate <= 1000 else 1 / 25
        self._started = False

    def read(self, after_s: float) -> Captured | None:
        """The frame that is `after_s` further on."""
        for _ in range(max(round(after_s / self._frame_s), 1) - 1 if self._started else 0):
            if not self._capture.grab():
                return None
        self._started = True
        found, pixels = self._capture.read()
        return Captured(to_rgb(pixels)) if found else None

    def close(self) -> None:
        """Close the file."""
        self._capture.release()
