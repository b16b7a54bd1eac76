"""The classical ways to see that a view changed, each as good as its kind allows: what a network has to beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from train.benchmark.classical.ecc import Ecc
from train.benchmark.classical.features import orb, sift
from train.benchmark.classical.phase_correlation import fourier_mellin, phase_correlation
from train.benchmark.classical.similarity import PerceptualHash, StructuralSimilarity
from train.benchmark.method import Method

CLASSICAL: Mapping[str, Callable[[], Method]] = {
    "phash": PerceptualHash,
    "ssim": StructuralSimilarity,
    "phase": phase_correlation,
    "fourier-mellin": fourier_mellin,
    "ecc": Ecc,
    "orb": orb,
    "sift": sift,
}
"""Key for the command line to what builds the method, thresholds as tuned; the builders can be pickled."""

__all__ = ["CLASSICAL"]
