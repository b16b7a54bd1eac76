"""The commands, end to end, on drawn pictures."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml
from click.testing import CliRunner

from monitor.vision.bundle import load_bundle
from tests.train.drawn import draw_data, tiny_recipe
from train.checkpoint import read_checkpoint
from train.cli.main import COMMANDS, main
from train.recipes.settings import RecipeSettings


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    result = CliRunner().invoke(main, [command, "--help"])
    assert result.exit_code == 0
    assert f"Example: python -m train {command}" in " ".join(result.output.split())


def test_fit_export_calibrate_and_evaluate_make_a_bundle_with_a_true_card(tmp_path: Path) -> None:
    data = str(draw_data(tmp_path))
    recipe, run, bundle = tmp_path / "tiny.yaml", str(tmp_path / "run"), str(tmp_path / "tiny.bundle")
    settings = tiny_recipe(1, validation_batches=1)
    fingerprint = hashlib.sha256((tmp_path / "manifest.csv").read_bytes()).hexdigest()[:12]
    recipe.write_text(yaml.safe_dump(settings.model_dump(mode="json")))

    def call(*words: str) -> str:
        result = CliRunner().invoke(main, [*words, "--data", data], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    fitted = call("fit", str(recipe), "--out", run)
    assert "finished after 1 steps" in fitted
    assert f"data <Manifest 15 pictures, 2 fixed cameras, {fingerprint}>" in fitted
    assert "training on cpu, 1 thread, float32, one process" in fitted
    assert "wrote tiny-" in call("export", str(recipe), "--run", run, "--bundle", bundle)
    first = load_bundle(Path(bundle))
    assert "operating point" in call("calibrate", str(recipe), "--bundle", bundle, "--per-camera", "1")
    told = call("evaluate", str(recipe), "--bundle", bundle, "--per-camera", "1", "--write")
    assert "comparator" in told
    assert "network" in told
    card = load_bundle(Path(bundle)).card
    assert load_bundle(Path(bundle)).id == first.id
    assert card.training["steps"] == 1
    assert card.training["recipe"]["name"] == "tiny"
    assert {"confidence", "moved_excess"} <= card.operating_point.keys()
    assert card.calibration["cameras"]
    noted = card.metrics["validation"]
    assert noted["cameras"] == ["kept"]
    for method in ("comparator", "network"):
        assert noted[method]["flip"]["pairs"] == 1
        assert 0 <= noted[method]["same"]["alarms"] <= 1


def refusal(*words: str) -> str:
    """What a command says that ends with 1, and not with a traceback."""
    result = CliRunner().invoke(main, list(words))
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit)
    return " ".join(result.output.split())


def written(directory: Path, settings: RecipeSettings) -> str:
    recipe = directory / "tiny.yaml"
    recipe.write_text(yaml.safe_dump(settings.model_dump(mode="json")))
    return str(recipe)


def test_help_names_every_command_without_importing_any() -> None:
    code = "import sys; from train.cli.main import main; main(['--help'], standalone_mode=False)"
    loaded = "print('torch' in sys.modules, 'cv2' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; {loaded}"], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "False False", done.stderr
    assert all(f"  {name} " in done.stdout for name in COMMANDS)


def test_export_without_a_run_says_what_to_do(tmp_path: Path) -> None:
    recipe = written(tmp_path, tiny_recipe(1))
    said = refusal("export", recipe, "--run", str(tmp_path), "--data", str(tmp_path))
    assert "no checkpoint" in said
    assert "python -m train fit" in said


def test_a_recipe_that_does_not_exist_is_named(tmp_path: Path) -> None:
    assert "See config/recipes" in refusal("fit", str(tmp_path / "veiw.yaml"), "--data", str(tmp_path))


def test_a_network_that_does_not_exist_is_named(tmp_path: Path) -> None:
    recipe = tmp_path / "other.yaml"
    recipe.write_text("name: other\nnetwork: transformer\nrun: {steps: 1}\n")
    said = refusal("fit", str(recipe), "--data", str(tmp_path))
    assert "'transformer' found" in said
    assert "'view'" in said


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda data: None, "There is no directory"),
        (lambda data: data.mkdir(), "is empty"),
        (lambda data: (data.mkdir(), (data / "a.jpg").touch()), "No manifest.csv"),
    ],
)
def test_a_data_directory_that_cannot_be_used_is_named(
    tmp_path: Path, make: Callable[[Path], object], problem: str
) -> None:
    recipe, data = written(tmp_path, tiny_recipe(1)), tmp_path / "data"
    make(data)
    said = refusal("fit", recipe, "--data", str(data), "--out", str(tmp_path / "run"))
    assert problem in said
    assert "--data" in said


def test_a_manifest_without_pictures_to_train_on_is_named(tmp_path: Path) -> None:
    data = draw_data(tmp_path)
    manifest = data / "manifest.csv"
    kept = [line for line in manifest.read_text().splitlines() if not line.startswith(("scene", "steady"))]
    manifest.write_text("\n".join(kept))
    recipe = written(tmp_path, tiny_recipe(1))
    said = refusal("fit", recipe, "--data", str(data), "--out", str(tmp_path / "run"))
    assert "no pictures for the train split" in said


def test_a_picture_that_cannot_be_read_is_named_also_from_a_worker(tmp_path: Path) -> None:
    data = draw_data(tmp_path)
    for picture in data.glob("*.png"):
        picture.write_bytes(b"not a picture")
    settings = tiny_recipe(1)
    settings = settings.model_copy(update={"data": settings.data.model_copy(update={"workers": 1})})
    words = ["fit", written(tmp_path, settings), "--data", str(data), "--out", str(tmp_path / "run")]
    # A process of its own, as a user starts it: worker processes included.
    done = subprocess.run(
        [sys.executable, "-m", "train", *words], capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 1
    said = " ".join(done.stderr.split())
    assert re.search(
        r"Error: Cannot read \S+\.png: it is not a picture, or damaged\. Replace or remove it\.", said
    )
    assert "Traceback" not in said


def test_a_gpu_that_is_asked_for_and_absent_is_named(tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    recipe = written(tmp_path, tiny_recipe(1, device="cuda"))
    said = refusal("fit", recipe, "--data", str(draw_data(tmp_path)), "--out", str(tmp_path / "run"))
    assert "Set run.device to auto or cpu" in said


def test_a_checkpoint_of_another_recipe_is_refused_with_what_differs(tmp_path: Path) -> None:
    data, run = str(draw_data(tmp_path)), str(tmp_path / "run")
    assert CliRunner().invoke(main, ["fit", written(tmp_path, tiny_recipe(1)), "--data", data, "--out", run])
    settings = tiny_recipe(1)
    other = settings.model_copy(update={"start": settings.start.model_copy(update={"frozen_stages": 1})})
    recipe = written(tmp_path, other)
    for words in (["fit", recipe, "--out", run], ["export", recipe, "--run", run]):
        said = refusal(*words, "--data", data)
        assert "start.frozen_stages was 3 and is 1" in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_all_processes_of_a_fit_ends_it_with_a_checkpoint(
    tmp_path: Path, number: signal.Signals
) -> None:
    data = draw_data(tmp_path)
    settings = tiny_recipe(100_000)
    patient = settings.model_copy(update={"data": settings.data.model_copy(update={"workers": 1})})
    recipe, run, said = written(tmp_path, patient), tmp_path / "run", tmp_path / "said"
    command = [sys.executable, "-m", "train", "fit", recipe, "--data", str(data), "--out", str(run)]
    with said.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
        end = time.monotonic() + 120
        while "step 1 of" not in said.read_text() and process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        os.killpg(process.pid, number)
        assert process.wait(60) == 0, said.read_text()
    assert "the same command goes on from here" in said.read_text()
    assert read_checkpoint(run / "checkpoint.pt", patient).step > 0
