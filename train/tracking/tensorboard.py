"""Curves, pictures and matrices as event files that TensorBoard reads."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from torch.utils.tensorboard import SummaryWriter

from train.tracking.tracker import flattened
from train.validation import Confusion, Pixels


class TensorBoardTracker:
    """Writes event files.

    Args:
        directory: Where they go; a resumed run adds a file of its own.
        first_step: From here on, what an interrupted run wrote after its last checkpoint is hidden.
    """

    def __init__(self, directory: Path, first_step: int = 0) -> None:
        self._writer = SummaryWriter(str(directory), purge_step=first_step or None)

    def hyperparameters(self, values: Mapping[str, Any]) -> None:
        """For the tab of hyperparameters, and as YAML among the texts."""
        text = "\n".join(f"    {line}" for line in yaml.safe_dump(dict(values), sort_keys=False).splitlines())
        self._writer.add_text("recipe", text, 0)
        self._writer.add_hparams(flattened(values), {}, run_name=".")

    def scalar(self, name: str, value: float, step: int) -> None:
        """Note one value; flushed to disk by the writer's own thread."""
        self._writer.add_scalar(name, value, step)

    def picture(self, name: str, pixels: Pixels, step: int) -> None:
        """Among the images."""
        self._writer.add_image(name, pixels, step, dataformats="HWC")

    def confusion(self, name: str, confusion: Confusion, step: int) -> None:
        """Drawn, among the images."""
        self.picture(f"confusion/{name}", drawn(confusion), step)

    def artefact(self, name: str, path: Path) -> None:
        """Its place, size and hash, among the texts: TensorBoard keeps no files."""
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        line = f"`{path.name}`, {path.stat().st_size} bytes, sha256 `{digest}`"
        self._writer.add_text(f"artefact/{name}", line, 0)

    def close(self) -> None:
        """Write out what is still held."""
        self._writer.close()


def drawn(confusion: Confusion) -> Pixels:
    """A confusion matrix as a picture (H, W, 3) RGB: counts, and by colour the shares of each row."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.2, 3.8), dpi=100, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots()
    shares = confusion.counts / np.maximum(confusion.counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    places = range(len(confusion.labels))
    axes.set_xticks(places, confusion.labels, rotation=30, ha="right")
    axes.set_yticks(places, confusion.labels)
    axes.set_xlabel("answer")
    axes.set_ylabel("truth")
    for row in places:
        for column in places:
            ink = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, str(confusion.counts[row, column]), ha="center", va="center", color=ink)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = np.asarray(canvas.buffer_rgba(), np.uint8)  # type: ignore[no-untyped-call]
    return np.ascontiguousarray(pixels[:, :, :3])
