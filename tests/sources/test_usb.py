"""OpenCV's own reader against a video device in user space; and against what is no device, for real."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from monitor.domain.errors import FrameFault, SourceDenied, SourceUnreachable
from monitor.sources.errors import InvalidOption
from monitor.sources.opencv_device import frame_from_bgr
from monitor.sources.usb import UsbOptions, UsbSource
from monitor.sources.v4l2 import list_devices
from tests.sources.drawing import CORNERS, draw, encode, looks_like

ROOT = Path(__file__).parents[2]
DRIVER = Path(__file__).parent / "v4l2" / "emulated.c"
REAL = sorted(Path("/dev").glob("video*"))


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    """The driver, made ready to be put between a program and the kernel."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler to build the driver with")
    library = tmp_path_factory.mktemp("v4l2") / "emulated.so"
    subprocess.run(
        [compiler, "-O1", "-shared", "-fPIC", "-Wall", "-Werror", "-o", library, DRIVER, "-ldl"], check=True
    )
    return library


@pytest.fixture
def plug_in(driver, tmp_path):
    """Describes a device, and grabs from it in a process that sees it."""

    def grab(*lines: str, grabs: int = 1, timeout_s: float = 5, **options) -> list[dict]:
        device = tmp_path / "video0"
        device.write_text("\n".join(("card Test Camera", *lines, "")))
        described = json.dumps({"device": str(device), **options})
        done = subprocess.run(
            [sys.executable, "-m", "tests.sources.v4l2.grabs", described, str(grabs), str(timeout_s)],
            cwd=ROOT,
            env={**os.environ, "LD_PRELOAD": str(driver), "EMULATED_DEVICE": str(device)},
            stdout=subprocess.PIPE,
            check=True,
            timeout=60,
        )
        return [json.loads(line) for line in done.stdout.splitlines()]

    return grab


@pytest.fixture
def sends(tmp_path):
    """The line of a format whose pictures are these bytes."""

    def line(fourcc: str, width: int, height: int, data: bytes) -> str:
        path = tmp_path / f"{fourcc}-{width}.bin"
        path.write_bytes(data)
        return f"format {fourcc} {width} {height} {path}"

    return line


def yuyv(width: int, height: int) -> bytes:
    return cv2.cvtColor(draw(width, height), cv2.COLOR_RGB2YUV_YUY2).tobytes()


def is_drawing(came: dict) -> bool:
    return bool(np.abs(np.array(came["corners"]) - np.array(CORNERS)).max() < 16)


def test_takes_what_a_device_sends_by_itself(plug_in, sends):
    (came,) = plug_in(sends("YUYV", 320, 240, yuyv(320, 240)))
    assert came["size"] == [320, 240]
    assert is_drawing(came)


def test_takes_jpegs_as_they_come_and_decodes_them_at_reduced_size(plug_in, sends):
    jpeg = encode(draw(1920, 1080))
    (came,) = plug_in(sends("YUYV", 320, 240, yuyv(320, 240)), sends("MJPG", 1920, 1080, jpeg),
        fourcc="MJPG", width=1920, height=1080)  # fmt: skip
    assert came["encoded"] == len(jpeg)
    assert (came["size"], came["shape"]) == ([1920, 1080], [270, 480, 3])
    assert is_drawing(came)


def test_a_kept_device_goes_on_where_one_on_demand_begins_anew(plug_in, sends):
    jpeg = sends("MJPG", 640, 480, encode(draw(640, 480)))
    # 20 to warm up once, or each time.
    kept = plug_in(jpeg, "unplugged 45", warm_up=20, mode="open", grabs=3)
    assert [came.get("size") for came in kept] == [[640, 480]] * 3
    opened_anew = plug_in(jpeg, "unplugged 45", warm_up=20, grabs=3)
    assert [came.get("size") for came in opened_anew] == [[640, 480], [640, 480], None]


def test_a_size_or_format_that_it_does_not_offer_is_refused_with_what_it_gives(plug_in, sends):
    offered = sends("YUYV", 320, 240, yuyv(320, 240))
    (came,) = plug_in(offered, width=1280, height=720)
    assert came["error"] == "SourceUnreachable"
    assert "does not offer 1280 × 720 as YUYV: it gives 320 × 240 as YUYV" in came["said"]
    (came,) = plug_in(offered, fourcc="MJPG")
    assert "does not offer 320 × 240 as MJPG: it gives 320 × 240 as YUYV" in came["said"]


