"""Recipes of the five designs, small enough for tests: a step or a few, in full precision, without weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.train.data.folders import draw_classes
from train.recipes.opening import OpenRecipe, open_recipe
from train.recipes.reading import AnySettings, recipe_from

SMALL: dict[str, dict[str, Any]] = {
    "rotation_siamese": {"data": {"pairs_per_batch": 2}},
    "rotation_siamese_three_way": {"data": {"pairs_per_batch": 3, "unrelated_share": 0.333}},
    "koch_oneshot": {"data": {"pairs_per_batch": 4, "pairs_per_epoch": 10}},
    "triplet_cnn": {"data": {"places_per_batch": 4, "pictures_per_place": 3}},
    "mobilenet_retrieval": {"data": {"pictures_per_batch": 4}},
    "osnet_triplet": {"data": {"places_per_batch": 2, "pictures_per_place": 2}, "width": 64, "height": 64},
}
"""What each design's recipe has beyond the common; the names are those of the files in config/recipes."""
DESIGNS = tuple(SMALL)
BY_SIMILARITY = ("rotation_siamese", "triplet_cnn", "mobilenet_retrieval", "osnet_triplet")


def small_settings(design: str, optimiser: dict[str, Any] | None = None, **run: Any) -> AnySettings:
    """One step of a design, unless `run` says otherwise."""
    own = SMALL[design]
    ending = {} if {"epochs", "budget_minutes"} & run.keys() else {"steps": 1}
    values = {
        "name": design.replace("_", "-"),
        "network": design.removesuffix("_three_way"),
        "optimiser": {"warm_up": 0, "ema_decay": 0, **(optimiser or {})},
        "run": {**ending, "threads": 1, "bf16": False, "validation_batches": 0, "tensorboard": False, **run},
        **own,
    }
    values["data"] = {"workers": 0, **own["data"]}
    return recipe_from(values)


def small_recipe_of(design: str, data: Path, **run: Any) -> OpenRecipe:
    """The recipe with its pictures."""
    return open_recipe(small_settings(design, **run), data)


def draw_places(directory: Path) -> Path:
    """Eight classes of four pictures and six single photos."""
    return draw_classes(directory, dict.fromkeys("abcdefgh", 4), single=6)
