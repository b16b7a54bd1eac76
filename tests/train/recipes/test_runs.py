"""Runs of designs as a user starts them: killed and gone on with, ended early, refused with what to do."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from click.testing import CliRunner

from tests.train.data.folders import draw_classes
from tests.train.drawn import tiny_recipe
from tests.train.recipes.designs import small_recipe_of, small_settings
from train.checkpoint import read_checkpoint
from train.cli.main import main
from train.loop import Trainer
from train.recipes.reading import AnySettings
from train.recipes.settings import RecipeError
from train.tracking import NoTracker


def written(path: Path, settings: AnySettings) -> str:
    path.write_text(yaml.safe_dump(settings.model_dump(mode="json")))
    return str(path)


def fit(*words: str) -> str:
    result = CliRunner().invoke(main, ["fit", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def refused(*words: str) -> str:
    """What a command says that ends with 1, and not with a traceback."""
    result = CliRunner().invoke(main, list(words))
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit), result.exception
    return " ".join(result.output.split())


def test_a_run_of_epochs_killed_in_the_middle_of_one_ends_with_the_weights_of_an_undisturbed_one(
    places: Path, tmp_path: Path
) -> None:
    settings = small_settings(
        "triplet_cnn",
        epochs=10,
        validation_batches=1,
        checkpoint_minutes=1e-6,
        early_stopping={"figure": "auc", "better": "higher", "patience_validations": 100},
    )
    steps_per_epoch = small_recipe_of("triplet_cnn", places).steps_per_epoch
    assert steps_per_epoch is not None
    recipe = written(tmp_path / "recipe.yaml", settings)
    words = [recipe, "--data", str(places), "--out"]
    assert f"finished after {10 * steps_per_epoch} steps" in fit(*words, str(tmp_path / "whole"))

    killed = tmp_path / "killed"
    process = subprocess.Popen([sys.executable, "-m", "train", "fit", *words, str(killed)])
    end = time.monotonic() + 240
    while not (killed / "checkpoint.pt").is_file() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.005)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert 0 < read_checkpoint(killed / "checkpoint.pt", settings).step < 10 * steps_per_epoch
    assert "going on from step" in fit(*words, str(killed))

    one, other = (read_checkpoint(tmp_path / run / "checkpoint.pt", settings) for run in ("whole", "killed"))
    assert all(torch.equal(value, other.network[name]) for name, value in one.network.items())
    assert one.best is not None
    assert other.best is not None
    assert (one.best.figure, one.best.step, one.best.since) == (
        other.best.figure,
        other.best.step,
        other.best.since,
    )
    kept = [torch.load(tmp_path / run / "weights.pt", weights_only=True) for run in ("whole", "killed")]
    assert all(torch.equal(value, kept[1][name]) for name, value in kept[0].items())


def test_a_run_stops_early_by_a_figure_of_the_design_and_keeps_its_best_weights(
    places: Path, tmp_path: Path
) -> None:
    recipe = small_recipe_of(
        "triplet_cnn",
        places,
        # So small a rate changes next to nothing, so that before long no validation is better.
        optimiser={"learning_rate": 1e-12},
        steps=50,
        validate_steps=1,
        validation_batches=1,
        early_stopping={"figure": "rank_1", "better": "higher", "patience_validations": 2},
    )
    said: list[str] = []
    trainer = Trainer(recipe, tmp_path, said.append, NoTracker())
    trainer.run()
    best = trainer.stopping.best
    assert best is not None
    assert trainer.progress.step == best.step + 2 < 50
    assert f"stopped early; the best rank_1 was {best.figure:.3f}, at step {best.step}" in said[-1]
    left = torch.load(trainer.weights, weights_only=True)
    assert all(torch.equal(value, left[name]) for name, value in best.averaged.items())


def test_a_figure_of_another_design_is_refused_with_those_that_there_are(
    places: Path, tmp_path: Path
) -> None:
    stop = {"figure": "top_1", "better": "higher", "patience_validations": 2}
    recipe = small_recipe_of("triplet_cnn", places, steps=2, validation_batches=1, early_stopping=stop)
    with pytest.raises(RecipeError, match=r"no figure 'top_1'.*auc.*rank_1"):
        Trainer(recipe, tmp_path, lambda _: None, NoTracker()).run()


def test_epochs_of_the_view_network_are_refused(tmp_path: Path) -> None:
    from tests.train.drawn import draw_data

    values = tiny_recipe(1).model_dump(mode="json")
    values["run"] |= {"steps": None, "epochs": 3}
    (tmp_path / "view.yaml").write_text(yaml.safe_dump(values))
    data = draw_data(tmp_path)
    said = refused("fit", str(tmp_path / "view.yaml"), "--data", str(data), "--out", str(tmp_path / "run"))
    assert "it has no epochs" in said
    assert "Set run.steps" in said


def test_a_checkpoint_of_another_network_is_refused_with_both_named(places: Path, tmp_path: Path) -> None:
    run = str(tmp_path / "run")
    fit(written(tmp_path / "c.yaml", small_settings("triplet_cnn")), "--data", str(places), "--out", run)
    other = written(tmp_path / "b.yaml", small_settings("koch_oneshot"))
    for command in (["fit", other, "--out", run], ["export", other, "--run", run]):
        said = refused(*command, "--data", str(places))
        assert "made by another recipe" in said
        assert "network was triplet_cnn and is koch_oneshot" in said
        assert "another --out (or --run)" in said


def test_a_gpu_that_is_asked_for_and_absent_is_named(places: Path, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    recipe = written(tmp_path / "c.yaml", small_settings("triplet_cnn", device="cuda"))
    said = refused("fit", recipe, "--data", str(places), "--out", str(tmp_path / "run"))
    assert "run.device: cuda" in said
    assert "Set run.device to auto or cpu" in said


def test_weights_that_are_not_there_are_named(places: Path, tmp_path: Path) -> None:
    values = small_settings("mobilenet_retrieval").model_dump(mode="json")
    values["start"]["weights"] = str(tmp_path / "none.pth")
    (tmp_path / "d.yaml").write_text(yaml.safe_dump(values))
    said = refused("fit", str(tmp_path / "d.yaml"), "--data", str(places), "--out", str(tmp_path / "run"))
    assert "There are no weights at" in said
    assert "none.pth" in said


@pytest.mark.parametrize("design", ["koch_oneshot", "triplet_cnn", "mobilenet_retrieval"])
def test_one_class_only_is_refused(design: str, tmp_path: Path) -> None:
    data = draw_classes(tmp_path / "data", {"cats": 6})
    recipe = written(tmp_path / "recipe.yaml", small_settings(design))
    said = refused("fit", recipe, "--data", str(data), "--out", str(tmp_path / "run"))
    assert "one class only" in said or "two classes" in said
    assert "folder" in said


@pytest.mark.parametrize("design", ["koch_oneshot", "triplet_cnn"])
def test_one_anchor_and_one_negative_are_refused_before_the_training(design: str, tmp_path: Path) -> None:
    data = draw_classes(tmp_path / "data", {"anchor": 4, "positive": 4, "negative": 1})
    recipe = written(tmp_path / "recipe.yaml", small_settings(design))
    said = refused("fit", recipe, "--data", str(data), "--out", str(tmp_path / "run"))
    assert "1 place would be left to choose by" in said


def test_anchors_positives_and_a_few_negatives_are_enough(tmp_path: Path) -> None:
    data = draw_classes(tmp_path / "data", {"anchor": 4, "positive": 4, "negative": 6})
    recipe = small_recipe_of("koch_oneshot", data, steps=1, validation_batches=1)
    said: list[str] = []
    Trainer(recipe, tmp_path / "run", said.append, NoTracker()).run()
    assert any(line.startswith("validation") for line in said)


@pytest.mark.parametrize("classes", [2, 4, 5])
@pytest.mark.parametrize("design", ["triplet_cnn", "mobilenet_retrieval"])
def test_a_few_class_folders_are_enough(design: str, classes: int, tmp_path: Path) -> None:
    data = draw_classes(tmp_path / "data", dict.fromkeys("abcde"[:classes], 4))
    recipe = small_recipe_of(design, data, steps=1, validation_batches=1)
    said: list[str] = []
    Trainer(recipe, tmp_path / "run", said.append, NoTracker()).run()
    assert any(line.startswith("validation") for line in said)


def test_unreadable_pictures_end_a_run_with_the_file_s_name(tmp_path: Path) -> None:
    data = draw_classes(tmp_path / "data", dict.fromkeys("abcdef", 4))
    for picture in data.rglob("*.png"):
        picture.write_bytes(b"not a picture")
    recipe = written(tmp_path / "recipe.yaml", small_settings("triplet_cnn"))
    said = refused("fit", recipe, "--data", str(data), "--out", str(tmp_path / "run"))
    assert "Cannot read" in said
    assert ".png" in said


@pytest.mark.parametrize(
    ("design", "part", "wrong", "says"),
    [
        ("triplet_cnn", "data", {"pairs_per_batch": 4}, "data.pairs_per_batch"),
        ("triplet_cnn", "data", {"places_per_batch": 1}, "data.places_per_batch"),
        ("triplet_cnn", "loss", {"loss": "contrastive"}, "loss"),
        ("rotation_siamese", "data", {"unrelated_share": 1.0}, "data.unrelated_share"),
        ("rotation_siamese", "start", {"frozen_stages": 18}, "start.frozen_stages"),
        ("koch_oneshot", "loss", {"loss": "triplet"}, "loss"),
        ("osnet_triplet", "width", 100, "multiples of 16"),
        ("mobilenet_retrieval", "data", {"validation_share": 1.0}, "data.validation_share"),
    ],
)
def test_what_a_design_does_not_have_is_refused_with_the_key(
    design: str, part: str, wrong: Any, says: str, tmp_path: Path
) -> None:
    values = small_settings(design).model_dump(mode="json")
    values[part] = {**values.get(part, {}), **wrong} if isinstance(wrong, dict) else wrong
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(values))
    assert says in refused("fit", str(tmp_path / "recipe.yaml"), "--data", str(tmp_path))
