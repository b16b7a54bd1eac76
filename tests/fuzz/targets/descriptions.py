"""What an RTSP server says before any picture: `CHALLENGE NUL BASE NUL DESCRIPTION`."""

from __future__ import annotations

from monitor.net.rtsp.login import Login, offered
from monitor.net.rtsp.sdp import control_url, video_tracks
from tests.fuzz.target import Broken, Target

SECRET = "c4naryc4nary"


def check(data: bytes) -> object:
    challenge, base, description = (*data.split(b"\0", 2), b"", b"")[:3]
    login = Login("viewer", SECRET)
    taken = login.take([challenge.decode("latin-1")])
    header = login.header("DESCRIBE", "rtsp://192.0.2.1/") if taken else None
    if header is not None and ("\r" in header or "\n" in header or SECRET in header):
        raise Broken(f"the answer to the challenge is {header!r}")
    tracks, control = video_tracks(description)
    urls = [control_url(base.decode("latin-1"), track.control) for track in tracks]
    return tracks, control, urls, offered([challenge.decode("latin-1")]), taken


def seeds() -> list[bytes]:
    description = (
        b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=Session\r\na=control:*\r\nm=audio 0 RTP/AVP 0\r\na=control:track0\r\n"
        b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
        b"a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LAHtkA2D3n4A==,aMuMsg==\r\na=control:track1\r\n"
    )
    h265 = b"m=video 0 RTP/AVP 97\r\na=rtpmap:97 H265/90000\r\na=fmtp:97 sprop-vps=QAE=; sprop-sps=QgE=\r\n"
    return [
        b'Digest realm="camera", nonce="abc", qop="auth", algorithm=MD5\0rtsp://192.0.2.1/main/\0'
        + description,
        b'Digest realm="a\\"b", nonce="abc", algorithm=SHA-256, opaque="x", stale=TRUE\0rtsp://h/a?b=c\0'
        + h265,
        b'Basic realm="camera"\0\0m=video 0 RTP/AVP 26\n',
    ]


TARGET = Target(
    promise="Tracks that could be read, and an answer to the challenge in one line that holds no password.",
    check=check,
    seeds=seeds,
    words=(
        b"m=video 0 RTP/AVP ", b"a=rtpmap:", b"a=fmtp:", b"a=control:", b"sprop-parameter-sets=", b"sprop-sps=",
        b"Digest ", b"Basic ", b"nonce=", b"realm=", b"algorithm=", b"SHA-256", b"MD5-sess", b"rtsp://", b"\r\n",
    ),
    longest=1500,
    slowest_s=0.5,
)  # fmt: skip
