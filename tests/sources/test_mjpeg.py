"""M-JPEG over real sockets; how the peers of tests/hostile are met is shown there."""

import socket
import threading
import time

import pytest

from monitor.domain.errors import FrameFault, SourceDenied
from monitor.net.errors import RequestRefused
from monitor.sources.errors import InvalidOption
from monitor.sources.mjpeg import MAX_SKIP, MjpegOptions, MjpegSource
from tests.net.hostile_server import PASSWORD, TOKEN, USERNAME, basic, bearer, digest, serving
from tests.sources.drawing import draw, encode, looks_like

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n"
PICTURES = [encode(draw(64 + 2 * number)) for number in range(8)]


def part(picture: bytes) -> bytes:
    return b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(picture), picture)


class Stream:
    """Sends one picture after another, and knows when the viewer has hung up."""

    def __init__(self) -> None:
        self.sent = 0
        self.left = threading.Event()

    def __call__(self, connection: socket.socket, _asked) -> None:
        try:
            connection.sendall(HEAD)
            for _ in range(1000):
                connection.sendall(part(PICTURES[self.sent % len(PICTURES)]))
                self.sent += 1
                time.sleep(0.02)
        except OSError:
            self.left.set()
            raise


@pytest.fixture
def stream():
    return Stream()


@pytest.fixture
def site(stream):
    whole = b"".join(map(part, PICTURES))
    with serving(
        {"/stream": stream, "/basic": basic(whole), "/digest": digest(whole), "/bearer": bearer(whole)}
    ) as server:
        yield server


@pytest.mark.parametrize(("options", "width"), [({}, 66), ({"skip": 0}, 64), ({"skip": 3}, 70)])
def test_gives_the_first_picture_behind_those_to_skip_and_hangs_up(site, stream, clock, options, width):
    source = MjpegSource(MjpegOptions(site.url("/stream"), **options), clock)
    frame = source.grab(5)
    assert frame.native_width == width
    assert frame.encoded in PICTURES
    assert frame.captured_at == clock.now()
    assert looks_like(frame.pixels)
    assert stream.left.wait(2)
    assert stream.sent < 50
    source.close()
    source.close()


def test_a_stream_that_ends_early_gives_its_last_picture(site, clock):
    source = MjpegSource(MjpegOptions(site.url("/bearer"), auth="bearer", token=TOKEN, skip=50), clock)
    assert source.grab(5).native_width == 78


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("/basic", {"username": USERNAME, "password": PASSWORD}),
        ("/digest", {"username": USERNAME, "password": PASSWORD}),
        ("/digest", {"username": USERNAME, "password": PASSWORD, "auth": "digest"}),
        ("/bearer", {"auth": "bearer", "token": TOKEN}),
    ],
)
def test_logs_in(site, clock, path, options):
    source = MjpegSource(MjpegOptions(site.url(path), **options), clock)
    for _ in range(2):
        assert looks_like(source.grab(5).pixels)
    with pytest.raises(SourceDenied):
        MjpegSource(MjpegOptions(site.url(path)), clock).grab(5)


def test_pictures_are_bounded_each_by_itself(site, clock):
    largest = max(map(len, PICTURES))
    source = MjpegSource(MjpegOptions(site.url("/stream"), max_bytes=largest, skip=4), clock)
    assert source.grab(5).native_width == 72
    with pytest.raises(FrameFault, match="max_bytes"):
        MjpegSource(MjpegOptions(site.url("/stream"), max_bytes=500), clock).grab(5)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"url": "rtsp://cam/"}, RequestRefused),
        ({"url": "http://cam/", "skip": -1}, InvalidOption),
        ({"url": "http://cam/", "skip": MAX_SKIP + 1}, InvalidOption),
        ({"url": "http://cam/", "auth": "bearer"}, InvalidOption),
    ],
)
def test_refuses_options_that_cannot_work_before_any_grab(options, expected):
    with pytest.raises(expected):
        MjpegOptions(**options)
