"""The worst that was seen of a view while it was not normal."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.domain.displacement import Displacement, Tolerance
from monitor.domain.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Worst:
    """The worst figures of an incident so far, each with the time when it was seen.

    Attributes:
        displacement: The largest displacement, as measured against what is tolerated; None before one was measured.
        excess: In units of the tolerance: 2 is twice as far as tolerated.
        displaced_at: When.
        similarity: The least similarity to a reference; None before there was one.
        unlike_at: When.
    """

    displacement: Displacement | None = None
    excess: float | None = None
    displaced_at: datetime | None = None
    similarity: float | None = None
    unlike_at: datetime | None = None

    def after(self, verdict: Verdict, at: datetime, tolerance: Tolerance) -> Worst:
        """These figures, or those of one more verdict where they are worse; what is no number says nothing."""
        worst = self
        if verdict.displacement is not None:
            excess = verdict.displacement.excess(tolerance)
            if math.isfinite(excess) and (worst.excess is None or excess > worst.excess):
                worst = replace(
                    worst, displacement=verdict.displacement, excess=round(excess, 3), displaced_at=at
                )
        similarity = verdict.similarity
        least = math.inf if worst.similarity is None else worst.similarity
        if similarity is not None and math.isfinite(similarity) and similarity < least:
            worst = replace(worst, similarity=similarity, unlike_at=at)
        return worst
