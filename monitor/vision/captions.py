"""Words on pictures: a title above and a caption below, which hide nothing of what is shown."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from monitor.domain.frame import Pixels

LONG_SIDE_PX = 960
"""No picture of the evidence is longer or wider, its words included."""
QUALITY = 85
_PAPER, _INK, _QUIET = (24, 26, 30), (245, 245, 245), (196, 200, 206)
_MARGIN_PX = 8
_LONGEST_WORD = 60
_MOST_LINES = 3

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, slots=True)
class Words:
    """What stands around a picture.

    Attributes:
        title: Above; which view, and what is the matter with it.
        caption: Below; what the picture is.
        legend: Below that, in plain type: what its colours and lines mean. Empty for a plain photograph.
    """

    title: str
    caption: str
    legend: str = ""


def captioned(pixels: Pixels, words: Words) -> bytes:
    """A JPEG of the picture (H, W, 3) with its words, its long side at most `LONG_SIDE_PX`."""
    picture = Image.fromarray(pixels)
    while True:
        page = _page(picture, words)
        if max(page.size) <= LONG_SIDE_PX:
            break
        # The words take their height from a picture that is higher than it is wide.
        scale = min(LONG_SIDE_PX / max(page.size), 0.98)
        size = (max(1, int(picture.width * scale)), max(1, int(picture.height * scale)))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    page.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def beside(left: Pixels, right: Pixels, gap_px: int = 6) -> Pixels:
    """Two pictures of one size, one beside the other."""
    gap = np.empty((left.shape[0], gap_px, 3), np.uint8)
    gap[:] = _PAPER
    return np.concatenate([left, gap, right], axis=1)


def _page(picture: Image.Image, words: Words) -> Image.Image:
    size_px = max(12, min(20, picture.width // 36))
    large, small = _font(size_px + 2), _font(size_px)
    width = picture.width - 2 * _MARGIN_PX
    above = [(line, large, _INK) for line in _wrapped(words.title, large, width)]
    below = [(line, small, _INK) for line in _wrapped(words.caption, small, width)]
    below += [(line, small, _QUIET) for line in _wrapped(words.legend, small, width)]
    top, bottom = _height(above), _height(below)
    page = Image.new("RGB", (picture.width, top + picture.height + bottom), _PAPER)
    page.paste(picture, (0, top))
    pen = ImageDraw.Draw(page)
    _write(pen, above, 0)
    _write(pen, below, top + picture.height)
    return page


_Line = tuple[str, Font, tuple[int, int, int]]


def _write(pen: ImageDraw.ImageDraw, lines: Sequence[_Line], y: int) -> None:
    y += _MARGIN_PX // 2
    for text, font, colour in lines:
        pen.text((_MARGIN_PX, y), text, colour, font)
        y += _line_height(font)


def _height(lines: Sequence[_Line]) -> int:
    return sum(_line_height(font) for _, font, _ in lines) + _MARGIN_PX if lines else 0


def _line_height(font: Font) -> int:
    return round(1.3 * getattr(font, "size", 12))


@cache
def _font(size_px: int) -> Font:
    """The font that comes with Pillow: none has to be found on the machine."""
    return ImageFont.load_default(size_px)


def _wrapped(text: str, font: Font, width: int) -> list[str]:
    """Lines that fit, a few at most."""
    lines: list[str] = []
    for word in _words(text):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        elif len(lines) == _MOST_LINES:
            lines[-1] = f"{lines[-1]} …"
            break
        else:
            lines.append(word)
    return lines


def _words(text: str) -> Iterator[str]:
    """Words of a bearable length; names have no bound of their own."""
    for word in text.split():
        yield word if len(word) <= _LONGEST_WORD else f"{word[: _LONGEST_WORD - 1]}…"
