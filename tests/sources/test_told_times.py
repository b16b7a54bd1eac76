"""The camera's own time, out of a picture's EXIF data."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from monitor.sources.pictures import decode_picture
from monitor.sources.told_times import told_time
from tests.sources.drawing import draw, encode

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
TAKEN, OFFSET, FRACTION = 0x9003, 0x9011, 0x9291


def exif(**tags: object) -> Image.Exif:
    names = {"taken": TAKEN, "offset": OFFSET, "fraction": FRACTION}
    made = Image.Exif()
    part = made.get_ifd(0x8769)
    for name, value in tags.items():
        if name == "written":
            made[0x0132] = value
        else:
            part[names[name]] = value
    return made


@pytest.mark.parametrize(
    ("tags", "told"),
    [
        ({"taken": "2026:06:01 14:00:00"}, NOON),
        ({"taken": "2026:06:01 12:00:00", "offset": "+00:00"}, NOON),
        ({"taken": "2026:06:01 07:00:00", "offset": "-05:00"}, NOON),
        ({"taken": "2026:06:01 14:00:00", "fraction": "250"}, NOON.replace(microsecond=250_000)),
        ({"written": "2026:06:01 14:00:00"}, NOON),
        ({"taken": "0000:00:00 00:00:00", "written": "2026:06:01 14:00:00"}, NOON),
        ({"taken": "2026:06:01 14:00:00", "offset": "nonsense"}, NOON),
        ({"taken": "yesterday"}, None),
        ({"taken": "2026:06:01 14:00:00", "fraction": "x"}, None),
        ({"taken": "    :  :     :  :  "}, None),
        ({}, None),
    ],
)
def test_the_time_of_exposure_is_read_in_the_zone_that_it_says_or_the_cameras(tags, told):
    assert told_time(exif(**tags), ZoneInfo("Europe/Berlin")) == told


def test_a_frame_carries_it_where_it_is_asked_for():
    data = encode(draw(), exif=exif(taken="2026:06:01 12:00:07").tobytes())
    assert decode_picture(data, captured_at=NOON, camera_zone=UTC).told_at == NOON.replace(second=7)
    assert decode_picture(data, captured_at=NOON).told_at is None
    assert decode_picture(encode(draw()), captured_at=NOON, camera_zone=UTC).told_at is None


def test_broken_exif_data_tell_nothing():
    data = encode(draw(), exif=b"Exif\0\0garbage")
    assert decode_picture(data, captured_at=NOON, camera_zone=UTC).told_at is None
