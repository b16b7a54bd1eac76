"""The pairs on which a network is judged: real pictures of real cameras, displaced by known amounts.

The reference is the central part of one picture, the frame a displaced, turned or untouched part of a *later*
picture of the same camera, so that borders show real content. Burnt-in marks are pasted afterwards, upright and alike.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain.orientation import Orientation, turn
from train.data.manifest import DataError, Picture, read_picture
from train.data.marks import Sensor, draw_sensor
from train.data.occluders import cover
from train.data.sampling import PairingRules, Sampler
from train.data.splits import Pool
from train.data.warp import Crop, Warp, cut, draw_jitter

Pixels = NDArray[np.uint8]

SHIFTS = {"shift 1 %": 0.01, "shift 2 %": 0.02, "shift 5 %": 0.05, "shift 10 %": 0.10}
KINDS = (
    "same",
    "same, jitter",
    "same, occluder 10-30 %",
    *SHIFTS,
    "roll 3°",
    "zoom 1.1",
    "mixed",
    "other scene",
    "covered 65-100 %",
)
CANVAS_WIDTH = 384
# The reference's share of the picture's width: leaves room for a shift of 10 % with real content at the border.
REFERENCE_SHARE = 0.74


@dataclass(frozen=True, slots=True)
class Trial:
    """One reference with all the frames it is compared with.

    Attributes:
        camera: Of the reference.
        light: Both conditions, for example `day-night`; `any` where the manifest says nothing.
        reference: Pixels of the reference.
        frames: Pixels by kind, see `KINDS`.
        turned: The untouched later view in each orientation, marks upright.
        warps: The known displacement by kind, where there is one.
    """

    camera: str
    light: str
    reference: Pixels
    frames: Mapping[str, Pixels]
    turned: Mapping[Orientation, Pixels]
    warps: Mapping[str, Warp]


def trials(pool: Pool, rules: PairingRules, per_camera: int, seed: int = 0) -> Iterator[Trial]:
    """The same trials for the same pool, rules and seed: `per_camera` references of every fixed camera.

    Raises:
        DataError: The pool holds a single view, so that no frame can show another one.
    """
    for camera, pictures in pool.cameras.items():
        others = [p for name, frames in pool.cameras.items() if name != camera for p in frames]
        others += [p for p in pool.scenes if not p.camera or p.camera != camera]
        if not others:
            raise DataError(
                f"Nothing to compare {camera} with.", "Hold out at least two cameras, or some scenes."
            )
        alone = Sampler(Pool((), {camera: pictures}), rules)
        for number in range(per_camera):
            rng = np.random.default_rng([seed, zlib.crc32(camera.encode()), number])
            drawn = alone.draw(rng, 1)
            yield _trial(rng, drawn.reference, drawn.later[0], others[rng.integers(len(others))])


def _trial(rng: np.random.Generator, reference: Picture, later: Picture, other: Picture) -> Trial:
    base, after = read_picture(reference.path), read_picture(later.path)
    height, width = base.shape[:2]
    if after.shape != base.shape:
        after = np.asarray(cv2.resize(after, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    canvas = (CANVAS_WIDTH, round(CANVAS_WIDTH * height / width))
    crop = Crop(width / 2, height / 2, width * REFERENCE_SHARE, canvas[0] / canvas[1])
    sensor = draw_sensor(rng)

    def view(pixels: Pixels, warp: Warp) -> Pixels:
        return cut(pixels, crop, warp, canvas, cv2.INTER_LINEAR)

    warps = _warps(rng)
    frames = {kind: view(after, warp) for kind, warp in warps.items()}
    elsewhere = read_picture(other.path)
    frames["other scene"] = np.asarray(
        cv2.resize(elsewhere, canvas, interpolation=cv2.INTER_AREA), dtype=np.uint8
    )
    small = "same, occluder 10-30 %"
    frames[small], _ = cover(rng, frames[small], rng.uniform(0.1, 0.3), elsewhere)
    share = 1.0 if rng.random() < 0.3 else rng.uniform(0.65, 0.97)
    frames["covered 65-100 %"], _ = cover(rng, frames["same"], share, elsewhere)
    return Trial(
        reference.camera,
        "-".join(sorted((reference.condition, later.condition))) if _by_light(reference, later) else "any",
        sensor.apply(rng, view(base, Warp())),
        {kind: sensor.apply(rng, pixels) for kind, pixels in frames.items()},
        {orientation: _turned(rng, sensor, frames["same"], orientation) for orientation in Orientation},
        warps,
    )


def _warps(rng: np.random.Generator) -> dict[str, Warp]:
    def sign() -> float:
        return float(rng.choice([-1.0, 1.0]))

    angle = rng.uniform(0, 2 * math.pi)
    warps = {"same": Warp(), "same, jitter": draw_jitter(rng), "same, occluder 10-30 %": Warp()}
    for kind, shift in SHIFTS.items():
        warps[kind] = Warp(dx=shift * math.cos(angle), dy=shift * math.sin(angle))
    warps["roll 3°"] = Warp(roll_deg=3.0 * sign())
    warps["zoom 1.1"] = Warp(zoom=1.1)
    warps["mixed"] = Warp(0.05 * sign(), 0.03 * sign(), 2.0 * sign(), 1.05)
    return warps


def _turned(rng: np.random.Generator, sensor: Sensor, pixels: Pixels, orientation: Orientation) -> Pixels:
    return sensor.apply(rng, turn(pixels, orientation))


def _by_light(one: Picture, other: Picture) -> bool:
    return {one.condition, other.condition} <= {"day", "night"}
