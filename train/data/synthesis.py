"""Makes training groups: one reference, the same reference turned, and frames whose relation to it is known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain.orientation import Orientation, turn
from monitor.vision.preprocess import InputSpec, prepare
from train.data import augment
from train.data.manifest import read_picture
from train.data.marks import Sensor, draw_sensor
from train.data.occluders import cover
from train.data.sampling import GroupPictures
from train.data.targets import IGNORED, PairTarget, pair_target
from train.data.warp import Crop, Warp, cut, draw_crop, draw_jitter, fit_move, relation_of

Pixels = NDArray[np.uint8]

SAME, MOVED, DIFFERENT, OBSTRUCTED = range(4)
REFERENCE, TURNED_REFERENCE, SAME_FRAME, MOVED_FRAME, TURNED_FRAME, WILD_FRAME = range(6)
PICTURES_IN_GROUP = 6
FRAMES_IN_GROUP = 4
TURNS = (Orientation.ROTATED_180, Orientation.MIRRORED, Orientation.ROTATED_90, Orientation.ROTATED_270)
ORIENTATION_INDEX = {orientation: index for index, orientation in enumerate(Orientation)}
# A picture can be judged if this share of its cells has at least this standard deviation (grey levels, green).
LEAST_LEGIBLE_SHARE, LEAST_CELL_CONTRAST = 0.25, 2.5


@dataclass(frozen=True, slots=True)
class View:
    """One picture of a group.

    Attributes:
        image: (3, 192, 256) float32, prepared.
        visible: (24, 32) share of each cell that no occluder hides.
        orientation: How its content is turned, index into `Orientation`.
        legible: Whether it shows enough to be recognised by.
    """

    image: NDArray[np.float32]
    visible: NDArray[np.float32]
    orientation: int
    legible: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Six pictures and the pairs among them; indices count within the group; groups of one place bear one number."""

    views: tuple[View, ...]
    pairs: tuple[PairTarget, ...]
    place: int


@dataclass(frozen=True, slots=True)
class _Take:
    """A picture before the sensor's part: pixels, mask (H, W) of what is hidden, whether it can be judged."""

    pixels: Pixels
    hidden: NDArray[np.float32]
    legible: bool


@dataclass(frozen=True, slots=True)
class _Shot:
    """How a picture of this group is taken: by which sensor, on which canvas."""

    sensor: Sensor
    canvas: tuple[int, int]
    crop: Crop
    strength: float


def make_group(rng: np.random.Generator, pictures: GroupPictures, spec: InputSpec) -> Group:
    """Draw one group from its pictures; all chance comes from `rng`."""
    whole_turn = rng.choice(3, p=[0.47, 0.47, 0.06])

    def load(path_of: int) -> Pixels:
        picture = pictures.reference if path_of < 0 else pictures.later[path_of]
        pixels = read_picture(picture.path)
        if whole_turn == 1:
            return np.ascontiguousarray(pixels[:, ::-1])
        return np.ascontiguousarray(pixels[::-1, ::-1]) if whole_turn == 2 else pixels

    base = load(-1)
    height, width = base.shape[:2]
    crop = draw_crop(rng, width, height)
    canvas_width = int(rng.integers(256, 385))
    canvas = (canvas_width, max(round(canvas_width / crop.aspect), 144))
    crop = replace(crop, aspect=canvas[0] / canvas[1])
    strength = 1.0 if not pictures.real or rng.random() < 0.35 else 0.45
    shot = _Shot(draw_sensor(rng), canvas, crop, strength)
    other = read_picture(pictures.other.path)

    later = [
        load(i) if pictures.later[i].path != pictures.reference.path else base for i in range(FRAMES_IN_GROUP)
    ]
    later = [_resized(p, width, height) for p in later]
    seen = _take(rng, base, Warp(), shot, 0.12, other)
    reference = replace(seen, pixels=_finish(rng, seen.pixels, shot))
    views = [_view(reference, Orientation.UPRIGHT, spec)]
    orientation = TURNS[rng.choice(4, p=[0.45, 0.25, 0.15, 0.15])]
    views.append(_view(_turned(reference, orientation), orientation, spec))

    jitter, move = draw_jitter(rng), fit_move(rng, shot.crop, width, height)
    for warp, picture in ((jitter, later[0]), (move, later[1])):
        seen = _take(rng, picture, warp, shot, 0.35, other)
        views.append(_view(replace(seen, pixels=_finish(rng, seen.pixels, shot)), Orientation.UPRIGHT, spec))

    turned_warp = draw_jitter(rng)
    # The scene is turned, the sensor's marks are not: they come after the turn.
    seen = _turned(_take(rng, later[2], turned_warp, shot, 0.3, other), orientation)
    views.append(_view(replace(seen, pixels=_finish(rng, seen.pixels, shot)), orientation, spec))

    wild_view, wild_warp, wild_relation = _wild(rng, later[3], other, shot, spec)
    views.append(wild_view)

    pairs = [
        _pair(views, REFERENCE, SAME_FRAME, relation_of(jitter), jitter, crop.aspect),
        _pair(views, REFERENCE, MOVED_FRAME, relation_of(move), move, crop.aspect),
        _pair(views, REFERENCE, TURNED_FRAME, DIFFERENT, None, crop.aspect),
        _pair(views, REFERENCE, WILD_FRAME, wild_relation, wild_warp, crop.aspect),
    ]
    turned_aspect = 1 / crop.aspect if orientation.swaps_sides else crop.aspect
    warp_as_turned = turn_warp(turned_warp, orientation)
    pairs.append(
        _pair(views, TURNED_REFERENCE, TURNED_FRAME, relation_of(turned_warp), warp_as_turned, turned_aspect)
    )
    return Group(tuple(views), tuple(pairs), pictures.place)


