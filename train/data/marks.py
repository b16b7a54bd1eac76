"""What belongs to the sensor and not to the scene: burnt-in text, dirt, vignette, fixed pattern, housing edges.

Marks are drawn upright, after every displacement and every turn, and alike on all pictures of one camera: a network
that looks at them instead of the scene must lose on every class.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-:/. "


@dataclass(frozen=True, slots=True)
class Text:
    """A line of burnt-in text; positions are fractions of the picture."""

    words: str
    x: float
    y: float
    scale: float
    bright: int
    boxed: bool
    is_clock: bool


@dataclass(frozen=True, slots=True)
class Sensor:
    """The marks of one camera.

    Attributes:
        texts: Burnt-in lines; clocks show other digits in every picture.
        shade: (48, 64) factors of vignette, dirt and housing, or None.
        pattern_seed: Seed of the fixed pattern noise.
        pattern: Its strength in grey levels; 0 for none.
        logo: (corner x, corner y, size, grey value) of a solid logo, or None.
    """

    texts: tuple[Text, ...] = ()
    shade: NDArray[np.float32] | None = None
    pattern_seed: int = 0
    pattern: float = 0.0
    logo: tuple[float, float, float, int] | None = None

    def apply(self, rng: np.random.Generator, pixels: Pixels) -> Pixels:
        """Draw the marks on a picture (H, W, 3); `rng` only turns the clocks' digits."""
        height, width = pixels.shape[:2]
        marked = pixels.copy()
        if self.shade is not None:
            shade = cv2.resize(self.shade, (width, height), interpolation=cv2.INTER_LINEAR)
            marked = np.asarray(cv2.multiply(marked, cv2.merge([shade] * 3), dtype=cv2.CV_8U), np.uint8)
        if self.pattern:
            noise = np.random.default_rng(self.pattern_seed).standard_normal(
                (height, width), dtype=np.float32
            )
            lift = cv2.merge([noise * self.pattern] * 3)
            marked = np.asarray(cv2.add(marked, lift, dtype=cv2.CV_8U), np.uint8)
        if self.logo is not None:
            x, y, size, grey = self.logo
            corner = (int(x * width), int(y * height))
            far = (int((x + size) * width), int((y + size) * height))
            cv2.rectangle(marked, corner, far, (grey, grey, 255 - grey), -1)
            cv2.circle(marked, corner, int(size * width / 2), (255 - grey, grey, grey), -1)
        for text in self.texts:
            words = (
                "".join(rng.choice(list("0123456789:-"), len(text.words))) if text.is_clock else text.words
            )
            _write(marked, text, words)
        return marked


def _write(pixels: Pixels, text: Text, words: str) -> None:
    height, width = pixels.shape[:2]
    scale = text.scale * width / 400
    (text_width, text_height), _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    x = int(text.x * max(width - text_width, 1))
    y = int(text_height + 1 + text.y * max(height - text_height - 3, 1))
    if text.boxed:
        back = 255 - text.bright
        cv2.rectangle(
            pixels, (x - 2, y - text_height - 2), (x + text_width + 2, y + 3), (back, back, back), -1
        )
    colour = (text.bright,) * 3
    cv2.putText(pixels, words, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, colour, 1, cv2.LINE_AA)


def draw_sensor(rng: np.random.Generator, clean_share: float = 0.4) -> Sensor:
    """The marks of a random camera; a share of the cameras has none."""
    if rng.random() < clean_share:
        return Sensor()
    texts = []
    for _ in range(rng.integers(0, 4)):
        words = "".join(rng.choice(list(LETTERS), rng.integers(4, 22)))
        top = rng.random() < 0.5
        texts.append(
            Text(
                words,
                float(rng.choice([0.02, 0.98, rng.uniform()])),
                float(rng.uniform(0.0, 0.06) if top else rng.uniform(0.94, 1.0)),
                float(rng.uniform(0.3, 0.8)),
                int(rng.choice([255, 230, 0, 120])),
                bool(rng.random() < 0.35),
                bool(rng.random() < 0.4),
            )
        )
    logo = None
    if rng.random() < 0.15:
        logo = (*rng.choice([0.02, 0.88], 2), float(rng.uniform(0.04, 0.1)), int(rng.integers(0, 256)))
    return Sensor(
        tuple(texts),
        _draw_shade(rng) if rng.random() < 0.5 else None,
        int(rng.integers(1 << 31)),
        float(rng.uniform(1.5, 8.0)) if rng.random() < 0.3 else 0.0,
        logo,
    )


def _draw_shade(rng: np.random.Generator) -> NDArray[np.float32]:
    rows, columns = 48, 64
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    shade = np.ones((rows, columns), np.float32)
    if rng.random() < 0.5:
        radius = np.hypot(x / columns - 0.5, y / rows - 0.5)
        shade -= rng.uniform(0.2, 0.9) * np.maximum(radius - rng.uniform(0.2, 0.4), 0) * 2
    for _ in range(rng.integers(0, 6) if rng.random() < 0.6 else 0):
        centre_x, centre_y = rng.uniform(0, columns), rng.uniform(0, rows)
        spread = rng.uniform(1.0, 5.0)
        spot = np.exp(-((x - centre_x) ** 2 + (y - centre_y) ** 2) / (2 * spread**2))
        shade *= 1 - rng.uniform(-0.4, 0.8) * spot
    if rng.random() < 0.2:
        angle, depth = rng.uniform(0, 2 * np.pi), rng.uniform(0.38, 0.6)
        edge = (x / columns - 0.5) * np.cos(angle) + (y / rows - 0.5) * np.sin(angle)
        shade *= np.where(edge > depth, rng.uniform(0.0, 0.3), 1.0)
    return shade.clip(0, 1.5).astype(np.float32)
