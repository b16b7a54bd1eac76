"""Drawn pictures with structure everywhere, and honest displacements of them: real content comes in at the borders."""

from __future__ import annotations

import cv2
import numpy as np

from monitor.domain.displacement import Displacement
from monitor.vision.transform import SimilarityTransform

CANVAS = (900, 1200)
VIEW = (480, 640)


def canvas(seed: int = 1) -> np.ndarray:
    """A picture (900, 1200, 3) of rectangles, lines and patches, larger than any view of it."""
    random = np.random.default_rng(seed)
    picture = np.full((*CANVAS, 3), 120, np.uint8)
    for _ in range(260):
        x, y = random.integers(0, CANVAS[1]), random.integers(0, CANVAS[0])
        w, h = random.integers(15, 120, 2)
        colour = tuple(int(value) for value in random.integers(20, 240, 3))
        if random.random() < 0.6:
            cv2.rectangle(picture, (int(x), int(y)), (int(x + w), int(y + h)), colour, -1)
        else:
            cv2.line(picture, (int(x), int(y)), (int(x + 2 * w), int(y - h)), colour, 3)
    grain = random.normal(0, 6, picture.shape)
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def look(picture: np.ndarray, displacement: Displacement | None = None) -> np.ndarray:
    """The middle of a canvas (480, 640, 3), its content displaced."""
    height, width = VIEW
    move = SimilarityTransform.of(displacement or Displacement(), width, height)
    centre = np.array([[1, 0, -(CANVAS[1] - 1) / 2], [0, 1, -(CANVAS[0] - 1) / 2], [0, 0, 1]])
    linear = np.array([[move.a, move.b, move.tx], [-move.b, move.a, move.ty], [0, 0, 1]])
    back = np.array([[1, 0, (width - 1) / 2], [0, 1, (height - 1) / 2], [0, 0, 1]])
    return cv2.warpAffine(picture, (back @ linear @ centre)[:2], (width, height))


def in_other_light(picture: np.ndarray, seed: int = 0) -> np.ndarray:
    """Darker, flatter, lit from one side, and noisy: the same view in the evening."""
    random = np.random.default_rng(seed)
    slope = np.linspace(0.35, 0.9, picture.shape[1])[None, :, None]
    noise = random.normal(0, 4, picture.shape)
    return np.clip((picture.astype(np.float32) / 255) ** 1.4 * 200 * slope + noise, 0, 255).astype(np.uint8)
