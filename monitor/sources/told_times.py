"""When the camera itself says that a picture was taken: its EXIF data."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from PIL import Image

_EXIF_PART = 0x8769
# The moment of exposure, else that of encoding, else that of writing: (time, offset, fraction).
_TIMES = ((0x9003, 0x9011, 0x9291), (0x9004, 0x9012, 0x9292), (0x0132, 0x9010, 0x9290))
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")
_FORMAT = "%Y:%m:%d %H:%M:%S"


def told_time(exif: Image.Exif, zone: tzinfo) -> datetime | None:
    """The time in a picture's EXIF data, aware UTC; None where there is none that can be read.

    Args:
        exif: Of the picture; may hold anything.
        zone: That of the camera, for times without an offset.
    """
    try:
        tags = {**exif, **exif.get_ifd(_EXIF_PART)}
    except Exception:  # noqa: BLE001 - broken metadata raise nearly everything there is.
        return None
    for time_tag, offset_tag, fraction_tag in _TIMES:
        try:
            moment = datetime.strptime(_text(tags[time_tag]), _FORMAT)  # noqa: DTZ007 - the zone follows.
            fraction_s = float("0." + _text(tags.get(fraction_tag, "0")))
            aware = moment.replace(tzinfo=_offset(_text(tags.get(offset_tag, ""))) or zone)
            return (aware + timedelta(seconds=fraction_s)).astimezone(UTC)
        except (KeyError, ValueError, OverflowError):
            continue
    return None


def _text(value: object) -> str:
    return (value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)).strip("\0 ")


def _offset(text: str) -> tzinfo | None:
    found = _OFFSET.fullmatch(text)
    if found is None:
        return None
    minutes = int(found[2]) * 60 + int(found[3])
    return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))
