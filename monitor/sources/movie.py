"""Finding the frame at a time in a video file.

PyAV rather than OpenCV: its errors are exceptions instead of lines on stderr, it tells damaged frames apart,
and it finds a frame in half to two thirds of the time (measured, see docs/bench.md).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import av

from monitor.domain.errors import FrameFault, SourceTimeout
from monitor.sources.pictures import check_shape

# Where a file does not tell: so far ahead, decoding on is usually cheaper than going back to a key frame.
_DECODE_AHEAD_S = 2.0
# So far before what is sought a jump goes, until it lands before it.
_LANDINGS_S = (0.0, 2.0, 10.0)
# Times are multiples of a stream's own tick; a sum of steps may miss one by less than this.
_SLACK_S = 1e-3
_USUAL_RATE_HZ = 25.0


class Movie:
    """An open video file.

    Args:
        file: A regular file, or the bytes of one.
        max_pixels: Of a frame, judged on the header before anything is decoded.
        name: What to call bytes in errors.
        container: FFmpeg's name of the container that the bytes must be.

    Attributes:
        length_s: As the file declares, until it has been played to its end; None if it does not say.

    Raises:
        FrameFault: It is no video, or its frames are too large.
        av.FFmpegError: FFmpeg cannot open it.
    """

    def __init__(
        self, file: Path | BinaryIO, max_pixels: int, name: str = "", container: str | None = None
    ) -> None:
        self._name = name or file
        # A playlist could name other files and addresses: nothing but files is opened on its behalf.
        opened = f"file:{file}" if isinstance(file, Path) else file
        self._container = av.open(opened, "r", format=container, options={"protocol_whitelist": "file"})
        try:
            self._stream = self._take_stream(max_pixels)
        except FrameFault:
            self._container.close()
            raise
        self._begins_s = float((self._stream.start_time or 0) * (self._stream.time_base or 0))
        self._frame_lasts_s = 1.0 / float(self._stream.average_rate or _USUAL_RATE_HZ)
        declared = self._container.duration
        self.length_s = None if declared is None else declared / av.time_base
        self._frames = self._decode()
        self._last: av.VideoFrame | None = None
        self._last_s = 0.0
        self._before_last_s = -1.0
        # Nothing is known of what lies before this.
        self._from_s = -1.0
        self._landed_s = 0.0

    def frame_at(self, at_s: float, deadline_s: float) -> av.VideoFrame | None:
        """The first frame that is not before `at_s`, or the last one while it lasts.

        Args:
            at_s: Seconds from the first frame.
            deadline_s: The `time.monotonic()` at which to give up.

        Returns:
            The frame, or None where the video is over; `length_s` then is what was found.

        Raises:
            SourceTimeout: It took too long.
            av.FFmpegError: The file cannot be read on.
        """
        if self._last is not None and self._before_last_s < at_s <= self._last_s + _SLACK_S:
            return self._last
        goes_back = self._last is not None and at_s <= self._last_s
        jumps = goes_back or self._can_skip_to(at_s)
        found = self._jump_to(at_s, deadline_s) if jumps else self._decode_until(at_s, deadline_s)
        if found is None and self._last is None:
            # What was sought is missing: count what is there.
            self._seek(0.0)
            found = self._decode_until(at_s, deadline_s)
        if found is not None:
            return found
        self.length_s = 0.0 if self._last is None else self._last_s + self._frame_lasts_s
        return self._last if at_s < self.length_s else None

    def close(self) -> None:
        """Close the file."""
        self._last = None
        # It refers to this object: left alone, both would keep FFmpeg's threads until the collector comes by.
        self._frames = iter(())
        self._container.close()

    def _take_stream(self, max_pixels: int) -> av.VideoStream:
        if not self._container.streams.video:
            raise FrameFault(f"{self._name} holds no video.", "Name a file with pictures in it.")
        stream = self._container.streams.video[0]
        if stream.codec_context is None:
            raise FrameFault(
                f"{self._name} holds a video in a codec that is not known here.", "Convert it to H.264."
            )
        stream.codec_context.thread_count = 1
        check_shape(stream.width, stream.height, max_pixels)
        return stream

    def _jump_to(self, at_s: float, deadline_s: float) -> av.VideoFrame | None:
        """Go to the key frame before that time, and on from there."""
        found = None
        # Containers without an index may lead to a place whose first key frame lies behind what is sought.
        for earlier_s in _LANDINGS_S:
            self._seek(at_s - earlier_s)
            found = self._decode_until(at_s, deadline_s)
            if self._landed_s <= at_s + _SLACK_S:
                break
        return found

    def _can_skip_to(self, at_s: float) -> bool:
        """Whether a key frame lies between here and there: by the file's index, else as key frames usually lie."""
        index, tick_s = self._stream.index_entries, self._stream.time_base
        if len(index) and tick_s:
            ticks = int((at_s + self._begins_s) / tick_s)
            # Some containers have none, and list only what was read.
            if index[len(index) - 1].timestamp >= ticks and (found := index.search_timestamp(ticks)) >= 0:
                return float(index[found].timestamp * tick_s) - self._begins_s > self._last_s + _SLACK_S
        return at_s > self._last_s + _DECODE_AHEAD_S

    def _seek(self, at_s: float) -> None:
        try:
            self._container.seek(round((at_s + self._begins_s) * av.time_base), backward=True)
        except av.PermissionError:
            # What some containers say of times before their beginning.
            self._container.seek(round(self._begins_s * av.time_base), backward=True)
        self._frames = self._decode()
        self._last, self._last_s, self._before_last_s = None, 0.0, -1.0
        self._from_s, self._landed_s = at_s - _SLACK_S, 0.0

    def _decode_until(self, at_s: float, deadline_s: float) -> av.VideoFrame | None:
        for frame in self._frames:
            if time.monotonic() > deadline_s:
                raise SourceTimeout(
                    f"Finding the frame at {at_s:.1f} s in {self._name} took too long.",
                    "Convert the video with more key frames or fewer pixels.",
                )
            if frame.is_corrupt or frame.time is None:
                continue
            at = frame.time - self._begins_s
            if self._last is None:
                self._landed_s = at
            self._before_last_s = self._from_s if self._last is None else self._last_s
            self._last, self._last_s = frame, at
            if self._last_s >= at_s - _SLACK_S:
                return frame
        return None

    def _decode(self) -> Iterator[av.VideoFrame]:
        can_begin = False
        for packet in self._container.demux(self._stream):
            # Some decoders begin anywhere, with what is no picture. The last packet is empty: it asks for what is left.
            can_begin = can_begin or packet.is_keyframe or not packet.size
            if not can_begin:
                continue
            try:
                yield from packet.decode()
            except av.InvalidDataError:
                continue  # One damaged packet; the frames behind the next key frame are whole again.
