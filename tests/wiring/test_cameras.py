"""Sources as commands open them that look once."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from monitor.domain.errors import SourceUnreachable
from monitor.domain.view import ViewKey
from monitor.grabbers.pool import GrabberPool, PoolOptions
from monitor.settings import load_settings, resolve
from monitor.sources.kinds import SOURCE_KINDS
from monitor.wiring.cameras import Cameras
from monitor.wiring.options import build_options

CONFIG = """\
cameras:
  - {name: stream, source: {kind: rtsp, url: "rtsp://127.0.0.1:1/live", mode: open}}
  - {name: folder, source: {kind: folder, path: nowhere, mode: all}}
"""

NECESSARY = {
    "exec": {"command": ("true",)},
    "folder": {"path": Path("x")},
    "http": {"url": "http://h/x"},
    "mjpeg": {"url": "http://h/x"},
    "rtsp": {"url": "rtsp://h/x"},
    "usb": {"device": "/dev/video0"},
    "video": {"path": Path("x")},
}


@pytest.mark.parametrize("name", ["stream", "folder"])
def test_whoever_looks_once_opens_every_kind_of_camera_whatever_its_mode(tmp_path: Path, name: str) -> None:
    config = tmp_path / "monitor.yaml"
    config.write_text(CONFIG)
    with closing(GrabberPool(PoolOptions(1))) as grabbers:
        cameras = Cameras(resolve(load_settings(config, {})), grabbers, newest_only=True)
        with pytest.raises(SourceUnreachable):
            cameras.source(ViewKey(name)).grab(5.0)
        # Nothing is held open for one look.
        assert grabbers.counters().dedicated == 0
        cameras.close()


@pytest.mark.parametrize("name", SOURCE_KINDS)
def test_what_one_look_changes_are_options_that_the_kind_has(name: str) -> None:
    kind = SOURCE_KINDS[name]
    necessary = NECESSARY[name]
    made = build_options(kind.options, {**necessary, **kind.one_look})
    assert {option: getattr(made, option) for option in kind.one_look} == dict(kind.one_look)
    assert not kind.dedicated(made)
