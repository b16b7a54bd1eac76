"""Drawn recordings of fixed cameras, and a method simple enough to know what it must answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from monitor.domain.orientation import Orientation, turn
from monitor.domain.verdict import VerdictKind
from tests.train.drawn import draw_scene
from train.benchmark.method import Answer, Pixels
from train.data.manifest import Picture
from train.data.splits import Pool


def record(
    directory: Path,
    camera: str,
    scenes: Sequence[int],
    conditions: Sequence[str] = (),
    timestamps: Sequence[str] = (),
    gains: Sequence[float] = (),
) -> tuple[Picture, ...]:
    """One picture for each number of a scene, with something that passes through."""
    pictures = []
    for number, scene in enumerate(scenes):
        pixels = draw_scene(scene).copy()
        cv2.circle(pixels, (30 + 20 * (number % 13), 120), 8, (250, 250, 250), -1)
        if gains:
            pixels = (pixels * gains[number]).astype(np.uint8)
        path = directory / f"{camera}_{number:03d}.png"
        cv2.imwrite(str(path), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
        condition = conditions[number] if conditions else "day"
        pictures.append(
            Picture(path, camera, timestamps[number] if timestamps else "", condition, "same-view", "dev")
        )
    return tuple(pictures)


def two_cameras(directory: Path, frames: int = 13) -> Pool:
    """Two steady views."""
    return Pool(
        (),
        {
            "gate": record(directory, "gate", [100] * frames),
            "yard": record(directory, "yard", [200] * frames),
        },
    )


class Differ:
    """Judges by the mean difference of pixels, upright and upside down."""

    name = "differ"
    alike = 25.0

    def __init__(self) -> None:
        self.judged = 0

    def enroll(self, reference: Pixels) -> Pixels:
        return reference

    def judge(self, enrolled: Pixels, frame: Pixels) -> Answer:
        self.judged += 1
        if frame.std() < 10:
            return Answer(VerdictKind.OBSTRUCTED, 1.0)
        if frame.shape != enrolled.shape:
            return Answer(VerdictKind.DIFFERENT_SCENE, 1.0)
        upright, flipped = (
            float(np.abs(frame.astype(float) - turn(enrolled, orientation)).mean())
            for orientation in (Orientation.UPRIGHT, Orientation.ROTATED_180)
        )
        if flipped < min(upright, self.alike):
            return Answer(VerdictKind.FLIPPED_180, 1.0)
        kind = VerdictKind.OK if upright < self.alike else VerdictKind.DIFFERENT_SCENE
        return Answer(kind, upright / 255)
