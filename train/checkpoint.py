"""The saved state of a run: written in one piece, read without executing anything."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from train.recipes.settings import RecipeError, RecipeSettings


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything that a run needs to go on as if never stopped.

    Attributes:
        recipe: The settings as JSON values.
        network: Weights being trained.
        averaged: Their exponential average, which is what gets exported.
        optimiser: State of the optimiser.
        step: Batches used so far, which is also the number of the next batch.
        elapsed_s: Time spent so far; the schedule follows it where the budget is a time.
        random: State of torch's generator.
    """

    recipe: dict[str, Any]
    network: dict[str, Tensor]
    averaged: dict[str, Tensor]
    optimiser: dict[str, Any]
    step: int
    elapsed_s: float
    random: Tensor


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write in one piece: a kill while writing leaves the previous checkpoint."""
    unfinished = path.with_suffix(".part")
    torch.save({name: getattr(checkpoint, name) for name in Checkpoint.__dataclass_fields__}, unfinished)
    unfinished.replace(path)


def read_checkpoint(path: Path, settings: RecipeSettings) -> Checkpoint:
    """Read the state of a run of this recipe; how long and on what it ran may differ.

    Raises:
        RecipeError: There is no checkpoint, it is damaged, or another recipe made it.
    """
    try:
        state = Checkpoint(**torch.load(path, map_location="cpu", weights_only=True))
    except FileNotFoundError as error:
        raise RecipeError(f"There is no checkpoint at {path}.", "Run `python -m train fit` first.") from error
    except (pickle.UnpicklingError, RuntimeError, EOFError, TypeError) as error:
        raise RecipeError(
            f"{path} is no checkpoint, or damaged: {error}.", "Remove it to start again."
        ) from error
    if _learned_by(state.recipe) != _learned_by(settings.model_dump(mode="json")):
        raise RecipeError(
            f"{path} was made by another recipe.", "Give another --out, or remove the directory."
        )
    return state


def _learned_by(recipe: dict[str, Any]) -> dict[str, Any]:
    """The part of a recipe that decides what is learned, and not for how long or how it is exported."""
    return {name: part for name, part in recipe.items() if name not in ("run", "export")}
