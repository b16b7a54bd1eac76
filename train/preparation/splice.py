"""Synthetic data: stickers spliced onto clean pictures, with boxes and masks as labels."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from train.preparation.naming import picture_name
from train.preparation.pictures import (
    Pixels,
    find_pictures,
    new_directory,
    read_pixels,
    write_bytes,
    write_picture,
)
from train.preparation.problems import PreparationError, Problems
from train.preparation.stickers import (
    Mask,
    Placement,
    Sticker,
    box_of,
    draw_placement,
    labels_of,
    read_stickers,
    splice,
)

ANNOTATIONS_FILE = "annotations.json"
PICTURES_FOLDER, MASKS_FOLDER = "pictures", "masks"
_SMALLEST_VISIBLE_PIXELS = 16
_LEAST_CHANGE = 6.0  # grey levels; what nobody can see must not be labelled
_TRIES = 20


@dataclass(frozen=True, slots=True)
class SpliceSettings:
    """How pictures are made.

    Attributes:
        count: Pictures.
        seed: Of everything random; equal seeds, stickers and pictures give equal files.
        clean_share: Share of pictures that stay without a sticker, 0–1.
        most_stickers: On one picture.
        scale: Smallest and largest height of a sticker, as a share of the picture's shorter side.
        seamless_share: How often gradients are blended instead of colours, 0–1; for stickers with texture only, as
            flat ones dissolve in it.
    """

    count: int
    seed: int = 0
    clean_share: float = 0.2
    most_stickers: int = 3
    scale: tuple[float, float] = (0.08, 0.45)
    seamless_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Synthesized:
    """What was written: pictures in all, those without a sticker, and stickers by label."""

    pictures: int
    clean: int
    stickers: dict[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class _Spliced:
    sticker: Sticker
    placement: Placement
    mask: Mask


def synthesize(
    clean: Path, stickers: Path, out: Path, settings: SpliceSettings, problems: Problems
) -> Synthesized:
    """Write `pictures/<id>_<image>.jpg`, `masks/<id>_<image>.png` and COCO's `annotations.json`.

    The id is the number of the clean picture in sorted order, from 1, so that a split by id never shows one scene on
    both sides. A mask holds 0 where the picture is clean, and n where the n-th annotation of that picture is seen. The
    annotations are read by `crop`; beyond COCO each has its `placement`.

    Args:
        clean: Directory of clean pictures.
        stickers: Directory of stickers, as `read_stickers` finds them.
        out: New directory.
        settings: How.
        problems: Gets files that cannot be read.

    Raises:
        PreparationError: A directory is missing or empty, or `out` is in use.
    """
    sources = find_pictures(clean)
    available = read_stickers(stickers, problems)
    new_directory(out)
    plan = _Plan(settings, len(sources))
    labels = labels_of(available)
    records = _Records(labels)
    for index in range(settings.count):
        source = plan.source(index)
        pixels = read_pixels(sources[source], problems)
        if pixels is None:
            continue
        rng = np.random.default_rng((settings.seed, index))
        picture, spliced = pixels, list[_Spliced]()
        if not plan.clean(index):
            picture, spliced = _splice_some(rng, pixels, available, settings)
        name = picture_name(source + 1, plan.repeat(index) + 1)
        write_picture(out / PICTURES_FOLDER / name, picture)
        mask = records.add(name, sources[source].relative_to(clean).as_posix(), picture, spliced)
        write_picture((out / MASKS_FOLDER / name).with_suffix(".png"), mask)
    if not records.images:
        raise PreparationError(f"None of the pictures in {clean} can be read.", "; ".join(problems.lines[:3]))
    write_bytes(
        out / ANNOTATIONS_FILE, json.dumps(records.coco(settings), indent=1, ensure_ascii=False).encode()
    )
    return records.summary()


class _Plan:
    """Which clean picture each output is made from: all in turn, in an order drawn once; and which stay clean."""

    def __init__(self, settings: SpliceSettings, sources: int) -> None:
        rng = np.random.default_rng(settings.seed)
        self._order = rng.permutation(sources)
        clean = round(settings.clean_share * settings.count)
        self._clean = frozenset(map(int, rng.permutation(settings.count)[:clean]))

    def source(self, index: int) -> int:
        return int(self._order[index % len(self._order)])

    def repeat(self, index: int) -> int:
        return index // len(self._order)

    def clean(self, index: int) -> bool:
        return index in self._clean


def _splice_some(
    rng: np.random.Generator, pixels: Pixels, stickers: list[Sticker], settings: SpliceSettings
) -> tuple[Pixels, list[_Spliced]]:
    """Put one or more stickers on; what a later one covers is taken from the earlier ones' masks."""
    size = (pixels.shape[1], pixels.shape[0])
    spliced: list[_Spliced] = []
    wanted = int(rng.integers(1, settings.most_stickers + 1))
    for _ in range(_TRIES):
        if len(spliced) == wanted:
            break
        sticker = stickers[int(rng.integers(len(stickers)))]
        placement = draw_placement(rng, size, settings.scale, settings.seamless_share)
        candidate, mask = splice(pixels, sticker, placement)
        earlier = [_Spliced(one.sticker, one.placement, one.mask * (1 - mask)) for one in spliced]
        together = [*earlier, _Spliced(sticker, placement, mask)]
        if _change(pixels, candidate, mask) < _LEAST_CHANGE:
            continue
        if all((one.mask >= 0.3).sum() >= _SMALLEST_VISIBLE_PIXELS for one in together):
            pixels, spliced = candidate, together
    return pixels, spliced


