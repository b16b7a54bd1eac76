"""What trackers are told is there to be read: by TensorBoard, and in a ClearML session made offline."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
import yaml
from tensorboard.backend.event_processing.event_accumulator import IMAGES, TENSORS, EventAccumulator

from tests.train.clearml_server import ClearMLServer
from tests.train.drawn import draw_data, tiny_recipe
from tests.train.small import small_recipe
from train.loop import Trainer
from train.recipes.reading import recipe_from
from train.tracking import NoTracker, SeveralTrackers
from train.tracking.opening import open_tracker
from train.tracking.tensorboard import TensorBoardTracker, drawn
from train.tracking.tracker import TrackingError, flattened
from train.validation import Confusion

ROOT = Path(__file__).parents[2]
SECRET = "hunter2-must-not-be-told"
# `fit` as a process of its own: ClearML stays with a process. Every attempt to reach a network is noted.
FIT = """
import sys
reached = open(sys.argv[1], "w")
def note(event, arguments):
    if event in ("socket.connect", "socket.sendto") and isinstance(arguments[-1], str):
        return  # a path: worker processes of this machine
    if event in ("socket.getaddrinfo", "socket.connect", "socket.sendto"):
        print(event, arguments, file=reached, flush=True)
sys.addaudithook(note)
from train.cli.main import main
main(sys.argv[2:])
"""
# Imports a session, then tells an online task of its own; twice, as a run that is gone on with.
IMPORT_AND_TELL = """
import sys
from pathlib import Path
from clearml import Task
print("imported", Task.import_offline_session(sys.argv[1]))
from train.recipes.settings import TrackerSettings
from train.tracking.clearml_session import ClearMLTracker
for step in (1, 2):
    tracker = ClearMLTracker(TrackerSettings(kinds=["clearml"], project="views"), "tiny", Path(sys.argv[2]))
    tracker.hyperparameters({"run": {"steps": 2}})
    tracker.scalar("loss/total", 1 / step, step)
    tracker.close()
"""


def clearml_environment(home: Path) -> dict[str, str]:
    """An environment in which ClearML has no configuration, with a secret in it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CLEARML", "TRAINS"))}
    nowhere = str(home / "nowhere.conf")
    return {
        **kept,
        "HOME": str(home),
        "CLEARML_CONFIG_FILE": nowhere,
        "PYTHONPATH": str(ROOT),
        "TOKEN": SECRET,
    }


