"""What is done to a lens or comes before it: occluders, covers, defocus, darkness, and the noise of a bad sensor."""

from __future__ import annotations

import cv2
import numpy as np

from monitor.domain.displacement import Displacement
from monitor.domain.verdict import VerdictKind
from train.benchmark.displaced import CANVAS_WIDTH, STILL, Couple
from train.benchmark.method import Pixels, Truth
from train.data.occluders import draw_fill, draw_mask

OCCLUDED_SHARE = (0.10, 0.30)
COVERED_SHARE = (0.65, 0.97)
WHOLLY_COVERED = 0.3
"""Share of the covers that hide everything."""
COVER_BLUR = (0.10, 0.15)
"""Blur of a cover made from a picture, fraction of the width."""
COVER_GRAIN = (1.0, 3.0)
"""Noise of the sensor on what hides the view, grey levels."""
NOISE_SIGMA = (10.0, 25.0)
"""Grey levels."""
DEFOCUS_RADIUS = (0.022, 0.045)
"""Radius of the disc to which a point is smeared, fraction of the picture's width."""
BLACK_GAIN = (0.005, 0.03)
"""What is left of the light in a black picture."""
BLACK_MEAN, WHITE_MEAN = 20.0, 235.0
"""Grey levels beyond which a covered picture is rightly called dark, or overexposed, as well."""


def occluded(rng: np.random.Generator, couple: Couple) -> tuple[Pixels, Truth]:
    """The same view with something in front of `OCCLUDED_SHARE` of it."""
    pixels = hide(rng, couple.frame(), rng.uniform(*OCCLUDED_SHARE), couple.elsewhere)
    return pixels, STILL


def noisy(rng: np.random.Generator, couple: Couple) -> tuple[Pixels, Truth]:
    """The same view through a noisy sensor."""
    return add_noise(rng, couple.frame(), rng.uniform(*NOISE_SIGMA)), STILL


def covered(rng: np.random.Generator, couple: Couple) -> tuple[Pixels, Truth]:
    """Most of the view or all of it hidden by something opaque.

    What hides it is flat, shaded, grainy, nearly black or far out of focus, never a picture in which something could
    be made out: a lens that is wholly covered by one would show another view.
    """
    share = 1.0 if rng.random() < WHOLLY_COVERED else rng.uniform(*COVERED_SHARE)
    vague = cv2.GaussianBlur(couple.other_view(), (0, 0), CANVAS_WIDTH * rng.uniform(*COVER_BLUR))
    pixels = hide(rng, couple.frame(), share, np.asarray(vague, np.uint8))
    mean = pixels.mean()
    as_well = {VerdictKind.DARK: mean < BLACK_MEAN, VerdictKind.OVEREXPOSED: mean > WHITE_MEAN}
    return pixels, Truth((VerdictKind.OBSTRUCTED, *(kind for kind, right in as_well.items() if right)))


def hide(rng: np.random.Generator, view: Pixels, share: float, texture: Pixels) -> Pixels:
    """Something opaque in front of a share of the view (H, W, 3).

    It carries the grain of any sensor: rows without it exist in broken streams only.
    """
    height, width = view.shape[:2]
    fill = add_noise(rng, draw_fill(rng, width, height, texture), rng.uniform(*COVER_GRAIN))
    mask = np.ones((height, width), np.float32) if share >= 1 else draw_mask(rng, width, height, share)
    return np.asarray(cv2.blendLinear(fill, view, mask, 1.0 - mask), np.uint8)


def defocused(rng: np.random.Generator, couple: Couple) -> tuple[Pixels, Truth]:
    """The same view far out of focus."""
    pixels = couple.frame()
    radius = rng.uniform(*DEFOCUS_RADIUS) * pixels.shape[1]
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)
    smeared = cv2.filter2D(pixels, -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT)
    return np.asarray(smeared, np.uint8), Truth((VerdictKind.BLURRED,), Displacement())


def black(rng: np.random.Generator, couple: Couple) -> tuple[Pixels, Truth]:
    """Hardly any light: a lens cap, or lamps and moon gone. Nobody can tell which from the picture."""
    left = couple.frame() * rng.uniform(*BLACK_GAIN)
    pixels = add_noise(rng, left.astype(np.uint8), 1.5)
    return pixels, Truth((VerdictKind.DARK, VerdictKind.OBSTRUCTED))


def other_view(rng: np.random.Generator, couple: Couple) -> tuple[Pixels, Truth]:
    """What another camera sees."""
    return couple.other_view(), Truth((VerdictKind.DIFFERENT_SCENE,))


def add_noise(rng: np.random.Generator, pixels: Pixels, sigma: float) -> Pixels:
    """Gaussian noise in every channel of (H, W, 3); `sigma` in grey levels."""
    grain = rng.standard_normal(pixels.shape, dtype=np.float32) * np.float32(sigma)
    return np.clip(np.rint(pixels + grain), 0, 255).astype(np.uint8)
