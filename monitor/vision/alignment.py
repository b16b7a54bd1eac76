"""Aligning a frame with a reference by their gradients: the classical second opinion on every frame."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain.comparison import Alignment
from monitor.domain.displacement import Displacement
from monitor.vision import landmarks, tiles
from monitor.vision.gradient import Picture, floats, structure
from monitor.vision.phase import Spectrum, correlate, spectrum
from monitor.vision.transform import SimilarityTransform

CELL = 16
"""Pixels of a cell in which agreement is measured after alignment."""
AGREES = 0.3
"""Correlation above which a cell shows the same structure; unrelated cells stay below it nine times in ten."""
STILL = 0.5
"""Agreement at rest from which a view needs no closer look; on the training cameras a roll of 1.5° leaves 0.35."""
STILL_PX = 1.0
"""Pixels within which the correlation's peak must lie as well."""
PREFER_REST = 0.02
"""By how much support must grow before a displacement is believed over none: the simpler account first."""
CONVINCING = 0.25
"""Support at which no further start is tried; other scenes never reached it on the training cameras."""
SETTLED_PX = 1.5
"""If the tiles correct a rough alignment by less than this anywhere, a second round would change nothing."""
ENOUGH_LANDMARKS = 15
"""Landmarks that must agree before they are heard; other scenes reach 9, cars on a road some more."""
SUPPORTED = 0.06
"""Agreement of gradients that landmarks must have beside them; real pans have 0.1 and more."""
LARGEST_ROLL_DEG = 60.0
"""Corners are recognised upside down as well; a larger turn is for the bank of orientations to name."""
AT_REST = SimilarityTransform()


class Prepared:
    """A picture ready to be aligned; what it takes is computed once and kept (references are compared often).

    Args:
        luma: (h, w) uint8 at working size.
        weight: (h, w) float32 0–1, 0 where the picture is masked, or None.
    """

    def __init__(self, luma: NDArray[np.uint8], weight: Picture | None = None) -> None:
        picture = structure(luma)
        self.structure: Picture = picture if weight is None else picture * weight
        self._luma, self._weight = luma, weight

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.structure.shape
        return height, width

    @cached_property
    def spectrum(self) -> Spectrum:
        """Of the whole picture."""
        return spectrum(self.structure)

    @cached_property
    def mirrored_spectrum(self) -> Spectrum:
        """Of the mirrored picture."""
        return spectrum(np.ascontiguousarray(self.structure[:, ::-1]))

    @cached_property
    def flipped_spectrum(self) -> Spectrum:
        """Of the picture turned by 180°."""
        return spectrum(np.ascontiguousarray(self.structure[::-1, ::-1]))

    @cached_property
    def landmarks(self) -> landmarks.Landmarks:
        """Corners that can be recognised one by one."""
        return landmarks.find(self._luma, self._weight)

    @cached_property
    def tile_spectra(self) -> tiles.Spectra:
        """Of the tiles."""
        return tiles.tile_spectra(self.structure)


@dataclass(frozen=True, slots=True)
class Support:
    """How well two structure pictures agree under a transform: weighted mean correlation, and share of cells."""

    level: float
    spread: float


def support(reference: Prepared, frame: Prepared, transform: SimilarityTransform) -> Support:
    """Agreement by cells, each weighted by how much structure the reference has there; 0–1 both."""
    height, width = reference.shape
    aligned, seen = _undo(frame.structure, transform, (height, width))
    size = (width // CELL, height // CELL)

    def mean(picture: Picture) -> Picture:
        return floats(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))

    share = mean(seen) + 1e-6
    ours, theirs = reference.structure * seen, aligned * seen
    mean_ours, mean_theirs = mean(ours) / share, mean(theirs) / share
    variance_ours = (mean(ours * ours) / share - mean_ours**2).clip(0)
    variance_theirs = (mean(theirs * theirs) / share - mean_theirs**2).clip(0)
    covariance = mean(ours * theirs) / share - mean_ours * mean_theirs
    correlation = covariance / np.sqrt((variance_ours + 0.03) * (variance_theirs + 0.03))
    weight = variance_ours.clip(None, 1) * (share > 0.6)
    total = float(weight.sum()) + 1e-6
    return Support(
        max(0.0, float((correlation * weight).sum()) / total),
        float((weight * (correlation > AGREES)).sum()) / total,
    )


def _undo(
    picture: Picture, transform: SimilarityTransform, shape: tuple[int, int]
) -> tuple[Picture, Picture]:
    """The frame's picture laid over the reference, and where the frame has content there (1) or not (0)."""
    height, width = shape
    matrix = transform.matrix(width, height)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    aligned = cv2.warpAffine(picture, matrix, (width, height), flags=flags, borderValue=0)
    seen = cv2.warpAffine(
        np.ones_like(picture), matrix, (width, height), flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    )
    return floats(aligned), floats(seen)