class Session:
    """The contents of an offline session, as `Task.import_offline_session` reads them."""

    def __init__(self, file: Path, folder: Path) -> None:
        zipfile.ZipFile(file).extractall(folder)
        self.folder = folder
        self.task: dict[str, Any] = json.loads((folder / "task.json").read_text())
        lines = (folder / "metrics.jsonl").read_text().splitlines()
        self.events: list[dict[str, Any]] = [event for line in lines for event in json.loads(line)]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]

    def local(self, uri: str) -> Path:
        """The file of a uri, found in the session as the import finds it."""
        return self.folder / "data" / uri.removeprefix(f"{self.task['offline_folder']}/data/")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real `fit` of the view network that tells TensorBoard and an offline ClearML, with worker processes."""
    home = tmp_path_factory.mktemp("home")
    settings = tiny_recipe(2, validation_batches=1).model_dump(mode="json", exclude={"tracker"})
    settings["tracker"] = {"kinds": ["tensorboard", "clearml"], "offline": True, "project": "views"}
    settings["data"]["workers"] = 1
    recipe = home / "tiny.yaml"
    recipe.write_text(yaml.safe_dump(settings))
    words = [
        str(home / "reached"),
        "fit",
        str(recipe),
        "--data",
        str(draw_data(home)),
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


@pytest.fixture(scope="module")
def session(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Session:
    (file,) = (run / "clearml").rglob("*.zip")
    return Session(file, tmp_path_factory.mktemp("session"))


def test_offline_nobody_is_phoned(run: Path) -> None:
    assert (run.parent / "reached").read_text() == ""


def test_the_offline_session_has_the_recipe_as_parameters_and_whole(session: Session) -> None:
    parameters = session.task["hyperparams"]["recipe"]
    assert parameters["name"]["value"] == "tiny"
    assert parameters["run/steps"]["value"] == "2"
    assert yaml.safe_load(session.task["configuration"]["recipe"]["value"])["run"]["steps"] == 2
    assert session.task["project_name"] == "views"


def test_the_offline_session_has_loss_and_validation_curves(session: Session) -> None:
    points = [(e["metric"], e["variant"], e["iter"]) for e in session.of_type("training_stats_scalar")]
    assert ("loss", "total", 1) in points
    assert ("loss", "relation", 2) in points
    assert any(metric == "validation" and variant.startswith("right_") for metric, variant, _ in points)


def test_the_offline_session_has_example_pairs_that_can_be_looked_at(session: Session) -> None:
    pictures = session.of_type("training_debug_image")
    assert {event["variant"].rsplit("_", 1)[0] for event in pictures} >= {"same", "different"}
    for event in pictures:
        pixels = cv2.imread(str(session.local(event["url"])))
        assert pixels is not None
        assert pixels.shape[1] == 2 * 256


def test_the_offline_session_has_the_confusion_matrix_as_a_plot(session: Session) -> None:
    (plot,) = [event for event in session.of_type("plot") if event["metric"] == "confusion"]
    (matrix,) = json.loads(plot["plot_str"])["data"]
    assert matrix["x"] == ["same", "moved", "different", "obstructed"]
    assert np.array(matrix["z"]).shape == (4, 4)
    assert np.array(matrix["z"]).sum() > 0


def test_the_offline_session_has_the_weights_as_an_artefact(session: Session, run: Path) -> None:
    (artefact,) = session.task["execution"]["artifacts"]
    assert artefact["key"] == "weights"
    kept = torch.load(session.local(artefact["uri"]), weights_only=True)
    left = torch.load(run / "weights.pt", weights_only=True)
    assert kept.keys() == left.keys()
    assert all(torch.equal(kept[name], left[name]) for name in left)


@pytest.fixture(scope="module")
def told(run: Path, tmp_path_factory: pytest.TempPathFactory) -> ClearMLServer:
    """A server that ClearML's own import has brought the session to, and that then was told of a run directly."""
    server, home = ClearMLServer(), tmp_path_factory.mktemp("online")
    (file,) = (run / "clearml").rglob("*.zip")
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_AND_TELL, str(file), str(home)],
        env={**clearml_environment(home), **server.environment, "CLEARML_CACHE_DIR": str(home)},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=240,
    )
    server.shutdown()
    server.server_close()
    assert done.returncode == 0, done.stderr
    return server


def test_clearml_imports_the_offline_session_whole(told: ClearMLServer, session: Session, run: Path) -> None:
    task = next(iter(told.tasks.values()))
    assert task["status"] == "completed"
    assert task["hyperparams"]["recipe"]["run/steps"]["value"] == "2"
    assert [artefact["key"] for artefact in task["execution"]["artifacts"]] == ["weights"]
    arrived = [
        (e["metric"], e["variant"], e["iter"]) for e in told.events if e["task"] == task["id"] and "iter" in e
    ]
    assert sorted(arrived) == sorted((e["metric"], e["variant"], e["iter"]) for e in session.events)
    weights = (run / "weights.pt").read_bytes()
    assert any(weights in file for file in told.files)


def test_online_a_run_that_goes_on_tells_the_same_task(told: ClearMLServer) -> None:
    _, online = told.tasks.values()
    points = [(e["iter"], e["value"]) for e in told.events if e["task"] == online["id"] and "value" in e]
    assert points == [(1, 1.0), (2, 0.5)]
    assert online["hyperparams"]["recipe"]["run/steps"]["value"] == "2"


def test_the_offline_session_names_neither_secrets_nor_code(session: Session) -> None:
    text = "".join(p.read_text() for p in session.folder.glob("*.json*"))
    assert SECRET not in text
    assert not session.task.get("script", {}).get("diff")


