"""From a recipe's file and a data set to a recipe that can be trained or measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from train.checkpoint import Checkpoint, read_checkpoint
from train.data.manifest import DataError
from train.recipes.koch_oneshot import KochOneShotRecipe
from train.recipes.mobilenet_retrieval import MobileNetRetrievalRecipe
from train.recipes.reading import AnySettings, read_recipe
from train.recipes.rotation_siamese import RotationSiameseRecipe
from train.recipes.triplets import OsNetTripletRecipe, TripletCnnRecipe
from train.recipes.view import ViewRecipe

OpenRecipe = (
    ViewRecipe
    | RotationSiameseRecipe
    | KochOneShotRecipe
    | TripletCnnRecipe
    | MobileNetRetrievalRecipe
    | OsNetTripletRecipe
)
# How each `network` of a recipe is trained.
RECIPES: Mapping[str, type[OpenRecipe]] = {
    "view": ViewRecipe,
    "rotation_siamese": RotationSiameseRecipe,
    "koch_oneshot": KochOneShotRecipe,
    "triplet_cnn": TripletCnnRecipe,
    "mobilenet_retrieval": MobileNetRetrievalRecipe,
    "osnet_triplet": OsNetTripletRecipe,
}


def open_recipe(settings: AnySettings, data: Path) -> OpenRecipe:
    """The recipe with its pictures.

    Raises:
        DataError: The data set is missing or empty, or holds nothing to train or to validate on.
    """
    if not data.exists():
        raise DataError(
            f"There is no directory {data}.", "Give the directory of the training data with --data."
        )
    if data.is_dir() and not any(data.iterdir()):
        raise DataError(f"{data} is empty.", "Give the directory of the training data with --data.")
    kind: Any = RECIPES[settings.network]
    recipe: OpenRecipe = kind(settings, data)
    if isinstance(recipe, ViewRecipe):
        _check_pools(recipe, data)
    return recipe


def _check_pools(recipe: ViewRecipe, data: Path) -> None:
    for name, pool in (("train", recipe.splits.train), ("validation", recipe.splits.validation)):
        if not pool.scenes and not pool.cameras:
            raise DataError(
                f"{data} has no pictures for the {name} split of this recipe.",
                "Rows of the manifest need `split` train, and cameras of two frames or more a `use` of same-view.",
            )


def load_network(settings: AnySettings, checkpoint: Checkpoint) -> Any:
    """The trained network, ready to be asked; no data is needed for it."""
    kind: Any = RECIPES[settings.network]
    network: nn.Module = kind.shaped(settings, checkpoint.result)
    network.load_state_dict(checkpoint.result)
    return network.eval()


def open_network(recipe: Path, run: Path) -> Any:
    """The network of a run, ready to be asked.

    Raises:
        RecipeError: The recipe cannot be read, or there is no checkpoint of it in the run's directory.
    """
    settings = read_recipe(recipe)
    return load_network(settings, read_checkpoint(run / "checkpoint.pt", settings))
