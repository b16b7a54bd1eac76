"""Drawn data sets in the shapes that a person would have: folders of classes, and one-shot folders."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.vision.preprocess import InputSpec
from tests.train.drawn import draw_scene
from train.data.manifest import Picture
from train.data.places import Place, Places

SMALL = InputSpec(32, 32, 0.0, 255.0)


def draw_picture(path: Path, seed: int, width: int = 96, height: int = 72) -> Path:
    """A drawn scene as a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), draw_scene(seed, width, height))
    return path


def draw_classes(directory: Path, pictures: Mapping[str, int], single: int = 0) -> Path:
    """A folder for each class, its pictures one scene that gets brighter; single pictures lie beside the folders."""
    for number, (name, count) in enumerate(pictures.items()):
        (directory / name).mkdir(parents=True, exist_ok=True)
        scene = draw_scene(1000 + number, 96, 72)
        for index in range(count):
            lit = cv2.convertScaleAbs(scene, alpha=1.0, beta=3.0 * index)
            assert cv2.imwrite(str(directory / name / f"{index}.png"), lit)
    for number in range(single):
        draw_picture(directory / f"single{number}.png", number)
    return directory


def plain(directory: Path, often: Mapping[str, int], once: int = 0) -> Places:
    """Places whose pictures are of one grey each, which says which place they are of: the first is the darkest."""
    directory.mkdir(parents=True, exist_ok=True)

    def place(number: int, name: str, count: int) -> Place:
        grey: NDArray[np.uint8] = np.full((48, 64, 3), 20 * (number + 1), np.uint8)
        pictures = []
        for index in range(count):
            path = directory / f"{name}-{index}.png"
            assert cv2.imwrite(str(path), grey)
            pictures.append(Picture(path, name, f"{index:03d}", "", "same-view", "train"))
        return Place(name, tuple(pictures))

    seen_often = [place(number, name, count) for number, (name, count) in enumerate(often.items())]
    seen_once = [place(len(often) + number, f"once{number}", 1) for number in range(once)]
    return Places(tuple(seen_often), tuple(seen_once))
