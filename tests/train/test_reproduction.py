"""The five designs in one go: fitted to the data that is there, gone on with, measured, and told of in a report."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.train.drawn import draw_scene
from train.data.manifest import DataError
from train.recipes.design_settings import MobileNetRetrievalSettings, TripletCnnSettings
from train.reproduction.designs import DESIGNS, Design
from train.reproduction.pictures import draw_pictures
from train.reproduction.report import write_report
from train.reproduction.run import Interrupted, Plan, measure_on_pairs, pool_of, reproduce, settings_of

RECIPES = Path(__file__).parents[2] / "config" / "recipes"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five cameras to learn from, two of the split `dev`, four photos."""
    directory = tmp_path_factory.mktemp("data")
    rows = []
    for number in range(7):
        for hour in range(4):
            pixels = draw_scene(300 + number).copy()
            cv2.circle(pixels, (40 + 60 * hour, 120), 12, (250, 250, 250), -1)
            split = "dev" if number > 4 else "train"
            rows.append((f"c{number}_{hour}.png", f"c{number}", f"{hour:02d}", "same-view", split, pixels))
    rows += [(f"s{n}.png", "", "", "train scene", "train", draw_scene(400 + n)) for n in range(4)]
    with (directory / "manifest.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "camera_id", "timestamp", "condition", "use", "split"])
        for name, camera, timestamp, use, split, pixels in rows:
            cv2.imwrite(str(directory / name), pixels)
            writer.writerow([name, camera, timestamp, "day", use, split])
    return directory


def short(recipe: str, steps: int) -> Design:
    design = next(design for design in DESIGNS if design.recipe == recipe)
    run = {**design.quick["run"], "steps": steps, "validate_steps": steps, "validation_batches": 1}
    return Design(
        design.letter, recipe, design.title, design.published, design.differs, design.headline, {"run": run}
    )


@pytest.fixture(scope="module")
def plan(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    designs = [short("triplet_cnn", 4), short("mobilenet_retrieval", 1)]
    return Plan(designs, RECIPES, data, tmp_path_factory.mktemp("out"), quick=True, per_camera=1)


def test_every_recipe_of_a_published_design_is_reproduced() -> None:
    published = {path.stem for path in RECIPES.glob("*.yaml")} - {"view", "koch_omniglot"}
    assert {design.recipe for design in DESIGNS} == published
    assert {design.letter[0] for design in DESIGNS} == set("ABCDE")


def test_cameras_and_weights_that_are_not_there_are_not_asked_for(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    first, second = (settings_of(design, plan) for design in plan.designs)
    assert isinstance(first, TripletCnnSettings)
    assert first.data.validation_cameras == ()
    assert first.run.steps == 4
    assert isinstance(second, MobileNetRetrievalSettings)
    assert second.start.weights is None
    assert second.run.epochs is None


def test_a_reproduction_is_measured_told_of_and_not_done_twice(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    said: list[str] = []
    done = reproduce(plan, said.append)
    assert [one.steps for one in done] == [4, 1]
    assert all(one.bundle.is_file() for one in done)
    assert all(one.speed.torch_cpu_s > 0 and one.speed.onnx_cpu_s > 0 for one in done)
    assert (one_gpu := done[0].speed.torch_gpu_s) is None or (torch.cuda.is_available() and one_gpu > 0)

    rows = measure_on_pairs(plan, done, said.append)
    assert {row.camera for row in rows} == {"c5", "c6"}
    methods = {row.method for row in rows}
    assert sum(method.startswith(("C ", "D ", "ours")) for method in methods) == 4
    drawn = draw_pictures(done, pool_of(done[0], plan), plan.out / "pictures")
    assert [cv2.imread(str(one.path)).ndim for one in drawn] == [3, 3]

    report = write_report(plan, done, rows, drawn, "the command").read_text()
    assert "46.2 % top-1 of 18 classes" in report
    assert "the command" in report
    for method in methods:
        assert method in report
    assert f"{done[1].figures['top_1'] * 100:.1f} %" in report

    stamps = [one.bundle.stat().st_mtime_ns for one in done]
    again = reproduce(plan, said.append)
    assert [one.bundle.stat().st_mtime_ns for one in again] == stamps
    assert [one.figures for one in again] == [one.figures for one in done]
    assert sum("step 4 of 4" in line for line in said) == 1


def test_without_fixed_cameras_the_report_says_what_was_not_measured(plan: Plan, tmp_path: Path) -> None:
    folders = tmp_path / "classes"
    for label in range(4):
        (folders / str(label)).mkdir(parents=True)
        for number in range(4):
            cv2.imwrite(str(folders / str(label) / f"{number}.png"), draw_scene(10 * label + number))
    own = Plan([short("triplet_cnn", 1)], RECIPES, folders, tmp_path / "out", quick=True)
    done = reproduce(own, lambda _: None)
    assert measure_on_pairs(own, done, lambda _: None) == []
    report = write_report(own, done, [], [], "x").read_text()
    assert "Not measured: the data set has no fixed cameras" in report


def test_a_stopped_training_does_not_pass_for_a_finished_one(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from train import loop

    monkeypatch.setattr(loop.Trainer, "run", lambda self: self.save())
    stopped = Plan(plan.designs[:1], RECIPES, plan.data, tmp_path, quick=True)
    with pytest.raises(Interrupted, match="goes on"):
        reproduce(stopped, lambda _: None)
    assert not list(tmp_path.rglob("*.bundle"))
    assert not list(tmp_path.rglob("found.json"))


def test_an_empty_directory_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    empty = Plan([short("triplet_cnn", 1)], RECIPES, tmp_path / "data", tmp_path / "out", quick=True)
    with pytest.raises(DataError, match="no pictures"):
        reproduce(empty, lambda _: None)


def test_what_was_found_is_kept_as_json(plan: Plan) -> None:
    found = json.loads((plan.out / "triplet-cnn" / "found.json").read_text())
    assert np.isfinite(found["figures"]["auc"])