@pytest.mark.parametrize(
    ("behaviour", "error", "said"),
    [
        ("busy", "SourceUnreachable", "(Test Camera) is used by another program"),
        ("metadata", "SourceUnreachable", "(Test Camera) gives no pictures"),
        ("unplugged 0", "SourceUnreachable", "is not plugged in"),
        ("unplugged 3", "SourceUnreachable", "is not plugged in"),
        ("silent", "SourceTimeout", "(Test Camera) sent 0 pictures"),
    ],
)
def test_what_is_wrong_with_a_device_is_named(plug_in, sends, behaviour, error, said):
    came = plug_in(behaviour, sends("MJPG", 640, 480, encode(draw(640, 480))), grabs=2, timeout_s=0.5)
    for each in came:
        assert each["error"] == error
        assert said in each["said"]
        # OpenCV waits in whole seconds.
        assert each["took_s"] < 2


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (encode(draw(640, 480))[:3000], "truncated"),
        (b"", "empty, or no MJPG"),
        (b"\0" * 5000, "zero bytes only"),
        (b"<html>", "HTML"),
    ],
)
def test_bytes_that_are_no_picture_are_a_fault(plug_in, sends, data, said):
    (came,) = plug_in(sends("MJPG", 640, 480, data))
    assert came["error"] == "FrameFault"
    assert said in came["said"]


def test_jpegs_without_tables_as_webcams_send_them_are_decoded(plug_in, sends):
    jpeg = encode(draw(640, 480), optimize=False)
    start = jpeg.index(b"\xff\xc4")
    end = jpeg.index(b"\xff\xda")
    bare = jpeg[:start] + jpeg[end:] + b"\0" * 512
    (came,) = plug_in(sends("MJPG", 640, 480, bare))
    assert is_drawing(came)


def test_a_format_that_opencv_does_not_know_is_no_crash(plug_in, sends):
    (came,) = plug_in(sends("H264", 640, 480, b"\0" * 1000))
    assert came["error"] == "SourceUnreachable"


def test_what_is_no_device_is_named(tmp_path, clock):
    (tmp_path / "file").write_bytes(b"x")
    for device, said in (
        (str(tmp_path / "none"), "There is no video device"),
        ("987", "There is no video device /dev/video987"),
        (str(tmp_path / "file"), "file is no video device"),
        ("/dev/null", "/dev/null is no video device"),
        (str(tmp_path), "There is no video device"),
        (str(tmp_path / "file" / "under"), "There is no video device"),
        ("/a\0b", "no valid path"),
    ):
        source = UsbSource(UsbOptions(device), clock)
        for _ in range(2):
            with pytest.raises(SourceUnreachable) as caught:
                source.grab(1)
            assert said in str(caught.value)
            assert "This machine has" in str(caught.value)
        source.close()


def test_a_device_that_may_not_be_opened_is_denied(as_nobody, clock):
    device = as_nobody.folder / "video0"
    device.touch(mode=0)
    with as_nobody(), pytest.raises(SourceDenied, match="group `video`"):
        UsbSource(UsbOptions(str(device)), clock).grab(1)


def test_the_devices_of_the_machine_are_listed_by_number_and_name(tmp_path):
    for number, name in ((10, "Capture\x1b Card\n"), (0, "HD Webcam\n")):
        (tmp_path / f"video{number}").mkdir()
        (tmp_path / f"video{number}" / "name").write_text(name)
    (tmp_path / "video3").mkdir()
    assert "/dev/video0 (HD Webcam), /dev/video10 (Capture Card);" in list_devices(tmp_path)
    assert "no video device" in list_devices(tmp_path / "none")


def test_uncompressed_pictures_shrink_like_all_others(clock):
    frame = frame_from_bgr(np.ascontiguousarray(draw(1280, 960)[:, :, ::-1]), clock)
    assert frame.pixels.shape == (480, 640, 3)
    assert (frame.native_width, frame.native_height) == (1280, 960)
    assert looks_like(frame.pixels)
    assert not frame.pixels.flags.writeable
    for wrong in (
        np.zeros((480, 640), np.uint8),
        np.zeros((480, 640, 2), np.uint8),
        np.zeros((4, 4, 3), np.uint8),
    ):
        with pytest.raises(FrameFault):
            frame_from_bgr(wrong, clock)
    with pytest.raises(FrameFault, match="max_pixels"):
        frame_from_bgr(np.zeros((480, 640, 3), np.uint8), clock, max_pixels=1000)


@pytest.mark.skipif(not REAL, reason="this machine has no /dev/video*")
def test_a_real_device_gives_a_frame_or_says_why_not(wall_clock):
    source = UsbSource(UsbOptions(str(REAL[0])), wall_clock)
    try:
        said = f"a frame of {REAL[0]}, {source.grab(10).native_width} pixels wide"
    except SourceUnreachable as error:
        said = error.problem
    source.close()
    assert str(REAL[0]) in said


@pytest.mark.parametrize(
    "wrong",
    [
        {"device": ""}, {"device": "video0"}, {"device": "-1"}, {"width": 640}, {"height": 480}, {"fourcc": "MJPEG"},
        {"mode": "closed"}, {"warm_up": -1},
    ],
)  # fmt: skip
def test_refuses_options_that_cannot_work(wrong):
    with pytest.raises(InvalidOption):
        UsbOptions(**{"device": "0", **wrong})
