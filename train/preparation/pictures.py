"""Pictures in folders: found in a fixed order, read with every failure noted, written in one piece."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from train.preparation.problems import PreparationError, Problems

Pixels = NDArray[np.uint8]
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})
JPEG_QUALITY = 95


def find_pictures(directory: Path) -> list[Path]:
    """All picture files in a directory and below, sorted by path; hidden files and folders are left out.

    Raises:
        PreparationError: There is no such directory, or no picture in it.
    """
    if not directory.is_dir():
        raise PreparationError(f"There is no directory {directory}.", "Check the path.")
    found = [
        path
        for path in sorted(directory.rglob("*"))
        if path.suffix.lower() in SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(directory).parts)
    ]
    if not found:
        raise PreparationError(
            f"There is no picture in {directory}.", f"Pictures end in {', '.join(sorted(SUFFIXES))}."
        )
    return found


def read_pixels(path: Path, problems: Problems) -> Pixels | None:
    """(H, W, 3) uint8 RGB, turned as its EXIF data say; None with a problem noted where it is no picture."""
    decoded = _decode(path, cv2.IMREAD_COLOR, problems)
    return None if decoded is None else np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)


def read_with_alpha(path: Path, problems: Problems) -> tuple[Pixels, NDArray[np.float32]] | None:
    """(H, W, 3) uint8 RGB and opacity (H, W) 0–1; a picture without an alpha channel is opaque all over."""
    decoded = _decode(path, cv2.IMREAD_UNCHANGED, problems)
    if decoded is None:
        return None
    if decoded.dtype == np.uint16:
        decoded = np.asarray(decoded // 257, np.uint8)
    if decoded.dtype != np.uint8:
        problems.add(f"{path}: {decoded.dtype} pixels are not supported")
        return None
    planes = np.atleast_3d(decoded)
    if planes.shape[2] == 1:
        planes = np.repeat(planes, 3, axis=2)
    alpha = np.ones(planes.shape[:2], np.float32)
    if planes.shape[2] == 4:
        alpha = np.asarray(planes[..., 3] / np.float32(255), np.float32)
    return np.ascontiguousarray(planes[..., 2::-1]), alpha


def write_picture(path: Path, pixels: Pixels) -> None:
    """Write (H, W, 3) RGB or (H, W) grey, as the suffix says, through a `.part` file.

    Raises:
        PreparationError: It cannot be encoded or written.
    """
    shown = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR) if pixels.ndim == 3 else pixels
    jpeg = path.suffix.lower() in (".jpg", ".jpeg")
    done, encoded = cv2.imencode(path.suffix, shown, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if jpeg else [])
    if not done:
        raise PreparationError(f"Cannot encode {path}.", "Give it a name that ends in .jpg or .png.")
    write_bytes(path, encoded.tobytes())


def write_bytes(path: Path, content: bytes, durable: bool = False) -> None:
    """Write a file through a `.part` file beside it, so that it is there whole or not at all.

    Args:
        path: The file; replaced if it exists.
        content: What goes into it.
        durable: Wait until it is on the disk, for files by which work is gone on with after a power cut.

    Raises:
        PreparationError: It cannot be written.
    """
    unfinished = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise PreparationError(
            f"Cannot write {path}: {os.strerror(error.errno or 0)}.",
            "Is there room, and may you write there?",
        ) from error


def new_directory(path: Path) -> Path:
    """The directory, made now if need be.

    Raises:
        PreparationError: It holds something already, or cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        taken = any(path.iterdir())
    except OSError as error:
        raise PreparationError(
            f"Cannot use {path} as a directory: {os.strerror(error.errno or 0)}.", "Choose another."
        ) from error
    if taken:
        raise PreparationError(f"{path} is not empty.", "Give a new directory, or empty this one yourself.")
    return path


def _decode(path: Path, flags: int, problems: Problems) -> NDArray[Any] | None:
    try:
        # From bytes: names that the decoder's own file layer cannot open are read too, and errors have a reason.
        content = path.read_bytes()
    except OSError as error:
        problems.add(f"{path}: {os.strerror(error.errno or 0)}")
        return None
    try:
        decoded = cv2.imdecode(np.frombuffer(content, np.uint8), flags) if content else None
    except cv2.error:
        decoded = None
    if decoded is None:
        problems.add(f"{path}: not a picture, or damaged")
        return None
    return np.asarray(decoded)
