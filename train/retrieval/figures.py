"""What the drawings of this package share: a figure without a window, saved, and pictures made small."""

from __future__ import annotations

import warnings
from pathlib import Path

import cv2
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from monitor.domain.errors import MonitorError

DPI = 120
SUFFIXES = (".png", ".jpg", ".jpeg", ".pdf", ".svg")


class DrawingError(MonitorError):
    """A picture cannot be written."""


def blank_figure(width_in: float, height_in: float) -> Figure:
    """A figure of its own, which no window system and no global state of matplotlib knows of."""
    figure = Figure(figsize=(width_in, height_in), dpi=DPI)
    FigureCanvasAgg(figure)
    return figure


def check_drawing_path(path: Path) -> None:
    """Say before the work that a picture of this name cannot be written.

    Raises:
        DrawingError: Its suffix is not that of a picture.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise DrawingError(f"{path} is not a name for a picture.", f"End it in one of {', '.join(SUFFIXES)}.")


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure; its folder is made.

    Raises:
        DrawingError: The file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():
            # A title in a script that the font lacks is drawn as boxes; that is no reason to say so once a letter.
            warnings.filterwarnings("ignore", message="Glyph")
            figure.savefig(path)
    except OSError as error:
        raise DrawingError(
            f"Cannot write {path}: {error.strerror}.", "Give another path with --out."
        ) from error


def shrink(pixels: NDArray[np.uint8], longest: int) -> NDArray[np.uint8]:
    """A picture (H, W, 3) with at most so many pixels on its long side; smaller ones stay."""
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
