"""Near-duplicates: live captures that must not pass for one picture, and one picture encoded anew, which should."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PIL import Image

from monitor.domain.fingerprint import Difference, difference, fingerprint
from monitor.domain.stillness import ALIKE_CHANGED, ALIKE_LARGEST
from monitor.vision.gradient import working_luma
from train.benchmark.frames.looks import Look
from train.data.manifest import DataError

QUALITIES = (95, 90, 85, 75)
EVERY = 10
"""Of so many pictures one is encoded anew."""


@dataclass(frozen=True, slots=True)
class Live:
    """Consecutive captures of fixed cameras.

    Attributes:
        pairs: With other bytes each.
        taken_for_one: How many of them pass for one picture.
        calmest: Share of the cells that differ in the calmest pair.
        calmest_camera: Whose it is …
        calmest_condition: … and what the manifest says of it.
    """

    pairs: int
    taken_for_one: int
    calmest: float
    calmest_camera: str
    calmest_condition: str


@dataclass(frozen=True, slots=True)
class Anew:
    """Pictures encoded anew at one quality.

    Attributes:
        quality: Of JPEG.
        pictures: How many.
        taken_for_one: How many of them pass for the picture they were.
    """

    quality: int
    pictures: int
    taken_for_one: int


def live_pairs(looks: Sequence[Look]) -> Live:
    """Compare captures of one camera that follow each other.

    Raises:
        DataError: There are none.
    """
    compared = [
        (apart, later.picture)
        for earlier, later in pairwise(looks)
        if earlier.picture.camera == later.picture.camera and earlier.digest != later.digest
        if (apart := difference(earlier.fingerprint, later.fingerprint)) is not None
    ]
    if not compared:
        raise DataError(
            "No two captures of one camera follow each other.", "Give cameras with several pictures."
        )
    calmest, picture = min(compared, key=lambda pair: pair[0].changed)
    return Live(
        len(compared),
        sum(_alike(apart) for apart, _ in compared),
        calmest.changed,
        picture.camera,
        picture.condition,
    )


def encoded_anew(looks: Sequence[Look]) -> list[Anew]:
    """Encode some of the pictures again, as recorders and proxies do."""
    some = [(Image.open(look.picture.path).convert("RGB"), look.fingerprint) for look in looks[::EVERY]]
    return [
        Anew(quality, len(some), sum(_alike_anew(image, known, quality) for image, known in some))
        for quality in QUALITIES
    ]


def _alike_anew(image: Image.Image, known: str, quality: int) -> bool:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    pixels = np.asarray(Image.open(stream).convert("RGB"), np.uint8)
    apart = difference(known, fingerprint(working_luma(pixels)))
    return apart is not None and _alike(apart)


def _alike(apart: Difference) -> bool:
    return apart.within(ALIKE_LARGEST, ALIKE_CHANGED)
