"""The five designs as a person would have them: trained for some seconds on photos, and exported as bundles.

No file of published weights is at hand in tests. A trunk that asks for one gets weights of chance whose batch norms
have seen photos; what lies above learns from there. That parts places (D), but seconds are not enough to learn what is
up and what is down: the words of both variants of A hardly depend on the pictures, and only what a service must make
of them can be tested.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
import yaml
from click.testing import CliRunner
from numpy.typing import NDArray

from monitor.vision.preprocess import InputSpec, prepare
from tests.train.data.folders import draw_picture
from tests.vision.foreign import in_other_light, picture
from train.cli.main import main
from train.data.manifest import read_picture
from train.networks import mobilenet_retrieval, rotation_siamese
from train.networks.mobilenet import LAYERS, MobileNetTrunk

LEARNED = (
    "camera", "chelsea", "coins", "hubble_deep_field", "immunohistochemistry", "page", "retina",
    "astronaut", "coffee", "rocket",
)  # fmt: skip
"""Photos that the designs are trained on, those of the service's tests among them: a site learns its own views."""
DRAWN = 8
OF_EACH = 4
TURNED: dict[str, Any] = {
    "network": "rotation_siamese",
    "data": {"pairs_per_batch": 8},
    "run": {"steps": 20, "validation_batches": 2},
}
RECIPES: dict[str, dict[str, Any]] = {
    "rotation_siamese": TURNED,
    "rotation_siamese_three_way": {**TURNED, "data": {"pairs_per_batch": 8, "unrelated_share": 0.333}},
    "koch_oneshot": {
        "network": "koch_oneshot",
        "data": {"pairs_per_batch": 6, "pairs_per_epoch": 6},
        "optimiser": {"learning_rate": 1e-4},
        "run": {"steps": 12, "validation_batches": 2},
    },
    "triplet_cnn": {
        "network": "triplet_cnn",
        "data": {"places_per_batch": 8, "pictures_per_place": 3},
        "run": {"steps": 60, "validation_batches": 2},
    },
    "mobilenet_retrieval": {
        "network": "mobilenet_retrieval",
        "data": {"pictures_per_batch": 16},
        "run": {"steps": 30, "validation_batches": 2},
    },
    "osnet_triplet": {
        "network": "osnet_triplet",
        "width": 64,
        "height": 64,
        "data": {"places_per_batch": 6, "pictures_per_place": 3},
        "run": {"steps": 30, "validation_batches": 2},
    },
}
"""By the name of the file in config/recipes; few steps, and inputs and batches as small as the designs allow."""
SIDE = 64
"""Of the input where a MobileNetV2 is the trunk; the designs have 448 and 224, for which seconds are not enough."""
WITH_TRUNK = ("rotation_siamese", "rotation_siamese_three_way", "mobilenet_retrieval")


def photo_folders(directory: Path) -> Path:
    """A folder for each photo, and drawn scenes, in four lights each."""
    pictures: dict[str, Callable[[], NDArray[np.uint8]]] = {name: partial(_photo, name) for name in LEARNED}
    for number in range(DRAWN):
        pictures[f"drawn{number}"] = partial(_drawn, directory / f"drawn{number}" / "0.png", number)
    for name, made in pictures.items():
        (directory / name).mkdir(parents=True, exist_ok=True)
        pixels = made()
        for index in range(OF_EACH):
            lit = in_other_light(
                np.asarray(cv2.convertScaleAbs(pixels, alpha=0.8 + 0.1 * index), np.uint8), index
            )
            assert cv2.imwrite(str(directory / name / f"{index}.png"), lit[..., ::-1])
    return directory


def exported(design: str, data: Path, directory: Path) -> Path:
    """Train a design as a user does, with `fit` and `export`; gives the bundle's file."""
    directory.mkdir(parents=True, exist_ok=True)
    recipe, run, bundle = directory / "recipe.yaml", directory / "run", directory / "design.bundle"
    recipe.write_text(yaml.safe_dump(_recipe(design, data, directory)), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for network in (rotation_siamese, mobilenet_retrieval):
            patch.setattr(network, "SIDE", SIDE)
        for words in (["fit", recipe, "--out", run], ["export", recipe, "--run", run, "--bundle", bundle]):
            result = CliRunner().invoke(main, [*map(str, words), "--data", str(data)], catch_exceptions=False)
            assert result.exit_code == 0, result.output
    return bundle


def _recipe(design: str, data: Path, directory: Path) -> dict[str, Any]:
    given = RECIPES[design]
    recipe = {
        **given,
        "name": design.replace("_", "-"),
        "data": {**given["data"], "light": 0.3, "real_share": 1.0, "workers": 0},
        "optimiser": {
            "kind": "adam",
            "warm_up": 0,
            "schedule": "constant",
            "ema_decay": 0,
            "trunk_factor": 0.3,
            **given.get("optimiser", {}),
        },
        "run": {"seed": 7, "threads": 1, "bf16": False, "tensorboard": False, **given["run"]},
    }
    if design in WITH_TRUNK:
        recipe["start"] = {"weights": str(_trunk_of_chance(data, directory / "trunk.pth"))}
    return recipe


def _trunk_of_chance(data: Path, path: Path) -> Path:
    """Weights of chance, with batch norms that have seen one picture of each place."""
    torch.manual_seed(3)
    trunk = MobileNetTrunk().train()
    for module in trunk.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    spec = InputSpec(SIDE, SIDE, 0.0, 255.0)
    seen = [prepare(read_picture(file), spec) for file in sorted(data.glob("*/0.png"))]
    with torch.no_grad():
        trunk(torch.from_numpy(np.stack(seen)))
    torch.save({LAYERS + name: value for name, value in trunk.layers.state_dict().items()}, path)
    return path


def _photo(name: str) -> NDArray[np.uint8]:
    if name in ("camera", "coins", "page"):
        from skimage import data

        grey = cv2.resize(getattr(data, name)(), (480, 360), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)
    return picture(name)


def _drawn(path: Path, seed: int) -> NDArray[np.uint8]:
    made = cv2.imread(str(draw_picture(path, 1000 + seed, 480, 360)))
    assert made is not None
    return np.asarray(made[..., ::-1], np.uint8)
