"""Which pictures meet in a group: a scene alone, or pictures of one fixed camera at different times."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from train.data.manifest import Picture
from train.data.splits import Pool


@dataclass(frozen=True, slots=True)
class PairingRules:
    """How freely two frames of one camera may be paired; found by eye and by phase correlation, kept in the recipe.

    Attributes:
        real_share: Share of groups made of a fixed camera's pictures, where there are any.
        within: Camera id to how far apart in time order two of its frames may be (it drifts over the months).
        same_condition: Cameras whose day and night frames share nothing that could be matched.
        day_night_share: Share of pairs, of those that can, that cross from one condition to another.
    """

    real_share: float = 0.5
    within: Mapping[str, int] = field(default_factory=dict)
    same_condition: tuple[str, ...] = ()
    day_night_share: float = 0.6


@dataclass(frozen=True, slots=True)
class GroupPictures:
    """The pictures of one group.

    Attributes:
        reference: Seen by the reference.
        later: Seen by the frames; the same picture for scenes.
        other: Unrelated; shows another view.
        real: Whether `later` are other pictures of the same camera.
    """

    reference: Picture
    later: tuple[Picture, ...]
    other: Picture
    real: bool

    @property
    def place(self) -> int:
        """The same number for all groups that may show one place: of a camera, or of a photo."""
        camera = "" if self.reference.unrelated else self.reference.camera
        return zlib.crc32((camera or self.reference.path.name).encode())


class Sampler:
    """Draws the pictures of groups; cameras evenly, however many frames each has."""

    def __init__(self, pool: Pool, rules: PairingRules) -> None:
        self.pool = pool
        self.rules = rules
        self._cameras = tuple(pool.cameras)

    def draw(self, rng: np.random.Generator, frames: int) -> GroupPictures:
        """Pictures for a reference and so many frames."""
        real = bool(self._cameras) and (not self.pool.scenes or rng.random() < self.rules.real_share)
        if not real:
            scene = self._scene(rng)
            return GroupPictures(scene, (scene,) * frames, self._other(rng, scene), False)
        camera = self._cameras[rng.integers(len(self._cameras))]
        pictures = self.pool.cameras[camera]
        index = int(rng.integers(len(pictures)))
        later = tuple(self._partner(rng, pictures, index) for _ in range(frames))
        return GroupPictures(pictures[index], later, self._other(rng, pictures[index]), True)

    def _scene(self, rng: np.random.Generator) -> Picture:
        return self.pool.scenes[rng.integers(len(self.pool.scenes))]

    def _partner(self, rng: np.random.Generator, pictures: tuple[Picture, ...], index: int) -> Picture:
        reference = pictures[index]
        reach = self.rules.within.get(reference.camera, len(pictures))
        near = [p for p in pictures[max(index - reach, 0) : index + reach + 1] if p is not reference]
        alike = [p for p in near if p.condition == reference.condition]
        unlike = [p for p in near if p.condition != reference.condition]
        if reference.camera in self.rules.same_condition:
            near = alike
        elif unlike and rng.random() < self.rules.day_night_share:
            near = unlike
        return near[rng.integers(len(near))] if near else reference

    def _other(self, rng: np.random.Generator, picture: Picture) -> Picture:
        """A picture of another view, in one case of two from the same collection, so that it looks alike."""
        alike = rng.random() < 0.5
        candidate = picture
        for _ in range(40):
            if self._cameras and (not self.pool.scenes or rng.random() < 0.25):
                frames = self.pool.cameras[self._cameras[rng.integers(len(self._cameras))]]
                candidate = frames[rng.integers(len(frames))]
            else:
                candidate = self._scene(rng)
            distinct = candidate.path != picture.path and not _same_place(candidate, picture)
            if distinct and (
                not alike or candidate.path.parent == picture.path.parent or rng.random() < 0.05
            ):
                return candidate
        return candidate


def _same_place(one: Picture, other: Picture) -> bool:
    """Whether both may show one place."""
    return one.camera == other.camera and not (one.unrelated or other.unrelated)