def test_clearml_without_a_server_says_what_to_do(tmp_path: Path) -> None:
    settings = tiny_recipe(1).model_dump(mode="json")
    settings["tracker"] = "clearml"
    recipe = tmp_path / "tiny.yaml"
    recipe.write_text(yaml.safe_dump(settings))
    words = [str(tmp_path / "reached"), "fit", str(recipe), "--data", str(draw_data(tmp_path))]
    done = subprocess.run(
        [sys.executable, "-c", FIT, *words, "--out", str(tmp_path / "run")],
        env=clearml_environment(tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 1
    assert re.search(r"ClearML cannot be told.*clearml-init.*offline: true", done.stderr, re.DOTALL)
    assert "Traceback" not in done.stderr


def test_tensorboard_reads_all_that_it_was_told(run: Path) -> None:
    events = EventAccumulator(str(run / "tensorboard"), {IMAGES: 0, TENSORS: 0}).Reload()
    tags = events.Tags()
    assert {"loss/total", "loss/relation"} <= set(tags["scalars"])
    assert any(tag.startswith("validation/right_") for tag in tags["scalars"])
    assert [point.step for point in events.Scalars("loss/total")] == [1, 2]
    assert "confusion/relation" in tags["images"]
    assert any(tag.startswith("examples/same") for tag in tags["images"])
    assert "_hparams_/session_start_info" in events.summary_metadata
    texts = {tag: events.Tensors(tag)[0].tensor_proto.string_val[0].decode() for tag in tags["tensors"]}
    assert "sha256" in texts["artefact/weights/text_summary"]
    assert "steps: 2" in texts["recipe/text_summary"]


def test_curves_after_the_last_checkpoint_of_a_killed_run_are_not_shown_twice(tmp_path: Path) -> None:
    killed = TensorBoardTracker(tmp_path)
    for step in (1, 2, 3):
        killed.scalar("loss/total", 1.0, step)
    killed.close()
    resumed = TensorBoardTracker(tmp_path, first_step=3)
    resumed.scalar("loss/total", 0.5, 3)
    resumed.close()
    points = EventAccumulator(str(tmp_path)).Reload().Scalars("loss/total")
    assert [(p.step, p.value) for p in points] == [(1, 1.0), (2, 1.0), (3, 0.5)]


def test_a_tracker_changes_nothing_in_what_is_learned(tmp_path: Path) -> None:
    weights = []
    for kind in ("none", "tensorboard"):
        recipe = small_recipe(4, validation_batches=1)
        recipe.settings = recipe.settings.model_copy(
            update={"tracker": recipe_from({**recipe.settings.model_dump(), "tracker": kind}).told}
        )
        tracker = open_tracker(recipe.settings, tmp_path / kind)
        run = Trainer(recipe, tmp_path / kind, lambda _: None, tracker)
        run.run()
        tracker.close()
        weights.append(run.network.state_dict())
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert not (tmp_path / "none/tensorboard").exists()


@pytest.mark.parametrize(
    ("given", "kinds"),
    [
        ("none", ()),
        ("clearml", ("clearml",)),
        (["tensorboard", "clearml"], ("tensorboard", "clearml")),
        ({"kinds": "clearml", "offline": True}, ("clearml",)),
    ],
)
def test_a_recipe_names_its_trackers_in_short_or_at_length(given: object, kinds: tuple[str, ...]) -> None:
    values = {**tiny_recipe(1).model_dump(), "tracker": given}
    assert recipe_from(values).told.kinds == kinds


@pytest.mark.parametrize(("tensorboard", "kinds"), [(True, ("tensorboard",)), (False, ())])
def test_a_recipe_without_a_tracker_follows_its_older_key(tensorboard: bool, kinds: tuple[str, ...]) -> None:
    assert tiny_recipe(1, tensorboard=tensorboard).told.kinds == kinds


def test_the_matrix_is_drawn_with_its_counts_dark_where_they_are_many() -> None:
    full = drawn(Confusion(("a", "b"), np.array([[9, 0], [0, 9]])))
    empty = drawn(Confusion(("a", "b"), np.zeros((2, 2), int)))
    assert full.shape == empty.shape
    assert full.mean() < empty.mean()


class _Broken(NoTracker):
    def close(self) -> None:
        raise TrackingError("gone")


class _Closed(NoTracker):
    closed = False

    def close(self) -> None:
        self.closed = True


def test_one_tracker_that_cannot_be_closed_keeps_no_other_open() -> None:
    other = _Closed()
    with pytest.raises(TrackingError, match="gone"):
        SeveralTrackers([_Broken(), other]).close()
    assert other.closed


def test_nested_values_become_paths() -> None:
    flat = flattened({"run": {"steps": 3, "none": None}, "list": [1, 2], "on": True})
    assert flat == {"run/steps": 3, "run/none": "", "list": "[1, 2]", "on": True}
