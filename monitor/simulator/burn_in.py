"""The clock and the name that a camera writes into its picture, and the JPEG it makes of it."""

from __future__ import annotations

from datetime import datetime

import cv2
import numpy as np

from monitor.simulator.errors import SimulatorError
from monitor.simulator.materials import Pixels

# The outline is drawn as shifted copies: a thicker stroke would be set wider in OpenCV 5.
_OUTLINE = ((-1, -1, 16), (1, -1, 16), (-1, 1, 16), (1, 1, 16))


def burn_in(frame: Pixels, name: str, at: datetime) -> Pixels:
    """Write the time at the top left and the name at the bottom right, in place; always upright."""
    height, width = frame.shape[:2]
    scale = max(0.4, min(width, height * 4 / 3) / 640 * 0.55)
    thick = max(1, round(scale * 1.6))
    stamp = f"{at:%Y-%m-%d %H:%M:%S}"
    label = name.upper()
    (label_width, label_height), _ = cv2.getTextSize(label, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
    places = ((stamp, (8, 10 + label_height)), (label, (width - label_width - 8, height - 10)))
    for text, place in places:
        for right, down, grey in (*_OUTLINE, (0, 0, 244)):
            corner = (place[0] + right, place[1] + down)
            cv2.putText(frame, text, corner, cv2.FONT_HERSHEY_SIMPLEX, scale, (grey,) * 3, thick, cv2.LINE_AA)
    return frame


def encode_jpeg(frame: Pixels, quality: int = 85) -> bytes:
    """JPEG bytes of an RGB frame (H, W, 3). Raises SimulatorError if OpenCV cannot encode it."""
    done, encoded = cv2.imencode(
        ".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    if not done:
        raise SimulatorError(
            "The frame could not be encoded as JPEG: check its shape (H, W, 3) and type uint8."
        )
    return np.asarray(encoded, np.uint8).tobytes()
