"""Pairs as cameras recorded them: real moves and real tampering, nothing synthesised.

Every pair is shown whole. Figures on them are few and without ground truth of the displacement; they tell whether
what holds for cut pictures holds for real ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from monitor.domain.verdict import VerdictKind
from train.benchmark.lights import light_of
from train.benchmark.method import Pair, Pixels, Truth
from train.data.manifest import Manifest, Picture, read_picture

STAYED = "real, same"
RE_AIMED = "real, moved"
FAR = "real, far moved"
OTHER_PLACE = "real, other viewpoint"
TAMPER_MOVED = "tamper, moved"
TAMPER_DEFOCUSED = "tamper, defocused"
TAMPER_WRAPPED = "tamper, wrapped"

MOVED = Truth((VerdictKind.MOVED,))
FAR_MOVED = Truth((VerdictKind.MOVED, VerdictKind.DIFFERENT_SCENE))
"""Where so little of the reference is left in view that "another scene" is no wrong word either."""
TAMPER: dict[str, tuple[str, Truth]] = {
    "normal": (STAYED, Truth((VerdictKind.OK,))),
    "moved": (TAMPER_MOVED, FAR_MOVED),
    "defocused": (TAMPER_DEFOCUSED, Truth((VerdictKind.BLURRED,))),
    "covered": (TAMPER_WRAPPED, Truth((VerdictKind.OBSTRUCTED,))),
}
"""Condition to kind and truth. Frames while the camera is being turned (`moving`), half wrapped (`partial_cover`,
20 to 75 % of the view) or half defocused are left out: where one verdict gives way to the next, no label is right."""

RECORDED_KINDS = (
    STAYED,
    RE_AIMED,
    FAR,
    OTHER_PLACE,
    TAMPER_MOVED,
    TAMPER_DEFOCUSED,
    TAMPER_WRAPPED,
)

BANNER = (0.27, 0.09)
"""Share of width and height, at the top left, in which late frames of the tampered clips carry a burnt-in banner."""
EARLIER_FRAMES = 3
"""How many references a camera gives that was re-aimed for good."""


def recorded_pairs(manifest: Manifest, split: str) -> Iterator[Pair]:
    """All recorded pairs of a split, those of one reference together.

    * two overlapping views, either of them as the reference: `moved`;
    * a camera's view before it was re-aimed for good, against views of today; sets of a pan; a sequence of a hand-held
      camera, each frame against the next: `moved`, or `different_scene` where little overlaps;
    * one place from another viewpoint, in other light, season or sensor: either of the two;
    * tampered clips, each frame against the first normal one.

    Args:
        manifest: All pictures.
        split: `train` or `dev`.
    """
    by_camera: dict[str, list[Picture]] = defaultdict(list)
    for picture in manifest.pictures:
        if picture.split == split:
            by_camera[picture.camera].append(picture)
    for camera, pictures in sorted(by_camera.items()):
        pictures.sort(key=lambda picture: picture.path)
        for prefix, make in _MAKERS.items():
            chosen = [picture for picture in pictures if picture.use.startswith(prefix)]
            if chosen:
                yield from make(camera, chosen, [picture for picture in pictures if picture.same_view])


def _both_ways(kind: str, truth: Truth) -> Callable[..., Iterator[Pair]]:
    def make(camera: str, pictures: Sequence[Picture], _: Sequence[Picture]) -> Iterator[Pair]:
        for reference in pictures:
            frames = [picture for picture in pictures if picture is not reference]
            yield from _against(camera, reference, [(kind, truth, frame) for frame in frames])

    return make


def _sequence(camera: str, pictures: Sequence[Picture], _: Sequence[Picture]) -> Iterator[Pair]:
    for reference, frame in pairwise(pictures):
        yield from _against(camera, reference, [(FAR, FAR_MOVED, frame)])


def _re_aimed(camera: str, pictures: Sequence[Picture], same_view: Sequence[Picture]) -> Iterator[Pair]:
    chosen = np.linspace(0, len(same_view) - 1, min(EARLIER_FRAMES, len(same_view))).astype(int)
    for index in chosen:
        yield from _against(camera, same_view[index], [(FAR, FAR_MOVED, frame) for frame in pictures])


def _tampered(camera: str, pictures: Sequence[Picture], _: Sequence[Picture]) -> Iterator[Pair]:
    normal = [picture for picture in pictures if picture.condition == "normal"]
    if normal:
        cases = [(*TAMPER[p.condition], p) for p in pictures if p.condition in TAMPER and p is not normal[0]]
        yield from _against(camera, normal[0], cases, without_banner)


_MAKERS: dict[str, Callable[..., Iterator[Pair]]] = {
    "camera-moved pair": _both_ways(RE_AIMED, MOVED),
    "camera-moved set": _both_ways(FAR, FAR_MOVED),
    "camera-moved sequence": _sequence,
    "camera-moved(": _re_aimed,
    "same place, different viewpoint": _both_ways(OTHER_PLACE, FAR_MOVED),
    "tamper (real)": _tampered,
}


def without_banner(pixels: Pixels) -> Pixels:
    """The picture (H, W, 3) with the corner of the banner painted grey, as on every other picture of the clip."""
    height, width = pixels.shape[:2]
    painted = pixels.copy()
    painted[: round(BANNER[1] * height), : round(BANNER[0] * width)] = 127
    return painted


def _against(
    camera: str,
    reference: Picture,
    cases: Sequence[tuple[str, Truth, Picture]],
    shown: Callable[[Pixels], Pixels] = lambda pixels: pixels,
) -> Iterator[Pair]:
    pixels = shown(read_picture(reference.path))
    for kind, truth, frame in cases:
        yield Pair(
            f"{camera}/{reference.path.stem}>{frame.path.stem}/{kind}",
            kind,
            camera,
            light_of(reference, frame),
            pixels,
            shown(read_picture(frame.path)),
            truth,
        )
