"""Every recipe in the tree opens on pictures of the cameras that it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.train.data.folders import draw_classes
from tests.train.test_recipes import RECIPES
from train.recipes.design import DesignRecipe
from train.recipes.design_settings import CommonSettings
from train.recipes.opening import RECIPES as NETWORKS
from train.recipes.opening import open_recipe
from train.recipes.reading import read_recipe

DESIGNS = [path for path in RECIPES if isinstance(read_recipe(path), CommonSettings)]


def test_there_is_a_recipe_for_every_network() -> None:
    assert {read_recipe(path).network for path in RECIPES} == set(NETWORKS)


@pytest.mark.parametrize("path", DESIGNS, ids=lambda p: p.stem)
def test_a_recipe_of_a_design_opens_and_its_network_takes_the_pictures_that_are_drawn(
    path: Path, tmp_path: Path
) -> None:
    settings = read_recipe(path)
    assert isinstance(settings, CommonSettings)
    named = [*settings.data.validation_cameras, *settings.data.unsteady_cameras]
    own = list("abcdefghijklmnopqrstuvwxyz")
    data = draw_classes(tmp_path, dict.fromkeys([*named, *own], 2), single=3)
    recipe = open_recipe(settings, data)
    assert isinstance(recipe, DesignRecipe)
    held = {place.label for place in recipe.held.often}
    assert held == set(settings.data.validation_cameras) if named else held < set(own)
    network = recipe.shaped(settings, {})
    if getattr(settings, "start", None) is None:
        network = recipe.build()
    drawn = recipe.pictures(recipe.training().batch(0))
    assert drawn.shape[1:] == (3, network.input.height, network.input.width)
    assert recipe.steps_per_epoch > 0
