"""Where a run stands: how much of its budget is used, what that means for the learning rate, and how long is left."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from train.recipes.settings import OptimiserSettings, RunSettings


@dataclass(slots=True)
class Progress:
    """Saved with every checkpoint.

    Attributes:
        step: Steps done, which is also the number of the next one.
        elapsed_s: Time spent, over all the times that the run was started.
    """

    step: int = 0
    elapsed_s: float = 0.0

    def share(self, run: RunSettings) -> float:
        """How much of the budget is used, 0–1."""
        if run.steps is not None:
            return min(self.step / run.steps, 1.0)
        return min(self.elapsed_s / ((run.budget_minutes or 1.0) * 60), 1.0)

    def line(self, run: RunSettings, parts: Mapping[str, float], skipped: int) -> str:
        """One line for people, with the time that is left at the pace so far."""
        share = max(self.share(run), 1e-6)
        rate = self.step / max(self.elapsed_s, 1e-6)
        left_s = self.elapsed_s * (1 - share) / share
        shown = "  ".join(f"{name} {value:.3f}" for name, value in parts.items())
        return (
            f"step {self.step}{f' of {run.steps}' if run.steps else ''}  {share:.1%}  {rate:.2f}/s  "
            f"left {left_s / 60:.1f} min  {shown}" + (f"  skipped {skipped}" if skipped else "")
        )

    def validation_due(self, run: RunSettings, elapsed_before_s: float) -> bool:
        """Whether a validation falls into the last step, which began at `elapsed_before_s`.

        Counted from the start of the run and not of the process, so that a run which is killed often still validates.
        """
        if run.validation_batches == 0:
            return False
        if self.share(run) >= 1.0:
            return True
        if run.validate_steps is not None:
            return self.step % run.validate_steps == 0
        period_s = run.validate_minutes * 60
        return self.elapsed_s // period_s > elapsed_before_s // period_s


def learning_rate_factor(share: float, optimiser: OptimiserSettings) -> float:
    """Linear warm-up, then as the schedule says; `share` is the used part of the budget."""
    if share < optimiser.warm_up:
        return max(share / optimiser.warm_up, 0.01)
    if optimiser.schedule == "constant":
        return 1.0
    if optimiser.schedule == "step":
        return math.prod(optimiser.step_factor for at in optimiser.steps_at if share >= at)
    along = (share - optimiser.warm_up) / (1 - optimiser.warm_up)
    return optimiser.last_factor + (1 - optimiser.last_factor) * 0.5 * (1 + math.cos(math.pi * along))
