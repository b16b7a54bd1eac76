"""Cameras on this machine: USB (UVC), and whatever else Linux offers as a video device.

OpenCV reads them: the wheel has V4L2 built in, which PyAV's has not. Of a camera that sends JPEGs it hands over the
bytes as they came, so that truncated pictures are noticed, and large ones decoded at reduced size.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import cv2
import numpy as np

from monitor.domain.errors import FrameFault, SourceError, SourceTimeout, SourceUnreachable
from monitor.domain.frame import Frame, Pixels
from monitor.domain.ports import Clock
from monitor.sources.errors import InvalidOption
from monitor.sources.pictures import (
    MAX_BYTES,
    MAX_PIXELS,
    TARGET_LONG_SIDE,
    check_shape,
    decode_picture,
    reduction,
)
from monitor.sources.v4l2 import VideoDevice, busy, device_path, identify, is_busy, list_devices

_JPEG_FORMATS = ("MJPG", "JPEG")
# So many pictures wait in the driver, and are old when a device that was kept open is asked again.
_BUFFERS = 4
# OpenCV waits so long for a picture, in whole seconds, and can be told only through the environment.
_PATIENCE = "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT"
_PATIENCE_S = 1


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
        self._opened: _OpenDevice | None = None

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
            if self._opened is None:
                self._opened, skip = _OpenDevice(self._path, self._options), self._options.warm_up
            else:
                skip = _BUFFERS
            data = self._opened.read(skip, deadline_s)
            frame = self._opened.decode(data, self._options, self._clock)
        except SourceError:
            self.close()
            raise
        except cv2.error as error:
            self.close()
            raise FrameFault(
                f"The camera {self._path} sent what OpenCV refuses: {error.err}.",
                "Set `fourcc` to another format; try another cable or port.",
            ) from error
        if not keeps_device(self._options):
            self.close()
        return frame

    def close(self) -> None:
        """Let go of the device."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None


class _OpenDevice:
    """A device that is sending.

    Raises:
        SourceError: It cannot be opened, or not with these settings.
    """

    def __init__(self, path: Path, options: UsbOptions) -> None:
        self._device: VideoDevice = identify(path)
        os.environ[_PATIENCE] = str(_PATIENCE_S)
        self._capture = cv2.VideoCapture()
        if not self._capture.open(str(path), cv2.CAP_V4L2):
            raise self._explain("sends no pictures")
        try:
            self._set(options)
            self.fourcc = self._ask_for_fourcc()
            self._check(options)
            # Otherwise OpenCV decodes, at full size, and fills what is missing with grey.
            self._capture.set(cv2.CAP_PROP_CONVERT_RGB, 0.0 if self.fourcc in _JPEG_FORMATS else 1.0)
        except SourceError:
            self.close()
            raise

    def read(self, skip: int, deadline_s: float) -> Pixels:
        """The picture behind the next `skip` ones: (1, bytes) uint8 of a JPEG, else (H, W, 3) uint8 BGR.

        Raises:
            SourceError: None came.
        """
        for number in range(1, skip + 2):
            while not self._grab_in_time():
                if time.monotonic() > deadline_s:
                    raise self._too_slow(number - 1)
            if time.monotonic() > deadline_s:
                raise self._too_slow(number)
        is_there, data = self._capture.retrieve()
        if not is_there or data is None:
            raise FrameFault(
                f"The camera {self._device} sent a picture that is empty, or no {self.fourcc}.",
                "Set `fourcc` to another format; try another cable or port, without a hub.",
            )
        return np.asarray(data, dtype=np.uint8)

    def _grab_in_time(self) -> bool:
        """Whether a picture came before OpenCV lost patience."""
        started_s = time.monotonic()
        if self._capture.grab():
            return True
        if time.monotonic() - started_s < _PATIENCE_S / 2:
            raise self._explain("stopped sending pictures")
        return False

    def _too_slow(self, count: int) -> SourceTimeout:
        return SourceTimeout(
            f"The camera {self._device} sent {count} pictures in the time there was, too few.",
            "Lengthen `timeout`, or lower `warm_up` or the size. If it sends none, plug it in again.",
        )

    def decode(self, data: Pixels, options: UsbOptions, clock: Clock) -> Frame:
        """A frame of what `read` gave.

        Raises:
            FrameFault: It is no usable picture.
        """
        if self.fourcc in _JPEG_FORMATS:
            return decode_picture(
                data.tobytes(),
                captured_at=clock.now(),
                max_bytes=options.max_bytes,
                max_pixels=options.max_pixels,
                target_long_side=options.target_long_side,
            )
        return frame_from_bgr(
            data, clock, max_pixels=options.max_pixels, target_long_side=options.target_long_side
        )

    def close(self) -> None:
        """Let go of it; others may have it."""
        self._capture.release()

    def _set(self, options: UsbOptions) -> None:
        if options.fourcc is not None:
            self._capture.set(cv2.CAP_PROP_FOURCC, float(cv2.VideoWriter.fourcc(*options.fourcc)))
        if options.width is not None and options.height is not None:
            self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, float(options.width))
            self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, float(options.height))

    def _ask_for_fourcc(self) -> str:
        code = int(self._capture.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF
        return code.to_bytes(4, "little").decode("ascii", "replace").strip("\0")

    def _check(self, options: UsbOptions) -> None:
        """Whether it took the settings; a driver takes what is nearest, and says nothing."""
        width, height = (
            round(self._capture.get(prop)) for prop in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        )
        wanted = (options.width or width, options.height or height, options.fourcc or self.fourcc)
        if not self._capture.isOpened() or wanted != (width, height, self.fourcc):
            raise SourceUnreachable(
                f"The camera {self._device} does not offer {wanted[0]} × {wanted[1]} as {wanted[2]}: "
                f"it gives {width} × {height} as {self.fourcc}.",
                "Choose from `v4l2-ctl --list-formats-ext --device` with its path.",
            )

    def _explain(self, what: str) -> SourceError:
        """Why OpenCV said no."""
        path = self._device.path
        self.close()
        identify(path)
        if is_busy(path):
            return busy(str(self._device))
        return SourceUnreachable(
            f"The camera {self._device} {what}.",
            f"Plug it in again, at another port or cable, without a hub. {list_devices()}",
        )


def frame_from_bgr(
    picture: Pixels, clock: Clock, *, max_pixels: int = MAX_PIXELS, target_long_side: int = TARGET_LONG_SIDE
) -> Frame:
    """A frame from (H, W, 3) uint8 BGR, reduced like all others.

    Raises:
        FrameFault: It is too large, too small, or of another shape.
    """
    if picture.ndim != 3 or picture.shape[2] != 3:
        raise FrameFault(
            "The camera sends pictures in a form that is not understood.",
            "Set `fourcc` to MJPG or YUYV.",
        )
    height, width = picture.shape[:2]
    check_shape(width, height, max_pixels)
    factor = reduction(max(width, height), target_long_side)
    size = (width // factor, height // factor)
    small = picture if factor == 1 else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    pixels: Pixels = np.ascontiguousarray(small[:, :, ::-1])
    pixels.flags.writeable = False
    return Frame(pixels, clock.now(), hashlib.sha256(pixels.tobytes()).hexdigest(), width, height)
