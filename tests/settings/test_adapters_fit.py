"""Settings and adapters know nothing of each other; here it is checked that they speak of the same things."""

from dataclasses import fields
from typing import get_args

import pytest

from monitor.domain.links import PictureMode
from monitor.notifiers.apprise import AppriseOptions
from monitor.notifiers.kinds import NOTIFIER_KINDS
from monitor.notifiers.log import LogOptions
from monitor.notifiers.shapes import OWN, SHAPES
from monitor.notifiers.webhook import WebhookOptions
from monitor.settings import camera_sources as written
from monitor.settings import channels
from monitor.sources.exec import ExecOptions
from monitor.sources.folder import FolderOptions
from monitor.sources.http import HttpOptions
from monitor.sources.mjpeg import MjpegOptions
from monitor.sources.rtsp import RtspOptions
from monitor.sources.usb import UsbOptions
from monitor.sources.video import VideoOptions

# Given by the plan and by the network, not by the person who writes the file.
NOT_WRITTEN = {"timeout_s", "target_long_side"}
# Of every notifier, whatever its kind.
OF_ALL_CHANNELS = {"name", "enabled", "routes", "group", "remind"}


@pytest.mark.parametrize(
    ("model", "options"),
    [
        (written.ExecSource, ExecOptions),
        (written.FolderSource, FolderOptions),
        (written.HttpSource, HttpOptions),
        (written.MjpegSource, MjpegOptions),
        (written.RtspSource, RtspOptions),
        (written.UsbSource, UsbOptions),
        (written.VideoSource, VideoOptions),
    ],
)
def test_each_option_of_a_source_can_be_written_and_no_other(model: type, options: type) -> None:
    keys = set(model.model_fields) - {"kind"}  # type: ignore[attr-defined]
    assert keys == {field.name for field in fields(options)} - NOT_WRITTEN


@pytest.mark.parametrize(
    ("model", "options"),
    [
        (channels.LogNotifier, LogOptions),
        (channels.WebhookNotifier, WebhookOptions),
        (channels.AppriseNotifier, AppriseOptions),
    ],
)
def test_each_option_of_a_notifier_can_be_written_and_no_other(model: type, options: type) -> None:
    keys = set(model.model_fields) - {"kind"} - OF_ALL_CHANNELS  # type: ignore[attr-defined]
    assert keys == {field.name for field in fields(options)}


def test_each_kind_of_notifier_can_be_written() -> None:
    (union, _) = get_args(channels.NotifierSettings)
    written_kinds = {get_args(model.model_fields["kind"].annotation)[0] for model in get_args(union)}
    assert written_kinds == set(NOTIFIER_KINDS)


def test_each_format_of_webhooks_can_be_written_with_what_it_needs() -> None:
    assert tuple(SHAPES) == channels.TEMPLATES
    assert {name for name, shape in SHAPES.items() if shape.needs_key} == channels._KEYED
    assert {name for name, shape in SHAPES.items() if not shape.takes_pictures} == channels._PICTURELESS
    assert OWN.takes_pictures
    assert get_args(channels.Pictures) == tuple(mode.value for mode in PictureMode)
