"""A design's run as ClearML is told of it, offline: complete, and what an import can read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
import torch
import yaml

from tests.train.recipes.designs import small_settings
from tests.train.test_tracking import FIT, Session, clearml_environment


@pytest.fixture(scope="module")
def run(places: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real `fit` of design C in a process of its own."""
    home = tmp_path_factory.mktemp("home")
    values = small_settings("triplet_cnn", steps=2, validation_batches=1).model_dump(mode="json")
    values["tracker"] = {"kinds": ["tensorboard", "clearml"], "offline": True}
    (home / "c.yaml").write_text(yaml.safe_dump(values))
    words = [
        str(home / "reached"),
        "fit",
        str(home / "c.yaml"),
        "--data",
        str(places),
        "--out",
        str(home / "run"),
    ]
    done = subprocess.run(
        [sys.executable, "-c", FIT, *words],
        env=clearml_environment(home),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return home / "run"


def test_the_session_of_a_design_holds_all_that_an_import_needs(run: Path, tmp_path: Path) -> None:
    assert (run.parent / "reached").read_text() == "", "offline, nobody is reached"
    (file,) = (run / "clearml").rglob("*.zip")
    session = Session(file, tmp_path)

    parameters = session.task["hyperparams"]["recipe"]
    assert parameters["network"]["value"] == "triplet_cnn"
    assert parameters["loss/miner"]["value"] == "semi_hard"

    points = {(e["metric"], e["variant"], e["iter"]) for e in session.of_type("training_stats_scalar")}
    assert {("loss", "triplet", 1), ("loss", "total", 2)} <= points
    assert {("validation", name, 2) for name in ("auc", "threshold", "rank_1")} <= points

    pictures = session.of_type("training_debug_image")
    assert len(pictures) == 8
    assert all(cv2.imread(str(session.local(event["url"]))) is not None for event in pictures)

    (plot,) = [event for event in session.of_type("plot") if event["metric"] == "confusion"]
    (matrix,) = json.loads(plot["plot_str"])["data"]
    assert matrix["x"] == ["same", "changed"]
    assert sum(map(sum, matrix["z"])) == 16

    (artefact,) = session.task["execution"]["artifacts"]
    kept = torch.load(session.local(artefact["uri"]), weights_only=True)
    left = torch.load(run / "weights.pt", weights_only=True)
    assert all(torch.equal(kept[name], left[name]) for name in left)
