"""A frame as JSON and two runs of bytes, and back. A new field of `Frame` is one line here.

The side that reads does not trust the side that wrote: sizes are judged before anything is allocated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from monitor.domain.frame import Frame, Pixels

_MAX_SIDE = 1_000_000
_LONGEST_WORDS = 500
_DIGEST = re.compile(r"[0-9a-f]{1,128}")


class Malformed(ValueError):
    """What came from a grabber is not what a grabber sends."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a frame may be at most.

    Attributes:
        max_pixels: Width times height of the pixels.
        max_bytes: Of the picture as it arrived.
    """

    max_pixels: int
    max_bytes: int


@dataclass(frozen=True, slots=True)
class _Field:
    """How one field of `Frame` becomes JSON, and how it is read again; `read` raises what it likes."""

    name: str
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def _as_is(value: Any) -> Any:
    return value


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC)


def _digest(value: Any) -> str:
    if not _DIGEST.fullmatch(value):
        raise ValueError("no digest")
    return str(value)


def _side(value: Any) -> int:
    if type(value) is not int or not 0 < value <= _MAX_SIDE:
        raise ValueError("no size in pixels")
    return value


def _moment_or_none(value: Any) -> datetime | None:
    return None if value is None else _moment(value)


def _words_or_none(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value.isprintable() or len(value) > _LONGEST_WORDS:
        raise ValueError("no short text")
    return value


# All but `pixels` and `encoded`, which travel as bytes.
_FIELDS = (
    _Field("captured_at", datetime.isoformat, _moment),
    _Field("digest", _as_is, _digest),
    _Field("native_width", _as_is, _side),
    _Field("native_height", _as_is, _side),
    _Field("told_at", lambda moment: moment and moment.isoformat(), _moment_or_none),
    _Field("complaint", _as_is, _words_or_none),
)


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes of the bytes that follow a frame's JSON.

    Attributes:
        height: Of the pixels.
        width: Of the pixels.
        encoded_bytes: Of the picture as it arrived; None where there is none.
    """

    height: int
    width: int
    encoded_bytes: int | None


def describe(frame: Frame) -> dict[str, Any]:
    """What goes into the JSON for a frame."""
    height, width, _ = frame.pixels.shape
    return {
        "shape": [height, width],
        "encoded": None if frame.encoded is None else len(frame.encoded),
        "fields": {field.name: field.write(getattr(frame, field.name)) for field in _FIELDS},
    }


def bytes_of(frame: Frame) -> list[memoryview]:
    """What follows the JSON, without a copy where the pixels lie in one piece."""
    pixels = np.ascontiguousarray(frame.pixels, dtype=np.uint8)
    return [pixels.data.cast("B"), memoryview(frame.encoded or b"")]


def read_layout(described: Mapping[str, Any], bounds: Bounds) -> Layout:
    """Sizes that are fit to be allocated.

    Raises:
        Malformed: They are none, or beyond the bounds.
    """
    try:
        height, width = (_side(side) for side in described["shape"])
        encoded = described["encoded"]
    except (KeyError, TypeError, ValueError) as error:
        raise Malformed(f"the frame's size is wrong ({error})") from error
    if height * width > bounds.max_pixels:
        raise Malformed("the frame has more pixels than it may")
    if encoded is not None and (type(encoded) is not int or not 0 <= encoded <= bounds.max_bytes):
        raise Malformed("the frame's picture has more bytes than it may")
    return Layout(height, width, encoded)


def read_frame(described: Mapping[str, Any], pixels: Pixels, encoded: bytes | None) -> Frame:
    """The frame; its pixels cannot be written to.

    Raises:
        Malformed: A field is not what it should be.
    """
    pixels.flags.writeable = False
    try:
        fields = {field.name: field.read(described["fields"][field.name]) for field in _FIELDS}
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise Malformed(f"a field of the frame is wrong ({error})") from error
    return Frame(pixels=pixels, encoded=encoded, **fields)
