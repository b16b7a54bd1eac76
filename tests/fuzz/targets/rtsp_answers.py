"""Every byte that an RTSP server sends after it was connected to."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

from monitor.domain.errors import SourceError
from monitor.sources.rtsp import RtspOptions, RtspSource
from tests.fuzz.target import Broken, Target
from tests.sources.conftest import WallClock

SECRET = "c4naryc4nary"
LIMIT_S = 2.0


class Player:
    """Plays the same bytes to whoever connects, whatever is asked, and hangs up."""

    def __init__(self) -> None:
        self.bytes = b""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listening.accept()
            with connection, suppress(OSError):
                connection.settimeout(LIMIT_S)
                connection.recv(4096)
                connection.sendall(self.bytes)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(4096):
                    pass


PLAYER = Player()


def check(data: bytes) -> object:
    PLAYER.bytes = data
    options = RtspOptions(f"rtsp://u:{SECRET}@127.0.0.1:{PLAYER.port}/main", transport="tcp")
    source = RtspSource(options, WallClock())
    began_s = time.monotonic()
    try:
        return source.grab(LIMIT_S).digest
    except SourceError as error:
        if SECRET in str(error) or not str(error).isprintable():
            raise Broken(f"a message that must not be shown: {str(error)!r}") from error
        # Which of two faults is seen first is a matter of packets; that it is one of ours is what counts.
        return "an error"
    finally:
        source.close()
        if time.monotonic() - began_s > LIMIT_S + 5.0:
            raise Broken(f"it took {time.monotonic() - began_s:.1f} s")


def seeds() -> list[bytes]:
    description = (
        b"v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
        b"a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LAHtkA2D3n4A==,aMuMsg==\r\na=control:track1\r\n"
    )

    def answer(number: int, *headers: bytes, body: bytes = b"", status: bytes = b"200 OK") -> bytes:
        lines = [b"RTSP/1.0 " + status, b"CSeq: %d" % number, *headers]
        if body:
            lines.append(b"Content-Length: %d" % len(body))
        return b"\r\n".join((*lines, b"", b"")) + body

    described = answer(1, b"Content-Type: application/sdp", body=description)
    set_up = answer(2, b"Session: 12;timeout=60", b"Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
    packet = bytes((0x80, 0xE0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1)) + b"\x65\x88\x84\x00\x10"
    return [
        described + set_up + answer(3) + b"$\0" + len(packet).to_bytes(2, "big") + packet,
        described + answer(2, status=b"461 Unsupported transport"),
        answer(1, b'WWW-Authenticate: Digest realm="r", nonce="n"', status=b"401 Unauthorized"),
        answer(1, b"Location: rtsp://169.254.169.254/", status=b"302 Found"),
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"OPTIONS * RTSP/1.0\r\nCSeq: 5\r\n\r\n" + described,
    ]


TARGET = Target(
    promise="A frame or a SourceError within the time limit; no secret in its message.",
    check=check,
    seeds=seeds,
    words=(
        b"RTSP/1.0 200 OK\r\n", b"CSeq: 1\r\n", b"CSeq: 2\r\n", b"CSeq: 3\r\n", b"Content-Length: ", b"Session: ",
        b"Transport: RTP/AVP/TCP;interleaved=0-1\r\n", b"WWW-Authenticate: Basic\r\n", b"$\0\0\x10", b"Content-Base: ",
        b"\r\n\r\n", b"401", b"454", b"461",
    ),
    slowest_s=1.0,
)  # fmt: skip
