"""Cameras on this machine: USB (UVC), and whatever else Linux offers as a video device.

OpenCV reads them, as its wheel has V4L2 built in, and PyAV's has not. Of a camera that sends JPEGs it hands over the
bytes as they came, so that truncated pictures are noticed, and large ones decoded at reduced size.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from monitor.domain.errors import SourceError
from monitor.domain.frame import Frame
from monitor.domain.ports import Clock
from monitor.sources.errors import InvalidOption
from monitor.sources.pictures import MAX_BYTES, MAX_PIXELS, TARGET_LONG_SIDE
from monitor.sources.v4l2 import device_path, identify

if TYPE_CHECKING:
    from monitor.sources.opencv_device import OpenDevice

# So many pictures wait in the driver, and are old when a device that was kept open is asked again.
_BUFFERS = 4


class Mode(StrEnum):
    """How long a device is held."""

    ON_DEMAND = "on_demand"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class UsbOptions:
    """Which device, and how it is set.

    Attributes:
        device: Its number, or its path; paths under /dev/v4l/by-id stay the same when others are plugged in.
        width: Of its pictures; None, as `height` and `fourcc`, leaves the choice to the device.
        height: Goes with `width`.
        fourcc: How it sends pictures: `MJPG` where there is little bandwidth, `YUYV` without compression.
        warm_up: So many pictures after opening are dropped, until exposure and white balance have settled.
        mode: `on_demand` opens the device for each grab; `open` keeps it, and the light of it on.
        max_bytes: Of a picture, where it is sent as JPEG.
        max_pixels: Of a picture.
        target_long_side: Pictures shrink to 1/2, 1/4 or 1/8 while their long side keeps so many pixels.

    Raises:
        InvalidOption: They can never work.
    """

    device: str
    width: int | None = None
    height: int | None = None
    fourcc: str | None = None
    warm_up: int = 5
    mode: str = "on_demand"
    max_bytes: int = MAX_BYTES
    max_pixels: int = MAX_PIXELS
    target_long_side: int = TARGET_LONG_SIDE

    def __post_init__(self) -> None:
        if not self.device or not (self.device.isdecimal() or self.device.startswith("/")):
            raise InvalidOption(
                f"{self.device!r} is no video device.", "Give its number, or a path such as /dev/video0."
            )
        if (self.width is None) != (self.height is None):
            raise InvalidOption("`width` and `height` belong together.", "Give both or none.")
        if self.fourcc is not None and not re.fullmatch(r"[\x20-\x7e]{4}", self.fourcc):
            raise InvalidOption(
                f"{self.fourcc!r} is no format of pictures.", "Four letters, such as MJPG or YUYV."
            )
        if self.mode not in list(Mode):
            raise InvalidOption(f"There is no mode {self.mode!r}.", f"Use one of {', '.join(Mode)}.")
        if self.warm_up < 0:
            raise InvalidOption("`warm_up` is below zero.", "Give a number of pictures, or 0.")


def keeps_device(options: UsbOptions) -> bool:
    """Whether the device stays open between grabs."""
    return options.mode == Mode.OPEN


class UsbSource:
    """Gives the frames of one device.

    Args:
        options: Which.
        clock: Gives the time of capture.
    """

    def __init__(self, options: UsbOptions, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._path = device_path(options.device)
        self._opened: OpenDevice | None = None

    def grab(self, timeout_s: float) -> Frame:
        """A picture taken now.

        Raises:
            SourceUnreachable: No such device, no camera, busy, unplugged, or it does not offer size or format.
            SourceDenied: It may not be opened.
            SourceTimeout: No picture came in time.
            FrameFault: What came is no usable picture.
        """
        deadline_s = time.monotonic() + timeout_s
        try:
            skip = _BUFFERS
            if self._opened is None:
                self._opened, skip = self._open(), self._options.warm_up
            frame = self._opened.grab(skip, deadline_s)
        except SourceError:
            self.close()
            raise
        if not keeps_device(self._options):
            self.close()
        return frame

    def close(self) -> None:
        """Let go of the device."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _open(self) -> OpenDevice:
        device = identify(self._path)
        # Only here, as it is larger than all the rest of a grabber.
        from monitor.sources.opencv_device import OpenDevice

        return OpenDevice(device, self._options, self._clock)
