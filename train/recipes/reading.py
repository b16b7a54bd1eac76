"""From a YAML file to the settings of the recipe that it names by `network`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from train.recipes.design_settings import DesignSettings
from train.recipes.settings import RecipeError
from train.recipes.view_settings import ViewSettings

AnySettings = ViewSettings | DesignSettings
_ANY: TypeAdapter[AnySettings] = TypeAdapter(Annotated[AnySettings, Field(discriminator="network")])


def recipe_from(values: Any) -> AnySettings:
    """Settings from plain values, as YAML or a checkpoint holds them.

    Raises:
        ValidationError: A value is wrong; every wrong key is named at once.
    """
    return _ANY.validate_python(values)


def read_recipe(path: Path) -> AnySettings:
    """Read and validate a recipe.

    Raises:
        RecipeError: The file is missing, not YAML, or a value is wrong; every wrong key is named at once.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
        return recipe_from(values)
    except OSError as error:
        raise RecipeError(
            f"Cannot read the recipe {path}: {error.strerror}.", "See config/recipes."
        ) from error
    except yaml.YAMLError as error:
        raise RecipeError(f"{path} is not YAML: {error}.") from error
    except ValidationError as error:
        raise RecipeError(f"{path}: {wrong_keys(error)}.", "Correct these keys.") from error


def read_view_recipe(path: Path) -> ViewSettings:
    """A recipe of the default network, which alone says which frames of a camera may meet.

    Raises:
        RecipeError: As `read_recipe`, or it is a recipe of another network.
    """
    settings = read_recipe(path)
    if not isinstance(settings, ViewSettings):
        raise RecipeError(f"{path} is a recipe of {settings.network}.", "Give one with `network: view`.")
    return settings


def wrong_keys(error: ValidationError) -> str:
    """Each wrong key with what is wrong about it."""
    found = []
    for problem in error.errors():
        # What was right so far comes first: the name of the network, which chose among the recipes.
        where = [str(part) for part in problem["loc"]][1:]
        found.append(f"{'.'.join(where) or 'network'}: {problem['msg']}")
    return "; ".join(found)
