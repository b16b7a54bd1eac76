"""Folders and video files."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.domain.errors import FrameFault, SourceStale, SourceTimeout, SourceUnreachable
from monitor.sources.folder import FolderOptions
from monitor.sources.video import VideoOptions
from tests.hostile.case import HostileCase
from tests.hostile.web_peers import JPEG, Serve, animation, jpeg_bomb, png_bomb, thumbnails_only
from tests.sources.drawing import draw, encode

_LONG_AGO_S = 1_000_000_000


def prepared(prepare: Callable[[Path], object], name: str = "") -> Serve:
    """A new folder as `prepare` leaves it; gives its path, or that of the file in it."""

    @contextmanager
    def serve() -> Iterator[str]:
        with tempfile.TemporaryDirectory(prefix="hostile") as folder:
            prepare(Path(folder))
            yield str(Path(folder) / name)

    return serve


def file(name: str, data: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(data)


def settled(folder: Path, data: bytes) -> None:
    """A file that nobody has written to for long."""
    path = folder / "a.jpg"
    path.write_bytes(data)
    os.utime(path, (_LONG_AGO_S, _LONG_AGO_S))


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "a.jpg")
    os.utime(folder / "a.jpg", (_LONG_AGO_S, _LONG_AGO_S))


def sparse(folder: Path) -> None:
    """10 GB that take no room."""
    with (folder / "a.jpg").open("wb") as huge:
        huge.write(JPEG)
        huge.truncate(10_000_000_000)
    os.utime(folder / "a.jpg", (_LONG_AGO_S, _LONG_AGO_S))


def loop(folder: Path) -> None:
    (folder / "a.jpg").symlink_to(folder / "b.jpg")
    (folder / "b.jpg").symlink_to(folder / "a.jpg")


def bound_socket(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(folder / "a.jpg"))
    os.utime(folder / "a.jpg", (_LONG_AGO_S, _LONG_AGO_S))


def folder_options(address: str) -> FolderOptions:
    return FolderOptions(Path(address))


def patient(address: str) -> FolderOptions:
    return FolderOptions(Path(address), settle_s=60)


def recent_only(address: str) -> FolderOptions:
    return FolderOptions(Path(address), max_age_s=60)


def video_options(address: str) -> VideoOptions:
    return VideoOptions(Path(address))


def folder(name, prepare, expected, *, made=folder_options, **more) -> HostileCase:
    return HostileCase(name, "folder", prepared(prepare), made, expected, **more)


def old(name, data, expected, **more) -> HostileCase:
    return folder(name, lambda path: settled(path, data), expected, **more)


def video(name, prepare, expected, **more) -> HostileCase:
    return HostileCase(name, "video", prepared(prepare, "a.mp4"), video_options, expected, **more)


def nothing(_folder: Path) -> None:
    pass


CASES: tuple[HostileCase, ...] = (
    HostileCase("the folder is gone", "folder", prepared(nothing, "gone"), folder_options, SourceUnreachable),
    HostileCase(
        "the folder is a file",
        "folder",
        prepared(file("a.jpg", JPEG), "a.jpg"),
        folder_options,
        SourceUnreachable,
    ),
    folder("the folder is empty", nothing, SourceUnreachable, said="holds no file"),
    folder("no file that fits", file("a.txt", JPEG), SourceUnreachable, said="holds no file"),
    folder("a named pipe that nobody writes to", pipe, SourceUnreachable),
    folder("a socket", bound_socket, SourceUnreachable),
    folder("a folder by the name of a picture", lambda path: (path / "a.jpg").mkdir(), SourceUnreachable),
    folder("a link to itself", loop, SourceUnreachable),
    folder("a link to nowhere", lambda path: (path / "a.jpg").symlink_to("gone.jpg"), SourceUnreachable),
    folder(
        "a link to the zeros of the system",
        lambda path: (path / "a.jpg").symlink_to("/dev/zero"),
        SourceUnreachable,
    ),
    folder("a picture that is never finished", file("a.jpg", JPEG[:500]), SourceTimeout, made=patient),
    folder(
        "a picture of yesteryear, where `max_age` is set",
        lambda path: settled(path, JPEG),
        SourceStale,
        made=recent_only,
    ),
    folder("a picture of 10 GB", sparse, FrameFault, said="bytes"),
    old("an empty file", b"", FrameFault),
    old("half a JPEG", JPEG[: len(JPEG) // 2], FrameFault),
    old("zeros", bytes(5000), FrameFault),
    old("a page", b"<html>upload failed</html>", FrameFault),
    old("a TIFF", encode(draw(), "TIFF"), FrameFault),
    old("an animated GIF", animation("GIF"), FrameFault),
    old("an animated WebP", animation("WEBP"), FrameFault),
    old("a PNG of 100 megapixels", png_bomb(), FrameFault),
    old("a JPEG that claims 4,290 megapixels", jpeg_bomb(), FrameFault),
    old("a JPEG that has thumbnails alone", thumbnails_only(), FrameFault),
    video("the video is gone", nothing, SourceUnreachable),
    video("the video is a folder", lambda path: (path / "a.mp4").mkdir(), SourceUnreachable),
    video("the video is a named pipe", lambda path: os.mkfifo(path / "a.mp4"), SourceUnreachable),
    video("the video is empty", file("a.mp4", b""), FrameFault),
    video("the video is zeros", file("a.mp4", bytes(100_000)), FrameFault),
    video("the video is a text", file("a.mp4", b"#EXTM3U\nfile:///etc/passwd\n" * 50), FrameFault),
    video("the video has a header alone", file("a.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"), FrameFault),
)
