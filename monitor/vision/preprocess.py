"""The one transform from pixels to the network's input: training and service both use this very function."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What a network wants to be fed; read from the bundle's card.

    Attributes:
        width: Columns of the input.
        height: Rows of the input.
        mean: Subtracted from every 8-bit value.
        std: Divided by afterwards; not 0.
    """

    width: int = 256
    height: int = 192
    mean: float = 127.0
    std: float = 128.0


def prepare(pixels: NDArray[np.uint8], input_size: InputSpec) -> NDArray[np.float32]:
    """Squash a picture to the network's input size (by area, so that nothing aliases) and normalise it.

    Args:
        pixels: (H, W, 3) uint8, RGB.
        input_size: Size and normalisation of the network's input.

    Returns:
        (3, height, width) float32, contiguous.

    Raises:
        ValueError: `pixels` is not (H, W, 3) uint8, or has no area.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or 0 in pixels.shape:
        raise ValueError(f"Expected (H, W, 3) uint8 pixels, got {pixels.shape} {pixels.dtype}.")
    size = (input_size.width, input_size.height)
    resized = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    planes = np.ascontiguousarray(resized.transpose(2, 0, 1), dtype=np.float32)
    planes -= np.float32(input_size.mean)
    planes /= np.float32(input_size.std)
    return planes
