"""What a whole picture is turned into for retrieval: a bundle's embedding, and two baselines of a line each."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from monitor.vision.bundle import Bundle
from monitor.vision.encoder import NetworkEncoder
from monitor.vision.network import Network
from train.benchmark.method import Pixels
from train.inference import BundleRunner

Vectors = NDArray[np.float32]
BATCH = 16
COLOUR_CELLS = (4, 3)
MID_GREY = 127.5


@dataclass(frozen=True, slots=True)
class Descriptor:
    """One way to describe pictures.

    Attributes:
        name: As the report shows it.
        describe: Pictures (H, W, 3) RGB, of any sizes, to (N, D) rows of unit length; higher cosine is more alike.
        alike_above: Cosine from which the service calls two pictures one place; None where nothing sets it.
    """

    name: str
    describe: Callable[[Sequence[Pixels]], Vectors]
    alike_above: float | None = None


def bundle_descriptor(bundle: Bundle) -> Descriptor:
    """The embedding of a bundle, with the limit from which the service names another view."""
    runner = BundleRunner(bundle)

    def describe(pictures: Sequence[Pixels]) -> Vectors:
        batches = [
            runner.encode(pictures[start : start + BATCH])["embedding"]
            for start in range(0, len(pictures), BATCH)
        ]
        return np.concatenate(batches)

    alike_above = NetworkEncoder(Network(bundle)).alike_above
    return Descriptor(bundle.id, describe, alike_above if math.isfinite(alike_above) else None)


def _phash(pictures: Sequence[Pixels]) -> Vectors:
    """The 64 bits of pHash as ±1: the cosine then falls with the Hamming distance."""
    bits = [imagehash.phash(Image.fromarray(picture)).hash.ravel() for picture in pictures]
    return _unit(np.asarray(bits, np.float32) * 2 - 1)


def _mean_colour(pictures: Sequence[Pixels]) -> Vectors:
    """Mean colours of a few cells, against mid-grey."""
    cells = [cv2.resize(picture, COLOUR_CELLS, interpolation=cv2.INTER_AREA).ravel() for picture in pictures]
    return _unit(np.asarray(cells, np.float32) - MID_GREY)


def _unit(rows: Vectors) -> Vectors:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-6), np.float32)


PERCEPTUAL_HASH = Descriptor("perceptual hash", _phash)
MEAN_COLOUR = Descriptor("mean colours, 4 × 3", _mean_colour)
BASELINES = (PERCEPTUAL_HASH, MEAN_COLOUR)
