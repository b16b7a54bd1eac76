import dataclasses
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from monitor.domain.errors import SourceError
from monitor.sources.errors import UnknownSourceKind
from monitor.sources.exec import ExecOptions
from monitor.sources.folder import FolderOptions
from monitor.sources.http import HttpOptions
from monitor.sources.kinds import SOURCE_KINDS, source_kind
from monitor.sources.mjpeg import MjpegOptions
from monitor.sources.rtsp import RtspOptions
from monitor.sources.usb import UsbOptions
from monitor.sources.video import VideoOptions

OPTIONS = {
    "exec": ExecOptions(("/nowhere",)),
    "folder": FolderOptions(Path("/nowhere")),
    "http": HttpOptions("http://127.0.0.1:1/snap.jpg"),
    "mjpeg": MjpegOptions("http://127.0.0.1:1/stream.mjpg"),
    "rtsp": RtspOptions("rtsp://127.0.0.1:1/stream"),
    "usb": UsbOptions("/nowhere"),
    "video": VideoOptions(Path("/nowhere.mp4")),
}
PAGES = Path(__file__).parents[2] / "docs" / "sources"


def plain_types(hint: object) -> Iterator[object]:
    """What a field is made of: itself, or what unions, tuples and mappings hold."""
    origin = typing.get_origin(hint)
    if origin is None:
        yield hint
        return
    assert origin in (types.UnionType, typing.Union, tuple, Mapping)
    for inner in typing.get_args(hint):
        if inner is not ...:
            yield from plain_types(inner)


def test_every_kind_is_tested_here():
    assert set(OPTIONS) == set(SOURCE_KINDS)


@pytest.mark.parametrize("kind", OPTIONS)
def test_opening_touches_nothing_and_a_failing_grab_raises_only_source_errors(kind, clock):
    source = source_kind(kind).open(OPTIONS[kind], clock)
    for _ in range(2):
        with pytest.raises(SourceError) as caught:
            source.grab(0.5)
        assert caught.value.problem
        assert caught.value.remedy
    source.close()
    source.close()


def test_an_unknown_kind_is_named_with_those_that_exist():
    with pytest.raises(UnknownSourceKind, match="exec, folder, http, mjpeg, rtsp, usb, video"):
        source_kind("carrier pigeon")


@pytest.mark.parametrize("kind", OPTIONS)
def test_options_are_frozen_simple_and_documented(kind):
    options = type(OPTIONS[kind])
    page = (PAGES / f"{kind}.md").read_text()
    for name, hint in typing.get_type_hints(options).items():
        assert set(plain_types(hint)) <= {str, float, int, bool, Path, type(None)}
        # The page names options as the configuration does: `settle: 2s`, the unit in the value.
        assert f"| `{name.removesuffix('_s')}` |" in page
    with pytest.raises(dataclasses.FrozenInstanceError):
        OPTIONS[kind].max_pixels = 1
