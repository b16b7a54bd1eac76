"""Against a real server: GStreamer's."""

import threading
import time
from datetime import timedelta

import pytest

from monitor.domain.errors import (
    FrameFault,
    SourceDenied,
    SourceError,
    SourceStale,
    SourceUnreachable,
)
from monitor.net.errors import RequestRefused
from monitor.sources.errors import InvalidOption
from monitor.sources.rtsp import RtspOptions, RtspSource
from tests.net.certificates import certificates
from tests.rtsp.peers import (
    CREDENTIALS,
    PASSWORD,
    USER,
    gst_server,
    h264,
    h265,
    picture,
    shows_bars,
)
from tests.sources.conftest import WallClock

TIMEOUT_S = 8.0
"""For a busy machine; a grab here takes half a second."""
MOUNTS = {
    "/h264": h264(),
    "/h265": h265(),
    "/refreshed": h264(more="key-int-max=10 intra-refresh=true"),
    "/sliced": h264(more='key-int-max=5 option-string="slices=4"'),
    "/large": h264(1280, 720),
    "/small": h264(160, 120),
    "/rare": h264(more='key-int-max=1000 option-string="scenecut=0"'),
    "/jpeg": f"( {picture()} ! jpegenc ! rtpjpegpay name=pay0 pt=26 )",
    "/sound": "( audiotestsrc is-live=true ! audio/x-raw,rate=8000 ! alawenc ! rtppcmapay name=pay0 pt=8 )",
    "/both": "( audiotestsrc is-live=true ! audio/x-raw,rate=8000 ! alawenc ! rtppcmapay name=pay0 pt=8  "
    + h264().strip("( )").replace("pay0", "pay1")
    + " )",
    "/tcp-only": {"launch": h264(), "transport": "tcp"},
    "/udp-only": {"launch": h264(), "transport": "udp"},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with gst_server(tmp_path_factory.mktemp("rtsp"), MOUNTS) as running:
        yield running


@pytest.fixture
def opened():
    """Opens sources, and closes them."""
    sources = []

    def open_one(url: str, **options) -> RtspSource:
        sources.append(RtspSource(RtspOptions(url, **options), WallClock()))
        return sources[-1]

    yield open_one
    for source in sources:
        source.close()


@pytest.mark.parametrize("path", ["/h264", "/h265", "/refreshed", "/sliced", "/both"])
def test_gives_a_whole_picture_of_each_encoding(server, opened, path):
    source = opened(server.url(path))
    before = WallClock().now()
    for _ in range(2):
        frame = source.grab(TIMEOUT_S)
        assert shows_bars(frame.pixels)
        assert (frame.native_width, frame.native_height) == (320, 240)
        assert before <= frame.captured_at <= WallClock().now()
        assert frame.encoded is None
        assert not frame.pixels.flags.writeable


def test_joins_in_the_middle_and_waits_for_a_picture_that_is_whole(server, opened):
    # Someone else watches already, so that the next picture is not the first.
    watcher = opened(server.url("/h264"), mode="open")
    watcher.grab(TIMEOUT_S)
    time.sleep(0.25)
    assert shows_bars(opened(server.url("/h264")).grab(TIMEOUT_S).pixels)


def test_a_picture_that_is_refreshed_little_by_little_is_whole(server, opened):
    watcher = opened(server.url("/refreshed"), mode="open")
    watcher.grab(TIMEOUT_S)
    time.sleep(0.25)
    assert shows_bars(opened(server.url("/refreshed")).grab(TIMEOUT_S).pixels)


def test_large_pictures_are_reduced(server, opened):
    frame = opened(server.url("/large")).grab(TIMEOUT_S)
    assert frame.pixels.shape == (360, 640, 3)
    assert (frame.native_width, frame.native_height) == (1280, 720)
    assert shows_bars(frame.pixels)


@pytest.mark.parametrize("path", ["/h264", "/udp-only"])
def test_packets_come_by_udp_where_that_is_wanted(server, opened, path):
    assert shows_bars(opened(server.url(path), transport="udp").grab(TIMEOUT_S).pixels)


def test_packets_come_by_udp_where_the_camera_sends_no_other_way(server, opened):
    assert shows_bars(opened(server.url("/udp-only")).grab(TIMEOUT_S).pixels)
    with pytest.raises(SourceUnreachable, match="461"):
        opened(server.url("/udp-only"), transport="tcp").grab(TIMEOUT_S)
    with pytest.raises(SourceUnreachable, match="461"):
        opened(server.url("/tcp-only"), transport="udp").grab(TIMEOUT_S)


def test_what_cannot_be_played_says_why(server, opened):
    with pytest.raises(SourceUnreachable, match="404"):
        opened(server.url("/nothing")).grab(TIMEOUT_S)
    with pytest.raises(FrameFault, match="not understood: JPEG"):
        opened(server.url("/jpeg")).grab(TIMEOUT_S)
    with pytest.raises(FrameFault, match="without video"):
        opened(server.url("/sound")).grab(TIMEOUT_S)
    with pytest.raises(FrameFault, match="megapixels"):
        opened(server.url("/h264"), max_pixels=70_000).grab(TIMEOUT_S)


def test_the_substream_goes_before_the_stream(server, opened):
    source = opened(server.url("/large"), substream_url=server.url("/small"))
    assert source.grab(TIMEOUT_S).native_width == 160
    assert source.remember() == {"on_main": 0}


def test_without_the_substream_the_stream_serves_and_that_is_remembered(server, opened):
    options = {"url": server.url("/h264"), "substream_url": server.url("/nothing")}
    source = opened(**options)
    for count in (1, 2, 3):
        assert source.grab(TIMEOUT_S).native_width == 320
        assert source.remember() == {"on_main": count}
    another = opened(**options)
    another.recall({"on_main": 60})
    assert another.grab(TIMEOUT_S).native_width == 320
    assert another.remember() == {"on_main": 1}
    for odd in ({}, {"on_main": "x"}, {"on_main": -1}, {"on_main": 10**9}, {"on_main": None}):
        another.recall(odd)
    assert another.remember() == {"on_main": 1}


class TestKeptOpen:
    def test_gives_the_newest_picture_with_the_time_of_its_arrival(self, server, opened):
        source = opened(server.url("/h264"), mode="open")
        first = source.grab(TIMEOUT_S)
        assert shows_bars(first.pixels)
        again = source.grab(TIMEOUT_S)
        assert again is first or again.captured_at > first.captured_at
        time.sleep(1.3)
        started_s = time.monotonic()
        later = source.grab(TIMEOUT_S)
        assert time.monotonic() - started_s < 0.5
        assert later.captured_at > first.captured_at
        assert WallClock().now() - later.captured_at < timedelta(seconds=1.5)

    def test_a_picture_that_is_too_old_is_stale(self, server, opened):
        source = opened(server.url("/rare"), mode="open", max_age_s=1.0)
        source.grab(TIMEOUT_S)
        time.sleep(1.1)
        with pytest.raises(SourceStale, match="no whole key frame"):
            source.grab(0.3)

    def test_ends_its_thread_and_its_connection(self, server, opened):
        source = opened(server.url("/h264"), mode="open")
        source.grab(TIMEOUT_S)
        assert "stream" in [thread.name for thread in threading.enumerate()]
        source.close()
        source.close()
        assert "stream" not in [thread.name for thread in threading.enumerate()]

    def test_goes_on_when_the_server_is_back(self, tmp_path, opened):
        with gst_server(tmp_path, {"/h264": h264()}) as server:
            source = opened(server.url("/h264"), mode="open", max_age_s=1.0)
            source.grab(TIMEOUT_S)
        time.sleep(1.1)
        with pytest.raises(SourceError):
            source.grab(2.0)
        with pytest.raises(SourceUnreachable, match="accepts no connection"):
            source.grab(2.0)

    def test_says_at_once_what_is_wrong(self, server, opened):
        started_s = time.monotonic()
        with pytest.raises(SourceUnreachable, match="404"):
            opened(server.url("/nothing"), mode="open").grab(TIMEOUT_S)
        assert time.monotonic() - started_s < 5


@pytest.fixture(scope="module", params=["basic", "digest"])
def guarded(request, tmp_path_factory):
    with gst_server(tmp_path_factory.mktemp(request.param), {"/h264": h264()}, auth=request.param) as running:
        yield running


def test_logs_in(guarded, opened):
    assert shows_bars(opened(guarded.url("/h264", CREDENTIALS)).grab(TIMEOUT_S).pixels)
    beside = opened(guarded.url("/h264"), username=USER, password=PASSWORD)
    assert shows_bars(beside.grab(TIMEOUT_S).pixels)


def test_the_substream_has_the_account_of_the_stream(guarded, opened):
    source = opened(guarded.url("/h264", CREDENTIALS), substream_url=guarded.url("/h264"))
    assert source.grab(TIMEOUT_S).native_width == 320
    assert source.remember() == {"on_main": 0}


def test_wrong_credentials_are_denied_and_not_shown(guarded, opened):
    for options in (
        {"url": guarded.url("/h264", "c4nary-user:c4nary-word")},
        {"url": guarded.url("/h264?c4nary"), "username": USER, "password": "c4nary"},
        {"url": guarded.url("/h264?c4nary")},
    ):
        with pytest.raises(SourceDenied) as caught:
            opened(**options).grab(TIMEOUT_S)
        assert "c4nary" not in str(caught.value) + repr(caught.value) + repr(RtspOptions(**options))


@pytest.fixture(scope="module")
def secured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    made = certificates()
    certificate, key = made.certificate("self-signed"), made.key("self-signed")
    with gst_server(folder, {"/h264": h264()}, tls=(certificate, key)) as running:
        yield running, certificate, made.pinned_key("self-signed")


def test_tls_is_verified(secured, opened):
    server, certificate, pinned = secured
    url = server.url("/h264")
    assert shows_bars(opened(url, ca_file=certificate).grab(TIMEOUT_S).pixels)
    assert shows_bars(opened(url, pinned_key=pinned, verify=False).grab(TIMEOUT_S).pixels)
    assert shows_bars(opened(url, verify=False).grab(TIMEOUT_S).pixels)
    with pytest.raises(SourceDenied, match="self-signed certificate"):
        opened(url).grab(TIMEOUT_S)
    with pytest.raises(SourceDenied, match="not the pinned one"):
        opened(url, pinned_key="sha256//" + 43 * "A" + "=", verify=False).grab(TIMEOUT_S)
    with pytest.raises(SourceDenied, match=r"[Mm]ismatch"):
        opened(server.url("/h264", host="localhost"), ca_file=certificate).grab(TIMEOUT_S)


def test_tls_is_not_spoken_to_a_plain_port_nor_the_other_way_round(server, secured, opened):
    with pytest.raises(SourceDenied, match="TLS with"):
        opened(server.url("/h264").replace("rtsp:", "rtsps:"), verify=False).grab(2.0)
    with pytest.raises(SourceError):
        opened(secured[0].url("/h264").replace("rtsps:", "rtsp:")).grab(2.0)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"transport": "pigeon"}, InvalidOption),
        ({"mode": "sometimes"}, InvalidOption),
        ({"max_age_s": 0.0}, InvalidOption),
        ({"url": "rtsps://192.0.2.1/a", "transport": "udp"}, InvalidOption),
        ({"url": "http://192.0.2.1/c4nary"}, RequestRefused),
        ({"url": "rtsp:///c4nary"}, RequestRefused),
        ({"url": "rtsp://192.0.2.1:99999/c4nary"}, RequestRefused),
        ({"url": "rtsp://u:c4nary#x@192.0.2.1/"}, RequestRefused),
        (
            {"url": "rtsp://u:p@192.0.2.1:554/c4nary@x", "substream_url": "rtsp://192.0.2.1/c4 nary"},
            RequestRefused,
        ),
    ],
)
def test_options_that_cannot_work_are_refused_at_once(options, error):
    with pytest.raises(error) as caught:
        RtspOptions(**{"url": "rtsp://192.0.2.1/a", **options})
    assert "c4nary" not in str(caught.value)


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "224.0.0.1", "0.0.0.0"])
def test_forbidden_addresses_are_not_asked(opened, host):
    with pytest.raises(SourceUnreachable, match="may not be contacted"):
        opened(f"rtsp://{host}/a").grab(1)
