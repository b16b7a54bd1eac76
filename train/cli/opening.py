"""From a recipe's file and a data directory to a recipe that can be trained or measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from train.data.manifest import DataError
from train.recipes.settings import RecipeSettings
from train.recipes.view import ViewRecipe

# How each `network` of a recipe is trained.
RECIPES: Mapping[str, Callable[[RecipeSettings, Path], ViewRecipe]] = {"view": ViewRecipe}


def open_recipe(settings: RecipeSettings, data: Path) -> ViewRecipe:
    """The recipe with its pictures.

    Raises:
        DataError: The directory is missing or empty, or holds nothing to train or to validate on.
    """
    if not data.is_dir():
        raise DataError(
            f"There is no directory {data}.", "Give the directory of the training data with --data."
        )
    if not any(data.iterdir()):
        raise DataError(f"{data} is empty.", "Give the directory of the training data with --data.")
    recipe = RECIPES[settings.network](settings, data)
    for name, pool in (("train", recipe.splits.train), ("validation", recipe.splits.validation)):
        if not pool.scenes and not pool.cameras:
            raise DataError(
                f"{data} has no pictures for the {name} split of this recipe.",
                "Rows of the manifest need `split` train, and cameras of two frames or more a `use` of same-view.",
            )
    return recipe