def turn_warp(warp: Warp, orientation: Orientation) -> Warp:
    """The displacement between two pictures that are both turned, from that of the upright ones (no perspective)."""
    match orientation:
        case Orientation.ROTATED_90:
            return replace(warp, dx=warp.dy, dy=-warp.dx)
        case Orientation.ROTATED_180:
            return replace(warp, dx=-warp.dx, dy=-warp.dy)
        case Orientation.ROTATED_270:
            return replace(warp, dx=-warp.dy, dy=warp.dx)
        case Orientation.MIRRORED:
            return replace(warp, dx=-warp.dx, roll_deg=-warp.roll_deg)
        case _:
            return warp


def _take(
    rng: np.random.Generator, base: Pixels, warp: Warp, shot: _Shot, occluded_share: float, other: Pixels
) -> _Take:
    interpolation = int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
    pixels = augment.relight(rng, cut(base, shot.crop, warp, shot.canvas, interpolation), shot.strength)
    legible = _legible(pixels)
    hidden = np.zeros(pixels.shape[:2], np.float32)
    if rng.random() < occluded_share:
        pixels, hidden = cover(rng, pixels, rng.uniform(0.03, 0.3), other)
    return _Take(pixels, hidden, legible)


def _resized(pixels: Pixels, width: int, height: int) -> Pixels:
    if pixels.shape[:2] == (height, width):
        return pixels
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _legible(pixels: Pixels) -> bool:
    """Whether enough cells have structure; lamps in the dark are few cells, noise has not been added yet."""
    green = cv2.resize(pixels[:, :, 1], (256, 192), interpolation=cv2.INTER_AREA).astype(np.float32)
    cells = green.reshape(24, 8, 32, 8).std(axis=(1, 3))
    return bool((cells > LEAST_CELL_CONTRAST).mean() >= LEAST_LEGIBLE_SHARE)


def _turned(take: _Take, orientation: Orientation) -> _Take:
    return replace(take, pixels=turn(take.pixels, orientation), hidden=turn(take.hidden, orientation))


def _finish(rng: np.random.Generator, pixels: Pixels, shot: _Shot) -> Pixels:
    pixels = shot.sensor.apply(rng, augment.degrade(rng, pixels))
    return augment.compress(rng, pixels) if rng.random() < 0.65 else pixels


def _wild(
    rng: np.random.Generator, later: Pixels, other: Pixels, shot: _Shot, spec: InputSpec
) -> tuple[View, Warp | None, int | None]:
    """The fourth frame: covered, another view, or once more the same or moved."""
    kind = rng.choice([OBSTRUCTED, DIFFERENT, MOVED, SAME], p=[0.36, 0.2, 0.32, 0.12])
    height, width = later.shape[:2]
    if kind == DIFFERENT:
        crop = replace(draw_crop(rng, other.shape[1], other.shape[0]), aspect=shot.crop.aspect)
        elsewhere = replace(shot, crop=crop, strength=1.0)
        seen = _take(rng, other, Warp(), elsewhere, 0.2, later)
        finished = replace(seen, pixels=_finish(rng, seen.pixels, shot))
        return _view(finished, Orientation.UPRIGHT, spec), None, DIFFERENT
    warp = fit_move(rng, shot.crop, width, height) if kind == MOVED else draw_jitter(rng)
    if kind == OBSTRUCTED and rng.random() < 0.4:
        warp = fit_move(rng, shot.crop, width, height)
    seen = _take(rng, later, warp, shot, 0.35 if kind != OBSTRUCTED else 0.0, other)
    if kind == OBSTRUCTED:
        share = 1.0 if rng.random() < 0.3 else rng.uniform(0.62, 0.97)
        pixels, hidden = cover(rng, seen.pixels, share, other)
        seen = _Take(pixels, hidden, seen.legible)
    view = _view(replace(seen, pixels=_finish(rng, seen.pixels, shot)), Orientation.UPRIGHT, spec)
    return view, warp, OBSTRUCTED if kind == OBSTRUCTED else relation_of(warp)


def _view(take: _Take, orientation: Orientation, spec: InputSpec) -> View:
    visible = 1 - cv2.resize(take.hidden, (32, 24), interpolation=cv2.INTER_AREA)
    image = prepare(take.pixels, spec)
    return View(image, np.asarray(visible, np.float32), ORIENTATION_INDEX[orientation], take.legible)


def _pair(
    views: list[View], reference: int, frame: int, relation: int | None, warp: Warp | None, aspect: float
) -> PairTarget:
    judged = IGNORED if relation is None else relation
    legible = views[reference].legible and views[frame].legible
    if not legible and relation != OBSTRUCTED:
        judged, warp = IGNORED, None
    return pair_target(reference, frame, judged, warp, aspect, views[reference].visible, views[frame].visible)
