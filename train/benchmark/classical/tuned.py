"""The thresholds of each classical method, as `train.benchmark.classical.tune` chose them on the train split."""

from __future__ import annotations

from monitor.domain.displacement import Tolerance
from train.benchmark.classical.judgement import RegistrationThresholds, SimilarityThresholds

PERCEPTUAL_HASH = SimilarityThresholds(0.75, 0.75, 0.05)
STRUCTURAL_SIMILARITY = SimilarityThresholds(0.4, 0.3, 0.05)
PHASE_CORRELATION = RegistrationThresholds(6.0, 8.0, 8.0, 1.2, Tolerance())
FOURIER_MELLIN = RegistrationThresholds(6.0, 8.0, 8.0, 1.2, Tolerance())
ECC = RegistrationThresholds(0.15, 0.25, 0.2, 1.2, Tolerance())
ORB = RegistrationThresholds(3.0, 4.0, 3.0, 1.2, Tolerance())
SIFT = RegistrationThresholds(3.0, 5.0, 3.0, 1.2, Tolerance())
