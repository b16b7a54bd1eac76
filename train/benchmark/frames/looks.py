"""Each picture by itself: its fingerprint, its colours, whether it is combed or smeared as it stands."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.domain.fingerprint import fingerprint
from monitor.domain.frame import MONOCHROME
from monitor.vision.gradient import working_luma
from monitor.vision.interlacing import combed_share
from monitor.vision.quality import measure
from train.data.manifest import Picture, read_picture


@dataclass(frozen=True, slots=True)
class Look:
    """What one picture tells.

    Attributes:
        picture: Which one.
        digest: Of its bytes.
        fingerprint: See `monitor.domain.fingerprint`.
        saturation: Mean colour saturation, 0–1.
        flat_rows: Share of the height that passes for smeared or grey.
        combed: Share of cells that pass for combed.
    """

    picture: Picture
    digest: str
    fingerprint: str
    saturation: float
    flat_rows: float
    combed: float


@dataclass(frozen=True, slots=True)
class Colours:
    """Saturation of pictures that were taken under one condition by cameras that know colours.

    Attributes:
        condition: As the manifest says.
        pictures: How many.
        lowest: Of their saturations.
        monochrome: How many lie below `MONOCHROME`.
    """

    condition: str
    pictures: int
    lowest: float
    monochrome: int


@dataclass(frozen=True, slots=True)
class Colourless:
    """Cameras none of whose pictures has colour.

    Attributes:
        cameras: Their names.
        highest: Saturation of any of their pictures; 0 where there are none.
    """

    cameras: tuple[str, ...]
    highest: float


def look_at(pictures: Iterable[Picture]) -> list[Look]:
    """Measure pictures.

    Raises:
        DataError: One cannot be read.
    """
    looks = []
    for picture in pictures:
        pixels = read_picture(picture.path)
        quality = measure(pixels)
        digest = hashlib.sha256(picture.path.read_bytes()).hexdigest()
        seen = fingerprint(working_luma(pixels))
        looks.append(Look(picture, digest, seen, quality.saturation, quality.flat_rows, combed_share(pixels)))
    return looks


def colours(looks: Sequence[Look]) -> tuple[list[Colours], Colourless]:
    """Saturation by condition, and that of cameras that know no colours."""
    highest: dict[str, float] = {}
    for look in looks:
        highest[look.picture.camera] = max(look.saturation, highest.get(look.picture.camera, 0.0))
    grey = {camera: value for camera, value in highest.items() if value < MONOCHROME}
    by_condition: dict[str, list[float]] = {}
    for look in looks:
        if look.picture.camera not in grey:
            by_condition.setdefault(look.picture.condition or "not told", []).append(look.saturation)
    found = [
        Colours(condition, len(values), min(values), sum(value < MONOCHROME for value in values))
        for condition, values in by_condition.items()
    ]
    return sorted(found, key=lambda one: one.lowest), Colourless(
        tuple(sorted(grey)), max(grey.values(), default=0.0)
    )
