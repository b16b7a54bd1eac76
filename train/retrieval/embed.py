"""Pictures to embeddings, with the engine and the transform of the service."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.domain.errors import MonitorError
from monitor.vision.bundle import load_bundle
from monitor.vision.network import Network
from monitor.vision.preprocess import prepare
from train.data.manifest import read_picture

Floats = NDArray[np.float32]
RAW_GRID = "features"
"""Output of an encoder that holds the embedding before it is normalised, as (N, D, 1, 1), for the bundle's head."""
LARGEST_BATCH = 16


class NothingToEmbed(MonitorError):
    """There are no pictures, or none that can be read."""


class Skipped(NamedTuple):
    """A picture that was left out, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Embedded:
    """What became of some pictures.

    Attributes:
        paths: Of the N pictures that could be read, in the order in which they were given.
        vectors: (N, D) L2-normalised embeddings.
        raw: (N, D) embeddings before the normalisation, if the bundle gives them.
        skipped: The others.
    """

    paths: tuple[Path, ...]
    vectors: Floats
    raw: Floats | None
    skipped: tuple[Skipped, ...]


class Embedder:
    """A bundle that is ready to embed pictures.

    Args:
        bundle_path: Bundle file.
        threads: How many pictures are read at a time, and threads of one forward pass; None for all cores.

    Raises:
        BundleError: The file is missing, no bundle, or its network does not load.
    """

    def __init__(self, bundle_path: Path, threads: int | None = None) -> None:
        self.bundle = load_bundle(bundle_path)
        self._threads = threads or os.cpu_count() or 1
        self._network = Network(self.bundle, self._threads, LARGEST_BATCH, grids=True)
        self._has_raw = any(
            grid.name == RAW_GRID and grid.rows == grid.columns == 1 for grid in self.bundle.card.grids
        )

    def embed(self, paths: Sequence[Path], on_done: Callable[[], object] = lambda: None) -> Embedded:
        """Read and embed pictures; those that cannot be read are left out and named.

        Pictures that are read while a forward pass runs form the next batch (see `Network`).

        Args:
            paths: Of pictures of any sizes.
            on_done: Called after each picture, in the order of `paths`, for a progress bar.
        """
        kept: list[Path] = []
        rows: list[tuple[Floats, Floats | None]] = []
        skipped: list[Skipped] = []
        with ThreadPoolExecutor(max(self._threads, 2)) as pool:
            for path, result in zip(paths, pool.map(self._embed_one, paths), strict=True):
                if isinstance(result, Skipped):
                    skipped.append(result)
                else:
                    kept.append(path)
                    rows.append(result)
                on_done()
        size = self.bundle.card.embedding_size
        vectors = np.array([vector for vector, _ in rows], dtype=np.float32).reshape(len(rows), size)
        raw = None
        if self._has_raw:
            raw = np.array([row for _, row in rows], dtype=np.float32).reshape(len(rows), size)
        return Embedded(tuple(kept), vectors, raw, tuple(skipped))

    def embed_one(self, path: Path) -> Embedded:
        """One picture that must be there.

        Raises:
            NothingToEmbed: It cannot be read.
        """
        embedded = self.embed([path])
        if embedded.skipped:
            raise NothingToEmbed(embedded.skipped[0].reason, "Give the path of a JPEG or PNG picture.")
        return embedded

    def seconds_per_picture(self, paths: Sequence[Path]) -> float:
        """Median time of one picture after the other: the transform and the network, without reading the file.

        Raises:
            NothingToEmbed: There are no pictures.
            DataError: One cannot be read.
        """
        if not paths:
            raise NothingToEmbed("There is no picture to take the time of.", "Give a folder that has some.")
        pictures = [read_picture(path) for path in paths]
        input_size = self.bundle.card.input
        self._network.encode(prepare(pictures[0], input_size))  # the first pass also allocates
        times = []
        for pixels in pictures:
            began = time.perf_counter()
            self._network.encode(prepare(pixels, input_size))
            times.append(time.perf_counter() - began)
        return median(times)

    def _embed_one(self, path: Path) -> tuple[Floats, Floats | None] | Skipped:
        try:
            image = prepare(read_picture(path), self.bundle.card.input)
        except MonitorError as error:
            return Skipped(path, error.problem)
        outputs = self._network.encode(image)
        # Copied: a row of an output would keep the whole batch's output alive.
        return outputs["embedding"].copy(), outputs[RAW_GRID].reshape(-1).copy() if self._has_raw else None


def embed(bundle_path: Path, paths: Sequence[Path], threads: int | None = None) -> Embedded:
    """Embed pictures with a bundle; see `Embedder` for using one bundle several times.

    Raises:
        BundleError: The file is missing, no bundle, or its network does not load.
    """
    return Embedder(bundle_path, threads).embed(paths)
