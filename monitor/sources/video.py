"""Frames of a recorded video, played by time, or of a live one at an HTTP address."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import av

from monitor.domain.errors import FrameFault, SourceError, SourceStale
from monitor.domain.frame import Frame
from monitor.domain.ports import Clock
from monitor.net.message import Request
from monitor.sources.errors import InvalidOption
from monitor.sources.files import check_regular
from monitor.sources.memory import Memory
from monitor.sources.movie import Movie
from monitor.sources.network_video import NetworkVideo, Progress
from monitor.sources.pictures import MAX_BYTES, MAX_PIXELS, TARGET_LONG_SIDE
from monitor.sources.stream.finish import finish_frame

# As many a second as nobody makes, for a century: what is more was not remembered by us.
_MOST_GRABS = 1 << 40


class AtEnd(StrEnum):
    """What follows the last frame."""

    LOOP = "loop"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class VideoOptions:
    """Which video, and how fast.

    Attributes:
        path: Any file that FFmpeg reads; or `url`.
        position_s: Where the first frame is taken, seconds from the beginning.
        step_s: How far each grab goes on; None goes on by as much time as has passed since the first grab.
        at_end: `loop` starts again at `position_s`; `stale` reports the source as stale from then on.
        max_pixels: Of a frame.
        target_long_side: Frames shrink to 1/2, 1/4 or 1/8 while their long side keeps so many pixels.
        url: An HLS playlist or a video file at http or https, `user:password@` taken out of it. Hidden.
        username: For basic or digest authentication, at the host of `url` only.
        password: Goes with it.
        ca_file: Certificates to trust instead of the system's.
        verify: Whether the server's certificate must be valid.
        timeout_s: A shorter time limit than that of the check; None leaves it at that.
        max_bytes: Of a segment, or of a video file that is fetched.

    Raises:
        InvalidOption: One of them cannot work.
        RequestRefused: The URL cannot be used.
    """

    path: Path | None = None
    position_s: float = 0.0
    step_s: float | None = None
    at_end: str = "loop"
    max_pixels: int = MAX_PIXELS
    target_long_side: int = TARGET_LONG_SIDE
    url: str | None = field(default=None, repr=False)
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    verify: bool = True
    timeout_s: float | None = None
    max_bytes: int = MAX_BYTES

    def __post_init__(self) -> None:
        if (self.path is None) == (self.url is None):
            raise InvalidOption("`path` and `url` exclude each other.", "Give one of them.")
        if self.at_end not in list(AtEnd):
            raise InvalidOption(f"A video cannot end in {self.at_end!r}.", f"Use one of {', '.join(AtEnd)}.")
        if not self.position_s >= 0 or (self.step_s is not None and not self.step_s > 0):
            raise InvalidOption("`position` or `step` is out of range.", "Give positive seconds.")
        self.request()

    def request(self) -> Request | None:
        """For `url`, where there is one."""
        if self.url is None:
            return None
        return Request(
            self.url,
            username=self.username,
            password=self.password,
            ca_file=self.ca_file,
            verify=self.verify,
            max_bytes=self.max_bytes,
        )


def host_of(options: VideoOptions) -> str | None:
    """The machine that is asked for the video, if one is."""
    return None if options.url is None else urlsplit(options.url).hostname


class VideoSource:
    """Plays one video.

    Args:
        options: Which.
        clock: Gives frames their time of capture, and the pace without `step_s`.
    """

    def __init__(self, options: VideoOptions, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._request = options.request()
        self._name = str(options.path) if self._request is None else self._request.origin
        self._movie: Movie | NetworkVideo | None = None
        self._progress = Progress()
        self._started_s: float | None = None
        self._grabs = 0
        self._tell: Callable[[Memory], None] | None = None

    def grab(self, timeout_s: float) -> Frame:
        """The frame that is due now.

        Raises:
            SourceUnreachable: There is no such file, or nothing answers at its address.
            SourceDenied: It may not be read.
            SourceStale: The video is over; a live one does not go on.
            SourceTimeout: Finding the frame took too long.
            FrameFault: It is no video, or nothing in it can be decoded.
        """
        deadline_s = time.monotonic() + min(timeout_s, self._options.timeout_s or timeout_s)
        due_s = self._due_s()
        if self._tell is not None:
            self._tell(self.remember())
        try:
            return finish_frame(
                self._play(self._open(deadline_s), due_s, deadline_s),
                self._clock.now(),
                max_pixels=self._options.max_pixels,
                target_long_side=self._options.target_long_side,
            )
        except (av.FFmpegError, ValueError) as error:
            self.close()
            raise FrameFault(
                f"{self._name} cannot be played as a video: {type(error).__name__}.",
                "Try it in a player; convert it again.",
            ) from None
        except SourceError:
            self.close()
            raise

    def remember(self) -> Memory:
        """How far it has been played: the number of grabs, the monotonic time of the first, the newest segment."""
        memory: dict[str, Any] = {"grabs": self._grabs, "started_s": self._started_s}
        if self._request is not None:
            memory |= {"newest": self._progress.newest, "since_s": self._progress.since_s}
        return memory

    def recall(self, memory: Memory) -> None:
        """Go on from what another instance remembered; what does not fit is left out."""
        grabs, started_s = memory.get("grabs"), memory.get("started_s")
        if isinstance(grabs, int) and 0 <= grabs <= _MOST_GRABS:
            self._grabs = grabs
        # The clock is the same for all processes of a machine.
        if isinstance(started_s, int | float) and 0.0 <= started_s <= self._clock.monotonic_s():
            self._started_s = float(started_s)
        newest, since_s = memory.get("newest"), memory.get("since_s")
        if isinstance(newest, int) and isinstance(since_s, int | float):
            self._progress.newest, self._progress.since_s = newest, float(since_s)

    def foretell(self, tell: Callable[[Memory], None]) -> None:
        """Tell the position before the frame there is decoded: one that kills its reader is not met again."""
        self._tell = tell

    def close(self) -> None:
        """Close the file; the position in it is kept."""
        if self._movie is not None:
            self._movie.close()
            self._movie = None

    def _due_s(self) -> float:
        """How far behind `position_s` playback is, had the video no end."""
        if self._options.step_s is not None:
            self._grabs += 1
            return (self._grabs - 1) * self._options.step_s
        now_s = self._clock.monotonic_s()
        if self._started_s is None:
            self._started_s = now_s
        return now_s - self._started_s

    def _open(self, deadline_s: float) -> Movie | NetworkVideo:
        options = self._options
        if options.path is not None:
            if self._movie is None:
                check_regular(options.path)
                self._movie = Movie(options.path, options.max_pixels)
            return self._movie
        assert self._request is not None
        if not isinstance(self._movie, NetworkVideo):
            self._movie = NetworkVideo(
                self._request, options.max_pixels, options.target_long_side, self._progress
            )
        self._movie.open(deadline_s)
        return self._movie

    def _play(self, movie: Movie | NetworkVideo, due_s: float, deadline_s: float) -> av.VideoFrame:
        start_s = self._options.position_s
        # The declared length may be wrong; on the second round the real one is known.
        for _ in range(2):
            at_s = due_s
            if movie.length_s is not None:
                span_s = movie.length_s - start_s
                if span_s <= 0:
                    break
                if due_s >= span_s and self._options.at_end == AtEnd.STALE:
                    raise SourceStale(f"{self._name} is over.", "Set `at_end: loop` to play it again.")
                at_s = due_s % span_s
            frame = movie.frame_at(start_s + at_s, deadline_s)
            if frame is not None:
                return frame
        raise FrameFault(
            f"{self._name} has no frame that can be decoded at {start_s:g} s or behind it.",
            "Lower `position`, or convert the video again.",
        )
