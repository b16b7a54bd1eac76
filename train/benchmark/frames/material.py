"""The pictures of one split that are looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from train.data.manifest import DataError, Manifest, Picture

BLOCK = 4
"""Pictures of a camera that follow each other, of which the first is the reference of the others."""


@dataclass(frozen=True, slots=True)
class Material:
    """A split of a manifest.

    Attributes:
        stills: All its pictures.
        cameras: Those of fixed cameras, in order of time.
    """

    stills: tuple[Picture, ...]
    cameras: Mapping[str, Sequence[Picture]]

    @property
    def of_fixed_cameras(self) -> list[Picture]:
        """All pictures of fixed cameras, one camera after the other."""
        return [picture for pictures in self.cameras.values() for picture in pictures]

    def blocks(self) -> Iterator[Sequence[Picture]]:
        """Pictures of one camera, at most `BLOCK` at a time, at least two: light changes little within."""
        for pictures in self.cameras.values():
            for start in range(0, len(pictures), BLOCK):
                block = pictures[start : start + BLOCK]
                if len(block) > 1:
                    yield block


def take_split(manifest: Manifest, split: str) -> Material:
    """The pictures of a split.

    Raises:
        DataError: It has no camera with two pictures.
    """
    stills = tuple(picture for picture in manifest.pictures if picture.split == split)
    cameras: dict[str, list[Picture]] = defaultdict(list)
    for picture in stills:
        if picture.same_view:
            cameras[picture.camera].append(picture)
    if not any(len(pictures) > 1 for pictures in cameras.values()):
        raise DataError(
            f"The split {split} has no fixed camera with two pictures.",
            "Mark pictures of one as `same-view` in manifest.csv, or choose the other split.",
        )
    ordered = {
        name: sorted(pictures, key=lambda picture: (picture.timestamp, picture.path.name))
        for name, pictures in sorted(cameras.items())
    }
    return Material(stills, ordered)