def _change(before: Pixels, after: Pixels, mask: Mask) -> float:
    """Mean absolute difference of the pixels that the mask covers, in grey levels."""
    covered = mask >= 0.3
    if not covered.any():
        return 0.0
    return float(np.abs(after[covered].astype(np.float32) - before[covered]).mean())


class _Records:
    """Gathers what goes into the COCO file."""

    def __init__(self, labels: list[str]) -> None:
        self.images: list[dict[str, Any]] = []
        self.annotations: list[dict[str, Any]] = []
        self._categories = {label: number for number, label in enumerate(labels, start=1)}

    def add(self, name: str, source: str, picture: Pixels, spliced: list[_Spliced]) -> Pixels:
        """Note a picture; returns its mask, (H, W) uint8."""
        height, width = picture.shape[:2]
        image_id = len(self.images) + 1
        self.images.append(
            {"id": image_id, "file_name": name, "width": width, "height": height, "source": source}
        )
        shown = np.zeros((height, width), np.uint8)
        for number, one in enumerate(spliced, start=1):
            visible = one.mask >= one.mask.max() / 2
            shown[visible] = number
            self.annotations.append(
                {
                    "id": len(self.annotations) + 1,
                    "image_id": image_id,
                    "category_id": self._categories[one.sticker.label],
                    "bbox": list(box_of(one.mask) or ()),
                    "area": int(visible.sum()),
                    "segmentation": _outlines(visible.astype(np.uint8)),
                    "iscrowd": 0,
                    "placement": asdict(one.placement),
                }
            )
        return shown

    def coco(self, settings: SpliceSettings) -> dict[str, Any]:
        """The whole file."""
        return {
            "info": {"description": "stickers spliced onto clean pictures", "settings": asdict(settings)},
            "images": self.images,
            "annotations": self.annotations,
            "categories": [{"id": number, "name": label} for label, number in self._categories.items()],
        }

    def summary(self) -> Synthesized:
        """Counts for people."""
        names = {number: label for label, number in self._categories.items()}
        counts = dict.fromkeys(self._categories, 0)
        for annotation in self.annotations:
            counts[names[annotation["category_id"]]] += 1
        marked = {annotation["image_id"] for annotation in self.annotations}
        return Synthesized(len(self.images), len(self.images) - len(marked), counts)


def _outlines(visible: Pixels) -> list[list[float]]:
    """Outer outlines as COCO has them, x and y in turn; only those with three corners or more."""
    contours, _ = cv2.findContours(visible, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [contour.reshape(-1).tolist() for contour in contours if len(contour) >= 3]
