"""Frames that the service is asked about: whole, damaged, smeared, of another format; each with a reference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from monitor.domain.frame import Pixels
from monitor.domain.thresholds import Thresholds
from monitor.vision.quality import measure
from train.benchmark.frames.damage import KINDS, decoded, encoded, is_visible, put_into, smeared
from train.benchmark.frames.material import Material
from train.benchmark.frames.reshaped import RESHAPED
from train.data.manifest import DataError, Picture

WHOLE, ITSELF, SMEARED = "whole", "the reference itself", "smeared"
RARE = 5
"""Of so many blocks one gives frames that are smeared or of another format."""
_GOOD_QUALITY = 90


@dataclass(frozen=True, slots=True)
class Case:
    """A frame and the picture that it is compared with.

    Attributes:
        kind: What was done to it.
        reference: An earlier picture of the same camera.
        picture: What the frame was made of.
        jpeg: The frame's bytes.
        visible: Whether anything can be seen of what was done.
        found: Whether the frame alone shows what was done, without its decoder's word.
    """

    kind: str
    reference: Picture
    picture: Picture
    jpeg: bytes
    visible: bool = True
    found: bool = False


def cases(material: Material, seed: int) -> Iterator[Case]:
    """The same for the same pictures and seed; those of one reference come together.

    Every picture of a fixed camera comes as it is, which shows what is complained of and judged without any damage. The
    second of each block comes damaged as well.

    Raises:
        DataError: A picture is no JPEG.
    """
    rng = np.random.default_rng(seed)
    for number, block in enumerate(material.blocks()):
        reference = block[0]
        for picture in block:
            kind = ITSELF if picture is reference else WHOLE
            yield Case(kind, reference, picture, picture.path.read_bytes())
        yield from _damaged(block, rng)
        if number % RARE == 0:
            yield from _reshaped(reference, block[1], rng)


def _damaged(block: Sequence[Picture], rng: np.random.Generator) -> Iterator[Case]:
    jpeg, pixels = block[1].path.read_bytes(), _pixels(block[1])
    for kind in KINDS:
        damaged = put_into(jpeg, kind, rng)
        yield Case(kind, block[0], block[1], damaged, is_visible(pixels, damaged))


def _reshaped(reference: Picture, picture: Picture, rng: np.random.Generator) -> Iterator[Case]:
    pixels = _pixels(picture)
    broken = smeared(pixels, rng)
    seen = decoded(broken)
    found = seen is not None and measure(seen).flat_rows >= Thresholds().flat_rows
    yield Case(SMEARED, reference, picture, broken, found=found)
    for kind, reshape in RESHAPED.items():
        yield Case(kind, reference, picture, encoded(reshape(pixels), _GOOD_QUALITY))


def _pixels(picture: Picture) -> Pixels:
    jpeg = picture.path.read_bytes()
    pixels = decoded(jpeg) if jpeg.startswith(b"\xff\xd8") else None
    if pixels is None:
        raise DataError(f"{picture.path} is no JPEG, and damage is put into JPEGs.", "Convert or remove it.")
    return pixels
