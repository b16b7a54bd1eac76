"""A video device read by OpenCV, which is loaded only by those processes that have one to read."""

from __future__ import annotations

import hashlib
import os
import time
from typing import TYPE_CHECKING

import cv2
import numpy as np

from monitor.domain.errors import FrameFault, SourceError, SourceTimeout, SourceUnreachable
from monitor.domain.frame import Frame, Pixels
from monitor.domain.ports import Clock
from monitor.sources.pictures import MAX_PIXELS, TARGET_LONG_SIDE, check_shape, decode_picture, reduction
from monitor.sources.v4l2 import VideoDevice, busy, identify, is_busy, list_devices

if TYPE_CHECKING:
    from monitor.sources.usb import UsbOptions

_JPEG_FORMATS = ("MJPG", "JPEG")
# OpenCV waits so long for a picture, in whole seconds, and can be told only through the environment.
_PATIENCE = "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT"
_PATIENCE_S = 1


class OpenDevice:
    """A device that is sending.

    Args:
        device: Which.
        options: How it is to be set.
        clock: Gives the time of capture.

    Raises:
        SourceError: It cannot be opened, or not with these settings.
    """

    def __init__(self, device: VideoDevice, options: UsbOptions, clock: Clock) -> None:
        self._device = device
        self._options = options
        self._clock = clock
        os.environ[_PATIENCE] = str(_PATIENCE_S)
        self._capture = cv2.VideoCapture()
        if not self._capture.open(str(device.path), cv2.CAP_V4L2):
            raise self._explain("sends no pictures")
        try:
            self._set()
            self._fourcc = self._ask_for_fourcc()
            self._check()
        except SourceError:
            self.close()
            raise
        # Otherwise OpenCV decodes JPEGs, at full size, and fills what is missing with grey.
        self._sends_jpeg = self._fourcc in _JPEG_FORMATS
        self._capture.set(cv2.CAP_PROP_CONVERT_RGB, 0.0 if self._sends_jpeg else 1.0)

    def grab(self, skip: int, deadline_s: float) -> Frame:
        """The picture behind the next `skip` ones.

        Raises:
            SourceError: None came, or none that is usable.
        """
        try:
            data = self._read(skip, deadline_s)
        except cv2.error as error:
            raise FrameFault(
                f"The camera {self._device} sent what OpenCV refuses: {error.err}.",
                "Set `fourcc` to another format; try another cable or port, without a hub.",
            ) from error
        max_pixels, target_long_side = self._options.max_pixels, self._options.target_long_side
        if not self._sends_jpeg:
            return frame_from_bgr(data, self._clock, max_pixels=max_pixels, target_long_side=target_long_side)
        return decode_picture(
            data.tobytes(),
            captured_at=self._clock.now(),
            max_bytes=self._options.max_bytes,
            max_pixels=max_pixels,
            target_long_side=target_long_side,
        )

    def close(self) -> None:
        """Let go of it; others may have it."""
        self._capture.release()

    def _read(self, skip: int, deadline_s: float) -> Pixels:
        """(1, bytes) uint8 of a JPEG, else (H, W, 3) uint8 BGR."""
        for number in range(1, skip + 2):
            while not self._grab_in_time():
                if time.monotonic() > deadline_s:
                    raise self._too_slow(number - 1)
            if time.monotonic() > deadline_s:
                raise self._too_slow(number)
        is_there, data = self._capture.retrieve()
        if not is_there or data is None:
            raise FrameFault(
                f"The camera {self._device} sent a picture that is empty, or no {self._fourcc}.",
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

    def _set(self) -> None:
        options = self._options
        if options.fourcc is not None:
            self._capture.set(cv2.CAP_PROP_FOURCC, float(cv2.VideoWriter.fourcc(*options.fourcc)))
        if options.width is not None and options.height is not None:
            self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, float(options.width))
            self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, float(options.height))

    def _ask_for_fourcc(self) -> str:
        code = int(self._capture.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF
        return code.to_bytes(4, "little").decode("ascii", "replace").strip("\0")

    def _check(self) -> None:
        """Whether it took the settings; a driver takes what is nearest, and says nothing."""
        options = self._options
        width, height = (
            round(self._capture.get(prop)) for prop in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        )
        wanted = (options.width or width, options.height or height, options.fourcc or self._fourcc)
        if not self._capture.isOpened() or wanted != (width, height, self._fourcc):
            raise SourceUnreachable(
                f"The camera {self._device} does not offer {wanted[0]} × {wanted[1]} as {wanted[2]}: "
                f"it gives {width} × {height} as {self._fourcc}.",
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
