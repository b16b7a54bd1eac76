"""Every recipe in the tree is valid, and wrong ones are refused with the key's name."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from train.recipes.reading import read_recipe
from train.recipes.settings import RecipeError

ROOT = Path(__file__).parents[2]
RECIPES = sorted((ROOT / "config" / "recipes").rglob("*.yaml"))


def test_there_are_recipes() -> None:
    assert RECIPES


@pytest.mark.parametrize("path", RECIPES, ids=lambda p: p.stem)
def test_a_recipe_is_valid_and_begins_with_its_launch_command(path: Path) -> None:
    read_recipe(path)
    head = path.read_text(encoding="utf-8").split("\n\n")[0].split("name:")[0]
    assert head.startswith("# ")
    assert f"python -m train fit {path.relative_to(ROOT)}" in head


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"surprise": 1}, "surprise"),
        ({"network": "resnet"}, "network"),
        ({"run": {"steps": 3, "budget_minutes": 3}}, "exactly one"),
        ({"run": {"steps": 3, "sedd": 3}}, "run.sedd"),
        ({"name": "Not A Name"}, "name"),
    ],
)
def test_a_wrong_recipe_is_refused_and_the_key_named(
    tmp_path: Path, change: dict[str, object], says: str
) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(yaml.safe_dump({"name": "x", "network": "view", "run": {"steps": 1}, **change}))
    with pytest.raises(RecipeError, match=says):
        read_recipe(path)


def test_a_missing_or_broken_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="Cannot read"):
        read_recipe(tmp_path / "none.yaml")
    (tmp_path / "broken.yaml").write_text("a: [")
    with pytest.raises(RecipeError, match="not YAML"):
        read_recipe(tmp_path / "broken.yaml")
