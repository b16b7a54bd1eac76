"""The commands, end to end, on drawn pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from monitor.vision.bundle import load_bundle
from tests.train.drawn import draw_data, tiny_recipe
from train.__main__ import main


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    result = CliRunner().invoke(main, [command, "--help"])
    assert result.exit_code == 0
    assert f"Example: python -m train {command}" in " ".join(result.output.split())


def test_fit_export_calibrate_and_evaluate_make_a_bundle_with_a_true_card(tmp_path: Path) -> None:
    data = str(draw_data(tmp_path))
    recipe, run, bundle = tmp_path / "tiny.yaml", str(tmp_path / "run"), str(tmp_path / "tiny.bundle")
    settings = tiny_recipe(1, validation_batches=1)
    recipe.write_text(yaml.safe_dump(settings.model_dump(mode="json")))

    def call(*words: str) -> str:
        result = CliRunner().invoke(main, [*words, "--data", data], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    assert "finished after 1 steps" in call("fit", str(recipe), "--out", run)
    assert "wrote tiny-" in call("export", str(recipe), "--run", run, "--bundle", bundle)
    first = load_bundle(Path(bundle))
    assert "operating point" in call("calibrate", str(recipe), "--bundle", bundle, "--per-camera", "1")
    assert "orientation by embedding bank" in call(
        "evaluate", str(recipe), "--bundle", bundle, "--per-camera", "1", "--write"
    )
    card = load_bundle(Path(bundle)).card
    assert load_bundle(Path(bundle)).id == first.id
    assert card.training["steps"] == 1
    assert card.training["recipe"]["name"] == "tiny"
    assert card.metrics["validation"]["threshold"] == card.operating_point["alarm_above"]


def test_export_without_a_run_says_what_to_do(tmp_path: Path) -> None:
    recipe = tmp_path / "tiny.yaml"
    recipe.write_text(yaml.safe_dump(tiny_recipe(1).model_dump(mode="json")))
    result = CliRunner().invoke(
        main, ["export", str(recipe), "--run", str(tmp_path), "--data", str(tmp_path)]
    )
    assert result.exit_code == 1
    assert "no checkpoint" in result.output
    assert "Traceback" not in result.output
