"""A small data directory of drawn pictures, and a recipe small enough for tests."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np

from train.recipes.reading import AnySettings, recipe_from

# The split goes by a hash of the name; this one falls to validation.
HELD_OUT_SCENE = 35


def draw_scene(seed: int, width: int = 320, height: int = 240) -> np.ndarray:
    """A picture with enough structure to be recognised: boxes, lines and shading."""
    rng = np.random.default_rng(seed)
    pixels = np.full((height, width, 3), rng.integers(60, 200, 3), np.uint8)
    for _ in range(40):
        corner = (int(rng.integers(width)), int(rng.integers(height)))
        far = (corner[0] + int(rng.integers(8, 70)), corner[1] + int(rng.integers(8, 60)))
        cv2.rectangle(pixels, corner, far, tuple(int(v) for v in rng.integers(0, 256, 3)), -1)
    return pixels


def draw_data(directory: Path) -> Path:
    """Nine scenes, of which the split holds one out, and two cameras of three frames; `kept` is for validation."""
    rows = []
    for seed in (*range(8), HELD_OUT_SCENE):
        rows.append((f"scene{seed}.png", "", "", "train scene", draw_scene(seed)))
    for camera in ("steady", "kept"):
        for hour in range(3):
            pixels = draw_scene(100 if camera == "steady" else 200).copy()
            cv2.circle(pixels, (40 + 60 * hour, 120), 12, (250, 250, 250), -1)
            rows.append((f"{camera}{hour}.png", camera, f"{hour:02d}", "same-view", pixels))
    with (directory / "manifest.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        names = [
            "path",
            "source_repo",
            "commit",
            "licence",
            "camera_id",
            "timestamp",
            "condition",
            "use",
            "split",
        ]
        writer.writerow(names)
        for name, camera, timestamp, use, pixels in rows:
            cv2.imwrite(str(directory / name), pixels)
            writer.writerow([name, "drawn", "", "", camera, timestamp, "day", use, "train"])
    return directory


def tiny_recipe(steps: int, **run: object) -> AnySettings:
    """A run of a few steps, from scratch, in one thread and full precision."""
    return recipe_from(
        {
            "name": "tiny",
            "network": "view",
            "data": {"validation_cameras": ["kept"], "groups_per_batch": 1, "workers": 0},
            "start": {"pretrained": False, "frozen_stages": 3},
            "optimiser": {"ema_decay": 0.5},
            "run": {
                "steps": steps,
                "threads": 1,
                "bf16": False,
                "validation_batches": 0,
                "tensorboard": False,
                **run,
            },
        }
    )
