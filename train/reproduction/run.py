"""Trains, exports and measures designs one after the other; what is done already is not done again."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from monitor.domain.errors import MonitorError
from monitor.vision.bundle import load_bundle, shipped_bundle_path
from train.benchmark.classical import CLASSICAL
from train.benchmark.comparator import Comparator, NetworkOnly
from train.benchmark.pairs import count_pairs, pairs
from train.benchmark.row_file import read_rows
from train.benchmark.rows import Row
from train.benchmark.run import Build
from train.benchmark.run import run as judge_pairs
from train.checkpoint import Checkpoint, read_checkpoint
from train.data.listing import read_data
from train.data.sampling import PairingRules
from train.data.splits import Pool
from train.exporting.run import export_run
from train.loop import Trainer
from train.recipes.opening import OpenRecipe, load_network, open_recipe
from train.recipes.reading import AnySettings, recipe_from
from train.reproduction.designs import Design
from train.reproduction.speed import Speed, measure_speed
from train.tracking.opening import open_tracker

Say = Callable[[str], None]
QUICK_KINDS = (
    "same",
    "same, jitter",
    "flip",
    "mirror",
    "shift 5 %",
    "shift 10 %",
    "other scene",
    "covered",
    "black",
)
FOUND = "found.json"
OURS, OUR_NETWORK = "ours, in service", "ours, network alone"


class Interrupted(MonitorError):
    """A signal came in the middle of a training."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is reproduced.

    Attributes:
        designs: In the order of the report.
        recipes: Directory of their files.
        data: The data set.
        out: Directory of the runs and of the report.
        quick: Whether runs are cut short.
        per_camera: References of each camera of the pairs that all are measured on.
    """

    designs: Sequence[Design]
    recipes: Path
    data: Path
    out: Path
    quick: bool
    per_camera: int = 2


@dataclass(frozen=True, slots=True)
class Reproduced:
    """One design, trained.

    Attributes:
        design: Which.
        settings: As it was trained.
        bundle: The file.
        figures: Of the last validation.
        speed: Of its network.
        minutes: It was trained for so long.
        steps: Steps after which the weights were kept.
    """

    design: Design
    settings: AnySettings
    bundle: Path
    figures: Mapping[str, float]
    speed: Speed
    minutes: float
    steps: int


def reproduce(plan: Plan, say: Say) -> list[Reproduced]:
    """Train, export and measure each design of the plan.

    Raises:
        Interrupted: A signal stopped a training; the checkpoint is saved.
    """
    plan.out.mkdir(parents=True, exist_ok=True)
    return [_reproduce(design, plan, say) for design in plan.designs]


def _reproduce(design: Design, plan: Plan, say: Say) -> Reproduced:
    say(f"{design.letter}: {design.title}")
    settings = settings_of(design, plan)
    directory = plan.out / settings.name
    recipe = open_recipe(settings, plan.data)
    say(f"learns from {recipe.splits!r}")
    began_s = time.monotonic()
    tracker = open_tracker(settings, directory)
    try:
        trainer = Trainer(recipe, directory, say, tracker)
        trainer.run()
    finally:
        tracker.close()
    if not trainer.finished:
        raise Interrupted("The training was stopped.", "The same command goes on from here.")
    found = directory / FOUND
    bundle = directory / f"{settings.name}.bundle"
    checkpoint = read_checkpoint(trainer.checkpoint, settings)
    if not found.is_file() or not bundle.is_file():
        found.write_text(json.dumps(_measured(recipe, settings, checkpoint, bundle), indent=1) + "\n")
    values = json.loads(found.read_text())
    say(f"{design.letter}: done after {(time.monotonic() - began_s) / 60:.1f} min")
    return Reproduced(
        design,
        settings,
        bundle,
        values["figures"],
        Speed(**values["speed"]),
        checkpoint.elapsed_s / 60,
        checkpoint.step if checkpoint.best is None else checkpoint.best.step,
    )


def _measured(
    recipe: OpenRecipe, settings: AnySettings, checkpoint: Checkpoint, bundle: Path
) -> dict[str, Any]:
    network = load_network(settings, checkpoint)
    figures: Mapping[str, float] = recipe.validate(network).figures
    export_run(recipe, network, checkpoint, bundle)
    return {"figures": dict(figures), "speed": asdict(measure_speed(network, bundle))}


def settings_of(design: Design, plan: Plan) -> AnySettings:
    """The design's recipe, cut short if the plan is quick, and fitted to what is there.

    Cameras that the data set does not have are not held out by name; weights that are not at hand are not asked for.
    """
    values = yaml.safe_load((plan.recipes / f"{design.recipe}.yaml").read_text(encoding="utf-8"))
    if plan.quick:
        values["run"] = {**values["run"], **design.quick["run"]}
    known = {picture.camera for picture in read_data(plan.data).pictures if picture.split == "train"}
    for named in ("validation_cameras", "unsteady_cameras"):
        values["data"][named] = [camera for camera in values["data"].get(named, ()) if camera in known]
    weights = values.get("start", {}).get("weights")
    if weights and not Path(weights).is_file():
        values["start"] = {**values["start"], "weights": None, "frozen_stages": 0}
    return recipe_from(values)


def measure_on_pairs(plan: Plan, done: Sequence[Reproduced], say: Say) -> list[Row]:
    """Every design's own judgement on the benchmark's pairs, beside the default network and the classical methods.

    Pairs are of the split `dev` where the data set has one, else of the fixed cameras that were held out; none without
    fixed cameras.
    """
    pool = pool_of(done[0], plan)
    if len(pool.cameras) + len(pool.scenes) < 2 or not pool.cameras:
        return []
    kinds = QUICK_KINDS if plan.quick else None
    builds: list[Build] = [
        functools.partial(NetworkOnly, one.bundle, label=label_of(one.design)) for one in done
    ]
    builds += [functools.partial(Comparator, None, None, OURS)]
    builds += [functools.partial(NetworkOnly, None, label=OUR_NETWORK)]
    builds += [CLASSICAL[key] for key in (("phash", "phase", "orb") if plan.quick else CLASSICAL)]
    drawn = pairs(pool, PairingRules(), plan.per_camera, 0, kinds)
    total = count_pairs(pool, plan.per_camera, kinds)
    path = plan.out / ("pairs_quick.csv" if plan.quick else "pairs.csv")
    judge_pairs(builds, drawn, path, say, 2, total)
    current = {load_bundle(one.bundle).id for one in done} | {load_bundle(shipped_bundle_path()).id}
    rows = read_rows(path)
    return [row for row in rows if "(" not in row.method or row.method.rsplit("(", 1)[1][:-1] in current]


def label_of(design: Design) -> str:
    """How the design is called among the methods."""
    return f"{design.letter} {design.title}"


def pool_of(one: Reproduced, plan: Plan) -> Pool:
    """The cameras that all designs are measured on: of the split `dev`, or else those that are held out by name."""
    splits = open_recipe(one.settings, plan.data).splits
    return splits.dev if splits.dev.cameras else splits.validation
