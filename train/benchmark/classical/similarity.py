"""Two ways to tell that pictures are alike: a perceptual hash, and structural similarity. Neither measures a shift.

Hash: the signs of the lowest cosine frequencies, as ImageHash's `phash` has them. Structural similarity: Wang et al.,
"Image quality assessment: from error visibility to structural similarity", 2004, as scikit-image has it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.metrics import structural_similarity

from monitor.domain.orientation import Orientation
from train.benchmark.classical import tuned
from train.benchmark.classical.bank import Bank, FrameViews, make_bank, strongest
from train.benchmark.classical.geometry import is_blank
from train.benchmark.classical.judgement import (
    LOST,
    Evidence,
    Registration,
    SimilarityThresholds,
    judge_similarity,
)
from train.benchmark.method import Answer, Pixels

Grey = NDArray[np.uint8]


@dataclass(frozen=True)
class PerceptualHash:
    """Method: share of the bits that two perceptual hashes have in common, with the orientation bank.

    Attributes:
        thresholds: When to believe what; chosen by `tune` on the cameras of the train split.
        hash_side: The hash has the square of this as its number of bits.
    """

    thresholds: SimilarityThresholds = tuned.PERCEPTUAL_HASH
    hash_side: int = 16

    @property
    def name(self) -> str:
        """As the report shows it."""
        return "perceptual hash"

    def enroll(self, reference: Pixels) -> Bank[imagehash.ImageHash]:
        """Hash of the reference (H, W, 3) in each orientation."""
        return make_bank(reference, max(reference.shape[:2]), self._hash)

    def measure(self, enrolled: Bank[imagehash.ImageHash], frame: Pixels) -> Evidence:
        """Compare the hash of a frame (H, W, 3) with the bank; similarities from 0 to 1."""
        if is_blank(frame):
            return Evidence(LOST, LOST, Orientation.ROTATED_180, blank=True)
        # The hash squashes every picture to one square: proportions do not matter.
        seen = self._hash(np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8))
        bits = self.hash_side**2
        return strongest(
            {o: Registration(1.0 - (seen - kept) / bits) for o, kept in enrolled.entries.items()}
        )

    def judge(self, enrolled: Bank[imagehash.ImageHash], frame: Pixels) -> Answer:
        """Compare a frame (H, W, 3) with what `enroll` kept."""
        return judge_similarity(self.measure(enrolled, frame), self.thresholds)

    def _hash(self, grey: Grey) -> imagehash.ImageHash:
        return imagehash.phash(Image.fromarray(grey), hash_size=self.hash_side)


@dataclass(frozen=True)
class StructuralSimilarity:
    """Method: mean structural similarity of brightness, with the orientation bank.

    Attributes:
        thresholds: When to believe what; chosen by `tune` on the cameras of the train split.
        long_side: Of the canvas on which pictures are compared, pixels.
    """

    thresholds: SimilarityThresholds = tuned.STRUCTURAL_SIMILARITY
    long_side: int = 128

    @property
    def name(self) -> str:
        """As the report shows it."""
        return "SSIM"

    def enroll(self, reference: Pixels) -> Bank[Grey]:
        """Brightness of the reference (H, W, 3) in each orientation."""
        return make_bank(reference, self.long_side, _as_it_is)

    def measure(self, enrolled: Bank[Grey], frame: Pixels) -> Evidence:
        """Compare a frame (H, W, 3) with the bank; similarities up to 1."""
        if is_blank(frame):
            return Evidence(LOST, LOST, Orientation.ROTATED_180, blank=True)
        views = FrameViews(frame, enrolled, _as_it_is)
        return strongest(
            {
                orientation: Registration(_similarity(kept, views.on(enrolled.canvases[orientation])))
                for orientation, kept in enrolled.entries.items()
            }
        )

    def judge(self, enrolled: Bank[Grey], frame: Pixels) -> Answer:
        """Compare a frame (H, W, 3) with what `enroll` kept."""
        return judge_similarity(self.measure(enrolled, frame), self.thresholds)


def _as_it_is(grey: Grey) -> Grey:
    return grey


def _similarity(one: Grey, other: Grey) -> float:
    """With the paper's Gaussian window of 1.5 pixels."""
    return float(
        structural_similarity(  # type: ignore[no-untyped-call]
            one, other, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
        )
    )
