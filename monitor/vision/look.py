"""One frame against one reference: which comparisons are worth making, and which of them counts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from monitor.domain.comparison import Comparison, Format
from monitor.domain.frame import Frame
from monitor.domain.orientation import Orientation
from monitor.domain.reference import Encoding, Reference, Vector
from monitor.domain.view import Rectangle
from monitor.vision.alignment import CONVINCING, Prepared, align, glance
from monitor.vision.formats import fit_format, in_shape, shapes_differ, sides_swapped
from monitor.vision.phase import correlate

if TYPE_CHECKING:
    from monitor.vision.encoder import NetworkEncoder

TURNS = (Orientation.ROTATED_180, Orientation.MIRRORED, Orientation.ROTATED_90, Orientation.ROTATED_270)
CLEAR_PEAK = 8.0
"""Strength of a correlation's peak, in standard deviations, that pictures of other scenes do not reach."""
WORTH_A_TRY = 0.2
"""The network's probability for `moved` from which the alignment tries the network's displacement too."""
SIMPLER = 0.7
"""Of two shapes in which a frame may show the view, the one in which it lies still may have so much less support."""


class Look:
    """One frame against one reference, in one orientation after the other.

    Args:
        encoder: Makes encodings of the frame as it would look otherwise.
        encoding: Of the frame as it came.
        reference: What it is compared with.
        masks: Parts that have no say.
        constancy: What is known of the parts that never change, see `masks.Constancy`.
    """

    def __init__(
        self,
        encoder: NetworkEncoder,
        encoding: Encoding,
        reference: Reference,
        masks: tuple[Rectangle, ...],
        constancy: bytes | None,
    ) -> None:
        self._encoder = encoder
        self._encoding = encoding
        self._reference = reference
        self._similarities = {Orientation.UPRIGHT: cosine(encoding.embedding, self._known)} | {
            turned: cosine(encoding.embedding, vector) for turned, vector in reference.turned.items()
        }
        self._masks = masks
        self._constancy = constancy
        self._ours = encoder.prepared(reference.upright, masks, constancy)
        self._theirs = self._prepare(encoding)

    def best(self, frame: Frame) -> Comparison:
        """The evidence in the orientation that fits best.

        The upright comparison costs no further forward pass. Only when neither the gradients nor the network
        recognise the view are the other orientations tried, the promising ones with a pass of their own.

        Where the sides are exchanged these come first; of views that are nearly square, a narrower picture has such
        sides as well.
        """
        is_swapped = sides_swapped(self._reference.upright.aspect, self._encoding.aspect)
        candidates = [] if is_swapped else [self._not_turned(frame)]
        if not any(map(_recognised, candidates)):
            candidates += [self._turned(frame, turned) for turned in self._promising()]
        if is_swapped and not any(map(_recognised, candidates)):
            candidates.append(self._not_turned(frame))
        return max(candidates, key=_likeness)

    def _not_turned(self, frame: Frame) -> Comparison:
        return max(self._in_other_shapes(frame), key=_fit, default=None) or self._upright()

    def _upright(self) -> Comparison:
        return self._compare(Orientation.UPRIGHT, self._encoding, self._theirs)

    def _in_other_shapes(self, frame: Frame) -> list[Comparison]:
        """A frame of another aspect in the ways in which it may show the view; none where the aspect is the same."""
        aspect = self._reference.upright.aspect
        if not shapes_differ(aspect, self._encoding.aspect):
            return []
        found = [replace(self._upright(), format=Format.STRETCHED)]
        for fitted in (Format.SAME_WIDTH, Format.SAME_HEIGHT):
            pixels, grey = in_shape(frame.pixels, aspect, fitted)
            encoding = self._encoder.encode_pixels(pixels, aspect)
            ours = self._encoder.prepared(self._reference.upright, self._masks + grey, self._constancy)
            seen = self._compare(Orientation.UPRIGHT, encoding, self._prepare(encoding), ours)
            alike = {**self._similarities, Orientation.UPRIGHT: cosine(encoding.embedding, self._known)}
            found.append(replace(seen, format=fitted, similarities=alike))
        return found

    def _turned(self, frame: Frame, orientation: Orientation) -> Comparison:
        encoding = self._encoder.encode_turned(frame, orientation)
        return self._compare(orientation, encoding, self._prepare(encoding))

    def _promising(self) -> list[Orientation]:
        """Orientations worth a forward pass: of those that the network tells the two most alike, and the phases'."""
        if sides_swapped(self._reference.upright.aspect, self._encoding.aspect):
            return [Orientation.ROTATED_90, Orientation.ROTATED_270]
        spectra = {
            Orientation.ROTATED_180: self._theirs.flipped_spectrum,
            Orientation.MIRRORED: self._theirs.mirrored_spectrum,
        }
        by_phase = [
            turned
            for turned, seen in spectra.items()
            if correlate(self._ours.spectrum, seen).strength > CLEAR_PEAK
        ]
        told = [turned for turned in TURNS if turned.verdict in self._encoder.tells]
        by_network = sorted(told, key=lambda turned: self._similarities.get(turned, -1.0), reverse=True)[:2]
        return list(dict.fromkeys([*by_phase, *by_network]))

    def _prepare(self, encoding: Encoding) -> Prepared:
        return Prepared(fit_format(encoding.luma, self._ours.shape))

    @property
    def _known(self) -> Vector:
        return self._reference.upright.embedding

    def _compare(
        self, orientation: Orientation, encoding: Encoding, theirs: Prepared, ours: Prepared | None = None
    ) -> Comparison:
        ours = ours or self._ours
        alignment, still = glance(ours, theirs)
        judged = None
        if not still or self._encoder.judges_for_free:
            judged = self._encoder.judge(self._reference.upright, encoding)
        if not still:
            hints = [judged[1]] if judged and judged[1] and judged[0].moved > WORTH_A_TRY else []
            alignment = align(ours, theirs, hints, alignment)
        return Comparison(
            reference_id=self._reference.id,
            orientation=orientation,
            similarities=self._similarities,
            relation=judged[0] if judged else None,
            network_displacement=judged[1] if judged else None,
            alignment=alignment,
            sharpness_ratio=encoding.quality.sharpness / max(self._reference.upright.quality.sharpness, 1e-6),
            texture_ratio=encoding.quality.texture / max(self._reference.upright.quality.texture, 1e-6),
            told_by_network=self._encoder.tells,
        )


