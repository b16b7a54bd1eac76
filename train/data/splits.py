"""Who may be learned from and who is kept back to choose by: whole cameras, never single frames."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from train.data.manifest import DataError, Manifest, Picture


@dataclass(frozen=True, slots=True)
class Pool:
    """What groups are made of.

    Attributes:
        scenes: Pictures used one at a time; no two are known to show the same view.
        cameras: Pictures of fixed cameras in time order; any two of one camera show the same view.
    """

    scenes: tuple[Picture, ...]
    cameras: Mapping[str, tuple[Picture, ...]]

    def __repr__(self) -> str:
        frames = sum(map(len, self.cameras.values()))
        return f"<Pool {len(self.scenes)} scenes, {len(self.cameras)} cameras with {frames} frames>"


@dataclass(frozen=True, slots=True)
class Splits:
    """Disjoint by camera."""

    train: Pool
    validation: Pool
    dev: Pool


def split(manifest: Manifest, validation_cameras: Sequence[str], unsteady_cameras: Sequence[str]) -> Splits:
    """Divide a manifest.

    Args:
        manifest: All pictures.
        validation_cameras: Cameras of the train split that are held out to choose by, together with every
            twentieth scene (by a hash of its name, so that adding pictures moves none).
        unsteady_cameras: Cameras that shake: two of their frames are not the same view to within the tolerance, so
            their frames serve only as scenes.

    Raises:
        DataError: A named camera is not in the train split.
    """
    known = {p.camera for p in manifest.pictures if p.split == "train"}
    named = {*validation_cameras, *unsteady_cameras}
    unknown = sorted(named - known)
    if unknown:
        raise DataError(
            f"No such cameras in the train split: {', '.join(unknown)}.",
            "Correct data.validation_cameras and data.unsteady_cameras, or leave them out for a data set of your own.",
        )
    train = [p for p in manifest.pictures if p.split == "train" and p.camera not in validation_cameras]
    held = [p for p in manifest.pictures if p.split == "train" and p.camera in validation_cameras]
    scenes = [p for p in train if not p.same_view or p.camera in unsteady_cameras]
    held += [p for p in scenes if not p.same_view and _held_out(p)]
    train_pool = Pool(
        tuple(p for p in scenes if p.same_view or not _held_out(p)),
        _by_camera(p for p in train if p.camera not in unsteady_cameras),
    )
    dev = [p for p in manifest.pictures if p.split == "dev"]
    return Splits(train_pool, _pool(held), _pool(dev))


def _held_out(picture: Picture) -> bool:
    return hashlib.sha256(picture.path.name.encode()).digest()[0] % 20 == 0


def _pool(pictures: Sequence[Picture]) -> Pool:
    return Pool(tuple(p for p in pictures if not p.same_view), _by_camera(pictures))


def _by_camera(pictures: Iterable[Picture]) -> dict[str, tuple[Picture, ...]]:
    cameras: dict[str, list[Picture]] = defaultdict(list)
    for picture in pictures:
        if picture.same_view:
            cameras[picture.camera].append(picture)
    return {
        camera: tuple(sorted(frames, key=lambda p: (p.timestamp, p.path)))
        for camera, frames in sorted(cameras.items())
        if len(frames) >= 2
    }
