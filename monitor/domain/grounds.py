"""What a check went by, kept with its observation, so that it can be judged again by other limits.

`decide` needs the measures of the frame and its comparisons, and no pictures or arrays. Three more things are decided
beside it, from what is not kept: that the decoder had to patch the picture, that the camera is frozen, and that
something else stands for a missing frame. Of these the finding itself is kept, and counts again as it counted then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from monitor.domain.comparison import Comparison
from monitor.domain.decision import decide
from monitor.domain.frame import FrameQuality
from monitor.domain.inhibition import Inhibition
from monitor.domain.signs import blame_line
from monitor.domain.state import Signs
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import Verdict, VerdictKind


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a check went by.

    Attributes:
        quality: Measures of the frame; None where none came.
        comparisons: With the references of the view; empty where there was nothing to compare with.
        complaint: What the decoder complained of, where that counts; see `monitor.domain.signs.blame_line`.
        frozen: Why the camera counts as frozen, or None.
        inhibition: What stood for the view's own incident, or None.
    """

    quality: FrameQuality | None = None
    comparisons: tuple[Comparison, ...] = ()
    complaint: str | None = None
    frozen: str | None = None
    inhibition: Inhibition | None = None

    def judge(self, thresholds: Thresholds, recorded: Verdict) -> Verdict:
        """The verdict that these limits come to; the recorded one where no frame was judged.

        Which other view a frame looks like is taken from the recorded verdict, for it takes the picture to tell.
        """
        if self.quality is None or not self.comparisons:
            return recorded
        verdict = decide(self.quality, self.comparisons, thresholds)
        if verdict.kind is VerdictKind.DIFFERENT_SCENE and recorded.looks_like is not None:
            verdict = replace(verdict, looks_like=recorded.looks_like)
        return overrule(verdict, self.complaint, self.frozen)

    def seen_anew(self, quality: FrameQuality, comparisons: Sequence[Comparison]) -> Grounds:
        """The same check, had its picture been compared in another way."""
        return replace(self, quality=quality, comparisons=tuple(comparisons))


def overrule(verdict: Verdict, complaint: str | None, frozen: str | None) -> Verdict:
    """A verdict on a picture with what is known of its line and its camera beside it.

    Args:
        verdict: By the picture alone.
        complaint: The decoder's, where it counts.
        frozen: Why the camera counts as frozen, or None.
    """
    verdict = blame_line(verdict, complaint, Signs())
    # A sensor's noise is clipped where it sees nothing: black pictures repeat themselves every night.
    if frozen is None or verdict.kind is VerdictKind.DARK:
        return verdict
    return Verdict(VerdictKind.FROZEN, 1.0, (frozen, *verdict.reasons), evidence=verdict.evidence)
