"""Turning the bytes of a picture into a frame, bounded before anything is decoded.

Pillow reads headers and decodes everything but JPEG, whose damage it paints over without a word. simplejpeg gives the
same pixels from the same library, and says what was wrong; OpenCV says it to the process's stderr, past every log.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path

import numpy as np
import simplejpeg
from PIL import Image, UnidentifiedImageError

from monitor.domain.errors import FrameFault
from monitor.domain.frame import Frame, Pixels
from monitor.sources.content import name_content
from monitor.sources.files import read_bounded
from monitor.sources.jpeg import check_structure
from monitor.sources.name_times import NameFormat, time_from_name
from monitor.sources.told_times import told_time

# Pillow warns of broken metadata and of large sizes. Neither concerns anybody: what is wrong with a picture is a
# FrameFault, and sizes have their limit here. Not `catch_warnings`, which is not for several threads.
warnings.filterwarnings("ignore", module=r"PIL\.")

MAX_BYTES = 32 << 20
MAX_PIXELS = 50_000_000
TARGET_LONG_SIDE = 480
PNG_END = b"IEND\xaeB`\x82"

_MIN_SIDE = 16
_MAX_ASPECT = 12.0
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF")
_JPEG = ("JPEG", "MPO")
_ORIENTATION_TAG = 0x0112
_UPRIGHT_BY_ORIENTATION = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SWAPPING = (5, 6, 7, 8)
# libjpeg's warnings about data; what else it objects to, Pillow is asked about.
_DAMAGE = re.compile(r"Corrupt JPEG data: (.+)")


def decode_picture(
    data: bytes,
    *,
    captured_at: datetime,
    max_bytes: int = MAX_BYTES,
    max_pixels: int = MAX_PIXELS,
    target_long_side: int = TARGET_LONG_SIDE,
    camera_zone: tzinfo | None = None,
) -> Frame:
    """Decode JPEG, PNG, WebP, BMP or a still GIF into RGB, upright by its EXIF tag.

    Args:
        data: The picture as it arrived.
        captured_at: Aware UTC.
        max_bytes: Of `data`.
        max_pixels: Width times height, judged on the header.
        target_long_side: The picture is decoded at 1/2, 1/4 or 1/8 of its size as long as its long side keeps
            this many pixels.
        camera_zone: That of times in EXIF data that do not say; None leaves such data unread, for pictures whose
            time of capture is the camera's word already.

    Returns:
        A frame with `pixels` (H, W, 3) uint8 that cannot be written to, and the native size, both upright; with
        `complaint` where a JPEG's data are damaged and the decoder made do.

    Raises:
        FrameFault: Empty, too large, no picture, truncated, damaged, animated, or of an absurd shape.
    """
    if len(data) > max_bytes:
        raise FrameFault(
            f"The picture has {len(data):,} bytes, more than the {max_bytes:,} allowed.",
            "Lower the camera's quality or resolution, or raise `max_bytes`.",
        )
    if not data:
        raise FrameFault("The picture is empty: 0 bytes came.", "Look at what the camera sends.")
    try:
        found = _decode(data, max_pixels, target_long_side, camera_zone)
    except FrameFault:
        raise
    except Exception as error:
        # On hostile bytes, decoders raise nearly everything there is.
        raise FrameFault(
            f"The picture is damaged: {type(error).__name__} in decoding {name_format(data)}.",
            "Check the line to the camera, or that the file was written completely.",
        ) from error
    found.pixels.flags.writeable = False
    return Frame(
        found.pixels,
        captured_at,
        hashlib.sha256(data).hexdigest(),
        *found.native_size,
        encoded=data,
        told_at=found.told_at,
        complaint=found.complaint,
    )


def load_picture(
    path: Path,
    *,
    max_bytes: int = MAX_BYTES,
    max_pixels: int = MAX_PIXELS,
    target_long_side: int = TARGET_LONG_SIDE,
) -> Frame:
    """A picture from a file that somebody named; its time is that in its name, else that of its writing.

    Raises:
        SourceUnreachable: The file is missing, or a folder.
        SourceDenied: It may not be read.
        FrameFault: It is no usable picture; the message names the file.
    """
    data = read_bounded(path, max_bytes)
    captured_at = time_from_name(path.name, NameFormat(None, UTC))
    if captured_at is None:
        captured_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    try:
        return decode_picture(
            data,
            captured_at=captured_at,
            max_bytes=max_bytes,
            max_pixels=max_pixels,
            target_long_side=target_long_side,
        )
    except FrameFault as fault:
        raise FrameFault(f"{path}: {fault.problem}", fault.remedy) from fault


def name_format(data: bytes) -> str:
    """`a JPEG picture (1,024 bytes)`, or what else the bytes are."""
    for signature, name in (
        (b"\xff\xd8\xff", "a JPEG picture"),
        (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
        (b"GIF8", "a GIF picture"),
        (b"BM", "a BMP picture"),
    ):
        if data.startswith(signature):
            return f"{name} ({len(data):,} bytes)"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return f"a WebP picture ({len(data):,} bytes)"
    return name_content(data)


def check_shape(width: int, height: int, max_pixels: int) -> None:
    """Refuse sizes that cost too much, and those that are no view.

    Raises:
        FrameFault: Too many pixels, too few, or a strip.
    """
    if width * height > max_pixels:
        raise _too_many_pixels(f"{width} × {height} = {width * height / 1e6:.0f}", max_pixels)
    if min(width, height) < _MIN_SIDE:
        raise FrameFault(f"The picture is {width} × {height} pixels, too small to see anything.")
    if max(width, height) > _MAX_ASPECT * min(width, height):
        raise FrameFault(f"The picture is {width} × {height} pixels, a strip rather than a view.")


def reduction(long_side: int, target_long_side: int) -> int:
    """By what factor a picture may shrink and keep that long side: 1, 2, 4 or 8, as the JPEG decoder can."""
    return next((factor for factor in (8, 4, 2) if long_side // factor >= target_long_side), 1)


@dataclass(frozen=True, slots=True, eq=False)
class _Decoded:
    """Upright pixels (H, W, 3), their native (width, height), upright too, and what came with them."""

    pixels: Pixels
    native_size: tuple[int, int]
    told_at: datetime | None
    complaint: str | None


def _decode(data: bytes, max_pixels: int, target_long_side: int, camera_zone: tzinfo | None) -> _Decoded:
    with _open(data, max_pixels) as image:
        width, height = image.size
        check_shape(width, height, max_pixels)
        if getattr(image, "is_animated", False) and image.format not in _JPEG:
            raise FrameFault(f"The {image.format} is animated.", "Have the camera deliver single pictures.")
        if image.format in _JPEG:
            check_structure(data, width * height)
        if image.format == "PNG" and PNG_END not in data:
            raise FrameFault(
                f"The PNG is truncated: its end is missing after {len(data):,} bytes.",
                "Check the line to the camera, or that the file was written completely.",
            )
        exif = _exif(image)
        orientation = _orientation(exif)
        told_at = None if camera_zone is None else told_time(exif, camera_zone)
        factor = reduction(max(width, height), target_long_side)
        pixels, complaint = _decode_jpeg(data, image, factor) if image.format in _JPEG else (None, None)
        if pixels is None:
            pixels = np.array(_decode_by_pillow(image, factor), dtype=np.uint8)
        # Only then: the way through Pillow and back costs as much as decoding did.
        if orientation in _UPRIGHT_BY_ORIENTATION:
            upright = Image.fromarray(pixels).transpose(_UPRIGHT_BY_ORIENTATION[orientation])
            pixels = np.array(upright, dtype=np.uint8)
        native = (height, width) if orientation in _SWAPPING else (width, height)
        return _Decoded(pixels, native, told_at, complaint)


def _decode_jpeg(data: bytes, image: Image.Image, factor: int) -> tuple[Pixels | None, str | None]:
    """RGB at 1/factor of the size, or None where only Pillow can help; and what was wrong with the data."""
    if image.mode not in ("RGB", "L"):
        return None, None
    width, height = image.size
    smaller = {"min_width": width // factor, "min_height": height // factor, "min_factor": factor}
    try:
        return simplejpeg.decode_jpeg(data, "RGB", strict=True, **(smaller if factor > 1 else {})), None
    except ValueError as error:
        damage = _DAMAGE.match(str(error))
        return None, damage[1] if damage else None


def _decode_by_pillow(image: Image.Image, factor: int) -> Image.Image:
    width, height = image.size
    if image.format in _JPEG and factor > 1:
        image.draft(None, (width // factor, height // factor))
    reduced_by_decoder = image.size != (width, height)
    picture = _in_rgb(image)
    return picture.reduce(factor) if factor > 1 and not reduced_by_decoder else picture


def _open(data: bytes, max_pixels: int) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels("over 89", max_pixels) from None
    except UnidentifiedImageError:
        raise FrameFault(
            f"This is no picture, but {name_format(data)}.",
            "JPEG, PNG, WebP and BMP are understood. Look at what the camera sends.",
        ) from None
    except OSError as error:
        raise FrameFault(
            f"The picture is truncated or damaged: {name_format(data)} breaks off in its header.",
            "Check the line to the camera, or that the file was written completely.",
        ) from error


def _too_many_pixels(megapixels: str, max_pixels: int) -> FrameFault:
    return FrameFault(
        f"The picture has {megapixels} megapixels, more than the {max_pixels / 1e6:.0f} allowed.",
        "Lower the camera's resolution, or raise `max_pixels`.",
    )


def _exif(image: Image.Image) -> Image.Exif:
    """The EXIF data; none where they cannot be read."""
    try:
        return image.getexif()
    except Exception:  # noqa: BLE001 - a picture with broken metadata is still a picture.
        return Image.Exif()


def _orientation(exif: Image.Exif) -> int:
    """The EXIF orientation, 1 to 8; 1 where there is none that can be read."""
    try:
        return int(exif.get(_ORIENTATION_TAG, 1))
    except Exception:  # noqa: BLE001 - as above.
        return 1


def _in_rgb(image: Image.Image) -> Image.Image:
    """8-bit RGB of any mode; transparency is dropped, 16-bit values keep their upper byte."""
    if image.mode.startswith("I"):
        upper_bytes = (np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)
        return Image.fromarray(upper_bytes).convert("RGB")
    return image.convert("RGB")
