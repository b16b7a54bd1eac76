"""From a decoded picture of a video to a frame."""

from __future__ import annotations

import hashlib
from datetime import datetime

import av
import numpy as np

from monitor.domain.frame import Frame, Pixels
from monitor.sources.pictures import check_shape, reduction


def finish_frame(
    picture: av.VideoFrame, captured_at: datetime, *, max_pixels: int, target_long_side: int
) -> Frame:
    """Reduced, in RGB, upright as its recorded rotation says; the digest is that of the pixels.

    Pixels rather than bytes: a stream numbers its pictures, so that the bytes of a picture that stands still differ.

    Raises:
        FrameFault: It has too many pixels, or an absurd shape.
    """
    width, height = picture.width, picture.height
    check_shape(width, height, max_pixels)
    factor = reduction(max(width, height), target_long_side)
    small = picture.reformat(width // factor, height // factor, "rgb24", interpolation="AREA")
    quarter_turns = round(picture.rotation / 90)
    pixels: Pixels = np.ascontiguousarray(np.rot90(small.to_ndarray(), quarter_turns), dtype=np.uint8)
    pixels.flags.writeable = False
    if quarter_turns % 2:
        width, height = height, width
    return Frame(pixels, captured_at, hashlib.sha256(pixels.tobytes()).hexdigest(), width, height)
