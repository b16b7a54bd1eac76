import pytest

from monitor.net.rtsp.sdp import Track, control_url, video_tracks

HIKVISION = b"""v=0
o=- 1 1 IN IP4 10.0.0.1
s=Media Presentation
b=AS:5100
t=0 0
a=control:rtsp://10.0.0.1:554/Streaming/Channels/101/
m=audio 0 RTP/AVP 0
a=control:rtsp://10.0.0.1:554/Streaming/Channels/101/trackID=2
m=video 0 RTP/AVP 96
c=IN IP4 0.0.0.0
a=recvonly
a=control:rtsp://10.0.0.1:554/Streaming/Channels/101/trackID=1
a=rtpmap:96 H264/90000
a=fmtp:96 profile-level-id=420029; packetization-mode=1; sprop-parameter-sets=Z00AKpY1QPAET8s3AQEBAg==,aO48gA==
a=Media_header:MEDIAINFO=494D4B48;
m=application 0 RTP/AVP 107
a=control:trackID=3
a=rtpmap:107 vnd.onvif.metadata/90000
"""


def test_the_video_is_found_among_other_tracks():
    tracks, control = video_tracks(HIKVISION)
    assert control == "rtsp://10.0.0.1:554/Streaming/Channels/101/"
    (track,) = tracks
    assert (track.encoding, track.payload_type) == ("H264", 96)
    assert track.control.endswith("trackID=1")
    assert [nal[0] & 31 for nal in track.parameter_sets] == [7, 8]


def test_lines_may_end_as_they_like_and_names_be_written_as_they_like():
    text = b"v=0\r\nm=video 0 RTP/AVP 97\r\na=RTPMAP:97 hevc/90000\r\na=fmtp:97 sprop-vps=QAE=;sprop-sps=QgE=\r\n"
    (track,) = video_tracks(text)[0]
    assert track.encoding == "H265"
    assert len(track.parameter_sets) == 2


def test_static_payload_types_need_no_map():
    assert video_tracks(b"m=video 0 RTP/AVP 26\n")[0] == [Track("JPEG", 26, "")]


@pytest.mark.parametrize(
    "text", [b"", b"\0\xff", b"m=", b"m=video\n", b"m=video x RTP/AVP y\n", b"=\n=\na=:\n"]
)
def test_what_is_no_description_has_no_video(text):
    assert video_tracks(text)[0] == []


@pytest.mark.parametrize(
    ("base", "control", "expected"),
    [
        ("rtsp://c/live", "", "rtsp://c/live"),
        ("rtsp://c/live", "*", "rtsp://c/live"),
        ("rtsp://c/live/", "trackID=1", "rtsp://c/live/trackID=1"),
        ("rtsp://c/live", "trackID=1", "rtsp://c/live/trackID=1"),
        ("rtsp://c/live?channel=1", "trackID=1", "rtsp://c/live?channel=1/trackID=1"),
        ("rtsp://c/live", "/other", "rtsp://c/other"),
        ("rtsp://c/live", "rtsp://d/x", "rtsp://d/x"),
    ],
)
def test_controls_are_put_together_as_cameras_mean_them(base, control, expected):
    assert control_url(base, control) == expected
