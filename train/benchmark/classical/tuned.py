"""The thresholds of each classical method, as `train.benchmark.classical.tune` chose them on the train split.

`--per-camera 2 --seed 1`: 684 pairs of 19 steady cameras of the train split, 152 of them the same view; rounded.
Within a budget of 1 % alarms on the same view: SSIM, both phase correlations and ECC (the registering ones abstain a
good deal for it). By best balanced accuracy, because within that budget they miss more than half of all changes: the
perceptual hash, ORB and SIFT. A view in which too few features are found again is for the last two another view.

What is fixed in the methods themselves (canvas, smoothing, levelling, side of the hash) was chosen on the same cameras.
"""

from __future__ import annotations

from monitor.domain.displacement import Tolerance
from train.benchmark.classical.judgement import RegistrationThresholds, SimilarityThresholds

PERCEPTUAL_HASH = SimilarityThresholds(same_above=0.57, turned_above=0.57, turned_margin=0.007)
STRUCTURAL_SIMILARITY = SimilarityThresholds(same_above=0.0866, turned_above=0.11, turned_margin=0.0074)
PHASE_CORRELATION = RegistrationThresholds(
    lost_below=5.43,
    found_above=7.37,
    turned_above=7.85,
    turned_ratio=1.42,
    tolerance=Tolerance(0.0086, 0.43, 0.03),
)
FOURIER_MELLIN = RegistrationThresholds(
    lost_below=5.82,
    found_above=7.59,
    turned_above=6.9,
    turned_ratio=1.2,
    tolerance=Tolerance(0.0104, 1.68, 0.0295),
)
ECC = RegistrationThresholds(
    lost_below=0.0605,
    found_above=0.347,
    turned_above=0.122,
    turned_ratio=1.01,
    tolerance=Tolerance(0.0096, 2.6, 0.031),
)
ORB = RegistrationThresholds(
    lost_below=0.0,
    found_above=0.0,
    turned_above=2.0,
    turned_ratio=1.29,
    tolerance=Tolerance(0.0108, 1.61, 0.0297),
)
SIFT = RegistrationThresholds(
    lost_below=0.0,
    found_above=0.0,
    turned_above=7.0,
    turned_ratio=1.2,
    tolerance=Tolerance(0.0087, 0.763, 0.0265),
)
