"""The pictures of an incident, for a person: what should be seen, what was, where it lies, and where they differ.

Colours and lines are chosen so that they are told apart by those who cannot tell red from green.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain.displacement import Displacement
from monitor.domain.exhibit import Drawn, Exhibit, Shot
from monitor.domain.frame import Pixels
from monitor.domain.orientation import Orientation
from monitor.domain.view import Rectangle
from monitor.vision.captions import LONG_SIDE_PX, Words, beside, captioned
from monitor.vision.gradient import Picture, floats
from monitor.vision.overlay import Disagreement, LaidOver, disagree, lay_over

SHORTEST_LONG_SIDE_PX = 640
"""Smaller pictures are enlarged to this, or there would be no room for words."""
DARK = 60
"""Mean of luma (0–255) below which a picture is brightened before it is laid over another."""
SHOWN_FROM, SHOWN_FULLY = 0.3, 0.6
"""Local disagreement from which a place is coloured, and from which fully."""
ARROW_FROM = 0.01
"""Shift, fraction of the view, from which an arrow can be seen."""
_YELLOW, _BLACK, _MASK = (255, 214, 0), (0, 0, 0), (64, 120, 255)
_HOT = np.array([255, 96, 0], np.float32)
_TURNS = {
    Orientation.ROTATED_90: "turned by 90° counter-clockwise",
    Orientation.ROTATED_180: "upside down",
    Orientation.ROTATED_270: "turned by 90° clockwise",
    Orientation.MIRRORED: "mirrored",
}


def draw(exhibit: Exhibit) -> Drawn:
    """All pictures that there is something to draw from, as JPEGs of at most 960 pixels with their captions."""
    shots = {"reference": exhibit.reference, "event": exhibit.event, "latest": exhibit.latest}
    pictures = {name: _photograph(shot, exhibit.title) for name, shot in shots.items() if shot is not None}
    if exhibit.reference is None or exhibit.event is None:
        return Drawn(pictures)
    laid = lay_over(
        _sized(exhibit.reference.pixels), exhibit.event.pixels, exhibit.orientation, exhibit.displacement
    )
    as_it_is = lay_over(laid.reference, exhibit.event.pixels, Orientation.UPRIGHT, None)
    before = disagree(laid.reference, as_it_is.before, None, exhibit.masks)
    after = disagree(laid.reference, laid.after, laid.seen, exhibit.masks)
    pictures["overlay"] = _overlay(exhibit, laid)
    pictures["difference"] = _difference(exhibit, laid, as_it_is.before, before, after)
    return Drawn(pictures, before.mean, after.mean)


def _photograph(shot: Shot, title: str) -> bytes:
    return captioned(_sized(shot.pixels), Words(title, shot.caption))


def _sized(pixels: Pixels) -> Pixels:
    """The picture at a size that has room for words and arrows, its shape kept."""
    height, width = pixels.shape[:2]
    long_side = max(height, width)
    scale = min(max(long_side, SHORTEST_LONG_SIDE_PX), LONG_SIDE_PX) / long_side
    if scale == 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=way), np.uint8)


def _overlay(exhibit: Exhibit, laid: LaidOver) -> bytes:
    """The reference in red, the event laid over it in cyan: grey where both show the same."""
    ours, theirs = _readable(laid.reference), _readable(laid.after)
    picture = np.stack([ours, theirs, theirs], axis=2)
    unseen = laid.seen == 0
    picture[unseen] = (ours[unseen] // 2)[:, None]
    moved = exhibit.displacement
    _draw_masks(picture, exhibit.masks)
    if moved is not None:
        _draw_outline(picture, laid)
        _draw_shift(picture, moved)
    return captioned(picture, Words(exhibit.title, _overlay_caption(exhibit), _overlay_legend(exhibit)))


def _overlay_caption(exhibit: Exhibit) -> str:
    turned = _TURNS.get(exhibit.orientation)
    event = f"The picture of the event, {turned}, is turned back" if turned else "The picture of the event is"
    if exhibit.displacement is None:
        return f"{event}{' and' if turned else ''} laid over the reference as it came; no displacement was measured."
    where = exhibit.displacement.describe()
    if where == "not measurably":
        return f"{event}{' and' if turned else ''} laid over the reference; its content has not moved measurably."
    return f"{event}{',' if turned else ''} moved back and laid over the reference. Its content had moved: {where}."


def _overlay_legend(exhibit: Exhibit) -> str:
    said = "Grey: both the same. Red and cyan: lighter in the reference, lighter in the event."
    if exhibit.displacement is not None:
        said += " Yellow: what the event's picture covers; the arrow shows where the content went."
    return f"{said} Blue: masked." if exhibit.masks else said


def _difference(
    exhibit: Exhibit, laid: LaidOver, as_it_is: Pixels, before: Disagreement, after: Disagreement
) -> bytes:
    """Where the edges disagree, as the pictures came and after both are brought into one place."""
    left = _heated(as_it_is, before.local)
    right = _heated(laid.after, after.local)
    for side in (left, right):
        _draw_masks(side, exhibit.masks)
        _draw_crosshair(side)
    caption = (
        f"Left: as it came, {before.mean * 100:.0f} % of the edges disagree with the reference. "
        f"Right: {_right_words(exhibit)}, {after.mean * 100:.0f} %."
    )
    legend = "Orange: edges that disagree with the reference; other light is not shown as one."
    legend += " Blue: masked." if exhibit.masks else ""
    return captioned(_sized(beside(left, right)), Words(exhibit.title, caption, legend))


def _right_words(exhibit: Exhibit) -> str:
    done = [
        word
        for word, is_done in (
            ("turned", exhibit.orientation is not Orientation.UPRIGHT),
            ("moved", exhibit.displacement is not None),
        )
        if is_done
    ]
    return (
        f"{' and '.join(done)} back" if done else "the same, as nothing was measured by which to move it back"
    )


def _readable(pixels: Pixels) -> NDArray[np.uint8]:
    """Luma (H, W), a dark picture brightened, so that day and night can be laid over each other."""
    luma = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    # Unlit stays unlit: noise alone is not worth showing.
    mean = float(luma.mean())
    if 2.0 < mean < DARK:
        luma = np.asarray(cv2.convertScaleAbs(luma, alpha=min(4.0, DARK / mean)), np.uint8)
    return np.asarray(cv2.createCLAHE(2.0, (8, 8)).apply(luma), np.uint8)


def _heated(pixels: Pixels, local: Picture) -> Pixels:
    """The picture in grey, orange where it disagrees."""
    height, width = pixels.shape[:2]
    grey = np.repeat((_readable(pixels) * 0.6).astype(np.float32)[..., None], 3, axis=2)
    heat = floats(cv2.resize(local, (width, height), interpolation=cv2.INTER_LINEAR))
    share = ((heat - SHOWN_FROM) / (SHOWN_FULLY - SHOWN_FROM)).clip(0, 0.8)[..., None]
    return np.ascontiguousarray((grey * (1 - share) + _HOT * share).astype(np.uint8))


def _draw_masks(picture: Pixels, masks: Sequence[Rectangle]) -> None:
    height, width = picture.shape[:2]
    for mask in masks:
        start = (round(mask.left * width), round(mask.top * height))
        end = (round((mask.left + mask.width) * width) - 1, round((mask.top + mask.height) * height) - 1)
        cv2.rectangle(picture, start, end, _MASK, 2)
        # Crossed, as a plain frame may be part of the scene.
        cv2.line(picture, start, end, _MASK, 1, cv2.LINE_AA)


def _draw_outline(picture: Pixels, laid: LaidOver) -> None:
    """The edges of the event's picture, as they lie over the reference."""
    height, width = picture.shape[:2]
    inverse = cv2.invertAffineTransform(laid.to_frame.matrix(width, height))
    corners = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], np.float64)
    lying = corners @ inverse[:, :2].T + inverse[:, 2]
    cv2.polylines(picture, [np.round(lying).astype(np.int32)], True, _YELLOW, 2, cv2.LINE_AA)


def _draw_shift(picture: Pixels, moved: Displacement) -> None:
    """A cross where the middle of the view should be, and an arrow to where its content went."""
    _draw_crosshair(picture)
    if moved.shift_fov < ARROW_FROM:
        return
    height, width = picture.shape[:2]
    start = (width // 2, height // 2)
    end = (round(width / 2 + moved.dx * width), round(height / 2 + moved.dy * height))
    length = max(1.0, float(np.hypot(end[0] - start[0], end[1] - start[1])))
    for colour, thickness in ((_BLACK, 6), (_YELLOW, 3)):
        cv2.arrowedLine(picture, start, end, colour, thickness, cv2.LINE_AA, tipLength=min(0.4, 14 / length))


def _draw_crosshair(picture: Pixels) -> None:
    height, width = picture.shape[:2]
    for colour, thickness in ((_BLACK, 3), (_YELLOW, 1)):
        cv2.drawMarker(
            picture, (width // 2, height // 2), colour, cv2.MARKER_CROSS, max(12, width // 24), thickness
        )