def _recognised(comparison: Comparison) -> bool:
    """Whether the upright view is recognised so surely that no other orientation need be tried.

    The pattern of a sensor agrees with itself however the camera is turned: where the network was asked, and sees
    another place, agreement alone is not enough.
    """
    relation = comparison.relation
    known = 1.0 if relation is None else relation.same + relation.moved
    if comparison.alignment is not None and comparison.alignment.support > CONVINCING and known > 0.5:
        return True
    ahead = comparison.similarity >= max(comparison.similarities.values()) - 1e-6
    # A network that cannot tell a view from its mirror image recognises both: then only the phases know.
    tells_turns = all(turned.verdict in comparison.told_by_network for turned in TURNS)
    return relation is not None and known > 0.9 and ahead and tells_turns


def _fit(comparison: Comparison) -> tuple[float, float]:
    """How well a frame of another shape was fitted: by the gradients where they agree, else by all evidence.

    What was cut off at the sides is as well a magnified view without top and bottom: the account under which nothing
    has moved counts for more.
    """
    alignment = comparison.alignment
    support = max(alignment.support, alignment.support_at_rest / SIMPLER) if alignment else 0.0
    return (support if support > CONVINCING else 0.0), _likeness(comparison)


def _likeness(comparison: Comparison) -> float:
    """How much frame and reference look like one view in this orientation; orders candidates, nothing else."""
    support = comparison.alignment.support if comparison.alignment else 0.0
    relation = comparison.relation
    known = relation.same + relation.moved if relation else 0.0
    return 2.0 * min(support, 0.5) + 0.5 * known + 0.5 * comparison.similarity


def cosine(one: Vector, other: Vector) -> float:
    """Similarity of two normalised embeddings."""
    return float(np.dot(one, other))
