"""Cameras at this machine, as written in the file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from monitor.settings.base import SettingsModel
from monitor.settings.values import KIND_KEY, Count, Size, WholeNumber


def _device(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    if isinstance(value, str) and "\0" not in value and (value.isdecimal() or value.startswith("/")):
        return value
    raise PydanticCustomError(
        "monitor_device", "expected the device's number, or a path such as /dev/v4l/by-id/… or /dev/video0"
    )


Device = Annotated[
    str,
    BeforeValidator(_device),
    WithJsonSchema({"type": ["string", "integer"], KIND_KEY: "number or path"}),
]


class UsbSource(SettingsModel):
    """A camera at this machine: USB, or whatever else Linux offers as a video device."""

    kind: Literal["usb"] = Field(examples=["usb"])
    """Frames come from a video device."""
    device: Device = Field(examples=["/dev/v4l/by-id/usb-046d_HD_Pro_Webcam_C920-video-index0"])
    """Its number or path; paths under /dev/v4l/by-id stay the same when others are plugged in."""
    width: Count | None = Field(default=None, examples=[1280])
    """Width of its pictures; with `height`, or neither, which leaves the choice to the device."""
    height: Count | None = Field(default=None, examples=[720])
    """Goes with `width`."""
    fourcc: str | None = Field(default=None, pattern=r"^[\x20-\x7e]{4}$", examples=["MJPG"])
    """How it sends pictures; MJPG for large ones, as YUYV takes ten times the bandwidth."""
    warm_up: Annotated[WholeNumber, Field(ge=0, le=1000)] | None = Field(
        default=None, examples=[10], json_schema_extra={"default": 5}
    )
    """So many pictures after opening are dropped, until exposure has settled."""
    mode: Literal["on_demand", "open"] | None = Field(default=None, examples=["open"])
    """`on_demand` opens the device for each check; `open` keeps it."""
    max_bytes: Size | None = Field(default=None, examples=["10MB"])
    """Larger pictures are refused, where they are sent as JPEG."""
    max_pixels: Count | None = Field(default=None, examples=[50_000_000])
    """Pictures with more are refused."""

    @model_validator(mode="after")
    def _whole_size(self) -> UsbSource:
        """A device takes both or none."""
        if (self.width is None) != (self.height is None):
            raise PydanticCustomError("monitor_size_half", "width and height belong together")
        return self
