"""Times in names: `FORMAT NUL ZONE NUL PATH`, any of them empty."""

from __future__ import annotations

from datetime import UTC, datetime

from monitor.sources.errors import InvalidOption
from monitor.sources.name_times import NameFormat, time_from_name
from tests.fuzz.target import Broken, Target


def check(data: bytes) -> object:
    time_format, zone, path = (*data.decode("utf-8", "surrogateescape").split("\0", 2), "", "")[:3]
    try:
        form = NameFormat.of(time_format or None, zone or "UTC")
    except InvalidOption as refused:
        return str(refused)
    found = [time_from_name(path, form, day_is_enough=enough) for enough in (False, True)]
    for moment in found:
        if moment is not None and not (isinstance(moment, datetime) and moment.tzinfo is UTC):
            raise Broken(f"{moment!r} is no time in UTC")
    if found[0] is not None and found[0] != found[1]:
        raise Broken(f"{found[0]} where a day is not enough, {found[1]} where it is")
    return found


def seeds() -> list[bytes]:
    names = (
        "2026-06-01T14_00_00.jpg", "2026-06-01T14:00:00+02:00.jpg", "20260601T140000.250Z.jpg",
        "625_201707211410_f000.jpg", "1444314601.Thu.Oct.08_14_30_01.jpg", "1660122000123.jpg",
        "2026/06/01/14-00-00.jpg", "2026-06-01/0014.jpg", "19000101000000.jpg",
    )  # fmt: skip
    formats = ("%Y%m%d_%H%M%S", "%Y/%m/%d/%H-%M-%S", "%d.%m.%y %I%p", "%s", "%Y%j", "%G-W%V-%u", "%c", "%Y%z")
    return [
        *(f"\0\0{name}".encode() for name in names),
        *(f"\0Europe/Vienna\0{name}".encode() for name in names),
        *(f"{each}\0Europe/Vienna\0{names[0]}".encode() for each in formats),
        b"%Y%m%d_%H%M%S\0Asia/Tokyo\x00cam/20260601_140000.jpg",
    ]


TARGET = Target(
    promise="A time in UTC or none; a format or zone that cannot work is an InvalidOption.",
    check=check,
    seeds=seeds,
    words=(
        *(f"%{code}".encode() for code in "aAwdbBmyYHIMpSfzZjUWcxXGuV%"),
        b"Europe/Vienna", b"Pacific/Kiritimati", b"America/St_Johns", b"UTC", b"+14:00", b"-12:00", b"0001", b"9999",
    ),
    longest=200,
    slowest_s=0.5,
)  # fmt: skip
