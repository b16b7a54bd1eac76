"""What is named as a camera and is none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from monitor.domain.errors import SourceUnreachable
from monitor.sources.usb import UsbOptions
from tests.hostile.case import HostileCase


def _case(name: str, serve: Callable[[], AbstractContextManager[str]], said: str) -> HostileCase:
    return HostileCase(name, "usb", serve, UsbOptions, SourceUnreachable, said=said)


def _made(make: Callable[[Path], object]) -> Callable[[], AbstractContextManager[str]]:
    @contextmanager
    def serve() -> Iterator[str]:
        with tempfile.TemporaryDirectory() as folder:
            device = Path(folder) / "video0"
            make(device)
            yield str(device)

    return serve


CASES = (
    _case("is not there", _made(lambda device: None), "There is no video device"),
    _case("is a file", _made(lambda device: device.write_bytes(b"\xff\xd8\xff")), "is no video device"),
    _case("is a pipe", _made(os.mkfifo), "is no video device"),
    _case("is a link in a circle", _made(lambda device: device.symlink_to(device)), "cannot be opened"),
    _case("is a device of another kind", lambda: nullcontext("/dev/zero"), "is no video device"),
    _case("is a terminal", lambda: nullcontext("/dev/ptmx"), "is no video device"),
)
