"""Folders that an upload, a file server or a wrong clock has left in disorder."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitor.domain.errors import FrameFault, SourceStale, SourceTimeout, SourceUnreachable
from monitor.sources.folder import FolderOptions
from tests.hostile.case import WITHIN_S, HostileCase
from tests.sources.drawing import draw, encode

_JPEG = encode(draw())
_HOUR_S = 3600.0


def _put(path: Path, data: bytes = _JPEG, *, age_s: float = 60.0, told: datetime | None = None) -> None:
    """A file written so long ago; `told` is the time in its name."""
    if told is not None:
        path /= f"{told:%Y%m%d_%H%M%S}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (time.time() - age_s, time.time() - age_s))


def _now() -> datetime:
    return datetime.now(UTC)


def _case(
    name: str,
    prepare: Callable[[Path], object],
    expected: type[Exception] | None,
    said: str = "",
    *,
    grabs: int = 1,
    within_s: float = WITHIN_S,
    **options: Any,
) -> HostileCase:
    @contextmanager
    def serve() -> Iterator[str]:
        with tempfile.TemporaryDirectory() as folder:
            prepare(Path(folder))
            yield folder

    return HostileCase(
        name,
        "folder",
        serve,
        lambda folder: FolderOptions(Path(folder), **options),
        expected,
        within_s,
        said,
        grabs,
    )


def _writing_for_ever(path: str) -> AbstractContextManager[str]:
    @contextmanager
    def serve() -> Iterator[str]:
        with tempfile.TemporaryDirectory() as folder:
            stop = threading.Event()

            def write() -> None:
                with (Path(folder) / path).open("wb", buffering=0) as file:
                    while not stop.wait(0.01):
                        file.write(_JPEG[:100])

            writer = threading.Thread(target=write)
            writer.start()
            time.sleep(0.05)
            try:
                yield folder
            finally:
                stop.set()
                writer.join()

    return serve()


def _live_then_reset(folder: Path) -> None:
    _put(folder, age_s=2 * _HOUR_S, told=datetime.fromtimestamp(time.time() - 2 * _HOUR_S, UTC))
    _put(folder, age_s=60, told=datetime(2000, 1, 1, tzinfo=UTC))


def _then(make: Callable[[Path], object]) -> Callable[[Path], None]:
    """A picture, and what is to be newer by its name."""

    def prepare(folder: Path) -> None:
        _put(folder / "20260601_1100.jpg")
        make(folder / "20260601_1101.jpg")

    return prepare


def _three_broken(folder: Path) -> None:
    for number in range(4):
        _put(folder / f"20260601_110{number}.jpg", b"" if number < 3 else _JPEG)


def _burst(folder: Path) -> None:
    for number in range(2000):
        _put(folder / f"20260601_110000_{number}.jpg")


def _deep(folder: Path) -> None:
    _put(folder.joinpath(*["sub"] * 200) / "a.jpg")


CASES = (
    _case(
        "every name is that of an upload in progress",
        lambda f: _put(f / "a.jpg.part"),
        SourceUnreachable,
        pattern="*",
    ),
    _case("the only file is empty", lambda f: _put(f / "a.jpg", b""), FrameFault, "empty"),
    _case(
        "the only file breaks off, and nobody goes on",
        lambda f: _put(f / "a.jpg", _JPEG[:300]),
        FrameFault,
        "truncated",
    ),
    _case(
        "the newest file broke off a moment ago",
        _then(lambda path: _put(path, _JPEG[:300], age_s=0)),
        None,
        settle_s=30,
    ),
    HostileCase(
        "the only file grows without end",
        "folder",
        lambda: _writing_for_ever("a.jpg"),
        lambda f: FolderOptions(Path(f)),
        SourceTimeout,
        said="still being written",
    ),
    _case("the newest by name is a link in a circle", _then(lambda path: path.symlink_to(path.name)), None),
    _case("the newest by name is a pipe", _then(os.mkfifo), None),
    _case(
        "a link leads back up", lambda f: (_put(f / "a.jpg"), (f / "up").symlink_to(f)), None, recursive=True
    ),
    _case("names are no UTF-8", lambda f: _put(f / os.fsdecode(b"\xfc\xff\x80.jpg")), None),
    _case(
        "names are no UTF-8, and the picture is none",
        lambda f: _put(f / os.fsdecode(b"\xfc\xff\x80.jpg"), b"x" * 99),
        FrameFault,
        "text",
    ),
    _case("names hold control characters", lambda f: _put(f / "a\n\x1b[31m.jpg"), None),
    _case("names tell a year that there is none of", lambda f: _put(f / "20269999_999999.jpg"), None),
    _case("names tell the end of time", lambda f: _put(f / "99991231_235959.jpg"), None),
    _case("times of writing lie before 1970", lambda f: _put(f / "a.jpg", age_s=time.time() + 9e8), None),
    _case("times of writing lie far ahead", lambda f: _put(f / "a.jpg", age_s=-9e9), None),
    _case(
        "only the waste basket of the server holds pictures",
        lambda f: _put(f / "#recycle" / "a.jpg"),
        SourceUnreachable,
        recursive=True,
    ),
    _case("two thousand files of one second", _burst, None),
    _case("two hundred folders in each other", _deep, None, recursive=True),
    _case("the camera's clock went back to 2000", _live_then_reset, None, max_age_s=600.0),
    _case(
        "the camera's clock went back, and only names may tell",
        _live_then_reset,
        SourceStale,
        "older times",
        time_from="name",
    ),
    _case(
        "nothing has arrived for two hours",
        lambda f: _put(f / "a.jpg", age_s=2 * _HOUR_S),
        SourceStale,
        max_age_s=600.0,
    ),
    _case(
        "all pictures but the last are broken, one after another", _three_broken, None, grabs=4, mode="all"
    ),
)
