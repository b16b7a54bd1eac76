"""What comparing one frame with one reference yields: evidence only, no judgement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from monitor.domain.displacement import Displacement
from monitor.domain.orientation import Orientation
from monitor.domain.verdict import VerdictKind


class Format(StrEnum):
    """How a frame of another shape than the reference's shows the reference's view."""

    AS_IS = "as_is"
    STRETCHED = "stretched"
    SAME_WIDTH = "same_width"
    SAME_HEIGHT = "same_height"

    def describe(self) -> str:
        """What became of the view, as a sentence."""
        return _DESCRIPTIONS[self]


_DESCRIPTIONS = {
    Format.AS_IS: "The shape is that of the reference.",
    Format.STRETCHED: "The view is the same, stretched.",
    Format.SAME_WIDTH: "The view is the same from left to right, and ends elsewhere at top and bottom.",
    Format.SAME_HEIGHT: "The view is the same from top to bottom, and ends elsewhere at left and right.",
}


@dataclass(frozen=True, slots=True)
class Relation:
    """The network's probabilities over how frame and reference relate; they sum to 1."""

    same: float
    moved: float
    different: float
    obstructed: float


@dataclass(frozen=True, slots=True)
class Alignment:
    """The geometry's second opinion, from gradients alone.

    Attributes:
        displacement: The best similarity transform found.
        support: 0–1, how well the gradients of frame and reference agree under it (masked, by cells).
        support_at_rest: The same with no displacement at all.
        spread: 0–1, share of the textured cells that agree under it; a passing lorry agrees in few.
        spread_at_rest: The same with no displacement.
        peak: How far the correlation peak stands out, in standard deviations of the rest.
        landmarks: Number of corners recognised one by one that agree with the displacement; 0 where none were asked.
    """

    displacement: Displacement
    support: float
    support_at_rest: float
    spread: float
    spread_at_rest: float
    peak: float
    landmarks: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Evidence from one frame against one reference in one orientation.

    Attributes:
        reference_id: Which reference.
        orientation: In which orientation of the reference the rest was measured.
        similarities: Cosine similarity of embeddings in every orientation.
        relation: The network's view of the pair; None for bundles that give none, and where the gradients had settled
            the matter at a glance and asking would have cost something.
        network_displacement: The network's regression, or None where it measures none.
        alignment: The geometry's opinion, or None where nothing could be aligned.
        sharpness_ratio: Sharpness of the frame over that of the reference.
        texture_ratio: Texture of the frame over that of the reference.
        told_by_network: Verdicts that this network can tell by itself; no others may rest on its word alone.
        format: How a frame of another shape was fitted to the reference.
    """

    reference_id: int
    orientation: Orientation
    similarities: Mapping[Orientation, float]
    relation: Relation | None
    network_displacement: Displacement | None
    alignment: Alignment | None
    sharpness_ratio: float
    texture_ratio: float = 1.0
    told_by_network: frozenset[VerdictKind] = frozenset(VerdictKind)
    format: Format = Format.AS_IS

    @property
    def similarity(self) -> float:
        """Cosine similarity in the orientation compared."""
        return self.similarities[self.orientation]
