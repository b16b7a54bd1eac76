"""Frames of a recorded video, played by time."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import av
import numpy as np

from monitor.domain.errors import FrameFault, SourceStale, SourceTimeout
from monitor.domain.frame import Frame, Pixels
from monitor.domain.ports import Clock
from monitor.sources.errors import InvalidOption
from monitor.sources.files import check_regular
from monitor.sources.memory import Memory
from monitor.sources.movie import Movie
from monitor.sources.pictures import MAX_PIXELS, TARGET_LONG_SIDE, check_shape, reduction

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
        path: Any file that FFmpeg reads.
        position_s: Where the first frame is taken, seconds from the beginning.
        step_s: How far each grab goes on; None goes on by as much time as has passed since the first grab.
        at_end: `loop` starts again at `position_s`; `stale` reports the source as stale from then on.
        max_pixels: Of a frame.
        target_long_side: Frames shrink to 1/2, 1/4 or 1/8 while their long side keeps so many pixels.

    Raises:
        InvalidOption: One of them cannot work.
    """

    path: Path
    position_s: float = 0.0
    step_s: float | None = None
    at_end: str = "loop"
    max_pixels: int = MAX_PIXELS
    target_long_side: int = TARGET_LONG_SIDE

    def __post_init__(self) -> None:
        if self.at_end not in list(AtEnd):
            raise InvalidOption(f"A video cannot end in {self.at_end!r}.", f"Use one of {', '.join(AtEnd)}.")
        if not self.position_s >= 0 or (self.step_s is not None and not self.step_s > 0):
            raise InvalidOption("`position` or `step` is out of range.", "Give positive seconds.")


class VideoSource:
    """Plays one video.

    Args:
        options: Which.
        clock: Gives frames their time of capture, and the pace without `step_s`.
    """

    def __init__(self, options: VideoOptions, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._movie: Movie | None = None
        self._started_s: float | None = None
        self._grabs = 0
        self._tell: Callable[[Memory], None] | None = None

    def grab(self, timeout_s: float) -> Frame:
        """The frame that is due now.

        Raises:
            SourceUnreachable: There is no such file.
            SourceDenied: It may not be read.
            SourceStale: The video is over.
            SourceTimeout: Finding the frame took too long.
            FrameFault: It is no video, or nothing in it can be decoded.
        """
        deadline_s = time.monotonic() + timeout_s
        due_s = self._due_s()
        if self._tell is not None:
            self._tell(self.remember())
        try:
            if self._movie is None:
                check_regular(self._options.path)
                self._movie = Movie(self._options.path, self._options.max_pixels)
            return self._finish(self._play(self._movie, due_s, deadline_s))
        except (av.FFmpegError, ValueError) as error:
            self.close()
            raise FrameFault(
                f"{self._options.path} cannot be played as a video: {type(error).__name__}.",
                "Try it in a player; convert it again.",
            ) from error
        except (FrameFault, SourceTimeout):
            self.close()
            raise

    def remember(self) -> Memory:
        """How far it has been played: the number of grabs, and the monotonic time of the first."""
        return {"grabs": self._grabs, "started_s": self._started_s}

    def recall(self, memory: Memory) -> None:
        """Go on from what another instance remembered; what does not fit is left out."""
        grabs, started_s = memory.get("grabs"), memory.get("started_s")
        if isinstance(grabs, int) and 0 <= grabs <= _MOST_GRABS:
            self._grabs = grabs
        # The clock is the same for all processes of a machine.
        if isinstance(started_s, int | float) and 0.0 <= started_s <= self._clock.monotonic_s():
            self._started_s = float(started_s)

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

    def _play(self, movie: Movie, due_s: float, deadline_s: float) -> av.VideoFrame:
        start_s = self._options.position_s
        # The declared length may be wrong; on the second round the real one is known.
        for _ in range(2):
            at_s = due_s
            if movie.length_s is not None:
                span_s = movie.length_s - start_s
                if span_s <= 0:
                    break
                if due_s >= span_s and self._options.at_end == AtEnd.STALE:
                    raise SourceStale(
                        f"{self._options.path} is over.", "Set `at_end: loop` to play it again."
                    )
                at_s = due_s % span_s
            frame = movie.frame_at(start_s + at_s, deadline_s)
            if frame is not None:
                return frame
        raise FrameFault(
            f"{self._options.path} has no frame that can be decoded at {start_s:g} s or behind it.",
            "Lower `position`, or convert the video again.",
        )

    def _finish(self, frame: av.VideoFrame) -> Frame:
        width, height = frame.width, frame.height
        check_shape(width, height, self._options.max_pixels)
        factor = reduction(max(width, height), self._options.target_long_side)
        small = frame.reformat(width // factor, height // factor, "rgb24", interpolation="AREA")
        quarter_turns = round(frame.rotation / 90)
        pixels: Pixels = np.ascontiguousarray(np.rot90(small.to_ndarray(), quarter_turns), dtype=np.uint8)
        pixels.flags.writeable = False
        if quarter_turns % 2:
            width, height = height, width
        digest = hashlib.sha256(pixels.tobytes()).hexdigest()
        return Frame(pixels, self._clock.now(), digest, width, height)
