"""Retrieval over all views: which camera does a picture come from, and would swapped cameras be told?

The gallery holds one or a few early pictures of every fixed camera, and one of every other camera of the split, which
no query belongs to. Queries are the later pictures of the fixed cameras.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.domain.errors import MonitorError
from train.benchmark.descriptors import Descriptor, Vectors
from train.benchmark.lights import light_of
from train.benchmark.method import Pixels
from train.benchmark.series import UnfitSeries, divide
from train.data.manifest import Picture, read_picture
from train.data.splits import Pool
from train.metrics.retrieval import retrieval_figures

CHUNK = 64


class NothingToFind(MonitorError):
    """A pool has too few cameras to look for one among them."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Who is looked for among whom.

    Attributes:
        gallery: Pictures that are known; `Picture.camera` is the identity.
        queries: Pictures that are looked for, each of a camera that the gallery has.
        lights: Of each query against its camera's first gallery picture, such as `day-night`.
    """

    gallery: tuple[Picture, ...]
    queries: tuple[Picture, ...]
    lights: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lookup:
    """What became of one query.

    Attributes:
        method: Name of the descriptor.
        camera: The right answer.
        light: See `Arrangement.lights`.
        picture: File name.
        rank: Place of the first right entry, 1 for the best; equally similar wrong ones count as found first.
        average_precision: Of the ranking.
        own: Similarity to the most similar entry of its own camera.
        other: Similarity to the most similar entry of any other.
        other_camera: Which that is.
        swap_right: If this camera's picture came in the place of another's: over all others, the share in which the
            service would name this camera rightly (the most similar entry, at least at `alike_above`); None without
            such a limit.
        swap_wrong: The share in which it would name a wrong one.
    """

    method: str
    camera: str
    light: str
    picture: str
    rank: int
    average_precision: float
    own: float
    other: float
    other_camera: str
    swap_right: float | None
    swap_wrong: float | None

    @property
    def beaten(self) -> bool:
        """Whether another view is at least as similar as the own one."""
        return self.other >= self.own


def arrange(pool: Pool, per_camera: int = 1, strangers: bool = True) -> Arrangement:
    """Gallery and queries of a split.

    Args:
        pool: At least two fixed cameras, or one and a stranger.
        per_camera: So many of a camera's first fit pictures are in the gallery.
        strangers: Add one picture of each other camera, to be mistaken for.

    Raises:
        NothingToFind: There is nothing to be mistaken for, or nothing to look for.
    """
    gallery: list[Picture] = []
    queries: list[Picture] = []
    lights: list[str] = []
    for camera, pictures in pool.cameras.items():
        try:
            series = divide(camera, pictures, per_camera, other_lights=False)
        except UnfitSeries:
            continue
        gallery += series.references
        queries += series.checked
        lights += [light_of(series.references[0], picture) for picture in series.checked]
    if strangers:
        others = {
            p.camera: p for p in reversed(pool.scenes) if not p.unrelated and p.camera not in pool.cameras
        }
        gallery += [others[camera] for camera in sorted(others)]
    if not queries or len({picture.camera for picture in gallery}) < 2:
        raise NothingToFind(
            "No picture can be looked for among those of several cameras.",
            "Give a split with at least two fixed cameras of some pictures each.",
        )
    return Arrangement(tuple(gallery), tuple(queries), tuple(lights))


def look_up(arrangement: Arrangement, descriptors: Sequence[Descriptor]) -> list[Lookup]:
    """Every query with every descriptor.

    Raises:
        DataError: A picture cannot be read.
    """
    pictures = [*arrangement.gallery, *arrangement.queries]
    described: list[list[Vectors]] = [[] for _ in descriptors]
    for start in range(0, len(pictures), CHUNK):
        pixels: list[Pixels] = [read_picture(picture.path) for picture in pictures[start : start + CHUNK]]
        for vectors, descriptor in zip(described, descriptors, strict=True):
            vectors.append(descriptor.describe(pixels))
    found: list[Lookup] = []
    for vectors, descriptor in zip(described, descriptors, strict=True):
        rows = np.concatenate(vectors)
        known = len(arrangement.gallery)
        found += _found(arrangement, descriptor, rows[known:] @ rows[:known].T)
    return found


def _found(arrangement: Arrangement, descriptor: Descriptor, similarity: Vectors) -> list[Lookup]:
    labels = np.array([picture.camera for picture in arrangement.gallery])
    fixed = sorted({picture.camera for picture in arrangement.queries})
    lookups = []
    for query, light, row in zip(arrangement.queries, arrangement.lights, similarity, strict=True):
        own = labels == query.camera
        nearest = int(np.where(own, -np.inf, row).argmax())
        right, wrong = _swapped(descriptor.alike_above, query.camera, fixed, labels, row)
        lookups.append(
            Lookup(
                method=descriptor.name,
                camera=query.camera,
                light=light,
                picture=query.path.name,
                rank=1 + int((row[~own] >= row[own].max()).sum()),
                average_precision=retrieval_figures(
                    row[None], [query.camera], labels.tolist()
                ).mean_average_precision,
                own=float(row[own].max()),
                other=float(row[nearest]),
                other_camera=str(labels[nearest]),
                swap_right=right,
                swap_wrong=wrong,
            )
        )
    return lookups


def _swapped(
    alike_above: float | None, camera: str, fixed: Sequence[str], labels: NDArray[np.str_], row: Vectors
) -> tuple[float | None, float | None]:
    """Shares named right and wrong, where this picture comes in the place of each other fixed camera's in turn."""
    places = [place for place in fixed if place != camera]
    if alike_above is None or not places:
        return None, None
    named = []
    for place in places:
        best = int(np.where(labels == place, -np.inf, row).argmax())
        named.append(str(labels[best]) if row[best] >= alike_above else None)
    right = sum(name == camera for name in named)
    return right / len(places), (sum(name is not None for name in named) - right) / len(places)
