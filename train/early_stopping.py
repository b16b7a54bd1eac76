"""Ends a run whose validation no longer gets better, and keeps the weights that were best."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from train.recipes.settings import EarlyStoppingSettings, RecipeError


@dataclass(frozen=True, slots=True)
class Best:
    """The best validation so far.

    Attributes:
        figure: What it gave.
        step: After how many steps.
        since: Validations after it, none of them better.
        averaged: The averaged weights that gave it.
    """

    figure: float
    step: int
    since: int
    averaged: dict[str, Tensor]

    def as_values(self) -> dict[str, Any]:
        """For the checkpoint."""
        return {name: getattr(self, name) for name in Best.__dataclass_fields__}


class EarlyStopping:
    """Compares validations.

    Args:
        settings: Which figure counts, and how much patience there is; None never stops and keeps nothing.
        best: Where an interrupted run stood.
    """

    def __init__(self, settings: EarlyStoppingSettings | None, best: Best | None = None) -> None:
        self.settings, self.best = settings, best

    @property
    def due(self) -> bool:
        """Whether patience is at its end."""
        return (
            self.settings is not None
            and self.best is not None
            and self.best.since >= self.settings.patience_validations
        )

    def note(self, figures: Mapping[str, float], step: int, averaged: Mapping[str, Tensor]) -> None:
        """Take a validation into account; a figure that is not a number is never better.

        Raises:
            RecipeError: The validation does not give the figure.
        """
        if self.settings is None:
            return
        name = self.settings.figure
        if name not in figures:
            raise RecipeError(
                f"The validation gives no figure {name!r} to stop by.",
                f"Set run.early_stopping.figure to one of: {', '.join(sorted(figures))}.",
            )
        figure = figures[name]
        if self.best is None or self._better(figure, self.best.figure):
            self.best = Best(figure, step, 0, copy.deepcopy(dict(averaged)))
        else:
            self.best = Best(self.best.figure, self.best.step, self.best.since + 1, self.best.averaged)

    def _better(self, figure: float, best: float) -> bool:
        assert self.settings is not None
        if math.isnan(figure):
            return False
        return math.isnan(best) or (figure < best if self.settings.better == "lower" else figure > best)