def refine(reference: Prepared, frame: Prepared, start: SimilarityTransform) -> tiles.Fit | None:
    """Improve a rough alignment by the tiles' local shifts: coarse, then fine where that moved it much."""
    height, width = reference.shape
    points = tiles.centres(height, width)
    best: tiles.Fit | None = None
    for tolerance_px in (2.5, 1.2):
        aligned, _ = _undo(frame.structure, start, (height, width))
        shifts, clear = tiles.tile_shifts(reference.tile_spectra, tiles.tile_spectra(aligned))
        found = tiles.agree(points, shifts, clear, start, tolerance_px)
        if found is None:
            break
        moved_on = np.abs(found.transform.apply(points) - start.apply(points)).max()
        best, start = found, found.transform
        if moved_on < SETTLED_PX:
            break
    return best


def glance(reference: Prepared, frame: Prepared) -> tuple[Alignment, bool]:
    """The cheap first look: how well the pictures agree at rest, and where a plain shift would put them.

    Returns:
        An alignment by the shift alone, and whether it settles the matter: the view lies still, as it does nearly
        always, and neither tiles nor network need be asked.
    """
    height, width = reference.shape
    peak = correlate(reference.spectrum, frame.spectrum)
    at_rest = support(reference, frame, AT_REST)
    still = at_rest.level >= STILL and max(abs(peak.dx_px), abs(peak.dy_px)) <= STILL_PX
    shift = SimilarityTransform(tx=peak.dx_px, ty=peak.dy_px)
    seen = Alignment(
        displacement=shift.displacement(width, height, 0.5),
        support=at_rest.level,
        support_at_rest=at_rest.level,
        spread=at_rest.spread,
        spread_at_rest=at_rest.spread,
        peak=peak.strength,
    )
    return seen, still


def align(
    reference: Prepared, frame: Prepared, hints: Iterable[Displacement] = (), glanced: Alignment | None = None
) -> Alignment:
    """The displacement that the gradients speak for, with how much they do.

    Args:
        reference: The enrolled picture.
        frame: The captured one, of the same shape.
        hints: Displacements suspected by others (the network), tried beside the correlation's own.
        glanced: What `glance` found, where that was done before.
    """
    height, width = reference.shape
    seen = glanced or glance(reference, frame)[0]
    at_rest = Support(seen.support_at_rest, seen.spread_at_rest)
    starts = [
        SimilarityTransform.of(seen.displacement, width, height),
        *(SimilarityTransform.of(hint, width, height) for hint in hints),
        # Roll and zoom smear the global peak into a false one; the tiles may still find them from rest.
        AT_REST,
    ]
    best, best_support, sigma_px = AT_REST, at_rest, 1.0
    for start in starts:
        found = refine(reference, frame, start)
        candidate = found.transform if found else start
        measured = support(reference, frame, candidate)
        margin = PREFER_REST if best is AT_REST and not _near_rest(candidate) else 0.0
        if measured.level > best_support.level + margin:
            best, best_support = candidate, measured
            sigma_px = found.residual_px / found.agreeing**0.5 if found else 1.0
        if best_support.level > CONVINCING:
            break
    recognised = 0
    if best_support.level <= CONVINCING:
        far = _by_landmarks(reference, frame)
        if far is not None:
            best, best_support, sigma_px, recognised = far
    return Alignment(
        displacement=best.displacement(width, height, sigma_px),
        support=best_support.level,
        support_at_rest=at_rest.level,
        spread=best_support.spread,
        spread_at_rest=at_rest.spread,
        peak=seen.peak,
        landmarks=recognised,
    )


def _by_landmarks(
    reference: Prepared, frame: Prepared
) -> tuple[SimilarityTransform, Support, float, int] | None:
    """Where the corners went, refined by the tiles where they see it as well; None where too few agree."""
    found = landmarks.recognise(reference.landmarks, frame.landmarks)
    if found is None or found.moved < max(ENOUGH_LANDMARKS, found.at_rest):
        return None
    if abs(found.transform.roll_deg) > LARGEST_ROLL_DEG:
        return None
    rough = support(reference, frame, found.transform)
    if rough.level < SUPPORTED:
        return None
    finer = refine(reference, frame, found.transform)
    if finer is not None:
        fine = support(reference, frame, finer.transform)
        if fine.level > rough.level:
            return finer.transform, fine, finer.residual_px / finer.agreeing**0.5, found.moved
    return found.transform, rough, landmarks.INLIER_PX / 2, found.moved


def _near_rest(transform: SimilarityTransform) -> bool:
    return (
        abs(transform.tx) < 2
        and abs(transform.ty) < 2
        and abs(transform.b) < 0.004
        and abs(transform.a - 1) < 0.006
    )
