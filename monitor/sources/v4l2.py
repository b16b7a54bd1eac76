"""Video devices of Linux (V4L2): what stands behind a path, and why one cannot be used.

OpenCV reads the pictures, and says of every failure only that there was one. What an operator must know (no such
device, no right, busy, no camera at all) is asked here, in two calls to the driver.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from monitor.domain.errors import SourceDenied, SourceUnreachable

_KNOWN_DEVICES = Path("/sys/class/video4linux")

# From <linux/videodev2.h>, as are the two structures.
_VIDIOC_QUERYCAP = 0x80685600
_VIDIOC_REQBUFS = 0xC0145608
_NOT_PLUGGED_IN = (errno.ENODEV, errno.ENXIO)
_CAN_CAPTURE = 0x00000001
_HAS_DEVICE_CAPABILITIES = 0x80000000
# driver, card, bus, version, capabilities, those of this node, reserved
_CAPABILITY = struct.Struct("=16s32s32s3I12x")
# count, type, memory, reserved
_BUFFERS_REQUEST = struct.Struct("=3I8x")
_BUFFER_TYPE_CAPTURE = 1
_MEMORY_MMAP = 1


@dataclass(frozen=True, slots=True)
class VideoDevice:
    """A device that gives pictures.

    Attributes:
        path: As the operator named it.
        name: What the device calls itself.
    """

    path: Path
    name: str

    def __str__(self) -> str:
        return f"{self.path} ({self.name})"


def device_path(device: str) -> Path:
    """Where a device named by number or by path stands."""
    return Path(f"/dev/video{device}") if device.isdecimal() else Path(device)


def identify(path: Path) -> VideoDevice:
    """Ask what stands behind a path.

    Raises:
        SourceUnreachable: Nothing, or no camera.
        SourceDenied: It may not be opened.
    """
    with _opened(path) as fd:
        answer = bytearray(_CAPABILITY.size)
        try:
            fcntl.ioctl(fd, _VIDIOC_QUERYCAP, answer)
        except OSError as error:
            if error.errno in _NOT_PLUGGED_IN:
                raise _explain(path, error) from error
            raise SourceUnreachable(f"{path} is no video device.", list_devices()) from error
    _, card, _, _, capabilities, of_this_node = _CAPABILITY.unpack(answer)
    name = _printable(card.partition(b"\0")[0].decode("utf-8", "replace"))
    if capabilities & _HAS_DEVICE_CAPABILITIES:
        capabilities = of_this_node
    if not capabilities & _CAN_CAPTURE:
        # A webcam often has two nodes, the second of which tells the time of exposure and gain.
        raise SourceUnreachable(f"{path} ({name}) gives no pictures.", list_devices())
    return VideoDevice(path, name)


def is_busy(path: Path) -> bool:
    """Whether another program takes pictures from the device."""
    request = bytearray(_BUFFERS_REQUEST.pack(1, _BUFFER_TYPE_CAPTURE, _MEMORY_MMAP))
    with _opened(path) as fd:
        try:
            fcntl.ioctl(fd, _VIDIOC_REQBUFS, request)
        except OSError as error:
            return error.errno == errno.EBUSY
    return False


def list_devices(known: Path = _KNOWN_DEVICES) -> str:
    """Which video devices there are, as a hint for whoever named another one.

    Args:
        known: Where the kernel lists them.
    """
    found = []
    for entry in sorted(known.glob("video*"), key=lambda entry: (len(entry.name), entry.name)):
        try:
            name = (entry / "name").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        found.append(f"/dev/{entry.name} ({_printable(name)})")
    if found:
        return f"This machine has {', '.join(found)}; of one camera's nodes mostly the first gives pictures."
    return "This machine has no video device: check the cable; hand it over to a container with --device."


def _printable(name: str) -> str:
    # It comes from the device, which may be anything that was plugged in.
    return "".join(filter(str.isprintable, name)).strip()


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    try:
        fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise _explain(path, error) from error
    try:
        yield fd
    finally:
        os.close(fd)


def _explain(path: Path, error: OSError | ValueError) -> SourceUnreachable | SourceDenied:
    match error:
        case FileNotFoundError() | NotADirectoryError() | IsADirectoryError():
            return SourceUnreachable(f"There is no video device {path}.", list_devices())
        case PermissionError():
            return SourceDenied(
                f"The video device {path} may not be opened.",
                "Add this program's user to the group `video`; in a container, allow the device.",
            )
        case OSError(errno=errno.EBUSY):
            return busy(str(path))
        case OSError(errno=number) if number in _NOT_PLUGGED_IN:
            return SourceUnreachable(f"The camera of {path} is not plugged in.", list_devices())
        case OSError():
            reason = error.strerror or type(error).__name__
            return SourceUnreachable(f"The video device {path} cannot be opened: {reason}.", list_devices())
        case _:
            return SourceUnreachable(f"{str(path)!r} is no valid path.", list_devices())


def busy(device: str) -> SourceUnreachable:
    """Another program has it."""
    return SourceUnreachable(
        f"The camera {device} is used by another program.",
        "End it (`fuser -v` with the device names it), or take the picture from there.",
    )
