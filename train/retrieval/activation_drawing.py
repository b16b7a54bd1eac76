"""Activation maps as pictures: for each picture a row of what it shows, the heat, and the heat laid over it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from numpy.typing import NDArray

from train.data.manifest import DataError, read_picture
from train.retrieval.activation import Floats, Network, activation_map, agreement_map
from train.retrieval.embed import NothingToEmbed, Skipped
from train.retrieval.figures import blank_figure, save_figure, shrink

ROWS_PER_SHEET = 6
PICTURE_IN, GAP_IN, CAPTION_IN = 2.8, 0.12, 0.28
LONGEST_PX = 640
HEAT = "inferno"
HEAT_SHARE = 0.6
"""Of the heat's colour where it lies over a picture."""


def draw_activations(
    network: Network, paths: Sequence[Path], out: Path, reference: Path | None = None
) -> tuple[list[Path], list[Skipped]]:
    """Draw sheets of six pictures, a row each: picture, heat, overlay; with a reference also where it agrees with it.

    Args:
        network: In eval mode.
        paths: Pictures of any sizes.
        out: Folder for `activations-01.png`, `activations-02.png`, …; sheets of these names are replaced.
        reference: Picture to compare each with; None for none.

    Returns:
        The sheets, and the pictures that cannot be read.

    Raises:
        NothingToEmbed: None of the pictures can be read.
        DataError: The reference cannot be read.
        DrawingError: A sheet cannot be written.
    """
    against = None if reference is None else shrink(read_picture(reference), LONGEST_PX)
    pictures: list[tuple[Path, NDArray[np.uint8]]] = []
    skipped: list[Skipped] = []
    sheets: list[Path] = []

    def finish_sheet() -> None:
        sheets.append(out / f"activations-{len(sheets) + 1:02d}.png")
        save_figure(_draw_sheet(network, pictures, against), sheets[-1])
        pictures.clear()

    for path in paths:
        try:
            pictures.append((path, shrink(read_picture(path), LONGEST_PX)))
        except DataError as error:
            skipped.append(Skipped(path, error.problem))
        if len(pictures) == ROWS_PER_SHEET:
            finish_sheet()
    if pictures:
        finish_sheet()
    if not sheets:
        raise NothingToEmbed(
            f"None of the pictures can be read: {skipped[0].reason}" if skipped else "There are no pictures.",
            "Give the paths of JPEG or PNG pictures.",
        )
    return sheets, skipped


def overlay(pixels: NDArray[np.uint8], heat: Floats) -> NDArray[np.uint8]:
    """Lay a heat (H, W), 0–1, over a picture (H, W, 3), made grey so that all colour in it is heat."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None]
    return np.round((1 - HEAT_SHARE) * grey + HEAT_SHARE * colour(heat)).astype(np.uint8)


def colour(heat: Floats) -> NDArray[np.uint8]:
    """A heat (H, W), 0–1, as colours (H, W, 3), from black over red to yellow, even to the eye and in grey."""
    return np.asarray(colormaps[HEAT](heat, bytes=True)[..., :3], dtype=np.uint8)


def _draw_sheet(
    network: Network, pictures: Sequence[tuple[Path, NDArray[np.uint8]]], reference: NDArray[np.uint8] | None
) -> Figure:
    rows = [_row(network, pixels, reference) for _, pixels in pictures]
    columns = len(rows[0])
    shapes = [
        (pixels.shape[1] / max(pixels.shape), pixels.shape[0] / max(pixels.shape)) for _, pixels in pictures
    ]
    sizes = [(PICTURE_IN * across, PICTURE_IN * down) for across, down in shapes]
    width = columns * (PICTURE_IN + GAP_IN) + GAP_IN
    height = sum(down for _, down in sizes) + len(rows) * CAPTION_IN + GAP_IN
    figure = blank_figure(width, height)
    top = height
    for (path, _), row, (across, down) in zip(pictures, rows, sizes, strict=True):
        top -= CAPTION_IN + down
        for column, (caption, shown) in enumerate(row):
            left = GAP_IN + column * (PICTURE_IN + GAP_IN) + (PICTURE_IN - across) / 2
            axes = figure.add_axes(
                (left / width, top / height, across / width, down / height), xticks=[], yticks=[]
            )
            axes.imshow(shown, aspect="auto", interpolation="antialiased")
            axes.set_title(caption or _short(path.name), fontsize=8.5, pad=3, parse_math=False)
            axes.set_frame_on(False)
    return figure


def _row(
    network: Network, pixels: NDArray[np.uint8], reference: NDArray[np.uint8] | None
) -> list[tuple[str, NDArray[np.uint8]]]:
    """Captions with what is drawn under them; the first, the picture's own, is left to the caller."""
    heat = activation_map(network, pixels)
    row = [("", pixels), ("activation", colour(heat)), ("over the picture", overlay(pixels, heat))]
    if reference is not None:
        agreed = agreement_map(network, reference, pixels)
        caption = f"like the reference (cosine {agreed.min():.2f} to {agreed.max():.2f})"
        # One scale for all rows, so that a picture which is nowhere like the reference stays dark.
        row += [(caption, overlay(pixels, agreed.clip(0, 1))), ("reference", _fit(reference, pixels))]
    return row


def _fit(picture: NDArray[np.uint8], field: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture with white margins, so that it has the shape of a field and is not distorted in it."""
    height, width = picture.shape[:2]
    aspect = field.shape[1] / field.shape[0]
    whole = (max(height, round(width / aspect)), max(width, round(height * aspect)), 3)
    canvas = np.full(whole, 255, np.uint8)
    y, x = (whole[0] - height) // 2, (whole[1] - width) // 2
    canvas[y : y + height, x : x + width] = picture
    return canvas


def _short(text: str) -> str:
    return text if len(text) <= 36 else text[:35] + "…"
