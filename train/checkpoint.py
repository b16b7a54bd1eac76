"""The saved state of a run: written in one piece, read without executing anything."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor

from train.early_stopping import Best
from train.recipes.reading import recipe_from, wrong_keys
from train.recipes.settings import RecipeError, RecipeSettings

# Parts of a recipe that decide for how long and on what a run goes on, who is told, and how it is exported.
NOT_LEARNED = ("run", "tracker", "export")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything that a run needs to go on as if never stopped.

    Chance needs no state: each step draws it from a seed of its own.

    Attributes:
        recipe: The settings as JSON values.
        network: Weights being trained.
        averaged: Their exponential average.
        optimiser: State of the optimiser.
        step: Steps done so far, which is also the number of the next.
        elapsed_s: Time spent so far; the schedule follows it where the budget is a time.
        best: The best validation, where the recipe stops early.
        data: Fingerprint of the data set; None in runs that were begun before it was kept.
    """

    recipe: dict[str, Any]
    network: dict[str, Tensor]
    averaged: dict[str, Tensor]
    optimiser: dict[str, Any]
    step: int
    elapsed_s: float
    best: Best | None = None
    data: str | None = None

    @property
    def result(self) -> dict[str, Tensor]:
        """The weights that are exported: the best averaged ones if the recipe stops early, else the last."""
        return self.averaged if self.best is None else self.best.averaged


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write in one piece: a kill while writing leaves the previous checkpoint."""
    values = {name: getattr(checkpoint, name) for name in Checkpoint.__dataclass_fields__}
    values["best"] = checkpoint.best.as_values() if checkpoint.best else None
    unfinished = path.with_suffix(".part")
    torch.save(values, unfinished)
    unfinished.replace(path)


def read_checkpoint(path: Path, settings: RecipeSettings, data: str | None = None) -> Checkpoint:
    """Read the state of a run of this recipe; how long and on what it ran may differ.

    Args:
        path: The file.
        settings: The recipe.
        data: Fingerprint of the data set with which the run is to go on; None where nothing is learned any more.

    Raises:
        RecipeError: There is no checkpoint, it is damaged, or another recipe or other pictures made it.
    """
    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
        # Early checkpoints carry the state of the generator, which is not needed any more.
        values.pop("random", None)
        best = values.pop("best", None)
        state = Checkpoint(**values, best=Best(**best) if best else None)
    except FileNotFoundError as error:
        raise RecipeError(f"There is no checkpoint at {path}.", "Run `python -m train fit` first.") from error
    except (pickle.UnpicklingError, RuntimeError, EOFError, TypeError, AttributeError) as error:
        raise RecipeError(
            f"{path} is no checkpoint, or damaged: {error}.", "Remove it to start again."
        ) from error
    different = _differences(state.recipe, settings)
    if different:
        raise RecipeError(
            f"{path} was made by another recipe: {different}.",
            "Give another --out (or --run), or remove the directory.",
        )
    if data and state.data and data != state.data:
        raise RecipeError(
            f"The run at {path} learned from other pictures ({state.data}, now {data}).",
            "Give the data set that it began with, or another --out.",
        )
    return state


def _differences(stored: dict[str, Any], settings: RecipeSettings) -> str:
    """Which parts of what decides the learning differ; settings that came later have their defaults."""
    try:
        then = recipe_from(stored).model_dump(mode="json", exclude=set(NOT_LEARNED))
    except ValidationError as error:
        return wrong_keys(error)
    now = settings.model_dump(mode="json", exclude=set(NOT_LEARNED))
    return ", ".join(_paths(then, now))


def _paths(then: Any, now: Any, at: str = "") -> list[str]:
    if isinstance(then, dict) and isinstance(now, dict):
        names = [*then, *(name for name in now if name not in then)]
        return [p for n in names for p in _paths(then.get(n), now.get(n), f"{at}.{n}" if at else n)]
    return [] if then == now else [f"{at} was {then} and is {now}"]
